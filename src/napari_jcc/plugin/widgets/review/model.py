"""The table of all images, and what is left of it when searched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap

from napari_jcc.evaluation import TITLES, Evaluation
from napari_jcc.evaluation.scores import OBJECT_TITLES, format_score, score_of
from napari_jcc.plugin.review.ratings import Rating
from napari_jcc.project import ImageStatus
from napari_jcc.results import ImageResult
from napari_jcc.tables import format_csv

SORT_ROLE = int(Qt.ItemDataRole.UserRole)
STATUSES: dict[ImageStatus, str] = {
    "flagged": "#ff9f1c",
    "edited": "#00a8d6",
    "accepted": "#3fb950",
    "machine": "#8a8a92",
}
"""Colour of every status, the most urgent first."""

_DOT = 10
_OWN = ("image", "status", "score", "uncertainty", "area", "box")
_TIPS = (
    "Name of the image",
    "flagged: needs a second look; edited: drawn on; accepted: right; machine: neither",
    "Score of the box, or the best of several objects, 0 to 1",
    "Doubt about the mask, from 0, none, to 1: worked out from the scores alone",
    "Share of the image's pixels in the mask",
    "Width x height and upper left corner of the box, in pixels",
    "P: share of pixels that are right",
    "J: pixels in both masks as share of those in either",
    "F: agreement of the outlines",
    "IoU of the box with the truth's",
    "CorLoc: whether that is above one half",
    "Objects in the answer",
    "Objects in the truth",
    "F1 of the objects that match with an IoU above one half",
    "AP: matches as share of matches, missed and false objects",
)
_SCORES = TITLES | OBJECT_TITLES
TRUTH_COLUMNS = dict(enumerate(_SCORES, start=len(_OWN)))
"""Columns that compare with the truth, and the key of the score in each."""


class ReviewModel(QAbstractTableModel):
    """One row per image of a result.

    Parameters
    ----------
    icon
        Picture of an image by its place, or None while there is none.
    """

    def __init__(self, icon: Callable[[int], QIcon | None]) -> None:
        super().__init__()
        self._icon = icon
        self._images: list[ImageResult] = []
        self._ratings: dict[int, Rating] = {}
        self._statuses: list[ImageStatus] = []
        self._dots = {status: _dot(colour) for status, colour in STATUSES.items()}

    @property
    def names(self) -> list[str]:
        """Names of the images, in order."""
        return [image.name for image in self._images]

    @property
    def statuses(self) -> list[ImageStatus]:
        """Their statuses."""
        return list(self._statuses)

    def set_images(
        self, images: Iterable[ImageResult], statuses: Mapping[str, ImageStatus]
    ) -> None:
        """Show other images."""
        self.beginResetModel()
        self._images = list(images)
        self._ratings = {}
        self._statuses = [statuses.get(name, "machine") for name in self.names]
        self.endResetModel()

    def update_images(self, images: Mapping[int, ImageResult]) -> None:
        """Show new answers of some images; their ratings stay until there are others."""
        for place, image in images.items():
            self._images[place] = image
        self._tell(images)

    def set_ratings(self, ratings: Mapping[int, Rating]) -> None:
        """Show the ratings of some images."""
        self._ratings.update(ratings)
        self._tell(ratings)

    def set_statuses(self, statuses: Mapping[str, ImageStatus]) -> None:
        """Show what became of the images."""
        now = [statuses.get(name, "machine") for name in self.names]
        changed = [i for i, status in enumerate(now) if status != self._statuses[i]]
        self._statuses = now
        self._tell(changed)

    def tell_icons(self, places: Iterable[int]) -> None:
        """Show pictures that are there by now."""
        for place in places:
            if place < len(self._images):
                index = self.index(place, 0)
                self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])

    @property
    def evaluation(self) -> Evaluation:
        """Scores against the truth, of the images that have any."""
        scores = [self._ratings[place].truth for place in sorted(self._ratings)]
        return Evaluation(tuple(score for score in scores if score is not None))

    def to_csv(self) -> str:
        """Write all rows, numbers in full; what an image has no value for is empty."""
        corners = ("x_min", "y_min", "x_max", "y_max")
        keys = self.evaluation.keys
        rows: list[list[Any]] = [[*_OWN[:-1], *corners, *keys]]
        for place, image in enumerate(self._images):
            cells = [self._value(place, column) for column in range(len(_OWN) - 1)]
            box = image.boxes[0].tolist() if len(image.boxes) else [None] * 4
            scores = [self._score(place, key) for key in keys]
            rows.append([*cells, *box, *scores])
        return format_csv(rows)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of images."""
        return 0 if parent is not None and parent.isValid() else len(self._images)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(_TIPS)

    def index(
        self, row: int, column: int, parent: QModelIndex | None = None
    ) -> QModelIndex:
        """Return the index of a cell; Qt's own asks for both counts each time."""
        inside = 0 <= row < len(self._images) and 0 <= column < len(_TIPS)
        return self.createIndex(row, column) if inside else QModelIndex()

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows, or by `SORT_ROLE` what it is sorted by."""
        if role == SORT_ROLE:
            # Asked for in every comparison, and of rows that exist only.
            value = self._value(index.row(), index.column())
            return -1.0 if value is None else value
        if not index.isValid():
            return None
        place, column = index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(place, column)
        if role == Qt.ItemDataRole.DecorationRole:
            if column == 0:
                return self._icon(place)
            return self._dots[self._statuses[place]] if column == 1 else None
        if role == Qt.ItemDataRole.ToolTipRole:
            image = self._images[place]
            return "\n".join(filter(None, (image.name, image.warning)))
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return the title of a column, and its meaning as tooltip."""
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (*_OWN, *_SCORES.values())[section]
        return _TIPS[section] if role == Qt.ItemDataRole.ToolTipRole else None

    def _tell(self, places: Iterable[int]) -> None:
        """Say once which rows are others."""
        rows = sorted(places)
        if rows:
            last = self.index(rows[-1], len(_TIPS) - 1)
            self.dataChanged.emit(self.index(rows[0], 0), last)

    def _value(self, place: int, column: int) -> Any:
        image, rating = self._images[place], self._ratings.get(place)
        if column == 0:
            return image.name
        if column == 1:
            return self._statuses[place]
        if column == len(_OWN) - 1:
            width, height = _sides(image)
            return width * height
        if column in TRUTH_COLUMNS:
            value = self._score(place, TRUTH_COLUMNS[column])
            return None if value is None else float(value)
        if rating is None:
            return None
        return (rating.score, rating.uncertainty, rating.share)[column - 2]

    def _score(self, place: int, key: str) -> float | None:
        rating = self._ratings.get(place)
        if rating is None or rating.truth is None:
            return None
        return score_of(rating.truth, key)

    def _text(self, place: int, column: int) -> str:
        if column == len(_OWN) - 1:
            return _describe_boxes(self._images[place])
        value = self._value(place, column)
        if value is None:
            return "…" if place not in self._ratings else "-"
        if isinstance(value, str):
            return value
        if column in TRUTH_COLUMNS:
            return format_score(self._score(place, TRUTH_COLUMNS[column]))
        return f"{value:.1%}" if column == _OWN.index("area") else f"{value:.3f}"


class ReviewFilter(QSortFilterProxyModel):
    """Leaves the images whose name holds a text and that have one of the statuses."""

    def __init__(self, model: ReviewModel) -> None:
        super().__init__()
        self._model = model
        self._wanted_text = ""
        self._wanted_status = ""
        self.setSourceModel(model)
        self.setSortRole(SORT_ROLE)

    def set_wanted(self, text: str, status: str) -> None:
        """Leave only these; empty: all."""
        self._wanted_text, self._wanted_status = text.strip().lower(), status
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:
        """Return whether an image is left."""
        name, status = self._model._images[row].name, self._model._statuses[row]
        right_status = self._wanted_status in ("", status)
        return right_status and self._wanted_text in name.lower()


def _dot(colour: str) -> QPixmap:
    dot = QPixmap(_DOT, _DOT)
    dot.fill(QColor("transparent"))
    painter = QPainter(dot)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor("transparent"))
    painter.setBrush(QColor(colour))
    painter.drawEllipse(0, 0, _DOT, _DOT)
    painter.end()
    return dot


def _sides(image: ImageResult) -> tuple[float, float]:
    if not len(image.boxes):
        return 0.0, 0.0
    x_min, y_min, x_max, y_max = image.boxes[0].tolist()
    return x_max - x_min, y_max - y_min


def _describe_boxes(image: ImageResult) -> str:
    if not len(image.boxes):
        return "none"
    if len(image.boxes) > 1:
        return f"{len(image.boxes)} boxes"
    width, height = _sides(image)
    x, y = image.boxes[0][:2].tolist()
    return f"{width:.0f} x {height:.0f} at {x:.0f}, {y:.0f}"
