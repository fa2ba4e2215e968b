"""Sets larger than the memory they may take: the same answer, from a file."""

import numpy as np
import pytest

from napari_jcc.config import DiscriminativeConfig, ProblemConfig
from napari_jcc.features.streaming import Features
from napari_jcc.problem import factorise, joint_model
from napari_jcc.solvers import Status, get_solver
from solvers.instances import READINGS, TIGHT, random_data, random_program

torch = pytest.importorskip("torch", reason="torch is not installed")

from napari_jcc.solvers.structured import build  # noqa: E402
from napari_jcc.solvers.structured.batches import room_for_parts  # noqa: E402
from napari_jcc.solvers.structured.layout import find_layout  # noqa: E402

torch.set_num_threads(1)  # Threads that wait for each other slow tiny matrices down.

INTERIOR = TIGHT.model_copy(update={"method": "ipm"})


def solve(problem, config):
    solver = get_solver("structured", "cpu")
    solver.setup(problem, config)
    solution = solver.solve()
    assert solution.status is Status.SOLVED
    return solution


@pytest.mark.parametrize("reading", READINGS)
def test_batches_from_a_file_give_the_very_same_point(reading, rng, monkeypatch):
    """Three groups of one image; a budget of a few kilobytes holds none or one."""
    monkeypatch.setattr(build, "find_layout", lambda p, *_: find_layout(p, group_bytes=1))
    rooms = []
    monkeypatch.setattr(
        build, "room_for_parts", lambda *a: rooms.append(room_for_parts(*a)) or rooms[-1]
    )
    problem = random_program(rng, reading, superpixels=8, boxes=3)
    # The points are the same at every step, so a few steps will do.
    few = INTERIOR.model_copy(update={"tolerance": 1e-2})
    together = solve(problem, few)
    assert rooms[-1][0] is rooms[-1][0]
    for gigabytes in (1e-9, 6e-6):
        config = few.model_copy(update={"memory_gb": gigabytes})
        apart = solve(problem, config)
        # Read anew from the file, the last at the latest.
        assert rooms[-1][-1] is not rooms[-1][-1]
        np.testing.assert_array_equal(apart.x, together.x)
        np.testing.assert_array_equal(apart.row_duals, together.row_duals)


@pytest.mark.parametrize("reading", ("printed", "bigm", "cover"))
@pytest.mark.parametrize("seed", range(3))
def test_float32_storage_changes_the_optimum_by_less_than_a_millionth(reading, seed):
    rng = np.random.default_rng(seed)
    data = random_data(rng)
    features = Features(
        rng.normal(size=(data.superpixel_count, 6)).astype(np.float32),
        rng.normal(size=(data.box_count, 4)).astype(np.float32),
    )
    objectives = []
    for storage in ("float64", "float32"):
        config = DiscriminativeConfig(degrees_of_freedom=3, storage=storage)
        factors = factorise(features, data, config)
        problem = joint_model(data, factors, ProblemConfig(reading=reading)).build()
        assert {term.factor.dtype for term in problem.low_rank} == {np.dtype(storage)}
        solution = solve(problem, INTERIOR)
        objectives.append(solution.objective(problem))
    assert objectives[1] == pytest.approx(objectives[0], rel=1e-6)
