"""The sparse form of a program with low-rank cost, for solvers that want a matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_jcc._types import FloatArray
from napari_jcc.problem.program import QuadraticProgram


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
    factor = _stack_factors(program)
    rank = factor.shape[1]
    P = sparse.block_array(
        [[sparse.triu(program.sparse_cost), -factor], [None, sparse.eye_array(rank)]],
        format="csc",
    )
    constraints = sparse.vstack([program.A, sparse.eye_array(program.variable_count)])
    padding = sparse.csr_array((constraints.shape[0], rank))
    return LiftedProgram(
        P=P,
        q=np.concatenate([program.q, np.zeros(rank)]),
        A=sparse.hstack([constraints, padding], format="csc"),
        l=np.concatenate([program.l, program.lower]),
        u=np.concatenate([program.u, program.upper]),
    )


def _stack_factors(program: QuadraticProgram) -> sparse.csc_array:
    """All factors side by side, (V, K)."""
    columns = [
        sparse.vstack(
            [
                sparse.csc_array((term.start, term.factor.shape[1])),
                sparse.csc_array(term.factor),
                sparse.csc_array(
                    (program.variable_count - term.rows.stop, term.factor.shape[1])
                ),
            ]
        )
        for term in program.low_rank
    ]
    empty = sparse.csc_array((program.variable_count, 0))
    return sparse.csc_array(sparse.hstack([empty, *columns]))
