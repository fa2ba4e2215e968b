"""Photograph the real window for the documentation.

Opens napari, runs the widget as a user would, and saves ``docs/images/*.png``. Needs a
display; ``make screenshots`` gives it a virtual one.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import napari
import numpy as np
from imageio.v3 import imwrite
from napari.layers import Image, Labels
from qtpy.QtWidgets import QApplication
from skimage import data, transform

from napari_jcc import segment
from napari_jcc.config import apply_overrides
from napari_jcc.plugin.docks import open_dock
from napari_jcc.plugin.reader import read_stack
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.plugin.widgets.cosegment import CosegmentWidget
from napari_jcc.project import recovery
from napari_jcc.results.overview import draw_overview
from napari_jcc.samples import make_sample
from napari_jcc.samples.registry import Sample

SIZE = 1400, 860
IMAGES = Path(__file__).parents[1] / "docs" / "images"
LONGEST_RUN = 600  # seconds
MOST_TRIES = 20
SHORT_TRAINING = {
    "network.input_size": 128,
    "synthetic.steps": 200,
    "training.check_every": 25,
    "training.epochs": 0,
}
"""Settings of the training in the picture: the first stage alone."""
CAT_LANDMARKS = (173, 110), (203, 138), (315, 131), (298, 157), (264, 238)
"""Pupils, inner corners of the eyes, and the nose of the photograph; x and y."""


def main() -> None:
    """Make all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--images", type=Path, help="folder of images for the first pictures"
    )
    parser.add_argument("--out", type=Path, default=IMAGES, help="folder of the pictures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        # Copies of a session that ended badly are nothing for the documentation.
        recovery.recovery_folder = lambda: Path(folder) / "recovery"
        draw_sheet(options.out)
        show_result(options.images, options.out)
        show_padding(options.out)
        show_docks(options.out)
        cats = write_cats(Path(folder) / "cats")
        show_matching(cats, options.out)
        show_training(cats, Path(folder) / "cats.ckpt", options.out)


def draw_sheet(out: Path) -> None:
    """Draw the overview of the coins, as `make demo` does."""
    collection = make_sample("coins").collection()
    draw_overview(segment(collection), collection).save(out / "overview.png")


def show_result(folder: Path | None, out: Path) -> None:
    """Take the window with a result, and the same with the settings open."""
    viewer, widget = open_window()
    if folder is None:
        add(viewer, stack_layer(make_sample("coins").collection(), "coins"))
    else:
        (layer,) = read_stack(folder)
        add(viewer, layer)
    run(widget)
    viewer.dims.set_current_step(0, 18)
    select_masks(viewer)
    take(viewer, out / "window.png")

    widget.settings.set_open(True)
    widget.form.advanced_switch.setChecked(True)
    for section in widget.form.sections:
        section.set_open(section.name == "problem")
    widget.form.rows["problem.nu"].editor.set_value(0.2)
    take(viewer, out / "settings.png", widget)
    viewer.close()


def show_padding(out: Path) -> None:
    """Take a run in progress, and a set of mixed sizes, padded at the right and below."""
    viewer, widget = open_window()
    viewer.theme = "light"
    add(viewer, stack_layer(make_sample("cells").collection(), "cells"))
    take_running(widget, out / "running.png")
    viewer.dims.set_current_step(0, 1)
    select_masks(viewer)
    take(viewer, out / "mixed_sizes.png")
    viewer.close()


def take_running(widget: CosegmentWidget, path: Path) -> None:
    """Take the dock in the middle of a stage of all images.

    Steps are shown four times a second, so a fast machine may pass it by: then again, with
    other superpixels, as stages that are done are not repeated.
    """
    bar, count = widget.panel.bar, widget.form.rows["superpixels.count"].editor
    for _ in range(MOST_TRIES):
        widget.panel.run_button.click()
        wait(
            lambda: bar.maximum() == 12 > bar.value() >= 4 or not widget.running,
            LONGEST_RUN,
        )
        if widget.running:
            widget.grab().save(str(path))
            return finish(widget)
        count.set_value(count.value() + 1)
    raise SystemExit(f"No stage was seen at work in {MOST_TRIES} runs.")


def show_docks(out: Path) -> None:
    """Take a sweep, and the review of its best point against the truth."""
    viewer, widget = open_window()
    sample = make_sample("cells")
    add(viewer, stack_layer(sample.collection(), "cells"))
    run(widget)
    add_truth(viewer, sample)
    sweep = open_dock(viewer, "Sweep")
    sweep.truth.combo.setCurrentText("truth")
    sweep.axes[0].choose("superpixels.count")
    sweep.axes[0].set_text("30, 60, 120, 250, 500")
    sweep.run()
    wait(lambda: not sweep.running, LONGEST_RUN)
    viewer.dims.set_current_step(0, 2)
    viewer.reset_view()
    sweep.look_at((1,))
    take(viewer, out / "sweep.png")

    sweep.preview.clear()
    review = open_dock(viewer, "Review")
    wait(lambda: not review.session.jobs, LONGEST_RUN)
    review.session.set_statuses(dict.fromkeys(review.session.keys[:2], "accepted"))
    review.images.go_to(2)
    review.flag()
    viewer.dims.set_current_step(0, 2)
    review.compare_fold.set_open(True)
    review.compare.overlay_box.setChecked(True)
    take(viewer, out / "review.png")
    review.images.tiles_button.click()
    take(viewer, out / "tiles.png", review)
    take(viewer, out / "tiles.png", review)
    viewer.close()


def add_truth(viewer: napari.Viewer, sample: Sample) -> None:
    """Add the true masks of a drawn sample, hidden."""
    masks = sample.masks or ()
    shape = max(m.shape[0] for m in masks), max(m.shape[1] for m in masks)
    truth = np.zeros((len(masks), *shape), np.uint8)
    for number, mask in enumerate(masks):
        truth[number, : mask.shape[0], : mask.shape[1]] = mask
    viewer.add_labels(truth, name="truth", visible=False)


def show_matching(folder: Path, out: Path) -> None:
    """Take a pair side by side, and landmarks carried from the first image."""
    viewer = napari.Viewer(title="napari", show=True)
    viewer.window.resize(*SIZE)
    (layer,) = read_stack(folder)
    add(viewer, layer)
    viewer.dims.set_current_step(0, 0)
    dock = open_dock(viewer, "Match")
    dock.run()
    wait(lambda: not (dock.session.jobs or dock.showing), LONGEST_RUN)
    take(viewer, out / "match.png")
    dock.looks.over_button.setChecked(True)
    wait(lambda: not dock.showing, LONGEST_RUN)
    viewer.layers[-1].visible = False
    viewer.window.remove_dock_widget(dock)

    dock = open_dock(viewer, "Landmarks")
    dock.make_new()
    for x, y in CAT_LANDMARKS:
        dock.layer.add((0, y, x))
    dock.run()
    wait(lambda: not dock.running, LONGEST_RUN)
    dock.table.setCurrentCell(0, 0)
    viewer.reset_view()
    take(viewer, out / "landmarks.png")
    viewer.close()


def show_training(folder: Path, network: Path, out: Path) -> None:
    """Take a training near its end: a small network, learned from nothing."""
    viewer = napari.Viewer(title="napari", show=True)
    viewer.window.resize(*SIZE)
    (layer,) = read_stack(folder)
    add(viewer, layer)
    dock = open_dock(viewer, "Train")
    config = apply_overrides(dock.form.config(), SHORT_TRAINING)
    dock.form.set_config(config)
    dock.output.set_value(str(network))
    dock.run()
    last = 0.9 * SHORT_TRAINING["synthetic.steps"]
    wait(lambda: len(dock.plot.steps) >= last, LONGEST_RUN)
    dock.output.set_value("cats.ckpt")
    take(viewer, out / "train.png")
    dock.cancel()
    wait(lambda: not dock.running, LONGEST_RUN)
    viewer.close()


def write_cats(folder: Path) -> Path:
    """Warp one photograph, which comes with scikit-image, into a set of images."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    photograph = data.cat()
    centre = np.array(photograph.shape[1::-1]) / 2
    for number in range(6):
        turn, scale = rng.uniform(-0.35, 0.35), rng.uniform(0.85, 1.15)
        around = transform.SimilarityTransform(translation=-centre)
        moved = transform.SimilarityTransform(
            scale=scale, rotation=turn, translation=centre + rng.uniform(-25, 25, 2)
        )
        whole = around + moved
        # The first one as it is: its landmarks are known.
        warp = whole.inverse if number else transform.SimilarityTransform()
        image = transform.warp(photograph, warp, mode="edge", preserve_range=True)
        imwrite(folder / f"cat_{number + 1}.png", image.astype(np.uint8))
    return folder


def open_window() -> tuple[napari.Viewer, CosegmentWidget]:
    """Open napari with the widget in its dock."""
    viewer = napari.Viewer(title="napari", show=True)
    viewer.window.resize(*SIZE)
    widget = open_dock(viewer, "Co-segment")
    wait(lambda: False, 1.0)
    return viewer, widget


def add(viewer: napari.Viewer, layer: tuple) -> None:
    """Add a stack as the reader gives it."""
    data, options, _ = layer
    viewer.add_layer(Image(data, **options))


def run(widget: CosegmentWidget) -> None:
    """Press the button and wait for the result."""
    widget.panel.run_button.click()
    finish(widget)


def finish(widget: CosegmentWidget) -> None:
    """Wait for the result."""
    if not wait(lambda: not widget.running, LONGEST_RUN):
        raise SystemExit(f"The run took longer than {LONGEST_RUN} s.")
    if widget.shown is None:
        raise SystemExit(f"The run failed: {widget.panel.status.text()}")


def select_masks(viewer: napari.Viewer) -> None:
    """Choose the mask layer, so that its controls are in the picture."""
    masks = [layer for layer in viewer.layers if isinstance(layer, Labels)]
    viewer.layers.selection = {masks[-1]}
    viewer.reset_view()


def take(viewer: napari.Viewer, path: Path, widget: CosegmentWidget | None = None) -> None:
    """Save the window, or one widget of it."""
    wait(lambda: False, 1.5)
    if widget is None:
        viewer.screenshot(str(path), canvas_only=False, flash=False)
    else:
        widget.grab().save(str(path))


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Let the window live until `condition` holds; whether it does in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)
    return condition()


if __name__ == "__main__":
    main()
