"""Layers that are removed take nothing with them that the next ones are drawn by."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from napari_jcc.plugin.background.programs import delete_programs_late

SCRIPT = """
import os
import napari
import numpy as np
from qtpy.QtWidgets import QApplication
from vispy.gloo.glir import GlirProgram
from napari_jcc.plugin.session import get_session

deleted = []
delete = GlirProgram.delete
GlirProgram.delete = lambda self: (deleted.append(self), delete(self))

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
print("alive", len(viewer.layers), len(deleted) >= 3, flush=True)
os._exit(0)
"""


CLOSED = """
import os
import napari
import numpy as np
from qtpy.QtWidgets import QApplication
from napari_jcc.plugin.session import get_session

def look():
    for _ in range(5):
        QApplication.processEvents()

viewers = [napari.Viewer(), napari.Viewer()]
look()
for viewer in viewers:
    get_session(viewer)
    viewer.add_image(np.zeros((3, 100, 110), np.uint8))
    look()
    viewer.add_labels(np.ones((3, 100, 110), np.uint8))
    look()
viewers[0].close()
look()
viewers[1].scale_bar.visible = True
look()
viewers[1].add_shapes(np.array([[10, 10], [10, 50], [50, 50], [50, 10]]))
look()
viewers[1].dims.set_current_step(0, 2)
look()
print("alive", len(viewers[1].layers), flush=True)
os._exit(0)
"""


@pytest.mark.gui
def test_a_window_closed_does_not_end_another():
    done = subprocess.run(
        [sys.executable, "-c", CLOSED], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "alive 3", done.stderr[-2000:]


@pytest.mark.gui
def test_a_layer_removed_does_not_end_napari_when_the_next_is_drawn():
    # In a process of its own, which a fault of the renderer ends without a word.
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120
    )
    # Programs are deleted later, but they are.
    assert done.stdout.strip() == "alive 6 True", done.stderr[-2000:]


class Other:
    def delete(self): ...


OTHERS = {"GlirShader": Other, "GlirBuffer": Other, "GlirTexture": Other}


class Renamed:
    def remove(self): ...


class NoDraw:
    def delete(self): ...


class OtherDraw:
    def delete(self): ...

    def draw(self, commands): ...


@pytest.mark.parametrize("kind", [None, Renamed, NoDraw, OtherDraw])
def test_a_vispy_made_in_another_way_is_left_as_it_is(kind, monkeypatch):
    before = dict(vars(kind or object)), Other.delete
    others = dict(OTHERS, GlirProgram=kind) if kind else {}
    module = SimpleNamespace(**others)
    monkeypatch.setitem(sys.modules, "vispy.gloo.glir", module)
    delete_programs_late.__wrapped__()
    assert (dict(vars(kind or object)), Other.delete) == before


def test_programs_that_know_of_no_context_are_deleted_at_once(monkeypatch):
    done = []

    class Program:
        def delete(self):
            done.append("deleted")

        def draw(self, mode, selection, instances=1):
            done.append("drawn")

    module = SimpleNamespace(**OTHERS, GlirProgram=Program)
    monkeypatch.setitem(sys.modules, "vispy.gloo.glir", module)
    delete_programs_late.__wrapped__()
    Program().delete()
    Program().draw("points", (0, 3))
    assert done == ["deleted", "drawn"]
