"""What an edit changes of a program, found without comparing numbers where it can be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse

from napari_jcc.problem.program import LowRankTerm, QuadraticProgram
from napari_jcc.solvers.structured.exchange import Exchange

CompressedMatrix = sparse.csr_array | sparse.csc_array

RESCALED = 10.0
"""Growth or fall of the mean cost beyond which its scale no longer suits."""


@dataclass(frozen=True)
class Change:
    """Differences between two programs of the same variables and rows.

    Attributes
    ----------
    cost, rows, factors
        Whether S, A and F differ.
    pattern
        Whether S or A has nonzeros at other places, or S is of another size.
    """

    cost: bool
    rows: bool
    factors: bool
    pattern: bool

    @classmethod
    def between(cls, old: QuadraticProgram, new: QuadraticProgram) -> Change:
        """Compare two programs; what they share as one object is not looked into."""
        cost = not _is_same(old.sparse_cost, new.sparse_cost)
        rows = not _is_same(old.A, new.A)
        pattern = (cost and not _fits(old.sparse_cost, new.sparse_cost)) or (
            rows and not _same_pattern(old.A, new.A)
        )
        factors = not _same_factors(old.low_rank, new.low_rank)
        return cls(cost, rows, factors, pattern)

    def among(self, exchange: Exchange) -> Change:
        """Return what differs at any holder, so that all of them do alike."""
        own = torch.tensor([self.cost, self.rows, self.factors, self.pattern]).double()
        return Change(*(value > 0 for value in exchange.largest(own).tolist()))


def _is_same(a: CompressedMatrix, b: CompressedMatrix) -> bool:
    return a is b or (_same_places(a, b) and np.array_equal(a.data, b.data))


def _same_places(a: CompressedMatrix, b: CompressedMatrix) -> bool:
    return np.array_equal(a.indptr, b.indptr) and np.array_equal(a.indices, b.indices)


def _same_pattern(a: CompressedMatrix, b: CompressedMatrix) -> bool:
    """Whether the same entries are stored, and the same of them are not zero."""
    return _same_places(a, b) and np.array_equal(a.data != 0, b.data != 0)


def _fits(a: CompressedMatrix, b: CompressedMatrix) -> bool:
    sizes = a.diagonal().sum(), b.diagonal().sum()
    return _same_pattern(a, b) and max(sizes) <= RESCALED * min(sizes)


def _same_factors(old: tuple[LowRankTerm, ...], new: tuple[LowRankTerm, ...]) -> bool:
    return len(old) == len(new) and all(
        a is b
        or (
            a.start == b.start
            and (a.factor is b.factor or np.array_equal(a.factor, b.factor))
        )
        for a, b in zip(old, new, strict=True)
    )
