"""Errors as napari's notifications, with the remedy and details to pass on."""

from __future__ import annotations

import platform
import re
import traceback
from functools import cache
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
from napari_jcc.config import JccConfig, MatchConfig
from napari_jcc.config.fields import settings_of

COPY = "Copy details"

_KEY = re.compile(r"(?<!--set )(?<!--set ')\b[a-z]+\.[a-z_]+\b")
"""A setting; not in a command, which is shown as it is typed."""


def show_problem(error: Exception, title: str = "") -> None:
    """Show an error whose message says what to do; its details can be copied."""
    details = describe_problem(error, title)

    def copy(_: Any) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(details)

    text, severity = name_controls(str(error)), NotificationSeverity.ERROR
    notification_manager.dispatch(Notification(text, severity, actions=((COPY, copy),)))


def name_controls(text: str) -> str:
    """Name settings as forms do: ``Images > Channels`` for ``collection.channels``."""
    return _KEY.sub(lambda found: _find_controls().get(found[0], found[0]), text)


@cache
def _find_controls() -> dict[str, str]:
    return {
        f"{name}.{field}": f"{section.title} > {str(setting.title).partition(' (')[0]}"
        for model in (MatchConfig, JccConfig)
        for name, section in model.model_fields.items()
        for field, setting in settings_of(section).items()
    }


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
