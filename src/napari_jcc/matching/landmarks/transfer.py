"""Transfer of landmarks placed on some images of a set to all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from napari_jcc._types import Float32Array, FloatArray, ImageArray
from napari_jcc.collection.turns import Turn
from napari_jcc.config import MatchingConfig
from napari_jcc.errors import InputError
from napari_jcc.matching.baselines import (
    CachedDescriber,
    PairMatcher,
    RegistrationMatcher,
    SiftDescriber,
)
from napari_jcc.matching.landmarks.appearance import (
    correlate_around,
    filter_image,
    find_peaks,
    likelihood,
)
from napari_jcc.matching.landmarks.initial_points import InitialPointFinder
from napari_jcc.matching.landmarks.prior import ShapePrior
from napari_jcc.matching.landmarks.shapes import Landmarks, fit_affine, shape_size
from napari_jcc.matching.landmarks.turned_images import TurnedImages
from napari_jcc.matching.odd_images import describe_odd_images
from napari_jcc.progress import Progress
from napari_jcc.registration.frame import resize_points

WORKING_SIZE = 160.0
"""Images are reduced until shapes have this size (root mean square), in pixels."""
SMALLEST_SHAPE = 0.1
"""Shapes count as at least this share of the image's longer side."""
SEARCHES = ((0.3, 0.15), (0.2, 0.1), (0.12, 0.06), (0.08, 0.03))
"""Half width of what is compared and reach of the search, as shares of the shape size."""
SURE = (0.08, 0.06, 0.02)
"""Confidence: half width compared, reach of the search, and what counts as close."""
PLACED_RIDGE = 0.05
TEMPLATE_LIMIT = 8
"""Most placed images used as templates; all are used for the shape."""
KEPT_OTHERS = 32
"""Filtered images that are kept besides those of placed images."""


@dataclass(frozen=True)
class _Template:
    """A placed image at working size."""

    name: str
    points: FloatArray
    filtered: Float32Array


class LandmarkTransfer:
    """Transfers landmarks from the images where they were placed to the rest of a set.

    1. A matcher of whole images maps the points of every placed image to the new one,
       along paths through other images too where the direct match is uncertain.
    2. Around these estimates, the neighbourhood of every point in the placed images is
       searched for by normalised correlation, in smaller and smaller windows.
    3. The peaks are weighed against a Gaussian model of the shapes placed so far
       (`ShapePrior`), so that a point without a clear peak follows its neighbours.

    Every image that is placed or corrected adds a template and a shape.

    Parameters
    ----------
    images
        (H, W, 3) uint8 RGB by name; the mapping may read them on access.
    matcher
        Matches whole images; by default `RegistrationMatcher` on gradients, which needs no
        weights.
    through
        Largest number of intermediate images; see ``matching.through``.
    turns
        By name, images that are mirrored or turned beside the others, and how they are
        turned before they are compared; see `find_turns`. Points are about the images as
        they are. None: nobody looked for such images.
    """

    def __init__(
        self,
        images: Mapping[str, ImageArray],
        matcher: PairMatcher | None = None,
        through: int = MatchingConfig().through,
        turns: Mapping[str, Turn] | None = None,
    ) -> None:
        self._turns = turns
        images = self._images = TurnedImages(images, turns or {})
        matcher = matcher or RegistrationMatcher(CachedDescriber(SiftDescriber()))
        self._initial = InitialPointFinder(images, matcher, through)
        self._placed: dict[str, FloatArray] = {}
        self._filtered: dict[str, tuple[float, Float32Array]] = {}

    @property
    def placed(self) -> tuple[str, ...]:
        """Names of the images whose landmarks a person placed or confirmed."""
        return tuple(self._placed)

    def place(self, name: str, points: ArrayLike) -> None:
        """Set the landmarks of an image, in place of earlier ones.

        Parameters
        ----------
        name
            Name of the image.
        points : (K, 2) array-like
            x and y in pixels, all finite.

        Raises
        ------
        InputError
            If there is no such image, points are missing, or their number is another than
            on the images placed before.
        """
        if name not in self._images:
            raise InputError(
                f"There is no image {name!r} in the set; place points on one of its "
                f"{len(self._images)} images."
            )
        values = np.asarray(points, dtype=np.float64)
        if values.ndim != 2 or values.shape[1:] != (2,) or not np.isfinite(values).all():
            raise InputError(
                f"Landmarks of {name} must be finite x and y of at least one point, got "
                f"shape {values.shape}. Place every point, also hidden ones where they "
                "should be."
            )
        counts = {len(other) for key, other in self._placed.items() if key != name}
        if not len(values) or counts - {len(values)}:
            raise InputError(
                f"{name} has {len(values)} points but the images placed before "
                f"{min(counts, default=0)}; place the same points in the same order."
            )
        self._placed[name] = self._images.carry(name, values)

    def remove(self, name: str) -> None:
        """Remove the landmarks placed on an image, if there are any."""
        self._placed.pop(name, None)

    def match(self, progress: Progress) -> None:
        """Match every image with the placed ones in advance, for `predict`.

        Raises
        ------
        WeightsError
            If the encoder behind the matcher cannot be had or used.
        Cancelled
            If the progress was cancelled.
        """
        others = [name for name in self._images if name not in self._placed]
        progress.start("Matching", len(others))
        for name in others:
            for key in self._placed:
                self._initial.pair(name, key)
            progress.advance()

    def predict(self, name: str) -> Landmarks:
        """Find the landmarks of an image.

        Returns
        -------
        landmarks
            Of a placed image the points themselves, without confidence; else predicted
            ones. The confidence is the share of the likelihood in the search window that is
            close to the point: low where the surroundings look alike. Where paths through
            other images were followed, it is multiplied by the share of those that end
            near the point.

        Raises
        ------
        InputError
            If nothing has been placed yet, or there is no such image.
        """
        if name in self._placed:
            return Landmarks(name, self._images.carry_back(name, self._placed[name]))
        if not self._placed or name not in self._images:
            raise InputError(
                f"Nothing can be said about {name!r}: {len(self._placed)} images are "
                f"placed, of {len(self._images)}. Place points on one image first."
            )
        scale = self._scale()
        templates = [
            _Template(key, resize_points(points, scale), self._filter(key, scale))
            for key, points in self._choose(name).items()
        ]
        placed = {t.name: self._placed[t.name] for t in templates}
        initial = self._initial.find(name, placed)
        shape = resize_points(initial.points, scale)
        prior = ShapePrior.of([resize_points(p, scale) for p in self._placed.values()])
        view = _View(templates, self._filter(name, scale), prior)
        size = max(shape_size(templates[0].points), SMALLEST_SHAPE * max(view.image.shape))
        stages = [tuple(max(3, round(part * size)) for part in s) for s in SEARCHES]
        for radius, search in stages:
            shape = view.improve(shape, radius, search)
        points = (shape + 0.5) / scale - 0.5
        sure = view.confidence(shape, size) * initial.agreement(points)
        return Landmarks(name, self._images.carry_back(name, points), sure)

    def describe_odd(self) -> str:
        """Say which images agree with no placed one as is usual; empty if all do.

        Meant to be asked after the landmarks of all images, which have matched them.
        """
        found = [name for name in self._images if name not in self._placed]
        odd = [name for name in found if self._initial.is_odd(name, self._placed)]
        facing = "as_is" if self._turns is None else "any"
        else_do = "place their points by hand"
        return describe_odd_images(odd, len(self._images), else_do, facing)

    def _scale(self) -> float:
        name, points = next(iter(self._placed.items()))
        longer = max(self._images[name].shape[:2])
        size = float(max(shape_size(points), SMALLEST_SHAPE * longer))
        return min(1.0, WORKING_SIZE / size)

    def _choose(self, name: str) -> dict[str, FloatArray]:
        """Choose the placed images to use as templates: those with the best matches."""
        if len(self._placed) <= TEMPLATE_LIMIT:
            return self._placed
        sure = {key: self._initial.pair(name, key).confidence for key in self._placed}
        best = sorted(sure, key=sure.__getitem__, reverse=True)[:TEMPLATE_LIMIT]
        return {key: self._placed[key] for key in best}

    def _filter(self, name: str, scale: float) -> Float32Array:
        kept = self._filtered.get(name)
        if kept is None or kept[0] != scale:  # that changes with the first placed image
            others = [key for key in self._filtered if key not in self._placed]
            for key in others[:-KEPT_OTHERS]:
                del self._filtered[key]
            kept = self._filtered[name] = scale, filter_image(self._images[name], scale)
        return kept[1]


@dataclass(frozen=True)
class _View:
    """An image to find landmarks in, with the templates and the model of their shape."""

    templates: list[_Template]
    image: Float32Array
    prior: ShapePrior

    def improve(self, shape: FloatArray, radius: int, search: int) -> FloatArray:
        """Search near every point, then return the most probable shape, (K, 2)."""
        linear = fit_affine(self.prior.mean, shape, np.eye(2), PLACED_RIDGE)[0]
        displacement, doubt = find_peaks(self._correlate(shape, radius, search))
        found = shape + displacement @ linear.T
        return self.prior.settle(found, linear @ doubt @ linear.T, linear)

    def confidence(self, shape: FloatArray, size: float) -> FloatArray:
        """Share of the likelihood around every point that is close to it, (K,)."""
        radius, search, close = (max(1, round(part * size)) for part in SURE)
        line = np.square(np.arange(-search, search + 1))
        near = line[:, None] + line <= close**2
        chance = likelihood(self._correlate(shape, radius, search))
        sure: FloatArray = np.clip(chance[:, near].sum(axis=1), 0, 1)
        return sure

    def _correlate(self, shape: FloatArray, radius: int, search: int) -> Float32Array:
        """Mean correlation over the placed images, (K, s, s)."""
        side = 2 * search + 1
        total = np.zeros((len(shape), side, side), dtype=np.float32)
        for template in self.templates:
            linear = fit_affine(template.points, shape, np.eye(2), PLACED_RIDGE)[0]
            for k, (start, place) in enumerate(zip(template.points, shape, strict=True)):
                total[k] += correlate_around(
                    template.filtered, self.image, start, place, linear, radius, search
                )
        return total / np.float32(len(self.templates))
