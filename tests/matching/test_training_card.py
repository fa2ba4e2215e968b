"""Training keeps to one device: a card that tensors claim, or a real one."""

import importlib

import pytest

from matching.tiny import blobs, tiny_config

torch = pytest.importorskip("torch", reason="the matching network needs torch")
fabric = pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric")

from lightning_fabric.accelerators import CPUAccelerator  # noqa: E402
from lightning_fabric.strategies import SingleDeviceStrategy  # noqa: E402

from claimed_device import CARD  # noqa: E402
from napari_jcc.config import apply_overrides  # noqa: E402
from napari_jcc.matching import train  # noqa: E402

TRAINING = importlib.import_module("napari_jcc.matching.training.train")
ALL_STAGES = {"synthetic.steps": 2, "training.epochs": 1, "training.agreed_steps": 2}


class OnCard(fabric.Fabric):
    """Fabric on the claimed card, on which networks are built already."""

    def __init__(self, config):
        super().__init__(strategy=SingleDeviceStrategy(CARD, CPUAccelerator()))

    def setup(self, module, optimizer):
        assert all(weight.is_cuda for weight in module.parameters())
        # Here a module that moves to where it is would part from its optimizer.
        return super().setup(module, optimizer, move_to_device=False)


def test_all_stages_are_trained_on_one_device(tmp_path, monkeypatch, card):
    images, config = blobs(5), tiny_config(ALL_STAGES)
    expected = train(images, config, tmp_path / "processor.ckpt").weights
    config = apply_overrides(config, {"training.device": "cuda"})
    with card as claimed:
        if claimed:
            monkeypatch.setattr(TRAINING, "start_fabric", OnCard)
        found = train(images, config, tmp_path / "card.ckpt").weights
    assert claimed is None or claimed.waits, "nothing ran on the claimed card"
    # Adam's steps are as long by a gradient of mere rounding: up to 1e-3 each.
    close = {"rtol": 1e-4, "atol": 1e-6} if claimed else {"rtol": 0.1, "atol": 2e-2}
    torch.testing.assert_close(found, expected, **close)
