"""Corrections by a user, as bounds of the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from napari_jcc._types import FloatArray
from napari_jcc.errors import ProblemError
from napari_jcc.problem.program import QuadraticProgram


def mark(
    program: QuadraticProgram,
    boxes: slice,
    overlap: sparse.csr_array,
    *,
    foreground: Sequence[int] = (),
    background: Sequence[int] = (),
    off: Sequence[int] = (),
) -> QuadraticProgram:
    """Fix superpixels that a user marked; a mark never makes the program infeasible.

    Boxes that miss a foreground mark of their image are switched off, and rows that
    the marks settle are opened.

    Parameters
    ----------
    program : QuadraticProgram
        Superpixels first; reading ``cover`` or ``bigm``, whose rows allow a superpixel
        to be 1.
    boxes
        Positions of the box variables.
    overlap : (R, S) csr
        1 where a superpixel belongs to a box.
    foreground, background
        Superpixels fixed at 1 and at 0.
    off
        Boxes fixed at 0.

    Raises
    ------
    ProblemError
        If a superpixel is marked as both, or an image is left without a box: then no
        candidate holds all its marks, and one around them must be added first.
    """
    both = sorted(set(foreground) & set(background))
    if both:
        raise ProblemError(f"Superpixels {both[:5]} are marked as both kinds.")
    lower, upper = program.lower.copy(), program.upper.copy()
    front = np.asarray(foreground, dtype=np.int64)
    lower[front] = upper[front] = 1.0
    upper[np.asarray(background, dtype=np.int64)] = 0.0
    upper[boxes.start + np.asarray(off, dtype=np.int64)] = 0.0
    box_image = program.variable_image[boxes]
    front_image = program.variable_image[front]
    wanted = np.bincount(front_image, minlength=int(box_image.max(initial=0)) + 1)
    held = np.asarray(overlap[:, front].sum(axis=1))
    misses = held < wanted[box_image]
    upper[boxes][misses] = 0.0
    left = np.bincount(box_image, upper[boxes] > 0, len(wanted))
    empty = np.unique(box_image[left[box_image] == 0])
    if len(empty):
        raise ProblemError(
            f"No box of image {int(empty[0])} holds all its foreground marks. Add a box "
            "around the marks, or remove the marks that lie apart."
        )
    return _opened(program, lower, upper)


def _opened(
    program: QuadraticProgram, lower: FloatArray, upper: FloatArray
) -> QuadraticProgram:
    """Fix bounds, and open the inequality rows whose limit the bounds make certain.

    A box-coverage row of a fixed superpixel says that the boxes holding it sum to 1;
    once the others are off this repeats the row of one box per image, and leaves the
    inequality no room.
    """
    fixed = lower == upper
    matrix = program.A.copy()
    constant = matrix @ np.where(fixed, lower, 0.0)
    free = sparse.csr_array(matrix @ sparse.diags_array((~fixed).astype(np.float64)))
    free.eliminate_zeros()
    equal = np.flatnonzero(program.l == program.u)
    simplex = {
        int(program.row_image[row]): frozenset(
            free.indices[free.indptr[row] : free.indptr[row + 1]].tolist()
        )
        for row in equal
    }
    high = program.u.copy()
    for row in np.flatnonzero(
        np.isfinite(high) & (program.l != program.u) & (constant >= 1)
    ):
        entries = slice(free.indptr[row], free.indptr[row + 1])
        members = frozenset(free.indices[entries].tolist())
        if members == simplex.get(int(program.row_image[row])) and np.allclose(
            free.data[entries], -1.0
        ):
            high[row] = np.inf
    return replace(program, lower=lower, upper=upper, u=high)
