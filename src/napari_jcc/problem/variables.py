"""Where superpixels, boxes and memberships stand in the vector of variables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_jcc._types import FloatArray, IntArray, SparseMatrix
from napari_jcc.problem.data import JointData


@dataclass(frozen=True)
class Variables:
    """Layout x = (y, z, t): superpixels, boxes, and memberships where a reading has them.

    A membership t_ij stands for "superpixel j is object and box i is chosen"; it exists
    for every pair of a box and a superpixel in it.

    Attributes
    ----------
    data : JointData
    has_memberships
        Whether t is part of the vector (reading ``hull``).
    """

    data: JointData
    has_memberships: bool = False

    @property
    def superpixels(self) -> slice:
        """Positions of y."""
        return slice(0, self.data.superpixel_count)

    @property
    def boxes(self) -> slice:
        """Positions of z."""
        start = self.data.superpixel_count
        return slice(start, start + self.data.box_count)

    @property
    def memberships(self) -> slice:
        """Positions of t, in the row-major order of the overlap matrix."""
        extra = self.data.overlap.nnz if self.has_memberships else 0
        return slice(self.boxes.stop, self.boxes.stop + extra)

    @property
    def count(self) -> int:
        """V."""
        return int(self.memberships.stop)

    @property
    def image(self) -> IntArray:
        """Image of every variable, (V,)."""
        data = self.data
        parts = [data.superpixel_image, data.box_image]
        if self.has_memberships:
            parts.append(np.repeat(data.box_image, np.diff(data.overlap.indptr)))
        return np.concatenate(parts)

    def split(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return y, (S,), and z, (R,), of a vector of all variables, (V,)."""
        return x[self.superpixels], x[self.boxes]

    def row_block(
        self,
        on_superpixels: SparseMatrix | None = None,
        on_boxes: SparseMatrix | None = None,
        on_memberships: SparseMatrix | None = None,
    ) -> sparse.csr_array:
        """Rows over all variables from their parts; a part left out is zero."""
        parts = (on_superpixels, on_boxes, on_memberships)
        rows = next(part.shape[0] for part in parts if part is not None)
        boxes = self.boxes
        widths = (boxes.start, boxes.stop - boxes.start, self.count - boxes.stop)
        blocks = [
            sparse.csr_array((rows, width)) if part is None else part
            for part, width in zip(parts, widths, strict=True)
        ]
        return sparse.hstack(blocks, format="csr")
