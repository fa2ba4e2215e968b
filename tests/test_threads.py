"""Functions that are given one thread have one; threads sleep while they wait."""

import multiprocessing
import os
import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from napari_jcc import ImageCollection, Run, threads
from napari_jcc.cli.main import main
from napari_jcc.pipeline.parallel import for_each
from napari_jcc.progress import Progress
from napari_jcc.threads import one_thread


def count_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture
def usual():
    """Set BLAS to two threads where it takes them, in the thread that may set it to one."""
    setter = threads._blas._setter
    limit = setter.submit(threadpool_limits, 2, "blas").result()
    setter.submit(limit.__enter__).result()
    found = count_threads()
    assert found != {1}
    yield found
    setter.submit(limit.__exit__, None, None, None).result()


def test_one_thread_inside_and_as_many_as_before_outside(usual):
    assert one_thread(count_threads)() == {1}
    assert count_threads() == usual


def test_the_limit_ends_with_the_last_of_calls_that_overlap(usual):
    first_is_in, second_is_in, may_end = (threading.Event() for _ in range(3))

    @one_thread
    def first():
        first_is_in.set()
        second_is_in.wait(10)

    @one_thread
    def second():
        second_is_in.set()
        may_end.wait(10)

    one, two = (threading.Thread(target=run) for run in (first, second))
    one.start()
    first_is_in.wait(10)
    two.start()
    one.join()
    assert count_threads() == {1}
    may_end.set()
    two.join()
    assert count_threads() == usual


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_sets_limits_of_its_own(usual):
    assert one_thread(count_threads)() == {1}
    child = multiprocessing.get_context("fork").Process(target=one_thread(count_threads))
    child.start()
    child.join(10)
    assert child.exitcode == 0


def test_threads_that_share_the_images_multiply_by_themselves(usual):
    found = []
    for_each(
        lambda _: count_threads(),
        range(3),
        lambda _, threads: found.append(threads),
        Progress(),
    )
    assert found == [{1}] * 3
    assert count_threads() == usual


@pytest.mark.parametrize(("set_before", "found"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_the_program_lets_threads_sleep_unless_told_otherwise(
    set_before, found, monkeypatch
):
    monkeypatch.setenv("OMP_WAIT_POLICY", set_before or "")
    if set_before is None:
        monkeypatch.delenv("OMP_WAIT_POLICY")
    with pytest.raises(SystemExit):
        main(["--version"])
    assert os.environ["OMP_WAIT_POLICY"] == found


def test_they_sleep_in_a_notebook_too(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "")
    monkeypatch.delenv("OMP_WAIT_POLICY")
    Run(ImageCollection.from_arrays([np.zeros((8, 9), np.uint8)]))
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
