"""The structured solver behind the common protocol."""

from __future__ import annotations

import time

import torch

from napari_jcc.config import SolverConfig
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.progress import Progress
from napari_jcc.solvers.solution import Solution, Status
from napari_jcc.solvers.structured.block_factor import NotPositive
from napari_jcc.solvers.structured.blocks import Blocks
from napari_jcc.solvers.structured.build import make_blocks
from napari_jcc.solvers.structured.exchange import Exchange
from napari_jcc.solvers.structured.ipm import MOST_STEPS, InteriorPoint
from napari_jcc.solvers.structured.point import IpmResult

INFEASIBLE_RESIDUAL = 1e-6
"""Violation that an interior-point method does not leave in a feasible program."""

TIGHTER = 1e-2
"""Interior point is asked for more than the tolerance: its last steps are cheap."""


class StructuredSolver:
    """Interior point on one block per image and one low rank across all.

    Parameters
    ----------
    device
        ``cpu`` or ``cuda``; ``auto`` takes the graphics card if there is one.
    exchange
        Sums over images held by other processes; None: all images are here.
    """

    def __init__(self, device: str = "auto", exchange: Exchange | None = None) -> None:
        self._device = choose_device(device)
        self._exchange = exchange

    def setup(self, program: QuadraticProgram, config: SolverConfig) -> None:
        """Bring the program into batches on the device."""
        start = time.perf_counter()
        self.take(make_blocks(program, self._device, self._exchange), config)
        self._setup_seconds = time.perf_counter() - start

    def take(self, blocks: Blocks, config: SolverConfig) -> None:
        """Take over a program that is in batches already."""
        self._config = config
        self._blocks = blocks
        self._setup_seconds = 0.0

    def solve(
        self, warm_start: Solution | None = None, progress: Progress | None = None
    ) -> Solution:
        """Iterate to the tolerance; an interior-point method takes no warm start."""
        start = time.perf_counter()
        method = InteriorPoint(self._blocks, self._exchange)
        steps = min(self._config.max_iterations, MOST_STEPS)
        try:
            result = method.solve(
                self._config.tolerance * TIGHTER, steps, progress=progress
            )
        except NotPositive:
            return _failed(self._blocks.program, Status.NON_CONVEX, self._setup_seconds)
        seconds = (self._setup_seconds, time.perf_counter() - start)
        return as_solution(self._blocks, result, seconds)


def choose_device(name: str) -> torch.device:
    """Return the device of a name; factors need float64, which mps does not have."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device("cpu" if name == "mps" else name)


def as_solution(
    blocks: Blocks, result: IpmResult, seconds: tuple[float, float]
) -> Solution:
    """Bring an iterate back to the program's own order and units."""
    program, point = blocks.program, result.point
    x = blocks.from_flat(point.x).clip(program.lower, program.upper)
    row_duals = blocks.from_flat_rows(point.y) / blocks.scale
    bound_duals = blocks.from_flat(point.high - point.low) / blocks.scale
    # A fixed variable's dual is whatever makes its gradient vanish.
    fixed = program.lower == program.upper
    gradient = program.multiply(x) + program.q + program.A.T @ row_duals
    bound_duals[fixed] = -gradient[fixed]
    return Solution(
        status=_status(result),
        x=x,
        row_duals=row_duals,
        bound_duals=bound_duals,
        iterations=result.iterations,
        setup_seconds=seconds[0],
        solve_seconds=seconds[1],
    )


def _status(result: IpmResult) -> Status:
    if result.solved:
        return Status.SOLVED
    if result.stuck:
        infeasible = result.primal_residual > INFEASIBLE_RESIDUAL
        return Status.INFEASIBLE if infeasible else Status.FAILED
    return Status.MAX_ITERATIONS


def _failed(program: QuadraticProgram, status: Status, setup_seconds: float) -> Solution:
    zeros = program.lower.copy()
    return Solution(
        status, zeros, 0 * program.l.clip(0, 0), 0 * zeros, 0, setup_seconds, 0.0
    )
