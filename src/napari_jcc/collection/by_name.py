"""Something of every image, found by the image's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class ByName(Mapping[str, T], Generic[T]):
    """What a function of an image's place gives, by name; called when asked for.

    Parameters
    ----------
    names
        Of the images.
    read
        Gives what is wanted of the image at a place.
    """

    def __init__(self, names: Sequence[str], read: Callable[[int], T]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._read = read

    def __getitem__(self, name: str) -> T:
        return self._read(self._places[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
