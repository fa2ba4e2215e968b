"""Functions that are given one thread have one, and leave others theirs."""

from threadpoolctl import threadpool_info, threadpool_limits

from napari_jcc.threads import one_thread


def count_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_one_thread_inside_and_as_many_as_before_outside():
    with threadpool_limits(2, user_api="blas"):
        before = count_threads()
        assert one_thread(count_threads)() == {1}
        assert count_threads() == before
