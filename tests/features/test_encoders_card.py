"""Encoders of Transformers keep to one device, by tensors that claim to be on another.

A file of torch.export cannot be moved to a claimed card, as it holds tensors without
numbers.
"""

import numpy as np
import pytest

from encoders import save_transformer

torch = pytest.importorskip("torch", reason="torch is not installed")

from claimed_device import ClaimedCard  # noqa: E402
from napari_jcc.features.encoders.hub import HubEncoder  # noqa: E402


@pytest.mark.filterwarnings("ignore:CUDA is not available")
@pytest.mark.parametrize("patches", [True, False], ids=["tokens", "states"])
def test_an_encoder_works_on_one_device(tmp_path, monkeypatch, patches):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = save_transformer(tmp_path, patches=patches)
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (2, 56, 84, 3), dtype=np.uint8)
    with ClaimedCard() as card:
        found = HubEncoder(str(folder), "cuda", 16).encode(images)
    assert card.waits["to"] == 1, "maps come back once"
    expected = HubEncoder(str(folder), "cpu", 16).encode(images)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=1e-3)
