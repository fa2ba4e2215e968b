"""Commands on the clipboard."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QApplication

_NO_FILES = (
    "No command can do this: the images are not in files that the plugin opened. Save "
    "them, open their folder here, and copy again."
)


def copy_command(command: str, say: Callable[[str], None]) -> None:
    """Put a command on the clipboard, or say why there is none: no files."""
    clipboard = QApplication.clipboard()
    if command and clipboard is not None:
        clipboard.setText(command)
        say(f"Copied: {command}")
    else:
        say(_NO_FILES)
