"""Chooses the method for a program, keeps factors across edits, and has fallbacks."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor

from napari_jcc.config import SolverConfig
from napari_jcc.device import within_memory
from napari_jcc.errors import SolverError
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.progress import Progress
from napari_jcc.solvers.solution import Solution, Status
from napari_jcc.solvers.structured import admm, ipm
from napari_jcc.solvers.structured.admm import Admm, SplitResult
from napari_jcc.solvers.structured.answers import as_solution, failed, to_solution
from napari_jcc.solvers.structured.block_factor import NotPositive
from napari_jcc.solvers.structured.blocks import Blocks, with_vectors
from napari_jcc.solvers.structured.build import edit_blocks, make_blocks
from napari_jcc.solvers.structured.change import Change
from napari_jcc.solvers.structured.exchange import Exchange, SingleProcess
from napari_jcc.solvers.structured.ipm import InteriorPoint, quick_interior_point
from napari_jcc.solvers.structured.judge import RepairedGap
from napari_jcc.solvers.structured.kept import kept_bytes
from napari_jcc.solvers.structured.layout import GROUP_BYTES, THIN
from napari_jcc.solvers.structured.point import Point
from napari_jcc.solvers.structured.reoptimised import Reoptimised

T = TypeVar("T")

logger = logging.getLogger(__name__)

TIGHTER = 1e-2
"""Interior point is asked for more than the tolerance: its last steps are cheap."""

SPLIT_ON = ("cuda",)
"""Devices on which operator splitting may be the faster method. It is bound by bandwidth:
on a processor interior point takes half of its time."""

SMALL = 1000
"""Variables up to which interior point takes no longer than operator splitting."""

PRECISE = 1e-6
"""Tolerance below which the few precise steps of interior point are the cheaper ones."""

SMALLER = 8
"""Factor by which batches shrink where the device is out of memory."""

SMALLEST_GROUP = 2**20
"""Bytes of a batch below which shrinking it further frees nothing."""


class Engine:
    """Holds a program as batched tensors, and solves it again after every edit.

    Parameters
    ----------
    program : QuadraticProgram
    config : SolverConfig
        `method` ``auto`` takes operator splitting where it is the faster one. Where
        that stalls, interior point takes over.
    device : torch.device
        Left for the processor where it has no memory even for small batches.
    exchange
        Sums over images held by other processes.
    budget
        Bytes for matrices and their factors.
    """

    def __init__(
        self,
        program: QuadraticProgram,
        config: SolverConfig,
        device: torch.device,
        exchange: Exchange | None = None,
        budget: float = math.inf,
    ) -> None:
        self.config, self.budget = config, budget
        self.exchange = exchange or SingleProcess()
        self.notes: list[str] = []
        self._told = 0
        self._device, self._group_bytes = device, GROUP_BYTES
        self._splitting: Admm | None = None
        self._is_convex = False
        self.blocks = self._surviving(lambda: self._make(program))

    def take(self, program: QuadraticProgram, change: Change) -> None:
        """Take over an edited program of the same variables and rows.

        While the matrices are the same everything kept stays. Whatever ends this midway
        leaves the program before.
        """
        change = change.among(self.exchange)
        if not (change.cost or change.rows or change.factors):
            blocks = self._surviving(lambda: with_vectors(self.blocks, program))
        elif change.factors or change.pattern:
            blocks = self._surviving(lambda: self._make(program))
        else:
            edit = partial(edit_blocks, cost=change.cost, rows=change.rows)
            blocks = self._surviving(lambda: edit(self.blocks, program))
        self._is_convex = self._is_convex and not (change.cost or change.factors)
        self.blocks = blocks

    def solve(
        self, start: Solution | None = None, progress: Progress | None = None
    ) -> Solution:
        """Return the optimum, found from an earlier solution where the method can.

        Its notes are those since the last answer.

        Raises
        ------
        Cancelled
            If the progress was cancelled; the engine stays usable.
        SolverError
            If memory does not suffice for single images on the processor.
        """
        solution = self._surviving(lambda: self._solve(start, progress))
        told, self._told = self._told, len(self.notes)
        return replace(solution, notes=tuple(self.notes[told:]))

    def _make(self, program: QuadraticProgram) -> Blocks:
        return make_blocks(
            program, self._device, self.exchange, self.budget, self._group_bytes
        )

    def _solve(self, start: Solution | None, progress: Progress | None) -> Solution:
        began = time.perf_counter()
        try:
            if not self._is_convex:
                InteriorPoint(self.blocks, self.exchange).check_convex(progress)
                self._is_convex = True
            solution = None
            if start is not None and self._edits():
                solution = self._edit(start, progress)
            if solution is None and self._splits():
                solution = self._split(start, progress)
            return solution or self._interior(began, progress)
        except NotPositive:
            return failed(self.blocks.program, Status.NON_CONVEX)

    def _edits(self) -> bool:
        """Whether interior point starts near an earlier answer."""
        return self.config.method == "auto" and self.config.tolerance >= PRECISE

    def _edit(self, start: Solution, progress: Progress | None) -> Solution | None:
        """Return None where the earlier answer is no help."""
        began = time.perf_counter()
        method = Reoptimised(self.blocks, self.exchange, self.config.tolerance)
        try:
            result = method.solve(self._flat(start), progress)
        except NotPositive:
            return None
        if not result.solved:
            self._note(
                f"Steps from the last answer did not settle in {result.iterations}; "
                "the program is solved afresh."
            )
            return None
        return self._as_solution(result, Status.SOLVED, began)

    def _splits(self) -> bool:
        """Whether operator splitting comes first; the same on all holders."""
        if self.config.method != "auto":
            return self.config.method == "admm"
        if self.config.tolerance < PRECISE:
            return False
        blocks = self.blocks
        hindered = (
            self._device.type not in SPLIT_ON
            or any(group.sizes[THIN] for group in blocks.layout.groups)
            or 2 * kept_bytes(blocks) > self.budget
            or blocks.program.variable_count <= SMALL
        )
        anywhere = torch.tensor([float(hindered)], device=self._device)
        return not bool(self.exchange.largest(anywhere) > 0)

    def _split(self, start: Solution | None, progress: Progress | None) -> Solution | None:
        """Return None where the iteration stalls."""
        began = time.perf_counter()
        splitting = self._splitting
        if splitting is None:
            splitting = Admm(self.blocks, self.exchange, self.config.tolerance)
        if self.config.method == "admm":
            # Else edits go by interior point, and the inverses would stay for nothing.
            self._splitting = splitting
        splitting.take(self.blocks)
        steps = min(self.config.max_iterations, admm.MOST_STEPS)
        first = None if start is None else self._flat(start)
        result = splitting.solve(first, steps, progress)
        status = Status.SOLVED if result.solved else Status.MAX_ITERATIONS
        if result.infeasible:
            status = Status.INFEASIBLE
        short = self.config.max_iterations <= result.iterations
        if status is Status.MAX_ITERATIONS and not short:
            self._note(
                f"Operator splitting stalled after {result.iterations} steps; interior "
                "point takes over."
            )
            return None
        return self._as_solution(result, status, began)

    def _as_solution(self, result: SplitResult, status: Status, began: float) -> Solution:
        seconds = time.perf_counter() - began
        return to_solution(
            self.blocks, result.x, result.y, status, result.iterations, seconds
        )

    def _interior(self, began: float, progress: Progress | None) -> Solution:
        steps = min(self.config.max_iterations, ipm.MOST_STEPS)
        tolerance = self.config.tolerance * TIGHTER
        result = None
        if self.config.tolerance >= PRECISE:
            quick = quick_interior_point(self.blocks, self.exchange)
            result = quick.solve(tolerance, steps, progress)
            if result.stuck and self._is_proved(result.point):
                result = replace(result, solved=True, stuck=False)
        if result is None or result.stuck:
            method = InteriorPoint(self.blocks, self.exchange)
            result = method.solve(tolerance, steps, progress)
        return as_solution(self.blocks, result, time.perf_counter() - began)

    def _is_proved(self, point: Point) -> bool:
        """Whether the gap of the repaired point is within the tolerance asked for."""
        judge = RepairedGap(self.blocks, self.exchange)
        return judge.measure(point.x, point.y).quality <= self.config.tolerance

    def _flat(self, start: Solution) -> tuple[Tensor, Tensor]:
        blocks = self.blocks
        return blocks.to_flat(start.x), blocks.to_flat_rows(start.row_duals * blocks.scale)

    def _surviving(self, work: Callable[[], T]) -> T:
        """Do work that may run out of memory, with smaller batches, then elsewhere."""
        return within_memory(work, self._retreat)

    def _retreat(self, error: Exception) -> None:
        on_device = self._device.type != "cpu"
        if self._group_bytes // SMALLER >= SMALLEST_GROUP:
            self._group_bytes //= SMALLER
            self._note(
                f"Out of memory on {self._device}; batches are cut to "
                f"{self._group_bytes // 2**20} MB."
            )
        elif on_device:
            self._device, self._group_bytes = torch.device("cpu"), GROUP_BYTES
            self._note("Out of memory with small batches, too; the processor takes over.")
        else:
            raise SolverError(
                "There is not enough memory to factorise the joint problem, even image by "
                "image. Use fewer superpixels or images, or lower "
                "discriminative.degrees_of_freedom."
            ) from error
        if hasattr(self, "blocks"):
            program = self.blocks.program
            # What does not fit any more may go before there is more.
            self._splitting = None
            self.blocks = self._surviving(lambda: self._make(program))

    def _note(self, message: str) -> None:
        logger.warning(message)
        self.notes.append(message)
