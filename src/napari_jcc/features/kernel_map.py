"""Explicit map of the additive chi-squared kernel."""

from __future__ import annotations

import numpy as np

from napari_jcc._types import Float32Array

PERIOD = 0.65
"""Sampling distance of the spectrum. With three values a bin the kernel is met within 2 %
for x / y between 1/2 and 2, and within 10 % between 1/5 and 5."""


def map_chi2(histograms: Float32Array) -> Float32Array:
    """Map histograms so that dot products are close to the additive chi-squared kernel.

    The kernel sum_d 2 x_d y_d / (x_d + y_d) is homogeneous with the spectrum
    sech(pi omega), which is sampled at 0 and at one period.

    Parameters
    ----------
    histograms : (n, D) float32
        Non-negative.

    Returns
    -------
    mapped : (n, 3 D) float32
        Zero where the histogram is zero.

    References
    ----------
    Vedaldi and Zisserman, "Efficient additive kernels via explicit feature maps",
    PAMI 2012.
    """
    root = np.sqrt(histograms)
    angle = PERIOD * np.log(np.where(histograms > 0, histograms, 1))
    wave = root * np.float32(np.sqrt(2 * PERIOD * _spectrum(PERIOD)))
    mapped: Float32Array = np.concatenate(
        [
            root * np.float32(np.sqrt(PERIOD * _spectrum(0.0))),
            wave * np.cos(angle),
            wave * np.sin(angle),
        ],
        axis=1,
    )
    return mapped


def _spectrum(frequency: float) -> float:
    return float(1 / np.cosh(np.pi * frequency))
