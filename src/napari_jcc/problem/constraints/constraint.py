"""What every constraint provides."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from scipy import sparse

from napari_jcc._types import FloatArray, IntArray
from napari_jcc.problem.variables import Variables


@dataclass(frozen=True)
class Rows:
    """Rows l <= A x <= u, each within one image.

    Attributes
    ----------
    A : (M, V) csr
    l, u : (M,) float64
    image : (M,) int64
        Image of every row.
    """

    A: sparse.csr_array
    l: FloatArray  # noqa: E741
    u: FloatArray
    image: IntArray


class Constraint(ABC):
    """A family of rows, written for all its variables at once."""

    @abstractmethod
    def rows(self, variables: Variables) -> Rows:
        """Return the rows over the given variables."""
