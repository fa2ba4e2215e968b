"""How many threads matrices are worked on by, and how they wait for each other."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

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
    wrapped: Callable[P, R] = threadpool_limits.wrap(limits=1, user_api="blas")(function)
    return wrapped
