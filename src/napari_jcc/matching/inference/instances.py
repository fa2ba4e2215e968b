"""Several maps between two images, proposed by the cells of their descriptions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from napari_jcc.matching.baselines import RegistrationSettings
from napari_jcc.matching.baselines.instances import find_instances
from napari_jcc.matching.network import Transform
from napari_jcc.matching.network.correlation import unit_length
from napari_jcc.matching.network.transforms import EXACT, pixel_centres
from napari_jcc.registration.frame import Frame
from napari_jcc.registration.grid import GridFeatures
from napari_jcc.registration.match import PointMap

LEAST_SCALE = 512 / 240
"""Size of images where several instances are looked for, as multiple of the network's."""
SQUARE = Frame(2, 2)
"""What cells lie on: pixels as wide as half the image, which is 1 in its frame."""


def propose_instances(
    source: Tensor, target: Tensor, most: int
) -> Iterator[tuple[Transform, Transform]]:
    """Propose transformations from target to source points, and from source to target.

    Parameters
    ----------
    source, target : (1, D, h, w)
        Maps of the two images.
    most
        Largest number; see `find_instances`.
    """
    grids = _as_grid(source), _as_grid(target)
    for instance in find_instances(*grids, RegistrationSettings(), most):
        yield (
            _as_transform(instance.forward.transfer, source),
            _as_transform(instance.backward.transfer, source),
        )


def _as_grid(maps: Tensor) -> GridFeatures:
    height, width = maps.shape[2:]
    values = unit_length(maps)[0].flatten(1).T.cpu().numpy().astype(np.float32)
    centres = pixel_centres(height, width, EXACT)[0].numpy()
    step = np.array([2 / width, 2 / height])
    return GridFeatures(values, SQUARE.leave(centres), step, SQUARE)


def _as_transform(transfer: PointMap, like: Tensor) -> Transform:
    """Read a map off at the control points of a spline; the affine part stays at rest."""
    rest = Transform.identity(1, EXACT)
    points = rest.tps.reshape(2, -1).T.numpy()
    moved = SQUARE.enter(transfer(SQUARE.leave(points)))
    tps = torch.from_numpy(moved.T.reshape(1, -1).copy())
    return Transform(rest.affine.to(like), tps.to(like))
