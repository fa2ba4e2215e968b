"""The rules by which matching is scored, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.errors import InputError
from napari_jcc.evaluation.matching.metrics import (
    flow_accuracy,
    longer_side,
    pck,
    point_errors,
    to_reference,
)
from napari_jcc.evaluation.matching.pairs import MatchingPair
from napari_jcc.evaluation.matching.tss import read_flow

Transfer = Callable[[FloatArray], FloatArray]
"""From points (K, 2) of the target to points (K, 2) of the source, in pixels."""
ALPHAS = (0.05, 0.1, 0.15)


class Protocol(NamedTuple):
    """A rule, and what it says of one pair."""

    description: str
    score: Callable[[MatchingPair, Transfer], dict[str, float]]
    """Measures by name; shares in [0, 1], errors in pixels or percent as named."""


def _pck_224(pair: MatchingPair, transfer: Transfer) -> dict[str, float]:
    size = pair.source.size()
    ends = to_reference(transfer(pair.target.points), size)
    errors = point_errors(ends, to_reference(pair.source.points, size))
    return {f"PCK@{alpha:g}": pck(errors, alpha, 224) for alpha in ALPHAS}


def _pck_points_box(pair: MatchingPair, transfer: Transfer) -> dict[str, float]:
    errors = point_errors(transfer(pair.target.points), pair.source.points)
    length = longer_side(pair.source.points)
    return {f"PCK@{alpha:g}": pck(errors, alpha, length) for alpha in ALPHAS}


def _pck_object_box(pair: MatchingPair, transfer: Transfer) -> dict[str, float]:
    if pair.source.box is None:
        raise InputError(f"{pair.source.path} has no box, which this protocol measures by.")
    errors = point_errors(transfer(pair.target.points), pair.source.points)
    length = longer_side(pair.source.box.reshape(2, 2))
    return {f"PCK@{alpha:g}": pck(errors, alpha, length) for alpha in ALPHAS}


def _flow(pair: MatchingPair, transfer: Transfer) -> dict[str, float]:
    if pair.flow_path is None:
        raise InputError(f"The pair {pair.name} has no flow, which this protocol needs.")
    truth, known = read_flow(pair.flow_path)
    rows, columns = np.nonzero(known)
    starts = np.stack([columns, rows], axis=1).astype(np.float64)
    flow = np.zeros(truth.shape)
    flow[known] = transfer(starts) - starts
    return {"flow": flow_accuracy(flow, truth, known, pair.source.size())}


def _landmarks(pair: MatchingPair, transfer: Transfer) -> dict[str, float]:
    errors = point_errors(transfer(pair.target.points), pair.source.points)
    mean, width = float(errors.mean()), pair.source.size()[1]
    return {"error/px": mean, "error/% of width": 100 * mean / width}


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        "willow-224": Protocol(
            "PF-WILLOW on 224 x 224 pixels: error of at most alpha x 224", _pck_224
        ),
        "willow-box": Protocol(
            "PF-WILLOW by the box of the source's points: error of at most alpha x its "
            "longer side",
            _pck_points_box,
        ),
        "pascal-224": Protocol(
            "PF-PASCAL on 224 x 224 pixels: error of at most alpha x 224", _pck_224
        ),
        "spair-box": Protocol(
            "SPair-71k: error of at most alpha x the longer side of the box of the object "
            "to which points are carried, mean over pairs",
            _pck_object_box,
        ),
        "tss-flow": Protocol(
            "TSS: flow on the object ends within 5 % of the longer side of the image it "
            "leads to; the matcher is told which pairs are mirrored",
            _flow,
        ),
        "landmarks": Protocol(
            "mean distance from the landmarks, in pixels and in percent of the image width",
            _landmarks,
        ),
        "landmarks-224": Protocol(
            "landmarks on 224 x 224 pixels: error of at most alpha x 224", _pck_224
        ),
    }
)
"""In all of them points of the target are carried to the source and measured there."""
