"""Random actions in a real window: nothing breaks, is lost, or is left over."""

from __future__ import annotations

import gc
import os
import random
from collections import deque
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Image, Labels, Layer
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import mouse_press_callbacks, mouse_release_callbacks
from napari.utils.notifications import ErrorNotification, notification_manager
from PIL import Image as Picture
from qtpy.QtCore import QThreadPool
from qtpy.QtWidgets import QApplication

from napari_jcc.collection import ImageCollection
from napari_jcc.interaction import BACKGROUND, OBJECT
from napari_jcc.interaction.edit import EditKind
from napari_jcc.plugin.corrections.controller import CorrectionController
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.plugin.widgets.cosegment import CosegmentWidget

pytestmark = [pytest.mark.gui, pytest.mark.slow]

SEED = int(os.environ.get("NAPARI_JCC_MONKEY_SEED", "7"))
ACTIONS = int(os.environ.get("NAPARI_JCC_MONKEY_ACTIONS", "250"))


@dataclass
class Stroke:
    """An entry of the journal as the test itself keeps it."""

    name: str
    kind: str
    pixels: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    marks: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))


class Shadow:
    """What must hold, by the test's own account."""

    def __init__(self, sizes: dict[str, tuple[int, int]]) -> None:
        self.sizes = sizes
        self.done: list[Stroke] = []
        self.undone: list[Stroke] = []

    def add(self, stroke: Stroke) -> None:
        self.undone = [old for old in self.undone if old.name != stroke.name]
        self.done.append(stroke)

    def undo(self) -> None:
        if self.done:
            self.undone.append(self.done.pop())

    def redo(self) -> None:
        if self.undone:
            self.done.append(self.undone.pop())

    def reopen(self, saved: tuple[list[Stroke], list[Stroke]]) -> None:
        done, undone = saved
        known = {id(stroke) for stroke in (*done, *undone)}
        dropped = [stroke for stroke in self.done if id(stroke) not in known]
        others = [stroke for stroke in self.undone if id(stroke) not in known]
        self.done = list(done)
        self.undone = [*undone, *others, *reversed(dropped)]

    def marks(self, name: str) -> np.ndarray:
        marks = np.zeros(self.sizes[name], np.uint8)
        for stroke in self.done:
            if stroke.name == name and stroke.kind == "clear":
                marks[:] = 0
            elif stroke.name == name:
                marks.reshape(-1)[stroke.pixels] = stroke.marks
        return marks


class Monkey:
    """One user without a plan."""

    def __init__(self, viewer, widget, collection, path, qtbot) -> None:
        self.random = random.Random(SEED)
        self.viewer, self.widget, self.qtbot = viewer, widget, qtbot
        self.session, self.collection, self.path = widget.session, collection, path
        names = collection.names
        self.shadow = Shadow({n: collection.shape(i) for i, n in enumerate(names)})
        self.saved = None
        self.mirrored: dict[tuple[str, float], Stroke] = {}
        self.counts: dict[str, int] = {}
        self.log: deque[str] = deque(maxlen=30)
        self.weights = {
            "paint": 30, "erase": 12, "dot": 12, "slide": 15, "undo": 7, "redo": 5,
            "clear": 2, "napari_undo": 3, "move_box": 4, "settings": 6, "run": 4,
            "cancel": 5, "delete": 1, "rename": 3, "save": 2, "reopen": 1,
        }  # fmt: skip

    def act(self) -> None:
        if not any(isinstance(la, Image) for la in self.viewer.layers):
            self.viewer.add_layer(Layer.create(*stack_layer(self.collection, "set")))
        (name,) = self.random.choices(list(self.weights), self.weights.values())
        self.do(name)

    def do(self, name: str) -> None:
        self.log.append(name)
        getattr(self, name)()
        self.log[-1] += f": {self.state()}"
        self.counts[name] = self.counts.get(name, 0) + 1
        QApplication.processEvents()

    def state(self) -> str:
        """Describe what a failure may have come from."""
        session, edits = self.session, self.session.edits
        layers = [f"{type(layer).__name__} {layer.name}" for layer in self.viewer.layers]
        return (
            f"step {self.viewer.dims.current_step}, {len(edits)} edits, "
            f"{len(edits.undone)} undone, jobs {[job.title for job in session.jobs]}, "
            f"watched {self.labels is not None}, running {self.widget.running}, {layers}"
        )

    @property
    def labels(self) -> Labels | None:
        """Masks that are watched, whose strokes must be kept."""
        corrections, shown = self.session.corrections, self.session.shown
        busy = bool(self.widget.showing)
        return None if corrections is None or shown is None or busy else shown.masks

    def place(self) -> int:
        return self.random.randrange(len(self.collection))

    def draw(self, value: int) -> None:
        labels, place = self.labels, self.place()
        if labels is None:
            return
        name = self.collection.names[place]
        rows, columns = self.shadow.sizes[name]
        y, x = self.random.randrange(rows - 6), self.random.randrange(columns - 6)
        area = np.mgrid[y : y + 6, x : x + 6].reshape(2, -1)
        self.viewer.dims.set_current_step(0, place)
        changed = labels.data[place][tuple(area)] != value
        labels.data_setitem((np.full(36, place), *area), value)
        if changed.any():
            pixels = np.ravel_multi_index(tuple(area[:, changed]), (rows, columns))
            mark = np.uint8(OBJECT if value else BACKGROUND)
            self.add_if_new(Stroke(name, "paint", pixels, np.full(len(pixels), mark)))

    def add_if_new(self, stroke: Stroke) -> None:
        before = self.shadow.marks(stroke.name).reshape(-1)[stroke.pixels]
        QApplication.processEvents()
        if (before != stroke.marks).any():
            self.shadow.add(stroke)
            last = self.session.edits.entries[-1]
            self.mirrored[last.key.name, last.time] = stroke

    def paint(self) -> None:
        self.draw(1)

    def erase(self) -> None:
        self.draw(0)

    def dot(self) -> None:
        """Click with a brush of one pixel: it counts, be it to change or to confirm."""
        labels, place = self.labels, self.place()
        if labels is None:
            return
        name = self.collection.names[place]
        rows, columns = self.shadow.sizes[name]
        y, x = self.random.randrange(rows), self.random.randrange(columns)
        self.viewer.dims.set_current_step(0, place)
        labels.mode = self.random.choice(["paint", "erase"])
        labels.brush_size, labels.selected_label = 1, 1
        mark = OBJECT if str(labels.mode) == "paint" else BACKGROUND
        click(labels, (place, y, x))
        pixel = np.array([y * columns + x])
        self.add_if_new(Stroke(name, "paint", pixel, np.array([mark], np.uint8)))

    def slide(self) -> None:
        self.viewer.dims.set_current_step(0, self.place())

    def undo(self) -> None:
        if self.labels is not None:
            self.session.corrections.undo()
            self.shadow.undo()

    def redo(self) -> None:
        if self.labels is not None:
            self.session.corrections.redo()
            self.shadow.redo()

    def clear(self) -> None:
        if self.labels is None:
            return
        place, before = self.place(), len(self.session.edits)
        self.session.corrections.clear(place)
        if len(self.session.edits) > before:
            stroke = Stroke(self.collection.names[place], "clear")
            self.shadow.add(stroke)
            last = self.session.edits.entries[-1]
            self.mirrored[last.key.name, last.time] = stroke

    def napari_undo(self) -> None:
        """Take a stroke back as napari does: other pixels must keep their marks.

        What only confirmed is unknown to napari, and goes with the stroke before it.
        """
        labels = self.labels
        if labels is None:
            return
        before = labels.data.copy()
        marks = {name: self.shadow.marks(name) for name in self.shadow.sizes}
        undone = self.session.edits.undone
        labels.undo()
        self.session.corrections.absorb()
        for place, (name, known) in enumerate(marks.items()):
            rows, columns = known.shape
            # A copy: a part of the canvas has no flat view to write to.
            same = (before == labels.data)[place, :rows, :columns].copy()
            for entry in self.session.edits.undone:
                if entry not in undone and entry.key.name == name:
                    same.reshape(-1)[mirror(entry).pixels] = False
            np.testing.assert_array_equal(self.marks(name)[same], known[same])
        self.follow()

    def move_box(self) -> None:
        shown = self.session.shown
        if self.labels is None or shown.boxes is None or not shown.boxes.data:
            return
        data = [np.array(shape) for shape in shown.boxes.data]
        moved = self.random.randrange(len(data))
        data[moved][:, 1:] += self.random.choice([-4, 3, 500])
        shown.boxes.data = data
        self.session.corrections.absorb()
        self.follow()

    def follow(self) -> None:
        """Take over the session's journal; who calls has checked what may differ."""
        edits = self.session.edits
        self.shadow.done = [self.mirror(entry) for entry in edits.entries]
        self.shadow.undone = [self.mirror(entry) for entry in edits.undone]

    def mirror(self, entry) -> Stroke:
        """Account of an entry; the same one for the same entry, also after reopening."""
        name = (entry.key.name, entry.time)
        if name not in self.mirrored:
            self.mirrored[name] = mirror(entry)
        return self.mirrored[name]

    def settings(self) -> None:
        nu = self.random.choice([0.2, 0.5, 1.0])
        self.widget.form.rows["problem.nu"].editor.set_value(nu)

    def run(self) -> None:
        self.widget.run()

    def cancel(self) -> None:
        self.widget.cancel()

    def delete(self) -> None:
        self.settle()
        self.viewer.layers.remove(self.random.choice(list(self.viewer.layers)))

    def rename(self) -> None:
        layer = self.random.choice(list(self.viewer.layers))
        layer.name = f"renamed {self.random.randrange(100)}"

    def save(self) -> None:
        self.settle()
        if self.session.shown is None:
            return
        self.widget.project.save(self.path)
        self.saved = list(self.shadow.done), list(self.shadow.undone)
        self.settle()

    def reopen(self) -> None:
        if self.saved is None:
            return
        self.settle()
        self.viewer.layers.clear()
        before = self.session.opened
        self.widget.project.open(self.path)
        self.qtbot.waitUntil(lambda: self.session.opened is not before, timeout=60_000)
        self.settle()
        self.shadow.reopen(self.saved)

    def settle(self) -> None:
        self.qtbot.waitUntil(
            lambda: (
                not (
                    self.widget.running or self.session.jobs or self.widget.project.arriving
                )
            ),
            timeout=120_000,
        )

    def marks(self, name: str) -> np.ndarray:
        """Return what the session has drawn on an image."""
        edits, shape = self.session.edits, self.shadow.sizes[name]
        keys = [key for key in edits.keys if key.name == name]
        return edits.marks(keys[0], shape) if keys else np.zeros(shape, np.uint8)

    def check(self) -> None:
        """Compare the journal, and the masks where they are shown, with the shadow."""
        labels = self.labels
        settled = labels is not None and not self.widget.running and not self.session.jobs
        for place, name in enumerate(self.collection.names):
            expected = self.shadow.marks(name)
            np.testing.assert_array_equal(self.marks(name), expected, err_msg=name)
            if settled:
                rows, columns = expected.shape
                shown = labels.data[place, :rows, :columns]
                assert (shown[expected == OBJECT] != 0).all(), name
                assert (shown[expected == BACKGROUND] == 0).all(), name


def click(labels: Labels, point: tuple[int, ...]) -> None:
    """Press and release the left button, as napari hands it to the tools of a layer."""
    for kind, calls in {
        "mouse_press": mouse_press_callbacks,
        "mouse_release": mouse_release_callbacks,
    }.items():
        event = SimpleNamespace(
            type=kind,
            position=labels.data_to_world(point),
            button=1,
            modifiers=(),
            dims_displayed=[1, 2],
            view_direction=None,
            handled=False,
        )
        calls(labels, ReadOnlyWrapper(event, exceptions=("handled",)))


def mirror(entry) -> Stroke:
    if entry.kind is EditKind.CLEAR:
        return Stroke(entry.key.name, "clear")
    runs = [np.arange(start, start + length) for start, length, _ in entry.runs]
    marks = [np.full(length, value, np.uint8) for _, length, value in entry.runs]
    if not runs:
        return Stroke(entry.key.name, entry.kind.value)
    return Stroke(entry.key.name, "paint", np.concatenate(runs), np.concatenate(marks))


def listeners(viewer) -> dict[str, int]:
    """Count who, napari itself apart, listens to the viewer and its list of layers."""
    groups = viewer.events, viewer.layers.events, viewer.layers.selection.events
    return {
        f"{number} {name}": sum(not of_napari(back) for back in emitter.callbacks)
        for number, group in enumerate(groups)
        for name, emitter in group.emitters.items()
    }


def of_napari(callback) -> bool:
    """Whether a callback is a method of napari's own, as of its brush cursor."""
    owner = callback[0]() if isinstance(callback, tuple) else callback
    return type(owner).__module__.startswith("napari.")


def watchers(layer) -> int:
    """Count how often a layer's events reach corrections."""
    refs = [
        callback[0]()
        for emitter in layer.events.emitters.values()
        for callback in emitter.callbacks
        if isinstance(callback, tuple)
    ]
    return sum(isinstance(item, CorrectionController) for item in refs)


def roam(monkey: Monkey) -> None:
    """Do many things, and at the end those that chance has left out."""
    for step in range(ACTIONS):
        monkey.act()
        monkey.check()
        if step % 50 == 49:
            monkey.settle()
            monkey.check()
    for name in monkey.weights.keys() - monkey.counts.keys():
        monkey.do(name)
        monkey.check()
    monkey.settle()
    monkey.check()


def test_a_user_without_a_plan(
    make_napari_viewer, quick_config, tiny_collection, qtbot, tmp_path
):
    viewer = make_napari_viewer()
    before = listeners(viewer)
    widget = CosegmentWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Co-segment")
    widget.form.set_config(quick_config)
    notification_manager.records.clear()
    for name, image in zip(tiny_collection.names, tiny_collection.images, strict=True):
        Picture.fromarray(image).save(tmp_path / f"{name}.png")
    collection = ImageCollection.from_folder(tmp_path)
    monkey = Monkey(viewer, widget, collection, tmp_path / "monkey.jcc", qtbot)
    monkey.act()
    widget.run()
    monkey.settle()
    try:
        roam(monkey)
    except Exception as error:
        last = "\n".join(monkey.log)
        error.add_note(f"Seed {SEED}; the last actions:\n{last}\nnow: {monkey.state()}")
        raise
    broken = [n for n in notification_manager.records if isinstance(n, ErrorNotification)]
    assert not broken, broken

    session = widget.session
    for layer in viewer.layers:
        watched = session.shown is not None and layer in (
            session.shown.masks,
            session.shown.boxes,
        )
        assert watchers(layer) <= (2 if watched else 0), layer
    session.corrections.stop()
    assert sum(watchers(layer) for layer in viewer.layers) == 0
    viewer.window.remove_dock_widget(widget)
    del widget, monkey
    gc.collect()
    assert QThreadPool.globalInstance().waitForDone(10_000)
    assert listeners(viewer) == before
