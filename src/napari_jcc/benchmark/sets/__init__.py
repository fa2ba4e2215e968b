"""Labelled image sets, read in the layout in which they are published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_jcc.benchmark.sets import by_folder, microscopy, msrc, voc07
from napari_jcc.benchmark.sets.labelled import (
    ImageTruth,
    LabelledClass,
    Layout,
    require_folder,
)
from napari_jcc.errors import InputError
from napari_jcc.words import describe_unknown

SETS: dict[str, Layout] = {
    "msrc": msrc.LAYOUT,
    "pascal10": by_folder.PASCAL10,
    "internet": by_folder.INTERNET,
    "icoseg": by_folder.ICOSEG,
    "horses": by_folder.HORSES,
    "voc07-6x2": voc07.LAYOUT,
    "wbc": microscopy.WBC,
    "bbbc010": microscopy.BBBC010,
    "dsb2018": microscopy.DSB2018,
    "folder": by_folder.FOLDER,
}


def find_layout(name: str) -> Layout:
    """Return the layout of the set called `name`.

    Raises
    ------
    InputError
        If there is no such set; the message lists those there are.
    """
    if name not in SETS:
        raise InputError(describe_unknown("set", name, SETS))
    return SETS[name]


def load_set(name: str, root: Path, classes: Sequence[str] = ()) -> list[LabelledClass]:
    """Open the classes of a set.

    Parameters
    ----------
    name
        One of `SETS`.
    root
        Folder of the set, in the layout in which it is published.
    classes
        Names of classes; none: all that are there.

    Raises
    ------
    InputError
        If set or class are unknown, or files are missing; the message says which.
    """
    layout = find_layout(name)
    known = layout.classes(require_folder(root))
    unknown = [each for each in classes if each not in known]
    if unknown:
        raise InputError(
            f"{root} has no class {', '.join(unknown)}. "
            f"Known: {', '.join(known) or 'none'}."
        )
    if not known:
        raise InputError(f"{root} is empty. It must hold {layout.files}.")
    return [layout.load(root, each) for each in classes or known]


__all__ = ["SETS", "ImageTruth", "LabelledClass", "Layout", "find_layout", "load_set"]
