r"""The prior learned anew from masks of the whole set.

One linear classifier of all the encoder's cells, object against rest, is fitted to the
masks of all images: what an image's own mask got wrong and most other images' got right is
put right. Cells on which smoothing left no doubt count most.

The target of cells along the border of an image is rest, whatever the mask says. Objects
are framed, so most of theirs lie inside and outvote the few that are cut off, while shores,
walls and trees run out of the image: what a mask took along of them is unlearned. Where
even so most of what is found runs out of the images at both sides, it is the shore itself,
and the border has to count for more than all that is inside (`FIRM_BORDER_WEIGHT`); or it
is an object that fills its images, of which the border must not be taught.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_jcc._types import Float32Array, FloatArray
from napari_jcc.features import FeatureMap
from napari_jcc.priors.cells import embed_cells, even_out
from napari_jcc.priors.combine import rate_positive
from napari_jcc.threads import one_thread

DIMENSIONS = 64
BORDER, BORDER_WEIGHT = 0.1, 0.5
"""Width of the border on every side, as a share of that side, and the weight of its cells;
a cell that smoothing left no doubt about has 1."""
FIRM_BORDER_WEIGHT = 8.0
"""The weight where most masks run out of their images, and come off by it (`framing`).
Where objects are framed it would cut off what they have in common with the border."""
FREE_BORDER_WEIGHT = 0.0
"""The weight where they stay, as the object fills its images: borders then tell nothing."""
RIDGE = 0.1
"""Share of the mean variance that is added to every direction. From .01 to 1 the mean J of
the classes the settings were chosen on moves by less than 1."""
FLOOR = 0.15
"""Predictions below this are rated 0 in an image's own range. A cell in the middle of the
rest is predicted well below, one on the outline about .5."""
PRIOR, RELATIVE, ABSOLUTE = 0.25, 0.25, 0.5
"""Weights of the prior and of the predictions, twice: scaled to the image's own range, for
images in which the object is predicted faintly, and as they are, so that one threshold
means the same in all images."""


def refit_prior(
    maps: Sequence[FeatureMap],
    masks: Sequence[Float32Array],
    priors: Sequence[Float32Array],
    *,
    last: bool = True,
    cells: Sequence[Float32Array] | None = None,
    border_weight: float = BORDER_WEIGHT,
) -> list[Float32Array]:
    """Rate pixels by the mean of their prior and a classifier of the set's masks.

    Weights are `PRIOR`, `RELATIVE` and `ABSOLUTE`.

    Parameters
    ----------
    maps
        The encoder's descriptors of every image.
    masks : list of (h, w) float32
        1 for object, 0 for rest.
    priors : list of (h, w) float32
        In [0, 1].
    last
        Let cells of an image that look alike share their predictions. That is for the last
        round: the same in every round also spreads what early rounds got wrong.
    cells
        What `embed_cells` makes of the maps in `DIMENSIONS`, where it is known.
    border_weight
        Weight of the cells along the border.

    Returns
    -------
    list of (h, w) float32
        In [0, 1].
    """
    cells = embed_cells(maps, DIMENSIONS) if cells is None else cells
    predicted = _predict(maps, cells, masks, border_weight)
    if last:
        predicted = [even_out(*pair) for pair in zip(cells, predicted, strict=True)]
    rated = []
    for found, values, prior in zip(maps, predicted, priors, strict=True):
        relative = rate_positive(found, values - np.float32(FLOOR), prior.shape)
        absolute = np.clip(found.enlarge(values, prior.shape), 0, 1)
        mean = PRIOR * prior + RELATIVE * relative + ABSOLUTE * absolute
        rated.append(np.asarray(mean, dtype=np.float32))
    return rated


def _predict(
    maps: Sequence[FeatureMap],
    cells: Sequence[Float32Array],
    masks: Sequence[Float32Array],
    border_weight: float,
) -> list[Float32Array]:
    """Predictions of the ridge classifier on the cells of every image, (gh, gw)."""
    grids = [grid.shape[:2] for grid in cells]
    targets = [
        _targets(found.cell_means(mask), border_weight)
        for found, mask in zip(maps, masks, strict=True)
    ]
    features = np.concatenate([grid.reshape(-1, grid.shape[-1]) for grid in cells])
    values = _fit(
        features.astype(np.float64), *map(np.concatenate, zip(*targets, strict=True))
    )
    ends = np.cumsum([height * width for height, width in grids])[:-1]
    parts = np.split(values.astype(np.float32), ends)
    return [part.reshape(grid) for part, grid in zip(parts, grids, strict=True)]


def _targets(shares: Float32Array, border_weight: float) -> tuple[FloatArray, FloatArray]:
    """Targets and weights, (gh gw,) each, of cells with such shares of object, (gh, gw)."""
    target, grid = shares.astype(np.float64), shares.shape
    weight = np.abs(2 * target - 1) + 1e-9
    down, across = (max(1, round(BORDER * cells)) for cells in grid)
    inside = np.zeros(grid, np.bool_)
    inside[down : grid[0] - down, across : grid[1] - across] = True
    return (
        np.where(inside, target, 0.0).ravel(),
        np.where(inside, weight, border_weight).ravel(),
    )


@one_thread
def _fit(features: FloatArray, target: FloatArray, weight: FloatArray) -> FloatArray:
    """Weighted ridge regression of `target` (n,) on `features` (n, D); predictions (n,)."""
    weight = weight / weight.sum()
    mean, level = weight @ features, weight @ target
    centred = features - mean
    gram = (centred * weight[:, None]).T @ centred
    size = len(gram)
    penalty = RIDGE * np.trace(gram) / size + 1e-12
    moment = (centred * weight[:, None]).T @ (target - level)
    return np.asarray(
        centred @ np.linalg.solve(gram + penalty * np.eye(size), moment) + level
    )
