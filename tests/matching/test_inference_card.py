"""The matching network keeps to one device: a card that tensors claim, or a real one."""

import numpy as np
import pytest

from matching.tiny import blobs, tiny_config

torch = pytest.importorskip("torch", reason="the matching network needs torch")
pytest.importorskip("lightning_fabric", reason="matching needs lightning-fabric")

from napari_jcc.matching import Matcher  # noqa: E402
from napari_jcc.matching.network.model import build_network  # noqa: E402


def match(device):
    config = tiny_config({"matching.instances": 2})
    network = build_network(config.network, device, 0)
    matcher, images = Matcher(network, config, has_masks=True), blobs(2)
    pairs = matcher.match(images, [(0, 1)])
    numbers = [np.r_[pair.theta_affine, pair.theta_tps.ravel()] for pair in pairs]
    return np.concatenate([*numbers, *map(np.ravel, matcher.probabilities(images))])


def test_images_are_matched_on_one_device(card):
    with card as claimed:
        found = match("cuda")
    assert claimed is None or claimed.waits, "nothing ran on the claimed card"
    # A real card rounds what it convolves to 10 bits.
    np.testing.assert_allclose(found, match("cpu"), atol=1e-5 if claimed else 2e-2)
