"""Search for the neighbourhood of a landmark of one image in another image."""

from __future__ import annotations

import cv2
import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray

FINE, COARSE = 1.0, 12.0
"""Widths of the two blurs whose difference is compared, in pixels."""
SHARPNESS = 30.0
"""A correlation higher by 1 / SHARPNESS makes a position e times as likely."""
PIXEL_DOUBT = 1.0
"""Variance added to that of the search, in square pixels."""


def filter_image(image: ImageArray, scale: float) -> Float32Array:
    """Reduce an image (H, W, 3) uint8 by `scale` and band-pass filter it, (h, w)."""
    gray = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    # By the factor, not to a size: rounded sides would move points by half a pixel.
    fx, fy = (max(scale, 1 / side) for side in gray.shape[::-1])
    small = cv2.resize(gray, None, fx=fx, fy=fy, interpolation=cv2.INTER_AREA)
    small = small.astype(np.float32)
    fine = cv2.GaussianBlur(small, (0, 0), FINE)
    coarse = cv2.GaussianBlur(fine, (0, 0), COARSE)
    return np.asarray(fine - coarse, dtype=np.float32)


def correlate_around(
    template: Float32Array,
    image: Float32Array,
    start: FloatArray,
    place: FloatArray,
    linear: FloatArray,
    radius: int,
    search: int,
) -> Float32Array:
    """Correlate the neighbourhood of a point with those around a position elsewhere.

    Parameters
    ----------
    template, image : (H, W) float32
        From `filter_image`.
    start : (2,) float64
        The point in `template`, x and y.
    place : (2,) float64
        Centre of the search in `image`, x and y.
    linear : (2, 2) float64
        Linear part of the map from `template` to `image`.
    radius
        Half the width of the neighbourhood, in pixels of `template`.
    search
        Half the width of the search window, in pixels of `template`.

    Returns
    -------
    correlation : (2 search + 1, 2 search + 1) float32
        Normalised correlation in [-1, 1] by displacement in y and x, in pixels of
        `template`.
    """
    reach = radius + search
    corner = place - linear @ np.array([reach, reach])
    window = cv2.warpAffine(
        image,
        np.column_stack([linear, corner]),
        (2 * reach + 1, 2 * reach + 1),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    side = 2 * radius + 1
    patch = cv2.getRectSubPix(template, (side, side), (float(start[0]), float(start[1])))
    found = cv2.matchTemplate(window, patch, cv2.TM_CCOEFF_NORMED)
    # Where nothing varies there is no correlation.
    finite = np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0)
    return np.asarray(finite, dtype=np.float32)


def likelihood(correlation: Float32Array) -> FloatArray:
    """Turn correlations (K, s, s) into probabilities (K, s, s) that sum to 1 per point."""
    top = correlation.max(axis=(1, 2), keepdims=True)
    chance = np.exp(SHARPNESS * (correlation - top).astype(np.float64))
    shares: FloatArray = chance / chance.sum(axis=(1, 2), keepdims=True)
    return shares


def find_peaks(correlation: Float32Array) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of the displacement, with the correlation as log-likelihood.

    Parameters
    ----------
    correlation : (K, s, s) float32
        From `correlate_around`, of K points.

    Returns
    -------
    displacement : (K, 2) float64
        x and y.
    doubt : (K, 2, 2) float64
        Its covariance.
    """
    count, side = correlation.shape[:2]
    chance = likelihood(correlation).reshape(count, -1)
    line = np.arange(side) - side // 2
    places = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2).astype(np.float64)
    mean = chance @ places
    rest = places[None] - mean[:, None]  # (K, s s, 2)
    doubt = np.einsum("kn,kni,knj->kij", chance, rest, rest) + PIXEL_DOUBT * np.eye(2)
    return mean, doubt
