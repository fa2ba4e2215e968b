"""A smooth map between two images, registered to grid points that may belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from napari_jcc._types import FloatArray, IntArray
from napari_jcc.registration.grid import GridFeatures
from napari_jcc.registration.match import PairMatch
from napari_jcc.registration.partners import Partners, Start, vote_for_start
from napari_jcc.registration.thin_plate import Bends, SmoothMap, fit_smooth_map


@dataclass(frozen=True)
class RegistrationSettings:
    """How freely a registration may move; lengths in halves of an image's longer side.

    Attributes
    ----------
    temperature
        Difference of cosine similarity that makes a partner e times as likely.
    tolerance
        Distance at which partners may lie from where the map leads, first and last.
    steps
        Fits of the map, with less and less tolerance; bends are allowed in the second
        half.
    ridge
        Price of scaling, rotating and shearing.
    bending
        Price of bending.
    controls
        Control points along each side of the image.
    """

    temperature: float = 0.05
    tolerance: tuple[float, float] = (0.4, 0.08)
    steps: int = 12
    ridge: float = 0.03
    bending: float = 1e-3
    controls: int = 5


@dataclass(frozen=True)
class Registered:
    """A map that was fitted to probable partners.

    Attributes
    ----------
    fitted
        Leads from the target to the source, in their frames.
    near : (M,) float64
        Matching probability of every pair of partners, less the further it is from where
        the map leads.
    partners
        The M pairs.
    """

    fitted: SmoothMap
    near: FloatArray
    partners: Partners

    def agreement(self, places: IntArray, count: int) -> FloatArray:
        """Share of their matching probability that points have where the map leads.

        Parameters
        ----------
        places : (M,)
            Grid point of each pair: `ours` or `theirs` of the partners.
        count
            Points of the grid.
        """
        near, every = (
            np.bincount(places, values, count)
            for values in (self.near, self.partners.chance)
        )
        return np.asarray(near / np.maximum(every, 1e-300))

    def match(self, a: GridFeatures, b: GridFeatures) -> PairMatch:
        """Say the same in pixels of source `a` and target `b`."""
        agreement = self.agreement(self.partners.theirs, len(b.centres))
        tree = cKDTree(b.centres)
        # The partners are many, and not kept with the map.
        fitted, ours, theirs = self.fitted, a.frame, b.frame

        def transfer(points: FloatArray) -> FloatArray:
            return ours.leave(fitted(theirs.enter(points)))

        def confidence(points: FloatArray) -> FloatArray:
            return agreement[tree.query(points)[1]]

        return PairMatch(transfer, confidence)


def propose_start(
    a: GridFeatures, b: GridFeatures, partners: Partners, scales: Sequence[float] = (1.0,)
) -> Start:
    """Let partners vote for a map from target `b` to source `a`, in their frames."""
    ends, starts = a.frame.enter(a.centres), b.frame.enter(b.centres)
    return vote_for_start(
        ends[partners.ours], starts[partners.theirs], partners.chance, scales
    )


def register(
    a: GridFeatures,
    b: GridFeatures,
    partners: Partners,
    settings: RegistrationSettings,
    start: Start,
) -> Registered:
    """Fit the map that leads from target `b` to source `a`, from `start` on.

    Where the start shrinks the target, what the tolerances are measured by shrinks too.
    """
    ends, starts = a.frame.enter(a.centres), b.frame.enter(b.centres)
    linear = start.scale * np.eye(2)
    prior = np.vstack([start.shift, linear])
    fitted = SmoothMap(prior)
    weight = partners.chance

    def gather(values: FloatArray) -> FloatArray:
        """Sum values (M,) of partners by the grid point of the target."""
        sums = np.bincount(partners.theirs, values, len(starts))
        return np.asarray(sums, dtype=np.float64)

    tolerances = np.geomspace(*settings.tolerance, settings.steps) * min(1.0, start.scale)
    for step, tolerance in enumerate(tolerances):
        led = fitted(starts)
        squares = np.square(ends[partners.ours] - led[partners.theirs]).sum(axis=1)
        weight = partners.chance * np.exp(-squares / (2 * tolerance**2))
        near = gather(weight)
        total = np.column_stack([gather(weight * c[partners.ours]) for c in ends.T])
        expected = total / np.maximum(near, 1e-300)[:, None]
        fitted = fit_smooth_map(
            starts,
            expected,
            near + 1e-12,
            prior=prior,
            ridge=settings.ridge,
            bending=settings.bending,
            bends=Bends.on_grid(settings.controls) if 2 * step >= settings.steps else None,
        )
    return Registered(fitted, weight, partners)
