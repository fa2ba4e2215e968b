"""Edits as plain values and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_jcc.errors import InputError
from napari_jcc.interaction.edit import Edit, EditKind, ImageKey
from napari_jcc.interaction.edits import Edits

VERSION = 2
"""1 knew no objects told apart: its runs have no marks above 2."""


def edits_to_state(edits: Edits) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a journal into JSON values and arrays.

    Returns
    -------
    outline
        What JSON can hold.
    arrays
        ``runs`` (K, 3) int64 of all entries one after the other, ``boxes`` (E, 4)
        float64, one per entry.
    """
    listed = (*edits.entries, *edits.undone)
    outline = {
        "version": VERSION,
        "undone": len(edits.undone),
        "entries": [
            {
                "name": entry.key.name,
                "fingerprint": entry.key.fingerprint,
                "shape": list(entry.shape),
                "kind": entry.kind.value,
                "time": entry.time,
                "runs": len(entry.runs),
            }
            for entry in listed
        ],
    }
    runs = [np.zeros((0, 3), np.int64), *(entry.runs for entry in listed)]
    boxes = [np.zeros((0, 4)), *(entry.box[None] for entry in listed)]
    return outline, {"runs": np.concatenate(runs), "boxes": np.concatenate(boxes)}


def edits_from_state(outline: Mapping[str, Any], arrays: Mapping[str, Any]) -> Edits:
    """Put a journal together again; the inverse of `edits_to_state`.

    Raises
    ------
    InputError
        If the state is damaged or from a newer version.
    """
    try:
        version = int(outline["version"])
        if version > VERSION:
            raise InputError(
                f"The edits have version {version}, this program reads up to {VERSION}. "
                "Update napari-jcc."
            )
        counts = [int(stored["runs"]) for stored in outline["entries"]]
        runs = np.asarray(arrays["runs"], dtype=np.int64).reshape(-1, 3)
        boxes = np.asarray(arrays["boxes"], dtype=np.float64).reshape(-1, 4)
        if (
            sum(counts) != len(runs)
            or len(counts) != len(boxes)
            or min(counts, default=0) < 0
        ):
            raise ValueError(f"{len(runs)} runs and {len(boxes)} boxes do not fit")
        parts = np.split(runs, np.cumsum(counts)[:-1]) if counts else []
        entries = tuple(
            _entry(*item) for item in zip(outline["entries"], parts, boxes, strict=True)
        )
        kept = len(entries) - int(outline["undone"])
        if not 0 <= kept <= len(entries):
            raise ValueError(f"{outline['undone']} of {len(entries)} entries are undone")
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"The stored edits are damaged ({error}). Restore an earlier copy."
        ) from error
    return Edits(entries[:kept], entries[kept:])


def _entry(stored: Mapping[str, Any], runs: np.ndarray, box: np.ndarray) -> Edit:
    height, width = stored["shape"]
    return Edit(
        ImageKey(str(stored["name"]), str(stored["fingerprint"])),
        (int(height), int(width)),
        EditKind(stored["kind"]),
        float(stored["time"]),
        runs,
        box,
    )
