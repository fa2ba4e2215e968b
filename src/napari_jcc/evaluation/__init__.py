"""Evaluation: masks and boxes against the truth."""

from napari_jcc.evaluation.bootstrap import Interval, bootstrap_mean
from napari_jcc.evaluation.boxes import boxes_of_mask, read_boxes
from napari_jcc.evaluation.evaluate import (
    evaluate_folder,
    evaluate_masks,
    evaluate_result,
    score_image,
)
from napari_jcc.evaluation.labels import masks_from_labels, slices_of_labels
from napari_jcc.evaluation.metrics import (
    LOCALIZED_IOU,
    Agreement,
    best_iou,
    boundary_f,
    jaccard,
    map_agreement,
    pixel_accuracy,
)
from napari_jcc.evaluation.objects import score_objects
from napari_jcc.evaluation.scores import TITLES, Evaluation, ImageScore, ObjectScore
from napari_jcc.evaluation.truth import Truth, find_truth, read_mask

__all__ = [
    "LOCALIZED_IOU",
    "TITLES",
    "Agreement",
    "Evaluation",
    "ImageScore",
    "Interval",
    "ObjectScore",
    "Truth",
    "best_iou",
    "bootstrap_mean",
    "boundary_f",
    "boxes_of_mask",
    "evaluate_folder",
    "evaluate_masks",
    "evaluate_result",
    "find_truth",
    "jaccard",
    "map_agreement",
    "masks_from_labels",
    "pixel_accuracy",
    "read_boxes",
    "read_mask",
    "score_image",
    "score_objects",
    "slices_of_labels",
]
