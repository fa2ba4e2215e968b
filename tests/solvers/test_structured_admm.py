"""Operator splitting: its accuracy, warm starts, and what it does with bad input."""

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_jcc.config import SolverConfig
from napari_jcc.errors import Cancelled, SolverError
from napari_jcc.problem.joint import Terms
from napari_jcc.solvers import Status, get_solver
from solvers.instances import READINGS, CancelledLater, program, random_program

torch = pytest.importorskip("torch", reason="torch is not installed")

from napari_jcc.solvers.structured import PreparedProblem, repair  # noqa: E402
from napari_jcc.solvers.structured import engine as engine_module  # noqa: E402
from napari_jcc.solvers.structured.admm import Admm  # noqa: E402
from napari_jcc.solvers.structured.anderson import Anderson  # noqa: E402
from napari_jcc.solvers.structured.build import make_blocks  # noqa: E402
from napari_jcc.solvers.structured.change import Change  # noqa: E402
from napari_jcc.solvers.structured.engine import Engine  # noqa: E402
from napari_jcc.solvers.structured.exchange import SingleProcess  # noqa: E402
from napari_jcc.solvers.structured.kept import KeptSystem  # noqa: E402
from napari_jcc.solvers.structured.kkt import KktSystem  # noqa: E402

torch.set_num_threads(1)  # Threads that wait for each other slow tiny matrices down.
CPU = torch.device("cpu")
ADMM = SolverConfig(tolerance=1e-6, method="admm")
IPM = SolverConfig(tolerance=1e-8, method="ipm")


def solve(problem, config, name="structured"):
    solver = get_solver(name, "cpu")
    solver.setup(problem, config)
    return solver.solve()


@pytest.mark.parametrize("reading", READINGS)
def test_kept_inverse_equals_the_factorised_system(reading, rng):
    blocks = make_blocks(random_program(rng, reading), CPU)
    d = torch.rand(blocks.layout.variable_count, dtype=torch.float64) + 0.5
    theta = torch.rand(blocks.layout.row_count, dtype=torch.float64)
    system, kept = KktSystem(blocks), KeptSystem(blocks, SingleProcess())
    system.factorise(d, theta)
    kept.factorise(d, theta, blocks.free)
    right = torch.randn_like(d)
    torch.testing.assert_close(kept.solve(right), system.solve(right), atol=1e-9, rtol=0)


@settings(max_examples=8)
@given(
    st.integers(0, 2**32 - 1), st.sampled_from(READINGS), st.sampled_from([0.1, 1.0, 30.0])
)
def test_splitting_agrees_with_the_other_methods(seed, reading, weight):
    problem = random_program(
        np.random.default_rng(seed), reading, nu=0.1 * weight, mu=0.1 * weight
    )
    answer = solve(problem, ADMM)
    assert answer.status is Status.SOLVED
    cost = problem.objective(repair(problem, answer.x))
    bound = problem.lower_bound(answer.x, answer.row_duals)
    scale = max(abs(cost), 1e-2)
    assert cost - bound <= 1e-5 * scale
    if reading != "hull":
        assert cost == pytest.approx(
            solve(problem, IPM).objective(problem), abs=1e-5 * scale
        )


@pytest.mark.parametrize("reading", READINGS)
def test_a_warm_start_at_the_optimum_ends_at_once(reading, rng):
    blocks = make_blocks(random_program(rng, reading), CPU)
    method = Admm(blocks, tolerance=1e-4)
    cold = method.solve()
    assert cold.solved
    assert method.solve((cold.x, cold.y)).iterations <= 10 < cold.iterations


def test_anderson_solves_a_linear_iteration_in_as_many_steps_as_it_has_dimensions(rng):
    matrix = torch.as_tensor(np.diag([0.9, 0.5, -0.7, 0.2]))
    fixed = torch.ones(4, dtype=torch.float64)
    point = torch.zeros(4, dtype=torch.float64)
    anderson = Anderson(SingleProcess())
    for _ in range(6):
        point = anderson.next(point, matrix @ (point - fixed) + fixed)
    torch.testing.assert_close(point, fixed, atol=1e-8, rtol=0)


def test_anderson_gives_up_a_point_that_got_worse():
    anderson = Anderson(SingleProcess())
    start = torch.zeros(2, dtype=torch.float64)
    plain = anderson.next(start, start + 0.1)
    worse = anderson.next(plain, plain + 5.0)
    torch.testing.assert_close(worse, plain)


def test_anderson_does_not_go_far_ahead_of_an_even_drift():
    """Residuals that are alike but for rounding say nothing of where the drift ends."""
    anderson = Anderson(SingleProcess())
    drift = torch.tensor([0.1, 0.3, -0.7], dtype=torch.float64)
    point = torch.zeros(3, dtype=torch.float64)
    for _ in range(20):
        point = anderson.next(point, point + drift)
    assert point.norm() <= 100 * drift.norm()


@pytest.mark.parametrize("reading", READINGS)
def test_superpixels_of_hardly_any_curvature_do_not_stall_it(reading, rng):
    problem = random_program(rng, reading, terms=Terms(superpixel_classifier=False))
    diagonal = problem.sparse_cost.diagonal()
    assert diagonal.min() < 1e-3 * diagonal.mean()
    config = ADMM.model_copy(update={"tolerance": 1e-4})
    answer = solve(problem, config)
    assert answer.notes == ()
    cost = problem.objective(repair(problem, answer.x))
    assert cost == pytest.approx(solve(problem, IPM).objective(problem), rel=2e-4)


def test_interior_point_takes_over_from_splitting_that_was_asked_for(rng):
    """Boxes without curvature whose costs hardly differ: a linear program, which drifts."""
    costs = [0.2218, 0.2235]
    problem = program(np.diag([1.0, 0.0, 0.0]), [-0.5, *costs], [[0, 1, 1]], [1], [1])
    answer = solve(problem, ADMM)
    assert "interior point takes over" in answer.notes[0]
    np.testing.assert_allclose(answer.x, [0.5, 1.0, 0.0], atol=1e-4)


def test_contradicting_rows_are_proved_infeasible():
    problem = program(np.eye(2), [0, 0], [[1, 1]], [3], [4])
    assert solve(problem, ADMM).status is Status.INFEASIBLE


def test_a_concave_cost_is_named():
    concave = program(-np.eye(2), [0.1, 0], np.eye(2), [0, 0], [1, 1])
    assert solve(concave, ADMM).status is Status.NON_CONVEX


@pytest.fixture
def splits(monkeypatch):
    """Take the processor for a device on which operator splitting pays."""
    monkeypatch.setattr(engine_module, "SPLIT_ON", ("cpu",))
    monkeypatch.setattr(engine_module, "SMALL", 0)


def test_auto_turns_to_interior_point_where_splitting_stalls(
    rng, splits, monkeypatch, caplog
):
    monkeypatch.setattr("napari_jcc.solvers.structured.admm.MOST_STEPS", 10)
    problem = random_program(rng, "cover")
    with caplog.at_level(logging.WARNING):
        prepared = PreparedProblem(problem, SolverConfig(tolerance=1e-5), "cpu")
        assert prepared.solve().status is Status.SOLVED
    assert "interior point takes over" in caplog.text
    assert len(prepared.notes) == 1


def test_auto_splits_large_programs_and_solves_precise_ones_by_interior_point(rng, splits):
    problem = random_program(rng, "cover")
    steps = {
        (method, tolerance): solve(
            problem, SolverConfig(method=method, tolerance=tolerance)
        ).iterations
        for method in ("auto", "admm", "ipm")
        for tolerance in (1e-4, 1e-8)
    }
    assert steps["auto", 1e-4] == steps["admm", 1e-4] != steps["ipm", 1e-4]
    assert steps["auto", 1e-8] == steps["ipm", 1e-8]


def test_out_of_memory_shrinks_batches_then_leaves_the_device(rng, monkeypatch):
    problem = random_program(rng, "cover")
    solver = Engine(problem, ADMM, CPU)
    # No second device is at hand: only its name and the work on it are pretended.
    solver._device = torch.device("meta")
    devices = []

    def make(program, device, *rest):
        devices.append(device.type)
        if device.type == "meta":
            raise torch.OutOfMemoryError("out of memory")
        return make_blocks(program, device, *rest)

    monkeypatch.setattr(engine_module, "make_blocks", make)
    solver.take(problem, Change(cost=False, rows=False, factors=True, pattern=False))
    assert solver.solve().status is Status.SOLVED
    assert devices[0] == "meta" and devices[-1] == "cpu"
    assert "batches are cut" in solver.notes[0]
    assert "processor takes over" in solver.notes[-1]


def test_no_memory_at_all_is_an_error_that_leaves_the_last_solution(rng, monkeypatch):
    problem = random_program(rng, "cover")
    prepared = PreparedProblem(problem, ADMM, "cpu")
    solution = prepared.solve()

    def fail(*_):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(Admm, "solve", fail)
        with pytest.raises(SolverError, match="not enough memory"):
            prepared.solve()
    assert prepared.solution is solution
    assert prepared.solve().status is Status.SOLVED


def test_splitting_can_be_cancelled_at_any_step(rng):
    prepared = PreparedProblem(random_program(rng, "cover"), ADMM, "cpu")
    for steps in (0, 1, 7):
        with pytest.raises(Cancelled):
            prepared.solve(CancelledLater(steps))
    assert prepared.solution is None
    assert prepared.solve().status is Status.SOLVED


WEIGHTS = (1.0, 10.0, 100.0, 1000.0)


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("reading", ["printed", "bigm", "hull"])
def test_interior_point_takes_twenty_steps_at_most(reading, weight, rng):
    problem = random_program(rng, reading, nu=0.3 * weight, mu=weight)
    answer = solve(problem, IPM)
    assert answer.status is Status.SOLVED
    assert answer.iterations <= 20
    cost = problem.objective(repair(problem, answer.x))
    bound = problem.lower_bound(answer.x, answer.row_duals)
    assert cost - bound <= 1e-8 * abs(cost) + 1e-8 * np.abs(problem.q).max()
