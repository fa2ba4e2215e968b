r"""Superpixels and boxes that a user fixed, imposed so that the program stays feasible.

Boxes that miss a foreground mark are switched off: z = 0, and their rows are opened. Rows
that the marks alone decide are opened too. Where the marks contradict what is left of an
image's rows, such as its minimum area, the limits are relaxed (`problem.witness`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from napari_jcc._types import FloatArray, IntArray, MaskArray
from napari_jcc.errors import ProblemError
from napari_jcc.problem.data import JointData, Variables
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.problem.witness import Witness


@dataclass(frozen=True)
class Fixings:
    """What a user fixed, as positions of superpixels and boxes in the whole set.

    Attributes
    ----------
    foreground, background
        Superpixels that are object, and that are not.
    chosen
        Boxes that are their image's box; at most one per image.
    off
        Boxes that are not.
    """

    foreground: Sequence[int] = ()
    background: Sequence[int] = ()
    chosen: Sequence[int] = ()
    off: Sequence[int] = ()

    def check(self, data: JointData) -> None:
        """Refuse contradictions and positions that do not exist.

        Raises
        ------
        ProblemError
            With the pieces at fault.
        """
        for name, pieces, count in (
            ("superpixels", (*self.foreground, *self.background), data.superpixel_count),
            ("boxes", (*self.chosen, *self.off), data.box_count),
        ):
            wrong = [piece for piece in pieces if not 0 <= piece < count]
            if wrong:
                raise ProblemError(f"There are {count} {name}, but {wrong[:5]} are fixed.")
            if len(pieces) and np.asarray(pieces).dtype.kind not in "iu":
                raise ProblemError(
                    f"Fixed {name} are given by their numbers, but {pieces[0]!r} is none. "
                    "Of a mask over all, pass np.flatnonzero(mask)."
                )
        both = sorted(set(self.foreground) & set(self.background))
        if both:
            raise ProblemError(f"Superpixels {both[:5]} are marked as both kinds.")
        images, times = np.unique(data.box_image[_array(self.chosen)], return_counts=True)
        both = sorted(set(self.chosen) & set(self.off))
        if both or (times > 1).any():
            found = both or images[times > 1].tolist()
            kind = (
                "Boxes both chosen and off" if both else "Images with several chosen boxes"
            )
            raise ProblemError(f"{kind}: {found[:5]}. Fix one box of an image.")


def boxes_left(data: JointData, fixings: Fixings) -> MaskArray:
    """Boxes that hold all foreground marks of their image and are not off, (R,) bool."""
    front = np.unique(_array(fixings.foreground))
    wanted = np.bincount(data.superpixel_image[front], minlength=data.image_count)
    held = np.asarray(data.overlap[:, front].sum(axis=1))
    left = held >= wanted[data.box_image]
    left[_array(fixings.off)] = False
    chosen = _array(fixings.chosen)
    others = np.isin(data.box_image, data.box_image[chosen])
    others[chosen] = False
    return np.asarray(left & ~others)


def images_without_box(data: JointData, fixings: Fixings) -> IntArray:
    """Images where no candidate holds the marks: there a box must be moved or added first.

    `napari_jcc.interaction.guidance.hold_marks` moves one.
    """
    left = np.bincount(
        data.box_image, boxes_left(data, fixings), minlength=data.image_count
    )
    return np.flatnonzero(left == 0)


def fix(
    program: QuadraticProgram, variables: Variables, fixings: Fixings
) -> QuadraticProgram:
    """Return the program with pieces fixed; only bounds and limits of rows differ.

    Pass the program without earlier fixings and all fixings at once: then taking one
    back is leaving it out. In the reading ``printed`` a foreground superpixel is fixed at
    1/n_j, the most that the reading allows, in all others at 1.

    Raises
    ------
    ProblemError
        If fixings contradict each other, or an image is left without a box
        (`images_without_box`): then one must be added, or a fixing taken back.
    """
    data = variables.data
    fixings.check(data)
    empty = images_without_box(data, fixings)
    if len(empty):
        raise ProblemError(_why_no_box(data, fixings, int(empty[0])))
    left = boxes_left(data, fixings)
    rows = _Rows(program, variables)
    slope = rows.coverage_slope()
    fixed = _fix_bounds(program, variables, fixings, left, slope)
    fixed = rows.close_uncovered(fixed, left)
    fixed = rows.open_settled(fixed, fixings, left)
    marked = _array([*fixings.foreground, *fixings.background])
    boxes = _array([*fixings.chosen, *fixings.off])
    images = np.union1d(data.superpixel_image[marked], data.box_image[boxes])
    limits = fixed.l.copy(), fixed.u.copy()
    for image in images:
        Witness(fixed, variables, int(image), left, slope).give_way(*limits)
    return replace(fixed, l=limits[0], u=limits[1])


def _why_no_box(data: JointData, fixings: Fixings, image: int) -> str:
    own = np.flatnonzero(data.box_image == image)
    if not len(np.setdiff1d(own, _array(fixings.off))):
        return f"All {len(own)} boxes of image {image} are off. Leave one on, or add a box."
    chosen = np.intersect1d(own, _array(fixings.chosen))
    if len(chosen):
        return (
            f"Box {int(chosen[0])} of image {image} is chosen, but does not hold all its "
            "foreground marks. Choose another box, or remove the marks outside it."
        )
    return (
        f"No box of image {image} that is not off holds all its foreground marks. Add a "
        "box around the marks, or remove the marks that lie apart."
    )


def _array(pieces: Sequence[int]) -> IntArray:
    return np.asarray(pieces, dtype=np.int64).reshape(-1)


def _fix_bounds(
    program: QuadraticProgram,
    variables: Variables,
    fixings: Fixings,
    left: MaskArray,
    slope: FloatArray,
) -> QuadraticProgram:
    lower, upper = program.lower.copy(), program.upper.copy()
    front, back = _array(fixings.foreground), _array(fixings.background)
    lower[front] = upper[front] = 1.0 / slope[front]
    upper[back] = 0.0
    upper[variables.boxes][~left] = 0.0
    chosen = variables.boxes.start + _array(fixings.chosen)
    lower[chosen] = upper[chosen] = 1.0
    if variables.has_memberships:
        overlap = variables.data.overlap
        box = np.repeat(np.arange(len(left)), np.diff(overlap.indptr))
        closed = ~left[box] | np.isin(overlap.indices, back)
        upper[variables.memberships][closed] = 0.0
    return replace(program, lower=lower, upper=upper)


class _Rows:
    """Rows of a program sorted by what they tie together."""

    def __init__(self, program: QuadraticProgram, variables: Variables) -> None:
        matrix = program.A.copy()
        matrix.eliminate_zeros()
        self.variables = variables
        self.y = sparse.csr_array(matrix[:, variables.superpixels])
        self.z = sparse.csr_array(matrix[:, variables.boxes])
        self.t = sparse.csr_array(matrix[:, variables.memberships])
        y, z, t = (np.diff(part.indptr) for part in (self.y, self.z, self.t))
        below = np.isneginf(program.l) & (program.u == 0)
        minus = np.asarray(self.z.sum(axis=1)) == -z
        self.coverage = below & (y == 1) & (t == 0) & (z > 0) & minus
        self.most = below & (y > 0) & (t == 0) & (z == 1) & ~self.coverage
        self.cap = below & (t == 1) & (y == 0) & (z == 1) & minus
        self.sum = (program.l == program.u) & (y == 1) & (t > 0)

    def coverage_slope(self) -> FloatArray:
        """n_j where the reading scales by it, 1 elsewhere, (S,)."""
        slope = np.ones(self.variables.data.superpixel_count)
        covering = self.y[self.coverage]
        slope[covering.indices] = covering.data
        return slope

    def close_uncovered(
        self, program: QuadraticProgram, left: MaskArray
    ) -> QuadraticProgram:
        """Fix superpixels at 0 that only boxes out of question hold.

        Their rows say so, too, but leave no room between the limits.
        """
        covered = np.zeros(self.y.shape[1], dtype=bool)
        covered[self.y[self.coverage | self.sum].indices] = True
        held = self.variables.data.overlap.T @ left.astype(np.float64) > 0
        upper = program.upper.copy()
        upper[self.variables.superpixels][covered & ~held] = 0.0
        return replace(program, upper=upper)

    def open_settled(
        self, program: QuadraticProgram, fixings: Fixings, left: MaskArray
    ) -> QuadraticProgram:
        """Open rows that hold whatever the free pieces are, or that no longer apply.

        All boxes left hold a foreground mark, so their sum is 1 and its coverage is
        certain. With memberships every one of the mark is all of its box: an equality.
        Rows of fixed pieces alone would leave no room between their limits.
        """
        low, high = program.l.copy(), program.u.copy()
        front = _array(fixings.foreground)
        certain = _rows_of(self.y, self.coverage, front)
        high[certain] = np.inf
        high[_rows_of(self.z, self.most, np.flatnonzero(~left))] = np.inf
        sums = _rows_of(self.y, self.sum, front)
        low[sums], high[sums] = -np.inf, np.inf
        if self.variables.has_memberships:
            overlap = self.variables.data.overlap
            box = np.repeat(np.arange(len(left)), np.diff(overlap.indptr))
            of_front = np.flatnonzero(np.isin(overlap.indices, front) & left[box])
            low[_rows_of(self.t, self.cap, of_front)] = 0.0
        settled = self._fixed_alone(program) & (low < high)
        low[settled], high[settled] = -np.inf, np.inf
        return replace(program, l=low, u=high)

    def _fixed_alone(self, program: QuadraticProgram) -> MaskArray:
        """Rows that hold for the fixed pieces, and are of no others, (M,) bool."""
        free = (program.lower < program.upper).astype(np.float64)
        activity = program.A @ program.lower
        holds = (activity >= program.l) & (activity <= program.u)
        return np.asarray((abs(program.A) @ free == 0) & holds)


def _rows_of(matrix: sparse.csr_array, kind: MaskArray, columns: IntArray) -> IntArray:
    """Rows of a kind, of one entry in `matrix`, whose entry is in one of the columns."""
    rows = np.flatnonzero(kind)
    entry = matrix.indices[matrix.indptr[rows]] if len(rows) else rows
    return rows[np.isin(entry, columns)]
