"""Score the answer for a set of images against the truth."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from natsort import natsorted
from numpy.typing import ArrayLike

from napari_jcc._types import Float32Array, LabelMap, MaskArray
from napari_jcc.collection.file_names import split_name
from napari_jcc.errors import InputError
from napari_jcc.evaluation.boxes import boxes_of_mask, read_boxes
from napari_jcc.evaluation.metrics import (
    LOCALIZED_IOU,
    best_iou,
    boundary_f,
    jaccard,
    pixel_accuracy,
)
from napari_jcc.evaluation.objects import keep_numbered, score_objects
from napari_jcc.evaluation.scores import Evaluation, ImageScore
from napari_jcc.evaluation.truth import (
    find_by_name,
    find_truth,
    index_images,
    read_mask,
    read_plane,
)
from napari_jcc.results.instances import number_objects
from napari_jcc.results.measure import measured_objects
from napari_jcc.results.names import BOXES, INSTANCES, MASKS, RECORD
from napari_jcc.results.result import NO_BOX, JccResult

_TOLD = "name", "source", "mask"
"""What is read of an image in the record of a run."""


def evaluate_folder(out: str | Path, truth: str | Path) -> Evaluation:
    """Score the masks and boxes that a run wrote.

    Parameters
    ----------
    out
        Folder of the run, with ``masks/<name>.png`` and ``boxes.csv``.
    truth
        Folder of mask images, or a CSV of boxes (see `find_truth`). Boxes from a table
        count; for images without one, boxes are drawn around the objects of their mask.
        Masks that number several objects are compared with those the run numbered.

    Raises
    ------
    InputError
        If `out` is no folder of results, there is no truth for any image, or a mask and
        its truth differ in size.
    """
    out, truth = Path(out), Path(truth)
    record = _read_record(out)
    files = _find_pictures(out / MASKS, record)
    if not files:
        raise InputError(
            f"There are no masks in {out / MASKS}. Give the folder that "
            "'napari-jcc segment --output' wrote."
        )
    found = find_truth(truth, files, _list_inputs(record))
    table = read_boxes(out / BOXES) if (out / BOXES).is_file() else None
    known = found.masks.keys() | found.boxes.keys()
    numbered = _find_pictures(out / INSTANCES, record)
    scores = []
    for name in natsorted(known):
        mask = read_mask(files[name])
        box, true_boxes = _find_answer(table, name), found.boxes.get(name)
        score = score_image(name, mask, box, found.mask(name), true_boxes)
        true = found.numbers(name) if numbered else None
        if true is not None:
            own = read_plane(numbered[name]) if name in numbered else number_objects(mask)
            score = replace(score, objects=score_objects(own, true))
        scores.append(score)
    missing = natsorted(files.keys() - known)
    return Evaluation(tuple(keep_numbered(scores)), tuple(missing))


def _read_record(out: Path) -> list[dict[str, str]]:
    """Read what the record of a run tells of its images; nothing without a record."""
    try:
        images = json.loads((out / RECORD).read_text(encoding="utf-8"))["images"]
        return [{key: str(image[key]) for key in _TOLD} for image in images]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _list_inputs(record: Sequence[Mapping[str, str]]) -> set[Path]:
    """Image files that a run worked on."""
    return {Path(image["source"]).resolve() for image in record}


def _find_pictures(folder: Path, record: Sequence[Mapping[str, str]]) -> dict[str, Path]:
    """Find masks, or numbered objects, by the names of their images.

    Files are called after the images, but not where the name is too long for one, holds
    what the file system refuses, or differs from another in upper and lower case alone.
    """
    names = {split_name(image["mask"])[0]: image["name"] for image in record}
    files = index_images(folder)
    return {names.get(f"{MASKS}/{key}", key): file for key, file in files.items()}


def evaluate_result(
    result: JccResult,
    masks: Mapping[str, MaskArray] | str | Path,
    boxes: Mapping[str, Float32Array] | None = None,
    objects: Mapping[str, LabelMap] | None = None,
    *,
    files: Collection[Path] = (),
) -> Evaluation:
    """Score a result that is still in memory.

    Parameters
    ----------
    result
        Answer for a set of images.
    masks
        (H, W) bool by name of the image; or a folder or table of the truth, from which
        `boxes` and `objects` are read as well, as `evaluate_folder` does.
    boxes
        (K, 4) float32 by name of the image, ``xyxy``, half-open; by default drawn around
        the objects of the mask.
    objects
        (H, W) int32 by name of the image, the objects numbered, 0 for none; None where
        single objects are not to be scored.
    files
        Of the images themselves, resolved: in a folder of the truth, none is taken for a
        mask.

    Raises
    ------
    InputError
        If there is no truth for any image, or a mask and its truth differ in size.
    """
    if isinstance(masks, str | Path):
        return _evaluate_against_files(result, Path(masks), files)
    answers = {image.name: image.mask for image in result.images}
    found = {image.name: image.boxes for image in result.images}
    evaluation = evaluate_masks(answers, masks, found, boxes)
    if objects is None:
        return evaluation
    own = {image.name: measured_objects(image) for image in result.images}
    scores = [
        replace(score, objects=score_objects(own[score.name], objects[score.name]))
        if score.name in objects
        else score
        for score in evaluation.scores
    ]
    return replace(evaluation, scores=tuple(scores))


def _evaluate_against_files(
    result: JccResult, place: Path, files: Collection[Path]
) -> Evaluation:
    truth = find_truth(place, [image.name for image in result.images], files)
    masks = {name: read_mask(file) for name, file in truth.masks.items()}
    numbers = ((name, truth.numbers(name)) for name in masks)
    objects = {name: found for name, found in numbers if found is not None}
    separates = any(image.instances is not None for image in result.images)
    scored = evaluate_result(result, masks, truth.boxes, objects if separates else None)
    return replace(scored, scores=tuple(keep_numbered(scored.scores)))


def evaluate_masks(
    answers: Mapping[str, MaskArray],
    masks: Mapping[str, MaskArray],
    answer_boxes: Mapping[str, Float32Array] | None = None,
    boxes: Mapping[str, Float32Array] | None = None,
) -> Evaluation:
    """Score masks from anywhere, for instance edited ones.

    Parameters
    ----------
    answers
        (H, W) bool by name of the image.
    masks
        The truth, likewise.
    answer_boxes
        (4,) or (A, 4) float32 by name, ``xyxy``, half-open; None when boxes are not to be
        scored.
    boxes
        The truth: (K, 4) float32 by name; by default drawn around the objects of the mask.

    Raises
    ------
    InputError
        If there is no truth for any image, or a mask and its truth differ in size.
    """
    boxes = boxes or {}
    known = [name for name in answers if name in masks or name in boxes]
    if answers and not known:
        raise InputError(
            f"None of the {len(answers)} images has truth. Give masks or boxes by "
            f"name, such as {next(iter(answers))!r}."
        )
    scores = [
        score_image(
            name,
            answers[name],
            None if answer_boxes is None else answer_boxes.get(name, NO_BOX),
            masks.get(name),
            boxes.get(name),
        )
        for name in known
    ]
    without = (name for name in answers if name not in masks and name not in boxes)
    return Evaluation(tuple(scores), tuple(without))


def score_image(
    name: str,
    mask: MaskArray,
    box: ArrayLike | None,
    truth_mask: MaskArray | None,
    truth_boxes: Float32Array | None,
) -> ImageScore:
    """Score one image.

    Parameters
    ----------
    name
        Name of the image.
    mask : (H, W) bool
        The answer.
    box : (4,) or (A, 4) or None
        ``xyxy``, half-open; NaN or (0, 4) when the image has no answer, which scores 0. Of
        several boxes the best counts. None when boxes are not to be scored.
    truth_mask : (H, W) bool or None
        The truth, or None when masks are not to be scored.
    truth_boxes : (K, 4) float32 or None
        By default drawn around the objects of `truth_mask`. With no object in the image
        there is nothing to localize, and the box is not scored.

    Raises
    ------
    InputError
        If `mask` and `truth_mask` differ in size.
    """
    accuracy = overlap = outline = iou = None
    if truth_mask is not None:
        if mask.shape != truth_mask.shape:
            raise InputError(
                f"{name}: the mask is {_size(mask)} but its truth {_size(truth_mask)} "
                "pixels. Use truth made on the images that were segmented."
            )
        accuracy, overlap = pixel_accuracy(mask, truth_mask), jaccard(mask, truth_mask)
        outline = boundary_f(mask, truth_mask)
        truth_boxes = boxes_of_mask(truth_mask) if truth_boxes is None else truth_boxes
    if box is not None and truth_boxes is not None and len(truth_boxes):
        iou = best_iou(box, truth_boxes)
    localized = None if iou is None else iou > LOCALIZED_IOU
    return ImageScore(name, accuracy, overlap, iou, localized, outline)


def _find_answer(
    table: Mapping[str, Float32Array] | None, name: str
) -> Float32Array | None:
    """Boxes of one image, (0, 4) if the table leaves it out: that counts as a miss."""
    if table is None:
        return None
    boxes = find_by_name(table, name)
    return np.zeros((0, 4), np.float32) if boxes is None else boxes


def _size(mask: MaskArray) -> str:
    return f"{mask.shape[1]} x {mask.shape[0]}"
