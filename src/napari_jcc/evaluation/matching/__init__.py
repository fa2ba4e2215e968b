"""Evaluation of matching: sets in their published layouts, protocols, measures."""

from napari_jcc.evaluation.matching.compare import (
    compare_matchers,
    format_comparison,
    open_baselines,
)
from napari_jcc.evaluation.matching.sets import open_matching_set

__all__ = ["compare_matchers", "format_comparison", "open_baselines", "open_matching_set"]
