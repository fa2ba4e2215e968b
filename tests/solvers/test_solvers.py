"""Every solver on programs whose optimum is known, and against each other."""

import importlib.util
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from napari_jcc.config import SolverConfig
from napari_jcc.errors import Cancelled, ConfigError, ProblemError, SolverError
from napari_jcc.problem import (
    LowRankTerm,
)
from napari_jcc.problem.lifting import lift
from napari_jcc.progress import Progress
from napari_jcc.solvers import (
    SOLVERS,
    Status,
    get_solver,
    require_solved,
    resolve_solver,
)
from napari_jcc.solvers.osqp_solver import OsqpSolver
from napari_jcc.solvers.registry import LARGE
from solvers.instances import READINGS, TIGHT, program, random_program

INSTALLED = [
    name for name in SOLVERS if name != "structured" or importlib.util.find_spec("torch")
]


@pytest.mark.parametrize("name", SOLVERS)
def test_optimum_known_by_hand(name):
    """(x0 - 1)^2 + (x1 - 1)^2 with x0 + x1 = 1: the middle, at cost -3/2."""
    problem = program(2 * np.eye(2), [-2, -2], [[1, 1]], [1], [1])
    solver = get_solver(name)
    solver.setup(problem, TIGHT)
    solution = require_solved(solver.solve())
    np.testing.assert_allclose(solution.x, [0.5, 0.5], atol=1e-6)
    assert solution.objective(problem) == pytest.approx(-1.5, abs=1e-6)
    # Stationarity 2 x - 2 + dual = 0 gives the dual 1.
    np.testing.assert_allclose(solution.row_duals, [1.0], atol=1e-5)


@pytest.mark.parametrize("name", SOLVERS)
def test_low_rank_part_is_subtracted(name):
    """x0^2 + x1^2 - (x0 + x1)^2 / 2 = (x0 - x1)^2 / 2; pull x0 up by -x0 / 4.

    With x1 free to follow, both go to 1.
    """
    factor = np.ones((2, 1))
    problem = program(
        2 * np.eye(2), [-0.25, 0], np.eye(2), [0, 0], [1, 1], [LowRankTerm(0, factor)]
    )
    solver = get_solver(name)
    solver.setup(problem, TIGHT)
    np.testing.assert_allclose(solver.solve().x, [1, 1], atol=1e-5)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("seed", range(3))
def test_solvers_agree_and_close_the_gap(reading, seed):
    problem = random_program(np.random.default_rng(seed), reading)
    objectives = []
    for name in INSTALLED:
        solver = get_solver(name)
        solver.setup(problem, TIGHT)
        solution = require_solved(solver.solve())
        assert solution.primal_residual(problem) < 1e-6
        assert solution.dual_residual(problem) < 1e-6
        assert abs(solution.duality_gap(problem)) < 1e-5
        objectives.append(solution.objective(problem))
    for objective in objectives[1:]:
        assert objective == pytest.approx(objectives[0], rel=1e-4, abs=1e-6)


def test_readings_are_nested(rng):
    """hull is inside bigm, bigm inside cover: the optimum can only fall."""
    best = {}
    for reading in ("hull", "bigm", "cover"):
        problem = random_program(np.random.default_rng(5), reading)
        solver = get_solver("osqp")
        solver.setup(problem, TIGHT)
        best[reading] = solver.solve().objective(problem)
    assert best["hull"] >= best["bigm"] - 1e-7
    assert best["bigm"] >= best["cover"] - 1e-7


def test_lifting_keeps_the_cost(rng):
    problem = random_program(rng, "cover")
    lifted = lift(problem)
    x = rng.random(problem.variable_count)
    w = np.concatenate([term.factor.T @ x[term.rows] for term in problem.low_rank])
    point = np.concatenate([x, w])
    full = lifted.P + sparse.triu(lifted.P, 1).T
    assert 0.5 * point @ full @ point + lifted.q @ point == pytest.approx(
        problem.objective(x)
    )
    worse = np.concatenate([x, w + 0.1])
    assert 0.5 * worse @ full @ worse + lifted.q @ worse > problem.objective(x)


def test_multiply_equals_the_dense_matrix(rng):
    problem = random_program(rng, "bigm")
    x = rng.random(problem.variable_count)
    np.testing.assert_allclose(problem.multiply(x), problem.dense_cost() @ x)
    assert np.linalg.eigvalsh(problem.dense_cost()).min() > -1e-10


def test_warm_start_takes_fewer_iterations(rng):
    problem = random_program(rng, "cover")
    solver = get_solver("osqp")
    solver.setup(problem, TIGHT)
    cold = solver.solve()
    again = get_solver("osqp")
    again.setup(problem, TIGHT)
    assert again.solve(warm_start=cold).iterations < cold.iterations


def test_other_limits_are_taken_as_if_they_had_been_set_up(rng):
    problem = random_program(rng, "cover")
    upper = problem.upper.copy()
    upper[:5] = 0.0
    lower = problem.lower.copy()
    lower[6] = 1.0
    fixed = replace(problem, lower=lower, upper=upper)
    solver, fresh = OsqpSolver(), OsqpSolver()
    solver.setup(problem, TIGHT)
    before = solver.solve()
    fresh.setup(fixed, TIGHT)
    for limits, known in ((fixed, fresh.solve()), (problem, before)):
        solver.set_limits(limits)
        found = solver.solve(before)
        assert found.status is Status.SOLVED
        np.testing.assert_allclose(found.x, known.x, atol=1e-5)


def test_infeasible_program_says_what_to_do():
    problem = program(np.eye(1), [0], [[1]], [2], [3])
    solver = get_solver("osqp")
    solver.setup(problem, SolverConfig())
    solution = solver.solve()
    assert solution.status is Status.INFEASIBLE
    with pytest.raises(SolverError, match="area_min"):
        require_solved(solution)


@pytest.mark.parametrize("name", SOLVERS)
def test_running_out_of_iterations_is_an_error_with_a_remedy(name, rng):
    solver = get_solver(name)
    solver.setup(random_program(rng, "cover"), SolverConfig(max_iterations=1))
    with pytest.raises(SolverError, match="max_iterations"):
        require_solved(solver.solve())


def test_non_convex_cost_is_refused_or_reported():
    problem = program(-np.eye(2), [0, 0], np.eye(2), [0, 0], [1, 1])
    solver = get_solver("osqp")
    with pytest.raises((ProblemError, SolverError)):
        solver.setup(problem, SolverConfig())
        require_solved(solver.solve())


def test_unknown_solver_lists_the_known():
    with pytest.raises(ConfigError, match="osqp, structured"):
        get_solver("gurobi")


def test_nan_in_the_cost_is_named():
    with pytest.raises(ProblemError, match=r"q must be finite, but 1 of 2"):
        program(np.eye(2), [np.nan, 0], [[1, 1]], [0], [1])


def test_auto_is_structured_where_torch_is_but_for_a_small_run(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert resolve_solver("auto", LARGE) == "structured"
    assert resolve_solver("auto", LARGE - 1) == "osqp"
    assert resolve_solver("auto", 1, correction=True) == "structured"
    assert resolve_solver("osqp", LARGE, correction=True) == "osqp"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert resolve_solver("auto", LARGE, correction=True) == "osqp"


@pytest.mark.parametrize(
    ("progress", "error"), [(Progress(), Cancelled), (None, KeyboardInterrupt)]
)
def test_ctrl_c_while_osqp_iterates_is_no_failed_answer(progress, error):
    endless = SolverConfig(tolerance=1e-15, max_iterations=10**7)
    problem = random_program(np.random.default_rng(0), "hull")
    solver = get_solver("osqp")
    solver.setup(problem, endless)
    before = signal.signal(signal.SIGINT, lambda *_: None)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(error):
            solver.solve(progress=progress)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_is_python_s_again_after_osqp_in_several_threads():
    problem = random_program(np.random.default_rng(0), "hull")

    def solve(_):
        solver = get_solver("osqp")
        solver.setup(problem, SolverConfig())
        solver.solve()

    caught = []
    before = signal.signal(signal.SIGINT, lambda *_: caught.append(True))
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(solve, range(80)))
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        assert caught
    finally:
        signal.signal(signal.SIGINT, before)
