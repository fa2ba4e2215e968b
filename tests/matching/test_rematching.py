"""Uncertain pairs matched again, by descriptors averaged over several images."""

from dataclasses import replace
from itertools import combinations

import cv2
import numpy as np
import pytest

from matching.test_path_consensus import SHIFTS, Shifted, error, match
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, apply_overrides
from napari_jcc.matching.baselines import GridFeatures
from napari_jcc.matching.match_graph import MatchGraph, UncertainPair
from napari_jcc.matching.outputs import choose_pairs
from napari_jcc.matching.outputs.consensus_matcher import ConsensusMatcher
from napari_jcc.matching.outputs.untrained import UntrainedMatcher
from napari_jcc.matching.pair import grid_points
from napari_jcc.progress import Progress
from napari_jcc.registration.frame import Frame

EVERY = list(combinations(range(6), 2))


class HalfMatched(Shifted):
    """Of some pairs only a quarter of the points come back."""

    def __init__(self, *doubted):
        super().__init__(["matching.through=3"])
        self.doubted = doubted

    def pair(self, source, target):
        found = super().pair(source, target)
        share = 0.25 if (source, target) in self.doubted else found.inlier_share
        return replace(found, inlier_share=share)


def test_only_pairs_with_less_than_half_of_their_points_matched_are_uncertain():
    direct = HalfMatched((0, 1), (2, 5))
    assert min(direct.pair(*places).inlier_share for places in EVERY[1:9]) > 0.5
    match(direct, EVERY, 6)
    asked = {(part.pair.source, part.pair.target): part for part in direct.uncertain}
    assert set(asked) == {(0, 1), (2, 5)}
    part = asked[2, 5]
    # Half of the points missing to one half: 2 (1 - 2 / 4).
    assert part.weight == 1
    assert len(part.others) == 3
    assert not {2, 5} & set(part.others)
    # Points are transferred to the others by the consensus of all paths.
    points = np.array([[0.1, -0.2], [0.97, 0.97]])
    ends, confidence = direct.consensus.transfer_normalised(2, 3, points)
    np.testing.assert_allclose(
        ends, [[0.1, -0.2]] + SHIFTS[3] - SHIFTS[2] + [[0, 0], [0.87, 1.17]], atol=0.01
    )
    assert confidence[0] > 0.9
    assert confidence[1] == 0


def test_nothing_is_matched_again_where_all_is_sure():
    direct = Shifted()
    match(direct, EVERY, 6)
    assert direct.uncertain == []


@pytest.mark.parametrize(
    ("share", "weight"), [(0.0, 2.0), (0.25, 1.0), (0.5, 0.0), (0.9, 0.0)]
)
def test_weight_of_what_others_show(share, weight):
    pair = replace(Shifted().pair(0, 1), inlier_share=share)
    assert UncertainPair.from_pair(pair, [2]).weight == weight


def test_pairs_with_a_template_are_rematched_with_common_neighbours():
    direct = HalfMatched((0, 1), (0, 2))
    found = match(direct, choose_pairs("abcdef", "template:b"), 6)
    assert max(error(pair) for pair in found) < 0.02
    for part in direct.uncertain:
        for other in part.others:
            assert (part.pair.source, other) in direct.consensus
            assert (part.pair.target, other) in direct.consensus


def grid(values):
    rows, columns = values.shape[:2]
    centres = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)
    return GridFeatures(
        values.reshape(rows * columns, -1).astype(np.float32),
        5 + 10.0 * centres.reshape(-1, 2),
        np.array([10.0, 10.0]),
        Frame(10 * rows, 10 * columns),
    )


def test_descriptors_between_grid_points_are_interpolated():
    rows, columns = np.mgrid[:3, :4]
    features = grid(np.stack([columns, rows + 2 * columns], axis=-1))
    points = np.array([[5, 5], [12.5, 20], [35, 25], [-40, 5], [99, 99]])
    expected = [[0, 0], [0.75, 3], [3, 8], [0, 0], [3, 8]]
    np.testing.assert_allclose(features.sample(points), expected, atol=1e-6)


def test_a_grid_of_one_point_is_the_same_everywhere():
    features = grid(np.array([[[3.0, 4.0]]]))
    np.testing.assert_allclose(features.sample(np.array([[0.0, 9.0]])), [[3, 4]])


def test_descriptors_are_averaged_by_what_they_count():
    own = grid(np.array([[[1.0, 0.0], [0.0, 1.0]]]))
    other = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)
    blended = own.blend([(other, np.array([1.0, 0.0])), (other, np.array([2.0, 0.0]))])
    np.testing.assert_allclose(blended.values, [[0.25, 0.75], [0, 1]])
    np.testing.assert_array_equal(own.values, [[1, 0], [0, 1]])


def noisy_views(count, noise):
    """Views of one scene, each shifted and with noise of its own; and the shifts."""
    generator = np.random.default_rng(0)
    scene = cv2.GaussianBlur(generator.normal(size=(160, 200)), (0, 0), 6)
    scene = 60 * scene / scene.std()
    shifts = generator.integers(0, 40, (count, 2))
    views = []
    for x, y in shifts:
        grain = cv2.GaussianBlur(generator.normal(size=(120, 160)), (0, 0), 4)
        view = 128 + scene[y : y + 120, x : x + 160] + noise * grain / grain.std()
        views.append(np.repeat(np.clip(view, 0, 255).astype(np.uint8)[..., None], 3, 2))
    return ImageCollection.from_arrays(views), shifts


def test_averaged_descriptors_are_more_exact_on_noisy_images():
    collection, shifts = noisy_views(6, 50)
    config = apply_overrides(MatchConfig(), {"training.device": "cpu"})
    points = grid_points((120, 160), 6)

    def miss(pairs):
        apart = [
            pair.to_source(points) - points - shifts[pair.target] + shifts[pair.source]
            for pair in pairs
        ]
        return np.linalg.norm(apart, axis=2).mean()

    class Once(UntrainedMatcher):
        def rematch(self, collection, uncertain, consensus, progress):
            return iter([part.pair for part in uncertain])

    once, again = (
        miss(ConsensusMatcher(make(config)).match(collection, EVERY, Progress()))
        for make in (Once, UntrainedMatcher)
    )
    assert again < 0.8 * once


def test_pairs_rematched_with_shared_descriptors_do_not_count_as_agreement():
    class Sharing(Shifted):
        """At first image 0 matches each other one elsewhere, then all agree on it."""

        def pair(self, source, target):
            found = super().pair(source, target)
            return replace(found, inlier_share=0.1) if source == 0 else found

        def rematch(self, collection, uncertain, consensus, progress):
            right = Shifted()
            return (right.pair(part.pair.source, part.pair.target) for part in uncertain)

    apart = {
        (0, other): (0.9 * np.cos(other), 0.9 * np.sin(other)) for other in range(1, 6)
    }
    found = match(Sharing(wrong=apart), EVERY, 6)
    assert max(error(pair) for pair in found) < 0.05
    assert max(pair.inlier_share for pair in found if pair.source == 0) < 0.15
    assert min(pair.inlier_share for pair in found if pair.source != 0) > 0.5


def test_maps_of_a_network_are_averaged_where_points_are_found():
    torch = pytest.importorskip("torch", reason="maps of a network are torch tensors")
    from napari_jcc.matching.inference.blending import blend
    from napari_jcc.matching.network import Pyramid
    from napari_jcc.matching.network.correlation import unit_length

    generator = torch.Generator().manual_seed(0)
    pyramids = [
        Pyramid(
            torch.randn(1, 3, 10, 10, generator=generator),
            (torch.randn(1, 2, 20, 20, generator=generator), None, None),
        )
        for _ in range(3)
    ]

    class Described:
        detail = staticmethod(pyramids.__getitem__)

    # What image 0 shows is in image 2 by half a coarse cell, one fine cell, to the left and
    # further down.
    direct = Shifted()
    consensus = MatchGraph([direct.pair(0, 1), direct.pair(0, 2), direct.pair(1, 2)])
    assert SHIFTS[2] - SHIFTS[0] == pytest.approx([-0.1, 0.1])
    blended = blend(Described(), 0, UncertainPair(direct.pair(0, 1), [2], 0.5), consensus)

    coarse, other = (unit_length(pyramids[place].features) for place in (0, 2))
    expected = (coarse[:, :, 5, 3] + 0.5 * other[:, :, 5:7, 2:4].mean(dim=(2, 3))) / 1.5
    torch.testing.assert_close(blended.features[:, :, 5, 3], expected, atol=1e-4, rtol=0)
    fine, other = (unit_length(pyramids[place].skips[0]) for place in (0, 2))
    expected = (fine[:, :, 10, 7] + 0.5 * other[:, :, 11, 6]) / 1.5
    torch.testing.assert_close(blended.skips[0][:, :, 10, 7], expected, atol=1e-4, rtol=0)
    # Points that leave image 2 are not averaged.
    torch.testing.assert_close(blended.skips[0][:, :, 19, 0], fine[:, :, 19, 0])
