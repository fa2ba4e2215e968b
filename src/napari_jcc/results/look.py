"""What pixels of the object look like in the whole set.

Scores know superpixels and the prior knows one image, so thin ends and narrow gaps are
lost. A classifier of pixels is fitted to the masks of all images and moves every mask
towards what it finds alike; the masks then teach it anew. What a user marked is taught as
it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray, MaskArray
from napari_jcc.features.looks import describe_pixels
from napari_jcc.otsu import otsu_thresholds
from napari_jcc.priors.kernel_ridge import FittedRidge, KernelRidge
from napari_jcc.results.smooth import split_by_otsu

SHARE = 0.5
"""Weight of the classifier in the map that masks are cut from."""
ROUNDS = 3
LANDMARKS = 300
ANYWHERE, ON_OBJECT, MARKED = 1500, 500, 300
"""Pixels of an image that teach: from all of it, more from its mask, which may be small,
and at most so many of each kind of mark."""
TEACHERS = 40
"""Images that are learned from, where the set has more; images with marks all are."""
CORRECTED_WEIGHT = 3.0
MARK_WEIGHT = 20.0
"""How many times a pixel of an image with marks, and a marked pixel, counts."""
_FLAT = 1e-3
"""Least spread of a feature, of hundreds: the colour of gray images tells nothing."""


@dataclass(frozen=True)
class PixelSample:
    """Pixels of an image that teach.

    Attributes
    ----------
    features : (n, D) float32
        As `describe_pixels` gives them.
    blended : (n,) float64
        Map that the mask is cut from, without a classifier.
    weight : (n,) float64
        How much they count; an image without marks has 1 in all.
    decided : (n,) float64
        What the user said of them, 1 object and 0 rest; NaN where nothing.
    """

    features: Float32Array
    blended: FloatArray
    weight: FloatArray
    decided: FloatArray


@dataclass(frozen=True)
class Look:
    """A classifier of pixels.

    Attributes
    ----------
    centre, scale : (D,) float32
        Features minus the one, over the other, are what it sees.
    ridge
        The function of them.
    """

    centre: Float32Array
    scale: Float32Array
    ridge: FittedRidge

    def rate(self, image: ImageArray) -> Float32Array:
        """Rate how much pixels look like the object, (h, w), in [0, 1].

        Parameters
        ----------
        image : (h, w, 3) uint8
            RGB at working size.
        """
        features = describe_pixels(image)
        seen = (features.reshape(-1, len(self.centre)) - self.centre) / self.scale
        found = np.clip(self.ridge.predict(seen), 0, 1)
        return np.asarray(found, np.float32).reshape(image.shape[:2])


def mix_rating(rating: Float32Array, blended: Float32Array) -> Float32Array:
    """Mean of the rating of pixels (h, w) and the map without it, (h, w), to be cut."""
    mixed = SHARE * rating + (1 - SHARE) * blended
    return mixed.astype(np.float32)


def sample_pixels(
    image: ImageArray,
    blended: Float32Array,
    drawn_as: Mapping[float, MaskArray] = MappingProxyType({}),
) -> PixelSample:
    """Choose the pixels of an image that teach, the same ones every time.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB at working size.
    blended : (h, w) float32
        Map that the mask is cut from, without a classifier.
    drawn_as
        Masks (h, w) of what the user marked, by 1 for the object and 0 for the rest.
    """
    generator = np.random.default_rng(0)
    mask = split_by_otsu(blended).ravel()
    inside = np.flatnonzero(mask)
    chosen = [generator.choice(mask.size, ANYWHERE), generator.choice(inside, ON_OBJECT)]
    places = np.concatenate(chosen)
    # By how much likelier a pixel was to be chosen than a pixel of the image at random.
    weight = 1 / (ANYWHERE + ON_OBJECT * mask[places] * (mask.size / len(inside)))
    decided = np.full(len(places), np.nan)
    marks = [(said, np.flatnonzero(drawn)) for said, drawn in drawn_as.items()]
    if any(len(own) for _, own in marks):
        weight *= CORRECTED_WEIGHT
    for said, own in marks:
        if len(own):
            decided[np.isin(places, own)] = said
            some = own[np.linspace(0, len(own) - 1, min(MARKED, len(own))).astype(np.int64)]
            share = MARK_WEIGHT * len(own) / mask.size
            places = np.concatenate([places, some])
            weight = np.concatenate([weight, np.full(len(some), share / len(some))])
            decided = np.concatenate([decided, np.full(len(some), said)])
    features = describe_pixels(image)
    return PixelSample(
        features.reshape(-1, features.shape[-1])[places],
        blended.ravel()[places].astype(np.float64),
        weight,
        decided,
    )


def choose_teachers(count: int, marked: Sequence[int] = ()) -> list[int]:
    """Choose the images that are learned from: `marked` and some spread over the others."""
    spread = np.linspace(0, count - 1, min(count, TEACHERS)).astype(np.int64)
    return sorted({*spread.tolist(), *marked})


def learn_look(samples: Sequence[PixelSample]) -> Look:
    """Fit the classifier to what the maps of images say, and to the marks."""
    features = np.concatenate([sample.features for sample in samples])
    blended = np.concatenate([sample.blended for sample in samples])
    weight = np.concatenate([sample.weight for sample in samples])
    decided = np.concatenate([sample.decided for sample in samples])
    image = np.repeat(np.arange(len(samples)), [len(sample.weight) for sample in samples])
    centre = features.mean(axis=0)
    scale = np.maximum(features.std(axis=0), _FLAT)
    ridge = KernelRidge((features - centre) / scale, LANDMARKS)
    values = blended
    for _ in range(ROUNDS):
        level = otsu_thresholds(values, weight, image, len(samples))[image]
        target = np.where(np.isnan(decided), values > level, decided)
        fitted = ridge.fit(target, weight)
        rated = np.clip(ridge.at_points(fitted), 0, 1)
        values = SHARE * rated + (1 - SHARE) * blended
    return Look(centre, scale, fitted)
