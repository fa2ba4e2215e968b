"""Solves in another process: the same answers, an end midway, and no harm if it dies."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from napari_jcc.errors import Cancelled, ProblemError
from napari_jcc.progress import Progress
from napari_jcc.solvers import apart, get_solver, osqp_solver
from solvers.dying import end_unless
from solvers.instances import TIGHT, program, random_program


@pytest.fixture(autouse=True)
def large(monkeypatch):
    """Call every program large."""
    monkeypatch.setattr(osqp_solver, "LARGE", 0)


def in_thread(function, *args):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *args).result(timeout=60)


def solve(problem, warm=None):
    solver = get_solver("osqp")
    solver.setup(problem, TIGHT)
    return solver.solve(warm)


def test_another_process_gives_the_same_answer():
    problem = random_program(np.random.default_rng(0), "hull")
    here, there = solve(problem), in_thread(solve, problem)
    np.testing.assert_array_equal(there.x, here.x)
    np.testing.assert_array_equal(there.row_duals, here.row_duals)
    assert (there.status, there.iterations) == (here.status, here.iterations)
    warm = in_thread(solve, problem, here)
    assert warm.iterations < here.iterations


def test_its_errors_are_raised_here():
    with pytest.raises(ProblemError, match="refused"):
        in_thread(solve, program(-np.eye(2), [0, 0], [[1, 1]], [0], [1]))


def test_a_call_ends_midway_and_takes_its_process_along(monkeypatch):
    monkeypatch.setattr(apart, "_idle", [])
    child = apart.call_apart(os.getpid, progress=None)
    assert child != os.getpid()
    progress = Progress()
    threading.Timer(0.2, progress.cancel).start()
    with pytest.raises(Cancelled):
        apart.call_apart(time.sleep, 600, progress=progress)
    assert apart._idle == []


def test_a_process_that_dies_is_made_up_for_here(monkeypatch):
    monkeypatch.setattr(apart, "_idle", [])
    assert apart.call_apart(end_unless, os.getpid(), progress=None) == "alive"
    assert apart._idle == []


def test_programs_that_are_no_python_are_left_alone(monkeypatch):
    monkeypatch.setattr(apart, "_idle", [])
    monkeypatch.setattr("sys.executable", "/opt/viewer/bin/viewer")
    assert apart.call_apart(os.getpid, progress=None) == os.getpid()
