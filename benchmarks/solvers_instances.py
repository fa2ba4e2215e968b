"""Programs of any size to compare solvers on: generated, or grown from real sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage, sparse

from napari_jcc.config import DiscriminativeConfig, ProblemConfig
from napari_jcc.features.extractor import Features
from napari_jcc.problem import JointData, QuadraticProgram, factorise, joint_model

SIDE = 19
"""Superpixels of a generated image stand on a grid of 19 x 19."""
BOXES = 20
SETTINGS = {
    "printed": {"reading": "printed", "nu": 0.005, "mu": 0.001, "superpixel_cost": "log"},
    "cover": {"reading": "cover"},
    "bigm": {"reading": "bigm"},
    "hull": {"reading": "hull"},
    "heavy": {"reading": "cover", "nu": 100.0, "mu": 100.0},
}


def generated(
    images: int, seed: int, setting: str, features: int = 128
) -> QuadraticProgram:
    """Images of one blob each; what lies inside shares a direction in feature space."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    per = SIDE * SIDE
    inside = np.empty((images, per), dtype=bool)
    overlap = np.zeros((images, BOXES, per), dtype=bool)
    for image in range(images):
        centre, radius = rng.uniform(6, 13, 2), rng.uniform(3, 6)
        inside[image] = (
            (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < radius**2
        ).ravel()
        for box in range(BOXES):
            shift, half = rng.normal(0, 2.5, 2), rng.uniform(2, 7, 2)
            held = (abs(rows - centre[0] - shift[0]) <= half[0]) & (
                abs(columns - centre[1] - shift[1]) <= half[1]
            )
            overlap[image, box] = held.ravel()
    keep = overlap.any(axis=2)
    saliency = _saliency(rng, inside)
    data = _data(rng, images, overlap, keep, saliency)
    direction = rng.normal(size=features)
    spectrum = np.arange(1, features + 1) ** -0.75
    described = rng.normal(size=(images * per, features)) * spectrum
    described += inside.ravel()[:, None] * direction * 0.3
    share = (overlap * inside[:, None]).sum(axis=2) / np.maximum(overlap.sum(axis=2), 1)
    boxes = rng.normal(size=(data.box_count, features)) * spectrum
    boxes += share[keep][:, None] * direction * 0.3
    described32, boxes32 = described.astype(np.float32), boxes.astype(np.float32)
    factors = factorise(Features(described32, boxes32), data, DiscriminativeConfig())
    return joint_model(data, factors, ProblemConfig(**SETTINGS[setting])).build()


def _saliency(rng: np.random.Generator, inside: np.ndarray) -> np.ndarray:
    noise = rng.normal(0, 0.2, (len(inside), SIDE, SIDE))
    smooth = np.stack([ndimage.gaussian_filter(plane, 1.0) for plane in noise])
    return np.clip(0.2 + 0.5 * inside + 2 * smooth.reshape(len(inside), -1), 0, 1)


def _data(rng, images, overlap, keep, saliency) -> JointData:
    per = SIDE * SIDE
    index = np.arange(per).reshape(SIDE, SIDE)
    pairs = np.concatenate(
        [
            np.column_stack([index[:, :-1].ravel(), index[:, 1:].ravel()]),
            np.column_stack([index[:-1].ravel(), index[1:].ravel()]),
        ]
    )
    blocks = [sparse.csr_array(overlap[i][keep[i]].astype(float)) for i in range(images)]
    mass = (overlap * saliency[:, None]).sum(axis=2) / saliency.sum(axis=1)[:, None]
    area = overlap.mean(axis=2)
    grid = np.stack(np.mgrid[:SIDE, :SIDE], axis=-1).reshape(-1, 2) * 16.0
    return JointData(
        superpixel_image=np.repeat(np.arange(images), per),
        box_image=np.repeat(np.arange(images), keep.sum(axis=1)),
        area=np.full(images * per, 1 / per),
        colour=rng.uniform(0, 255, (images * per, 3)),
        centre=np.tile(grid, (images, 1)),
        neighbours=np.concatenate([pairs + i * per for i in range(images)]),
        saliency=saliency.ravel(),
        overlap=sparse.csr_array(sparse.block_diag(blocks, format="csr")),
        box_area=area[keep],
        box_excess=(mass - area)[keep],
        box_saliency=(
            (overlap * saliency[:, None]).sum(axis=2) / overlap.sum(axis=2).clip(1)
        )[keep],
        image_count=images,
    )


def real(root: Path, sets: str, images: int, seed: int, setting: str) -> QuadraticProgram:
    """Superpixels, boxes and features of labelled sets, repeated with jitter for growth."""
    from sets import load_sets

    from napari_jcc.collection import ImageCollection
    from napari_jcc.config import JccConfig
    from napari_jcc.features import combine, describe_image
    from napari_jcc.problem import gather
    from napari_jcc.regions import find_boxes, find_overlap, find_saliency, find_superpixels
    from napari_jcc.regions.regions import ImageRegions

    config = JccConfig()
    regions, described = [], []
    files = [file for found in load_sets(root, sets.split(",")) for file in found.images]
    collection = ImageCollection.from_files(files[:images])
    superpixel_config = config.superpixels.model_copy(update={"count": 380})
    for number in range(len(collection)):
        image = collection.working_image(number)
        superpixels = find_superpixels(image, superpixel_config)
        saliency = find_saliency(image, superpixels, config.saliency)
        boxes, excess = find_boxes(image, superpixels, saliency, config.boxes)
        overlap = find_overlap(superpixels, boxes)
        found = ImageRegions(superpixels, saliency, boxes, excess, overlap)
        if len(boxes):
            regions.append(found)
            described.append(describe_image(image, found, config.features))
    order = np.arange(images) % len(regions)
    data = gather([regions[i] for i in order])
    features = combine([described[i] for i in order], config.features)
    rng = np.random.default_rng(seed)
    jittered = [
        part + (0.05 * part.std(axis=0) * rng.normal(size=part.shape)).astype(np.float32)
        for part in (features.superpixels, features.boxes)
    ]
    factors = factorise(Features(*jittered), data, config.discriminative)
    return joint_model(data, factors, ProblemConfig(**SETTINGS[setting])).build()
