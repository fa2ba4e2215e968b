"""Whether `many` finds drawn nuclei of any size whose width it was not told.

    python benchmarks/object_width.py

Prints the width and polarity that were measured, J in percent, the area of the masks in
that of the nuclei, J of Otsu's threshold of the blurred image, and J with the settings
given after ``--against``.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import cv2
import numpy as np
from skimage.filters import gaussian, threshold_otsu

from napari_jcc import segment
from napari_jcc._types import FloatArray, ImageArray, MaskArray
from napari_jcc.results import JccResult

SIDE = 700
WIDTHS = 0.02, 0.03, 0.05, 0.1, 0.15
BLUR = 1.5


class Look(NamedTuple):
    """How a set is drawn: share of nuclei, their contrast, noise, unevenness of light."""

    cover: float = 0.15
    contrast: float = 0.5
    noise: float = 0.04
    slope: float = 0.4
    gap: float = 1.3


LOOKS = {
    "apart": Look(),
    "faint, in noise": Look(contrast=0.35, noise=0.1),
    "uneven light": Look(slope=1.0),
    "touching": Look(cover=0.4, gap=0.9),
}


def draw_nuclei(
    width: float, look: Look, rng: np.random.Generator
) -> tuple[ImageArray, MaskArray]:
    """Draw bright ellipses of about one width at random places, (SIDE, SIDE) each."""
    body = np.zeros((SIDE, SIDE), np.float32)
    taken = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(20000):
        if (body > 0).mean() >= look.cover:
            break
        radius = width * SIDE / 2 * np.clip(rng.normal(1, 0.12), 0.6, 1.5)
        centre = tuple(int(place) for place in rng.integers(0, SIDE, 2))
        axes = radius * rng.uniform(0.9, 1.1), radius
        angle = rng.uniform(0, 180)
        one, around = np.zeros_like(taken), np.zeros_like(taken)
        for canvas, scale in ((one, 1.0), (around, look.gap)):
            size = tuple(max(1, round(axis * scale)) for axis in axes)
            cv2.ellipse(canvas, centre, size, angle, 0, 360, 1, -1)
        if not (around & taken).any():
            taken |= one
            body[one > 0] = np.maximum(body[one > 0], rng.uniform(0.5, 1.0))
    direction = rng.uniform(-1, 1, 2)
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    tilt: FloatArray = (rows * direction[0] + columns * direction[1]) / np.abs(
        direction
    ).sum()
    texture = cv2.GaussianBlur(
        rng.normal(1, 1, body.shape), (0, 0), 2 + 0.05 * width * SIDE
    )
    body *= (1 + 0.1 * (texture - 1) / texture.std()).astype(np.float32)
    scene = (0.12 + look.contrast * cv2.GaussianBlur(body, (0, 0), 1.5)) * (
        1 + look.slope * tilt
    )
    scene += (
        look.noise
        * rng.standard_normal(scene.shape)
        * np.sqrt(np.maximum(scene, 0.02) / 0.3)
    )
    return (np.clip(scene, 0, 1) * 255).astype(np.uint8), taken > 0


def mean_overlap(masks: list[MaskArray], truth: list[MaskArray]) -> float:
    """Mean J in percent."""
    pairs = zip(masks, truth, strict=True)
    return 100 * float(np.mean([(m & t).sum() / (m | t).sum() for m, t in pairs]))


def threshold(image: ImageArray) -> MaskArray:
    """Cut an image by Otsu's threshold, without the noise of single pixels."""
    blurred = gaussian(image.astype(float), BLUR)
    return np.asarray(blurred > threshold_otsu(blurred))


def masks_of(result: JccResult) -> list[MaskArray]:
    """Masks of a result, (SIDE, SIDE) each."""
    return [image.mask for image in result.images]


def main() -> None:
    """Draw, run and print a row for every kind of set and width."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2, help="in every set")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dark", action="store_true", help="draw dark on bright")
    parser.add_argument("--against", default="", help="settings, separated by commas")
    options = parser.parse_args()
    for name, look in LOOKS.items():
        for width in WIDTHS:
            rng = np.random.default_rng([options.seed, round(1000 * width)])
            drawn = [draw_nuclei(width, look, rng) for _ in range(options.images)]
            images, truth = [image for image, _ in drawn], [mask for _, mask in drawn]
            if options.dark:
                images = [255 - image for image in images]
            result = segment(images, preset="many")
            cells = [name, width, *result.measured.values()]
            masks = masks_of(result)
            cells.append(f"{mean_overlap(masks, truth):.1f}")
            cells.append(f"{np.sum(masks) / np.sum(truth):.2f}")
            cut = [threshold(image) for image, _ in drawn]
            cells.append(f"{mean_overlap(cut, truth):.1f}")
            if options.against:
                overrides = options.against.split(",")
                other = segment(images, preset="many", overrides=overrides)
                cells.append(f"{mean_overlap(masks_of(other), truth):.1f}")
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
