r"""Systems with the matrix that interior point and operator splitting share.

.. math::
   M = P + \mathrm{diag}(d) + A' \Theta A = \mathrm{blkdiag}(B_k) - F F'

B_k belongs to image k: one batched Cholesky factorisation. The images meet only in
:math:`C = I - F' B^{-1} F`, which is small (Woodbury). Thin variables are eliminated
first: their part of B_k is diagonal once the coupling rows are kept as unknowns.
"""

from __future__ import annotations

import torch
from torch import Tensor

from napari_jcc.progress import Progress, as_progress
from napari_jcc.solvers.structured.batches import room_for_factors
from napari_jcc.solvers.structured.block_factor import BlockFactor, NotPositive
from napari_jcc.solvers.structured.blocks import Blocks
from napari_jcc.solvers.structured.exchange import Exchange, SingleProcess
from napari_jcc.solvers.structured.layout import THIN

REGULARISATION = (1e-12, 1e-9, 1e-6)
"""Added to the diagonal, relative to a mean cost of 1, until the factors exist."""

FAINT = 0.03
"""Pivot of C, at most 1, below which single precision is too coarse: it rounds the square
of a pivot by about 1e-6."""


class KktSystem:
    """Solves with M for one choice of weights after another."""

    def __init__(self, blocks: Blocks, exchange: Exchange | None = None) -> None:
        self.blocks = blocks
        self.exchange = exchange or SingleProcess()
        self.factors = room_for_factors(len(blocks.parts), blocks.budget)

    def factorise(
        self,
        diagonal: Tensor,
        weight: Tensor,
        free: Tensor | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Factorise M for weights of variables, (V',), and of rows, (M',).

        `free`, (V',) bool, are the variables of the system; None: those not fixed.
        `progress` cancels between two groups.

        Raises
        ------
        Cancelled
            If the progress was cancelled; there are no factors then.
        NotPositive
            If M is not positive definite even with regularisation.
        """
        self.diagonal, self.weight = diagonal, weight
        self.free = (self.blocks.free if free is None else free).to(diagonal.dtype)
        # Where single precision does not suffice, double is the better remedy.
        extras = REGULARISATION[:1] if self._is_single else REGULARISATION
        for attempt, extra in enumerate(extras):
            try:
                self._factorise(diagonal + extra, as_progress(progress))
                return
            except NotPositive:
                if attempt + 1 == len(extras):
                    raise

    @property
    def _is_single(self) -> bool:
        return self.diagonal.dtype == torch.float32

    def _factorise(self, diagonal: Tensor, progress: Progress) -> None:
        blocks = self.blocks
        interior, border = blocks.rank
        size = interior + border
        total = torch.zeros(size, size, dtype=torch.float64, device=diagonal.device)
        failed = total.new_zeros(1)
        for number, part in enumerate(blocks.parts):
            progress.raise_if_cancelled()
            own = part.view(diagonal)
            if part.group.sizes[THIN]:
                own = own.clone()
                own[:, part.group.core :] += part.view(blocks.cost_diagonal)[
                    :, part.group.core :
                ]
            rows = part.view_rows(self.weight)
            factor = BlockFactor(part, own, rows, part.view(self.free))
            failed += factor.failed.sum()
            # To ask a graphics card would be to wait for it, once a group.
            if failed.device.type == "cpu" and bool(failed > 0):
                break
            first, mixed, last = factor.capacitance()
            total[:interior, :interior] += first
            total[:interior, interior:] += mixed
            total[interior:, :interior] += mixed.T
            total[interior:, interior:] += last
            self.factors[number] = factor
        self._join(total, failed)

    def _join(self, total: Tensor, failed: Tensor) -> None:
        """Add up over all holders; a failure of one is a failure of all."""
        matrix = -self.exchange.total(total)
        matrix.diagonal().add_(1.0)
        self.capacitance, singular = torch.linalg.cholesky_ex(matrix)
        faint = (self.capacitance.diagonal() < FAINT).any() & self._is_single
        failed = self.exchange.largest(failed) + singular + faint
        if bool(failed > 0):
            raise NotPositive("The matrix is not positive definite in its precision.")

    def solve(self, right: Tensor) -> Tensor:
        """M^-1 right on the free variables, zero on the others."""
        blocks = self.blocks
        right = right * self.free
        first = self._solve_blocks(right)
        w = self.exchange.total(blocks.project(first)).to(self.capacitance.dtype)
        w = torch.cholesky_solve(w[:, None], self.capacitance)[:, 0].to(right.dtype)
        return self._solve_blocks(right + blocks.expand(w) * self.free)

    def _solve_blocks(self, right: Tensor) -> Tensor:
        result = torch.empty_like(right)
        for part, factor in zip(self.blocks.parts, self.factors, strict=True):
            factor.part = part
            part.view(result)[:] = factor.solve(part.view(right))
        return result
