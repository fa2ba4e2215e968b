"""A floor and a ceiling of the object's area in every image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_jcc.problem.constraints.constraint import Constraint, Rows
from napari_jcc.problem.variables import Variables


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
        superpixels = np.arange(data.superpixel_count)
        area = sparse.csr_array(
            (data.area, (data.superpixel_image, superpixels)),
            shape=(data.image_count, data.superpixel_count),
        )
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
