"""The Train dock in a real window."""

from __future__ import annotations

import importlib.util
import shlex
import subprocess
import sys

import numpy as np
import pytest
from napari.layers import Image
from PIL import Image as Picture
from qtpy.QtWidgets import QApplication

from encoders import export_network
from napari_jcc.config import MatchConfig, apply_overrides
from napari_jcc.errors import Cancelled, ConfigError, WeightsError
from napari_jcc.plugin.matching.training import TrainingJob
from napari_jcc.plugin.reader import read_stack
from napari_jcc.plugin.widgets.matching import train_dock
from napari_jcc.plugin.widgets.matching.train_dock import TrainDock
from napari_jcc.progress import Progress

pytestmark = pytest.mark.gui

NO_TORCH = importlib.util.find_spec("lightning_fabric") is None
QUICK = {
    "network.input_size": 64,
    "synthetic.steps": 300,
    "synthetic.batch": 2,
    "synthetic.views": 4,
    "training.epochs": 0,
    "training.agreed_steps": 0,
    "training.check_every": 5,
    "training.device": "cpu",
}


@pytest.fixture
def folder(tmp_path, tiny_collection):
    for name, image in zip("abcd", tiny_collection.images, strict=True):
        Picture.fromarray(image).save(tmp_path / f"{name}.png")
    return tmp_path


@pytest.fixture
def dock(viewer, folder) -> TrainDock:
    ((data, options, _),) = read_stack(folder)
    viewer.add_layer(Image(data, **options))
    dock = TrainDock(viewer)
    viewer.window.add_dock_widget(dock, name="Train")
    return dock


@pytest.mark.skipif(NO_TORCH, reason="the extra 'match' is not installed")
def test_form_holds_all_settings_of_the_network(dock, folder):
    config = apply_overrides(MatchConfig(), QUICK | {"network.head_channels": (8, 4)})
    dock.form.set_config(config)
    assert dock.form.config() == config
    assert not dock.panel.run_button.isEnabled()
    dock.output.set_value(folder / "net")
    assert dock.panel.run_button.isEnabled()
    assert not dock.resume_button.isEnabled()
    assert dock.path == folder / "net.ckpt"
    dock.form.rows["network.head_channels"].editor.set_value((8,))
    assert not dock.panel.run_button.isEnabled()


@pytest.mark.skipif(NO_TORCH, reason="the extra 'match' is not installed")
def test_cancelled_run_is_kept_and_gone_on_with(dock, folder, qtbot):
    config = apply_overrides(MatchConfig(), QUICK)
    dock.form.set_config(config)
    dock.output.set_value(folder / "net.ckpt")
    from napari_jcc.matching.training.log import read_records

    dock.run()
    qtbot.waitUntil(lambda: len(dock.plot.steps) > 6, timeout=60_000)
    dock.cancel()
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)
    assert "Resume goes on" in dock.panel.status.text()
    assert dock.resume_button.isEnabled()
    assert dock.plot.stage == "synthetic"
    assert dock.plot.last_step == 300
    assert dock.plot.checks
    done = len(read_records(folder / "net.ckpt"))
    qtbot.waitUntil(lambda: bool(dock.plot.figure.axes), timeout=10_000)
    steps, checks = dock.plot.figure.axes[0].lines
    assert len(steps.get_xdata()) > 6 and len(checks.get_xdata())

    dock.resume()
    qtbot.waitUntil(lambda: len(dock.plot.steps) > 12, timeout=60_000)
    steps = [step for step, _ in dock.plot.steps]
    assert steps == list(range(1, len(steps) + 1))
    dock.cancel()
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)
    assert len(read_records(folder / "net.ckpt")) > done


@pytest.mark.parametrize("text", ["/", ".", "./", "~nobody-of-this-name", "..", "a."])
def test_path_is_typed_letter_by_letter(dock, text):
    dock.output.set_value(text)  # each letter is looked at when it is typed
    assert dock.path is None or dock.path.name == f"{text}.ckpt"


def test_losses_that_come_again_replace_those_of_the_run_that_was_killed(dock, qtbot):
    def record(step, **losses):
        return {"stage": "weak", "step": step, "steps": 4, **losses}

    before = [record(step, total=float(step)) for step in (1, 2, 3, 4)]
    before.insert(2, record(2, **{"check.total": 7.0}))
    before.append(record(4, **{"check.total": 8.0}))
    dock._on_records(before)
    dock._on_records([record(3, total=30.0)])
    assert dock.plot.steps == [(1, 1.0), (2, 2.0), (3, 30.0)]
    assert dock.plot.checks == [(2, 7.0)]


def test_last_tick_of_the_plot_is_whole(dock, qtbot):
    dock.plot.begin("synthetic", 2000)
    dock.plot.add_step(1, 1.0)
    qtbot.waitUntil(lambda: bool(dock.plot.figure.axes), timeout=10_000)
    dock.plot.draw()
    ticks = dock.plot.figure.axes[0].get_xticklabels()
    right = max(tick.get_window_extent().x1 for tick in ticks)
    assert right <= dock.plot.figure.bbox.x1


@pytest.mark.skipif(NO_TORCH, reason="the extra 'match' is not installed")
def test_going_on_with_a_finished_run_says_that_nothing_was_done(dock, folder, qtbot):
    quick = {**QUICK, "synthetic.steps": 2, "training.check_every": 1}
    dock.form.set_config(apply_overrides(MatchConfig(), quick))
    dock.output.set_value(folder / "net.ckpt")
    dock.run()
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)
    assert dock.panel.status.text().startswith("Trained: ")
    dock.resume()
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)
    assert "nothing to go on with" in dock.panel.status.text()


@pytest.mark.skipif(NO_TORCH, reason="the extra 'match' is not installed")
def test_training_goes_on_where_its_encoder_has_moved(folder, tmp_path_factory):
    from napari_jcc.matching.training import Checkpoint

    ((data, options, _),) = read_stack(folder)
    place, path = tmp_path_factory.mktemp("encoders"), folder / "net.ckpt"
    program = export_network(place / "a.pt2")
    quick = {**QUICK, "synthetic.steps": 2, "training.check_every": 1}

    def run(encoder, **options_):
        config = apply_overrides(MatchConfig(), {**quick, "network.encoder": str(encoder)})
        return TrainingJob([Image(data, **options)], config, path, **options_)

    job, progress = run(program, resume=False), Progress()
    job.recorded.connect(lambda _: progress.cancel())
    with pytest.raises(Cancelled):
        job.run(progress)
    moved = program.rename(place / "b.pt2")
    with pytest.raises(WeightsError, match="no encoder at"):
        run("", resume=True).run(Progress())
    run(moved, resume=True).run(Progress())
    quick["training.devices"] = 2
    with pytest.raises(ConfigError, match="trains on one device"):  # not: starts napari
        run(moved, resume=False).run(Progress())
    assert Checkpoint.load(path).training is None


def test_copied_as_the_command_that_trains_so(dock, folder):
    dock.form.set_config(apply_overrides(MatchConfig(), {"network.input_size": 64}))
    dock.output.set_value(folder / "net.ckpt")
    dock.copy_command()
    assert shlex.split(QApplication.clipboard().text()) == [
        *("napari-jcc", "train", str(folder), "--output", str(folder / "net.ckpt")),
        *("--set", "network.input_size=64"),
    ]


def test_without_torch_the_remedy_is_told(viewer, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        train_dock.TrainingJob.__module__ + ".importlib.util.find_spec",
        lambda name, *rest: None if name == "torch" else find(name, *rest),
    )
    viewer.add_image(np.zeros((3, 20, 20), np.uint8), name="set")
    dock = TrainDock(viewer)
    viewer.window.add_dock_widget(dock, name="Train")
    dock.output.set_value("net.ckpt")
    assert 'pip install "napari-jcc[match]"' in dock.panel.status.text()
    assert not dock.panel.run_button.isEnabled()
    assert "torch" in dock.panel.run_button.toolTip()


def test_opening_the_docks_loads_no_torch():
    code = (
        "import sys\n"
        "from napari_jcc.plugin.widgets.matching import landmark_dock, match_dock\n"
        "from napari_jcc.plugin.widgets.matching import train_dock\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
