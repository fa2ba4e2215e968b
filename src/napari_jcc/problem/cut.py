"""One image's part of a program, the others staying as they are."""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse

from napari_jcc._types import FloatArray, IntArray
from napari_jcc.problem.program import LowRankTerm, QuadraticProgram


def cut_image(
    program: QuadraticProgram, x: FloatArray, variables: IntArray, rows: IntArray
) -> QuadraticProgram:
    """Return the program over one image's variables, all others fixed at `x`.

    Parameters
    ----------
    program : QuadraticProgram
        The whole.
    x : (V,) float64
        A point of it.
    variables, rows
        Positions of the image's variables and rows, ascending.
    """
    q = program.q[variables].copy()
    terms: list[LowRankTerm] = []
    for term in program.low_rank:
        inside = (variables >= term.start) & (variables < term.rows.stop)
        own = term.factor[variables[inside] - term.start]
        said = term.factor.T @ x[term.rows] - own.T @ x[variables[inside]]
        q[inside] -= own @ said
        terms.append(LowRankTerm(int(np.argmax(inside)), _compressed(own)))
    return QuadraticProgram(
        sparse_cost=sparse.csc_array(program.sparse_cost[:, variables].tocsr()[variables]),
        low_rank=tuple(terms),
        q=q,
        A=sparse.csr_array(program.A[rows].tocsc()[:, variables].tocsr()),
        l=program.l[rows],
        u=program.u[rows],
        lower=program.lower[variables],
        upper=program.upper[variables],
        variable_image=np.zeros(len(variables), dtype=np.int64),
        row_image=np.zeros(len(rows), dtype=np.int64),
    )


def _compressed(factor: FloatArray) -> FloatArray:
    """Return a factor of the same product F F' with no more columns than rows."""
    rows, columns = factor.shape
    if columns <= rows:
        return factor
    return np.asarray(linalg.qr(factor.T, mode="r")[0][:rows].T, dtype=np.float64)
