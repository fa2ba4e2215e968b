"""From a program to its padded batches."""

from __future__ import annotations

import math
import warnings

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_jcc._types import IntArray
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.solvers.structured.batches import room_for_parts
from napari_jcc.solvers.structured.blocks import Blocks, GroupBlocks, set_vectors
from napari_jcc.solvers.structured.exchange import Alone, Exchange
from napari_jcc.solvers.structured.layout import (
    BORDER,
    COUPLING,
    DENSE,
    GROUP_BYTES,
    INTERIOR,
    LIGHT,
    THIN,
    Group,
    Layout,
    find_layout,
)


def make_blocks(
    program: QuadraticProgram,
    device: torch.device,
    exchange: Exchange | None = None,
    budget: float = math.inf,
    group_bytes: int = GROUP_BYTES,
) -> Blocks:
    """Bring a program into padded batches on a device, within a budget of bytes.

    `group_bytes` is about what one batch of images takes while it is factorised.
    """
    layout = find_layout(program, group_bytes)
    scale = cost_scale(program, exchange or Alone())
    cost = _padded_cost(program, layout, scale)
    blocks = Blocks(
        program=program,
        layout=layout,
        scale=scale,
        device=device,
        q=torch.empty(0),
        lower=torch.empty(0),
        upper=torch.empty(0),
        row_lower=torch.empty(0),
        row_upper=torch.empty(0),
        rank=_ranks(program, layout),
        parts=[],
        cost=_to_csr(cost, device),
        cost_diagonal=torch.as_tensor(cost.diagonal(), device=device),
        rows=_to_csr(_padded_rows(program, layout), device),
        columns=_to_csr(sparse.csr_array(_padded_rows(program, layout).T), device),
        variable_place=torch.as_tensor(layout.variable_place, device=device),
        row_place=torch.as_tensor(layout.row_place, device=device),
        budget=budget,
    )
    set_vectors(blocks, program)
    parts = room_for_parts(len(layout.groups), budget)
    members = Members(program.variable_image), Members(program.row_image)
    for number, group in enumerate(layout.groups):
        own = members[0].of(group.images), members[1].of(group.images)
        parts[number] = _GroupBuilder(program, layout, group, scale, own).build(device)
    blocks.parts = parts
    return blocks


def cost_scale(program: QuadraticProgram, exchange: Exchange) -> float:
    """Return what brings the mean nonzero diagonal of S to 1, over all holders."""
    diagonal = program.sparse_cost.diagonal()
    own = torch.tensor([diagonal.sum(), np.count_nonzero(diagonal)], dtype=torch.float64)
    total, count = exchange.total(own).tolist()
    return float(count / total) if total > 0 else 1.0


def _ranks(program: QuadraticProgram, layout: Layout) -> tuple[int, int]:
    widths = [term.factor.shape[1] for term in program.low_rank]
    border = 0 if layout.border_term is None else widths[layout.border_term]
    return sum(widths) - border, border


def _padded_cost(
    program: QuadraticProgram, layout: Layout, scale: float
) -> sparse.csr_array:
    cost = sparse.coo_array(program.sparse_cost)
    row, column = (layout.variable_place[index] for index in cost.coords)
    shape = (layout.variable_count, layout.variable_count)
    return sparse.csr_array((cost.data * scale, (row, column)), shape=shape)


def _padded_rows(program: QuadraticProgram, layout: Layout) -> sparse.csr_array:
    matrix = sparse.coo_array(program.A)
    row, column = matrix.coords
    places = (layout.row_place[row], layout.variable_place[column])
    return sparse.csr_array(
        (matrix.data, places), shape=(layout.row_count, layout.variable_count)
    )


def _to_csr(matrix: sparse.csr_array, device: torch.device) -> Tensor:
    matrix.sum_duplicates()
    with warnings.catch_warnings():
        # torch calls its compressed format a beta; only its products are used here.
        warnings.simplefilter("ignore", UserWarning)
        return torch.sparse_csr_tensor(
            torch.as_tensor(matrix.indptr.astype(np.int64)),
            torch.as_tensor(matrix.indices.astype(np.int64)),
            torch.as_tensor(matrix.data.astype(np.float64)),
            size=matrix.shape,
            device=device,
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


class _GroupBuilder:
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
        variables, rows = members
        self.variables, self.rows = variables, rows
        # The columns of a row lie in its own image, so only the rows need be cut out.
        cut = program.A[rows]
        cut.sum_duplicates()
        matrix = sparse.coo_array(cut)
        local = layout.row_place[rows] - group.first_row
        self.row_batch, self.row = np.divmod(local[matrix.coords[0]], self.height or 1)
        place = layout.variable_place[matrix.coords[1]] - group.first_variable
        self.column = place % (self.width or 1)
        self.value = matrix.data
        self.row_kind = layout.row_kind[rows][matrix.coords[0]]
        self.column_kind = layout.variable_kind[matrix.coords[1]]

    def build(self, device: torch.device) -> GroupBlocks:
        place, value = self._cost()
        pivot, pivot_value, light = self._light()
        thin = self._thin()
        pairs = self._pairs(thin)
        interior, border = self._factors()
        arrays = {
            "cost_place": place,
            "cost_value": value,
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
            "interior_factor": interior,
            "border_factor": border,
        }
        tensors = {
            name: torch.as_tensor(np.ascontiguousarray(array)).to(device)
            for name, array in arrays.items()
        }
        return GroupBlocks(group=self.group, **tensors)

    def _cost(self) -> tuple[np.ndarray, np.ndarray]:
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
        return place[kept], cost.data[kept] * self.scale

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

    def _factors(self) -> tuple[np.ndarray, np.ndarray]:
        ranks = _ranks(self.program, self.layout)
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
        return interior, border
