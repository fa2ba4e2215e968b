"""A program as batched tensors on a device, with its operators."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_jcc._types import FloatArray
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.solvers.structured.exchange import Exchange
from napari_jcc.solvers.structured.layout import Group, Layout


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

    def to(self, dtype: torch.dtype) -> GroupBlocks:
        """Return the same matrices in another precision."""
        numbers: dict[str, Any] = {
            name: value.to(dtype)
            for name, value in vars(self).items()
            if isinstance(value, Tensor) and value.is_floating_point()
        }
        return replace(self, **numbers)


@dataclass
class Blocks:
    """A program in padded vectors: the cost is scaled so that S has mean diagonal 1.

    Attributes
    ----------
    program : QuadraticProgram
    layout : Layout
    scale
        What the cost was multiplied by.
    device
        Where all tensors are.
    q, lower, upper : (V',) float64
    row_lower, row_upper : (M',) float64
        Padding has open rows, and variables fixed at 0.
    rank
        Columns of all factors of interior variables together, and of border variables.
    parts
        Matrices group by group, perhaps kept in a file.
    cost : (V', V') sparse csr
        S.
    cost_diagonal : (V',)
    rows, columns : (M', V'), (V', M') sparse csr
        A and its transpose.
    variable_place, row_place : (V,), (M,) int64
        As in `layout`, on the device.
    budget
        Bytes for matrices and their factors; what is beyond goes to a file.
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
    parts: Sequence[GroupBlocks]
    cost: Tensor
    cost_diagonal: Tensor
    rows: Tensor
    columns: Tensor
    variable_place: Tensor = field(repr=False)
    row_place: Tensor = field(repr=False)
    budget: float = math.inf

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
        return torch.as_tensor(self.layout.flat(values), device=self.device)

    def to_flat_rows(self, values: FloatArray) -> Tensor:
        """Return a vector of the program's rows in the padded order; padding is 0."""
        return torch.as_tensor(self.layout.flat_rows(values), device=self.device)

    def from_flat(self, vector: Tensor) -> FloatArray:
        """Return the program's variables of a padded vector, (V,)."""
        return np.asarray(vector[self.variable_place].double().cpu().numpy())

    def from_flat_rows(self, vector: Tensor) -> FloatArray:
        """Return the program's rows of a padded vector, (M,)."""
        return np.asarray(vector[self.row_place].double().cpu().numpy())


def flat_vectors(
    program: QuadraticProgram, layout: Layout, scale: float, device: torch.device
) -> dict[str, Tensor]:
    """Return linear cost, limits and bounds of a program by their names in `Blocks`."""
    vectors = {
        "q": layout.flat(program.q * scale),
        "lower": layout.flat(program.lower),
        "upper": layout.flat(program.upper),
        "row_lower": layout.flat_rows(program.l, -np.inf),
        "row_upper": layout.flat_rows(program.u, np.inf),
    }
    return {name: torch.as_tensor(v, device=device) for name, v in vectors.items()}


def with_vectors(blocks: Blocks, program: QuadraticProgram) -> Blocks:
    """Return the same matrices with linear cost, limits and bounds of a program."""
    vectors: dict[str, Any] = dict(
        flat_vectors(program, blocks.layout, blocks.scale, blocks.device)
    )
    return replace(blocks, program=program, **vectors)


def multiply(blocks: Blocks, exchange: Exchange, x: Tensor) -> Tensor:
    """P x in the scaled cost, (V',), over the images of all holders."""
    return blocks.cost @ x - blocks.expand(exchange.total(blocks.project(x)))


def largest(values: Tensor) -> Tensor:
    """Largest absolute value, 0 of none."""
    return values.abs().max() if values.numel() else values.new_zeros(())


def _project(factor: Tensor, part: Tensor) -> Tensor:
    count, size, rank = factor.shape
    return part.reshape(count * size) @ factor.to(part.dtype).reshape(count * size, rank)
