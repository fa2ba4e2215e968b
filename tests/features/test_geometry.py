"""Where cells lie is measured rightly whatever the caller has done to gradients."""

import pytest

from encoders import export_network, save_transformer
from napari_jcc.errors import WeightsError

torch = pytest.importorskip("torch", reason="networks are measured with torch")

from napari_jcc.features.encoders import load_encoder  # noqa: E402
from napari_jcc.features.encoders.geometry import Grid, measure_grids  # noqa: E402

MODES = (torch.enable_grad, torch.no_grad, torch.inference_mode)


def off_centre(images):
    """Means over the first 3 x 3 of every 8 x 8 pixels: centred on pixel 1."""
    kernel = torch.ones(1, 3, 3, 3)
    return [torch.nn.functional.conv2d(images, kernel, stride=8)]


@pytest.mark.parametrize("mode", MODES)
def test_cells_are_where_the_network_looks(mode):
    with mode():
        (found,) = measure_grids(off_centre, "cpu")
    assert found.stride == 8
    assert found.offset == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("mode", MODES[1:])
@pytest.mark.parametrize("kind", ["program", "transformer"])
def test_encoders_opened_without_gradients_are_measured_alike(mode, kind, tmp_path):
    if kind == "program":
        name = str(export_network(tmp_path / "tiny.pt2"))
    else:
        name = str(save_transformer(tmp_path, patches=False))
    plain = load_encoder.__wrapped__(name, "cpu", 16)
    wanted = measure_grids(plain.maps, "cpu")
    with mode():
        other = load_encoder.__wrapped__(name, "cpu", 16)
        assert next(other.module.parameters()).is_inference() is False
        assert measure_grids(other.maps, "cpu") == wanted


def test_a_network_that_hides_its_gradient_is_refused():
    with pytest.raises(WeightsError, match=r"no gradient.*cannot be measured"):
        measure_grids(lambda images: [part.detach() for part in off_centre(images)], "cpu")


def test_measuring_leaves_the_weights_without_gradients():
    network = torch.nn.Conv2d(3, 2, 4, 4)
    found = measure_grids(lambda images: [network(images)], "cpu")
    assert found == [Grid(4, pytest.approx(1.5, abs=0.2))]
    assert network.weight.grad is None
