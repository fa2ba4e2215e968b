"""Pairs of a set matched by the consensus of paths through other images."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.tiny import blobs
from napari_jcc.config import MatchConfig, apply_overrides
from napari_jcc.errors import Cancelled
from napari_jcc.matching.baselines import PairMatch
from napari_jcc.matching.match_graph import MatchGraph
from napari_jcc.matching.odd_images import odd_images
from napari_jcc.matching.outputs import PairResult, choose_pairs, match_collection
from napari_jcc.matching.outputs.consensus_matcher import ConsensusMatcher, rank_images
from napari_jcc.matching.pair import from_unit, grid_points, to_unit
from napari_jcc.matching.path_consensus import geometric_median, match_by_consensus
from napari_jcc.progress import Progress

SIZES = [(60, 80), (40, 50), (50, 50), (64, 48), (70, 60), (48, 64)]
SHIFTS = 0.1 * np.array([[0, 0], [1, 2], [-1, 1], [2, -1], [0, -2], [1, 1]])


class Shifted:
    """Matches images whose object lies at `SHIFTS`, in units of half the side.

    `wrong` gives pairs (source, target) what is added to where they lead, on the way there
    and taken off on the way back; so nothing in the pair itself tells.
    """

    def __init__(self, changes=(), wrong=(), unlike=None):
        self.base = MatchConfig()
        self.config = apply_overrides(self.base, changes)
        self.origin = {"method": "shifted"}
        self.wrong, self.unlike = dict(wrong), unlike
        self.asked = []
        self.uncertain, self.consensus = [], None

    def match(self, collection, pairs, progress):
        progress.start("Matching", len(pairs))
        for source, target in pairs:
            self.asked.append((source, target))
            yield self.pair(source, target)
            progress.advance()

    def pair(self, source, target):
        shift = SHIFTS[source] - SHIFTS[target] + self.wrong.get((source, target), 0)
        shift = shift - self.wrong.get((target, source), 0)
        sizes = SIZES[source], SIZES[target]
        there = moved(shift, *sizes, 0.08 if self.unlike in (source, target) else 0.5)
        return PairResult.judge(
            (source, target), sizes, there, moved(-shift, *sizes[::-1]), 0.05
        )

    def rematch(self, collection, uncertain, consensus, progress):
        self.uncertain, self.consensus = uncertain, consensus
        return iter([part.pair for part in uncertain])

    def masks(self, collection, progress):
        return None


def moved(shift, source, target, agreement=0.5):
    return PairMatch(
        lambda points: from_unit(to_unit(points, target) + shift, source),
        lambda points: np.full(len(points), agreement),
    )


def images(count):
    return blobs(count)


def match(direct, pairs, count):
    return list(ConsensusMatcher(direct).match(images(count), pairs, Progress()))


def error(pair):
    """Largest distance from the truth, in units of half the side, inside the target."""
    points = grid_points(pair.sizes[1], 5)
    there = to_unit(pair.to_source(points), pair.sizes[0]) - to_unit(points, pair.sizes[1])
    return np.abs(there - (SHIFTS[pair.source] - SHIFTS[pair.target])).max()


def test_points_may_be_given_as_lists():
    (pair,) = match(Shifted(), [(0, 1)], 4)
    (point,) = pair.to_source([[10, 5]])
    np.testing.assert_allclose(point, pair.to_source(np.array([[10.0, 5.0]]))[0])
    (back,) = pair.to_target([list(point)])
    np.testing.assert_allclose(back, (10, 5), atol=0.1)


def test_a_wrong_match_is_outvoted_by_the_paths_through_others():
    wrong = {(0, 1): (0.5, -0.4)}
    every = choose_pairs("abcdef", "all")
    direct = Shifted(wrong=wrong)
    assert error(direct.pair(0, 1)) == pytest.approx(0.5)
    found = match(direct, every, 6)
    assert [(pair.source, pair.target) for pair in found] == every
    assert max(error(pair) for pair in found) < 0.02
    # Nothing was asked for but the pairs themselves.
    assert direct.asked[15:] == []


def test_points_on_which_most_paths_disagree_are_no_inliers():
    right = match(Shifted(), choose_pairs("abcdef", "all"), 6)
    assert all(pair.inlier_share > 0.5 for pair in right)
    apart = {
        (0, other): (0.9 * np.cos(other), 0.9 * np.sin(other)) for other in range(1, 6)
    }
    found = match(Shifted(wrong=apart), choose_pairs("abcdef", "all"), 6)
    odd = [pair.inlier_share for pair in found if 0 in (pair.source, pair.target)]
    even = [pair.inlier_share for pair in found if 0 not in (pair.source, pair.target)]
    assert max(odd) == 0
    assert min(even) > 0.5
    assert found[-1].to_source([[3, 4]]).shape == (1, 2)
    assert found[-1].confidence_at([[3, 4]]).shape == (1,)
    sure = found[0].correspondences(10)
    assert len(sure.confidence) == 0 or sure.confidence.max() < 0.5


def test_paths_that_agree_do_not_hide_that_the_two_images_do_not():
    asked = choose_pairs("abcdef", "template:b")
    every = [match(Shifted(unlike=other), asked, 6) for other in (None, 3)]
    for before, pair in zip(*every, strict=True):
        fall = 0.4 if pair.source == 3 else 1  # the square root of 0.08 / 0.5
        assert pair.inlier_share == before.inlier_share > 0.5
        assert pair.confidence == pytest.approx(fall * before.confidence)
        sure = before.confidence_at([[3, 4]])
        np.testing.assert_allclose(pair.confidence_at([[3, 4]]), fall * sure)
    assert odd_images(every[0]) == []
    assert odd_images(every[1]) == [3]
    direct = match(Shifted(["matching.through=0"], unlike=3), asked, 6)
    assert odd_images(direct) == [3]


def test_pairs_with_a_template_ask_for_the_pairs_with_the_best_others():
    direct = Shifted(["matching.through=2"])
    found = match(direct, choose_pairs("abcdef", "template:b"), 6)
    assert [pair.source for pair in found] == [0, 2, 3, 4, 5]
    asked = [frozenset(pair) for pair in direct.asked]
    assert len(set(asked)) == len(asked)
    best = rank_images(map(direct.pair, (0, 2, 3, 4, 5), [1] * 5))
    middles = [place for place in best if place != 1][:3]
    assert all(frozenset((1, end)) in asked for end in (0, 2, 3, 4, 5))
    assert all(len(pair & {1, *middles}) >= 1 for pair in asked)
    assert len(asked) < 15


@pytest.mark.parametrize("change", ["matching.through=0", "matching.instances=0"])
def test_settings_leave_matches_as_they_are(change):
    direct = Shifted([change], wrong={(0, 1): (0.5, 0)})
    found = match(direct, [(0, 1), (0, 2), (1, 2)], 3)
    assert error(found[0]) == pytest.approx(0.5)
    assert len(direct.asked) == 3


def test_two_images_have_no_others():
    direct = Shifted(wrong={(0, 1): (0.5, 0)})
    assert error(match(direct, [(0, 1)], 2)[0]) == pytest.approx(0.5)


def test_cancelling_ends_it_between_the_stages():
    progress = Progress()

    class Cancelling(Shifted):
        def pair(self, source, target):
            progress.cancel()
            return super().pair(source, target)

    with pytest.raises(Cancelled):
        match_collection(
            ConsensusMatcher(Cancelling()), images(3), [(0, 1), (0, 2), (1, 2)], progress
        )


def test_median_of_points_is_with_the_majority():
    ends = np.array([[[0.0, 0]], [[0.0, 0]], [[1.0, 0]]])
    assert geometric_median(ends, np.ones((3, 1)))[0] == pytest.approx((0, 0), abs=0.02)
    heavy = np.array([[1.0], [1.0], [9.0]])
    assert geometric_median(ends, heavy)[0] == pytest.approx((1, 0), abs=0.02)
    # Of the corners of a square it is the middle.
    square = np.array([[[0.0, 0]], [[1.0, 0]], [[0.0, 1]], [[1.0, 1]]])
    assert geometric_median(square, np.ones((4, 1)))[0] == pytest.approx((0.5, 0.5))


@given(st.lists(st.floats(-0.2, 0.2), min_size=18, max_size=18))
def test_where_all_paths_agree_the_consensus_is_the_direct_match(numbers):
    maps = np.eye(2, 3) + np.reshape(numbers, (3, 2, 3))
    sizes = [(40, 50), (60, 80), (50, 50)]

    def carry(start, end):
        """Affine, by way of coordinates that all images share."""
        back = np.linalg.inv(maps[start][:, :2])

        def move(points):
            shared = (to_unit(points, sizes[start]) - maps[start][:, 2]) @ back.T
            return from_unit(shared @ maps[end][:, :2].T + maps[end][:, 2], sizes[end])

        return PairMatch(move)

    known = [
        PairResult.judge((s, t), (sizes[s], sizes[t]), carry(t, s), carry(s, t), 0.05)
        for s, t in combinations(range(3), 2)
    ]
    found = match_by_consensus(MatchGraph(known), known[0], [2])
    points = grid_points(sizes[1], 7)
    np.testing.assert_allclose(
        found.to_source(points), known[0].to_source(points), atol=1e-3
    )
    np.testing.assert_allclose(found.theta_affine, known[0].theta_affine, atol=1e-4)


def test_theta_describes_the_fitted_map():
    torch = pytest.importorskip("torch", reason="networks' transformations need torch")
    from napari_jcc.matching.network import Transform

    sizes = [(40, 50), (60, 80), (50, 50)]

    def bent(start, end, by):
        def move(points):
            x, y = to_unit(points, sizes[start]).T
            return from_unit(
                np.stack([0.9 * x + by * np.sin(2 * y), y + by * x * x], axis=1), sizes[end]
            )

        return PairMatch(move)

    known = [
        PairResult.judge(
            (s, t), (sizes[s], sizes[t]), bent(t, s, 0.1), bent(s, t, -0.1), 0.05
        )
        for s, t in combinations(range(3), 2)
    ]
    found = match_by_consensus(MatchGraph(known), known[0], [2])
    theta = (torch.from_numpy(part)[None] for part in (found.theta_affine, found.theta_tps))
    points = grid_points(sizes[1], 7)
    unit = torch.from_numpy(to_unit(points, sizes[1]))[None]
    ends = from_unit(Transform(*theta)(unit)[0].numpy(), sizes[0])
    np.testing.assert_allclose(ends, found.to_source(points), atol=1e-6)
    assert np.abs(found.theta_tps).max() > 0
