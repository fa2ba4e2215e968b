"""What is known of one point of a sweep."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import Float32Array
from napari_jcc.results import JccResult
from napari_jcc.sweep.grid import Index
from napari_jcc.sweep.masks import PackedMask, PackedMasks, PackedNumbers

_KEPT = (
    "key",
    "parameters",
    "objective",
    "foreground_share",
    "scores",
    "seconds",
    "error",
    "notes",
    "command",
)


@dataclass(frozen=True)
class SweepPoint:
    """Answer for a set of images under one choice of settings.

    Attributes
    ----------
    key
        Name of the point, the same in every sweep that starts from the same settings.
    parameters
        Values of the settings that vary, by ``section.field``.
    index
        Place on every axis of the grid; None for a base that is no point of it.
    objective
        Value of the quadratic program at its solution ("energy"); None if not solved.
        Only comparable between points that pose the same program.
    foreground_share
        Mean over images of the share of pixels in the mask.
    scores
        Means by the names of `ImageScore`, and of `ObjectScore` in place of the scores of
        boxes where objects are numbered; empty without truth.
    boxes_changed
        Number of images whose box is another one than the base's: IoU of at most one
        half. None without a base to compare with.
    stability
        Mean IoU, over images and finished neighbours in the grid, of the masks here with
        those there; None without neighbours.
    seconds
        Time until it was there. Stages shared with earlier points take none; points that
        are computed side by side slow each other down.
    error
        Why there is no answer; empty when there is one.
    notes
        What the user should know of the answer, such as settings not followed.
    command
        Command line that gives the same masks and boxes; may be empty.
    masks
        (H, W) bool by name of the image.
    boxes
        (4,) float32 by name of the image, ``xyxy``, half-open; NaN where there is none.
    objects
        Boxes of all objects, (K, 4), of images of which several were looked for.
    instances
        These objects, numbered (H, W) int32.
    """

    key: str
    parameters: Mapping[str, Any]
    index: Index | None = None
    objective: float | None = None
    foreground_share: float | None = None
    scores: Mapping[str, float | None] = field(default_factory=dict)
    boxes_changed: int | None = None
    stability: float | None = None
    seconds: float = 0.0
    error: str = ""
    notes: tuple[str, ...] = ()
    command: str = ""
    # Printed arrays would fill a notebook.
    masks: PackedMasks = field(default_factory=lambda: PackedMasks({}), repr=False)
    boxes: Mapping[str, Float32Array] = field(default_factory=dict, repr=False)
    objects: Mapping[str, Float32Array] = field(default_factory=dict, repr=False)
    instances: Mapping[str, PackedNumbers] = field(default_factory=dict, repr=False)

    @property
    def has_answer(self) -> bool:
        """Whether there are masks and boxes."""
        return not self.error

    @property
    def object_count(self) -> float | None:
        """Mean number of objects in an image; None if one in each was looked for."""
        counts = [len(boxes) for boxes in self.objects.values()]
        return float(np.mean(counts)) if counts else None


def summarise_result(result: JccResult) -> dict[str, Any]:
    """Collect the fields of a point that its result gives."""
    objective = result.solver_report.get("objective")
    shares = [image.foreground_share for image in result.images]
    return {
        "objective": None if objective is None else float(objective),
        "foreground_share": float(np.mean(shares)),
        "notes": result.warnings,
        "masks": PackedMasks.pack((image.name, image.mask) for image in result.images),
        "boxes": {image.name: image.box for image in result.images},
        "objects": {
            image.name: image.instance_boxes
            for image in result.images
            if image.instance_boxes is not None
        },
        "instances": {
            image.name: PackedNumbers.pack(image.instances)
            for image in result.images
            if image.instances is not None
        },
    }


def encode_point(point: SweepPoint) -> tuple[bytes, bytes]:
    """Write a point as JSON text, and its masks and boxes as an archive (npz).

    What depends on other points is left out.
    """
    text = json.dumps({name: getattr(point, name) for name in _KEPT}, indent=2)
    packed = list(point.masks.packed.values())
    objects = list(point.objects.values())
    numbers = [point.instances[name].data for name in point.objects]
    archive = io.BytesIO()
    np.savez(
        archive,
        allow_pickle=False,
        names=np.array(json.dumps(list(point.masks))),
        shapes=np.array([mask.shape for mask in packed], np.int64).reshape(-1, 2),
        sizes=np.array([len(mask.data) for mask in packed], np.int64),
        masks=np.frombuffer(b"".join(mask.data for mask in packed), np.uint8),
        boxes=np.array([point.boxes[name] for name in point.masks]).reshape(-1, 4),
        many=np.array(json.dumps(list(point.objects))),
        counts=np.array([len(boxes) for boxes in objects], np.int64),
        objects=np.concatenate([np.zeros((0, 4), np.float32), *objects]),
        number_sizes=np.array([len(data) for data in numbers], np.int64),
        numbers=np.frombuffer(b"".join(numbers), np.uint8),
    )
    return text.encode(), archive.getvalue()


def decode_point(text: bytes, archive: bytes) -> SweepPoint:
    """Read what `encode_point` wrote; what is damaged raises one of `codec.DAMAGE`."""
    values = {name: json.loads(text)[name] for name in _KEPT}
    values["notes"] = tuple(values["notes"])
    values["parameters"] = {
        path: tuple(value) if isinstance(value, list) else value
        for path, value in values["parameters"].items()
    }
    with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
        names = json.loads(str(arrays["names"]))
        parts = _split(arrays["masks"], arrays["sizes"])
        boxes = np.asarray(arrays["boxes"], dtype=np.float32)
        masks = {
            name: PackedMask((int(shape[0]), int(shape[1])), part.tobytes())
            for name, shape, part in zip(names, arrays["shapes"], parts, strict=True)
        }
        many = json.loads(str(arrays["many"]))
        objects = _split(np.asarray(arrays["objects"], np.float32), arrays["counts"])
        numbers = {
            name: PackedNumbers(masks[name].shape, np.dtype(np.int32), part.tobytes())
            for name, part in zip(
                many, _split(arrays["numbers"], arrays["number_sizes"]), strict=True
            )
        }
    return SweepPoint(
        **values,
        masks=PackedMasks(masks),
        boxes=dict(zip(names, boxes, strict=True)),
        objects=dict(zip(many, objects, strict=True)),
        instances=numbers,
    )


def _split(values: NDArray[Any], sizes: NDArray[np.int64]) -> list[NDArray[Any]]:
    """Parts of an array that were written one after the other."""
    return np.split(values, np.cumsum(sizes)[:-1]) if len(sizes) else []
