r"""An augmented Lagrangian method with Newton steps on what is not at a bound.

Rows go into the cost as :math:`\tfrac12 \rho w_i\,\mathrm{dist}^2(a_i x + y_i / \rho w_i)`
of their limits; bounds are kept as they are. What is left to minimise is convex,
quadratic in pieces and bounded by a box, so projected Newton steps end after few, and
their systems hold the variables off their bounds only. In the joint problem these are a
fifth: most superpixels are background, and most boxes are out of question. From a
solution nearby it takes five to thirty steps, each a tenth of one of interior point.

References
----------
B. Hermans, A. Themelis, P. Patrinos, "QPALM: a proximal augmented Lagrangian method for
nonconvex quadratic programs", Mathematical Programming Computation 14 (2022). D. Bertsekas,
"Projected Newton methods for optimization problems with simple constraints", SIAM J.
Control and Optimization 20 (1982).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from napari_jcc.progress import Progress
from napari_jcc.solvers.structured.admm import SplitResult
from napari_jcc.solvers.structured.blocks import Blocks
from napari_jcc.solvers.structured.exchange import Alone, Exchange
from napari_jcc.solvers.structured.judge import RepairedGap
from napari_jcc.solvers.structured.reduced import ReducedSystem
from napari_jcc.solvers.structured.weights import bound_weights, row_weights

RHO = 30.0
"""Weight of rows; 15 took as many Newton steps in all, 50 more."""

EQUALITY_WEIGHT = 1e3
PROXIMAL = 1e-6
"""Added to the diagonal, relative to a mean cost of 1."""

NEAR = 1e-3
"""Distance to a bound at which a first point is put onto it, if its gradient agrees."""

CLOSER = 0.1
"""Share that the first move of a round must shrink to before the duals are changed."""

NEGLIGIBLE = 1e-9
"""Size of a move that rounding explains."""

ROUND = 20
"""Newton steps until the duals are changed in any case."""

SUFFICIENT = 1e-4
"""Share of the linear fall that a step must bring (Armijo)."""

ROUNDING = 1e-13
"""Rise of the cost, relative to it, that rounding explains."""

SHORTEST = 1e-3
MOST_STEPS = 60
"""Newton steps after which other methods would have been quicker."""


@dataclass(frozen=True)
class _Trial:
    """The augmented cost at a point, and what its gradient is made of.

    `smooth` is S x, `common` is F'x over all images, `stay` the proximal pull; `excess`
    is how far rows exceed the limits moved by the duals.
    """

    x: Tensor
    smooth: Tensor
    common: Tensor
    stay: Tensor
    excess: Tensor
    value: float


@dataclass(frozen=True)
class _Point:
    """A trial that was taken, with P x and the gradient of the augmented cost."""

    trial: _Trial
    product: Tensor
    gradient: Tensor

    @property
    def x(self) -> Tensor:
        return self.trial.x


class AugmentedLagrangian:
    """Solves a program from a solution of a similar one.

    Parameters
    ----------
    blocks : Blocks
    exchange
        Sums over images held elsewhere.
    tolerance
        Gap of the repaired point asked for, relative to its cost.
    """

    def __init__(
        self, blocks: Blocks, exchange: Exchange | None = None, tolerance: float = 1e-3
    ) -> None:
        self.blocks, self.tolerance = blocks, tolerance
        self.exchange = exchange or Alone()
        self.d = bound_weights(blocks)
        equal = blocks.row_lower == blocks.row_upper
        self.w = row_weights(blocks, self.d) * torch.where(equal, EQUALITY_WEIGHT, RHO)
        self.steps = 0

    def solve(
        self, start: tuple[Tensor, Tensor], progress: Progress | None = None
    ) -> SplitResult:
        """Iterate from a point (x, y) of rows' duals; the answer meets all constraints.

        Raises
        ------
        NotPositive
            If the cost is not convex on the variables off their bounds.
        Cancelled
            If the progress was cancelled.
        """
        self.progress = progress
        gap = RepairedGap(self.blocks, self.exchange)
        x, y = self._snap(*start), start[1]
        self.steps = 0
        while True:
            point = self._minimise(x, y)
            x, y = point.x, self.w * point.trial.excess
            feasible, quality = gap.measure(x, y, point.product)
            if quality <= self.tolerance or self.steps >= MOST_STEPS:
                solved = quality <= self.tolerance
                return SplitResult(feasible, y, self.steps, solved, False)

    def _snap(self, x: Tensor, y: Tensor) -> Tensor:
        """Put what is near a bound, and wants to go there, onto it.

        Repaired points and those of interior point are within all bounds.
        """
        lower, upper = self.blocks.lower, self.blocks.upper
        x = torch.clamp(x, lower, upper)
        gradient = self._take(self._try(x, x, y)).gradient
        x = torch.where((x < lower + NEAR) & (gradient > 0), lower, x)
        return torch.where((x > upper - NEAR) & (gradient < 0), upper, x)

    def _try(self, x: Tensor, anchor: Tensor, y: Tensor) -> _Trial:
        blocks = self.blocks
        shifted = blocks.rows @ x + y / self.w
        excess = shifted - torch.clamp(shifted, blocks.row_lower, blocks.row_upper)
        smooth, away = blocks.cost @ x, x - anchor
        stay = PROXIMAL * self.d * away
        own = x @ (0.5 * smooth + blocks.q) + 0.5 * (self.w * excess @ excess + stay @ away)
        sums = self.exchange.total(torch.cat([own[None], blocks.project(x)]))
        value = float(sums[0] - 0.5 * sums[1:] @ sums[1:])
        return _Trial(x, smooth, sums[1:], stay, excess, value)

    def _take(self, trial: _Trial) -> _Point:
        blocks = self.blocks
        product = trial.smooth - blocks.expand(trial.common)
        pull = blocks.columns @ (self.w * trial.excess)
        return _Point(trial, product, product + blocks.q + pull + trial.stay)

    def _minimise(self, anchor: Tensor, y: Tensor) -> _Point:
        """Minimise the augmented cost for fixed duals, to a share of the first move."""
        point = self._take(self._try(anchor, anchor, y))
        first = self._move(point)
        for _ in range(ROUND):
            if self.progress is not None:
                self.progress.raise_if_cancelled()
            step = self._newton_step(point)
            point = self._search(point, step, anchor, y)
            self.steps += 1
            if self._move(point) <= max(CLOSER * first, NEGLIGIBLE):
                break
        return point

    def _move(self, point: _Point) -> float:
        """Length of a projected gradient step in the metric of the diagonal."""
        lower, upper = self.blocks.lower, self.blocks.upper
        aim = torch.clamp(point.x - point.gradient / self.d, lower, upper)
        return math.sqrt(self._total((self.d * (point.x - aim).square()).sum()))

    def _newton_step(self, point: _Point) -> Tensor:
        blocks, x, gradient = self.blocks, point.x, point.gradient
        held = (x <= blocks.lower) & (gradient > 0) | (x >= blocks.upper) & (gradient < 0)
        system = ReducedSystem(blocks, self.exchange, blocks.free & ~held)
        weight = torch.where(point.trial.excess != 0, self.w, 0.0)
        system.factorise(PROXIMAL * self.d, weight)
        return -system.solve(gradient)

    def _search(self, point: _Point, step: Tensor, anchor: Tensor, y: Tensor) -> _Point:
        """Shorten the step, cut at the bounds, until the cost falls enough."""
        length = 1.0
        while True:
            x = torch.clamp(point.x + length * step, self.blocks.lower, self.blocks.upper)
            trial = self._try(x, anchor, y)
            fall = self._total(point.gradient @ (x - point.x))
            value = point.trial.value
            enough = value + SUFFICIENT * fall + ROUNDING * abs(value)
            if trial.value <= enough or length < SHORTEST:
                return self._take(trial)
            length *= 0.5

    def _total(self, value: Tensor) -> float:
        return float(self.exchange.total(value[None]))
