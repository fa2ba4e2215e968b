"""Corrections of a user: fixed pieces never leave a set without answer."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from napari_jcc.config import DiscriminativeConfig, ProblemConfig
from napari_jcc.errors import ProblemError
from napari_jcc.features.streaming import Features
from napari_jcc.problem.fixings import (
    Fixings,
    boxes_left,
    fix,
    images_without_box,
)
from napari_jcc.problem.joint import factorise, joint_model
from solvers.instances import READINGS, random_data


def model_of(data, reading, rng, **options):
    features = Features(
        rng.normal(size=(data.superpixel_count, 6)).astype(np.float32),
        rng.normal(size=(data.box_count, 4)).astype(np.float32),
    )
    factors = factorise(features, data, DiscriminativeConfig(degrees_of_freedom=3))
    return joint_model(data, factors, ProblemConfig(reading=reading, **options))


def row_room(program, cost=None):
    """Ask an independent solver how far all inequality rows can be kept at once.

    Below 0: there is no point. With a cost, return its least value instead.
    """
    equal = program.l == program.u
    above, below = np.isfinite(program.u) & ~equal, np.isfinite(program.l) & ~equal
    matrix, count = program.A.toarray(), program.variable_count
    rows = np.vstack([matrix[above], -matrix[below]])
    answer = linprog(
        np.append(np.zeros(count), -1) if cost is None else np.append(cost, 0),
        A_ub=np.column_stack([rows, np.ones(len(rows))]),
        b_ub=np.concatenate([program.u[above], -program.l[below]]),
        A_eq=np.column_stack([matrix[equal], np.zeros(equal.sum())]),
        b_eq=program.u[equal],
        bounds=[*zip(program.lower, program.upper, strict=True), (0, 1)],
    )
    if answer.status:
        return -1
    return -answer.fun if cost is None else answer.fun


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from(READINGS), st.data())
def test_fixings_are_never_infeasible(seed, reading, draw):
    """Any marks of both kinds, with a box moved over them where none holds them."""
    rng = np.random.default_rng(seed)
    data = random_data(rng)
    kinds = np.array(draw.draw(st.lists(st.integers(0, 2), min_size=36, max_size=36)))
    front, back = np.flatnonzero(kinds == 1), np.flatnonzero(kinds == 2)
    overlap = data.overlap.toarray()
    for image in images_without_box(data, Fixings(front)):
        moved = np.flatnonzero(data.box_image == image)[0]
        overlap[moved, front[data.superpixel_image[front] == image]] = 1
    data = replace(data, overlap=sparse.csr_array(overlap))
    model = model_of(data, reading, rng)
    before = model.build()
    after = fix(before, model.variables, Fixings(front, back))
    assert row_room(after) >= 0
    assert np.array_equal(after.A.data, before.A.data)
    y, _ = model.variables.split(after.lower)
    cap = data.boxes_per_superpixel if reading == "printed" else np.ones(len(y))
    np.testing.assert_allclose(y[front] * cap[front], 1)
    assert np.all(after.upper[back] == 0)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("chosen", [True, False])
def test_a_box_can_be_chosen_or_switched_off(reading, chosen, rng):
    data = random_data(rng)
    model = model_of(data, reading, rng)
    fixings = Fixings(chosen=[5]) if chosen else Fixings(off=[5])
    fixed = fix(model.build(), model.variables, fixings)
    assert row_room(fixed) > 1e-3
    z = fixed.upper[model.variables.boxes]
    np.testing.assert_array_equal(z[4:8] > 0, [not chosen, chosen, not chosen, not chosen])
    assert np.all(z[:4] == 1) and np.all(z[8:] == 1)


def test_a_foreground_mark_is_object_in_whichever_box_is_chosen(rng):
    """Memberships t of the mark sum to 1 as the boxes of its image do, so t = z."""
    data = random_data(rng)
    model = model_of(data, "hull", rng)
    fixed = fix(model.build(), model.variables, Fixings(foreground=[0]))
    of_mark = np.zeros(fixed.variable_count)
    of_mark[model.variables.memberships] = data.overlap.indices == 0
    assert row_room(fixed, of_mark) == pytest.approx(1)


def test_boxes_that_miss_a_mark_are_left_out(rng):
    data = random_data(rng)
    mark = int(np.flatnonzero(data.overlap.toarray()[:4].sum(axis=0) == 2)[0])
    left = boxes_left(data, Fixings(foreground=[mark]))
    np.testing.assert_array_equal(left[:4], data.overlap.toarray()[:4, mark] == 1)
    assert left[4:].all()


def test_rows_far_from_a_mark_stay_as_they_are(rng):
    model = model_of(random_data(rng), "cover", rng)
    before = model.build()
    after = fix(before, model.variables, Fixings(foreground=[0]))
    # Superpixel 0 lies in every box of its image: only its own row is settled.
    changed = np.flatnonzero((after.l != before.l) | (after.u != before.u))
    assert len(changed) == 1
    assert before.A[changed].toarray()[0, 0] == 1


def test_an_area_floor_gives_way_to_background_marks(rng):
    data = random_data(rng)
    model = model_of(data, "cover", rng, area_min=0.3)
    before = model.build()
    fixed = fix(before, model.variables, Fixings(background=range(2, 12)))
    floor = np.flatnonzero(before.l > 0)[0]
    assert row_room(fixed) > 1e-3
    assert 0 < fixed.l[floor] < before.l[floor]
    np.testing.assert_array_equal(
        fixed.l[before.row_image > 0], before.l[before.row_image > 0]
    )


@pytest.mark.parametrize(
    ("fixings", "message"),
    [
        (Fixings([0], [0]), "both kinds"),
        (Fixings([99]), "There are 36 superpixels"),
        (Fixings(off=[12]), "There are 12 boxes"),
        (Fixings(chosen=[1], off=[1]), "both chosen and off"),
        (Fixings(chosen=[0, 1]), "several chosen"),
        (Fixings(off=[0, 1, 2, 3]), "All 4 boxes of image 0 are off"),
        (Fixings(range(1, 12)), "No box of image 0 .* Add a box around the marks"),
        (
            Fixings(range(1, 12), chosen=[2]),
            "Box 2 of image 0 is chosen, but does not hold",
        ),
        (
            Fixings(np.arange(36) < 3),
            r"given by their numbers, but np.True_ .*flatnonzero",
        ),
        (Fixings(background=[1.5]), "given by their numbers, but 1.5"),
    ],
)
def test_contradictions_are_named(fixings, message, rng):
    model = model_of(random_data(rng), "cover", rng)
    with pytest.raises(ProblemError, match=message):
        fix(model.build(), model.variables, fixings)
