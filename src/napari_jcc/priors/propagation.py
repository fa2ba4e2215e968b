r"""Priors propagated between images that match.

Hangars and hair are in many images, but seldom where another image has them too. So every
image is registered, as a whole and perhaps mirrored, to those whose objects look most like
its own. Their priors there, where cells agree with the registration, count beside its own
prior. Masks are then learned from the result: those that are each a little
wrong in their own way do no harm, those that are wrong in the same way in most images do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray
from napari_jcc.features import FeatureMap
from napari_jcc.registration.frame import Frame
from napari_jcc.registration.grid import GridFeatures
from napari_jcc.registration.partners import Partners, Start, find_partners, unit_length
from napari_jcc.registration.register import (
    RegistrationSettings,
    propose_start,
    register,
)
from napari_jcc.threads import one_thread

DIMENSIONS = 48
"""Of the cells that images are matched by."""
LEAST_CELLS = 8
"""Along a side; of a map with fewer, cells are not joined two by two."""
OBJECT_CELLS = 25
"""Cells of every image, those with the highest prior, by which images are compared."""
SETTINGS = RegistrationSettings(steps=6)
ANYWHERE = 0.15
"""Weight of partners neither of which is object; two that both are have about 1."""
REACH = 0.2
"""Distance from the start, in halves of the longer side, at which partners vote for it."""
DOUBT = 0.02
"""Weight of an image's prior where its cells do not agree with the map; 1 where all do."""
HIGH_PERCENTILE = 99.0


@dataclass(frozen=True)
class MatchedView:
    """An image prepared for matching.

    Attributes
    ----------
    prior : (h, w) float32
        In [0, 1].
    cells
        Descriptors; of an encoder's, two by two cells joined.
    grid
        The same, as it is registered, in pixels of the image that was described.
    weights : (n,) float64
        Mean prior of every cell.
    """

    prior: Float32Array
    cells: FeatureMap
    grid: GridFeatures
    weights: FloatArray

    def enlarge(self, values: FloatArray) -> Float32Array:
        """Interpolate a value per cell, (n,), to the pixels of the prior, (h, w)."""
        grid = values.reshape(self.cells.values.shape[:2]).astype(np.float32)
        return self.cells.enlarge(grid, self.prior.shape)


class PairEvidence(NamedTuple):
    """What one matched image says about the cells of another.

    Attributes
    ----------
    agreement : (n,) float64
        Share of a cell's probable partners where the map leads; 0 beyond the other image.
    warped : (n,) float32
        The other image's prior there.
    support
        Probability of all partners where the map leads.
    """

    agreement: FloatArray
    warped: Float32Array
    support: float


def view_images(
    maps: Sequence[FeatureMap], priors: Sequence[Float32Array]
) -> tuple[MatchedView, ...]:
    """Prepare the images of a set for matching.

    Parameters
    ----------
    maps
        Descriptors of every image, centred over the set.
    priors : list of (h, w) float32
        In [0, 1].
    """
    return tuple(map(view_image, map(_join_cells, maps), priors))


def view_image(cells: FeatureMap, prior: Float32Array) -> MatchedView:
    """Prepare an image for matching, cell by cell.

    Parameters
    ----------
    cells
        Its descriptors, comparable in length.
    prior : (h, w) float32
        In [0, 1].
    """
    height, width = cells.size
    axes = np.meshgrid(cells.centres(1) * width, cells.centres(0) * height)
    centres = np.stack(axes, axis=-1).reshape(-1, 2) - 0.5
    down, across = cells.interpolation(prior.shape)
    area = np.outer(down.sum(axis=0), across.sum(axis=0))
    weights = (down.T @ prior @ across / np.maximum(area, 1e-6)).ravel()
    grid = GridFeatures(
        cells.values.reshape(len(centres), -1).astype(np.float32),
        centres,
        np.full(2, cells.stride, np.float64),
        Frame(height, width),
    )
    return MatchedView(prior, cells, grid, weights.astype(np.float64))


@one_thread
def choose_matches(views: Sequence[MatchedView], count: int) -> list[list[int]]:
    """Find for every image the `count` others whose objects look most like its own.

    The cells with the highest priors are compared, each with its most similar cell among
    those of the other image.

    Returns
    -------
    list of list of int
        Places of the others, the most alike first; fewer where there are no more.
    """
    most = min(OBJECT_CELLS, *(len(view.weights) for view in views))
    best = [np.argsort(-view.weights, kind="stable")[:most] for view in views]
    objects = np.stack(
        [unit_length(own.grid.values[kept]) for own, kept in zip(views, best, strict=True)]
    )
    shares = np.stack(
        [own.weights[kept] + 1e-9 for own, kept in zip(views, best, strict=True)]
    )
    shares /= shares.sum(axis=1, keepdims=True)
    everything = objects.reshape(-1, objects.shape[-1])
    alike = np.stack(
        [
            share @ (own @ everything.T).reshape(most, len(views), most).max(axis=2)
            for own, share in zip(objects, shares, strict=True)
        ]
    )
    alike = alike + alike.T
    np.fill_diagonal(alike, -np.inf)
    order = np.argsort(-alike, axis=1, kind="stable")
    return [[int(place) for place in row[: min(count, len(views) - 1)]] for row in order]


def match_views(own: MatchedView, other: MatchedView) -> PairEvidence | None:
    """Register `other` to `own`; None where nothing in them is alike."""
    partners = find_partners(other.grid, own.grid, SETTINGS.temperature)
    if not len(partners.chance):
        return None
    ours, theirs = other.weights[partners.ours], own.weights[partners.theirs]
    chance = partners.chance * (ANYWHERE + ours) * (ANYWHERE + theirs)
    partners = replace(partners, chance=chance)
    # An encoder sees much the same in the mirror, so only the places change.
    ways = [(grid, *_vote(grid, own.grid, partners)) for grid in _both_ways(other.grid)]
    number = int(np.argmax([votes for _, _, votes in ways]))
    source, start, _ = ways[number]
    there = register(source, own.grid, partners, SETTINGS, start)
    starts = own.grid.frame.enter(own.grid.centres)
    frame = source.frame
    ends = (frame.leave(there.fitted(starts)) + 0.5) / [frame.width, frame.height]
    if number:
        ends[:, 0] = 1 - ends[:, 0]
    inside = ((ends >= 0) & (ends <= 1)).all(axis=1)
    agreement = there.agreement(partners.theirs, len(starts))
    return PairEvidence(
        np.where(inside, agreement, 0.0),
        np.where(inside, _sample(other.prior, ends), np.float32(0)),
        float(there.near.sum()),
    )


@one_thread
def propagate_prior(own: MatchedView, others: Sequence[MatchedView]) -> Float32Array:
    """Combine a prior with those of matched images at the corresponding places.

    Returns
    -------
    (h, w) float32
        In [0, 1]; the own prior where no other image shows anything alike.
    """
    found = [
        evidence for other in others if (evidence := match_views(own, other)) is not None
    ]
    if not found:
        return own.prior
    agreement, warped = (np.stack(part) for part in list(zip(*found, strict=True))[:2])
    support = np.array([evidence.support for evidence in found])
    weights = (agreement + DOUBT) * (support / max(support.max(), 1e-300))[:, None]
    weights += 1e-12
    others_mean = own.enlarge((weights * warped).sum(axis=0) / weights.sum(axis=0))
    agreed = own.enlarge(agreement.mean(axis=0))
    # The less images agree anywhere, the more is left to the priors themselves.
    top = min(max(float(np.percentile(agreed, HIGH_PERCENTILE)), 0.0), 1.0)
    mean = (1 - np.float32(np.sqrt(top))) * (own.prior + others_mean) / 2 + agreed
    return np.minimum(mean, 1).astype(np.float32)


def _join_cells(found: FeatureMap) -> FeatureMap:
    """Mean of every two by two cells, each of unit length; an odd row or column is left."""
    values = unit_length(found.values.astype(np.float32))
    rows, columns, size = values.shape
    if min(rows, columns) < LEAST_CELLS:
        return replace(found, values=values.astype(np.float16))
    half = rows // 2, columns // 2
    parts = values[: 2 * half[0], : 2 * half[1]].reshape(half[0], 2, half[1], 2, size)
    return FeatureMap(
        parts.mean(axis=(1, 3)).astype(np.float16),
        2 * found.stride,
        found.offset + found.stride / 2,
        found.size,
    )


def _both_ways(grid: GridFeatures) -> tuple[GridFeatures, GridFeatures]:
    """Return a grid as it is, and as if its image were mirrored."""
    mirrored = grid.centres * [-1, 1] + [grid.frame.width - 1, 0]
    return grid, replace(grid, centres=mirrored)


def _vote(a: GridFeatures, b: GridFeatures, partners: Partners) -> tuple[Start, float]:
    """Start of a registration, and how much of the partners is near it."""
    start = propose_start(a, b, partners)
    ends, starts = a.frame.enter(a.centres), b.frame.enter(b.centres)
    shifts = ends[partners.ours] - starts[partners.theirs] - start.shift
    near = np.exp(-np.square(shifts).sum(axis=1) / (2 * REACH**2))
    return start, float(partners.chance @ near)


def _sample(prior: Float32Array, places: FloatArray) -> Float32Array:
    """Bilinear values of a prior (h, w) at places (n, 2), x and y as shares of it."""
    height, width = prior.shape
    x, y = (places * [width, height] - 0.5).astype(np.float32).T
    found = cv2.remap(
        prior, x[None], y[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(found[0], dtype=np.float32)
