"""What docks are put together from: rows, columns, buttons and texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from qtpy.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_jcc.plugin.widgets.tall import Squeezed, TallContent

Part: TypeAlias = QWidget | QLayout | tuple[QWidget, int]
"""With a number, it takes that share of the room that is left."""


def in_row(*parts: Part, within: QWidget | None = None) -> QHBoxLayout:
    """Put parts beside each other, as the layout of a widget or for another layout."""
    layout = QHBoxLayout(within)
    _fill(layout, parts)
    return layout


def in_column(
    *parts: Part, within: QWidget | None = None, spacing: int | None = None
) -> QVBoxLayout:
    """Put parts below each other, as the layout of a widget or for another layout.

    Parameters
    ----------
    parts
        From top to bottom.
    within
        The widget.
    spacing
        Pixels between them; None: as the style has it.
    """
    layout = QVBoxLayout(within)
    if spacing is not None:
        layout.setSpacing(spacing)
    _fill(layout, parts)
    return layout


def fill_dock(dock: QWidget, *parts: Part) -> QVBoxLayout:
    """Put the parts of a dock below each other; they scroll where the window is too low."""
    content = Squeezed()
    layout = in_column(*parts, within=content, spacing=6)
    layout.setContentsMargins(8, 6, 8, 8)
    tall = TallContent(content)
    policy = tall.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    tall.setSizePolicy(policy)
    in_column(tall, within=dock)
    return layout


def scrolled(*parts: Part) -> TallContent:
    """Put parts below each other into an area that scrolls where there is little room."""
    content = Squeezed()
    in_column(*parts, within=content, spacing=6).addStretch()
    return TallContent(content)


def push_button(text: str, tooltip: str, action: Callable[..., Any]) -> QPushButton:
    """Make a button; `action` is called, or emitted, when it is pressed."""
    made = QPushButton(text)
    made.setToolTip(tooltip)
    made.clicked.connect(action)
    return made


def wrapped(text: str = "") -> QLabel:
    """Make a text that goes on in a further line where it is too long for one."""
    label = QLabel(text)
    label.setWordWrap(True)
    return label


def _fill(layout: QBoxLayout, parts: tuple[Part, ...]) -> None:
    layout.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        if isinstance(part, QLayout):
            layout.addLayout(part)
        elif isinstance(part, tuple):
            layout.addWidget(*part)
        else:
            layout.addWidget(part)
