"""Training keeps to one device, by tensors that claim to be on another."""

import importlib

import pytest

from matching.tiny import blobs, tiny_config

torch = pytest.importorskip("torch", reason="the matching network needs torch")
fabric = pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric")

from lightning_fabric.accelerators import CPUAccelerator  # noqa: E402
from lightning_fabric.strategies import SingleDeviceStrategy  # noqa: E402

from claimed_device import CARD, ClaimedCard  # noqa: E402
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


def test_all_stages_are_trained_on_one_device(tmp_path, monkeypatch):
    images, config = blobs(5), tiny_config(ALL_STAGES)
    expected = train(images, config, tmp_path / "processor.ckpt").weights
    monkeypatch.setattr(TRAINING, "start_fabric", OnCard)
    with ClaimedCard() as card:
        found = train(images, config, tmp_path / "card.ckpt").weights
    assert card.waits, "nothing ran on the claimed card"
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
