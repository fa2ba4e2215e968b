"""Interior point from the answer to a similar program, by systems of what still moves."""

from __future__ import annotations

from torch import Tensor

from napari_jcc.progress import Progress
from napari_jcc.solvers.structured.admm import SplitResult
from napari_jcc.solvers.structured.blocks import Blocks
from napari_jcc.solvers.structured.exchange import Exchange
from napari_jcc.solvers.structured.ipm import quick_interior_point
from napari_jcc.solvers.structured.judge import Repaired, RepairedGap
from napari_jcc.solvers.structured.starts import warm_start

NEAR = 2.0
"""Gap by the iterate's own duals, in units of the tolerance, that is worth a repair."""

MOST_STEPS = 15
"""Steps after which a start from nothing would have been quicker."""


class Reoptimised:
    """Solves a program from a solution of a similar one.

    Parameters
    ----------
    blocks : Blocks
    exchange
        Sums over images held elsewhere.
    tolerance
        Gap of the repaired point asked for, relative to its cost.
    """

    def __init__(self, blocks: Blocks, exchange: Exchange, tolerance: float) -> None:
        self.tolerance = tolerance
        self.method = quick_interior_point(blocks, exchange)
        self.judge = RepairedGap(blocks, exchange)

    def solve(
        self, start: tuple[Tensor, Tensor], progress: Progress | None = None
    ) -> SplitResult:
        """Iterate from a point (x, y) of rows' duals; the answer meets all constraints.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        """
        found, y, iterations = self.judge.measure(*start), start[1], 0
        if found.quality > self.tolerance:
            found, y, iterations = self._improve(found, y, progress)
        solved = found.quality <= self.tolerance
        return SplitResult(found.x, y, iterations, solved, False)

    def _improve(
        self, found: Repaired, y: Tensor, progress: Progress | None
    ) -> tuple[Repaired, Tensor, int]:
        """Iterate until the repaired point is good enough, or too long."""
        point = warm_start(self.method, found, y, self.judge.inner[0])
        for result in self.method.iterates(point, progress):
            if result.gap <= NEAR * self.tolerance:
                y = result.point.y
                found = self.judge.measure(result.point.x, y)
            done = found.quality <= self.tolerance
            if done or result.iterations >= MOST_STEPS:
                break
        return found, y, result.iterations
