"""Encoders keep to one device: a card that tensors claim, or a real one.

A file of torch.export cannot be moved to a claimed card, as it holds tensors without
numbers.
"""

import numpy as np
import pytest

from encoders import export_network, save_transformer

torch = pytest.importorskip("torch", reason="torch is not installed")

from napari_jcc.features.encoders.hub import HubEncoder  # noqa: E402
from napari_jcc.features.encoders.program import ProgramEncoder  # noqa: E402


@pytest.mark.filterwarnings("ignore:CUDA is not available")
@pytest.mark.parametrize("patches", [True, False], ids=["tokens", "states"])
def test_an_encoder_works_on_one_device(tmp_path, monkeypatch, patches, card):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = save_transformer(tmp_path, patches=patches)
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (2, 56, 84, 3), dtype=np.uint8)
    with card as claimed:
        found = HubEncoder(str(folder), "cuda", 16).encode(images)
    assert claimed is None or claimed.waits["to"] == 1, "maps come back once"
    expected = HubEncoder(str(folder), "cpu", 16).encode(images)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=1e-3 if claimed else 5e-2)


@pytest.mark.gpu
def test_an_exported_program_gives_on_a_card_what_it_gives_on_the_processor(tmp_path):
    export_network(file := tmp_path / "network.pt2")
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3), dtype=np.uint8)
    found, expected = (
        ProgramEncoder(file, device, 16).encode(images) for device in ("cuda", "cpu")
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=5e-2)
