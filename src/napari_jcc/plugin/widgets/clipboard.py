"""Commands on the clipboard."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QApplication

_NO_FILES = (
    "There is no command for this, as no images are chosen that were opened from files. "
    "Open their folder here, saved before where they are in none, and copy again."
)


def copy_command(command: str, say: Callable[[str], None]) -> None:
    """Put a command on the clipboard, or say why there is none: no files."""
    clipboard = QApplication.clipboard()
    if command and clipboard is not None:
        clipboard.setText(command)
        say(f"Copied: {command}")
    else:
        say(_NO_FILES)
