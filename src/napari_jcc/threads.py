"""How many threads matrices are worked on by, and how they wait for each other."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import get_cached_controller

P = ParamSpec("P")
R = TypeVar("R")


def wait_asleep() -> None:
    """Let the threads of OpenMP, which torch has, sleep while they wait for each other.

    Otherwise they keep their cores busy, and where other programs use these as well an
    encoder takes four times as long. For the start of a program, before torch is loaded;
    what the user has set stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Call a function with BLAS and LAPACK in one thread.

    For eigenvalues, and for many small products: threads wait for each other at every one
    of their thousands of steps. That gains little on idle cores, and where other programs
    use the cores too it costs many times the work itself.
    """

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with _blas.hold():
            return function(*args, **kwargs)

    return limited


class _Limit:
    """The limit to one thread, held as long as any block is entered in any thread.

    The limit belongs to the process. Were it set and restored by each block alone, blocks
    that overlap without nesting would leave it behind for good. threadpoolctl lets only the
    thread that set a limit change it, so that one thread of our own does both.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._setter = ThreadPoolExecutor(1, thread_name_prefix="BLAS limit")
        self._entered = 0
        self._limit: AbstractContextManager[object] | None = None

    @contextmanager
    def hold(self) -> Iterator[None]:
        with self._lock:
            if not self._entered:
                self._setter.submit(self._set).result()
            self._entered += 1
        try:
            yield
        finally:
            with self._lock:
                self._entered -= 1
                if not self._entered:
                    self._setter.submit(self._restore).result()

    def _set(self) -> None:
        self._limit = get_cached_controller().limit(limits=1, user_api="blas")
        self._limit.__enter__()

    def _restore(self) -> None:
        if self._limit is not None:
            self._limit.__exit__(None, None, None)


_blas = _Limit()


def _begin_anew() -> None:
    """Forget the limit in a child process, which has not the thread that sets it."""
    global _blas
    _blas = _Limit()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_begin_anew)
