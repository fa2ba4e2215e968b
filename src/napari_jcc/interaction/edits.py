"""The journal of the edits of a user, kept apart from computed results."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import FloatArray, LabelMap
from napari_jcc.errors import InputError
from napari_jcc.interaction.drawn import Drawn, DrawnCache
from napari_jcc.interaction.edit import (
    BACKGROUND,
    OBJECT,
    Edit,
    EditKind,
    ImageKey,
    MarkArray,
)
from napari_jcc.interaction.runs import changed_runs


@dataclass(frozen=True)
class Edits:
    """Everything drawn on a set of images; every method returns a new journal.

    Attributes
    ----------
    entries
        Edits in force, oldest first.
    undone
        Edits that were undone and can be redone; the last one is redone first.
    """

    entries: tuple[Edit, ...] = ()
    undone: tuple[Edit, ...] = ()
    _cache: DrawnCache = field(default_factory=DrawnCache, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def keys(self) -> tuple[ImageKey, ...]:
        """Images with entries, in the order of their first one."""
        return tuple(self._by_image)

    @cached_property
    def edited(self) -> tuple[ImageKey, ...]:
        """Images with marks or a box in force, in the order of their first entry."""
        return tuple(key for key in self.keys if self.is_edited(key))

    def is_edited(self, key: ImageKey) -> bool:
        """Whether an image has marks or a box in force."""
        own = self._since_clear(key)
        painted = [entry.runs for entry in own if entry.kind is EditKind.PAINT]
        if self.box(key) is not None or (painted and painted[-1][:, 2].any()):
            return True
        # The last stroke took marks back: of those before it some may be left.
        return bool(painted) and bool(self.marks(key, own[-1].shape).any())

    def edited_places(self, keys: Sequence[ImageKey]) -> tuple[int, ...]:
        """Return the indices of the images with marks or a box in force, ascending."""
        edited = set(self.edited)
        return tuple(i for i, key in enumerate(keys) if key in edited)

    def changed_places(self, before: Edits, keys: Sequence[ImageKey]) -> tuple[int, ...]:
        """Return the indices of the images whose entries differ from those before."""
        return tuple(i for i, key in enumerate(keys) if before.of(key) != self.of(key))

    def of(self, key: ImageKey) -> tuple[Edit, ...]:
        """Entries of one image, oldest first."""
        return tuple(self._by_image.get(key, ()))

    def extends(self, key: ImageKey, before: Sequence[Edit]) -> bool:
        """Whether the entries of an image begin with `before`, and do not clear them."""
        own, count = self.of(key), len(before)
        cleared = any(entry.kind is EditKind.CLEAR for entry in own[count:])
        return own[:count] == tuple(before) and not cleared

    @cached_property
    def _by_image(self) -> dict[ImageKey, list[Edit]]:
        found: dict[ImageKey, list[Edit]] = {}
        for entry in self.entries:
            found.setdefault(entry.key, []).append(entry)
        return found

    def marks(self, key: ImageKey, shape: tuple[int, int]) -> MarkArray:
        """Return the marks of one image, (H, W) uint8, as a copy.

        Raises
        ------
        InputError
            If the image was drawn on at another size.
        """
        return self._drawn(key, shape).marks.copy()

    def numbers(self, key: ImageKey, shape: tuple[int, int]) -> LabelMap | None:
        """Return the objects of one image that the user told apart.

        Returns
        -------
        (H, W) int32 or None
            0: none of them; 1 to K. None where there is none. A copy.

        Raises
        ------
        InputError
            If the image was drawn on at another size.
        """
        numbers = self._drawn(key, shape).numbers
        return None if numbers is None else numbers.copy()

    def check_size(self, key: ImageKey, shape: tuple[int, int]) -> None:
        """Refuse an image of another size than that which was drawn on.

        Raises
        ------
        InputError
            If the image was drawn on at another size.
        """
        for entry in self._since_clear(key):
            if entry.shape != shape:
                raise InputError(
                    f"{key.name} has {shape[1]} x {shape[0]} pixels but was drawn on at "
                    f"{entry.shape[1]} x {entry.shape[0]}. Open the image that was drawn "
                    "on, or clear its edits."
                )

    def _drawn(self, key: ImageKey, shape: tuple[int, int]) -> Drawn:
        self.check_size(key, shape)
        return self._cache.find(key, shape, self._since_clear(key))

    def box(self, key: ImageKey) -> FloatArray | None:
        """Return the fixed box of an image, (4,) ``xyxy``; NaN: no box; None: free."""
        for entry in reversed(self._since_clear(key)):
            if entry.kind is EditKind.BOX:
                return entry.box
            if entry.kind is EditKind.NO_BOX:
                return np.full(4, np.nan)
        return None

    def draw(
        self, key: ImageKey, marks: MarkArray, numbers: LabelMap | None = None
    ) -> Edits:
        """Set the marks of an image, by one entry of the pixels that change.

        Parameters
        ----------
        key
            The image.
        marks : (H, W) uint8
            All its marks as they shall be: `NONE`, `OBJECT` or `BACKGROUND`.
        numbers : (H, W) int32
            Objects that the user tells apart, counted where the mark is `OBJECT`; None:
            those before.

        Raises
        ------
        InputError
            If marks have other values, or the size differs from that drawn on before.
        """
        before = self._drawn(key, _check_marks(key, marks))
        if numbers is None:
            numbers = before.numbers
        runs = changed_runs(_in_one(before.marks, before.numbers), _in_one(marks, numbers))
        if not len(runs):
            return self
        return self._with(Edit(key, marks.shape, EditKind.PAINT, time.time(), runs))

    def paint(self, key: ImageKey, where: NDArray[np.bool_], mark: int) -> Edits:
        """Mark the pixels of `where`, (H, W) bool; `NONE` takes marks back."""
        shape = where.shape[0], where.shape[1]
        return self.draw(key, np.where(where, np.uint8(mark), self.marks(key, shape)))

    def fix_box(
        self, key: ImageKey, shape: tuple[int, int], box: Iterable[float] | None
    ) -> Edits:
        """Fix the box of an image, or say with None that it has none.

        Parameters
        ----------
        key
            The image.
        shape
            Its height and width.
        box
            ``xyxy``, half-open, in the image's own pixels.

        Raises
        ------
        InputError
            If the box is no box of finite numbers or misses the image.
        """
        if box is None:
            return self._with(Edit(key, shape, EditKind.NO_BOX, time.time()))
        corners = _check_box(key, shape, box)
        return self._with(Edit(key, shape, EditKind.BOX, time.time(), box=corners))

    def clear(self, key: ImageKey) -> Edits:
        """Take back everything drawn on an image, as an entry that can be undone."""
        own = self._since_clear(key)
        if not own:
            return self
        return self._with(Edit(key, own[-1].shape, EditKind.CLEAR, time.time()))

    def undo(self, *keys: ImageKey) -> Edits:
        """Undo the last entry, or the last one of some images; none: nothing happens."""
        place = _last(self.entries, keys)
        if place is None:
            return self
        entries = self.entries[:place] + self.entries[place + 1 :]
        undone = (*self.undone, self.entries[place])
        return replace(self, entries=entries, undone=undone)

    def redo(self, *keys: ImageKey) -> Edits:
        """Redo what was undone last, everywhere or on some images."""
        place = _last(self.undone, keys)
        if place is None:
            return self
        undone = self.undone[:place] + self.undone[place + 1 :]
        entries = (*self.entries, self.undone[place])
        return replace(self, entries=entries, undone=undone)

    def adopt(self, keys: Iterable[ImageKey]) -> Edits:
        """Give entries the present names of images that were renamed or moved.

        Images whose name is missing are recognised by their content. Entries of missing
        images stay as they are.
        """
        present = set(keys)
        by_content = {key.fingerprint: key for key in present if key.fingerprint}
        names = {
            old: by_content[old.fingerprint]
            for old in dict.fromkeys(e.key for e in (*self.entries, *self.undone))
            if old not in present and old.fingerprint in by_content
        }
        entries, undone = (
            tuple(_renamed(part, names)) for part in (self.entries, self.undone)
        )
        return replace(self, entries=entries, undone=undone)

    def _with(self, entry: Edit) -> Edits:
        # What was undone on this image no longer fits what is drawn there.
        undone = tuple(old for old in self.undone if old.key != entry.key)
        return replace(self, entries=(*self.entries, entry), undone=undone)

    def _since_clear(self, key: ImageKey) -> tuple[Edit, ...]:
        own = self.of(key)
        cleared = [i for i, entry in enumerate(own) if entry.kind is EditKind.CLEAR]
        return own[cleared[-1] + 1 :] if cleared else own


def _in_one(marks: MarkArray, numbers: LabelMap | None) -> NDArray[Any]:
    """Return marks and numbers in one, as in `Edit.runs`."""
    if numbers is None:
        return marks
    apart = (marks == OBJECT) & (numbers > 0)
    return np.where(apart, numbers + BACKGROUND, marks)


def _check_marks(key: ImageKey, marks: MarkArray) -> tuple[int, int]:
    if marks.ndim != 2 or marks.dtype != np.uint8 or marks.max(initial=0) > BACKGROUND:
        raise InputError(
            f"Marks of {key.name} must be (H, W) uint8 of 0, 1 and 2, got "
            f"{marks.shape} {marks.dtype}. Give one value per pixel of the image."
        )
    return marks.shape[0], marks.shape[1]


def _check_box(key: ImageKey, shape: tuple[int, int], box: Iterable[float]) -> FloatArray:
    corners = np.asarray(list(box), dtype=np.float64)
    if corners.shape != (4,) or not np.isfinite(corners).all():
        raise InputError(f"The box of {key.name} must be four numbers, got {corners}.")
    clipped = np.clip(corners, 0, [shape[1], shape[0], shape[1], shape[0]])
    if (clipped[2:] <= clipped[:2]).any():
        raise InputError(
            f"The box {corners.tolist()} of {key.name} holds no part of its "
            f"{shape[1]} x {shape[0]} pixels. Give x_min, y_min, x_max, y_max."
        )
    return np.asarray(clipped)


def _last(entries: tuple[Edit, ...], keys: tuple[ImageKey, ...]) -> int | None:
    places = [i for i, entry in enumerate(entries) if not keys or entry.key in keys]
    return places[-1] if places else None


def _renamed(entries: tuple[Edit, ...], names: dict[ImageKey, ImageKey]) -> Iterator[Edit]:
    for entry in entries:
        yield replace(entry, key=names[entry.key]) if entry.key in names else entry
