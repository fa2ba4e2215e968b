"""Solvers of three kinds agree: interior point by blocks, splitting, a conic solver."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from napari_jcc.config import SolverConfig
from napari_jcc.problem.lifting import lift
from napari_jcc.solvers import Status, get_solver
from solvers.instances import READINGS, random_program, stack

torch = pytest.importorskip("torch", reason="torch is not installed")

from napari_jcc.solvers.structured import repair  # noqa: E402

torch.set_num_threads(1)  # Threads that wait for each other slow tiny matrices down.

TIGHT = SolverConfig(tolerance=1e-8, max_iterations=200_000, method="ipm")

TOGETHER = 8
"""Instances that every solver solves as one: tiny ones take as long as eight of them."""

KINDS = {
    "plain": {},
    "empty box": {"empty_box": True},
    "nested boxes": {"nested": True},
    "one superpixel": {"superpixels": 1, "boxes": 2},
    "one image": {"images": 1},
    "equal features": {"equal_features": True},
    "zero saliency": {"zero_saliency": True},
    "duplicated images": {"duplicated": True},
    "heavy": {"nu": 100.0, "mu": 100.0},
    "no smoothness": {"alpha": 0.0},
}


def size_of(problem, x):
    """Sum of the sizes of the cost's terms: they may cancel, and the cost be nearly 0."""
    return 0.5 * abs(x @ problem.multiply(x)) + np.abs(problem.q) @ np.abs(x)


def solve(name, problem):
    solver = get_solver(name, "cpu")
    solver.setup(problem, TIGHT)
    solution = solver.solve()
    assert solution.status is Status.SOLVED
    return solution.x


def solve_with_clarabel(problem):
    clarabel = pytest.importorskip("clarabel", reason="clarabel is not installed")
    lifted = lift(problem)
    scale = 1 / problem.sparse_cost.diagonal().mean()
    equal = lifted.l == lifted.u
    above, below = np.isfinite(lifted.u) & ~equal, np.isfinite(lifted.l) & ~equal
    rows = sparse.csr_array(lifted.A)
    cones = [
        clarabel.ZeroConeT(int(equal.sum())),
        clarabel.NonnegativeConeT(int(above.sum() + below.sum())),
    ]
    options = clarabel.DefaultSettings()
    options.verbose = False
    options.tol_gap_abs = options.tol_gap_rel = options.tol_feas = 1e-10
    found = clarabel.DefaultSolver(
        sparse.csc_matrix(lifted.P * scale),
        lifted.q * scale,
        sparse.csc_matrix(sparse.vstack([rows[equal], rows[above], -rows[below]])),
        np.concatenate([lifted.u[equal], lifted.u[above], -lifted.l[below]]),
        cones,
        options,
    ).solve()
    return np.array(found.x[: problem.variable_count])


def best_points(problem):
    """Every solver's point, made feasible."""
    points = {name: solve(name, problem) for name in ("structured", "osqp")}
    if importlib.util.find_spec("clarabel"):
        points["clarabel"] = solve_with_clarabel(problem)
    return {name: repair(problem, x) for name, x in points.items()}


@settings(max_examples=200 // TOGETHER, derandomize=True)
@given(
    st.lists(st.integers(0, 2**32 - 1), min_size=TOGETHER, max_size=TOGETHER, unique=True),
    st.sampled_from(("printed", "bigm", "cover")),
    st.sampled_from(sorted(KINDS)),
)
def test_three_solvers_agree_to_a_millionth(seeds, reading, kind):
    """200 instances in all; every one is judged by itself."""
    problems = [
        random_program(np.random.default_rng(seed), reading, **KINDS[kind])
        for seed in seeds
    ]
    whole, places = stack(problems)
    points = best_points(whole)
    for problem, place in zip(problems, places, strict=True):
        costs = {name: problem.objective(x[place]) for name, x in points.items()}
        size = size_of(problem, points["structured"][place])
        assert max(costs.values()) - min(costs.values()) <= 1e-6 * size, costs


@settings(max_examples=12, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.sampled_from(READINGS))
def test_interior_point_proves_its_cost_to_one_in_a_hundred_million(seed, reading):
    """The bound trusts no solver, so nothing else need be solved."""
    problem = random_program(np.random.default_rng(seed), reading)
    solver = get_solver("structured", "cpu")
    solver.setup(problem, TIGHT)
    found = solver.solve()
    point = repair(problem, found.x)
    gap = problem.objective(point) - problem.lower_bound(found.x, found.row_duals)
    assert gap <= 1e-8 * size_of(problem, point)
