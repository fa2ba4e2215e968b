"""TSS: pairs of images with dense flow on the object, masks, and a note on mirroring."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.errors import InputError
from napari_jcc.evaluation.matching.layout import require
from napari_jcc.evaluation.matching.pairs import MatchingPair, PairImage, PairSet

FLOW_TAG = np.float32(202021.25)
UNKNOWN = 1e9
"""Flow of at least this size marks a pixel without truth, as the format has it."""


def open_tss(root: Path) -> PairSet:
    """Open TSS: ``<subset>/<pair>/`` with two images, flows, masks, and ``flip_gt.txt``.

    Every folder gives two pairs, one for each direction. Sub-classes are the subsets
    FG3DCar, JODS and PASCAL.

    Raises
    ------
    InputError
        If there is no such folder; when a pair is read, if a file is missing.

    References
    ----------
    T. Taniai, S. Sinha, Y. Sato, "Joint recovery of dense correspondence and
    cosegmentation in two images", CVPR 2016.
    """
    folders = sorted(path.parent for path in root.glob("*/*/flow1.flo"))
    if not folders:
        raise InputError(
            f"There is no pair of TSS below {root}: no <subset>/<pair>/flow1.flo. Give "
            "the folder with FG3DCar, JODS and PASCAL in it."
        )
    keys = tuple((folder, first) for folder in folders for first in (1, 2))

    def read(key: tuple[Path, int]) -> MatchingPair:
        folder, first = key
        target, source = (_side(folder, number) for number in (first, 3 - first))
        return MatchingPair(
            name=f"{folder.parent.name}/{folder.name}/{first}",
            category=folder.parent.name,
            source=source,
            target=target,
            flow_path=require(folder / f"flow{first}.flo", "flow"),
            flipped=_is_flipped(require(folder / "flip_gt.txt", "note on mirroring")),
        )

    return PairSet("tss", ("tss-flow",), keys, read)


def read_flow(path: Path) -> tuple[Float32Array, MaskArray]:
    """Read a ``.flo`` file.

    Returns
    -------
    flow : (H, W, 2) float32
        Way in x and y, in pixels.
    known : (H, W) bool
        Pixels that have a truth.

    Raises
    ------
    InputError
        If the file is no ``.flo`` file, or shorter than it says.
    """
    content = path.read_bytes()
    if len(content) < 12 or np.frombuffer(content, "<f4", 1)[0] != FLOW_TAG:
        raise InputError(f"{path} is not a .flo file. Fetch it again.")
    width, height = (int(side) for side in np.frombuffer(content, "<i4", 2, offset=4))
    values = np.frombuffer(content, "<f4", offset=12, count=(len(content) - 12) // 4)
    if min(width, height) < 1 or len(values) != 2 * width * height:
        raise InputError(
            f"{path} has {len(values)} values instead of the 2 x {width} x {height} that "
            "it announces. Fetch it again."
        )
    flow: Float32Array = values.reshape(height, width, 2).astype(np.float32)
    known = np.asarray((np.abs(flow) < UNKNOWN).all(axis=-1))
    return flow, known


def _side(folder: Path, number: int) -> PairImage:
    image = require(folder / f"image{number}.png", "image")
    return PairImage(image, mask_path=require(folder / f"mask{number}.png", "mask"))


def _is_flipped(path: Path) -> bool:
    text = path.read_text(encoding="utf-8").strip()
    if text not in ("0", "1"):
        raise InputError(f"{path} holds {text!r}; write 0, or 1 for opposite directions.")
    return text == "1"
