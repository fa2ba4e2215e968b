"""What every term of the cost provides."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from napari_jcc._types import FloatArray, SparseMatrix
from napari_jcc.problem.program import LowRankTerm
from napari_jcc.problem.variables import Variables


@dataclass(frozen=True)
class CostTerms:
    """Contribution to 1/2 x'Px + q'x.

    Attributes
    ----------
    sparse : (V, V) sparse, optional
        Symmetric part of P within images.
    low_rank : tuple of LowRankTerm
        Parts -F F' of P across images.
    linear : (V,) float64, optional
        Part of q.
    """

    sparse: SparseMatrix | None = None
    low_rank: tuple[LowRankTerm, ...] = ()
    linear: FloatArray | None = None


class Cost(ABC):
    """A term of the cost, written for all its variables at once."""

    @abstractmethod
    def terms(self, variables: Variables) -> CostTerms:
        """Return the term over the given variables."""
