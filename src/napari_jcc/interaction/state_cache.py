"""Settled states under earlier edits, run-length encoded, so that undo solves nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import IntArray
from napari_jcc.interaction.edit import Edit
from napari_jcc.interaction.edits import Edits
from napari_jcc.interaction.state import State
from napari_jcc.results import ImageResult

_KEPT = 3
"""States that are kept, the last one among them."""
_NOTHING = np.zeros((0, 0), np.bool_)


@dataclass(frozen=True)
class _Runs:
    """A map as runs of equal values, in row-major order.

    Attributes
    ----------
    first : (K,) int64
        Pixels at which the runs begin.
    values : (K,)
        Of the runs.
    shape
        Height and width.
    """

    first: IntArray
    values: NDArray[Any]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, pixels: NDArray[Any]) -> _Runs:
        flat = pixels.ravel()
        first = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        first = np.concatenate([np.zeros(min(flat.size, 1), np.int64), first])
        return cls(first, flat[first], pixels.shape)

    def pixels(self) -> NDArray[Any]:
        lengths = np.diff(self.first, append=np.prod(self.shape, dtype=np.int64))
        return np.repeat(self.values, lengths).reshape(self.shape)


@dataclass(frozen=True)
class Packed:
    """An answer whose maps at the image's own size are run-length encoded."""

    rest: ImageResult
    mask: _Runs
    instances: _Runs | None

    @classmethod
    def of(cls, image: ImageResult) -> Packed:
        """Pack an answer."""
        instances = None if image.instances is None else _Runs.of(image.instances)
        rest = replace(image, mask=_NOTHING, instances=None)
        return cls(rest, _Runs.of(image.mask), instances)

    def unpack(self) -> ImageResult:
        """Return the answer as it was."""
        instances = None if self.instances is None else self.instances.pixels()
        return replace(self.rest, mask=self.mask.pixels(), instances=instances)


class StateCache:
    """The latest settled states, by the edits they were settled under; thread-safe."""

    def __init__(self) -> None:
        self._states: OrderedDict[tuple[Edit, ...], tuple[State, list[Packed]]]
        self._states = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, edits: Edits, state: State) -> None:
        """Keep a state in place of the least recently used one."""
        packed = [Packed.of(image) for image in state.images]
        with self._lock:
            self._states[edits.entries] = replace(state, images=(), settled=()), packed
            self._states.move_to_end(edits.entries)
            while len(self._states) > _KEPT:
                self._states.popitem(last=False)

    def recall(self, edits: Edits) -> State | None:
        """Return the state under some edits, if it is kept."""
        with self._lock:
            found = self._states.get(edits.entries)
            if found is None:
                return None
            self._states.move_to_end(edits.entries)
        images = tuple(image.unpack() for image in found[1])
        return replace(found[0], images=images, settled=images)
