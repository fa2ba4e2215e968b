"""SPair-71k: a list of pair names, and a JSON file per pair."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from napari_jcc.errors import InputError
from napari_jcc.evaluation.matching.layout import require
from napari_jcc.evaluation.matching.pairs import MatchingPair, PairImage, PairSet


def open_spair(root: Path, split: str = "test", size: str = "large") -> PairSet:
    """Open SPair-71k.

    Names are the lines of ``Layout/<size>/<split>.txt``; each stands for
    ``PairAnnotation/<split>/<name>.json`` (where a file system allows no colon,
    with ``_`` in its place). Images are ``JPEGImages/<category>/<name>``.

    Its rule carries points of the published pair's source into its target and measures
    them by the target's box. Here points go from `target` to `source`, so the two are
    exchanged.

    Raises
    ------
    InputError
        If the list is missing or empty; when a pair is read, if its annotation is missing,
        damaged or lacks a field.

    References
    ----------
    J. Min, J. Lee, J. Ponce, M. Cho, "SPair-71k: a large-scale benchmark for semantic
    correspondence", arXiv:1908.10543.
    """
    layout = require(root / "Layout" / size / f"{split}.txt", "list of pairs")
    names = tuple(layout.read_text(encoding="utf-8").split())
    if not names:
        raise InputError(f"The list {layout} is empty. Fetch it again.")

    def read(name: str) -> MatchingPair:
        folder = root / "PairAnnotation" / split
        files = [folder / f"{name}.json", folder / f"{name.replace(':', '_')}.json"]
        found = next((file for file in files if file.is_file()), files[0])
        return _read_pair(root, name, require(found, "annotation of a pair"))

    return PairSet("spair", ("spair-box",), names, read)


def _read_pair(root: Path, name: str, path: Path) -> MatchingPair:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        category = content["category"]
        folder = root / "JPEGImages" / category
        source, target = _side(content, "trg", folder), _side(content, "src", folder)
    except (KeyError, ValueError, TypeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not an annotation of SPair-71k: {type(error).__name__} {error}. "
            "Fetch it again."
        ) from error
    if len(source.points) != len(target.points):
        raise InputError(
            f"{path} has {len(target.points)} points in its source and "
            f"{len(source.points)} in its target; they correspond by their order."
        )
    return MatchingPair(name, category, source, target)


def _side(content: dict[str, Any], which: str, folder: Path) -> PairImage:
    return PairImage(
        folder / content[f"{which}_imname"],
        np.array(content[f"{which}_kps"], dtype=np.float64).reshape(-1, 2),
        np.array(content[f"{which}_bndbox"], dtype=np.float64).reshape(4),
    )
