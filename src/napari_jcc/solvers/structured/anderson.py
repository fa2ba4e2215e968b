"""Anderson acceleration of a fixed-point iteration, with a way back."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_jcc.solvers.structured.exchange import Exchange

MEMORY = 8
"""Steps looked back on; 5 to 12 did alike, 20 lost to rounding."""

REGULARISATION = 1e-10
"""Relative to the squares of all differences: of residuals, and of images. Where the
iteration drifts evenly the former vanish, and would let it be taken ahead beyond bounds."""

WORSE = 2.0
"""Growth of the residual, against the smallest so far, at which the memory is dropped."""


class Anderson:
    """Combines the last steps so that their residuals cancel (type II).

    A point whose residual is far above the smallest so far is given up: the iteration
    goes on from the plain step before it, without memory.

    References
    ----------
    H. Walker, P. Ni, "Anderson acceleration for fixed-point iterations", SIAM J.
    Numerical Analysis 49 (2011). A. Fu, J. Zhang, S. Boyd, "Anderson accelerated
    Douglas-Rachford splitting", SIAM J. Scientific Computing 42 (2020), on regularisation.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.forget()

    def forget(self) -> None:
        """Drop all memory, as the iteration itself has changed."""
        self.count = 0
        self.smallest = float("inf")
        self.last: tuple[Tensor, Tensor] | None = None

    def next(self, point: Tensor, image: Tensor) -> Tensor:
        """Return where to go on from, after the iteration took `point` to `image`."""
        residual = image - point
        if self.last is None:
            if self.count == 0:
                shape = (MEMORY, len(point))
                self.residuals, self.images = point.new_zeros(shape), point.new_zeros(shape)
                self.gram = point.new_zeros(MEMORY, MEMORY)
                self.image_squares = point.new_zeros(MEMORY)
            self.last = (residual, image)
            self.smallest = self._norm(residual)
            return image
        slot = self.count % MEMORY
        self.residuals[slot] = residual - self.last[0]
        self.images[slot] = image - self.last[1]
        products = torch.cat(
            [
                self.residuals @ self.residuals[slot],
                self.residuals @ residual,
                (residual @ residual)[None],
                (self.images[slot] @ self.images[slot])[None],
            ]
        )
        products = self.exchange.total(products)
        norm = float(products[-2].sqrt())
        # A nan is worse, too.
        if not norm <= WORSE * self.smallest:
            safe = self.last[1]
            self.forget()
            return safe
        self.smallest = min(self.smallest, norm)
        self.gram[slot] = self.gram[:, slot] = products[:MEMORY]
        self.image_squares[slot] = products[-1]
        self.count += 1
        self.last = (residual, image)
        return image - self._mix(products[MEMORY:-2]) @ self.images

    def _mix(self, right: Tensor) -> Tensor:
        """Weights of the remembered steps; empty slots get 0."""
        size = self.gram.diagonal().sum() + self.image_squares.sum()
        shift = REGULARISATION * size.clamp_min(1e-300)
        own = torch.where(self.image_squares > 0, shift, 1.0)
        matrix = self.gram + torch.diag_embed(own)
        weights: Tensor = torch.linalg.solve(matrix, right)
        return weights

    def _norm(self, vector: Tensor) -> float:
        return float(self.exchange.total((vector @ vector)[None]).sqrt())
