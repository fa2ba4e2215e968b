"""Calls in a process of their own, for native code that keeps Python's lock.

While a library holds the lock, no other thread of the process runs; a window would stand
still. Another process has a lock of its own, and can be ended midway.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from napari_jcc.progress import Progress

T = TypeVar("T")

_LOOK = 0.05
"""Seconds between looks at whether the call was cancelled."""

_logger = logging.getLogger(__name__)
_idle: list[subprocess.Popen[bytes]] = []
_idle_lock = threading.Lock()


def in_background() -> bool:
    """Whether another thread may be waiting for Python's lock, as that of a window."""
    return threading.current_thread() is not threading.main_thread()


def call_apart(function: Callable[..., T], *args: Any, progress: Progress | None) -> T:
    """Call a function in another process, which is kept for the next call.

    Where no process can be had, the function is called here.

    Parameters
    ----------
    function
        Of a module, found by its name.
    args
        Anything that can be pickled.
    progress
        The process is ended when it is cancelled.

    Raises
    ------
    Cancelled
        If `progress` was cancelled.
    Exception
        Whatever the function raises.
    """
    process = _get_process()
    answer = None
    if process is not None:
        try:
            answer = _ask(process, pickle.dumps((function, args)), progress)
        except BaseException:
            process.kill()
            raise
    if process is None or answer is None:
        _logger.warning("No process of its own for %s.", function.__name__)
        return function(*args)
    with _idle_lock:
        _idle.append(process)
    value, error = pickle.loads(answer)
    if error is not None:
        raise error
    result: T = value
    return result


def _ask(
    process: subprocess.Popen[bytes], question: bytes, progress: Progress | None
) -> bytes | None:
    """Send a question and wait for the answer; None if the process has ended."""
    answers: list[bytes] = []

    def talk() -> None:
        if process.stdin is None or process.stdout is None:
            return
        with contextlib.suppress(OSError, EOFError):
            _send(process.stdin, question)
            answers.append(_receive(process.stdout))

    thread = threading.Thread(target=talk, name="napari-jcc-apart", daemon=True)
    thread.start()
    while thread.is_alive():
        if progress is not None:
            progress.raise_if_cancelled()
        thread.join(_LOOK)
    return answers[0] if answers else None


def _get_process() -> subprocess.Popen[bytes] | None:
    with _idle_lock:
        while _idle:
            process = _idle.pop()
            if process.poll() is None:
                return process
    # Inside other programs the executable is no Python.
    if not Path(sys.executable or "").stem.lower().startswith("python"):
        return None
    home = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH", ""))))
    try:
        return subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        _logger.warning("No process could be started: %s", error)
        return None


def _send(stream: BinaryIO | Any, message: bytes) -> None:
    stream.write(len(message).to_bytes(8, "little"))
    stream.write(message)
    stream.flush()


def _receive(stream: BinaryIO | Any) -> bytes:
    head = _read(stream, 8)
    return _read(stream, int.from_bytes(head, "little"))


def _read(stream: BinaryIO | Any, size: int) -> bytes:
    message: bytes = stream.read(size)
    if len(message) < size:
        raise EOFError
    return message


def serve() -> None:
    """Answer questions until their side is closed, as it is when that process ends."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints must not get among the answers
    while True:
        try:
            question = _receive(questions)
        except EOFError:
            return
        try:
            function, args = pickle.loads(question)
            answer = pickle.dumps((function(*args), None))
        except Exception as error:  # noqa: BLE001 - goes to whoever asked
            answer = pickle.dumps((None, error))
        _send(answers, answer)
