"""AlexNet's box features, with weights written by the test."""

import cv2
import numpy as np
import pytest

from napari_jcc.config import FeatureConfig
from napari_jcc.errors import WeightsError
from napari_jcc.features import describe_image
from napari_jcc.features.alexnet import fingerprint_weights, load_alexnet

torch = pytest.importorskip("torch", reason="AlexNet needs torch")

SHAPES = {
    "features.0": (64, 3, 11, 11),
    "features.3": (192, 64, 5, 5),
    "features.6": (384, 192, 3, 3),
    "features.8": (256, 384, 3, 3),
    "features.10": (256, 256, 3, 3),
    "classifier.1": (4096, 9216),
    "classifier.4": (4096, 4096),
    "classifier.6": (1000, 4096),
}
"""Layers of the file that torchvision publishes."""


def make_weights():
    """Random weights, of rank one where they are large so that the file is small."""
    generator = torch.Generator().manual_seed(0)
    weights = {}
    for layer, shape in SHAPES.items():
        spread = (*shape[:1], 1) if len(shape) == 2 else shape
        values = torch.randn(spread, generator=generator) / np.sqrt(np.prod(shape[1:]))
        weights[f"{layer}.weight"] = values.expand(shape)
        weights[f"{layer}.bias"] = torch.randn(shape[:1], generator=generator) / 10
    return weights


@pytest.fixture(scope="module")
def weights():
    return make_weights()


@pytest.fixture(scope="module")
def file(weights, tmp_path_factory):
    path = tmp_path_factory.mktemp("alexnet") / "weights.pth"
    torch.save(weights, path)
    return path


def run_by_hand(weights, image):
    """The layers one by one, for an image (224, 224, 3) uint8."""
    f = torch.nn.functional
    x = (
        torch.from_numpy((image / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225])
        .float()
        .permute(2, 0, 1)[None]
    )
    steps = [("0", 4, 2, True), ("3", 1, 2, True), ("6", 1, 1, False)]
    steps += [("8", 1, 1, False), ("10", 1, 1, True)]
    for name, stride, padding, pools in steps:
        layer = f"features.{name}"
        x = f.conv2d(
            x, weights[f"{layer}.weight"], weights[f"{layer}.bias"], stride, padding
        )
        x = f.relu(x)
        x = f.max_pool2d(x, 3, 2) if pools else x
    x = x.flatten(1)
    for layer in ("classifier.1", "classifier.4"):
        x = f.relu(f.linear(x, weights[f"{layer}.weight"], weights[f"{layer}.bias"]))
    return x[0].numpy()


def test_boxes_are_cut_out_and_described_by_the_second_full_layer(
    file, weights, regions_of
):
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    boxes = [[0, 0, 60, 40], [10, 5, 30, 25]]
    regions = regions_of(np.arange(2400).reshape(40, 60) // 800, boxes)
    config = FeatureConfig(superpixels=("lab",), boxes=("alexnet",), alexnet=str(file))
    found = describe_image(image, regions, config)["alexnet"]
    assert found.superpixels.shape == (3, 0)
    assert found.boxes.shape == (2, 4096)
    for box, values in zip(boxes, found.boxes, strict=True):
        piece = image[box[1] : box[3], box[0] : box[2]]
        expected = run_by_hand(weights, cv2.resize(piece, (224, 224)))
        np.testing.assert_allclose(values, expected, rtol=1e-3, atol=1e-4)
    assert np.abs(found.boxes[0] - found.boxes[1]).max() > 1e-3


def test_an_image_without_boxes_has_no_descriptors(file, regions_of):
    regions = regions_of(np.zeros((8, 8), int))
    config = FeatureConfig(boxes=("alexnet",), alexnet=str(file))
    image = np.zeros((8, 8, 3), np.uint8)
    assert describe_image(image, regions, config)["alexnet"].boxes.shape == (0, 4096)


def test_weights_of_another_network_are_refused(tmp_path):
    torch.save({"features.0.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="other weights"):
        load_alexnet(str(tmp_path / "other.pth"))


@pytest.mark.parametrize("content", [b"no weights", b""])
def test_a_damaged_file_says_what_to_do(tmp_path, content):
    path = tmp_path / "broken.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"features\.alexnet"):
        load_alexnet(str(path))


@pytest.mark.parametrize("source", ["nowhere.pth", "file:///nowhere/alexnet.pth"])
def test_weights_that_cannot_be_had_say_what_to_do(source, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with pytest.raises(WeightsError, match=r"Download the file .* features\.alexnet"):
        load_alexnet(source)


def test_nothing_is_fetched_offline(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WeightsError, match="HF_HUB_OFFLINE is set"):
        load_alexnet("https://example.org/alexnet.pth")


def test_weights_fetched_before_are_used_offline(file, tmp_path, monkeypatch):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "kept.pth").write_bytes(file.read_bytes())
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert load_alexnet("https://example.org/kept.pth") is not None


def test_the_fingerprint_is_of_the_content(file, tmp_path):
    copy = tmp_path / "copy.pth"
    copy.write_bytes(file.read_bytes())
    assert fingerprint_weights(str(copy)) == fingerprint_weights(str(file))
    copy.write_bytes(b"other")
    assert fingerprint_weights(str(copy)) != fingerprint_weights(str(file))
