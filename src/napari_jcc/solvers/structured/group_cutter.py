"""The matrices of one group of images, cut out of a program."""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_jcc._types import IntArray
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.solvers.structured.blocks import GroupBlocks
from napari_jcc.solvers.structured.layout import (
    BORDER,
    COUPLING,
    DENSE,
    INTERIOR,
    LIGHT,
    THIN,
    Group,
    Layout,
)


class Members:
    """Finds what belongs to some images, in time that other images do not add to.

    Parameters
    ----------
    image : (n,) int64
        Image of every variable, or of every row.
    """

    def __init__(self, image: IntArray) -> None:
        self._order = np.argsort(image, kind="stable")
        counts = np.bincount(image)
        self._starts = np.concatenate([[0], np.cumsum(counts)])

    def of(self, images: IntArray) -> IntArray:
        """Positions of the members of these images, ascending."""
        # Images beyond the last that has a member have none.
        known = images[images < len(self._starts) - 1]
        parts = [self._order[self._starts[i] : self._starts[i + 1]] for i in known]
        return np.sort(np.concatenate(parts)) if parts else self._order[:0]


def ranks_of(program: QuadraticProgram, layout: Layout) -> tuple[int, int]:
    """Columns of the factors of interior and of border variables."""
    widths = [term.factor.shape[1] for term in program.low_rank]
    border = 0 if layout.border_term is None else widths[layout.border_term]
    return sum(widths) - border, border


def to_tensors(arrays: dict[str, np.ndarray], device: torch.device) -> dict[str, Tensor]:
    """Bring arrays to a device."""
    return {
        name: torch.as_tensor(np.ascontiguousarray(array)).to(device)
        for name, array in arrays.items()
    }


class GroupCutter:
    """Cuts the matrices of one group, of given variables and rows, out of a program."""

    def __init__(
        self,
        program: QuadraticProgram,
        layout: Layout,
        group: Group,
        scale: float,
        members: tuple[IntArray, IntArray],
    ) -> None:
        self.program, self.layout, self.group, self.scale = program, layout, group, scale
        self.count = len(group.images)
        self.width, self.height = sum(group.sizes), sum(group.rows)
        self.variables, self.rows = members

    def build(self, device: torch.device) -> GroupBlocks:
        """Return all matrices of the group."""
        arrays = self.cost() | self.constraints() | self.factors()
        return GroupBlocks(group=self.group, **to_tensors(arrays, device))

    def constraints(self) -> dict[str, np.ndarray]:
        """Cut out the rows, of every kind."""
        layout, group = self.layout, self.group
        # The columns of a row lie in its own image, so only the rows need be cut out.
        cut = self.program.A[self.rows]
        cut.sum_duplicates()
        matrix = sparse.coo_array(cut)
        local = layout.row_place[self.rows] - group.first_row
        self.row_batch, self.row = np.divmod(local[matrix.coords[0]], self.height or 1)
        place = layout.variable_place[matrix.coords[1]] - group.first_variable
        self.column = place % (self.width or 1)
        self.value = matrix.data
        self.row_kind = layout.row_kind[self.rows][matrix.coords[0]]
        self.column_kind = layout.variable_kind[matrix.coords[1]]
        pivot, pivot_value, light = self._light()
        thin = self._thin()
        pairs = self._pairs(thin)
        return {
            "dense": self._matrix(DENSE),
            "pivot": pivot,
            "pivot_value": pivot_value,
            "light": light,
            "coupling": self._matrix(COUPLING),
            "thin_row": thin[0],
            "thin_variable": thin[1],
            "thin_value": thin[2],
            "pair_place": pairs[0],
            "pair_variable": pairs[1],
            "pair_value": pairs[2],
        }

    def cost(self) -> dict[str, np.ndarray]:
        """Cut out S between core variables."""
        cost = sparse.coo_array(self.program.sparse_cost[:, self.variables])
        row = self.layout.variable_place[cost.coords[0]] - self.group.first_variable
        column = (
            self.layout.variable_place[self.variables[cost.coords[1]]]
            - self.group.first_variable
        )
        batch, row = np.divmod(row, self.width)
        column = column % self.width
        core = self.group.core
        kept = (row < core) & (column < core)
        place = (batch * core + row) * core + column
        return {"cost_place": place[kept], "cost_value": cost.data[kept] * self.scale}

    def _matrix(self, kind: int) -> np.ndarray:
        """Rows of a kind on the core, (B, rows, core)."""
        first = sum(self.group.rows[: (DENSE, LIGHT, COUPLING).index(kind)])
        result = np.zeros((self.count, self.group.rows[kind], self.group.core))
        kept = (self.row_kind == kind) & (self.column_kind != THIN)
        result[self.row_batch[kept], self.row[kept] - first, self.column[kept]] = (
            self.value[kept]
        )
        return result

    def _light(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        first, height = self.group.rows[DENSE], self.group.rows[LIGHT]
        light = np.zeros((self.count, height, self.group.sizes[BORDER]))
        pivot = np.zeros((self.count, height), dtype=np.int64)
        value = np.zeros((self.count, height))
        of_border = (self.row_kind == LIGHT) & (self.column_kind == BORDER)
        at = (self.row_batch[of_border], self.row[of_border] - first)
        border = self.column[of_border] - self.group.sizes[INTERIOR]
        light[(*at, border)] = self.value[of_border]
        kept = (self.row_kind == LIGHT) & (self.column_kind != BORDER) & (self.value != 0)
        at = (self.row_batch[kept], self.row[kept] - first)
        pivot[at] = self.column[kept]
        value[at] = self.value[kept]
        return pivot, value, light

    def _thin(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        first = self.group.rows[DENSE] + self.group.rows[LIGHT]
        height, thin = self.group.rows[COUPLING], self.group.sizes[THIN]
        kept = (self.row_kind == COUPLING) & (self.column_kind == THIN)
        row = self.row_batch[kept] * height + self.row[kept] - first
        variable = self.row_batch[kept] * thin + self.column[kept] - self.group.core
        return row, variable, self.value[kept]

    def _pairs(
        self, thin: tuple[np.ndarray, np.ndarray, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every ordered pair of coupling rows that share a thin variable."""
        row, variable, value = thin
        height = self.group.rows[COUPLING]
        order = np.argsort(variable, kind="stable")
        row, variable, value = row[order], variable[order], value[order]
        starts = np.searchsorted(variable, variable, side="left")
        degree = np.searchsorted(variable, variable, side="right") - starts
        first = np.repeat(np.arange(len(row)), degree)
        within = np.arange(len(first)) - np.repeat(np.cumsum(degree) - degree, degree)
        second = np.repeat(starts, degree) + within
        place = row[first] * height + row[second] % max(height, 1)
        return place, variable[first], value[first] * value[second]

    def factors(self) -> dict[str, np.ndarray]:
        """Cut out the rows of F."""
        ranks = ranks_of(self.program, self.layout)
        kind = np.result_type(np.float32, *(t.factor for t in self.program.low_rank))
        interior = np.zeros((self.count, self.group.sizes[INTERIOR], ranks[0]), kind)
        border = np.zeros((self.count, self.group.sizes[BORDER], ranks[1]), kind)
        batch, slot = np.divmod(
            self.layout.variable_place[self.variables] - self.group.first_variable,
            self.width or 1,
        )
        column = 0
        for number, term in enumerate(self.program.low_rank):
            inside = (self.variables >= term.start) & (self.variables < term.rows.stop)
            values = term.factor[self.variables[inside] - term.start] * np.sqrt(self.scale)
            if number == self.layout.border_term:
                border[batch[inside], slot[inside] - self.group.sizes[INTERIOR]] = values
                continue
            stop = column + term.factor.shape[1]
            interior[batch[inside], slot[inside], column:stop] = values
            column = stop
        return {"interior_factor": interior, "border_factor": border}
