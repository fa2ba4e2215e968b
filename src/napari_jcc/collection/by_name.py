"""Something of every image, found by the image's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Generic, TypeVar

from napari_jcc.errors import InputError
from napari_jcc.words import list_some

T = TypeVar("T")


def find_place(places: Mapping[str, int], name: str) -> int:
    """Look the place of an image up.

    Raises
    ------
    InputError
        If there is no image of that name; it says which is near.
    """
    if name in places:
        return places[name]
    near = get_close_matches(name, places, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise InputError(
        f"No image is called {name!r}.{hint} Give one of names: {list_some(list(places))}."
    )


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
