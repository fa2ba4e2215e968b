"""The sparse form of a program with low-rank cost, for solvers that want a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_jcc._types import FloatArray
from napari_jcc.problem.program import QuadraticProgram

_Entries = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class LiftedProgram:
    """Minimise 1/2 v'Pv + q'v subject to l <= A v <= u, with v = (x, w).

    Attributes
    ----------
    P : (V + K, V + K) csc
        Upper triangle.
    q : (V + K,) float64
    A : (M + V, V + K) csc
        Rows of the program, then its bounds.
    l, u : (M + V,) float64
    """

    P: sparse.csc_array
    q: FloatArray
    A: sparse.csc_array
    l: FloatArray  # noqa: E741
    u: FloatArray


def lift(program: QuadraticProgram) -> LiftedProgram:
    """Introduce w = F'x so that the cost matrix becomes sparse and stays semidefinite.

    ``x'(S - F F')x = min_w  x'S x - 2 x'F w + w'w``, the minimum being at w = F'x.
    Writing w as a constrained copy with the cost ``x'S x - w'w`` instead would be
    indefinite.
    """
    count, rows = program.variable_count, len(program.l)
    cost = sparse.triu(program.sparse_cost).tocoo()
    parts: list[_Entries] = [(cost.row, cost.col, cost.data)]
    width = count
    for term in program.low_rank:
        at, column = np.nonzero(term.factor)
        parts.append((term.start + at, width + column, -term.factor[at, column]))
        width += term.factor.shape[1]
    copies = np.arange(count, width)
    parts.append((copies, copies, np.ones(len(copies))))
    own, bounds = program.A.tocoo(), np.arange(count)
    limits: list[_Entries] = [
        (own.row, own.col, own.data),
        (rows + bounds, bounds, np.ones(count)),
    ]
    return LiftedProgram(
        P=_assemble(parts, (width, width)),
        q=np.concatenate([program.q, np.zeros(width - count)]),
        A=_assemble(limits, (rows + count, width)),
        l=np.concatenate([program.l, program.lower]),
        u=np.concatenate([program.u, program.upper]),
    )


def _assemble(parts: Sequence[_Entries], shape: tuple[int, int]) -> sparse.csc_array:
    """Return a matrix of rows, columns and values in one go; blocks take twice as long."""
    rows, columns, values = (np.concatenate(each) for each in zip(*parts, strict=True))
    return sparse.csc_array(sparse.coo_array((values, (rows, columns)), shape=shape))
