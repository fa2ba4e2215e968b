"""Landmarks of one image, and the affine fits between sets of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from napari_jcc._types import FloatArray, MaskArray
from napari_jcc.words import list_some


@dataclass(frozen=True)
class Landmarks:
    """Numbered points on one image.

    Attributes
    ----------
    image
        Name of the image file, as the table has it.
    points : (K, 2) float64
        x and y in pixels from the top left; NaN where a point is missing.
    confidence : (K,) float64 or None
        In [0, 1], NaN for points that a person placed; None if that is all of them.
    identity
        What a TPS file has as ``ID``; empty for none.
    scale
        Length of a pixel, as a TPS file has it; None if unknown.
    others
        All other lines that a TPS file has of the image, such as curves, word for word.
    """

    image: str
    points: FloatArray
    confidence: FloatArray | None = None
    identity: str = ""
    scale: float | None = None
    others: tuple[str, ...] = ()


def with_placed(found: Landmarks, placed: FloatArray) -> Landmarks:
    """Put points that were placed, (K, 2), NaN for the others, among those found."""
    fixed: MaskArray = np.asarray(np.isfinite(placed).all(axis=1))
    sure = np.ones(len(fixed)) if found.confidence is None else found.confidence
    points = np.where(fixed[:, None], placed, found.points)
    return replace(found, points=points, confidence=np.where(fixed, np.nan, sure))


def describe_outside(placed: Iterable[tuple[str, FloatArray, tuple[int, int]]]) -> str:
    """Say which placed points lie outside of their images; empty where none does.

    Parameters
    ----------
    placed
        Name, points (K, 2), NaN where none was placed, and height and width of images.
    """
    said = []
    for name, points, (height, width) in placed:
        # Pixels reach half of one beyond their centres.
        inside = ((points >= -0.5) & (points <= (width - 0.5, height - 0.5))).all(axis=1)
        outside = np.flatnonzero(np.isfinite(points).all(axis=1) & ~inside) + 1
        if outside.size:
            said.append(f"{name} ({list_some([str(number) for number in outside])})")
    if not said:
        return ""
    return (
        f"Landmarks outside of their image: {list_some(said)}. Move them, unless what they "
        "mark is cut off there."
    )


def shape_size(points: FloatArray) -> float:
    """Root mean square distance of points (K, 2) from their centre."""
    return float(np.sqrt(np.square(points - points.mean(axis=0)).sum(axis=1).mean()))


def fit_affine(
    points: FloatArray, ends: FloatArray, prior: FloatArray, ridge: float
) -> tuple[FloatArray, FloatArray]:
    """Affine map from points (K, 2) to `ends` (K, 2), drawn towards a linear part.

    Parameters
    ----------
    points, ends : (K, 2) float64
        K of at least 1.
    prior : (2, 2) float64
        Linear part that is taken where the points leave it open.
    ridge
        Weight of `prior` as share of the scatter of the points; above 0.

    Returns
    -------
    linear : (2, 2), shift : (2,)
        ``points @ linear.T + shift`` are the ends.
    """
    middle, goal = points.mean(axis=0), ends.mean(axis=0)
    spread = points - middle
    scatter = spread.T @ spread
    price = (ridge * np.trace(scatter) + 1e-9) * np.eye(2)
    linear = np.linalg.solve(scatter + price, spread.T @ (ends - goal) + price @ prior.T).T
    return linear, goal - linear @ middle
