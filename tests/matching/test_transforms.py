"""Transformations of points and images: known cases, round trips, inverses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the matching network needs torch")

from napari_jcc.matching.network.transforms import (  # noqa: E402
    Transform,
    affine_points,
    compose_affine,
    control_points,
    invert_affine,
    pixel_centres,
    sampling_grid,
    tps_points,
    warp,
)

DOUBLE = torch.float64
REST = Transform.identity(1, torch.empty(0, dtype=DOUBLE))
POINTS = pixel_centres(5, 5, torch.empty(0, dtype=DOUBLE))


def moved(seed, size):
    generator = torch.Generator().manual_seed(seed)
    affine = size * torch.randn(1, 6, generator=generator, dtype=DOUBLE)
    tps = size * torch.randn(1, 18, generator=generator, dtype=DOUBLE)
    return Transform(REST.affine + affine, REST.tps + tps)


def test_pixel_centres_lie_between_the_outer_edges():
    centres = pixel_centres(1, 4, torch.empty(0))
    assert centres[0, :, 0].tolist() == [-0.75, -0.25, 0.25, 0.75]
    assert centres[0, :, 1].tolist() == [0, 0, 0, 0]


def test_affine_parameters_are_the_rows_of_the_matrix():
    theta = torch.tensor([[1.0, 2, 3, 4, 5, 6]])
    assert affine_points(theta, torch.tensor([[[10.0, 1]]])).tolist() == [[[15, 51]]]


def test_spline_takes_control_points_where_they_are_told_row_by_row():
    centres = control_points(3, POINTS)
    assert centres[:4].tolist() == [[-1, -1], [0, -1], [1, -1], [-1, 0]]
    transform = moved(0, 0.2)
    found = tps_points(transform.tps, centres[None])[0]
    assert torch.allclose(found.T.flatten(), transform.tps[0])


def test_spline_of_affinely_moved_control_points_is_affine():
    theta = torch.tensor([[0.9, 0.2, 0.1, -0.1, 1.1, 0.3]], dtype=DOUBLE)
    centres = affine_points(theta, control_points(3, POINTS)[None])
    found = tps_points(centres[0].T.reshape(1, -1), POINTS)
    assert torch.allclose(found, affine_points(theta, POINTS))


def test_whole_is_the_affine_part_after_the_spline():
    transform = moved(1, 0.1)
    steps = affine_points(transform.affine, tps_points(transform.tps, POINTS))
    assert torch.equal(transform(POINTS), steps)


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_inverse_of_affine_maps_undoes_them(seed):
    theta = moved(seed, 0.1).affine
    none = compose_affine(invert_affine(theta), theta)
    assert torch.allclose(none, REST.affine, atol=1e-9)


def test_warp_by_the_identity_changes_nothing_and_a_shift_moves_whole_pixels():
    image = torch.arange(12.0, dtype=DOUBLE).reshape(1, 1, 3, 4)
    assert torch.allclose(warp(image, sampling_grid(REST, 3, 4)), image)
    # A pixel is 2/4 wide: what stood at column 1 is drawn at column 0.
    affine = REST.affine + torch.tensor([0, 0, 0.5, 0, 0, 0])
    shifted = warp(image, sampling_grid(Transform(affine, REST.tps), 3, 4))
    assert torch.allclose(shifted[..., :3], image[..., 1:])
    assert torch.allclose(shifted[..., 3], torch.zeros(3, dtype=DOUBLE))


def test_gradients_of_the_spline():
    tps = moved(2, 0.1).tps.requires_grad_()
    points = (POINTS[:, :4] + 0.01).requires_grad_()
    assert torch.autograd.gradcheck(tps_points, (tps, points), fast_mode=True)
