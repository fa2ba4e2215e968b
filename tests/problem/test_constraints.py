"""Every row of every constraint on the toy problem, against rows written out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from napari_jcc.problem import Variables
from napari_jcc.problem.constraints import (
    AreaRange,
    BoxCoverage,
    BoxFill,
    BoxMembership,
    OneBoxPerImage,
)

INF = np.inf


def check(rows, matrix, low, high):
    np.testing.assert_allclose(rows.A.toarray(), matrix)
    np.testing.assert_allclose(rows.l, low)
    np.testing.assert_allclose(rows.u, high)
    np.testing.assert_array_equal(rows.image, np.zeros(len(low)))


def test_box_fill_as_printed(toy):
    rows = BoxFill(0.1, upper="scaled").rows(Variables(toy))
    check(
        rows,
        [
            # y0 y1 y2 y3 y4  z0    z1
            [1, 1, 1, 0, 0, -0.3, 0],  # .1 * 3 z0 <= y0 + y1 + y2
            [0, 1, 1, 1, 0, 0, -0.3],
            [1, 1, 1, 0, 0, -2.7, 0],  # y0 + y1 + y2 <= .9 * 3 z0
            [0, 1, 1, 1, 0, 0, -2.7],
        ],
        [0, 0, -INF, -INF],
        [INF, INF, 0, 0],
    )


def test_box_fill_free_leaves_a_box_that_is_not_chosen_alone(toy):
    rows = BoxFill(0.1, upper="free").rows(Variables(toy))
    check(
        rows,
        [
            [1, 1, 1, 0, 0, -0.3, 0],
            [0, 1, 1, 1, 0, 0, -0.3],
            [1, 1, 1, 0, 0, 0.3, 0],  # y0 + y1 + y2 + .1 * 3 z0 <= 3
            [0, 1, 1, 1, 0, 0, 0.3],
        ],
        [0, 0, -INF, -INF],
        [INF, INF, 3, 3],
    )


def test_box_fill_without_upper_row(toy):
    rows = BoxFill(0.1, upper="none").rows(Variables(toy))
    check(
        rows,
        [[1, 1, 1, 0, 0, -0.3, 0], [0, 1, 1, 1, 0, 0, -0.3]],
        [0, 0],
        [INF, INF],
    )


@pytest.mark.parametrize(("scaled", "n1"), [(True, 2.0), (False, 1.0)])
def test_box_coverage(toy, scaled, n1):
    rows = BoxCoverage(scaled).rows(Variables(toy))
    check(
        rows,
        [
            [1, 0, 0, 0, 0, -1, 0],
            [0, n1, 0, 0, 0, -1, -1],
            [0, 0, n1, 0, 0, -1, -1],
            [0, 0, 0, 1, 0, 0, -1],
        ],
        [-INF] * 4,
        [0] * 4,
    )


def test_one_box_per_image(toy):
    check(OneBoxPerImage().rows(Variables(toy)), [[0, 0, 0, 0, 0, 1, 1]], [1], [1])


def test_as_many_boxes_as_objects(toy):
    two = replace(toy, objects=np.array([2]))
    check(OneBoxPerImage().rows(Variables(two)), [[0, 0, 0, 0, 0, 1, 1]], [2], [2])


def test_area_range(toy):
    rows = AreaRange(0.1, 0.9, gamma=0.1).rows(Variables(toy))
    check(rows, [[0.2] * 5 + [0, 0]], [0.1], [0.9])


def test_area_floor_gives_way_to_small_boxes(toy):
    # The largest box covers .6 of the image; (1 - .1) * .6 = .54 can be filled.
    rows = AreaRange(0.8, 0.9, gamma=0.1).rows(Variables(toy))
    np.testing.assert_allclose([rows.l[0], rows.u[0]], [0.54, 0.9])


def test_membership_rows(toy):
    variables = Variables(toy, has_memberships=True)
    assert variables.count == 5 + 2 + 6
    rows = BoxMembership(0.1).rows(variables)
    matrix = rows.A.toarray()
    assert matrix.shape == (5 + 6 + 2 + 2, 13)
    # Superpixel 1 is in both boxes: y1 = t_01 + t_11; memberships are box-major.
    np.testing.assert_allclose(matrix[1], [0, 1, 0, 0, 0, 0, 0, 0, -1, 0, -1, 0, 0])
    # Superpixel 4 is in none: y4 = 0.
    np.testing.assert_allclose(matrix[4], [0, 0, 0, 0, 1] + [0] * 8)
    # First membership of box 1: t_11 <= z_1.
    np.testing.assert_allclose(matrix[5 + 3], [0] * 6 + [-1, 0, 0, 0, 1, 0, 0])
    np.testing.assert_allclose(matrix[11], [0, 0, 0, 0, 0, -0.3, 0, 1, 1, 1, 0, 0, 0])
    np.testing.assert_allclose(matrix[14], [0] * 6 + [-2.7, 0, 0, 0, 1, 1, 1])


def integer_points(toy):
    """One-hot z with the superpixels of the object inside the chosen box."""
    for box, object_ in ((0, [0, 1]), (1, [1, 2]), (1, [3])):
        x = np.zeros(7)
        x[object_] = 1
        x[5 + box] = 1
        yield x


def feasible(rows, x):
    value = rows.A @ x
    return bool(np.all(value >= rows.l - 1e-12) and np.all(value <= rows.u + 1e-12))


def test_printed_reading_forbids_objects_that_touch_a_second_box(toy):
    variables = Variables(toy)
    printed = [BoxFill(0.1, "scaled"), BoxCoverage(True)]
    bigm = [BoxFill(0.1, "free"), BoxCoverage(False)]
    points = list(integer_points(toy))
    for x in points:
        assert all(feasible(c.rows(variables), x) for c in bigm)
    allowed = [all(feasible(c.rows(variables), x) for c in printed) for x in points]
    # Only the last object, superpixel 3, lies in its own box alone.
    assert allowed == [False, False, True]


def test_uniform_boxes_are_strictly_feasible_as_printed(toy):
    x = np.array([0.25, 0.25, 0.25, 0.25, 0, 0.5, 0.5])
    for constraint in (BoxFill(0.1, "scaled"), BoxCoverage(True), OneBoxPerImage()):
        assert feasible(constraint.rows(Variables(toy)), x)
