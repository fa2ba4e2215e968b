"""A network small enough to train in a test, and images with the same blob in each."""

import numpy as np

from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, apply_overrides

TINY = {
    "network.input_size": 64,
    "network.grid": 12,
    "network.head_channels": [8, 8],
    "network.decoder_channels": [8, 8, 8],
    "synthetic.steps": 4,
    "synthetic.batch": 2,
    "training.mask_steps": 2,
    "training.epochs": 2,
    "training.batch": 2,
    "training.agreed_steps": 0,
    "training.check_every": 2,
    "training.device": "cpu",
}


def tiny_config(changes=None):
    return apply_overrides(MatchConfig(), {**TINY, **(changes or {})})


def blob_images(count, seed=0):
    """Images of one red blob each on noise, at a random place, and of several sizes."""
    generator = np.random.default_rng(seed)
    images = []
    for number in range(count):
        height, width = 50 + 3 * number, 70
        image = generator.integers(0, 90, (height, width, 3)).astype(np.uint8)
        y, x = np.mgrid[:height, :width]
        centre = generator.uniform(0.35, 0.65, 2) * (height, width)
        image[np.hypot(y - centre[0], x - centre[1]) < 12] = (220, 60, 40)
        images.append(image)
    return images


def blobs(count=4):
    return ImageCollection.from_arrays(blob_images(count))
