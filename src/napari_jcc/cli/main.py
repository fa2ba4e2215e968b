"""The program ``napari-jcc``: its errors and its exit codes.

0: done; 1: a fault of the program; 2: something the user can mend; 130: cancelled.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper

CANCELLED = 130  # what a shell reports for a program that Ctrl-C ended
REFUSED = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit.

    Parameters
    ----------
    arguments
        Words after ``napari-jcc``; those of this process when None.

    Raises
    ------
    SystemExit
        Always, with the exit code.
    """
    try:
        _run(None if arguments is None else list(arguments))
    except KeyboardInterrupt:  # while the commands are loaded; they end themselves
        sys.exit(CANCELLED)


def _run(words: list[str] | None) -> None:
    # Imported here, within reach of `main`: it takes long enough for a Ctrl-C.
    import typer

    from napari_jcc.cli.app import app
    from napari_jcc.errors import Cancelled, JccError
    from napari_jcc.threads import wait_asleep

    wait_asleep()
    _print_all_letters()
    try:
        app(args=words, prog_name="napari-jcc")
    except Cancelled as error:
        typer.echo(str(error), err=True)
        sys.exit(CANCELLED)
    except JccError as error:
        _refuse(str(error))
    except OSError as error:
        if error.filename is None:
            raise
        _refuse(
            f"Cannot use {error.filename}: {error.strerror}. Check that it is there and "
            "that you may read it."
        )


def _print_all_letters() -> None:
    """Print letters that a terminal or file has no code for as escapes.

    Names of files may hold any, and what is sent to a file on Windows is in its code page.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _refuse(reason: str) -> None:
    import typer

    typer.secho("Error: ", fg="red", bold=True, nl=False, err=True)
    typer.echo(reason, err=True)
    sys.exit(REFUSED)
