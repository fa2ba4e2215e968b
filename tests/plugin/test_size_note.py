"""The line that says how far images are reduced."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtWidgets import QWidget

from napari_jcc.config import apply_overrides
from napari_jcc.plugin.session import get_session
from napari_jcc.plugin.widgets.size_note import SizeNote, describe_reduction


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        (set(), ""),
        ({(320, 200)}, ""),
        ({(4096, 4096)}, "Images of 4096 x 4096 pixels are worked on at 320 x 320;"),
        ({(500, 1000)}, "Images of 1000 x 500 pixels are worked on at 320 x 160;"),
        ({(100, 90), (640, 20)}, "Images of up to 20 x 640 pixels are worked on at 10 x"),
    ],
)
def test_only_images_that_are_reduced_are_spoken_of(sizes, expected):
    text = describe_reduction(sizes, 320)
    assert text.startswith(expected)
    assert bool(text) == bool(expected)


@pytest.mark.gui
def test_the_note_follows_images_and_settings(make_napari_viewer, qtbot):
    session = get_session(make_napari_viewer())
    dock = QWidget()
    qtbot.addWidget(dock)
    note = SizeNote(session, dock)
    assert note.isHidden()

    session.choose((Image([np.zeros((3, 800, 400)), np.zeros((3, 400, 200))]),))
    assert "400 x 800 pixels are worked on at 160 x 320" in note.text()
    assert not note.isHidden()

    larger = apply_overrides(session.config, {"collection.working_size": 1000})
    session.set_settings(larger)
    assert note.isHidden()
