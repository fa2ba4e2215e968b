"""Evaluation: masks and boxes against the truth."""

from napari_jcc.evaluation.bootstrap import Interval, bootstrap_mean
from napari_jcc.evaluation.boxes import boxes_of_mask, read_boxes
from napari_jcc.evaluation.evaluate import (
    Evaluation,
    ImageScore,
    evaluate_folder,
    evaluate_result,
    score_image,
)
from napari_jcc.evaluation.metrics import (
    best_iou,
    box_iou,
    is_localized,
    jaccard,
    pixel_accuracy,
)
from napari_jcc.evaluation.truth import Truth, find_truth, read_mask

__all__ = [
    "Evaluation",
    "ImageScore",
    "Interval",
    "Truth",
    "best_iou",
    "bootstrap_mean",
    "box_iou",
    "boxes_of_mask",
    "evaluate_folder",
    "evaluate_result",
    "find_truth",
    "is_localized",
    "jaccard",
    "pixel_accuracy",
    "read_boxes",
    "read_mask",
    "score_image",
]
