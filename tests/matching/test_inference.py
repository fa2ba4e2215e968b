"""A trained network at work: directions, coordinates, filters, and bad input."""

import numpy as np
import pytest

from matching.tiny import blobs, tiny_config

torch = pytest.importorskip("torch", reason="the matching network needs torch")
pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric")

from napari_jcc.errors import ConfigError, InputError  # noqa: E402
from napari_jcc.matching import (  # noqa: E402
    Checkpoint,
    Matcher,
    NetworkMatcher,
    train,
)
from napari_jcc.matching.inference.transform_pair import TransformPair, judge_transforms  # noqa: E402
from napari_jcc.matching.network import Pyramid, Transform  # noqa: E402
from napari_jcc.matching.pair import from_unit, to_unit  # noqa: E402
from napari_jcc.matching.refinement import Partners, refine  # noqa: E402


@pytest.fixture(scope="module")
def matcher(tmp_path_factory):
    path = tmp_path_factory.mktemp("net") / "net.ckpt"
    train(blobs(), tiny_config(), path)
    return Matcher.from_checkpoint(Checkpoint.load(path), "cpu")


def shifted_pair(x, *, back=None, sizes=((10, 20), (30, 40))):
    """Target points lead to the right by x of half the width; all cells look alike."""
    rest = Transform.identity(1)
    there, way = rest.affine.clone(), rest.affine.clone()
    there[0, 2], way[0, 2] = x, -x if back is None else back
    ways = TransformPair(
        Transform(there, rest.tps), Transform(way, rest.tps), torch.ones(1, 1, 1, 1)
    )
    return judge_transforms((0, 1), sizes, ways, 0.05, 1)


def test_pixels_and_units_are_inverse_and_edges_are_one():
    points = np.array([[-0.5, -0.5], [19.5, 9.5], [3.0, 4.0]])
    unit = to_unit(points, (10, 20))
    np.testing.assert_allclose(unit[:2], [[-1, -1], [1, 1]])
    np.testing.assert_allclose(from_unit(unit, (10, 20)), points)


def test_points_go_from_target_to_source_in_pixels_of_each():
    pair = shifted_pair(0.5)
    # The middle of the target, (19.5, 14.5), leads to a quarter right of the middle.
    places = pair.to_source([[19.5, 14.5]])
    np.testing.assert_allclose(places, [[9.5 + 5, 4.5]])
    np.testing.assert_allclose(pair.to_target(places), [[19.5, 14.5]], atol=1e-5)


def test_a_point_is_as_sure_as_its_pair_less_its_cycle_error():
    # There by 0.08 and not back: 0.04 of the side. Of 20 columns the last one leads beyond.
    pair = shifted_pair(0.08, back=0.0)
    assert pair.cycle_error == pytest.approx(0.04)
    assert pair.inlier_share == pair.confidence == pytest.approx(0.95)
    expected = 0.95 * np.exp(-((0.04 / 0.05) ** 2))
    np.testing.assert_allclose(pair.confidence_at([[19.5, 14.5]]), [expected], rtol=1e-5)


def test_parameters_are_those_of_the_network():
    pair = shifted_pair(0.5)
    np.testing.assert_array_equal(pair.theta_affine, [1, 0, 0.5, 0, 1, 0])
    np.testing.assert_array_equal(pair.theta_tps, Transform.identity(1).tps[0])


def test_correspondences_stay_inside_and_come_back():
    sources, targets, confidence = shifted_pair(1.0).correspondences(4)
    # A shift by half the width takes the right half of the target beyond the source.
    assert len(sources) == len(targets) == len(confidence) == 8
    assert (targets[:, 0] < 19.5).all()
    assert len(shifted_pair(0.2, back=0.0).correspondences(4)[0]) == 0


def test_correspondences_lie_in_both_masks():
    masks = np.ones((10, 20), bool), np.zeros((30, 40), bool)
    masks[1][:15] = True  # the upper half of the target
    _, targets, _ = shifted_pair(0.0).correspondences(4, masks)
    assert len(targets) == 8
    assert (targets[:, 1] < 14.5).all()


def test_matching_gives_every_pair_both_ways(matcher):
    collection = blobs()
    pairs = matcher.match(collection, [(0, 1), (1, 0)])
    there, back = pairs
    points = np.array([[2.0, 3.0], [20.0, 9.0]])
    np.testing.assert_allclose(there.to_source(points), back.to_target(points), atol=1e-3)
    assert there.sizes == (collection.shape(0), collection.shape(1))
    for pair in pairs:
        assert 0 <= pair.confidence <= pair.inlier_share <= 1
        assert pair.cycle_error >= 0


def test_an_image_matches_itself_better_than_noise(matcher):
    generator = np.random.default_rng(0)
    image = blobs().image(0)
    noise = generator.integers(0, 255, image.shape).astype(np.uint8)
    collection = type(blobs()).from_arrays([image, image, noise])
    same, other = matcher.match(collection, [(0, 1), (0, 2)])
    assert same.confidence > other.confidence


def test_masks_have_the_size_of_their_images(matcher):
    collection = blobs()
    probabilities = matcher.probabilities(collection)
    shapes = [values.shape for values in probabilities]
    assert shapes == [collection.shape(index) for index in range(4)]
    assert all(0 <= values.min() <= values.max() <= 1 for values in probabilities)
    masks = matcher.masks(collection)
    assert all(mask.dtype == bool for mask in masks)


def test_network_stands_in_for_any_matcher(matcher):
    collection = blobs()
    decoded = []
    hook = matcher.network.decoder.register_forward_hook(lambda *_: decoded.append(1))
    match = NetworkMatcher(matcher).match(collection.image(0), collection.image(1))
    assert not decoded  # Landmarks want points alone.
    assert match.transfer(np.zeros((3, 2))).shape == (3, 2)
    assert match.confidence(np.zeros((3, 2))).shape == (3,)
    points = np.array([[20.0, 30], [40, 35]])
    back = NetworkMatcher(matcher).match(collection.image(1), collection.image(0))
    np.testing.assert_allclose(match.back(points), back.transfer(points), atol=1e-3)
    assert match.find_masks()[0].shape == collection.shape(0)
    assert decoded
    hook.remove()


def test_bad_input_is_explained(matcher, tmp_path):
    with pytest.raises(InputError, match="no image number 4"):
        matcher.match(blobs(), [(0, 4)])
    with pytest.raises(InputError, match="there is only one"):
        matcher.masks(blobs(1))
    path = tmp_path / "net.ckpt"
    train(blobs(), tiny_config({"training.epochs": 0}), path)
    with pytest.raises(ConfigError, match="transformations only"):
        Matcher.from_checkpoint(Checkpoint.load(path), "cpu").masks(blobs())


def test_refinement_keeps_samples_apart():
    generator = torch.Generator().manual_seed(0)
    wide = torch.randn(1, 64, 12, 13, generator=generator)
    nothing = (None, None, None)
    left, right = wide[..., :-1], wide[..., 1:]
    source = Pyramid(torch.cat([left, right]), nothing)
    target = Pyramid(torch.cat([right, left]), nothing)
    found = refine(source, target, Transform.identity(2))(torch.zeros(2, 1, 2))[:, 0]
    assert found[0, 0].item() == pytest.approx(2 / 12, abs=0.03)
    assert found[1, 0].item() == pytest.approx(-2 / 12, abs=0.03)


def test_images_that_are_known_are_not_described_again(matcher, monkeypatch):
    collection = blobs()
    again = type(collection).from_arrays([collection.image(i) for i in (2, 0)])
    first = matcher.match(collection, [(0, 2)])[0]
    monkeypatch.setattr("napari_jcc.matching.inference.describe._keep", None)
    second = matcher.match(again, [(1, 0)])[0]
    np.testing.assert_allclose(second.theta_tps, first.theta_tps, atol=1e-6)


def test_refinement_finds_a_shift_of_a_cell_from_the_identity():
    # Every cell of the source is unlike all others; the target is the source moved by one.
    generator = torch.Generator().manual_seed(0)
    wide = torch.randn(1, 64, 12, 13, generator=generator)
    nothing = (None, None, None)
    source, target = Pyramid(wide[..., :-1], nothing), Pyramid(wide[..., 1:], nothing)
    found = refine(source, target, Transform.identity(1))
    shift = found(torch.zeros(1, 1, 2))[0, 0]
    # Target cell j is source cell j + 1, 2 / 12 to the right.
    assert shift[0].item() == pytest.approx(2 / 12, abs=0.03)
    assert shift[1].item() == pytest.approx(0, abs=0.03)


def test_cells_of_both_images_expect_their_partners():
    cells = torch.tensor([[[-0.5, 0.0], [0.5, 0.0]]])
    chance = torch.tensor([[[1.0, 0.0], [0.5, 0.5]]])  # target cell, source cell
    found = Partners(chance, cells, cells).expect(Transform.identity(1), 1e6)
    # Target cells first; source cell 0 expects (1 * -1/2 + 1/2 * 1/2) / (3/2) = -1/6.
    for part, expected in (
        (found.targets, [-1 / 2, 1 / 2, -1 / 6, 1 / 2]),
        (found.sources, [-1 / 2, 0, -1 / 2, 1 / 2]),
    ):
        torch.testing.assert_close(part[0, :, 0], torch.tensor(expected))
        assert not part[0, :, 1].any()
    torch.testing.assert_close(found.mass[0], torch.tensor([1.0, 1.0, 1.5, 0.5]))


def test_more_detail_finds_a_shift_of_half_a_cell_more_exactly():
    # The finer map moves by one of its cells; the coarse one is the mean of four of them.
    generator = torch.Generator().manual_seed(0)
    wide = torch.randn(1, 64, 24, 25, generator=generator)
    pyramids = [
        Pyramid(torch.nn.functional.avg_pool2d(maps, 2), (maps, None, None))
        for maps in (wide[..., :-1], wide[..., 1:])
    ]
    point = torch.zeros(1, 1, 2)
    misses = []
    for detail in (1.0, 2.0):
        found = refine(*pyramids, Transform.identity(1), detail=detail)
        misses.append(abs(found(point)[0, 0, 0].item() - 1 / 12))
    assert misses[1] < 0.02 < misses[0]


def test_the_setting_of_the_detail_reaches_the_refinement(matcher, monkeypatch):
    asked = []

    def note(source, target, transform, reach, detail):
        asked.append(detail)
        return transform

    monkeypatch.setattr("napari_jcc.matching.inference.transform_finder.refine", note)
    settings = matcher.settings.model_copy(update={"refinement_detail": 3.0})
    finer = Matcher(matcher.network, matcher.config, settings, has_masks=False)
    finer.match(blobs(), [(0, 1)])
    assert asked == [3.0, 3.0]
