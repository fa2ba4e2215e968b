"""Matches of images that were turned, brought back to the images as they are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.collection.turns import AS_IS, Turn
from napari_jcc.matching.pair import PairResult, take_points
from napari_jcc.words import list_some

MOST_NAMED = 5


def turn_back(pair: PairResult, turns: tuple[Turn, Turn]) -> PairResult:
    """Bring the match of two turned images to these images as they are.

    Parameters
    ----------
    pair
        Of the images as they were turned.
    turns
        Of source and target.
    """
    source, target = turns
    if source == target == AS_IS:
        return pair
    sizes = source.inverse.size(pair.sizes[0]), target.inverse.size(pair.sizes[1])

    def to_source(points: FloatArray) -> FloatArray:
        shown = target.carry(points, sizes[1])
        return source.carry_back(pair.to_source(shown), sizes[0])

    def to_target(points: FloatArray) -> FloatArray:
        shown = source.carry(points, sizes[0])
        return target.carry_back(pair.to_target(shown), sizes[1])

    def confidence_at(points: FloatArray) -> FloatArray:
        return pair.confidence_at(target.carry(points, sizes[1]))

    return replace(
        pair,
        sizes=sizes,
        to_source=take_points(to_source),
        to_target=take_points(to_target),
        confidence_at=confidence_at,
        theta_affine=_turn_affine(pair.theta_affine, turns),
        theta_tps=None if pair.theta_tps is None else _turn_tps(pair.theta_tps, target),
        turns=turns,
    )


def _turn_affine(theta: FloatArray, turns: tuple[Turn, Turn]) -> FloatArray:
    """Affine parameters from target to source, of images before their turns, (6,)."""
    matrix = theta.reshape(2, 3)
    linear = turns[0].inverse.matrix @ matrix[:, :2] @ turns[1].matrix
    shift = turns[0].inverse.matrix @ matrix[:, 2]
    return np.asarray(np.column_stack([linear, shift]).ravel())


def _turn_tps(theta: FloatArray, turn: Turn) -> FloatArray:
    """Images of the control points of a spline, of the target before its turn.

    A control point of the target lies, turned, where another one of the square grid lay.
    """
    side = math.isqrt(theta.size // 2)
    images = theta.reshape(2, side, side)
    # `apply` moves what is in a grid; undone, every entry stands at its own point again.
    moved = np.stack([turn.inverse.apply(grid) for grid in images])
    return np.asarray(np.einsum("ij,jyx->iyx", turn.inverse.matrix, moved).ravel())


def list_turns(names: Sequence[str], pairs: Iterable[PairResult]) -> dict[str, Turn]:
    """How the images of some pairs were turned before they were matched, by name."""
    return {
        names[place]: turn
        for pair in pairs
        for place, turn in zip((pair.source, pair.target), pair.turns, strict=True)
    }


def name_turned(turns: Mapping[str, Turn]) -> dict[str, str]:
    """Say how images were turned, by name, in their order; those turned only."""
    return {name: str(turn) for name, turn in turns.items() if turn != AS_IS}


def describe_turns(turns: Mapping[str, Turn]) -> str:
    """Say which images were turned before they were compared; empty if none."""
    found = name_turned(turns)
    if not found:
        return ""
    listed = list_some([f"{name} ({how})" for name, how in found.items()], MOST_NAMED)
    return (
        f"{len(found)} of {len(turns)} images were mirrored or turned before they were "
        f"compared, to face as the others do: {listed}. Results are about the images as "
        "they are."
    )
