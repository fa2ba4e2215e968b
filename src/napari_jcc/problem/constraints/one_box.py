"""Every image has one object, equation (9), or as many as it is said to show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_jcc.problem.constraints.constraint import Constraint, Rows
from napari_jcc.problem.variables import Variables


@dataclass(frozen=True)
class OneBoxPerImage(Constraint):
    """Box variables of an image sum to the number of its objects, which is 1 in print."""

    def rows(self, variables: Variables) -> Rows:
        """Return one equality per image."""
        data = variables.data
        boxes = np.arange(data.box_count)
        membership = sparse.csr_array(
            (np.ones(data.box_count), (data.box_image, boxes)),
            shape=(data.image_count, data.box_count),
        )
        ones = np.ones(data.image_count)
        objects = ones if data.objects is None else data.objects.astype(np.float64)
        return Rows(
            A=variables.row_block(on_boxes=membership),
            l=objects,
            u=objects.copy(),
            image=np.arange(data.image_count),
        )
