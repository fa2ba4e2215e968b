"""Where the variables and rows of every image stand in padded batches.

Variables of an image are of three kinds. *Border* variables (the boxes) meet many rows;
*interior* ones (the superpixels) meet each other; *thin* ones (memberships) have no cost
that couples them, so their part of any system is diagonal. Rows are *light* (at most one
variable outside the border), *coupling* (with thin variables), or *dense* (the rest).
Images of similar size share a group, padded to the largest of its members.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_jcc._types import FloatArray, IntArray, MaskArray
from napari_jcc.problem.program import LowRankTerm, QuadraticProgram

INTERIOR, BORDER, THIN = 0, 1, 2
DENSE, LIGHT, COUPLING = 0, 1, 2

GROUP_BYTES = 64 * 2**20
"""Memory that the matrices of one group take at most while they are factorised."""

GROUP_WASTE = 0.15
"""Share by which the smallest image of a group may fall short of the largest."""


@dataclass(frozen=True)
class Group:
    """Images that are factorised together, and their places in the flat vectors.

    Attributes
    ----------
    images : (B,) int64
        Images of the group.
    sizes : (3,) ints
        Interior, border and thin variables of an image, padding included.
    rows : (3,) ints
        Dense, light and coupling rows of an image, padding included.
    first_variable, first_row
        Where the group begins in the flat vectors.
    """

    images: IntArray
    sizes: tuple[int, int, int]
    rows: tuple[int, int, int]
    first_variable: int
    first_row: int

    @property
    def variables(self) -> slice:
        """The group's part of a flat vector of variables."""
        count = len(self.images) * sum(self.sizes)
        return slice(self.first_variable, self.first_variable + count)

    @property
    def all_rows(self) -> slice:
        """The group's part of a flat vector of rows."""
        return slice(self.first_row, self.first_row + len(self.images) * sum(self.rows))

    def rows_of(self, kind: int) -> slice:
        """Return an image's rows of a kind, counted within the image."""
        start = sum(self.rows[:kind])
        return slice(start, start + self.rows[kind])

    @property
    def core(self) -> int:
        """Interior and border variables of an image."""
        return self.sizes[INTERIOR] + self.sizes[BORDER]


@dataclass(frozen=True)
class Layout:
    """Places of all variables and rows of a program.

    Attributes
    ----------
    groups : tuple of Group
    variable_kind : (V,) int64
    row_kind : (M,) int64
    variable_place : (V,) int64
        Position of a variable in the flat, padded vector.
    row_place : (M,) int64
    border_term
        Which low-rank term acts on the border variables; None: there is no border.
    """

    groups: tuple[Group, ...]
    variable_kind: IntArray
    row_kind: IntArray
    variable_place: IntArray
    row_place: IntArray
    border_term: int | None

    @property
    def variable_count(self) -> int:
        """Length of a flat vector of variables."""
        return self.groups[-1].variables.stop if self.groups else 0

    @property
    def row_count(self) -> int:
        """Length of a flat vector of rows."""
        return self.groups[-1].all_rows.stop if self.groups else 0

    def flat(self, values: FloatArray) -> FloatArray:
        """Bring values of the variables, (V,), to the flat, padded order, (V',)."""
        result = np.zeros(self.variable_count)
        result[self.variable_place] = values
        return result

    def flat_rows(self, values: FloatArray, padding: float = 0.0) -> FloatArray:
        """Bring values of the rows, (M,), to the flat, padded order, (M',)."""
        result = np.full(self.row_count, padding)
        result[self.row_place] = values
        return result


def find_layout(program: QuadraticProgram, group_bytes: int = GROUP_BYTES) -> Layout:
    """Sort the variables and rows of a program by kind, and its images by size."""
    border_term, variable_kind = _classify_variables(program)
    row_kind = _classify_rows(program, variable_kind)
    # Images are numbered 0 to N - 1, those without any variable do no harm.
    images = int(program.variable_image.max(initial=-1)) + 1
    sizes = _count(program.variable_image, variable_kind, images)
    rows = _count(program.row_image, row_kind, images)
    groups = _group(sizes, rows, group_bytes)
    return Layout(
        groups=groups,
        variable_kind=variable_kind,
        row_kind=row_kind,
        variable_place=_place(program.variable_image, variable_kind, groups, of_rows=False),
        row_place=_place(program.row_image, row_kind, groups, of_rows=True),
        border_term=border_term,
    )


def _classify_variables(program: QuadraticProgram) -> tuple[int | None, IntArray]:
    """Take as border the smallest set of variables with a low-rank term of its own."""
    kind = np.full(program.variable_count, INTERIOR)
    if not program.low_rank:
        return None, kind
    kind[_find_thin(program)] = THIN
    apart = [i for i in range(len(program.low_rank)) if _is_apart(program.low_rank, i)]
    if not apart:
        return None, kind
    border = min(apart, key=lambda number: len(program.low_rank[number].factor))
    kind[program.low_rank[border].rows] = BORDER
    return border, kind


def _find_thin(program: QuadraticProgram) -> MaskArray:
    """Variables of no low-rank term and without cost that couples them, (V,) bool."""
    thin = np.ones(program.variable_count, dtype=bool)
    for term in program.low_rank:
        thin[term.rows] = False
    cost = sparse.coo_array(program.sparse_cost)
    row, column = cost.coords
    thin[row[(row != column) & (cost.data != 0)]] = False
    return thin


def _is_apart(terms: tuple[LowRankTerm, ...], number: int) -> bool:
    """Whether a term shares no variable with another, and is not the only one."""
    own = terms[number].rows
    others = [term.rows for i, term in enumerate(terms) if i != number]
    return bool(others) and all(o.stop <= own.start or o.start >= own.stop for o in others)


def _pattern(program: QuadraticProgram) -> sparse.csr_array:
    matrix = program.A.copy()
    matrix.data = (matrix.data != 0).astype(np.float64)
    return matrix


def _classify_rows(program: QuadraticProgram, variable_kind: IntArray) -> IntArray:
    pattern = _pattern(program)
    outside = pattern @ (variable_kind != BORDER).astype(np.float64)
    thin = pattern @ (variable_kind == THIN).astype(np.float64)
    kind = np.where(outside <= 1, LIGHT, DENSE)
    kind[(thin > 0) & (outside > 1)] = COUPLING
    kind[_find_repeated(program, variable_kind, kind)] = COUPLING
    return kind


def _find_repeated(
    program: QuadraticProgram, variable_kind: IntArray, row_kind: IntArray
) -> IntArray:
    """Light rows on a thin variable that an earlier light row has already."""
    matrix = sparse.coo_array(program.A)
    row, column = matrix.coords
    kept = (row_kind[row] == LIGHT) & (variable_kind[column] == THIN) & (matrix.data != 0)
    row, column = row[kept], column[kept]
    order = np.lexsort((row, column))
    repeated = np.concatenate([[False], np.diff(column[order]) == 0])[: len(order)]
    return np.asarray(row[order][repeated], dtype=np.int64)


def _count(image: IntArray, kind: IntArray, images: int) -> IntArray:
    """Members of every kind in every image, (N, 3)."""
    return np.bincount(3 * image + kind, minlength=3 * images).reshape(images, 3)


def _group(sizes: IntArray, rows: IntArray, group_bytes: int) -> tuple[Group, ...]:
    """Cut the images, sorted by size, into groups of bounded waste and memory."""
    order = np.lexsort((np.arange(len(sizes)), sizes[:, INTERIOR], sizes[:, THIN]))[::-1]
    groups: list[Group] = []
    start, variable, row = 0, 0, 0
    while start < len(order):
        largest = sizes[order[start]]
        core = int(largest[INTERIOR] + largest[BORDER])
        # About four matrices of the core are alive at a time.
        limit = max(1, group_bytes // max(1, 32 * core * core))
        total = sizes[order].sum(axis=1)
        close = total[start:] >= (1 - GROUP_WASTE) * total[start]
        stop = start + min(limit, int(np.argmin(close)) if not close.all() else len(close))
        members = order[start : max(stop, start + 1)]
        group = Group(
            images=members,
            sizes=_largest(sizes[members]),
            rows=_largest(rows[members]),
            first_variable=variable,
            first_row=row,
        )
        groups.append(group)
        start += len(members)
        variable, row = group.variables.stop, group.all_rows.stop
    return tuple(groups)


def _largest(counts: IntArray) -> tuple[int, int, int]:
    first, second, third = (int(value) for value in counts.max(axis=0))
    return first, second, third


def _place(
    image: IntArray, kind: IntArray, groups: tuple[Group, ...], *, of_rows: bool
) -> IntArray:
    """Position of every member in the padded vector."""
    images = max((int(group.images.max()) for group in groups), default=-1) + 1
    start = np.zeros((images, 3), dtype=np.int64)
    for group in groups:
        widths = np.array(group.rows if of_rows else group.sizes)
        first = group.first_row if of_rows else group.first_variable
        offsets = np.concatenate([[0], np.cumsum(widths)[:-1]])
        place = first + np.arange(len(group.images)) * widths.sum()
        start[group.images] = place[:, None] + offsets
    order = np.lexsort((np.arange(len(image)), kind, image))
    run = 3 * image[order] + kind[order]
    new = np.concatenate([[True], run[1:] != run[:-1]])[: len(run)]
    first_of_run = np.maximum.accumulate(np.where(new, np.arange(len(run)), 0))
    place = np.empty(len(image), dtype=np.int64)
    place[order] = start[image[order], kind[order]] + np.arange(len(run)) - first_of_run
    return place
