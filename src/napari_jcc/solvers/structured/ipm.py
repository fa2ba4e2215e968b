"""A primal-dual interior-point method on the structured system: the robust reference.

References
----------
S. Mehrotra, "On the implementation of a primal-dual interior point method", SIAM J.
Optimization 2 (1992). S. Pougkakiotis, J. Gondzio, "An interior point-proximal method of
multipliers for convex quadratic programming", Computational Optimization and Applications
78 (2021).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from napari_jcc.progress import Progress
from napari_jcc.solvers.structured.block_factor import NotPositive
from napari_jcc.solvers.structured.blocks import Blocks, largest, multiply
from napari_jcc.solvers.structured.condensed import CondensedSystem
from napari_jcc.solvers.structured.direction import REFINED, Direction
from napari_jcc.solvers.structured.exchange import Exchange, SingleProcess
from napari_jcc.solvers.structured.kkt import KktSystem
from napari_jcc.solvers.structured.layout import THIN
from napari_jcc.solvers.structured.limits import TINY, Limits
from napari_jcc.solvers.structured.point import IpmResult, Point
from napari_jcc.solvers.structured.scope import AllImages, EachImage, Scope
from napari_jcc.solvers.structured.starts import central_start

STEP_TO_BOUNDARY = 0.995
EQUALITY_WEIGHT = 1e5
"""Inverse of the proximal term on the duals of equality rows; it vanishes in the end."""

THIN_PROXIMAL = 1e-3
"""Proximal term on thin variables, in units of the mean cost; refinement takes it out.

They have no curvature of their own. Where one is within its limits and a sum is made of
it alone, eliminating it from rows of weight `EQUALITY_WEIGHT` would lose all digits.
"""

CURVATURE = 1e-6
"""Negative curvature, in units of the mean cost, that passes for rounding."""

GOOD_ENOUGH = 1e-7
"""Accuracy at which it is no failure that rounding allows no more."""

PATIENCE = 3
"""Steps that may pass without a better point, once one is good enough."""

MOST_STEPS = 100


class InteriorPoint:
    """Mehrotra's predictor and corrector.

    Parameters
    ----------
    blocks : Blocks
    exchange
        Sums over images held elsewhere.
    kkt
        Solves its systems, if only nearly; `KktSystem` without.
    precision
        Dual residual, in units of the largest linear cost, to which steps are refined;
        None: what a step leaves is part of the next.
    scope
        Which variables share a step length; `AllImages` without.

    Attributes
    ----------
    limits : Limits
    pairs
        Number of slacks over all images.
    pairs_of
        Number of slacks in the scope of every variable, and of every row; at least 1.
    size
        Largest linear cost over all images, at least 1.
    """

    def __init__(
        self,
        blocks: Blocks,
        exchange: Exchange | None = None,
        kkt: KktSystem | CondensedSystem | None = None,
        precision: float | None = REFINED,
        scope: Scope | None = None,
    ) -> None:
        self.blocks = blocks
        self.exchange = exchange or SingleProcess()
        self.kkt = kkt or KktSystem(blocks, self.exchange)
        self.precision = precision
        self.scope = scope or AllImages(self.exchange)
        self.limits = Limits(blocks)
        pairs = self.limits.counts()
        self.pairs = sum(self.total(part) for part in pairs)
        self.pairs_of = [part.clamp_min(1.0) for part in self.scope.total(*pairs)]
        self.size = max(self.largest(blocks.q), 1.0)
        thin = blocks.layout.variable_kind == THIN
        self.proximal = blocks.to_flat(np.where(thin, THIN_PROXIMAL, 0.0))

    def solve(
        self,
        tolerance: float,
        max_iterations: int = MOST_STEPS,
        progress: Progress | None = None,
    ) -> IpmResult:
        """Iterate until residuals and relative gap are below `tolerance`.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        """
        iterates = self.iterates(central_start(self), progress)
        best = next(iterates)
        for result in chain([best], iterates):
            if result.worst < best.worst:
                best = result
            # Past the reach of rounding the residuals grow again; nan compares false.
            late = (
                not result.worst <= 100 * best.worst
                or result.iterations > best.iterations + PATIENCE
            )
            exhausted = best.worst <= GOOD_ENOUGH and late
            iteration = result.iterations
            if result.worst <= tolerance or exhausted or iteration == max_iterations:
                break
        solved = best.worst <= max(tolerance, GOOD_ENOUGH)
        stuck = not solved and (iteration < max_iterations or iteration >= MOST_STEPS)
        return replace(best, iterations=iteration, solved=solved, stuck=stuck)

    def iterates(self, point: Point, progress: Progress | None) -> Iterator[IpmResult]:
        """Yield a point and all that follow it, until the system cannot be factorised.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        """
        iteration = 0
        while True:
            if progress is not None:
                progress.raise_if_cancelled()
            gradient = self.gradient(point.x)
            dual, primal = self._residuals(point, gradient)
            result = self._judge(point, iteration, gradient, dual, primal)
            yield result
            try:
                point = self._advance(point, dual, primal, progress)
            except NotPositive:
                # The cost is convex, so the duals have grown beyond all measure.
                return
            iteration += 1

    def check_convex(self, progress: Progress | None = None) -> None:
        """Factorise the cost alone; the duals would hide a negative curvature.

        Raises
        ------
        NotPositive
            If the cost is not convex.
        Cancelled
            If the progress was cancelled.
        """
        none = torch.zeros_like(self.blocks.row_lower)
        diagonal = torch.full_like(self.blocks.q, CURVATURE)
        self.kkt.factorise(diagonal, none, progress=progress)

    def _residuals(self, point: Point, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Of the gradient of the Lagrangian, (V',), and of the rows, (M',)."""
        blocks, limits = self.blocks, self.limits
        slope = gradient + blocks.columns @ point.y + point.high - point.low
        activity = blocks.rows @ point.x
        primal = torch.where(
            limits.equal,
            activity - limits.target,
            torch.where(limits.has_low | limits.has_high, activity - point.s, 0.0),
        )
        return slope * limits.free, primal

    def gradient(self, x: Tensor) -> Tensor:
        """P x + q."""
        return multiply(self.blocks, self.exchange, x) + self.blocks.q

    def _judge(
        self, point: Point, iteration: int, gradient: Tensor, dual: Tensor, primal: Tensor
    ) -> IpmResult:
        cost = 0.5 * (point.x * (gradient + self.blocks.q)).sum()
        along, rows = self.limits.products(point)
        sums = self.exchange.total(torch.stack([cost, along.sum() + rows.sum()]))
        worst = self.exchange.largest(torch.stack([largest(primal), largest(dual)]))
        # All at once: every number that is read waits for the device.
        value, left, infeasible, slope = torch.cat([sums, worst]).tolist()
        gap = left / max(abs(value), 1e-3 * self.size)
        return IpmResult(point, iteration, infeasible, slope / self.size, gap)

    def _advance(
        self, point: Point, dual: Tensor, primal: Tensor, progress: Progress | None
    ) -> Point:
        """Take a step, as long as its scope allows."""
        below, above, low, high = self.limits.slacks(point)
        weight = point.row_low / below + point.row_high / above
        weight = torch.where(self.limits.equal, EQUALITY_WEIGHT, weight)
        barrier = point.low / low + point.high / high + self.proximal
        self.kkt.factorise(barrier, weight, progress=progress)
        direction = Direction(self, point, dual, primal, weight)
        affine = direction.solve((0.0, 0.0, 0.0, 0.0))
        trial = point.moved(affine, *self._lengths(point, affine, 1.0))
        centre, of_rows = self._centres(
            self.limits.products(point), self.limits.products(trial)
        )
        targets = (
            of_rows - affine.row_low * affine.s,
            of_rows + affine.row_high * affine.s,
            centre - affine.low * affine.x,
            centre + affine.high * affine.x,
        )
        step = direction.solve(targets)
        if self.precision is not None:
            step = direction.refine(step, self.precision)
        return point.moved(step, *self._lengths(point, step, STEP_TO_BOUNDARY))

    def _centres(
        self, products: tuple[Tensor, Tensor], trial: tuple[Tensor, Tensor]
    ) -> Iterator[Tensor]:
        """Yield the products to aim at, of variables and of rows, in every scope.

        `trial` are those after the step that aims at none (Mehrotra).
        """
        sums = self.scope.total(*products), self.scope.total(*trial), self.pairs_of
        for now, left, pairs in zip(*sums, strict=True):
            share = (left / now.clamp_min(TINY)).clamp(0.0, 1.0)
            yield now / pairs * share**3

    def _lengths(self, point: Point, step: Point, share: float) -> Iterator[Tensor]:
        """Yield how much of a step, at most 1, leaves slacks and duals positive.

        Of variables and of rows, in every scope.
        """
        fastest = self.scope.largest(*self.limits.falls(point, step))
        # What falls by less than the share may take the whole step.
        return (share / fall.clamp_min(share) for fall in fastest)

    def total(self, values: Tensor) -> float:
        """Sum over all images."""
        return float(self.exchange.total(values.sum()[None]))

    def largest(self, values: Tensor) -> float:
        """Largest absolute value over all images."""
        return float(self.exchange.largest(largest(values)[None]))


def quick_interior_point(blocks: Blocks, exchange: Exchange) -> InteriorPoint:
    """Return one that solves its systems nearly, where the program allows it.

    Its steps cost a third to a half; they reach 1e-8 nearly always.
    """
    thin = any(group.sizes[THIN] for group in blocks.layout.groups)
    if bool(exchange.largest(torch.tensor([float(thin)], device=blocks.q.device)) > 0):
        return InteriorPoint(blocks, exchange)
    return InteriorPoint(
        blocks,
        exchange,
        CondensedSystem(blocks, exchange),
        precision=None,
        scope=EachImage(blocks.layout),
    )
