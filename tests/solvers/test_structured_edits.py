"""Edits of a prepared program against the same program solved from scratch."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from napari_jcc.config import SolverConfig
from napari_jcc.errors import Cancelled, ProblemError
from napari_jcc.problem import Variables
from napari_jcc.problem.fixings import Fixings, fix
from napari_jcc.progress import Progress
from napari_jcc.solvers import Status, get_solver
from solvers.instances import READINGS, TIGHT, random_data, random_program

torch = pytest.importorskip("torch", reason="torch is not installed")

from napari_jcc.solvers.structured import PreparedProblem, repair  # noqa: E402
from napari_jcc.solvers.structured.build import edit_blocks, make_blocks  # noqa: E402
from napari_jcc.solvers.structured.change import Change  # noqa: E402

torch.set_num_threads(1)  # Threads that wait for each other slow tiny matrices down.
SUPERPIXELS, BOXES = 36, 12


def cold(problem):
    solver = get_solver("structured", "cpu")
    solver.setup(problem, TIGHT)
    return solver.solve().objective(problem)


def overlap_of(problem):
    """Read the overlap off the coverage rows: y_j - sum of z_i that hold it."""
    matrix = problem.A.toarray()
    coverage = (matrix[:, :SUPERPIXELS] == 1).sum(axis=1) == 1
    coverage &= (matrix[:, SUPERPIXELS:] <= 0).all(axis=1) & (problem.u == 0)
    overlap = np.zeros((BOXES, SUPERPIXELS))
    for row in matrix[coverage]:
        overlap[row[SUPERPIXELS:] < 0, int(np.argmax(row[:SUPERPIXELS]))] = 1
    return sparse.csr_array(overlap)


def marked(problem, **marks):
    data = replace(random_data(np.random.default_rng(0)), overlap=overlap_of(problem))
    return fix(problem, Variables(data), Fixings(**marks))


EDITS = {
    "linear": {"nu": 0.3, "mu": 0.02},
    "smoothness": {"alpha": 1.0},
    "fill": {"gamma": 0.3},
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("reading", ["cover", "bigm", "printed"])
def test_a_warm_edit_by_splitting_equals_a_cold_solve(edit, reading):
    """From one edit to the next and back, by the factor and the answer kept."""
    before = random_program(np.random.default_rng(3), reading)
    after = random_program(np.random.default_rng(3), reading, **EDITS[edit])
    config = SolverConfig(tolerance=1e-6, method="admm")
    prepared = PreparedProblem(before, config, "cpu")
    prepared.solve()
    for problem in (after, before):
        prepared.update(problem)
        solution = prepared.solve()
        assert solution.status is Status.SOLVED
        best = cold(problem)
        cost = problem.objective(repair(problem, solution.x))
        assert cost == pytest.approx(best, abs=1e-6 * max(abs(best), 1e-2))


@pytest.mark.parametrize("method", ["admm", "ipm", "auto"])
def test_local_answers_agree_whatever_the_method(method, rng):
    problem = random_program(rng, "cover")
    config = SolverConfig(tolerance=1e-7, method=method)
    prepared = PreparedProblem(problem, config, "cpu")
    whole = prepared.solve()
    edited = marked(problem, background=np.flatnonzero(whole.x[12:24] > 0.3) + 12)
    prepared.update(edited)
    local = prepared.solve_image(1)
    assert local.status is Status.SOLVED
    reference = PreparedProblem(problem, TIGHT, "cpu")
    reference.solve()
    reference.update(edited)
    best = reference.solve_image(1).objective(edited)
    assert local.objective(edited) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_equals_a_cold_solve(edit):
    before = random_program(np.random.default_rng(3), "cover")
    after = random_program(np.random.default_rng(3), "cover", **EDITS[edit])
    prepared = PreparedProblem(before, TIGHT, "cpu")
    first = prepared.solve().objective(before)
    prepared.update(after)
    second = prepared.solve().objective(after)
    assert second == pytest.approx(cold(after), abs=1e-8)
    assert first != pytest.approx(after.objective(prepared.solution.x), abs=1e-6)


def test_local_answer_is_the_best_over_its_image(rng):
    problem = random_program(rng, "cover")
    prepared = PreparedProblem(problem, TIGHT, "cpu")
    whole = prepared.solve()
    # At the optimum of the whole no image can do better alone.
    again = prepared.solve_image(1)
    assert again.objective(problem) == pytest.approx(whole.objective(problem), abs=1e-8)
    edited = marked(problem, background=np.flatnonzero(whole.x[12:24] > 0.3) + 12)
    prepared.update(edited)
    local = prepared.solve_image(1)
    others = np.flatnonzero(problem.variable_image != 1)
    np.testing.assert_array_equal(local.x[others], again.x[others])
    assert edited.infeasibility(local.x) < 1e-6
    assert local.objective(edited) >= cold(edited) - 1e-8


@pytest.mark.parametrize("reading", ["cover", "bigm"])
@pytest.mark.parametrize("superpixel", [0, 12, 24])
def test_foreground_marks_are_met_and_never_infeasible(reading, superpixel, rng):
    """Superpixels 0, 12 and 24 lie in every box of their image."""
    problem = random_program(rng, reading)
    other = (
        superpixel
        + int(
            np.argmax(overlap_of(problem)[:, superpixel + 1 : superpixel + 12].sum(axis=0))
        )
        + 1
    )
    edited = marked(problem, foreground=[superpixel, other])
    prepared = PreparedProblem(edited, TIGHT, "cpu")
    solution = prepared.solve()
    assert solution.status is Status.SOLVED
    assert np.all(solution.x[[superpixel, other]] == 1)
    assert problem.infeasibility(solution.x) < 1e-6


@pytest.mark.parametrize("reading", ["cover", "bigm"])
@pytest.mark.parametrize("box", [0, 5, 10])
def test_repair_keeps_the_box_that_was_chosen(reading, box, rng):
    """From a point in which all boxes of an image are 0, the chosen one among them."""
    edited = marked(random_program(rng, reading), chosen=[box])
    point = repair(edited, np.zeros(edited.variable_count))
    assert point[SUPERPIXELS + box] == 1
    assert edited.infeasibility(point) < 1e-9


@pytest.mark.parametrize("reading", ["cover", "bigm"])
def test_what_only_closed_boxes_hold_is_fixed_without_changing_the_optimum(reading, rng):
    problem = random_program(rng, reading)
    overlap = overlap_of(problem).toarray()
    box = int(np.argmin(overlap.sum(axis=1)))
    own = problem.variable_image[:SUPERPIXELS] == problem.variable_image[SUPERPIXELS + box]
    outside = np.flatnonzero(own & (overlap[box] == 0) & overlap.any(axis=0))
    assert len(outside)
    edited = marked(problem, chosen=[box])
    assert (edited.upper[outside] == 0).all()
    pinned = replace(problem, lower=problem.lower.copy(), upper=problem.upper.copy())
    pinned.lower[SUPERPIXELS + box] = pinned.upper[SUPERPIXELS + box] = 1.0
    assert cold(edited) == pytest.approx(cold(pinned), abs=1e-7)


def test_marks_that_no_box_holds_are_named(rng):
    problem = random_program(rng, "cover")
    with pytest.raises(ProblemError, match="Add a box"):
        marked(problem, foreground=list(range(12)))
    with pytest.raises(ProblemError, match="as both"):
        marked(problem, foreground=[0], background=[0])


def test_other_variables_are_refused_and_nothing_is_lost(rng):
    prepared = PreparedProblem(random_program(rng, "cover"), TIGHT, "cpu")
    with pytest.raises(ProblemError, match="Call solve first"):
        prepared.solve_image(0)
    solution = prepared.solve()
    with pytest.raises(ProblemError, match="Prepare it anew"):
        prepared.update(random_program(rng, "cover", images=2))
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        prepared.solve(progress)
    assert prepared.solution is solution
    assert prepared.solve().status is Status.SOLVED


@pytest.mark.parametrize("edit", ["smoothness", "fill"])
@pytest.mark.parametrize("reading", READINGS)
def test_an_edit_of_one_matrix_shares_the_others(edit, reading):
    before = random_program(np.random.default_rng(3), reading)
    after = random_program(np.random.default_rng(3), reading, **EDITS[edit])
    change = Change.between(before, after)
    assert change == Change(edit == "smoothness", edit == "fill", False, False)
    blocks = make_blocks(before, torch.device("cpu"))
    edited = edit_blocks(blocks, after, cost=change.cost, rows=change.rows)
    assert edited.parts[0].interior_factor is blocks.parts[0].interior_factor
    anew = make_blocks(after, torch.device("cpu"))
    x = torch.rand(len(anew.q), dtype=torch.float64)
    scale = edited.scale / anew.scale
    torch.testing.assert_close(edited.cost @ x, scale * (anew.cost @ x))
    torch.testing.assert_close(edited.rows @ x, anew.rows @ x)
    y = torch.rand(len(anew.row_lower), dtype=torch.float64)
    torch.testing.assert_close(edited.columns @ y, anew.columns @ y)
    for name in ("dense", "light", "coupling", "thin_value"):
        mine, fresh = (getattr(b.parts[0], name) for b in (edited, anew))
        torch.testing.assert_close(mine, fresh)
    mine, fresh = (b.parts[0].cost_value for b in (edited, anew))
    torch.testing.assert_close(mine, scale * fresh)


def test_a_cost_of_another_pattern_or_size_is_brought_into_batches_anew():
    before = random_program(np.random.default_rng(3), "cover")
    for alpha in (0.0, 1e4):
        after = random_program(np.random.default_rng(3), "cover", alpha=alpha)
        assert Change.between(before, after).pattern


def test_low_rank_edits_are_noticed(rng):
    problem = random_program(rng, "cover")
    prepared = PreparedProblem(problem, TIGHT, "cpu")
    prepared.solve()
    term = problem.low_rank[0]
    weaker = replace(term, factor=0.5 * term.factor)
    edited = replace(problem, low_rank=(weaker, *problem.low_rank[1:]))
    prepared.update(edited)
    assert prepared.solve().objective(edited) == pytest.approx(cold(edited), abs=1e-8)
