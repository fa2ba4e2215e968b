"""From a program to its padded batches."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.solvers.structured.batches import room_for_parts
from napari_jcc.solvers.structured.blocks import Blocks, flat_vectors, with_vectors
from napari_jcc.solvers.structured.exchange import Exchange, SingleProcess
from napari_jcc.solvers.structured.group_cutter import (
    GroupCutter,
    Members,
    ranks_of,
    to_tensors,
)
from napari_jcc.solvers.structured.layout import GROUP_BYTES, Layout, find_layout


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
    scale = _cost_scale(program, exchange or SingleProcess())
    parts = room_for_parts(len(layout.groups), budget)
    for number, cutter in enumerate(_cutters(program, layout, scale)):
        parts[number] = cutter.build(device)
    return Blocks(
        program=program,
        layout=layout,
        scale=scale,
        device=device,
        rank=ranks_of(program, layout),
        parts=parts,
        **flat_vectors(program, layout, scale, device),
        **_cost_tensors(program, layout, scale, device),
        **_row_tensors(program, layout, device),
        variable_place=torch.as_tensor(layout.variable_place, device=device),
        row_place=torch.as_tensor(layout.row_place, device=device),
        budget=budget,
    )


def edit_blocks(
    blocks: Blocks, program: QuadraticProgram, *, cost: bool, rows: bool
) -> Blocks:
    """Return the blocks of an edited program with nonzeros at the same places.

    The factors, by far the largest part, are shared, and so is the scale of the cost.

    Parameters
    ----------
    blocks : Blocks
        Of the program before; not changed.
    program : QuadraticProgram
        Has the factors of the program before.
    cost, rows
        Whether S, and whether A, is another.
    """
    layout, scale, device = blocks.layout, blocks.scale, blocks.device
    changed: dict[str, Any] = {}
    if cost:
        changed |= _cost_tensors(program, layout, scale, device)
    if rows:
        changed |= _row_tensors(program, layout, device)
    parts = room_for_parts(len(layout.groups), blocks.budget)
    for number, cutter in enumerate(_cutters(program, layout, scale)):
        arrays = (cutter.cost() if cost else {}) | (cutter.constraints() if rows else {})
        matrices: dict[str, Any] = dict(to_tensors(arrays, device))
        parts[number] = replace(blocks.parts[number], **matrices)
    return with_vectors(replace(blocks, parts=parts, **changed), program)


def _cutters(
    program: QuadraticProgram, layout: Layout, scale: float
) -> Iterator[GroupCutter]:
    """Return what cuts out the matrices of one group after another."""
    variables, rows = Members(program.variable_image), Members(program.row_image)
    for group in layout.groups:
        own = variables.of(group.images), rows.of(group.images)
        yield GroupCutter(program, layout, group, scale, own)


def _cost_scale(program: QuadraticProgram, exchange: Exchange) -> float:
    """Return what brings the mean nonzero diagonal of S to 1, over all holders."""
    diagonal = program.sparse_cost.diagonal()
    own = torch.tensor([diagonal.sum(), np.count_nonzero(diagonal)], dtype=torch.float64)
    total, count = exchange.total(own).tolist()
    return float(count / total) if total > 0 else 1.0


def _cost_tensors(
    program: QuadraticProgram, layout: Layout, scale: float, device: torch.device
) -> dict[str, Tensor]:
    cost = _padded_cost(program, layout, scale)
    diagonal = torch.as_tensor(cost.diagonal(), device=device)
    return {"cost": _to_csr(cost, device), "cost_diagonal": diagonal}


def _row_tensors(
    program: QuadraticProgram, layout: Layout, device: torch.device
) -> dict[str, Tensor]:
    rows = _padded_rows(program, layout)
    columns = _to_csr(sparse.csr_array(rows.T), device)
    return {"rows": _to_csr(rows, device), "columns": columns}


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
