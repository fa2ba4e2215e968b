"""The program's own measures, and what it is gathered from, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from napari_jcc.errors import ProblemError
from napari_jcc.problem import gather
from napari_jcc.problem.program import LowRankTerm
from napari_jcc.regions import ImageRegions, Superpixels
from solvers.instances import program


def test_the_bound_is_the_cost_at_the_optimum_and_below_it_elsewhere():
    """Least x_0^2 / 2 + x_1^2 - x_0 - 4 x_1 with x_0 + x_1 <= 1: -3 at (0, 1)."""
    factor = LowRankTerm(0, np.array([[1.0]]))
    cost = program([[2, 0], [0, 2]], [-1, -4], [[1, 1]], [-np.inf], [1], [factor])
    best = np.array([0.0, 1.0])
    assert cost.objective(best) == -3
    assert cost.lower_bound(best, np.array([1.5])) == -3
    # A lower limit that is open has no dual.
    for dual in (0.0, -5.0):
        assert cost.lower_bound(best, np.array([dual])) == -4


@pytest.mark.parametrize(
    ("x", "violation"),
    [
        ((0.5, 0.5), 0),
        ((1, 0.9), 0.4),
        ((0, 0.5), 0.25),
        ((-0.5, -0.5), 0.5),
        ((1.5, 0), 0.5),
    ],
)
def test_the_worst_of_rows_and_bounds_is_told(x, violation):
    rows = [[1, 1], [1, -1]], [-np.inf, -0.25], [1.5, np.inf]
    found = program(np.eye(2), [0, 0], *rows).infeasibility(np.array(x))
    assert found == pytest.approx(violation)


def two_halves() -> ImageRegions:
    """Two superpixels side by side; a box over the left one, and one over the middle."""
    halves = Superpixels(
        np.repeat([[0, 0, 1, 1]], 2, axis=0).astype(np.int32),
        np.zeros((2, 3), np.float32),
        np.array([[0.5, 0.5], [2.5, 0.5]], np.float32),
        np.full(2, 4, np.float32),
        np.array([[0, 1]]),
    )
    return ImageRegions(
        halves,
        np.repeat([[0.8, 0.6, 0.2, 0.0]], 2, axis=0).astype(np.float32),
        np.array([[0, 0, 2, 2], [1, 0, 3, 2]], np.float32),
        np.zeros(2, np.float32),
        sparse.csr_array([[True, False], [False, False]]),
    )


def test_boxes_have_the_mean_saliency_of_their_pixels():
    found = gather([two_halves()])
    np.testing.assert_allclose(found.box_saliency, [0.7, 0.4])
    np.testing.assert_allclose(found.box_area, [0.5, 0.5])


def test_an_image_without_boxes_is_refused_by_its_number():
    bare = replace(two_halves(), boxes=np.zeros((0, 4), np.float32))
    with pytest.raises(ProblemError, match="Image 1 has 2 superpixels and 0 boxes"):
        gather([two_halves(), bare])
