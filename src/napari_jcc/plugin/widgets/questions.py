"""What the user is asked: where to write, and whether to replace what is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget

from napari_jcc.errors import JccError


def confirm(parent: QWidget, title: str, question: str) -> bool:
    """Ask a question, and return whether the answer is yes."""
    answer = QMessageBox.question(parent, title, question)
    return bool(answer == QMessageBox.StandardButton.Yes)


def open_file(
    parent: QWidget,
    title: str,
    kinds: str,
    load: Callable[[str], None],
    say: Callable[[str], None],
) -> None:
    """Ask for a file and read it, or say why that cannot be.

    Parameters
    ----------
    parent, title, kinds, say
        As for `save_as`.
    load
        Reads the file of a path; a `JccError` is told by `say`.
    """
    path, _ = QFileDialog.getOpenFileName(parent, title, "", kinds)
    if path:
        _try(load, path, say)


def save_as(
    parent: QWidget,
    title: str,
    name: str,
    kinds: str,
    save: Callable[[str], None],
    say: Callable[[str], None],
) -> None:
    """Ask for a file and write it, or say why that cannot be.

    Parameters
    ----------
    parent
        Where it is asked.
    title
        Of the question.
    name
        Proposed for the file.
    kinds
        As Qt writes them, ``"Table (*.csv);;Figure (*.png)"``; a name without extension
        gets that of the kind chosen.
    save
        Writes the file of that path; a `JccError` is told by `say`.
    say
        Shows a text.
    """
    path, kind = QFileDialog.getSaveFileName(parent, title, name, kinds)
    if not path:
        return
    extension = kind.partition("*")[2].rstrip(")")
    _try(save, path if Path(path).suffix else path + extension, say)


def ask_result_folder(parent: QWidget, title: str, record: str) -> tuple[str, bool]:
    """Ask for the folder of a result, and whether to replace a former one.

    A former result is told by the file `record` in the folder.

    Returns
    -------
    folder
        Empty where nothing is to be written.
    overwrite
        Whether it holds a former result, to be replaced.
    """
    folder = QFileDialog.getExistingDirectory(parent, title)
    former = bool(folder) and (Path(folder) / record).exists()
    question = f"{folder} holds the result of a former run. Replace it?"
    if former and not confirm(parent, "Replace the former result?", question):
        return "", False
    return folder, former


def _try(act: Callable[[str], None], path: str, say: Callable[[str], None]) -> None:
    try:
        act(path)
    except JccError as error:
        say(str(error))
