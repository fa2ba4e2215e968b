"""Constraints, a class per family of rows: equations (6) to (9) and variants of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from napari_jcc._types import FloatArray, IntArray
from napari_jcc.problem.data import Variables


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


@dataclass(frozen=True)
class BoxFill(Constraint):
    r"""Least and most share of a box's superpixels that are object.

    Least, in every reading: :math:`\gamma |S_i| z_i \le \sum_{j \in S_i} y_j`. A box that
    is not chosen (z = 0) asks for nothing, a chosen one for the share gamma.

    Most, by the value of `upper`:

    ======== ========================================= ==========================
    value    row                                       a box with z = 0 then
    ======== ========================================= ==========================
    scaled   sum y_j <= (1 - gamma) |S_i| z_i, eq. (6)  must be empty of object
    free     sum y_j <= (1 - gamma z_i) |S_i|           may be full
    none     no row                                    may be full
    ======== ========================================= ==========================

    ``scaled`` forbids most integer points where boxes overlap: a superpixel shared with a
    box that is not chosen must be background.

    Attributes
    ----------
    gamma
        Least share, and least share left free; above 0, below 0.5.
    upper
        Reading of the upper row.
    """

    gamma: float
    upper: Literal["scaled", "free", "none"]

    def rows(self, variables: Variables) -> Rows:
        """Return the least-fill rows of all boxes, then the most-fill rows."""
        data = variables.data
        size = data.superpixels_per_box
        least = variables.row_block(data.overlap, sparse.diags_array(-self.gamma * size))
        if self.upper == "none":
            blocks, limits = [least], [np.full(len(size), np.inf)]
        else:
            slope, limit = (
                (-(1.0 - self.gamma), np.zeros(len(size)))
                if self.upper == "scaled"
                else (self.gamma, size)
            )
            most = variables.row_block(data.overlap, sparse.diags_array(slope * size))
            blocks, limits = [least, most], [np.full(len(size), np.inf), limit]
        return Rows(
            A=sparse.vstack(blocks, format="csr"),
            l=np.repeat([0.0, -np.inf][: len(blocks)], len(size)),
            u=np.concatenate(limits),
            image=np.tile(data.box_image, len(blocks)),
        )


@dataclass(frozen=True)
class BoxCoverage(Constraint):
    r"""A superpixel is object at most as far as boxes that hold it are chosen.

    As printed, :math:`n_j y_j \le \sum_{i: j \in S_i} z_i`, with n_j the number of boxes
    that hold j: with one chosen box, y_j is at most 1/n_j. Unscaled,
    :math:`y_j \le \sum_{i: j \in S_i} z_i`. A superpixel in no box is background.

    Attributes
    ----------
    scaled
        Multiply y_j by n_j, as printed.
    """

    scaled: bool

    def rows(self, variables: Variables) -> Rows:
        """Return one row per superpixel that lies in a box."""
        data = variables.data
        count = data.boxes_per_superpixel
        slope = count if self.scaled else np.ones_like(count)
        covered = np.flatnonzero(count > 0)
        A = variables.row_block(sparse.diags_array(slope), -data.overlap.T)
        return Rows(
            A=sparse.csr_array(A[covered]),
            l=np.full(len(covered), -np.inf),
            u=np.zeros(len(covered)),
            image=data.superpixel_image[covered],
        )


@dataclass(frozen=True)
class OneBoxPerImage(Constraint):
    """Box variables of an image sum to its number of objects, which is 1 in the paper."""

    def rows(self, variables: Variables) -> Rows:
        """Return one equality per image."""
        data = variables.data
        boxes = _by_image(np.ones(data.box_count), data.box_image, data.image_count)
        ones = np.ones(data.image_count)
        objects = ones if data.objects is None else data.objects.astype(np.float64)
        return Rows(
            A=variables.row_block(on_boxes=boxes),
            l=objects,
            u=objects.copy(),
            image=np.arange(data.image_count),
        )


@dataclass(frozen=True)
class BoxMembership(Constraint):
    r"""Convex hull of the choice of one box and of the object inside it.

    With t_ij for box i and superpixel j in S_i:
    :math:`y_j = \sum_i t_{ij}`, :math:`0 \le t_{ij} \le z_i` and
    :math:`\gamma |S_i| z_i \le \sum_{j \in S_i} t_{ij} \le (1-\gamma) |S_i| z_i`.
    Together with one box per image this is the hull of the union of one polytope per box
    (E. Balas, "Disjunctive programming", 1979).

    Attributes
    ----------
    gamma
        Least share of the box that is object, and that is free.
    """

    gamma: float

    def rows(self, variables: Variables) -> Rows:
        """Return the sums, the caps t <= z, and both fill rows of every box."""
        data = variables.data
        overlap = data.overlap
        pairs = np.arange(overlap.nnz)
        box = np.repeat(np.arange(data.box_count), np.diff(overlap.indptr))
        ones = np.ones(overlap.nnz)
        sums = sparse.csr_array(
            (ones, (overlap.indices, pairs)), shape=(data.superpixel_count, overlap.nnz)
        )
        owners = sparse.csr_array((ones, (pairs, box)), shape=(overlap.nnz, data.box_count))
        size = data.superpixels_per_box
        identity = sparse.eye_array(data.superpixel_count)
        fill = sparse.csr_array(owners.T)
        blocks = [
            variables.row_block(identity, on_memberships=-sums),
            variables.row_block(None, -owners, sparse.eye_array(overlap.nnz)),
            variables.row_block(None, sparse.diags_array(-self.gamma * size), fill),
            variables.row_block(None, sparse.diags_array(-(1.0 - self.gamma) * size), fill),
        ]
        heights = [block.shape[0] for block in blocks]
        return Rows(
            A=sparse.vstack(blocks, format="csr"),
            l=np.repeat([0.0, -np.inf, 0.0, -np.inf], heights),
            u=np.repeat([0.0, 0.0, np.inf, 0.0], heights),
            image=np.concatenate(
                [data.superpixel_image, data.box_image[box], data.box_image, data.box_image]
            ),
        )


@dataclass(frozen=True)
class AreaRange(Constraint):
    """Share of an image that is object.

    Not in the paper: without it the empty answer is the cheapest wherever saliency only
    pushes down. The floor is lowered, and the ceiling raised, in an image whose boxes do
    not allow it: filling the largest box b to a share t in [gamma, 1 - gamma] must stay
    possible, so that the program is feasible for every set.

    Attributes
    ----------
    at_least, at_most
        Shares of the image's area, 0 to 1.
    gamma
        Fill of the reading it is used with.
    """

    at_least: float
    at_most: float
    gamma: float

    def rows(self, variables: Variables) -> Rows:
        """Return one two-sided row per image."""
        data = variables.data
        area = _by_image(data.area, data.superpixel_image, data.image_count)
        largest = np.zeros(data.image_count)
        np.maximum.at(largest, data.box_image, data.overlap @ data.area)
        floor = np.minimum(self.at_least, (1.0 - self.gamma) * largest)
        ceiling = np.maximum(self.at_most, np.maximum(floor, self.gamma * largest))
        return Rows(
            A=variables.row_block(area),
            l=floor,
            u=ceiling,
            image=np.arange(data.image_count),
        )


def _by_image(values: FloatArray, image: IntArray, image_count: int) -> sparse.csr_array:
    """Matrix (N, n) with the value of every piece in the row of its image."""
    places = image, np.arange(len(image))
    return sparse.csr_array((values, places), shape=(image_count, len(image)))
