"""The parts of the network: sizes, index orders, encoders of every kind."""

import pytest

from encoders import export_network, save_transformer
from matching.tiny import tiny_config

torch = pytest.importorskip("torch", reason="the matching network needs torch")

from napari_jcc.errors import WeightsError  # noqa: E402
from napari_jcc.features.encoders.geometry import Grid  # noqa: E402
from napari_jcc.matching.network import (  # noqa: E402
    PyramidEncoder,
    build_network,
    correlate,
)
from napari_jcc.matching.network.decoder import MaskDecoder  # noqa: E402


def build(**changes):
    config = tiny_config({f"network.{name}": value for name, value in changes.items()})
    return build_network(config.network, "cpu", 0)


def test_correlation_is_indexed_by_source_cell_row_by_row_at_target_cells():
    source = torch.zeros(1, 6, 2, 3)
    source[0, range(6), [0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]] = 5.0
    target = torch.zeros(1, 6, 1, 1)
    target[0, 4] = 2.0  # looks like the source at row 1, column 1
    found = correlate(source, target)
    assert found.shape == (1, 6, 1, 1)
    assert found.flatten().tolist() == pytest.approx([0, 0, 0, 0, 1, 0])


def test_correlation_drops_what_is_opposite_and_has_length_one():
    source = torch.tensor([[[[1.0, -1.0]], [[0.0, 0.0]]]])  # cells (1, 0), (-1, 0)
    target = torch.tensor([[[[3.0]], [[4.0]]]])
    found = correlate(source, target).flatten()
    assert found.tolist() == pytest.approx([1, 0])
    assert correlate(source * 0, target).abs().sum() == 0


@pytest.mark.parametrize(("size", "grid"), [(64, 12), (100, 13), (240, 15)])
def test_untrained_network_answers_the_identity_at_any_size(size, grid):
    network = build(input_size=size, grid=grid).eval()
    images = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        match, logits = network(images, images.flip(0))
    points = torch.rand(2, 7, 2) * 2 - 1
    assert torch.allclose(match.transform(points), points, atol=1e-5)
    assert match.correlation.shape == (2, grid**2, grid, grid)
    assert logits.shape == (2, 1, 16 * grid, 16 * grid)


def test_same_seed_builds_the_same_network_and_leaves_the_generator_alone():
    before = torch.random.get_rng_state()
    first, second = build(), build()
    assert torch.equal(before, torch.random.get_rng_state())
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


class Ramp:
    """A trunk whose one map holds the position of each cell, as an encoder might pad it."""

    fingerprint = "ramp"
    multiple = 1

    def __init__(self, stride, offset):
        self.grids = [Grid(stride, offset)]
        self.module = torch.nn.Identity()
        self._stride, self._offset = stride, offset

    def maps(self, images):
        stride, offset = self._stride, self._offset
        count = (images.shape[-1] - 1 - offset) // stride + 1
        place = (torch.arange(count) * stride + offset).long()
        return [images[:, :, place][:, :, :, place]]


@pytest.mark.parametrize(("stride", "offset"), [(16, 0), (16, 15), (8, 3), (14, 6)])
def test_cells_of_any_trunk_are_brought_to_the_centres_of_the_grid(stride, offset):
    encoder = PyramidEncoder(Ramp(stride, offset), 15)
    x = torch.arange(240.0).expand(1, 3, 240, 240)
    found = encoder(x).features[0, 0, 7]
    wanted = torch.arange(15) * 16 + 7.5
    # In the middle the ramp is read off exactly; beyond the border it goes on level.
    assert torch.allclose(found[1:-1], wanted[1:-1], atol=1e-3)
    assert (found - wanted).abs().max() < stride / 4


@pytest.mark.parametrize(
    ("stride", "offset", "extended"),
    [
        (16, 7, 240),  # cells lie where they should
        (16, 6, 240),  # and nearly so
        (16, 0, 240 + 8 + 8),  # half a cell early: pixels before bring them into place
        (16, 15, 240 + 8),  # the last cell ends at the border as it is
    ],
)
def test_images_are_extended_only_where_the_trunk_leaves_the_border_bare(
    stride, offset, extended
):
    trunk, sides = Ramp(stride, offset), []
    encoder = PyramidEncoder(trunk, 15)
    maps = trunk.maps
    trunk.maps = lambda images: sides.append(images.shape[-1]) or maps(images)
    encoder(torch.zeros(1, 3, 240, 240))
    assert sides == [extended]


@pytest.mark.parametrize("place", [None, 0, 1, 2])
def test_the_decoder_leaves_everything_where_it_is(place):
    """One cell of the features, or of a skip, spreads evenly around itself."""
    decoder = MaskDecoder(1, 0, (1, 1, 1), (1, 1, 1)).eval()
    with torch.no_grad():
        for weights in decoder.parameters():
            weights.fill_(1.0 if weights.dim() == 4 else 0.0)
        for step in decoder.steps:
            step[1].weight.fill_(1.0)
    maps = [torch.zeros(1, 1, side, side) for side in (15, 30, 60, 120)]
    lit = maps[0 if place is None else place + 1]
    lit[0, 0, 8, 6] = 1.0
    with torch.no_grad():
        mask = decoder(maps[0], torch.zeros(1, 0, 15, 15), maps[1:])[0, 0]
    pixels = torch.arange(240) + 0.5
    found = [float(mask.sum(axis) @ pixels / mask.sum()) for axis in (1, 0)]
    cell = 240 / lit.shape[-1]
    assert found == pytest.approx([8.5 * cell, 6.5 * cell], abs=0.51)


def test_exported_programs_and_transformers_are_encoders(tmp_path):
    program = export_network(tmp_path / "tiny.pt2")
    found = build(encoder=str(program)).encode(torch.rand(1, 3, 64, 64))
    assert found.features.shape == (1, 5, 12, 12)
    assert [skip is None for skip in found.skips] == [True, False, True]
    folder = save_transformer(tmp_path / "tokens", patches=True)
    found = build(encoder=str(folder)).encode(torch.rand(1, 3, 64, 64))
    assert found.features.shape == (1, 16, 12, 12)
    assert found.skips == (None, None, None)


def test_encoder_that_cannot_be_had_names_the_ways_out(monkeypatch):
    pytest.importorskip("transformers")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(
        WeightsError, match=r"--encoder .* folder .* cache .* HF_HUB_OFFLINE"
    ):
        build(encoder="nobody/nothing")
    with pytest.raises(WeightsError, match="There is no encoder at"):
        build(encoder="/nowhere/net.pt2")
