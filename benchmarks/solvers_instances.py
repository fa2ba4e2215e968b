"""Programs of any size to compare solvers on: generated, or grown from real sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage, sparse

from napari_jcc.config import DiscriminativeConfig, ProblemConfig
from napari_jcc.features.streaming import Features
from napari_jcc.problem import JointFactors, QuadraticProgram, factorise, joint_model
from napari_jcc.problem.data import JointData

HEIGHT, WIDTH = 19, 20
"""Superpixels of a generated image stand on a grid."""
PER_IMAGE = HEIGHT * WIDTH
BOXES = 20
DIMENSIONS = 128
SETTINGS = {
    "printed": {"reading": "printed", "nu": 0.005, "mu": 0.001, "superpixel_cost": "log"},
    "cover": {"reading": "cover"},
    "bigm": {"reading": "bigm"},
    "hull": {"reading": "hull"},
    "heavy": {"reading": "cover", "nu": 100.0, "mu": 100.0},
}


def generated(
    images: int, seed: int, setting: str, storage: str = "float64"
) -> QuadraticProgram:
    """Images of one blob each; what lies inside shares a direction in feature space."""
    data, factors = generated_parts(images, seed, storage)
    return joint_model(data, factors, ProblemConfig(**SETTINGS[setting])).build()


def generated_parts(
    images: int, seed: int, storage: str = "float64"
) -> tuple[JointData, JointFactors]:
    """Pieces and factors of a generated set, which programs of any setting share."""
    drawn = [_draw(np.random.default_rng([seed, number])) for number in range(images)]
    inside, overlap, saliency = (np.stack(parts) for parts in zip(*drawn, strict=True))
    keep = overlap.any(axis=2)
    data = _data(np.random.default_rng(seed), images, overlap, keep, saliency)
    share = (overlap * inside[:, None]).sum(axis=2) / np.maximum(overlap.sum(axis=2), 1)
    features = Features(
        _Described([seed, 1], inside.astype(float)),
        _Described([seed, 2], [share[i][keep[i]] for i in range(images)]),
    )
    config = DiscriminativeConfig(storage=storage)
    return data, factorise(features, data, config)


def _draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Object, boxes around it, and noisy saliency of one image."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    centre, radius = rng.uniform(6, 13, 2), rng.uniform(3, 6)
    inside = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < radius**2
    shift, half = rng.normal(0, 2.5, (BOXES, 2)), rng.uniform(2, 7, (BOXES, 2))
    away_y = abs(rows - centre[0] - shift[:, 0, None, None])
    away_x = abs(columns - centre[1] - shift[:, 1, None, None])
    held = (away_y <= half[:, 0, None, None]) & (away_x <= half[:, 1, None, None])
    noise = ndimage.gaussian_filter(rng.normal(0, 0.2, (HEIGHT, WIDTH)), 1.0)
    saliency = np.clip(0.2 + 0.5 * inside + 2 * noise, 0, 1)
    return inside.ravel(), held.reshape(BOXES, -1), saliency.ravel()


class _Described(Sequence[np.ndarray]):
    """Features drawn image by image, the same whenever they are read."""

    def __init__(self, seed: list[int], shares: Sequence[np.ndarray]) -> None:
        self.seed, self.shares = seed, shares
        self.direction = 0.3 * np.random.default_rng(seed[0]).normal(size=DIMENSIONS)
        self.spectrum = np.arange(1, DIMENSIONS + 1) ** -0.75

    def __len__(self) -> int:
        return len(self.shares)

    def __getitem__(self, number: int) -> np.ndarray:
        if not 0 <= number < len(self):
            raise IndexError(number)
        rng = np.random.default_rng([*self.seed, number])
        share = self.shares[number]
        drawn = rng.normal(size=(len(share), DIMENSIONS)) * self.spectrum
        return (drawn + share[:, None] * self.direction).astype(np.float32)


def _data(rng, images, overlap, keep, saliency) -> JointData:
    index = np.arange(PER_IMAGE).reshape(HEIGHT, WIDTH)
    pairs = np.concatenate(
        [
            np.column_stack([index[:, :-1].ravel(), index[:, 1:].ravel()]),
            np.column_stack([index[:-1].ravel(), index[1:].ravel()]),
        ]
    )
    blocks = [sparse.csr_array(overlap[i][keep[i]].astype(float)) for i in range(images)]
    mass = (overlap * saliency[:, None]).sum(axis=2) / saliency.sum(axis=1)[:, None]
    area = overlap.mean(axis=2)
    grid = np.stack(np.mgrid[:HEIGHT, :WIDTH], axis=-1).reshape(-1, 2) * 16.0
    mean = (overlap * saliency[:, None]).sum(axis=2) / overlap.sum(axis=2).clip(1)
    return JointData(
        superpixel_image=np.repeat(np.arange(images), PER_IMAGE),
        box_image=np.repeat(np.arange(images), keep.sum(axis=1)),
        area=np.full(images * PER_IMAGE, 1 / PER_IMAGE),
        colour=rng.uniform(0, 255, (images * PER_IMAGE, 3)),
        centre=np.tile(grid, (images, 1)),
        neighbours=np.concatenate([pairs + i * PER_IMAGE for i in range(images)]),
        saliency=saliency.ravel(),
        overlap=sparse.csr_array(sparse.block_diag(blocks, format="csr")),
        box_area=area[keep],
        box_merit=(mass - area)[keep],
        box_saliency=mean[keep],
        image_count=images,
    )


def real(root: Path, sets: str, images: int, seed: int, setting: str) -> QuadraticProgram:
    """Superpixels, boxes and features of labelled sets, repeated with jitter for growth."""
    from sets import load_sets

    from napari_jcc.collection import ImageCollection
    from napari_jcc.config import JccConfig
    from napari_jcc.features import describe_image, stream
    from napari_jcc.pipeline import Run
    from napari_jcc.problem import gather

    # By selective search, as when the tables of docs/benchmarks/solvers.md were printed.
    config = JccConfig(superpixels={"count": 380}, boxes={"method": "auto"})
    files = [file for found in load_sets(root, sets.split(",")) for file in found.images]
    run = Run(ImageCollection.from_files(files[:images]), config, formulation=None).finish()
    pieces = [
        pair for pair in zip(run.images, run.regions, strict=True) if len(pair[1].boxes)
    ]
    regions = [found for _, found in pieces]
    described = [describe_image(*pair, config.features) for pair in pieces]
    order = np.arange(images) % len(regions)
    data = gather([regions[i] for i in order])
    features = stream([described[i] for i in order], config.features)
    rng = np.random.default_rng(seed)
    jittered = [
        part + (0.05 * part.std(axis=0) * rng.normal(size=part.shape)).astype(np.float32)
        for part in map(np.concatenate, (features.superpixels, features.boxes))
    ]
    factors = factorise(Features(*jittered), data, config.discriminative)
    return joint_model(data, factors, ProblemConfig(**SETTINGS[setting])).build()
