"""A set of images matched, by a trained network or without one, and the files it gives."""

from napari_jcc.matching.outputs.choice import choose_pairs
from napari_jcc.matching.outputs.command import match_command, train_command
from napari_jcc.matching.outputs.files import check_match_output, write_matches
from napari_jcc.matching.outputs.landmark_files import (
    CarriedLandmarks,
    carry_landmarks,
    check_landmark_output,
    write_landmarks,
)
from napari_jcc.matching.outputs.result import MatchResult, match_collection
from napari_jcc.matching.outputs.set_matcher import (
    SetMatcher,
    open_pair_matcher,
    open_set_matcher,
)
from napari_jcc.matching.outputs.trained import needing_torch
from napari_jcc.matching.outputs.untrained import open_describer
from napari_jcc.matching.outputs.warping import warp_image
from napari_jcc.matching.pair import Correspondences, PairResult

__all__ = [
    "CarriedLandmarks",
    "Correspondences",
    "MatchResult",
    "PairResult",
    "SetMatcher",
    "carry_landmarks",
    "check_landmark_output",
    "check_match_output",
    "choose_pairs",
    "match_collection",
    "match_command",
    "needing_torch",
    "open_describer",
    "open_pair_matcher",
    "open_set_matcher",
    "train_command",
    "warp_image",
    "write_landmarks",
    "write_matches",
]
