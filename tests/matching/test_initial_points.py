"""Landmarks led from image to image by matches that may be wrong."""

import numpy as np
import pytest

from napari_jcc.matching.baselines import PairMatch
from napari_jcc.matching.landmarks import LandmarkTransfer
from napari_jcc.matching.landmarks.initial_points import InitialPointFinder
from napari_jcc.progress import Progress

SHIFTS = np.array([(0, 0), (6, -4), (-5, 3), (2, 8), (-3, -6)])
NAMES = [f"w{place}" for place in range(len(SHIFTS))]
START = np.array([[30.0, 40], [60, 50], [45, 70]])


class Shifted:
    """Matches images, whose pixels say their places, by where their content lies.

    `wrong` are pairs of source and target that are led astray, which no way back repairs;
    `unlike` is an image that agrees with no other as well as they do.
    """

    name = "shifted"

    def __init__(self, wrong=(), both_ways=False, unlike=None):
        self.wrong, self.both_ways, self.asked = wrong, both_ways, []
        self.unlike = unlike

    def match(self, source, target):
        places = int(source[0, 0, 0]), int(target[0, 0, 0])
        self.asked.append(places)
        shift = SHIFTS[places[0]] - SHIFTS[places[1]] + 40 * (places in self.wrong)
        back = (lambda points: points - shift) if self.both_ways else None
        sure = 0.2 if self.unlike in places else 0.6
        return PairMatch(
            lambda points: points + shift, lambda points: np.full(len(points), sure), back
        )


IMAGES = {name: np.full((100, 100, 3), place, np.uint8) for place, name in enumerate(NAMES)}


def lead(matcher, through, placed=("w0",)):
    points = {name: START + SHIFTS[NAMES.index(name)] for name in placed}
    return InitialPointFinder(IMAGES, matcher, through).find("w1", points)


def test_an_image_that_agrees_with_no_placed_one_is_named():
    def describe(unlike, *placed):
        transfer = LandmarkTransfer(IMAGES, Shifted(unlike=unlike))
        for name in placed:
            transfer.place(name, START)
        transfer.match(Progress())
        return transfer.describe_odd()

    assert describe(None, "w0") == ""
    text = describe(3, "w0", "w1")
    assert text.startswith("1 of 5 images agree with the others less than 50% ")
    assert ": w3. " in text
    assert "mirrored or turned" in text
    # One that is itself placed is none of those to be found.
    assert describe(3, "w0", "w3") == ""


def test_ways_by_others_outvote_one_that_does_not_come_back():
    wrong = [(1, 0)]
    truth = START + SHIFTS[1]
    astray = lead(Shifted(wrong), 0)
    np.testing.assert_allclose(astray.points, truth + 40)
    # Nobody was asked, so nobody disagrees.
    np.testing.assert_array_equal(astray.agreement(truth), np.ones(3))
    found = lead(Shifted(wrong), 2)
    np.testing.assert_allclose(found.points, truth, atol=0.5)
    assert (found.agreement(truth) > 0.9).all()
    np.testing.assert_array_equal(found.agreement(truth + 20), np.zeros(3))


def test_the_images_that_match_best_are_asked():
    # Of w2 and w3 nothing comes back from the placed image.
    matcher = Shifted([(1, 0), (2, 0), (3, 0)])
    lead(matcher, 1)
    middles = {pair for pair in map(frozenset, matcher.asked) if 0 not in pair}
    assert middles == {frozenset((1, 4))}


@pytest.mark.parametrize("both_ways", [False, True])
def test_nobody_is_asked_about_a_match_that_comes_back(both_ways):
    matcher = Shifted(both_ways=both_ways)
    found = lead(matcher, 4, placed=("w0", "w2"))
    np.testing.assert_allclose(found.points, START + SHIFTS[1])
    there = [(1, 0), (1, 2)]
    assert set(matcher.asked) == {*there, *(() if both_ways else [(0, 1), (2, 1)])}
    assert len(matcher.asked) == len(set(matcher.asked))


def test_two_images_have_no_others():
    images = {name: np.full((100, 100, 3), k, np.uint8) for k, name in enumerate(NAMES[:2])}
    found = InitialPointFinder(images, Shifted([(1, 0)]), 4).find("w1", {"w0": START})
    np.testing.assert_allclose(found.points, START + SHIFTS[1] + 40)
