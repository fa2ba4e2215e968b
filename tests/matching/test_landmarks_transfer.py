"""Landmarks carried over drawn pictures whose points are known."""

import cv2
import numpy as np
import pytest

from napari_jcc.errors import Cancelled, InputError
from napari_jcc.matching.landmarks import LandmarkTransfer
from napari_jcc.matching.landmarks.appearance import (
    correlate_around,
    filter_image,
    find_peaks,
)
from napari_jcc.matching.landmarks.prior import ShapePrior
from napari_jcc.matching.landmarks.shapes import fit_affine, shape_size
from napari_jcc.progress import Progress
from napari_jcc.registration.frame import resize_points

CORNERS = np.array([[60.0, 60], [180, 50], [200, 150], [120, 110], [50, 160]])


def draw(points, rng):
    """Dark lines between points, on noise."""
    image = np.full((208, 256), 200, np.uint8)
    for k in range(len(points)):
        ends = [
            tuple(int(v * 16) for v in points[(k + j) % len(points)]) for j in (0, 1, 2)
        ]
        cv2.line(image, ends[0], ends[1], 60, 3, cv2.LINE_AA, 4)
        cv2.line(image, ends[0], ends[2], 110, 2, cv2.LINE_AA, 4)
    noisy = image + rng.normal(0, 4, image.shape)
    return np.repeat(np.clip(noisy, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def test_points_and_pixels_are_reduced_alike():
    # 34.4 and 60.3 pixels, of which whole ones are 34 and 60.
    points = np.array([[14.0, 20], [90, 160], [90, 20]])
    for point in points:
        image = np.zeros((180, 103, 3), np.uint8)
        cv2.circle(image, point.astype(int).tolist(), 6, (255, 255, 255), -1)
        spot = np.maximum(filter_image(image, 0.335), 0) ** 2
        rows, columns = np.mgrid[: spot.shape[0], : spot.shape[1]]
        middle = [np.average(axis, weights=spot) for axis in (columns, rows)]
        np.testing.assert_allclose(middle, resize_points(point, 0.335), atol=0.06)
    assert filter_image(np.zeros((1, 99, 3), np.uint8), 0.3).shape == (1, 30)


@pytest.fixture(scope="module")
def wings():
    """Six pictures of one bent shape, and its points."""
    rng = np.random.default_rng(1)
    truth = {}
    for k in range(6):
        linear = np.eye(2) + rng.normal(0, 0.04, (2, 2))
        bend = rng.normal(0, 3, CORNERS.shape)
        middle = CORNERS.mean(axis=0)
        truth[f"w{k}"] = (CORNERS - middle) @ linear.T + middle + rng.normal(0, 6, 2) + bend
    return {name: draw(points, rng) for name, points in truth.items()}, truth


def mean_error(transfer, truth, names):
    found = [np.hypot(*(transfer.predict(name).points - truth[name]).T) for name in names]
    return float(np.mean(found))


def test_points_are_found_and_corrections_do_not_harm(wings):
    images, truth = wings
    transfer = LandmarkTransfer(images)
    transfer.place("w0", truth["w0"])
    rest = ["w3", "w4", "w5"]
    one = mean_error(transfer, truth, rest)
    unmoved = np.mean([np.hypot(*(truth["w0"] - truth[n]).T) for n in rest])
    assert one < 2.0 < 4.0 < unmoved
    transfer.place("w1", truth["w1"])
    transfer.place("w2", truth["w2"])
    assert transfer.placed == ("w0", "w1", "w2")
    assert mean_error(transfer, truth, rest) < one + 0.3


def test_placed_points_are_returned_as_they_are(wings):
    images, truth = wings
    transfer = LandmarkTransfer(images)
    transfer.place("w0", truth["w0"])
    own = transfer.predict("w0")
    assert own.confidence is None
    np.testing.assert_array_equal(own.points, truth["w0"])
    sure = transfer.predict("w1").confidence
    assert sure.shape == (5,)
    assert ((sure >= 0) & (sure <= 1)).all()


def test_matching_beforehand_can_be_followed_and_cancelled(wings):
    images, truth = wings
    transfer = LandmarkTransfer(images)
    transfer.place("w0", truth["w0"])

    class Counting(Progress):
        steps = 0

        def on_start(self, stage, total):
            assert (stage, total) == ("Matching", 5)

        def on_advance(self, steps):
            self.steps += steps

    progress = Counting()
    transfer.match(progress)
    assert progress.steps == 5
    progress.cancel()
    with pytest.raises(Cancelled):
        transfer.match(progress)


def test_reduced_images_are_kept_at_one_size_and_not_all(wings, monkeypatch):
    monkeypatch.setattr("napari_jcc.matching.landmarks.transfer.WORKING_SIZE", 30.0)
    monkeypatch.setattr("napari_jcc.matching.landmarks.transfer.KEPT_OTHERS", 1)
    images, truth = wings
    transfer = LandmarkTransfer(images)
    for grown in (1.0, 1.1):  # that of the first placed shape sets how far
        transfer.place("w0", truth["w0"] * grown)
        transfer.predict("w1")
    assert len(transfer._filtered) == 2
    for name in ("w2", "w3", "w4"):
        transfer.predict(name)
    assert len(transfer._filtered) == 3  # the placed one, the last and the one before


def test_a_hidden_point_follows_its_neighbours_and_is_less_sure(wings):
    images, truth = wings
    covered = images["w3"].copy()
    x, y = truth["w3"][3].astype(int)
    covered[y - 30 : y + 30, x - 30 : x + 30] = 200
    transfer = LandmarkTransfer({**images, "w3": covered})
    for name in ("w0", "w1"):
        transfer.place(name, truth[name])
    found = transfer.predict("w3")
    assert found.confidence.argmin() == 3
    assert np.hypot(*(found.points[3] - truth["w3"][3])) < 15


def test_bad_use_is_named(wings):
    images, truth = wings
    transfer = LandmarkTransfer(images)
    with pytest.raises(InputError, match="0 images are placed"):
        transfer.predict("w0")
    with pytest.raises(InputError, match="no image 'x'"):
        transfer.place("x", CORNERS)
    for points in (CORNERS * np.nan, CORNERS[:, :1], CORNERS[0]):
        with pytest.raises(InputError, match="must be finite"):
            transfer.place("w0", points)
    transfer.place("w0", truth["w0"])
    transfer.place("w0", truth["w0"][:2])  # alone it may change its number
    with pytest.raises(InputError, match="has 5 points but the images placed before 2"):
        transfer.place("w1", truth["w1"])
    transfer.remove("w0")
    transfer.place("w1", truth["w1"])
    assert transfer.placed == ("w1",)


@pytest.mark.parametrize("count", [1, 2])
def test_few_points_are_enough(wings, count):
    images, truth = wings
    transfer = LandmarkTransfer(images)
    transfer.place("w0", truth["w0"][:count])
    errors = np.hypot(*(transfer.predict("w1").points - truth["w1"][:count]).T)
    assert errors.max() < 8


def test_affine_fit_takes_the_prior_where_points_leave_it_open(rng):
    turn = np.array([[0.0, -1], [1, 0]])
    linear, shift = fit_affine(np.array([[3.0, 4]]), np.array([[5.0, 6]]), turn, 0.1)
    np.testing.assert_allclose(linear, turn)
    np.testing.assert_allclose(linear @ [3, 4] + shift, [5, 6])
    points = rng.normal(size=(10, 2))
    linear, shift = fit_affine(points, points @ turn.T + 2, np.eye(2), 1e-9)
    np.testing.assert_allclose(linear, turn, atol=1e-6)


def test_shape_size_by_hand():
    assert shape_size(np.array([[0.0, 0], [6, 8]])) == 5


def test_prior_learns_which_point_moves(rng):
    grid = 40.0 * np.stack(np.meshgrid(range(4), range(4)), axis=-1).reshape(-1, 2)
    shapes = []
    for _ in range(30):
        shape = grid.copy()
        shape[2] += rng.normal(0, 10, 2)
        shapes.append(shape)
    variances = np.diag(ShapePrior.of(shapes).covariance).reshape(-1, 2).sum(axis=1)
    assert variances.argmax() == 2
    alone = np.diag(ShapePrior.of(shapes[:1]).covariance)
    np.testing.assert_allclose(alone, alone[0])


def test_settling_keeps_sure_points_and_moves_doubtful_ones():
    prior = ShapePrior.of([CORNERS])
    found = CORNERS + np.array([5.0, -3.0])
    found[1] += 40
    doubt = np.tile(np.eye(2), (5, 1, 1))
    doubt[1] *= 1e6
    settled = prior.settle(found, doubt, np.eye(2), rounds=20)
    np.testing.assert_allclose(settled, CORNERS + np.array([5.0, -3.0]), atol=2)


def test_the_displacement_of_a_patch_is_found(rng):
    template = cv2.GaussianBlur(rng.normal(size=(80, 80)).astype(np.float32), (0, 0), 2)
    image = np.roll(template, (2, -3), axis=(0, 1))  # down 2, left 3
    point = np.array([40.0, 40.0])
    found = correlate_around(template, image, point, point, np.eye(2), 10, 6)
    assert found.shape == (13, 13)
    displacement, doubt = find_peaks(found[None])
    np.testing.assert_allclose(displacement, [[-3, 2]], atol=0.2)
    assert doubt[0, 0, 0] < 2
