"""From iterates in batches to solutions in the program's order and units."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.solvers.solution import Solution, Status
from napari_jcc.solvers.structured.blocks import Blocks
from napari_jcc.solvers.structured.point import IpmResult

INFEASIBLE_RESIDUAL = 1e-6
"""Violation that an interior-point method does not leave in a feasible program."""


def as_solution(blocks: Blocks, result: IpmResult, seconds: float) -> Solution:
    """Bring an interior-point iterate back to the program's own order and units."""
    point = result.point
    solution = to_solution(
        blocks, point.x, point.y, _status(result), result.iterations, seconds
    )
    # A fixed variable's dual is whatever makes its gradient vanish.
    program = blocks.program
    free = program.lower < program.upper
    bound = blocks.from_flat(point.high - point.low) / blocks.scale
    solution.bound_duals[free] = bound[free]
    return solution


def to_solution(
    blocks: Blocks,
    x: Tensor,
    y: Tensor,
    status: Status,
    iterations: int,
    seconds: float,
) -> Solution:
    """Bring a point back to the program's order and units; bounds take what is left."""
    program = blocks.program
    values = blocks.from_flat(x).clip(program.lower, program.upper)
    row_duals = blocks.from_flat_rows(y) / blocks.scale
    gradient = program.multiply(values) + program.q + program.A.T @ row_duals
    return Solution(
        status=status,
        x=values,
        row_duals=row_duals,
        bound_duals=-gradient,
        iterations=iterations,
        setup_seconds=0.0,
        solve_seconds=seconds,
    )


def _status(result: IpmResult) -> Status:
    if result.solved:
        return Status.SOLVED
    if result.stuck:
        infeasible = result.primal_residual > INFEASIBLE_RESIDUAL
        return Status.INFEASIBLE if infeasible else Status.FAILED
    return Status.MAX_ITERATIONS


def failed(program: QuadraticProgram, status: Status) -> Solution:
    """Return the solution of a program without an answer."""
    none = np.zeros(program.variable_count)
    return Solution(
        status, program.lower.copy(), np.zeros(len(program.l)), none, 0, 0.0, 0.0
    )
