"""Work on many images in threads, beside whatever else uses dask in the process."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import dask.array as da
import pytest
from dask.callbacks import Callback
from dask.system import CPU_COUNT

from napari_jcc.collection import ImageCollection
from napari_jcc.pipeline.parallel import for_each
from napari_jcc.progress import Progress


@pytest.fixture
def watched():
    """Collect the threads in which a global callback of dask is called."""
    threads = []

    class Watch(Callback):
        def _start(self, dsk):
            threads.append(threading.current_thread())

    with Watch():
        da.ones(2).compute()
        assert len(threads) == 1  # else this tests nothing
        threads.clear()
        yield threads


def in_thread(function, *args):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *args).result(timeout=30)


def test_global_callbacks_are_not_called_from_other_threads(watched):
    """Viewers cache slices by such a callback, which keeps one thread's state only."""
    collection = ImageCollection.from_array(da.ones((2, 8, 8)))
    in_thread(collection.raw, 1)
    in_thread(collection.fingerprint, 1)
    assert watched == []


def test_off_the_main_thread_there_are_no_more_threads_than_cores():
    lock, running, most = threading.Lock(), 0, 0

    def work(seconds):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(seconds)
        with lock:
            running -= 1

    items = [0.02] * (4 * CPU_COUNT + 8)
    in_thread(for_each, work, items, lambda place, result: None, Progress())
    assert most <= CPU_COUNT


FORK = """
import os, signal
from napari_jcc.pipeline.parallel import for_each
from napari_jcc.progress import Progress

def work():
    for_each(str, [1, 2], lambda place, result: None, Progress(), workers=1)

work()
child = os.fork()
if not child:
    signal.alarm(10)
    work()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_a_forked_process_has_threads_of_its_own():
    """As a pool of multiprocessing forks on Linux, after something was computed."""
    assert subprocess.run([sys.executable, "-c", FORK], check=False).returncode == 0
