"""Newton steps from the answer to a similar program."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_jcc.config import SolverConfig
from napari_jcc.errors import Cancelled, ProblemError, SolverError
from napari_jcc.problem.program import LowRankTerm
from napari_jcc.solvers import Status, get_solver
from solvers.instances import READINGS, CancelledLater, program, random_program

torch = pytest.importorskip("torch", reason="torch is not installed")

from napari_jcc.solvers.structured import PreparedProblem, repair  # noqa: E402
from napari_jcc.solvers.structured.build import make_blocks  # noqa: E402
from napari_jcc.solvers.structured.condensed import CondensedSystem  # noqa: E402
from napari_jcc.solvers.structured.exchange import SingleProcess  # noqa: E402
from napari_jcc.solvers.structured.kkt import KktSystem  # noqa: E402
from napari_jcc.solvers.structured.reoptimised import Reoptimised  # noqa: E402

torch.set_num_threads(1)  # Threads that wait for each other slow tiny matrices down.
CPU = torch.device("cpu")
WARM = SolverConfig(tolerance=1e-5)


@pytest.mark.parametrize("reading", ["cover", "bigm", "printed"])
@pytest.mark.parametrize("barrier", [1e3, 1e6])
@pytest.mark.parametrize("largest_weight", [3, 8])
def test_a_condensed_system_errs_by_what_barriers_outweigh(
    reading, barrier, largest_weight, rng
):
    """Beside a barrier of 10^k the couplings it leaves out are 10^-k, in all rows.

    Rows of moderate weight are in single precision, which rounds by more than 10^-6. A
    box of a single superpixel has this in rows of its own beside the one that covers it.
    """
    blocks = make_blocks(random_program(rng, reading, small_box=True), CPU)
    d = torch.rand(blocks.layout.variable_count, dtype=torch.float64) + 0.5
    stiff = torch.as_tensor(rng.random(len(d)) < 0.8)
    d = torch.where(stiff, barrier * d, d)
    digits = torch.rand(blocks.layout.row_count, dtype=torch.float64)
    weight = 10 ** ((largest_weight + 2) * digits - 2)
    whole, small = KktSystem(blocks), CondensedSystem(blocks, SingleProcess())
    whole.factorise(d, weight)
    small.factorise(d, weight)
    assert sum(group.sizes[0] for group in small._system.blocks.layout.groups) < 36
    right = torch.randn_like(d)
    expected = whole.solve(right)
    error = (small.solve(right) - expected).abs().max() / expected.abs().max()
    single = small._system.diagonal.dtype == torch.float32
    assert single == (largest_weight == 3)
    assert 0 < error < 10 / barrier + (1e-4 if single else 0)


@pytest.mark.parametrize("share", [0, 0.3])
def test_while_no_variable_is_stiff_fixed_ones_alone_are_left_out(share, rng):
    free = random_program(rng, "cover")
    fixed = rng.random(free.variable_count) < share
    edited = replace(free, upper=np.where(fixed, free.lower, free.upper))
    blocks = make_blocks(edited, CPU)
    whole, small = KktSystem(blocks), CondensedSystem(blocks, SingleProcess())
    d, weight = torch.ones_like(blocks.q), torch.ones_like(blocks.row_lower)
    for system in (whole, small):
        system.factorise(d, weight)
    size = small._system.blocks.layout.groups[0].core
    assert (size < blocks.layout.groups[0].core) == (share > 0)
    right = torch.randn_like(d)
    expected = whole.solve(right)
    torch.testing.assert_close(small.solve(right), expected, rtol=1e-5, atol=1e-5)


def test_a_curvature_beyond_single_precision_is_solved_in_double():
    """P = I - f f' with f'f = 1 - 1e-9: its inverse stretches f a billion times."""
    flat = np.full((2, 1), np.sqrt((1 - 1e-9) / 2))
    cost = replace(
        program(np.eye(2), [0, 0], np.zeros((0, 2)), [], []),
        low_rank=(LowRankTerm(0, flat),),
    )
    blocks = make_blocks(cost, CPU)
    system = CondensedSystem(blocks, SingleProcess())
    system.factorise(torch.zeros_like(blocks.q), torch.zeros_like(blocks.row_lower))
    answer = system.solve(blocks.to_flat(np.ones(2)))
    np.testing.assert_allclose(blocks.from_flat(answer), 1e9, rtol=1e-2)


@settings(max_examples=10)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(READINGS),
    st.sampled_from(
        [{}, {"duplicated": True}, {"equal_features": True}, {"empty_box": True}]
    ),
)
def test_an_edit_is_solved_whatever_the_program(seed, reading, kind):
    before, after = (
        random_program(np.random.default_rng(seed), reading, nu=nu, mu=0.05, **kind)
        for nu in (0.05, 0.1)
    )
    prepared = PreparedProblem(before, WARM, "cpu")
    assert prepared.solve().status is Status.SOLVED
    prepared.update(after)
    answer = prepared.solve()
    assert answer.status is Status.SOLVED
    assert after.infeasibility(answer.x) <= 1e-6
    reference = get_solver("structured", "cpu")
    reference.setup(after, SolverConfig(tolerance=1e-8, method="ipm"))
    best = after.objective(repair(after, reference.solve().x))
    assert after.objective(answer.x) - best <= 1e-4 * max(abs(best), 1e-2)


def test_an_edit_worked_out_by_hand():
    """Least x'x - 2 x_0 - 2 x_1 with x_0 + x_1 <= 1, then with a limit of 3/2."""
    before = program(2 * np.eye(2), [-2, -2], [[1, 1]], [-np.inf], [1])
    prepared = PreparedProblem(before, WARM, "cpu")
    np.testing.assert_allclose(prepared.solve().x, [0.5, 0.5], atol=1e-4)
    prepared.update(replace(before, u=np.array([1.5])))
    answer = prepared.solve()
    np.testing.assert_allclose(answer.x, [0.75, 0.75], atol=1e-4)
    np.testing.assert_allclose(answer.row_duals, [0.5], atol=1e-3)
    prepared.update(replace(before, u=np.array([2.5])))
    # The cost is flat there: its tolerance of 1e-5 allows x the root of it.
    np.testing.assert_allclose(prepared.solve().x, [1, 1], atol=5e-3)


def test_an_edit_that_does_not_settle_is_solved_afresh(rng, monkeypatch):
    before, after = (
        random_program(np.random.default_rng(3), "cover", nu=nu) for nu in (0.1, 0.4)
    )
    prepared = PreparedProblem(before, WARM, "cpu")
    prepared.solve()
    prepared.update(after)
    monkeypatch.setattr("napari_jcc.solvers.structured.reoptimised.MOST_STEPS", 1)
    answer = prepared.solve()
    assert "solved afresh" in prepared.notes[0]
    solver = get_solver("structured", "cpu")
    solver.setup(after, WARM)
    np.testing.assert_allclose(answer.x, solver.solve().x, atol=1e-12)


def test_cancelling_an_edit_keeps_the_last_answer(rng):
    before, after = (
        random_program(np.random.default_rng(3), "cover", nu=nu) for nu in (0.1, 0.4)
    )
    prepared = PreparedProblem(before, WARM, "cpu")
    first = prepared.solve()
    prepared.update(after)
    for steps in (0, 1, 2):
        with pytest.raises(Cancelled):
            prepared.solve(CancelledLater(steps))
        assert prepared.solution is first
    assert prepared.solve().status is Status.SOLVED


def test_few_steps_from_the_optimum_and_the_duals_of_the_rows(rng):
    blocks = make_blocks(random_program(rng, "cover"), CPU)
    start = torch.full_like(blocks.q, 0.5), torch.zeros_like(blocks.row_lower)
    method = Reoptimised(blocks, SingleProcess(), tolerance=1e-6)
    far = method.solve(start)
    assert far.solved
    assert method.solve((far.x, far.y)).iterations == 0 < far.iterations


BOX = program(2 * np.eye(2), [-2, -2], [[1, 1]], [-np.inf], [1])
BAD_EDITS = {
    "concave": (replace(BOX, sparse_cost=-BOX.sparse_cost), Status.NON_CONVEX),
    "contradicting": (
        replace(BOX, l=np.array([3.0]), u=np.array([4.0])),
        Status.INFEASIBLE,
    ),
}


@pytest.mark.parametrize("edit", BAD_EDITS)
@pytest.mark.parametrize("method", ["auto", "admm", "ipm"])
def test_an_edit_without_an_answer_says_so_and_can_be_taken_back(method, edit):
    prepared = PreparedProblem(BOX, WARM.model_copy(update={"method": method}), "cpu")
    first = prepared.solve()
    bad, status = BAD_EDITS[edit]
    prepared.update(bad)
    assert prepared.solve().status is status
    assert prepared.solve_image(0).status is status
    assert prepared.solution is first
    prepared.update(BOX)
    np.testing.assert_allclose(prepared.solve().x, [0.5, 0.5], atol=1e-3)


def test_an_edit_that_is_not_finite_is_refused_before_it_is_taken():
    prepared = PreparedProblem(BOX, WARM, "cpu")
    prepared.solve()
    with pytest.raises(ProblemError, match="q must be finite, but 1 of 2"):
        prepared.update(replace(BOX, q=np.array([np.nan, 0.0])))
    np.testing.assert_allclose(prepared.solve().x, [0.5, 0.5], atol=1e-3)


def test_an_edit_that_finds_no_memory_leaves_the_last_answer(monkeypatch):
    prepared = PreparedProblem(BOX, WARM, "cpu")
    first = prepared.solve()
    prepared.update(replace(BOX, u=np.array([1.5])))

    def fail(*_, **__):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(CondensedSystem, "factorise", fail)
        with pytest.raises(SolverError, match="not enough memory"):
            prepared.solve()
    assert prepared.solution is first
    np.testing.assert_allclose(prepared.solve().x, [0.75, 0.75], atol=1e-3)
