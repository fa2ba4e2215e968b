"""The matchers that others must beat: identity, nearest neighbours, a robust affine map."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import cKDTree

from napari_jcc._types import FloatArray, ImageArray, IntArray
from napari_jcc.matching.baselines.grid_features import Describer
from napari_jcc.registration.frame import Frame, resize_points
from napari_jcc.registration.grid import GridFeatures
from napari_jcc.registration.match import PairMatch, PointMap

INLIER_CELLS = 1.5
"""An affine map explains a match within this many diagonals of a grid cell."""
RANSAC_DRAWS = 5000


class IdentityMatcher:
    """Every point goes to the same place, as share of height and width."""

    name = "identity"

    def match(self, source: ImageArray, target: ImageArray) -> PairMatch:
        """Match two images; see `PairMatcher.match`."""
        return PairMatch(identity_map(Frame(*source.shape[:2]), Frame(*target.shape[:2])))


class NearestMatcher:
    """Every point goes with the grid point nearest to it, to the most similar one there.

    Parameters
    ----------
    describer
        Describes the images.
    """

    name = "nearest"

    def __init__(self, describer: Describer) -> None:
        self._describer = describer

    def match(self, source: ImageArray, target: ImageArray) -> PairMatch:
        """Match two images; see `PairMatcher.match`."""
        a, b = self._describer.describe(source), self._describer.describe(target)
        similarity = a.values @ b.values.T  # (n of source, n of target)
        best = similarity.argmax(axis=0)
        tree = cKDTree(b.centres)

        def transfer(points: FloatArray) -> FloatArray:
            near = tree.query(points)[1]
            rest = (points - b.centres[near]) * a.step / b.step
            moved: FloatArray = a.centres[best[near]] + rest
            return moved

        return PairMatch(transfer)


class MutualAffineMatcher:
    """Affine map, by RANSAC, of the grid points that are most similar to each other.

    Where fewer than three agree the answer is that of `IdentityMatcher`.

    Parameters
    ----------
    describer
        Describes the images.
    """

    name = "mutual-affine"

    def __init__(self, describer: Describer) -> None:
        self._describer = describer

    def match(self, source: ImageArray, target: ImageArray) -> PairMatch:
        """Match two images; see `PairMatcher.match`."""
        a, b = self._describer.describe(source), self._describer.describe(target)
        ours, theirs = mutual_neighbours(a, b)
        affine = None
        if len(ours) >= 3:
            affine, _ = cv2.estimateAffine2D(
                b.centres[theirs],
                a.centres[ours],
                method=cv2.RANSAC,
                ransacReprojThreshold=INLIER_CELLS * float(np.hypot(*a.step)),
                maxIters=RANSAC_DRAWS,
            )
        if affine is None:
            return PairMatch(identity_map(a.frame, b.frame))
        linear, shift = affine[:, :2], affine[:, 2]
        return PairMatch(lambda points: points @ linear.T + shift)


def mutual_neighbours(a: GridFeatures, b: GridFeatures) -> tuple[IntArray, IntArray]:
    """Find grid points of `a` and `b` that are each other's most similar one.

    Returns
    -------
    places of a, places of b : (M,) int64
    """
    similarity = a.values @ b.values.T
    there, back = similarity.argmax(axis=0), similarity.argmax(axis=1)
    theirs = np.flatnonzero(back[there] == np.arange(len(there)))
    return there[theirs], theirs


def identity_map(source: Frame, target: Frame) -> PointMap:
    """Carry points of `target` to the same place of `source`, as share of its sides."""
    scale = np.array([source.width / target.width, source.height / target.height])
    return lambda points: resize_points(points, scale)
