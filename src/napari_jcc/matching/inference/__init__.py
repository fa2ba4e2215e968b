"""Use of a trained network: transformations, correspondences and masks."""

from napari_jcc.matching.inference.matcher import Matcher
from napari_jcc.matching.inference.pair_matcher import NetworkMatcher

__all__ = ["Matcher", "NetworkMatcher"]
