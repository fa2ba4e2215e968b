"""Layers that are removed take nothing with them that the next ones are drawn by."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import os
import napari
import numpy as np
from qtpy.QtWidgets import QApplication
from napari_jcc.plugin.session import get_session

def look():
    for _ in range(5):
        QApplication.processEvents()

viewer = napari.Viewer()
look()
get_session(viewer)
for _ in range(3):
    shapes = viewer.add_shapes(np.array([[10, 10], [10, 50], [50, 50], [50, 10]]))
    look()
    viewer.add_labels(np.ones((100, 110), np.uint8))
    look()
    viewer.layers.remove(shapes)
    look()
    viewer.add_image(np.zeros((100, 110, 4), np.uint8), rgb=True)
    look()
print("alive", len(viewer.layers), flush=True)
os._exit(0)
"""


@pytest.mark.gui
def test_a_layer_removed_does_not_end_napari_when_the_next_is_drawn():
    # In a process of its own, which a fault of the renderer ends without a word.
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "alive 6", done.stderr[-2000:]
