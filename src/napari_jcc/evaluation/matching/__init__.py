"""Evaluation of matching: sets in their published layouts, protocols, measures."""

from napari_jcc.evaluation.matching.compare import (
    BASELINES,
    MatcherScore,
    compare_matchers,
    format_comparison,
    open_baselines,
)
from napari_jcc.evaluation.matching.metrics import flow_accuracy, pck, point_errors
from napari_jcc.evaluation.matching.pairs import MatchingPair, PairImage, PairSet
from napari_jcc.evaluation.matching.proposal_flow import open_pf_pascal, open_pf_willow
from napari_jcc.evaluation.matching.protocols import PROTOCOLS, Protocol
from napari_jcc.evaluation.matching.score import PairScore, score_pair, summarise
from napari_jcc.evaluation.matching.sets import (
    MATCHING_SETS,
    open_landmark_folder,
    open_matching_set,
)
from napari_jcc.evaluation.matching.spair import open_spair
from napari_jcc.evaluation.matching.tss import open_tss, read_flow

__all__ = [
    "BASELINES",
    "MATCHING_SETS",
    "PROTOCOLS",
    "MatcherScore",
    "MatchingPair",
    "PairImage",
    "PairScore",
    "PairSet",
    "Protocol",
    "compare_matchers",
    "flow_accuracy",
    "format_comparison",
    "open_baselines",
    "open_landmark_folder",
    "open_matching_set",
    "open_pf_pascal",
    "open_pf_willow",
    "open_spair",
    "open_tss",
    "pck",
    "point_errors",
    "read_flow",
    "score_pair",
    "summarise",
]
