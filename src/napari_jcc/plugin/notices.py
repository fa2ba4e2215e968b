"""Errors as napari's notifications, with the remedy and details to pass on."""

from __future__ import annotations

import platform
import traceback
from importlib.metadata import version
from typing import Any

from napari.utils.notifications import (
    Notification,
    NotificationSeverity,
    notification_manager,
)
from qtpy import API_NAME, QT_VERSION
from qtpy.QtWidgets import QApplication

import napari_jcc

COPY = "Copy details"


def show_problem(error: Exception, title: str = "") -> None:
    """Show an error whose message says what to do; its details can be copied."""
    details = describe_problem(error, title)

    def copy(_: Any) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(details)

    notification_manager.dispatch(
        Notification(str(error), NotificationSeverity.ERROR, actions=((COPY, copy),))
    )


def forget_frames(error: BaseException | None) -> None:
    """Let go of what was at work when an error was raised; its call stack stays.

    napari keeps every error of a sitting, and so all that the variables of its frames hold:
    images, features, results.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def describe_problem(error: Exception, title: str = "") -> str:
    """Describe an error for those who are to find its cause: versions and call stack."""
    lines = [
        f"napari-jcc {napari_jcc.__version__}: {title or 'error'}",
        f"napari {version('napari')}, {API_NAME} (Qt {QT_VERSION})",
        f"Python {platform.python_version()}, {platform.platform()}",
        "",
        *traceback.format_exception(error),
    ]
    return "\n".join(line.rstrip("\n") for line in lines)
