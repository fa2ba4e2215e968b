"""Whatever ends an edit midway, the prepared problem goes on, and says what happened."""

import sys
import weakref
from dataclasses import replace

import numpy as np
import pytest

from napari_jcc.config import SolverConfig
from napari_jcc.errors import Cancelled, ConfigError, JccError, ProblemError
from napari_jcc.solvers import get_solver, require_solved
from solvers.instances import CancelledLater, random_program

torch = pytest.importorskip("torch", reason="torch is not installed")

from napari_jcc.device import is_out_of_memory  # noqa: E402
from napari_jcc.solvers.structured import PreparedProblem  # noqa: E402
from napari_jcc.solvers.structured import engine as engine_module  # noqa: E402

torch.set_num_threads(1)  # Threads that wait for each other slow tiny matrices down.
CALLS = (*range(0, 100, 3), *range(100, 4000, 300))
"""Calls of an edit, of its answer for one image and of that for all, about 4000."""


def programs():
    def make(**weights):
        return random_program(np.random.default_rng(3), "cover", **weights)

    base, other = make(nu=0.1), make(nu=0.4, gamma=0.4, alpha=2.0)
    halves = tuple(replace(term, factor=term.factor / 2) for term in base.low_rank)
    return base, {
        "q": replace(base, q=other.q),
        "S": replace(base, sparse_cost=other.sparse_cost),
        "A": replace(base, A=other.A, l=other.l, u=other.u),
        "F": replace(base, low_rank=halves),
    }


BASE, EDITS = programs()


class Interrupt:
    """Raises KeyboardInterrupt at the n-th call inside the solver."""

    def __init__(self, count):
        self.left = count

    def __call__(self, frame, event, _):
        if event.endswith("call") and "structured" in frame.f_code.co_filename:
            self.left -= 1
            if self.left < 0:
                sys.setprofile(None)
                raise KeyboardInterrupt

    def during(self, work):
        before = sys.getprofile()
        try:
            sys.setprofile(self)
            work()
        except KeyboardInterrupt:
            return True
        finally:
            sys.setprofile(before)
        return False


def best(program):
    solver = get_solver("structured", "cpu")
    solver.setup(program, SolverConfig(tolerance=1e-8))
    return solver.solve().objective(program)


@pytest.mark.parametrize("method", ["auto", "admm"])
@pytest.mark.parametrize("edit", EDITS)
def test_an_interrupt_at_any_call_leaves_a_program_that_is_solved(edit, method):
    """Either the one before or the edited one, never a mixture."""
    costs = {id(program): best(program) for program in (BASE, EDITS[edit])}
    config = SolverConfig(tolerance=1e-6, method=method)
    prepared = PreparedProblem(BASE, config, "cpu")
    prepared.solve()

    def work():
        prepared.update(EDITS[edit])
        prepared.solve_image(1)
        prepared.solve()

    for count in CALLS:
        Interrupt(count).during(work)
        left = prepared.program
        for program in (left, BASE):
            # No update where it is the program before: nothing may need one.
            if program is not left:
                prepared.update(program)
            cost = prepared.solve().objective(program)
            assert cost == pytest.approx(costs[id(program)], rel=1e-5)


@pytest.mark.parametrize("tolerance", [1e-4, 1e-8])
def test_an_edit_cancelled_at_any_step_goes_on_from_the_last_answer(tolerance):
    prepared = PreparedProblem(BASE, SolverConfig(tolerance=tolerance), "cpu")
    last, steps = prepared.solve(), 0
    prepared.update(EDITS["q"])
    while True:
        try:
            answer = prepared.solve(CancelledLater(steps))
            break
        except Cancelled:
            assert prepared.solution is last
            steps += 1
    assert steps > 2
    assert answer.objective(EDITS["q"]) == pytest.approx(
        best(EDITS["q"]), rel=2 * tolerance
    )


def factors_times(share):
    return tuple(replace(term, factor=share * term.factor) for term in BASE.low_rank)


@pytest.mark.parametrize("method", ["auto", "admm"])
@pytest.mark.parametrize(
    ("part", "make", "message"),
    [
        ("sparse_cost", lambda: -BASE.sparse_cost, "not positive semidefinite"),
        ("sparse_cost", lambda: np.nan * BASE.sparse_cost, "sparse_cost must be finite"),
        ("low_rank", lambda: factors_times(2.0), "not positive semidefinite"),
        ("low_rank", lambda: factors_times(np.inf), "factors must be finite"),
        ("q", lambda: np.inf * EDITS["q"].q, "q must be finite"),
    ],
)
def test_a_cost_without_optimum_is_refused_and_the_next_edit_is_as_from_scratch(
    part, make, message, method
):
    prepared = PreparedProblem(BASE, SolverConfig(tolerance=1e-6, method=method), "cpu")
    last = prepared.solve()
    for solve in (prepared.solve, lambda: prepared.solve_image(1)):
        with pytest.raises(JccError, match=message):
            prepared.update(replace(BASE, **{part: make()}))
            require_solved(solve())
        assert prepared.solution is last
    prepared.update(EDITS["q"])
    cost = require_solved(prepared.solve()).objective(EDITS["q"])
    assert cost == pytest.approx(best(EDITS["q"]), rel=2e-6)


def test_the_first_interrupt_is_in_the_midst_of_an_edit():
    """Else the test above would test nothing."""
    prepared = PreparedProblem(BASE, SolverConfig(tolerance=1e-6), "cpu")
    assert Interrupt(0).during(lambda: prepared.update(EDITS["q"]))
    assert prepared.program is BASE


def test_notes_of_an_answer_for_one_image_name_it(monkeypatch):
    prepared = PreparedProblem(BASE, SolverConfig(tolerance=1e-5), "cpu")
    prepared.solve()
    assert prepared.notes == ()
    prepared.update(EDITS["q"])
    monkeypatch.setattr("napari_jcc.solvers.structured.reoptimised.MOST_STEPS", 1)
    local = prepared.solve_image(1)
    assert [note.split(":")[0] for note in prepared.notes] == ["Image 1"]
    assert "solved afresh" in local.notes[0]
    assert "solved afresh" in prepared.solve().notes[0]
    assert len(prepared.notes) == 2


@pytest.mark.parametrize("image", [-1, 3])
def test_an_image_that_is_not_there_is_named(image):
    prepared = PreparedProblem(BASE, SolverConfig(), "cpu")
    prepared.solve()
    with pytest.raises(ProblemError, match=f"There are 3 images, but {image} was asked"):
        prepared.solve_image(image)


def test_an_edit_for_which_a_device_has_no_memory_moves_to_the_processor(monkeypatch):
    """Only the name of another device is pretended, and that it is full."""
    prepared = PreparedProblem(BASE, SolverConfig(tolerance=1e-6), "cpu")
    prepared.solve()
    engine = prepared._engine
    engine._device = torch.device("meta")
    take = engine_module.with_vectors

    def full(blocks, program):
        if engine._device.type == "meta":
            raise torch.OutOfMemoryError("out of memory")
        return take(blocks, program)

    def make(program, device, *rest):
        if device.type == "meta":
            raise torch.OutOfMemoryError("out of memory")
        return real(program, device, *rest)

    real = engine_module.make_blocks
    monkeypatch.setattr(engine_module, "with_vectors", full)
    monkeypatch.setattr(engine_module, "make_blocks", make)
    prepared.update(EDITS["q"])
    answer = prepared.solve()
    assert answer.objective(EDITS["q"]) == pytest.approx(best(EDITS["q"]), rel=1e-5)
    assert "batches are cut" in answer.notes[0]
    assert "processor takes over" in answer.notes[-1]


def test_what_did_not_fit_is_gone_before_less_is_tried(monkeypatch):
    """Else it still fills the device when smaller batches are made."""
    prepared = PreparedProblem(BASE, SolverConfig(tolerance=1e-6), "cpu")
    seen = []

    def full(blocks, program):
        large = torch.zeros(8)
        seen.append(weakref.ref(large))
        raise torch.OutOfMemoryError("out of memory")

    def make(*arguments):
        alive.append(seen[0]() is not None)
        return real(*arguments)

    alive, real = [], engine_module.make_blocks
    take = engine_module.with_vectors
    monkeypatch.setattr(
        engine_module, "with_vectors", lambda *a: take(*a) if seen else full(*a)
    )
    monkeypatch.setattr(engine_module, "make_blocks", make)
    prepared.update(EDITS["q"])
    assert alive == [False]
    assert prepared.solve().objective(EDITS["q"]) == pytest.approx(
        best(EDITS["q"]), rel=1e-5
    )


@pytest.mark.parametrize(
    "message",
    [
        "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes.",
        "MPS backend out of memory (MPS allocated: 8 GB)",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    ],
)
def test_memory_that_ran_out_is_told_by_its_words(message):
    assert is_out_of_memory(RuntimeError(message))
    assert not is_out_of_memory(RuntimeError("expected a matrix"))


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="Choose one of these, or auto"):
        PreparedProblem(BASE, SolverConfig(), "quantum")
