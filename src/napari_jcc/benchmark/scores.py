"""Second pass: answers on disk against the truth."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.atomic import replace_file
from napari_jcc.benchmark.methods import RECIPES, Method
from napari_jcc.benchmark.predictions import Prediction
from napari_jcc.benchmark.sets import ImageTruth, LabelledClass
from napari_jcc.collection import ImageCollection
from napari_jcc.errors import InputError
from napari_jcc.evaluation import (
    ImageScore,
    Interval,
    best_iou,
    bootstrap_mean,
    jaccard,
    pixel_accuracy,
    read_boxes,
    read_mask,
)
from napari_jcc.evaluation.metrics import LOCALIZED_IOU
from napari_jcc.results.names import BOXES, mask_files

SCORES = "scores"
MEASURES = {"accuracy": "P", "jaccard": "J", "localized": "CorLoc", "box_iou": "box IoU"}
"""Title of every measure, in the order of the tables; all in percent there."""


@dataclass(frozen=True)
class ClassScore:
    """Scores of one method on one class.

    Attributes
    ----------
    method
        Which method.
    name
        Of the class.
    images
        One entry per image of the class.
    seconds
        An image, over all stages; None if not known.
    """

    method: Method
    name: str
    images: tuple[ImageScore, ...]
    seconds: float | None

    def values(self, measure: str) -> dict[str, float]:
        """One of `MEASURES` by name of the image, in percent; without those unscored."""
        found = {image.name: getattr(image, measure) for image in self.images}
        return {name: 100.0 * value for name, value in found.items() if value is not None}


def score(
    labelled: LabelledClass, method: Method, prediction: Prediction, out: Path
) -> ClassScore:
    """Score the answers for one class, unless `out` has these scores already.

    Images that could not be read, and so have no answer, count as empty answers.

    Raises
    ------
    InputError
        If the truth cannot be read, or differs in size from the answers.
    """
    place = out / SCORES / labelled.name / f"{method.value}.json"
    known = _read(place, prediction.key)
    if known is None:
        known = _compare(labelled, prediction, masks=not RECIPES[method].boxes_only)
        content = {"key": prediction.key, "images": [asdict(image) for image in known]}
        text = json.dumps(content, indent=1, ensure_ascii=False)
        replace_file(place, text.encode("utf-8", "backslashreplace"))
    seconds = prediction.seconds
    each = None if seconds is None else seconds / len(labelled.images)
    return ClassScore(method, labelled.name, tuple(known), each)


def _compare(
    labelled: LabelledClass, prediction: Prediction, *, masks: bool
) -> list[ImageScore]:
    names = ImageCollection.from_files(labelled.images).names
    table = read_boxes(prediction.folder / BOXES)
    answered = [name for name in names if name in table]
    files = dict(zip(answered, mask_files(answered), strict=True))
    scores = []
    for name, image in zip(names, labelled.images, strict=True):
        truth = labelled.read(image)
        box = table.get(name, np.zeros((0, 4), np.float32))
        answer = None
        if masks and truth.mask is not None:
            file = files.get(name)
            answer = (
                np.zeros_like(truth.mask)
                if file is None
                else read_mask(prediction.folder / file)
            )
        scores.append(compare_image(name, answer, box, truth))
    return scores


def compare_image(
    name: str, mask: MaskArray | None, box: Float32Array, truth: ImageTruth
) -> ImageScore:
    """Score one image; pixels that the truth leaves open do not count.

    Parameters
    ----------
    name
        Name of the image.
    mask : (H, W) bool or None
        The answer; None: masks are not scored.
    box : (1, 4) or (0, 4) float32
        The answer.
    truth
        What is right.

    Raises
    ------
    InputError
        If `mask` and the truth differ in size.
    """
    accuracy = overlap = iou = None
    if mask is not None and truth.mask is not None:
        if mask.shape != truth.mask.shape:
            raise InputError(
                f"{name}: the mask has shape {mask.shape} but its truth {truth.mask.shape} "
                "(height, width). Images and truth are of different copies of the set."
            )
        scored = np.ones(mask.shape, np.bool_) if truth.ignored is None else ~truth.ignored
        if not scored.any():
            raise InputError(f"The truth of {name} leaves all pixels open.")
        pair = mask[scored][None], truth.mask[scored][None]
        accuracy, overlap = pixel_accuracy(*pair), jaccard(*pair)
    if len(truth.boxes):
        iou = best_iou(box, truth.boxes)
    localized = None if iou is None else iou > LOCALIZED_IOU
    return ImageScore(name, accuracy, overlap, iou, localized)


def mean_interval(scores: Iterable[ClassScore], measure: str) -> Interval | None:
    """Mean over classes of means over images; None where nothing is scored."""
    groups = [list(score.values(measure).values()) for score in scores]
    groups = [group for group in groups if group]
    return bootstrap_mean(groups) if groups else None


def difference_interval(
    ours: Mapping[str, ClassScore], theirs: Mapping[str, ClassScore], measure: str
) -> Interval | None:
    """Mean difference of two methods on the same images, resampled in pairs."""
    groups = []
    # In the order of `ours`, so that the seed gives the same draws.
    for name in [each for each in ours if each in theirs]:
        one, other = ours[name].values(measure), theirs[name].values(measure)
        groups.append([one[image] - other[image] for image in one if image in other])
    groups = [group for group in groups if group]
    return bootstrap_mean(groups) if groups else None


def _read(place: Path, key: str) -> list[ImageScore] | None:
    """Scores in a file, if it holds those of the answers `key`."""
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
        if content["key"] != key:
            return None
        return [ImageScore(**entry) for entry in content["images"]]
    except (OSError, ValueError, KeyError, TypeError):
        # Nothing there, or the file is damaged: the scores are made again.
        return None
