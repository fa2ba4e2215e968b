"""How long the real window stands still during every job, and how fast it scrubs.

    scripts/with_display.sh python benchmarks/window.py FOLDER

opens the images of a folder in napari, does what a user does, and prints a table: for every
job the longest time between two turns of the event loop, how much of it the GUI thread
itself was busy, how many such gaps were above 50 ms, and what the GUI thread was doing in
them, by the samples taken of its stack. Then: frames a second while a finished sweep is
scrubbed, the time from a stroke to the answer on images that were looked at for a second,
how a thousand images open, and how long a full collection of garbage takes.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType, SimpleNamespace
from typing import Any

import napari
import numpy as np
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from qtpy.QtCore import QEvent, QEventLoop, QTimer
from qtpy.QtWidgets import QApplication, QWidget

from napari_jcc.plugin.docks import open_dock, show_dock

LIMIT = 0.05
SHORTEST = 0.01  # seconds of a gap that is kept
LONGEST_JOB = 600  # seconds
FRAMES = 60
ALONE = "napari alone: "


@dataclass
class Gap:
    """Time between two turns of the event loop, the layer added last, and what was seen."""

    seconds: float
    busy: float
    queued: float
    added: str = ""
    stacks: Counter[str] = field(default_factory=Counter)


class Heartbeat:
    """Beats in the GUI thread; a second thread looks what it does when a beat is late."""

    def __init__(self) -> None:
        self.gaps: list[Gap] = []
        self.added = ""
        self._main = threading.get_ident()
        self._stacks: Counter[str] = Counter()
        self._last = look_at_clocks()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._stopped = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._last = look_at_clocks()
        self._timer.start(2)
        gc.callbacks.append(self._on_garbage)
        self._watcher.start()

    def stop(self) -> None:
        """Beat no longer."""
        self._timer.stop()
        self._stopped.set()
        gc.callbacks.remove(self._on_garbage)
        self._watcher.join()

    def _beat(self) -> None:
        now = look_at_clocks()
        passed = [new - old for new, old in zip(now, self._last, strict=True)]
        self._last = now
        # Thousands of short ones would be what a collection of garbage looks through.
        if passed[0] > SHORTEST or not self.gaps:
            self.gaps.append(Gap(*passed, self.added, self._stacks))
            self._stacks = Counter()

    def _on_garbage(self, phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == 2:
            self._stacks["collection of all garbage"] += 1

    def _watch(self) -> None:
        late = time.perf_counter()
        while not self._stopped.wait(0.003):
            if time.perf_counter() - self._last[0] > LIMIT / 2:
                frames = sys._current_frames()
                self._stacks[describe(frames.pop(self._main))] += 1
                late, before = time.perf_counter(), late
                if late - before > LIMIT / 2:
                    for ident, frame in frames.items():
                        found = describe(frame)
                        if ident != threading.get_ident() and not found.startswith("- "):
                            self._stacks[f"had the lock, perhaps: {found}"] += 1
            else:
                late = time.perf_counter()


def look_at_clocks() -> tuple[float, float, float]:
    """Wall time, time that this thread ran, and time that it waited for a core, seconds."""
    path = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
    queued = int(path.read_text().split()[1]) * 1e-9 if path.exists() else 0.0
    return time.perf_counter(), time.thread_time(), queued


def describe(frame: FrameType | None) -> str:
    """Name what a stack is about: from own code to that of napari."""
    names: list[str] = []
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        names.append(f"{module}.{frame.f_code.co_qualname}")
        frame = frame.f_back
    names.reverse()
    own = [n for n in names if n.startswith("napari_jcc.")]
    others = [n for n in names if n.startswith(("napari.", "vispy."))]
    drawing = [n for n in names if "on_draw" in n or "paintGL" in n]
    first = own[-1].removeprefix("napari_jcc.plugin.") if own else "-"
    if drawing:
        return f"drawing ({first})"
    return f"{first} > {others[-1] if others else ''} > {names[-1]}"


@contextmanager
def heartbeat(
    report: list[tuple[str, list[Gap]]], title: str, viewer: napari.Viewer
) -> Iterator[None]:
    """Watch the window during a job."""
    beating = Heartbeat()

    def on_inserted(event: Any) -> None:
        beating.added = event.value.name

    viewer.layers.events.inserted.connect(on_inserted)
    beating.start()
    yield
    beating.stop()
    viewer.layers.events.inserted.disconnect(on_inserted)
    report.append((title, beating.gaps))


def wait(condition: Callable[[], bool], seconds: float = LONGEST_JOB) -> None:
    """Let the window live until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("A job took too long.")
        QApplication.processEvents()
        # Which a running event loop does as well, and the first one would do at once.
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        time.sleep(0.0005)


def rest(seconds: float) -> None:
    """Let the window live for a while."""
    end = time.monotonic() + seconds
    wait(lambda: time.monotonic() > end)


class Sitting:
    """What a user does, one thing after the other."""

    def __init__(self, folder: Path, out: Path) -> None:
        self.folder, self.out = folder, out
        self.strokes = 0
        self.matcher: Any = None
        self.report: list[tuple[str, list[Gap]]] = []
        self.viewer = napari.Viewer(title="napari", show=True)
        self.viewer.window.resize(1400, 860)
        rest(1)

    def do(
        self,
        title: str,
        job: Callable[[], Any],
        until: Callable[[], bool],
        viewer: napari.Viewer | None = None,
    ) -> None:
        """Do something and let the window rest a moment, watched."""
        with heartbeat(self.report, title, viewer or self.viewer):
            job()
            rest(0.05)
            wait(until)
            rest(0.5)

    def idle(self) -> bool:
        """Whether nothing is running any more."""
        coming = self.dock.showing or (self.matcher is not None and self.matcher.showing)
        return not (self.dock.session.jobs or self.dock.running or coming)

    def sit(self) -> None:
        """Do everything."""
        self.use_napari_alone()
        self.do("open the dock", self.open_dock, self.dock_is_open)
        self.do("open a folder", lambda: self.dock.open_folder(self.folder), self.idle)
        self.do("co-segment", self.dock.run, self.idle)
        self.do("co-segment again", self.run_again, self.idle)
        self.do("choose the brush", self.take_brush, self.idle)
        for number in range(3):
            self.do(f"stroke {number + 1}", self.stroke, self.idle)
        self.do("save", lambda: self.dock.project.save(self.out / "p.jcc"), self.idle)
        self.do("automatic copy", self.copy, self.idle)
        # Here, as a user's first dock is not opened with all of this loaded.
        from napari_jcc.results.exports import EXPORT_FORMATS

        for kind, form in EXPORT_FORMATS.items():
            out = self.out / kind / (form.file or "")
            out.parent.mkdir(parents=True, exist_ok=True)
            self.do(f"export {kind}", lambda k=kind, o=out: self.export(k, o), self.idle)
        for title in ("Review", "Sweep", "Match", "Train"):
            self.do(f"open {title}", lambda t=title: show_dock(self.viewer, t), self.idle)
        self.set_sweep()
        self.do("sweep", lambda: self.sweep.run(), self.idle)
        self.measure_speed()
        self.do("match", self.match, self.idle)
        self.add_to_empty_viewer()
        self.do("train", self.train, self.idle)

    def use_napari_alone(self) -> None:
        """Add layers and a dock without the plugin, the first of their kind and others."""
        stack = np.zeros((30, 300, 300), np.uint8)
        shapes = [[[i, 9, 9], [i, 9, 99], [i, 99, 99], [i, 99, 9]] for i in range(30)]
        added = {
            "image": lambda: self.viewer.add_image(stack),
            "labels": lambda: self.viewer.add_labels(stack),
            "shapes": lambda: self.viewer.add_shapes(shapes),
            "dock": lambda: self.viewer.window.add_dock_widget(QWidget(), name="empty"),
        }
        for time_of in ("first", "second"):
            for name, add in added.items():
                self.do(f"{ALONE}{time_of} {name}", add, lambda: True)
        self.viewer.layers.clear()
        self.viewer.window.remove_dock_widget("all")
        rest(0.5)

    def add_to_empty_viewer(self) -> None:
        """Add the layers that the jobs have added to a viewer without the plugin."""
        # Those that the pair hides too: what is hidden is not drawn.
        hidden = self.matcher.view._hidden
        copies = [
            (data, options | {"visible": layer.visible or layer in hidden}, kind)
            for layer in self.viewer.layers
            for data, options, kind in [layer.as_layer_data_tuple()]
        ]
        viewer = napari.Viewer(title="napari", show=True)
        viewer.window.resize(1400, 860)
        rest(1)
        for data, options, kind in copies:
            layer = napari.layers.Layer.create(data, options, kind)
            self.do(
                f"{ALONE}{layer.name}",
                lambda x=layer: viewer.add_layer(x),
                lambda: True,
                viewer,
            )
        viewer.close()
        rest(1)

    def measure_speed(self) -> None:
        """Print what is measured in frames and seconds."""
        shown: list[float] = []
        for number in range(FRAMES):
            start = time.perf_counter()
            slider = self.sweep.scrubber.sliders[0]
            slider.setValue(number % (slider.maximum() + 1))
            QApplication.processEvents()
            self.viewer.screenshot(flash=False)
            shown.append(time.perf_counter() - start)
        rate = 1 / statistics.median(shown)
        print(f"\nscrubbing, every frame drawn and read back: {rate:.0f} frames/s")
        self.sweep.end_button.click()
        wait(self.idle)
        self.take_brush()
        place = int(self.viewer.dims.current_step[0])
        for other in (place - 1, place - 2, place - 3):
            self.viewer.dims.set_current_step(0, other)
            rest(1)
            for stroke in ("first", "second", "third"):
                self.measure_answer(f"{stroke} stroke on an image")

    def measure_answer(self, title: str) -> None:
        """Print how long an answer takes, from the end of a stroke to the layer."""
        # No polling: it would take Python's lock from the thread that answers.
        loop = QEventLoop()
        self.dock.session.corrections.answering.answered.connect(loop.quit)
        self.stroke()
        start = time.perf_counter(), time.process_time()
        loop.exec()
        end = time.perf_counter(), time.process_time()
        seconds, busy = (b - a for a, b in zip(start, end, strict=True))
        print(f"{title}: {seconds * 1e3:.0f} ms, {busy * 1e3:.0f} ms processor")
        wait(self.idle)

    def open_thousand(self) -> None:
        """Print how long a thousand images take to open, and what looking at them takes."""
        folder = self.out / "thousand"
        folder.mkdir()
        files = sorted(f for f in self.folder.iterdir() if f.is_file())
        for number in range(1000):
            source = files[number % len(files)]
            # Links to images of one set are left out of it.
            shutil.copyfile(source, folder / f"{number:04d}{source.suffix}")
        before, start = resident(), time.perf_counter()
        self.dock.open_folder(folder)
        rest(0.01)
        wait(self.idle)
        seconds, after = time.perf_counter() - start, resident()
        for number in range(0, 1000, 10):
            self.viewer.dims.set_current_step(0, number)
            QApplication.processEvents()
        grown = resident() - after
        print(f"1000 images: {seconds:.1f} s, {after - before:.0f} MB, then {grown:.0f} MB")
        print(f"for 100 of them looked at; all would be {self.whole():.0f} MB")

    def whole(self) -> float:
        """Megabytes of the stack if it were read whole."""
        return self.viewer.layers[-1].data.nbytes / 1e6

    def open_dock(self) -> None:
        self.viewer.window.add_plugin_dock_widget("napari-jcc", "Co-segment")

    def dock_is_open(self) -> bool:
        (self.dock,) = self.viewer.window.dock_widgets.values()
        return hasattr(self.dock, "session")

    def run_again(self) -> None:
        self.dock.form.rows["problem.nu"].editor.set_value(0.3)
        self.dock.run()

    def take_brush(self) -> None:
        masks = self.dock.session.shown.masks
        masks.mode, masks.brush_size, masks.selected_label = "paint", 12, 1

    def stroke(self) -> None:
        shown = self.dock.session.shown
        masks = shown.masks
        place = int(self.viewer.dims.current_step[0])
        rows, columns = shown.answer.result.images[place].mask.shape
        self.strokes = self.strokes % 15 + 1
        row, column = rows // 4 + rows // 30 * self.strokes, columns // 3
        drag(masks, place, [(row, column + step * 2) for step in range(20)])

    def copy(self) -> None:
        self.dock.session.keeper._revision += 1
        self.dock.session.keeper.copy()

    def export(self, kind: str, out: Path) -> None:
        self.dock.export.export(kind, out, overwrite=True)

    def set_sweep(self) -> None:
        self.sweep = open_dock(self.viewer, "Sweep")
        self.sweep.axes[0].choose("problem.nu")
        self.sweep.axes[0].set_text("0.05, 0.1, 0.2, 0.3, 0.5, 1")

    def match(self) -> None:
        self.matcher = open_dock(self.viewer, "Match")
        self.matcher.run()

    def train(self) -> None:
        dock = open_dock(self.viewer, "Train")
        dock.output.set_value(str(self.out / "n.ckpt"))
        self.trainer = dock
        dock.run()
        end = time.monotonic() + 30
        wait(lambda: time.monotonic() > end or not dock.running)
        dock.cancel()


def print_garbage() -> None:
    """Print how long Python looks for garbage, without and with what stays for good."""
    for set_aside in ("set aside", "looked through"):
        gc.collect()
        start = time.thread_time()
        gc.collect()
        seconds = time.thread_time() - start
        print(f"full collection, libraries {set_aside}: {seconds * 1e3:.0f} ms processor")
        gc.unfreeze()


def resident() -> float:
    """Megabytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def drag(layer: Any, place: int, points: list[tuple[int, int]]) -> None:
    """Draw from point to point, as napari hands the mouse to the tools of a layer."""
    last = len(points) - 1
    steps = [("mouse_press", mouse_press_callbacks, points[0])]
    steps += [("mouse_move", mouse_move_callbacks, point) for point in points[1:]]
    steps += [("mouse_release", mouse_release_callbacks, points[last])]
    for kind, call, point in steps:
        event = SimpleNamespace(
            type=kind, position=layer.data_to_world((place, *point)), button=1,
            modifiers=(), dims_displayed=[1, 2], view_direction=None, handled=False,
            is_dragging=kind == "mouse_move",
        )  # fmt: skip
        call(layer, ReadOnlyWrapper(event, exceptions=("handled",)))


def print_report(report: list[tuple[str, list[Gap]]], most: int) -> None:
    """Print the longest gap of every job, and what was done in those above the limit."""
    print("| job | longest ms | without waiting for a core | busy | above 50 ms |")
    print("| --- | --- | --- | --- | --- |")
    for title, gaps in report:
        longest, own, busy = (
            max(values) * 1e3
            for values in zip(
                *((g.seconds, g.seconds - g.queued, g.busy) for g in gaps), strict=True
            )
        )
        above = sum(gap.seconds - gap.queued > LIMIT for gap in gaps)
        print(f"| {title} | {longest:.0f} | {own:.0f} | {busy:.0f} | {above} |")
    for title, gaps in report:
        late = [g for g in gaps if g.seconds - g.queued > LIMIT]
        late.sort(key=lambda gap: gap.queued - gap.seconds)
        for gap in late[:most]:
            times = [round(1e3 * s) for s in (gap.seconds, gap.queued, gap.busy)]
            print("\n{}: {} ms, {} in the queue, {} busy".format(title, *times))
            for stack, count in gap.stacks.most_common(9):
                print(f"  {count:4d} {stack}")


def print_layers(report: list[tuple[str, list[Gap]]]) -> None:
    """Print what each layer took until the next one, here and in a viewer without us."""
    busiest: dict[tuple[bool, str], float] = {}
    for title, gaps in report:
        alone = title.startswith(ALONE)
        for gap in gaps:
            key = alone, gap.added
            # The first time, as later runs write into the layers that are there.
            busiest[key] = max(busiest.get(key, 0.0), gap.busy)
    print("\n| layer | busy | napari alone |")
    print("| --- | --- | --- |")
    for (alone, name), seconds in busiest.items():
        if not alone and name and (True, name) in busiest:
            print(f"| {name} | {seconds * 1e3:.0f} | {busiest[True, name] * 1e3:.0f} |")


def main() -> None:
    """Sit down once and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of images")
    parser.add_argument("--most", type=int, default=4, help="gaps of a job told in detail")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder  # no automatic copies of the user's
        sitting = Sitting(options.folder, Path(folder))
        sitting.sit()
        print_report(sitting.report, options.most)
        print_layers(sitting.report)
        sitting.open_thousand()
        print_garbage()
        sitting.viewer.close()


if __name__ == "__main__":
    main()
