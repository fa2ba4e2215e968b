"""Matching sets by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from napari_jcc.errors import InputError
from napari_jcc.evaluation.matching.landmark_sets import open_landmark_folder
from napari_jcc.evaluation.matching.pairs import PairSet
from napari_jcc.evaluation.matching.proposal_flow import open_pf_pascal, open_pf_willow
from napari_jcc.evaluation.matching.spair import open_spair
from napari_jcc.evaluation.matching.tss import open_tss

MATCHING_SETS: Mapping[str, Callable[[Path], PairSet]] = MappingProxyType(
    {
        "pf_willow": open_pf_willow,
        "pf_pascal": open_pf_pascal,
        "spair": open_spair,
        "tss": open_tss,
        "landmarks": open_landmark_folder,
    }
)


def open_matching_set(kind: str, root: Path) -> PairSet:
    """Open the set of a kind in `MATCHING_SETS` that lies in the folder `root`.

    Raises
    ------
    InputError
        If there is no such kind, or `root` does not hold such a set.
    """
    if kind not in MATCHING_SETS:
        raise InputError(
            f"There is no kind of matching set {kind!r}; choose {', '.join(MATCHING_SETS)}."
        )
    return MATCHING_SETS[kind](root)
