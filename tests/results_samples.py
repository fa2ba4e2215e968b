"""Small results made by hand, and the pictures they belong to."""

from typing import Any

import numpy as np

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.sources import ArraySource
from napari_jcc.config import JccConfig
from napari_jcc.results.result import ImageResult, JccResult


def image_result(name: str = "cow", shape: tuple[int, int] = (12, 20), **changes: Any):
    """One image whose object fills the middle, rows 3 to 8 and columns 5 to 14."""
    mask = np.zeros(shape, bool)
    mask[3:9, 5:15] = True
    values = {
        "name": name,
        "mask": mask,
        "box": np.array([5, 3, 15, 9], np.float32),
        "box_score": 0.75,
        "superpixel_scores": np.array([0, 1], np.float32),
        "candidate_boxes": np.array([[5, 3, 15, 9]], np.float32),
        "candidate_scores": np.ones(1, np.float32),
        "label_map": mask.astype(np.int32),
        "saliency_map": mask.astype(np.float32),
    }
    return ImageResult(**{**values, **changes})


def empty_image_result(name: str = "fog"):
    """One image without an answer."""
    return image_result(
        name,
        mask=np.zeros((12, 20), bool),
        box=np.full(4, np.nan, np.float32),
        box_score=0.0,
        warning="No box survived; the answer is empty.",
    )


def result_of(*images: ImageResult, **changes: Any) -> JccResult:
    """A result of `images` with the default settings."""
    return JccResult(images, **{"config": JccConfig(), **changes})


class Pictures(ImageCollection):
    """Noise in place of photographs, in files that need not be there."""

    def __init__(self, result: JccResult, folder: str = "") -> None:
        noise = [
            np.random.default_rng(number).integers(60, 200, (*image.mask.shape, 3))
            for number, image in enumerate(result.images)
        ]
        sources = tuple(ArraySource(picture.astype(np.uint8), True) for picture in noise)
        super().__init__(sources, tuple(image.name for image in result.images))
        object.__setattr__(self, "_folder", folder)

    def location(self, index: int) -> str:
        return f"{self._folder}/{self.names[index]}.jpg" if self._folder else ""
