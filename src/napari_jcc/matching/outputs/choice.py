"""Which pairs of a set are matched, in the words of the command line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

from napari_jcc.errors import InputError
from napari_jcc.tables import read_table
from napari_jcc.words import list_some

TEMPLATE = "template:"


def choose_pairs(names: Sequence[str], choice: str) -> list[tuple[int, int]]:
    """Choose pairs of source and target, as places in `names`.

    Parameters
    ----------
    names
        Names of the images.
    choice
        ``all``: every two images once, the later one the target. ``template:NAME``: every
        other image as source, NAME the target, so that all are drawn in its place. Else a
        CSV file with columns source and target.

    Raises
    ------
    InputError
        If there are fewer than two images, no such image or file, or the file has other
        columns, names an image twice in a line, or is empty.
    """
    if len(names) < 2:
        raise InputError(
            f"Matching needs at least 2 images, got {len(names)}. Add images of the same "
            "kind of object."
        )
    if choice == "all":
        return list(combinations(range(len(names)), 2))
    if choice.startswith(TEMPLATE):
        target = find_image(names, choice.removeprefix(TEMPLATE))
        return [(place, target) for place in range(len(names)) if place != target]
    return _read_pairs(names, Path(choice))


def find_pairs(
    names: Sequence[str], pairs: str | Iterable[Sequence[int | str]]
) -> list[tuple[int, int]]:
    """Find pairs of source and target, each a name or a place, or chosen in words.

    Parameters
    ----------
    names
        Names of the images.
    pairs
        A choice as `choose_pairs` takes it, or pairs.

    Raises
    ------
    InputError
        As `choose_pairs`; if there is no image of a name or at a place, or a pair is none.
    """
    if isinstance(pairs, str):
        return choose_pairs(names, pairs)
    found = []
    for pair in pairs:
        if isinstance(pair, str) or len(pair) != 2 or pair[0] == pair[1]:
            raise InputError(
                f"{pair!r} is no pair of two images. Give pairs of source and target, such "
                "as [('wing1', 'wing2')], all, or template:NAME."
            )
        found.append((_find_place(names, pair[0]), _find_place(names, pair[1])))
    return found


def _find_place(names: Sequence[str], image: int | str) -> int:
    if isinstance(image, str):
        return find_image(names, image)
    if not 0 <= image < len(names):
        raise InputError(
            f"There is no image {image}: there are {len(names)}, counted from 0."
        )
    return int(image)


def find_image(names: Sequence[str], name: str) -> int:
    """Find the place of an image by its name, with or without extension.

    Raises
    ------
    InputError
        If there is none; the message names the nearest.
    """
    for known in (name, name.rpartition(".")[0]):
        if known in names:
            return list(names).index(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise InputError(
        f"There is no image {name!r} among the {len(names)}: {list_some(names, 5)}.{hint}"
    )


def _read_pairs(names: Sequence[str], path: Path) -> list[tuple[int, int]]:
    try:
        table = read_table(path)
    except InputError as error:
        raise InputError(
            f"Cannot read the pairs {path}: {error}. Choose all, template:NAME with the "
            "name of an image, or a CSV file with columns source,target."
        ) from error
    if not {"source", "target"} <= set(table.titles):
        raise InputError(
            f"{path} has the columns {', '.join(table.titles) or 'none'}. List "
            "pairs as CSV with columns source,target, a pair of image names a line."
        )
    pairs = []
    for number, row in table.rows:
        try:
            places = [find_image(names, row[key]) for key in ("source", "target")]
        except InputError as error:
            raise InputError(f"{path}, line {number}: {error}") from error
        if places[0] == places[1]:
            raise InputError(
                f"{path}, line {number}: an image is paired with itself. Name two images."
            )
        pairs.append((places[0], places[1]))
    if not pairs:
        raise InputError(f"{path} lists no pairs. Add lines source,target.")
    return list(dict.fromkeys(pairs))
