"""Steps of interior point: as long in all images, or as long as each of them allows."""

import numpy as np
import pytest

from solvers.instances import random_program

torch = pytest.importorskip("torch", reason="torch is not installed")

from napari_jcc.solvers.structured import ipm  # noqa: E402
from napari_jcc.solvers.structured.build import make_blocks  # noqa: E402
from napari_jcc.solvers.structured.condensed import CondensedSystem  # noqa: E402
from napari_jcc.solvers.structured.exchange import SingleProcess  # noqa: E402
from napari_jcc.solvers.structured.layout import find_layout  # noqa: E402
from napari_jcc.solvers.structured.scope import AllImages, EachImage  # noqa: E402

torch.set_num_threads(1)  # Threads that wait for each other slow tiny matrices down.

CPU = torch.device("cpu")


@pytest.fixture(params=[1, 2**20])
def scattered(request, rng):
    """A program, its layout in one group or many, and a value for all that it has."""
    problem = random_program(rng, "cover")
    layout = find_layout(problem, request.param)
    values = rng.normal(size=problem.variable_count), rng.normal(size=len(problem.l))
    flat = layout.flat(values[0]), layout.flat_rows(values[1])
    return problem, layout, values, tuple(torch.as_tensor(v) for v in flat)


def test_every_image_is_summed_by_itself(scattered):
    problem, layout, values, flat = scattered
    images = problem.variable_image, problem.row_image
    sums = sum(np.bincount(i, v, 3) for i, v in zip(images, values, strict=True))
    variables, rows = EachImage(layout).total(*flat)
    np.testing.assert_allclose(variables[layout.variable_place], sums[images[0]])
    np.testing.assert_allclose(rows[layout.row_place], sums[images[1]])


def test_every_image_has_a_largest_value_of_its_own(scattered):
    problem, layout, values, flat = scattered
    images = np.concatenate([problem.variable_image, problem.row_image])
    most = np.zeros(3)  # padding is 0
    np.maximum.at(most, images, np.concatenate(values))
    variables, rows = EachImage(layout).largest(*flat)
    np.testing.assert_array_equal(
        variables[layout.variable_place], most[problem.variable_image]
    )
    np.testing.assert_array_equal(rows[layout.row_place], most[problem.row_image])


def test_all_images_are_one(scattered):
    _, _, values, flat = scattered
    everything = np.concatenate(values)
    scope = AllImages(SingleProcess())
    for part in scope.total(*flat):
        assert float(part) == pytest.approx(everything.sum())
    for part in scope.largest(*flat):
        assert float(part) == everything.max()


def steps_needed(blocks, scope):
    system = CondensedSystem(blocks, SingleProcess())
    method = ipm.InteriorPoint(blocks, SingleProcess(), system, precision=None, scope=scope)
    result = method.solve(1e-6)
    assert result.solved
    return result.iterations


def test_the_worst_image_holds_up_no_other():
    """With twenty images there is nearly always one that allows a short step alone."""
    saved = 0
    for seed in range(5):
        problem = random_program(np.random.default_rng(seed), "cover", images=20)
        blocks = make_blocks(problem, CPU)
        apart = steps_needed(blocks, EachImage(blocks.layout))
        together = steps_needed(blocks, AllImages(SingleProcess()))
        assert apart <= together
        saved += together - apart
    assert saved >= 5
