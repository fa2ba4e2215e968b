import errno
import io
import os
import signal
import threading

import pytest
from rich.console import Console

from napari_jcc.cli.progress import TerminalProgress
from napari_jcc.errors import Cancelled


def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=80)


def test_stages_are_shown_with_their_steps():
    console = terminal()
    with TerminalProgress(console=console) as progress:
        progress.start("regions", 3)
        progress.advance()
        progress.advance(2)
        progress.start("solve", 1)
    text = console.file.getvalue()
    assert "Regions" in text
    assert "3/3" in text
    assert "Solve" in text
    assert "1/1" in text


def test_a_stage_that_failed_is_not_shown_as_complete():
    console = terminal()
    with pytest.raises(ValueError, match="broken"), TerminalProgress(console=console) as p:
        p.start("regions", 3)
        p.advance()
        raise ValueError("broken")
    assert "1/3" in console.file.getvalue()
    assert "3/3" not in console.file.getvalue()


def test_a_file_gets_a_line_a_stage_and_more_of_those_that_last(monkeypatch):
    console = Console(file=io.StringIO())
    with TerminalProgress(console=console) as progress:
        progress.start("regions", 3)
        progress.advance(2)
        progress.start("solve", 4)
        monkeypatch.setattr("napari_jcc.cli.progress.SECONDS_A_LINE", -1)
        progress.advance(1)
        progress.advance(3)
    lines = console.file.getvalue().splitlines()
    assert lines == ["Regions 3/3 0:00:00", "Solve 1/4 0:00:00", "Solve 4/4 0:00:00"]


def test_the_lines_of_a_stage_survive_the_details_of_others():
    console = Console(file=io.StringIO())
    with TerminalProgress(console=console) as progress:
        progress.start("points", 1)
        detail = progress.detail()
        detail.start("regions", 3)
        detail.start("solve", 3)
        progress.start("scores", 2)
    lines = console.file.getvalue().splitlines()
    assert lines == ["Points 1/1 0:00:00", "Scores 2/2 0:00:00"]


def test_quiet_shows_nothing():
    console = terminal()
    with TerminalProgress(quiet=True, console=console) as progress:
        progress.start("regions", 3)
        progress.advance()
    assert console.file.getvalue() == ""


def test_steps_may_come_from_other_threads_and_before_any_stage():
    console = terminal()
    with TerminalProgress(console=console) as progress:
        progress.advance()
        progress.start("regions", 8)
        workers = [threading.Thread(target=progress.advance) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert "8/8" in console.file.getvalue()


def test_first_interrupt_cancels_and_second_ends():
    before = signal.getsignal(signal.SIGINT)
    console = terminal()
    with TerminalProgress(console=console) as progress:
        progress.start("regions", 3)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Cancelled):
            progress.advance()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert "press Ctrl-C again" in console.file.getvalue()
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_run_without_a_handler():
    seen = []

    def work():
        with TerminalProgress(quiet=True):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]


def test_a_log_on_a_full_disk_does_not_end_the_work():
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(errno.ENOSPC, "No space left on device")

    with TerminalProgress(console=Console(file=Full())) as progress:
        progress.start("regions", 1)
        progress.advance()
        progress.start("solve", 1)
        progress.advance()
