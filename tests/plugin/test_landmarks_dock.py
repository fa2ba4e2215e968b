"""The Landmarks dock in a real window."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest
from napari.layers import Image

from napari_jcc import ImageCollection
from napari_jcc.matching.landmarks import read_tps, turn_over
from napari_jcc.plugin.matching.choice import MatcherChoice
from napari_jcc.plugin.matching.landmarks import Carrier
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.plugin.widgets.matching.landmark_dock import LandmarkDock
from napari_jcc.progress import Progress

pytestmark = pytest.mark.gui

NAMES = ("a.png", "b.png", "c.png", "d.png")
SHIFTS = np.array([(0, 0), (7, -5), (-6, 8), (4, 9)])
"""Where the content of every image lies, x and y, against that of the first."""
FIRST = np.array([(40.0, 45.0), (80.0, 42.0), (78.0, 84.0), (44.0, 80.0)])
"""Landmarks of the first image, x and y."""


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    """Cut the same pattern at several places; the last image is smaller than the others."""
    noise = np.random.default_rng(3).normal(size=(180, 180)).astype(np.float32)
    pattern = cv2.GaussianBlur(noise, (0, 0), 4)
    pattern = np.uint8(255 * (pattern - pattern.min()) / np.ptp(pattern))
    sizes = [(120, 128)] * 3 + [(112, 120)]
    cuts = [
        pattern[25 - y :, 25 - x :][:h, :w]
        for (x, y), (h, w) in zip(SHIFTS, sizes, strict=True)
    ]
    return [np.dstack([cut] * 3) for cut in cuts]


@pytest.fixture
def viewer(make_napari_viewer, images):
    viewer = make_napari_viewer()
    collection = ImageCollection.from_arrays(images, names=list(NAMES))
    viewer.add_layer(Image.create(*stack_layer(collection, "set")))
    return viewer


@pytest.fixture
def dock(viewer) -> LandmarkDock:
    dock = LandmarkDock(viewer)
    viewer.window.add_dock_widget(dock, name="Landmarks")
    assert dock.hint.text().startswith("Press New")
    dock.make_new()
    assert dock.hint.text().startswith("Click landmark")
    return dock


def draw(dock, place, points):
    """Add points one by one, as clicks do."""
    for x, y in points:
        dock.layer.add([place, y, x])


def drag(dock, row, end):
    """Move a point as the mouse does: from where it is to where it is let go."""
    with dock.layer.events.data.blocker():
        dock.layer._move({row}, dock.layer.data[row])
    dock.layer._move({row}, end)
    dock.layer._drag_start = None


def transfer(dock, qtbot):
    dock.run()
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)


def found(dock) -> np.ndarray:
    return np.array([shape.points for shape in dock.points.shapes()])


def test_points_are_numbered_by_image_and_their_gaps_filled(dock):
    draw(dock, 1, FIRST[:3])
    draw(dock, 0, FIRST)
    table = dock.layer.features
    assert list(table["landmark"]) == [1, 2, 3, 1, 2, 3, 4]
    assert list(table["image"]) == ["b.png"] * 3 + ["a.png"] * 4
    assert set(table["status"]) == {"placed"}
    dock.layer.remove([4])
    draw(dock, 0, [(5, 6)])
    assert list(dock.layer.features["landmark"]) == [1, 2, 3, 1, 3, 4, 2]
    np.testing.assert_array_equal(dock.points.shapes()[0].points[1], (5, 6))
    texts = {dock.table.item(r, 0).text(): dock.table.item(r, 1).text() for r in range(4)}
    assert texts == {
        "a.png": "4 of 4",
        "b.png": "3 of 4",
        "c.png": "0 of 4",
        "d.png": "0 of 4",
    }


def test_one_image_alone_is_done_at_once(viewer, dock, images, qtbot):
    collection = ImageCollection.from_arrays(images[:1], names=["alone"])
    layer = viewer.add_layer(Image.create(*stack_layer(collection, "one")))
    dock.chooser.choose(layer)
    dock.make_new()
    draw(dock, 0, FIRST)
    transfer(dock, qtbot)
    assert not dock.panel.status.text()


def test_points_outside_of_their_image_are_told_of(dock):
    draw(dock, 3, FIRST)
    assert "outside" not in dock.hint.text()
    draw(dock, 3, [(122, 60)])  # in the margin: the other images are 128 wide
    assert "outside of their image: d.png (5)." in dock.hint.text()
    drag(dock, 4, [3, 60, 100])
    assert "outside" not in dock.hint.text()


def test_found_corrected_and_never_overwritten(viewer, dock, qtbot):
    draw(dock, 0, FIRST)
    transfer(dock, qtbot)
    first, truth = found(dock), FIRST + SHIFTS[:, None]
    np.testing.assert_array_equal(first[0], FIRST)
    assert np.linalg.norm(first - truth, axis=2).max() < 2
    table = dock.layer.features
    placed = table["status"] == "placed"
    assert list(table["image"][placed]) == ["a.png"] * 4
    assert table["confidence"][placed].isna().all()
    assert table["confidence"][~placed].between(0, 1).all()
    assert (dock.layer.face_color[placed.to_numpy()] == 1).all()

    row = int(np.flatnonzero((table["image"] == "c.png") & (table["landmark"] == 2))[0])
    drag(dock, row, (2, 30.0, 90.0))
    assert dock.layer.features["status"][row] == "placed"
    assert "1 of 4" in {dock.table.item(r, 1).text() for r in range(4)}
    dock.run()
    drag(dock, row - 4, (1, 61.0, 33.0))  # while the others are being found
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)

    second = found(dock)
    np.testing.assert_array_equal(second[2, 1], (90, 30))
    np.testing.assert_array_equal(second[1, 1], (33, 61))
    np.testing.assert_array_equal(second[0], FIRST)
    states = dock.layer.features.groupby("image")["status"].value_counts()
    assert states["c.png", "placed"] == states["b.png", "placed"] == 1
    assert states["d.png", "predicted"] == 4


def test_a_mirrored_image_is_told_of_and_its_landmarks_lie_on_it_as_it_is(images):
    shown = [images[0], images[1][:, ::-1], images[2]]
    collection = ImageCollection.from_arrays(shown, names=list(NAMES[:3]))
    carrier = Carrier(collection, MatcherChoice(facing="mirrored"))
    *_, mirrored, plain = carrier.carry({0: FIRST}, Progress())
    assert np.abs(plain.points - FIRST - SHIFTS[2]).max() < 2
    there = mirrored.points * (-1, 1) + (images[1].shape[1] - 1, 0)
    assert np.abs(there - FIRST - SHIFTS[1]).max() < 2
    assert f": {NAMES[1]} (mirrored)." in carrier.warning
    again = carrier.carry({1: mirrored.points}, Progress())
    assert np.abs(again[0].points - FIRST).max() < 2


def test_tables_come_back_as_they_went(viewer, dock, qtbot, tmp_path):
    draw(dock, 0, FIRST)
    transfer(dock, qtbot)
    before = found(dock)
    for name in ("out.csv", "out.tps"):
        dock.save(tmp_path / name)
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    assert [row["confidence"] == "" for row in rows] == [True] * 4 + [False] * 12
    tps = {shape.image: shape.points for shape in read_tps(tmp_path / "out.tps")}
    np.testing.assert_allclose(turn_over(tps["d.png"], 112), before[3], atol=1e-4)

    dock.make_new()
    dock.load(tmp_path / "out.csv")
    np.testing.assert_allclose(found(dock), before, atol=1e-4)
    assert (dock.layer.features["status"] == "placed").sum() == 4
    dock.make_new()
    draw(dock, 3, [(1, 2)])
    text = (tmp_path / "out.tps").read_text()
    said = "ID=left\nSCALE=0.5\nCOMMENT=m\n"
    (tmp_path / "out.tps").write_text(text.replace("ID=0\n", said))
    dock.load(tmp_path / "out.tps")
    dock.save(tmp_path / "again.tps")
    said = "COMMENT=m\nIMAGE=a.png\nID=left\nSCALE=0.5\n"
    assert said in (tmp_path / "again.tps").read_text()
    loaded = found(dock)
    np.testing.assert_array_equal(loaded[3, 0], (1, 2))
    np.testing.assert_allclose(loaded[:3], before[:3], atol=1e-4)


def test_unfinished_landmarks_and_other_layers(viewer, dock, qtbot):
    other = viewer.add_points(np.zeros((2, 3)), name="not landmarks")
    draw(dock, 0, FIRST[:2])
    draw(dock, 1, FIRST)
    dock.layer.remove([2])
    transfer(dock, qtbot)
    assert "No image has all 4 landmarks" in dock.panel.status.text()
    assert "landmark" not in other.features
    layer = dock.layer
    viewer.layers.remove(layer)
    assert dock.layer is None
    viewer.window.remove_dock_widget(dock)
    layer.add([0, 1, 1])  # nobody listens any more


def test_landmarks_of_other_images_are_left_alone(viewer, dock, images, qtbot):
    draw(dock, 0, FIRST)
    layer, first = dock.layer, viewer.layers[0]
    collection = ImageCollection.from_arrays(images[:2], names=["a.png", "e.png"])
    other = viewer.add_layer(Image.create(*stack_layer(collection, "other")))

    dock.chooser.choose(other)
    assert dock.layer is None
    assert list(layer.features["image"]) == ["a.png"] * 4

    dock.chooser.choose(first)
    assert dock.layer is layer
    dock.run()
    dock.chooser.choose(other)  # while the landmarks are found
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)
    assert len(layer.data) == 16
    assert dock.layer is None


def test_new_layer_shows_the_tool_that_is_in_hand(viewer, dock):
    controls = viewer.window._qt_viewer.controls.widgets[dock.layer]
    assert dock.layer.mode == "add"
    assert controls.addition_button.isChecked()
