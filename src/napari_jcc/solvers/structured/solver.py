"""The structured solver behind the common protocol."""

from __future__ import annotations

import time
from dataclasses import replace

from napari_jcc.config import SolverConfig
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.progress import Progress
from napari_jcc.solvers.solution import Solution
from napari_jcc.solvers.structured.devices import choose_device
from napari_jcc.solvers.structured.engine import Engine
from napari_jcc.solvers.structured.exchange import Exchange
from napari_jcc.spill import GIGABYTE


class StructuredSolver:
    """One block per image and one low rank across all, by the method of the settings.

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
        budget = config.memory_gb * GIGABYTE
        self._engine = Engine(program, config, self._device, self._exchange, budget)
        self._setup_seconds = time.perf_counter() - start

    def solve(
        self, warm_start: Solution | None = None, progress: Progress | None = None
    ) -> Solution:
        """Iterate to the tolerance; interior point takes no warm start."""
        solution = self._engine.solve(warm_start, progress)
        return replace(solution, setup_seconds=self._setup_seconds)
