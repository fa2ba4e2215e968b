"""Matchers without training: what others must beat, and what needs no checkpoint."""

from napari_jcc.matching.baselines.grid_features import (
    CachedDescriber,
    Describer,
    EncoderDescriber,
    SiftDescriber,
)
from napari_jcc.matching.baselines.instances import Instance
from napari_jcc.matching.baselines.matcher import PairMatcher
from napari_jcc.matching.baselines.registration_matcher import RegistrationMatcher
from napari_jcc.matching.baselines.simple import (
    IdentityMatcher,
    MutualAffineMatcher,
    NearestMatcher,
)
from napari_jcc.registration.grid import GridFeatures
from napari_jcc.registration.match import PairMatch, PointMap
from napari_jcc.registration.register import RegistrationSettings

__all__ = [
    "CachedDescriber",
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
    "SiftDescriber",
]
