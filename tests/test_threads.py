"""Functions that are given one thread have one; threads sleep while they wait."""

import os

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from napari_jcc.cli.main import main
from napari_jcc.pipeline.parallel import for_each
from napari_jcc.progress import Progress
from napari_jcc.threads import one_thread


def count_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_one_thread_inside_and_as_many_as_before_outside():
    with threadpool_limits(2, user_api="blas"):
        before = count_threads()
        assert one_thread(count_threads)() == {1}
        assert count_threads() == before


def test_threads_that_share_the_images_multiply_by_themselves():
    found = []
    with threadpool_limits(2, user_api="blas"):
        if count_threads() == {1}:
            pytest.skip("this BLAS has one thread only")
        for_each(
            lambda _: count_threads(),
            range(3),
            lambda _, threads: found.append(threads),
            Progress(),
        )
    assert found == [{1}] * 3


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
