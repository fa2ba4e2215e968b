"""Work in a thread: results, errors and cancel reach the GUI thread."""

from __future__ import annotations

import gc
import threading
import time
import traceback
import weakref

import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QObject, QThread, QThreadPool
from qtpy.QtWidgets import QApplication

from napari_jcc.errors import SolverError
from napari_jcc.plugin.background import garbage
from napari_jcc.plugin.background.worker import Task
from napari_jcc.plugin.session import get_session

pytestmark = [pytest.mark.gui, pytest.mark.usefixtures("make_napari_viewer")]


def steps(progress, count=1000):
    progress.start("Counting", count)
    for _ in range(count):
        time.sleep(0.005)
        progress.advance()


def test_value_and_progress_arrive_in_the_gui_thread(qtbot):
    seen, threads = [], []

    def work(progress):
        threads.append(threading.get_ident())
        steps(progress, 3)
        return "value"

    def note(value):
        seen.append((value, QThread.currentThread() is QApplication.instance().thread()))

    task = Task(work)
    task.succeeded.connect(note)
    task.progress.signals.started.connect(lambda stage, total: note((stage, total)))
    task.progress.signals.advanced.connect(note)
    with qtbot.waitSignal(task.ended, timeout=5000):
        task.start()

    assert threads != [threading.get_ident()]
    assert seen == [
        (("Counting", 3), True), (1, True), ("value", True)
    ]  # fmt: skip


def test_error_is_told_with_its_message(qtbot):
    def work(progress):
        raise SolverError("Not solved. Raise solver.max_iterations.")

    failed, succeeded = [], []
    task = Task(work)
    task.failed.connect(failed.append)
    task.succeeded.connect(succeeded.append)
    with qtbot.waitSignal(task.ended, timeout=5000):
        task.start()

    assert failed == ["Not solved. Raise solver.max_iterations."]
    assert not succeeded
    told = notification_manager.records[-1].message
    assert told == "Not solved. Raise Solver > Most iterations."


def test_cancel_stops_at_the_next_step_without_an_error(qtbot):
    outcome = []
    task = Task(steps)
    task.succeeded.connect(outcome.append)
    task.failed.connect(outcome.append)
    task.progress.signals.advanced.connect(lambda _: task.cancel())
    start = time.perf_counter()
    with qtbot.waitSignal(task.ended, timeout=5000):
        task.start()

    assert task.cancelled
    assert not outcome
    assert time.perf_counter() - start < 4  # all steps take more than 5 s


def test_stop_waits_until_the_thread_is_left(qtbot):
    running = threading.Event()
    left = []

    def work(progress):
        running.set()
        try:
            steps(progress)
        finally:
            time.sleep(0.1)
            left.append(True)

    task = Task(work)
    task.start()
    qtbot.waitUntil(running.is_set, timeout=5000)
    assert task.stop()
    assert left


def test_what_was_returned_just_before_it_was_cancelled_is_not_told(qtbot):
    outcome = []
    task = Task(lambda _: "value")
    task.succeeded.connect(outcome.append)
    with qtbot.waitSignal(task.ended, timeout=5000):
        task.start()
        assert QThreadPool.globalInstance().waitForDone(5000)
        task.cancel()
    assert not outcome


@pytest.mark.parametrize("fails", [False, True])
def test_a_job_that_ended_lets_go_of_what_it_worked_on(make_napari_viewer, qtbot, fails):
    class Large:
        def work(self, progress):
            if fails:
                raise SolverError("Not solved. Raise solver.max_iterations.")
            return self

    session, owner, heard = get_session(make_napari_viewer()), QObject(), []
    large = Large()
    kept = weakref.ref(large)
    task = Task(large.work, "Job")
    task.succeeded.connect(lambda found: heard.append(type(found)))
    task.ended.connect(lambda: heard.append("ended"))
    session.jobs.run(task, owner)
    del large, task
    assert len(session.jobs) == 1

    # By itself: what garbage there is while modules are loaded is set aside with them, for
    # good.
    with garbage.without_garbage_collection():
        qtbot.waitUntil(lambda: kept() is None, timeout=60_000)
    qtbot.waitUntil(lambda: not session.jobs, timeout=60_000)
    assert heard == (["ended"] if fails else [Large, "ended"])


def test_an_unexpected_error_keeps_nothing_of_the_work(make_napari_viewer, qtbot):
    """napari shows its call stack, and keeps the error for as long as it runs."""

    class Large:
        def work(self, progress):
            try:
                [][len(vars(self))]
            except IndexError:
                raise ValueError("a fault of ours") from None

    large = Large()
    kept = weakref.ref(large)
    task = Task(large.work, "Job")
    with qtbot.capture_exceptions() as seen, qtbot.waitSignal(task.ended, timeout=5000):
        task.start()
    del large, task

    def is_gone():
        gc.collect()
        return kept() is None

    qtbot.waitUntil(is_gone, timeout=60_000)
    ((_, error, _),) = seen
    assert "in work" in "".join(traceback.format_exception(error))
