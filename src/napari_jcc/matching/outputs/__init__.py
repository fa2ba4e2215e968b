"""A set of images matched, by a trained network or without one, and the files it gives."""

from napari_jcc.matching.outputs.choice import choose_pairs
from napari_jcc.matching.outputs.files import check_match_output, write_matches
from napari_jcc.matching.outputs.pair import Correspondences, PairResult
from napari_jcc.matching.outputs.result import MatchResult, match_collection
from napari_jcc.matching.outputs.set_matcher import SetMatcher, open_set_matcher
from napari_jcc.matching.outputs.warping import warp_image

__all__ = [
    "Correspondences",
    "MatchResult",
    "PairResult",
    "SetMatcher",
    "check_match_output",
    "choose_pairs",
    "match_collection",
    "open_set_matcher",
    "warp_image",
    "write_matches",
]
