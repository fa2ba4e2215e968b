"""Images that are mirrored or turned are found, matched, and brought back."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc import ImageCollection
from napari_jcc.collection.turns import AS_IS, MIRRORED, Turn
from napari_jcc.config import MatchConfig, apply_overrides
from napari_jcc.matching.baselines import PairMatch
from napari_jcc.matching.facing import (
    PREFERENCE,
    WAYS,
    Composition,
    find_turns,
    solve_turns,
)
from napari_jcc.matching.landmarks import LandmarkTransfer
from napari_jcc.matching.outputs import match_collection, open_set_matcher
from napari_jcc.matching.outputs.turning_matcher import TurningMatcher
from napari_jcc.matching.pair import PairResult, from_unit, to_unit
from napari_jcc.matching.turned_pair import describe_turns, turn_back
from napari_jcc.progress import Progress

ANY = WAYS["any"]
SHIFTS = np.array([(0, 0), (7, -5), (-6, 8), (4, 6)])
POINTS = np.array([(40.0, 45.0), (80.0, 42.0), (78.0, 84.0), (44.0, 80.0)])


def patterns(*turns):
    """Cut the same pattern at several places, and turn the cuts."""
    noise = np.random.default_rng(3).normal(size=(180, 180)).astype(np.float32)
    pattern = cv2.GaussianBlur(noise, (0, 0), 4)
    pattern = np.uint8(255 * (pattern - pattern.min()) / np.ptp(pattern))
    return [
        np.dstack([turn.apply(pattern[25 - y :, 25 - x :][:120, :128])] * 3)
        for (x, y), turn in zip(SHIFTS, turns, strict=False)
    ]


def points_on(place, turn):
    return turn.carry(POINTS + SHIFTS[place], (120, 128))


def planted(turns, ways, right=1.0, wrong=0.6, seed=0):
    """Scores of images that agree more where both are turned back."""
    rng = np.random.default_rng(seed)
    count = len(turns)
    scores = np.zeros((count, count, len(ways)))
    for a in range(count):
        for b in range(a):
            for number, way in enumerate(ways):
                alike = turns[a] == turns[b].then(way)
                score = (right if alike else wrong) * rng.uniform(0.7, 1)
                scores[a, b, number] = scores[b, a, ways.index(way.inverse)] = score
    return scores


@given(st.lists(st.sampled_from(ANY), min_size=5, max_size=8), st.integers(0, 99))
def test_planted_turns_are_found_up_to_one_of_all(turns, seed):
    found = solve_turns(planted(turns, ANY, seed=seed), Composition.of(ANY))
    facing = {turn.then(ANY[number]) for turn, number in zip(turns, found, strict=True)}
    assert len(facing) == 1
    assert np.bincount(found).argmax() == 0


def test_what_looks_the_same_both_ways_stays():
    ways = WAYS["mirrored"]
    scores = planted([AS_IS] * 6, ways, right=1.0, wrong=1.0)
    scores[..., 1] *= (1 + PREFERENCE) / 2
    assert not solve_turns(scores, Composition.of(ways)).any()


def test_images_that_were_not_compared_hold_nothing_up():
    ways = WAYS["mirrored"]
    scores = planted([AS_IS, AS_IS, AS_IS, MIRRORED, AS_IS], ways)
    scores[4] = scores[:, 4] = 0
    assert solve_turns(scores, Composition.of(ways)).tolist() == [0, 0, 0, 1, 0]


@pytest.mark.parametrize("turn", [Turn(True, 3), Turn(False, 2)])
def test_a_turned_image_is_told_from_its_gradients(turn):
    images = ImageCollection.from_arrays(patterns(AS_IS, turn, AS_IS))
    assert find_turns(images, ANY, Progress()) == (AS_IS, turn.inverse, AS_IS)
    assert find_turns(images, WAYS["as_is"], Progress()) == (AS_IS,) * 3


@given(st.sampled_from(ANY), st.sampled_from(ANY), st.integers(0, 2**32 - 1))
def test_a_match_of_turned_images_is_brought_back(source, target, seed):
    sizes = (30, 50), (40, 20)
    shown = source.size(sizes[0]), target.size(sizes[1])
    rng = np.random.default_rng(seed)
    linear = np.eye(2) + rng.uniform(-0.3, 0.3, (2, 2))
    shift = rng.uniform(-0.2, 0.2, 2)

    def forward(points):
        return from_unit(to_unit(points, shown[1]) @ linear.T + shift, shown[0])

    def backward(points):
        unit = (to_unit(points, shown[0]) - shift) @ np.linalg.inv(linear).T
        return from_unit(unit, shown[1])

    match = PairMatch(forward, lambda points: points[:, 0] / 100)
    pair = PairResult.judge((0, 1), shown, match, PairMatch(backward), 0.05)
    found = turn_back(pair, (source, target))
    assert found.sizes == sizes
    points = rng.uniform(0, 20, (5, 2))
    turned = target.carry(points, sizes[1])
    ends = found.to_source(points)
    np.testing.assert_allclose(source.carry(ends, sizes[0]), forward(turned), atol=1e-9)
    np.testing.assert_allclose(found.to_target(ends), points, atol=1e-9)
    np.testing.assert_allclose(found.confidence_at(points), turned[:, 0] / 100)
    theta = found.theta_affine.reshape(2, 3)
    unit = to_unit(points, sizes[1]) @ theta[:, :2].T + theta[:, 2]
    np.testing.assert_allclose(from_unit(unit, sizes[0]), ends, atol=1e-9)
    assert found.inlier_share == pair.inlier_share


@pytest.mark.parametrize("target", ANY)
def test_a_spline_is_brought_back(target):
    torch = pytest.importorskip("torch")
    from napari_jcc.matching.network.transforms import Transform

    rng = np.random.default_rng(5)
    affine = np.array([1, 0.1, 0.2, -0.1, 0.9, 0.1])
    tps = Transform.identity(1).tps.double().numpy() + rng.uniform(-0.2, 0.2, (1, 18))
    source, size = Turn(True, 1), (40, 40)

    def map_by(theta_affine, theta_tps, points):
        thetas = (torch.tensor(np.atleast_2d(theta)) for theta in (theta_affine, theta_tps))
        unit = torch.tensor(to_unit(points, size))[None]
        return from_unit(Transform(*thetas)(unit)[0].numpy(), size)

    plain = PairMatch(lambda points: map_by(affine, tps, points))
    pair = PairResult.judge((0, 1), (size, size), plain, plain, 0.05)
    pair = replace(pair, theta_affine=affine, theta_tps=tps[0])
    found = turn_back(pair, (source, target))
    points = rng.uniform(0, 39, (7, 2))
    by_theta = map_by(found.theta_affine, found.theta_tps, points)
    np.testing.assert_allclose(by_theta, found.to_source(points), atol=1e-6)


def test_a_set_is_matched_whatever_way_round_its_images_are():
    turns = [AS_IS, MIRRORED, AS_IS]
    images = ImageCollection.from_arrays(patterns(*turns), names=list("abc"))

    def match(facing):
        matcher = open_set_matcher(
            adapt=lambda config: apply_overrides(config, {"matching.facing": facing})
        )
        return match_collection(matcher, images, [(0, 1), (1, 2), (0, 2)])

    found = match("mirrored")
    for pair in found.pairs:
        ends = pair.to_source(points_on(pair.target, turns[pair.target]))
        error = ends - points_on(pair.source, turns[pair.source])
        assert np.linalg.norm(error, axis=1).max() < 3
    assert found.notes == [describe_turns({"a": AS_IS, "b": MIRRORED, "c": AS_IS})]
    assert "1 of 3 images were mirrored or turned" in found.notes[0]
    assert ": b (mirrored)." in found.notes[0]
    wrong = match("as_is").pairs[0].to_source(points_on(1, MIRRORED)) - points_on(0, AS_IS)
    assert np.linalg.norm(wrong, axis=1).max() > 20


def test_masks_are_those_of_the_images_as_they_are():
    class Whole:
        config = apply_overrides(MatchConfig(), {"matching.facing": "any"})
        base, origin = MatchConfig(), {}

        def match(self, collection, pairs, progress):
            return iter(())

        def masks(self, collection, progress):
            return [collection.image(i)[..., 0] > 127 for i in range(len(collection))]

    turns = [AS_IS, Turn(True, 1), AS_IS]
    images = patterns(*turns)
    collection = ImageCollection.from_arrays(images)
    matcher = TurningMatcher(Whole())
    list(matcher.match(collection, [(0, 1), (0, 2)], Progress()))
    for mask, image in zip(matcher.masks(collection, Progress()), images, strict=True):
        np.testing.assert_array_equal(mask, image[..., 0] > 127)


def test_landmarks_are_carried_to_a_mirrored_image():
    turns = [AS_IS, MIRRORED, AS_IS]
    images = dict(zip("abc", patterns(*turns), strict=True))
    transfer = LandmarkTransfer(images, turns={"b": MIRRORED})
    transfer.place("b", points_on(1, MIRRORED))
    np.testing.assert_array_equal(transfer.predict("b").points, points_on(1, MIRRORED))
    for place, name in ((0, "a"), (2, "c")):
        error = transfer.predict(name).points - points_on(place, AS_IS)
        assert np.linalg.norm(error, axis=1).max() < 2
