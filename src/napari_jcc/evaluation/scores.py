"""Scores of images, and of a set, as tables and plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from napari_jcc.tables import format_csv
from napari_jcc.words import count_of

TITLES = {
    "accuracy": "P",
    "jaccard": "J",
    "boundary_f": "F",
    "box_iou": "box IoU",
    "localized": "CorLoc",
}
"""Short title of every score, in the order of the table."""
_OF_MASKS = "accuracy", "jaccard", "boundary_f"

OBJECT_TITLES = {"found": "found", "true": "true", "f1": "F1@.5", "ap": "AP@.5"}
"""The same for the scores of single objects, where the truth numbers them."""


@dataclass(frozen=True)
class ObjectScore:
    """Scores of the single objects of an image.

    Attributes
    ----------
    found
        Objects in the answer.
    true
        Objects in the truth.
    f1
        Share of found and true objects that match, 2 TP / (found + true), in [0, 1].
    ap
        TP / (TP + FP + FN), in [0, 1].
    """

    found: int
    true: int
    f1: float
    ap: float

    @classmethod
    def of(cls, found: int, true: int, matched: int) -> ObjectScore:
        """Compute the shares; 1 where there is nothing to find and nothing was found."""
        total = found + true
        if not total:
            return cls(0, 0, 1.0, 1.0)
        return cls(found, true, 2 * matched / total, matched / (total - matched))


@dataclass(frozen=True)
class ImageScore:
    """Scores of one image; None where there is no truth of that sort.

    Attributes
    ----------
    name
        Name of the image.
    accuracy
        Share of pixels right (P), in [0, 1].
    jaccard
        Foreground IoU (J), in [0, 1].
    box_iou
        IoU of the box with the truth box that it meets best, in [0, 1].
    localized
        Whether that is above one half; its mean is CorLoc.
    boundary_f
        Agreement of the outlines (F), in [0, 1].
    objects
        Scores of the single objects.
    """

    name: str
    accuracy: float | None = None
    jaccard: float | None = None
    box_iou: float | None = None
    localized: bool | None = None
    boundary_f: float | None = None
    objects: ObjectScore | None = None


@dataclass(frozen=True)
class Evaluation:
    """Scores of a set of images.

    Attributes
    ----------
    scores
        One entry per image with truth.
    missing
        Names of the images without truth, which do not count.
    """

    scores: tuple[ImageScore, ...]
    missing: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Tell the means; printed scores of all images would fill a notebook."""
        means = (
            f"{title} {format_score(self._mean(key))}" for key, title in self.titles.items()
        )
        without = f"; {len(self.missing)} without truth" if self.missing else ""
        images = count_of(len(self.scores), "image")
        return f"Evaluation({images}: {', '.join(means)}{without})"

    @property
    def means(self) -> dict[str, float | None]:
        """Mean over the images that have the score; None if none has.

        Scores of objects are there where an image has them.
        """
        return {key: self._mean(key) for key in self.keys}

    @property
    def keys(self) -> list[str]:
        """Keys of all scores, as in the CSV; those of objects if there are any."""
        return [*TITLES, *(OBJECT_TITLES if self._numbered else ())]

    @property
    def titles(self) -> dict[str, str]:
        """Titles of the scores to show, by key.

        Scores of objects, where there are any, take the place of those of boxes.
        """
        if not self._numbered:
            return TITLES
        return {key: TITLES[key] for key in _OF_MASKS} | OBJECT_TITLES

    @property
    def _numbered(self) -> bool:
        return any(score.objects is not None for score in self.scores)

    def _mean(self, key: str) -> float | None:
        return _mean(score_of(score, key) for score in self.scores)

    def as_table(self) -> list[list[str]]:
        """Return rows of text: `titles`, one row per image, and the means."""
        titles = self.titles
        rows = [
            [score.name, *(format_score(score_of(score, key)) for key in titles)]
            for score in self.scores
        ]
        last = ["mean", *(format_score(self._mean(key)) for key in titles)]
        return [["image", *titles.values()], *rows, last]

    def to_csv(self) -> str:
        """Return the table as CSV: scores in full, yes and no as 1 and 0, no means."""
        rows: list[list[Any]] = [["image", *self.keys]]
        for score in self.scores:
            values = [score_of(score, key) for key in self.keys]
            numbers = [None if value is None else float(value) for value in values]
            rows.append([score.name, *numbers])
        return format_csv(rows)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values that JSON can hold."""
        return {
            "means": self.means,
            "images": [asdict(score) for score in self.scores],
            "missing": list(self.missing),
        }


def score_of(score: ImageScore, key: str) -> float | None:
    """Return one of the scores by its key in `TITLES` or `OBJECT_TITLES`."""
    value: float | None = getattr(score if key in TITLES else score.objects, key, None)
    return value


def _mean(values: Iterable[float | None]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return float(np.mean(known)) if known else None


def format_score(value: float | None) -> str:
    """Return a score as text: yes and no, counts, shares and mean counts."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    return f"{value:.3f}" if value <= 1 else f"{value:.1f}"
