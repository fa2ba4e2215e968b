"""A classifier of pixels, trained on the masks of all images of a set.

Scores belong to superpixels, so thin ends and narrow gaps are lost. The classifier is
fitted to the masks of all images; its mean with the map that masks are cut from gives
better masks, to which it is fitted again. Pixels that a user marked have fixed targets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray, MaskArray
from napari_jcc.features.appearance import describe_pixels
from napari_jcc.otsu import otsu_thresholds
from napari_jcc.priors.kernel_ridge import FittedRidge, KernelRidge
from napari_jcc.results.smooth import split_by_otsu

SHARE = 0.5
"""Weight of the classifier in the map that masks are cut from."""
ROUNDS = 3
LANDMARKS = 300
ANYWHERE, ON_OBJECT, MARKED = 1500, 500, 300
"""Training pixels of an image: from all of it, more from its mask, which may be small, and
at most this many of each kind of mark."""
TRAINING_IMAGES = 40
"""Most images without marks that are trained on; all images with marks are."""
CORRECTED_WEIGHT = 3.0
MARK_WEIGHT = 20.0
"""Weights of a pixel of an image with marks, and of a marked pixel."""
_FLAT = 1e-3
"""Least standard deviation to divide a feature by; the colour of gray images has none."""


@dataclass(frozen=True)
class PixelSample:
    """Training pixels of an image.

    Attributes
    ----------
    features : (n, D) float32
        As `describe_pixels` gives them.
    blended : (n,) float64
        Values of the map that the mask is cut from, without the classifier.
    weight : (n,) float64
        Weights; their sum is 1 in an image without marks.
    decided : (n,) float64
        Marks of the user: 1 object, 0 background, NaN none.
    """

    features: Float32Array
    blended: FloatArray
    weight: FloatArray
    decided: FloatArray


@dataclass(frozen=True)
class PixelClassifier:
    """A kernel ridge classifier of pixels.

    Attributes
    ----------
    centre, scale : (D,) float32
        Mean and standard deviation by which features are standardised.
    ridge
        Function of the standardised features.
    """

    centre: Float32Array
    scale: Float32Array
    ridge: FittedRidge

    def predict(self, image: ImageArray) -> Float32Array:
        """Predict for every pixel how likely it is object, (h, w), in [0, 1].

        Parameters
        ----------
        image : (h, w, 3) uint8
            RGB at working size.
        """
        features = describe_pixels(image)
        seen = (features.reshape(-1, len(self.centre)) - self.centre) / self.scale
        found = np.clip(self.ridge.predict(seen), 0, 1)
        return np.asarray(found, np.float32).reshape(image.shape[:2])


def mix_prediction(rating: Float32Array, blended: Float32Array) -> Float32Array:
    """Weighted mean of the classifier's prediction and the map without it, (h, w) each."""
    mixed = SHARE * rating + (1 - SHARE) * blended
    return mixed.astype(np.float32)


def sample_pixels(
    image: ImageArray,
    blended: Float32Array,
    drawn_as: Mapping[float, MaskArray] = MappingProxyType({}),
) -> PixelSample:
    """Draw the training pixels of an image, with a fixed seed.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB at working size.
    blended : (h, w) float32
        Map that the mask is cut from, without the classifier.
    drawn_as
        Masks (h, w) of the pixels that the user marked, by their target: 1 for object, 0
        for background.
    """
    generator = np.random.default_rng(0)
    mask = split_by_otsu(blended).ravel()
    inside = np.flatnonzero(mask)
    chosen = [generator.choice(mask.size, ANYWHERE), generator.choice(inside, ON_OBJECT)]
    places = np.concatenate(chosen)
    # Inverse of the expected number of times that the pixel is drawn.
    weight = 1 / (ANYWHERE + ON_OBJECT * mask[places] * (mask.size / len(inside)))
    decided = np.full(len(places), np.nan)
    marks = [(target, np.flatnonzero(drawn)) for target, drawn in drawn_as.items()]
    if any(len(own) for _, own in marks):
        weight *= CORRECTED_WEIGHT
    for target, own in marks:
        if len(own):
            decided[np.isin(places, own)] = target
            some = own[np.linspace(0, len(own) - 1, min(MARKED, len(own))).astype(np.int64)]
            share = MARK_WEIGHT * len(own) / mask.size
            places = np.concatenate([places, some])
            weight = np.concatenate([weight, np.full(len(some), share / len(some))])
            decided = np.concatenate([decided, np.full(len(some), target)])
    features = describe_pixels(image)
    return PixelSample(
        features.reshape(-1, features.shape[-1])[places],
        blended.ravel()[places].astype(np.float64),
        weight,
        decided,
    )


def choose_training_images(count: int, marked: Sequence[int] = ()) -> list[int]:
    """Choose the images to train on: `marked`, and some spread evenly over the set."""
    spread = np.linspace(0, count - 1, min(count, TRAINING_IMAGES)).astype(np.int64)
    return sorted({*spread.tolist(), *marked})


def fit_pixel_classifier(samples: Sequence[PixelSample]) -> PixelClassifier:
    """Fit the classifier to the masks of all images and to the marks, in `ROUNDS`."""
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
    return PixelClassifier(centre, scale, fitted)
