"""How many threads matrices are worked on by."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

P = ParamSpec("P")
R = TypeVar("R")


def one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Call a function with BLAS and LAPACK in one thread.

    For eigenvalues, and for many small products: threads wait for each other at every one
    of their thousands of steps. That gains little on idle cores, and where other programs
    use the cores too it costs many times the work itself.
    """
    wrapped: Callable[P, R] = threadpool_limits.wrap(limits=1, user_api="blas")(function)
    return wrapped
