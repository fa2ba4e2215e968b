"""Matchers without training: what others must beat, and what needs no checkpoint."""

from napari_jcc.matching.baselines.grid_features import (
    Describer,
    EncoderDescriber,
    GridFeatures,
    Remembering,
    SiftDescriber,
)
from napari_jcc.matching.baselines.instances import Instance
from napari_jcc.matching.baselines.matcher import PairMatch, PairMatcher, PointMap
from napari_jcc.matching.baselines.registration import RegistrationSettings
from napari_jcc.matching.baselines.registration_matcher import RegistrationMatcher
from napari_jcc.matching.baselines.simple import (
    IdentityMatcher,
    MutualAffineMatcher,
    NearestMatcher,
)

__all__ = [
    "Describer",
    "EncoderDescriber",
    "GridFeatures",
    "IdentityMatcher",
    "Instance",
    "MutualAffineMatcher",
    "NearestMatcher",
    "PairMatch",
    "PairMatcher",
    "PointMap",
    "RegistrationMatcher",
    "RegistrationSettings",
    "Remembering",
    "SiftDescriber",
]
