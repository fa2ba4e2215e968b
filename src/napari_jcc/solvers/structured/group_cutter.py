"""The matrices of one group of images, cut out of a program."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from napari_jcc._types import FloatArray, IntArray, MaskArray
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


class _Entries(NamedTuple):
    """Entries of the rows of a group, (E,) each; rows and columns within their image."""

    image: IntArray
    row: IntArray
    column: IntArray
    value: FloatArray
    row_kind: IntArray
    column_kind: IntArray

    def of(self, kept: MaskArray) -> _Entries:
        """Return those kept, (E,)."""
        return _Entries._make(values[kept] for values in self)


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
        self.width, self.height = max(1, sum(group.sizes)), max(1, sum(group.rows))
        self.variables, self.rows = members

    def build(self, device: torch.device) -> GroupBlocks:
        """Return all matrices of the group."""
        arrays = self.cost() | self.constraints() | self.factors()
        return GroupBlocks(group=self.group, **to_tensors(arrays, device))

    def constraints(self) -> dict[str, np.ndarray]:
        """Cut out the rows, of every kind."""
        entries = self._entries()
        pivot, pivot_value, light = self._light(entries)
        thin = self._thin(entries)
        pairs = self._pairs(thin)
        return {
            "dense": self._matrix(entries, DENSE),
            "pivot": pivot,
            "pivot_value": pivot_value,
            "light": light,
            "coupling": self._matrix(entries, COUPLING),
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
        image, row = self._locate(cost.coords[0])
        _, column = self._locate(self.variables[cost.coords[1]])
        core = self.group.core
        kept = (row < core) & (column < core)
        place = (image * core + row) * core + column
        return {"cost_place": place[kept], "cost_value": cost.data[kept] * self.scale}

    def _locate(self, variables: NDArray[np.integer]) -> tuple[IntArray, IntArray]:
        """Return the images of variables, counted in the group, and places within them."""
        place = self.layout.variable_place[variables] - self.group.first_variable
        return np.divmod(place, self.width)

    def _entries(self) -> _Entries:
        # The columns of a row lie in its own image, so only the rows need be cut out.
        layout, group = self.layout, self.group
        cut = self.program.A[self.rows]
        cut.sum_duplicates()
        matrix = sparse.coo_array(cut)
        at, variable = matrix.coords
        place = layout.row_place[self.rows][at] - group.first_row
        image, row = np.divmod(place, self.height)
        _, column = self._locate(variable)
        return _Entries(
            image,
            row,
            column,
            matrix.data,
            layout.row_kind[self.rows][at],
            layout.variable_kind[variable],
        )

    def _matrix(self, entries: _Entries, kind: int) -> np.ndarray:
        """Rows of a kind on the core, (B, rows, core)."""
        result = np.zeros((self.count, self.group.rows[kind], self.group.core))
        own = entries.of((entries.row_kind == kind) & (entries.column_kind != THIN))
        row = own.row - self.group.rows_of(kind).start
        result[own.image, row, own.column] = own.value
        return result

    def _light(self, entries: _Entries) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pivots of light rows, their coefficients, and the rows on the border."""
        first, height = self.group.rows_of(LIGHT).start, self.group.rows[LIGHT]
        light = np.zeros((self.count, height, self.group.sizes[BORDER]))
        pivot = np.zeros((self.count, height), dtype=np.int64)
        value = np.zeros((self.count, height))
        at_border = entries.column_kind == BORDER
        is_light = entries.row_kind == LIGHT
        own = entries.of(is_light & at_border)
        border = own.column - self.group.sizes[INTERIOR]
        light[own.image, own.row - first, border] = own.value
        own = entries.of(is_light & ~at_border & (entries.value != 0))
        pivot[own.image, own.row - first] = own.column
        value[own.image, own.row - first] = own.value
        return pivot, value, light

    def _thin(self, entries: _Entries) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Coupling rows on thin variables: rows and variables over the group, values."""
        height, thin = self.group.rows[COUPLING], self.group.sizes[THIN]
        own = entries.of((entries.row_kind == COUPLING) & (entries.column_kind == THIN))
        row = own.image * height + own.row - self.group.rows_of(COUPLING).start
        variable = own.image * thin + own.column - self.group.core
        return row, variable, own.value

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
        image, slot = self._locate(self.variables)
        column = 0
        for number, term in enumerate(self.program.low_rank):
            inside = (self.variables >= term.start) & (self.variables < term.rows.stop)
            values = term.factor[self.variables[inside] - term.start] * np.sqrt(self.scale)
            if number == self.layout.border_term:
                border[image[inside], slot[inside] - self.group.sizes[INTERIOR]] = values
                continue
            stop = column + term.factor.shape[1]
            interior[image[inside], slot[inside], column:stop] = values
            column = stop
        return {"interior_factor": interior, "border_factor": border}
