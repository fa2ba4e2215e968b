"""Matchers without training, on pictures whose transformation is known."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.matching.baselines import (
    CachedDescriber,
    EncoderDescriber,
    GridFeatures,
    IdentityMatcher,
    MutualAffineMatcher,
    NearestMatcher,
    RegistrationMatcher,
    RegistrationSettings,
    SiftDescriber,
)
from napari_jcc.matching.baselines.instances import find_instances
from napari_jcc.matching.baselines.simple import mutual_neighbours
from napari_jcc.registration.frame import Frame
from napari_jcc.registration.partners import (
    find_partners,
    pair_points,
    vote_for_start,
)
from napari_jcc.registration.thin_plate import Bends, fit_smooth_map

POINTS = np.array([[50.0, 40], [110, 45], [60, 90], [120, 95], [85, 65]])


@pytest.fixture(scope="module")
def texture():
    """Blurred noise, 160 x 128 (width x height)."""
    noise = np.random.default_rng(0).normal(size=(128, 160, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 4)
    return np.clip(128 + 400 * smooth, 0, 255).astype(np.uint8)


def warp(image, linear, shift):
    """The image whose point p lies at ``linear p + shift``."""
    matrix = np.column_stack([linear, shift])
    return cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


LINEAR = np.array([[1.05, -0.08], [0.08, 0.95]])
SHIFT = np.array([6.0, -4.0])


def describer():
    return CachedDescriber(SiftDescriber(size=160, width=24))


@pytest.mark.parametrize(
    ("make", "tolerance"), [(MutualAffineMatcher, 3), (RegistrationMatcher, 4)]
)
def test_known_affine_map_is_found(texture, make, tolerance):
    source = warp(texture, LINEAR, SHIFT)
    match = make(describer()).match(source, texture)
    truth = POINTS @ LINEAR.T + SHIFT
    errors = np.hypot(*(match.transfer(POINTS) - truth).T)
    assert errors.max() < tolerance
    assert np.hypot(*(POINTS - truth).T).min() > tolerance


def test_nearest_keeps_the_place_of_a_point_in_its_cell(texture):
    match = NearestMatcher(describer()).match(texture, texture)
    np.testing.assert_allclose(match.transfer(POINTS), POINTS, atol=1e-9)


def test_registration_is_surer_of_the_same_picture_than_of_another(texture):
    other = np.ascontiguousarray(texture[::-1, ::-1])
    matcher = RegistrationMatcher(describer())
    same = matcher.match(texture, texture).confidence(POINTS)
    strange = matcher.match(texture, other).confidence(POINTS)
    assert (same > 0.9).all()
    assert strange.mean() < same.mean() - 0.2


@pytest.mark.parametrize("several_are", ["source", "target"])
def test_both_copies_of_a_picture_are_found_and_nothing_else(texture, several_are):
    twice = np.hstack([texture, texture])
    matcher = RegistrationMatcher(CachedDescriber(SiftDescriber(size=320, width=24)))
    pair = (twice, texture) if several_are == "source" else (texture, twice)
    found = matcher.match_instances(*pair, most=0)
    assert len(found) == 2
    maps = [
        (f.forward, f.backward) if several_are == "source" else (f.backward, f.forward)
        for f in found
    ]
    ends = np.array([out.transfer(POINTS) for out, _ in maps])
    order = np.argsort(ends[:, 0, 0])
    for k, shift in zip(order, (0, texture.shape[1]), strict=True):
        truth = POINTS + np.array([shift, 0])
        assert np.hypot(*(ends[k] - truth).T).max() < 4
        assert np.hypot(*(maps[k][1].transfer(truth) - POINTS).T).max() < 4


def test_one_picture_has_one_instance_and_no_more_are_given_than_asked_for(texture):
    matcher = RegistrationMatcher(CachedDescriber(SiftDescriber(size=320, width=24)))
    assert len(matcher.match_instances(texture, texture, most=0)) == 1
    twice = np.hstack([texture, texture])
    assert len(matcher.match_instances(twice, texture, most=1)) == 1


@pytest.mark.parametrize("values", [(128, 128), (128, 40)])
def test_pictures_of_one_colour_are_not_matched_again_and_again(values):
    pair = [np.full((24, 30, 3), value, np.uint8) for value in values]
    matcher = RegistrationMatcher(SiftDescriber(80))
    assert len(matcher.match_instances(*pair, most=0)) == 1


def test_points_that_no_map_tells_apart_are_no_reason_for_a_further_one():
    # Stripes, of whose points many are alike, and one point unlike all others.
    rows, columns = 16, 32
    values = np.zeros((rows, columns, rows + 1), np.float32)
    values[np.arange(rows), :, np.arange(rows)] = 1
    values[0, 0] = np.eye(rows + 1)[rows]
    centres = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)
    stripes = GridFeatures(
        values.reshape(rows * columns, -1),
        10.0 * centres.reshape(-1, 2),
        np.array([10.0, 10.0]),
        Frame(10 * rows, 10 * columns),
    )
    assert len(find_instances(stripes, stripes, RegistrationSettings(), 0)) == 1


def test_identity_keeps_the_share_of_width_and_height():
    source, target = (np.zeros((*size, 3), np.uint8) for size in ((10, 40), (20, 20)))
    moved = IdentityMatcher().match(source, target).transfer(np.array([[-0.5, 19.5]]))
    # The left edge stays the left edge, the bottom edge the bottom edge.
    np.testing.assert_allclose(moved, [[-0.5, 9.5]])


def test_pictures_without_any_structure_still_get_a_finite_answer():
    flat = np.full((64, 80, 3), 7, np.uint8)
    for make in (NearestMatcher, MutualAffineMatcher, RegistrationMatcher):
        moved = make(describer()).match(flat, flat).transfer(POINTS)
        assert np.isfinite(moved).all()


def grid(values):
    values = np.asarray(values, np.float32)
    centres = np.column_stack([np.arange(len(values)) * 10.0, np.zeros(len(values))])
    return GridFeatures(values, centres, np.array([10.0, 10.0]), Frame(10, 40))


def test_mutual_neighbours_by_hand():
    # The second and third point of b both prefer a's second, which prefers the second.
    a = grid([[1, 0], [0, 1]])
    b = grid([[1, 0], [0, 1], [0.6, 0.8]])
    ours, theirs = mutual_neighbours(a, b)
    assert list(zip(ours, theirs, strict=True)) == [(0, 0), (1, 1)]


def test_partners_of_distinct_points_are_certain():
    a = grid(np.eye(3))
    partners = find_partners(a, a, temperature=0.01)
    np.testing.assert_array_equal(partners.ours, [0, 1, 2])
    np.testing.assert_array_equal(partners.theirs, [0, 1, 2])
    np.testing.assert_allclose(partners.chance, 1, atol=1e-6)


def test_where_all_points_are_alike_there_are_no_partners_and_no_shift():
    flat = np.zeros((5, 7), np.float32)
    assert not len(pair_points(flat).chance)
    nothing = np.empty((0, 2))
    start = vote_for_start(nothing, nothing, np.empty(0), (0.5, 1.0))
    assert (start.shift.tolist(), start.scale) == ([0, 0], 1)


def test_the_shift_that_most_votes_are_near_wins():
    ends = np.array([[0.52, -0.31], [0.49, -0.29], [-1.5, 1.5]])
    votes = np.array([0.4, 0.4, 0.6])
    found = vote_for_start(ends, np.zeros((3, 2)), votes, (1.0,))
    np.testing.assert_allclose(found.shift, [0.5, -0.3], atol=0.1)


def test_the_scale_under_which_votes_agree_wins():
    starts = np.array([[-0.8, 0.0], [0.0, 0.4], [0.8, -0.4]])
    start = vote_for_start(0.5 * starts + [0.3, 0.1], starts, np.ones(3), (0.5, 1, 2))
    assert start.scale == 0.5
    np.testing.assert_allclose(start.shift, [0.3, 0.1], atol=0.1)
    back = start.inverse()
    np.testing.assert_allclose(back.scale * start.shift + back.shift, 0, atol=1e-12)


class Counting:
    def __init__(self):
        self.calls = 0

    def describe(self, image):
        self.calls += 1
        return grid(np.eye(2))


def test_every_image_is_described_once():
    inner = Counting()
    remembering = CachedDescriber(inner)
    black, white = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4, 3), np.uint8)
    for image in (black, white, black.copy(), white):
        remembering.describe(image)
    assert inner.calls == 2
    remembering.describe(np.zeros((2, 8, 3), np.uint8))  # the same bytes, another shape
    assert inner.calls == 3


def test_encoder_maps_lie_where_the_encoder_says(tmp_path):
    from encoders import export_network
    from napari_jcc.features.encoders import load_encoder

    encoder = load_encoder(str(export_network(tmp_path / "e.pt2")), "cpu", 8)
    image = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    found = EncoderDescriber(encoder, size=192).describe(image)
    # Shown at twice its size; cells of 8 shown pixels are 4 pixels of the image wide.
    assert found.values.shape == (16 * 24, 5)
    np.testing.assert_allclose(found.step, [4, 4])
    np.testing.assert_allclose(found.centres[0], [1.5, 1.5], atol=0.1)
    np.testing.assert_allclose(found.centres[-1], [93.5, 61.5], atol=0.1)
    np.testing.assert_allclose(np.linalg.norm(found.values, axis=1), 1, atol=1e-3)


@given(
    height=st.integers(1, 5000),
    width=st.integers(1, 5000),
    x=st.floats(-1e4, 1e4),
    y=st.floats(-1e4, 1e4),
)
def test_frame_round_trip(height, width, x, y):
    frame = Frame(height, width)
    np.testing.assert_allclose(frame.leave(frame.enter([[x, y]])), [[x, y]], atol=1e-6)


def test_bends_leave_affine_maps_alone():
    bends = Bends.on_grid(4)
    assert np.linalg.eigvalsh(bends.energy).min() > 0
    controls = np.column_stack([np.ones(16), bends.controls])
    np.testing.assert_allclose(controls.T @ bends.null, 0, atol=1e-12)


def test_smooth_fit_passes_through_a_bend_and_ignores_what_weighs_nothing(rng):
    points = rng.uniform(-1, 1, (60, 2))
    bent = points + 0.1 * np.sin(3 * points[:, ::-1])
    weights = np.ones(60)
    bent[0], weights[0] = 50, 0
    prior = np.array([[0.0, 0], [1, 0], [0, 1]])
    options = {"prior": prior, "ridge": 1e-6, "bending": 1e-8}
    affine = fit_smooth_map(points, bent, weights, **options)
    smooth = fit_smooth_map(points, bent, weights, bends=Bends.on_grid(5), **options)
    rest = [np.abs(m(points) - bent)[1:].max() for m in (affine, smooth)]
    assert rest[1] < 0.03 < rest[0]


def test_a_high_price_keeps_the_prior(rng):
    points = rng.uniform(-1, 1, (30, 2))
    prior = np.array([[0.3, -0.2], [1, 0.1], [0, 1]])
    found = fit_smooth_map(points, 2 * points, np.ones(30), prior=prior, ridge=1e9)
    np.testing.assert_allclose(found.coefficients, prior, atol=1e-6)
