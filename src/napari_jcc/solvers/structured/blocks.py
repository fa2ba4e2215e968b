"""A program as batched tensors on a device, with its operators."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_jcc._types import FloatArray
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.solvers.structured.exchange import Alone, Exchange
from napari_jcc.solvers.structured.layout import (
    BORDER,
    COUPLING,
    DENSE,
    INTERIOR,
    LIGHT,
    THIN,
    Group,
    Layout,
    find_layout,
)


@dataclass
class GroupBlocks:
    """Matrices of the images of one group, padded.

    Attributes
    ----------
    group : Group
    cost_place, cost_value : (E,)
        Entries of S between core variables, as positions in (B, core, core).
    dense : (B, d, core)
        Dense rows.
    pivot : (B, l) int64
        The one variable outside the border of a light row, counted within the image.
    pivot_value : (B, l)
        Its coefficient; 0 where there is none.
    light : (B, l, b)
        Light rows on the border.
    coupling : (B, c, core)
        Coupling rows on the core.
    thin_row, thin_variable, thin_value : (T,)
        Coupling rows on the thin variables: rows and variables counted over the batch.
    pair_place, pair_variable, pair_value : (Q,)
        Products of two coupling rows at a thin variable, as positions in (B, c, c).
    interior_factor : (B, a, K1)
    border_factor : (B, b, K2)
    """

    group: Group
    cost_place: Tensor
    cost_value: Tensor
    dense: Tensor
    pivot: Tensor
    pivot_value: Tensor
    light: Tensor
    coupling: Tensor
    thin_row: Tensor
    thin_variable: Tensor
    thin_value: Tensor
    pair_place: Tensor
    pair_variable: Tensor
    pair_value: Tensor
    interior_factor: Tensor
    border_factor: Tensor

    @property
    def count(self) -> int:
        """Images in the group."""
        return len(self.group.images)

    def view(self, vector: Tensor) -> Tensor:
        """Return the group's part of a flat vector of variables, (B, variables)."""
        return vector[self.group.variables].view(self.count, -1)

    def view_rows(self, vector: Tensor) -> Tensor:
        """Return the group's part of a flat vector of rows, (B, rows)."""
        return vector[self.group.all_rows].view(self.count, -1)


@dataclass
class Blocks:
    """A program in padded vectors: the cost is scaled so that S has mean diagonal 1.

    Attributes
    ----------
    program : QuadraticProgram
    layout : Layout
    scale
        What the cost was multiplied by.
    q, lower, upper : (V',) float64
    row_lower, row_upper : (M',) float64
        Padding has open rows, and variables fixed at 0.
    rank
        Columns of all factors together.
    """

    program: QuadraticProgram
    layout: Layout
    scale: float
    device: torch.device
    q: Tensor
    lower: Tensor
    upper: Tensor
    row_lower: Tensor
    row_upper: Tensor
    rank: tuple[int, int]
    parts: list[GroupBlocks]
    cost: Tensor
    cost_diagonal: Tensor
    rows: Tensor
    columns: Tensor
    variable_place: Tensor = field(repr=False)
    row_place: Tensor = field(repr=False)

    @property
    def free(self) -> Tensor:
        """Variables whose bounds leave them room, (V',) bool."""
        return self.lower < self.upper

    def project(self, x: Tensor) -> Tensor:
        """F'x, (K1 + K2,): all that an image says to the others."""
        interior = x.new_zeros(self.rank[0])
        border = x.new_zeros(self.rank[1])
        for part in self.parts:
            own = part.view(x)
            a, b, _ = part.group.sizes
            interior += _project(part.interior_factor, own[:, :a])
            border += _project(part.border_factor, own[:, a : a + b])
        return torch.cat([interior, border])

    def expand(self, w: Tensor) -> Tensor:
        """F w, (V',)."""
        result = w.new_zeros(self.layout.variable_count)
        for part in self.parts:
            own = part.view(result)
            a, b, _ = part.group.sizes
            own[:, :a] = part.interior_factor.to(w.dtype) @ w[: self.rank[0]]
            own[:, a : a + b] = part.border_factor.to(w.dtype) @ w[self.rank[0] :]
        return result

    def to_flat(self, values: FloatArray) -> Tensor:
        """Return a vector of the program's variables in the padded order; padding is 0."""
        result = torch.zeros(self.layout.variable_count, dtype=torch.float64)
        result[self.variable_place.cpu()] = torch.as_tensor(values, dtype=torch.float64)
        return result.to(self.device)

    def to_flat_rows(self, values: FloatArray, padding: float = 0.0) -> Tensor:
        """Return a vector of the program's rows in the padded order."""
        result = torch.full((self.layout.row_count,), padding, dtype=torch.float64)
        result[self.row_place.cpu()] = torch.as_tensor(values, dtype=torch.float64)
        return result.to(self.device)

    def from_flat(self, vector: Tensor) -> FloatArray:
        """Return the program's variables of a padded vector, (V,)."""
        return np.asarray(vector[self.variable_place].double().cpu().numpy())

    def from_flat_rows(self, vector: Tensor) -> FloatArray:
        """Return the program's rows of a padded vector, (M,)."""
        return np.asarray(vector[self.row_place].double().cpu().numpy())


def make_blocks(
    program: QuadraticProgram, device: torch.device, exchange: Exchange | None = None
) -> Blocks:
    """Bring a program into padded batches on a device."""
    layout = find_layout(program)
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
    )
    set_vectors(blocks, program)
    blocks.parts = [
        _GroupBuilder(program, layout, group, scale).build(device)
        for group in layout.groups
    ]
    return blocks


def set_vectors(blocks: Blocks, program: QuadraticProgram) -> None:
    """Take over linear cost, limits and bounds of a program of the same layout."""
    blocks.program = program
    blocks.q = blocks.to_flat(program.q * blocks.scale)
    blocks.lower = blocks.to_flat(program.lower)
    blocks.upper = blocks.to_flat(program.upper)
    blocks.row_lower = blocks.to_flat_rows(program.l, -np.inf)
    blocks.row_upper = blocks.to_flat_rows(program.u, np.inf)


def cost_scale(program: QuadraticProgram, exchange: Exchange) -> float:
    """Return what brings the mean nonzero diagonal of S to 1, over all holders."""
    diagonal = program.sparse_cost.diagonal()
    own = torch.tensor([diagonal.sum(), np.count_nonzero(diagonal)], dtype=torch.float64)
    total, count = exchange.total(own).tolist()
    return float(count / total) if total > 0 else 1.0


def _project(factor: Tensor, part: Tensor) -> Tensor:
    count, size, rank = factor.shape
    return part.reshape(count * size) @ factor.to(part.dtype).reshape(count * size, rank)


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


class _GroupBuilder:
    """Cuts the matrices of one group out of a program."""

    def __init__(
        self, program: QuadraticProgram, layout: Layout, group: Group, scale: float
    ) -> None:
        self.program, self.layout, self.group, self.scale = program, layout, group, scale
        self.count = len(group.images)
        self.width, self.height = sum(group.sizes), sum(group.rows)
        variables = np.flatnonzero(np.isin(program.variable_image, group.images))
        rows = np.flatnonzero(np.isin(program.row_image, group.images))
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
        interior = np.zeros((self.count, self.group.sizes[INTERIOR], ranks[0]))
        border = np.zeros((self.count, self.group.sizes[BORDER], ranks[1]))
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
