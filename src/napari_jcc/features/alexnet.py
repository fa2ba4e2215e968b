"""Box features of AlexNet's second fully connected layer, as arXiv 1705.06000 used them."""

from __future__ import annotations

import threading
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import cv2
import numpy as np

from napari_jcc._types import Float32Array, ImageArray
from napari_jcc.errors import WeightsError
from napari_jcc.features.encoders.hub import IMAGENET_MEAN, IMAGENET_STD, is_offline
from napari_jcc.features.encoders.load import require_packages
from napari_jcc.features.extractor import RegionDescriptors
from napari_jcc.regions.regions import ImageRegions

if TYPE_CHECKING:
    import torch

SIDE, SIZE = 224, 4096
"""Side of the network's input in pixels, and length of a descriptor."""
BATCH = 32
_LOADING = threading.Lock()


class AlexNetExtractor:
    """Boxes cut out, warped to a square and described by AlexNet; superpixels are not.

    Runs on the CPU: a few boxes an image do not pay for the way to a graphics card.

    Parameters
    ----------
    source
        File, or address of a file, of the weights that torchvision publishes.

    References
    ----------
    Krizhevsky, One weird trick for parallelizing convolutional neural networks,
    arXiv 1404.5997, 2014: the variant with one tower, of which the published weights are.
    """

    name = "alexnet"
    is_histogram = False

    def __init__(self, source: str) -> None:
        self._source = source

    def describe(self, image: ImageArray, regions: ImageRegions) -> RegionDescriptors:
        """Describe boxes (R, 4096); superpixels get no columns, (S, 0).

        Raises
        ------
        WeightsError
            If the weights, or torch, cannot be had.
        """
        return RegionDescriptors(
            superpixels=np.zeros((len(regions.superpixels), 0), np.float32),
            boxes=_describe_boxes(image, regions.boxes, load_alexnet(self._source)),
        )


def load_alexnet(source: str) -> Any:
    """Return the network up to its second fully connected layer; kept once loaded.

    Raises
    ------
    WeightsError
        If the weights, or torch, cannot be had, or are another network's.
    """
    # Threads describe images at the same time; one of them loads.
    with _LOADING:
        return _load(source)


def fingerprint_weights(source: str) -> str:
    """Tell weights apart: by the content of a file, or by address."""
    path = Path(source).expanduser()
    if path.is_file():
        return blake2b(path.read_bytes(), digest_size=20).hexdigest()
    return source


@lru_cache(maxsize=1)
def _load(source: str) -> Any:
    require_packages("torch")
    import torch

    with torch.device("meta"):
        # Shapes alone: the numbers come from the file.
        network = _build()
    weights = _read_weights(source)
    # The last layer names ImageNet's classes, which is not asked for.
    used = {key: value for key, value in weights.items() if "classifier.6" not in key}
    try:
        network.load_state_dict(used, assign=True)
    except RuntimeError as error:
        raise WeightsError(
            f"{source} holds other weights than AlexNet's: {error}. Give "
            "features.alexnet the file that torchvision publishes."
        ) from error
    return network.float().eval()


def _build() -> Any:
    """Layers by the names that they have in torchvision's file."""
    from torch import nn

    def convolution(before: int, after: int, side: int, stride: int = 1) -> list[Any]:
        padding = 2 if side > 3 else 1
        return [nn.Conv2d(before, after, side, stride, padding), nn.ReLU()]

    pool = nn.MaxPool2d(3, 2)
    features = [*convolution(3, 64, 11, 4), pool, *convolution(64, 192, 5), pool]
    features += [*convolution(192, 384, 3), *convolution(384, 256, 3)]
    features += [*convolution(256, 256, 3), pool]
    # Where dropout stands in training, nothing does here; the places keep the names right.
    classifier = [nn.Identity(), nn.Linear(256 * 6 * 6, SIZE), nn.ReLU()]
    classifier += [nn.Identity(), nn.Linear(SIZE, SIZE), nn.ReLU()]
    network = nn.Sequential()
    network.add_module("features", nn.Sequential(*features))
    network.add_module("flat", nn.Flatten())
    network.add_module("classifier", nn.Sequential(*classifier))
    return network


def _read_weights(source: str) -> dict[str, torch.Tensor]:
    import pickle

    import torch

    path = Path(source).expanduser()
    try:
        if path.is_file():
            found = torch.load(path, map_location="cpu", weights_only=True)
        else:
            found = _download(source)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise WeightsError(
            f"AlexNet's weights cannot be had from {source}: {error}. Download the file "
            "alexnet-owt-7be5be79.pth that torchvision publishes once, and give "
            "features.alexnet its path."
        ) from error
    if not isinstance(found, dict):
        raise WeightsError(
            f"{source} holds a {type(found).__name__}, not AlexNet's weights by name. Give "
            "features.alexnet the file that torchvision publishes."
        )
    return found


def _download(address: str) -> Any:
    """Fetch a file, or find it where it was kept the last time."""
    import torch

    if urlparse(address).scheme not in ("http", "https", "file"):
        raise FileNotFoundError("there is no such file, and it is no address")
    kept = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(address).path).name
    if is_offline() and not kept.is_file():
        raise FileNotFoundError(f"HF_HUB_OFFLINE is set and {kept} is missing")
    return torch.hub.load_state_dict_from_url(
        address, map_location="cpu", progress=False, check_hash=True, weights_only=True
    )


def _describe_boxes(image: ImageArray, boxes: Float32Array, network: Any) -> Float32Array:
    """Descriptors (R, 4096) of boxes (R, 4), after the rectifier."""
    import torch

    found = np.zeros((len(boxes), SIZE), np.float32)
    with torch.inference_mode():
        for start in range(0, len(boxes), BATCH):
            crops = [_crop(image, box) for box in boxes[start : start + BATCH]]
            batch = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)
            found[start : start + BATCH] = network(batch).numpy()
    return found


def _crop(image: ImageArray, box: Float32Array) -> Float32Array:
    """Cut a box out, warp it to the network's size and normalise it, (224, 224, 3)."""
    x_min, y_min, x_max, y_max = np.rint(box).astype(int)
    piece = image[y_min : max(y_max, y_min + 1), x_min : max(x_max, x_min + 1)]
    warped = cv2.resize(piece, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    mean, std = np.array(IMAGENET_MEAN), np.array(IMAGENET_STD)
    scaled = (warped.astype(np.float32) / 255 - mean) / std
    return np.asarray(scaled, dtype=np.float32)
