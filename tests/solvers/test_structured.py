"""The structured solver: its matrices, its accuracy, and what it does with bad input."""

import subprocess
import sys
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_jcc.config import SolverConfig
from napari_jcc.errors import Cancelled
from napari_jcc.problem.joint import Terms
from napari_jcc.progress import Progress
from napari_jcc.solvers import Status, get_solver
from solvers.instances import READINGS, TIGHT, program, random_program

torch = pytest.importorskip("torch", reason="torch is not installed")

from napari_jcc.solvers.structured import (  # noqa: E402
    build,
    condensed,
    engine,
    ipm,
    kkt,
    repair,
)
from napari_jcc.solvers.structured.block_factor import (  # noqa: E402
    BlockFactor,
    NotPositive,
)
from napari_jcc.solvers.structured.build import make_blocks  # noqa: E402
from napari_jcc.solvers.structured.eliminated import Cut  # noqa: E402
from napari_jcc.solvers.structured.inside import point_inside  # noqa: E402
from napari_jcc.solvers.structured.kkt import KktSystem  # noqa: E402
from napari_jcc.solvers.structured.layout import find_layout  # noqa: E402

torch.set_num_threads(1)  # Threads that wait for each other slow tiny matrices down.
CPU = torch.device("cpu")


def solve(name, problem, config=TIGHT):
    solver = get_solver(name, "cpu")
    solver.setup(problem, config)
    return solver.solve()


@pytest.mark.parametrize("reading", READINGS)
def test_block_system_equals_the_dense_one(reading, rng):
    problem = random_program(rng, reading)
    blocks = make_blocks(problem, CPU)
    d = rng.uniform(0.5, 2, problem.variable_count)
    theta = rng.uniform(0.1, 10, len(problem.l))
    system = KktSystem(blocks)
    flat = torch.where(blocks.free, blocks.to_flat(d), 0.0)
    system.factorise(flat, blocks.to_flat_rows(theta))
    right = rng.normal(size=problem.variable_count)
    found = blocks.from_flat(system.solve(blocks.to_flat(right)))

    rows = problem.A.toarray()
    dense = problem.dense_cost() * blocks.scale + np.diag(d) + (rows.T * theta) @ rows
    free = problem.lower < problem.upper
    expected = np.zeros_like(right)
    expected[free] = np.linalg.solve(dense[np.ix_(free, free)], right[free])
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_the_first_group_that_fails_ends_the_factorisation(rng, monkeypatch):
    blocks = make_blocks(random_program(rng, "cover"), CPU, group_bytes=1)
    assert len(blocks.parts) == 3
    built = []

    def build(part, *weights):
        built.append(part.group.first_variable)
        return BlockFactor(part, *weights)

    monkeypatch.setattr(kkt, "BlockFactor", build)
    diagonal = torch.ones(blocks.layout.variable_count, dtype=torch.float64)
    diagonal[blocks.layout.groups[0].variables] = -100.0
    system = KktSystem(blocks)
    weight = torch.zeros(blocks.layout.row_count, dtype=torch.float64)
    with pytest.raises(NotPositive):
        system.factorise(diagonal, weight)
    # Once for every regularisation, and no group behind the first.
    assert built == [0] * len(kkt.REGULARISATION)
    system.factorise(torch.ones_like(diagonal), weight)
    assert len(built) == len(kkt.REGULARISATION) + 3


@pytest.mark.parametrize("reading", READINGS)
def test_small_groups_give_the_same_answer(reading, rng, monkeypatch):
    problem = random_program(rng, reading)
    together = solve("structured", problem)
    module = sys.modules["napari_jcc.solvers.structured.build"]
    monkeypatch.setattr(module, "find_layout", lambda p, _: find_layout(p, group_bytes=1))
    assert len(make_blocks(problem, CPU).parts) == 3
    apart = solve("structured", problem)
    assert apart.objective(problem) == pytest.approx(together.objective(problem), abs=1e-8)


@pytest.mark.parametrize("reading", READINGS)
def test_the_point_inside_is_strictly_feasible(reading, rng):
    problem = random_program(rng, reading)
    blocks = make_blocks(problem, CPU)
    x, room = point_inside(blocks)
    assert float(room.min()) > 0
    assert problem.infeasibility(blocks.from_flat(x)) < 1e-12


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.sampled_from(READINGS), st.floats(0, 1))
def test_repaired_points_are_feasible(seed, reading, noise):
    rng = np.random.default_rng(seed)
    problem = random_program(rng, reading)
    x = rng.random(problem.variable_count) + noise * rng.normal(size=problem.variable_count)
    assert problem.infeasibility(repair(problem, x)) < 1e-9


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.sampled_from(READINGS))
def test_no_feasible_point_undercuts_the_bound(seed, reading):
    """Whatever the duals are: they are drawn at random here."""
    rng = np.random.default_rng(seed)
    problem = random_program(rng, reading)
    guess = rng.random(problem.variable_count)
    duals = rng.normal(size=len(problem.l))
    feasible = repair(problem, rng.random(problem.variable_count))
    assert problem.lower_bound(guess, duals) <= problem.objective(feasible) + 1e-9


DEGENERATE = {
    "one image": {"images": 1},
    "one superpixel": {"superpixels": 1},
    "one box": {"boxes": 1},
    "nested boxes": {"nested": True},
    "equal features": {"equal_features": True},
    "zero saliency": {"zero_saliency": True},
    "duplicated images": {"duplicated": True},
}


@pytest.mark.parametrize("reading", ("printed", "bigm", "cover"))
@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_sets_are_solved(case, reading, rng):
    problem = random_program(rng, reading, **DEGENERATE[case])
    solution = solve("structured", problem)
    assert solution.status is Status.SOLVED
    assert solution.iterations <= 30
    cost = problem.objective(repair(problem, solution.x))
    bound = problem.lower_bound(solution.x, solution.row_duals)
    assert cost - bound <= 1e-6 * max(1.0, abs(cost))


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("kept", list(product((True, False), repeat=3)))
def test_terms_left_out_leave_a_program_that_is_solved(kept, reading, rng):
    problem = random_program(rng, reading, terms=Terms(*kept))
    solution = solve("structured", problem)
    assert solution.status is Status.SOLVED
    cost = problem.objective(repair(problem, solution.x))
    bound = problem.lower_bound(solution.x, solution.row_duals)
    assert cost - bound <= 1e-6 * max(1.0, abs(cost))


@settings(max_examples=12)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(("printed", "bigm", "cover")),
    st.sampled_from([0.1, 1.0, 10.0, 1000.0]),
)
def test_gap_closes_on_random_sets(seed, reading, weight):
    rng = np.random.default_rng(seed)
    problem = random_program(rng, reading, nu=0.1 * weight, mu=0.1 * weight)
    solution = solve("structured", problem)
    assert solution.status is Status.SOLVED
    feasible = repair(problem, solution.x)
    scale = max(abs(problem.objective(feasible)), 1e-3)
    bound = problem.lower_bound(solution.x, solution.row_duals)
    assert abs(problem.objective(feasible) - bound) <= 1e-6 * scale


@pytest.mark.parametrize("tolerance", [1e-5, 1e-2])
def test_quick_steps_that_get_stuck_are_repeated_unless_their_gap_is_proved(
    tolerance, rng, monkeypatch
):
    problem = random_program(rng, "cover")
    solves = []

    def quick(blocks, exchange):
        method = ipm.quick_interior_point(blocks, exchange)
        monkeypatch.setattr(method, "solve", lambda *_: stuck_at(method, 1e-4))
        return method

    def stuck_at(method, gap):
        for result in method.iterates(ipm.central_start(method), None):
            if result.worst <= gap:
                return replace(result, stuck=True)

    def whole(*arguments):
        solves.append(arguments)
        return real(*arguments)

    real = ipm.InteriorPoint.solve
    monkeypatch.setattr(engine, "quick_interior_point", quick)
    monkeypatch.setattr(ipm.InteriorPoint, "solve", whole)
    solution = solve("structured", problem, SolverConfig(tolerance=tolerance))
    assert solution.status is Status.SOLVED
    assert len(solves) == (tolerance < 1e-4)


def test_cancelled_solver_can_be_used_again(rng):
    problem = random_program(rng, "cover")
    solver = get_solver("structured", "cpu")
    solver.setup(problem, TIGHT)
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        solver.solve(progress=progress)
    assert solver.solve().status is Status.SOLVED


@pytest.mark.parametrize(
    ("owner", "work", "number"),
    [(BlockFactor, "__init__", 1), (BlockFactor, "__init__", 4), (Cut, "choose", 1)],
    ids=["check of convexity", "step", "elimination"],
)
def test_cancelled_solver_begins_no_other_group(rng, monkeypatch, owner, work, number):
    """A group takes a moment, a step over all images seconds."""
    monkeypatch.setattr(build, "find_layout", lambda p, *_: find_layout(p, group_bytes=1))
    monkeypatch.setattr(condensed, "WORTHWHILE", 0.0)
    solver, progress, done = get_solver("structured", "cpu"), Progress(), []
    solver.setup(random_program(rng, "cover"), SolverConfig())
    real = getattr(owner, work)

    def cancel(*arguments):
        done.append(1)
        if len(done) == number:
            progress.cancel()
        return real(*arguments)

    monkeypatch.setattr(owner, work, cancel)
    with pytest.raises(Cancelled):
        solver.solve(progress=progress)
    assert len(done) == number


def test_structured_solver_reports_what_has_no_answer():
    infeasible = program(np.eye(2), [0, 0], [[1, 1]], [3], [4])
    assert solve("structured", infeasible).status is Status.INFEASIBLE
    concave = program(-np.eye(2), [0.1, 0], np.eye(2), [0, 0], [1, 1])
    assert solve("structured", concave).status is Status.NON_CONVEX


def test_solvers_load_without_torch():
    code = "import sys, napari_jcc.solvers; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_missing_torch_is_named_with_its_remedy(monkeypatch):
    from napari_jcc.errors import SolverError

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SolverError, match=r"pip install .napari-jcc\[torch\]"):
        get_solver("structured")


def test_torch_that_cannot_be_loaded_is_named_with_its_remedy(monkeypatch):
    from napari_jcc.errors import SolverError

    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "napari_jcc.solvers.structured", None)
    with pytest.raises(SolverError, match=r"cannot be loaded.*solver\.name to osqp"):
        get_solver("structured")
