import io
import json
import os
import subprocess
import sys
import tomllib

import numpy as np
import pytest
from PIL import Image
from typer.main import get_command

from command_line import run
from napari_jcc import __version__
from napari_jcc.cli.app import app
from napari_jcc.config import PRESETS, get_preset, load_config_text
from napari_jcc.results import write_result
from results_samples import image_result, result_of

COMMANDS = [name for name in get_command(app).commands if name != "project"]


def test_version(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out == f"napari-jcc {__version__}\n"


def test_the_package_runs_as_a_module():
    words = [sys.executable, "-m", "napari_jcc", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == f"napari-jcc {__version__}\n"


def test_help_lists_commands(capsys):
    assert run("--help") == 0
    text = capsys.readouterr().out
    assert all(command in text for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command, capsys):
    assert run(command, "--help") == 0
    text = capsys.readouterr().out
    assert "Example" in text
    assert f"napari-jcc {command}" in " ".join(text.split())


@pytest.mark.parametrize("command", ["segment", "sweep", "config"])
def test_help_lists_presets(command, capsys):
    run(command, "--help")
    text = capsys.readouterr().out
    assert all(f"{name}: " in text for name in PRESETS)


def test_help_fills_its_lines(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    run("sweep", "--help")
    assert "masks and boxes of every \n point to OUT/points" in capsys.readouterr().out


def test_help_needs_neither_pictures_nor_solvers():
    code = (
        "import sys\n"
        "from napari_jcc.cli.main import main\n"
        "try:\n    main(['segment', '--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'numpy', 'scipy', 'cv2', 'skimage', 'dask', 'osqp', 'torch', 'napari'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupt_while_the_program_is_loaded_ends_it_quietly(capsys, monkeypatch):
    class Loading:
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "napari_jcc.cli.app", Loading())
    assert run("--version") == 130
    assert capsys.readouterr() == ("", "")


def test_config_prints_a_file_that_means_the_same(capsys):
    assert run("config", "--preset", "paper", "--set", "problem.nu=0.25") == 0
    text = capsys.readouterr().out
    assert load_config_text(text).problem.nu == 0.25
    assert tomllib.loads(text)["problem"]["reading"] == get_preset("paper").problem.reading


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["config", "--preset", "fats"], "Did you mean fast"),
        (["config", "--set", "problem.nu"], "problem.nu=0.2"),
        (["config", "--set", "problem.gamma=7"], "above 0, below 0.5"),
        (["config", "--config", "absent.toml"], "absent.toml"),
        (["segment", "absent", "-o", "out", "--set", "boxes.count=0"], "at least 1"),
        (["segment", "absent", "-o", "out"], "absent"),
        (["evaluate", "absent", "--truth", "absent"], "absent"),
        (["sample", "absent", "out"], "absent"),
    ],
)
def test_what_the_user_can_mend_is_said_without_traceback(
    words, expected, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert run(*words) == 2
    streams = capsys.readouterr()
    assert streams.err.startswith("Error: ")
    assert expected in streams.err
    assert "Traceback" not in streams.err
    assert streams.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["segment"], ["segment", "a"], ["nonsense"], ["-x"]])
def test_wrong_usage_is_explained(words, capsys):
    assert run(*words) == 2
    assert "Usage: napari-jcc" in capsys.readouterr().err


@pytest.fixture
def scored(tmp_path):
    """A written result of two images, and truth for one that fits by three quarters."""
    result = result_of(image_result("cow"), image_result("ox"))
    write_result(result, tmp_path / "out")
    truth = result.images[0].mask.copy()
    truth[:6] = False
    truth[9:12, 5:15] = True
    (tmp_path / "truth").mkdir()
    Image.fromarray(truth.astype(np.uint8) * 255).save(tmp_path / "truth" / "cow.png")
    return tmp_path


def test_evaluate_prints_a_table(scored, capsys):
    assert run("evaluate", scored / "out", "--truth", scored / "truth") == 0
    text = capsys.readouterr().out
    # 30 pixels of mask and truth agree, 30 are only in either: J = 30 / 90.
    assert "0.333" in text
    assert "mean" in text
    assert "ox" in text


def test_evaluate_prints_json(scored, capsys):
    assert run("evaluate", scored / "out", "--truth", scored / "truth", "--json") == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["means"]["jaccard"] == pytest.approx(1 / 3)
    assert scores["means"]["accuracy"] == pytest.approx(180 / 240)
    assert scores["missing"] == ["ox"]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])  # of Windows and Linux
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["table", "json"])
def test_names_without_code_are_printed_as_escapes(tmp_path, monkeypatch, encoding, form):
    names = [os.fsdecode(b"f\xe4lle"), "牛"]
    out = write_result(result_of(*map(image_result, names)), tmp_path / "out")
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding))
    assert run("evaluate", out, "--truth", out, *form) == 0
    sys.stdout.flush()
    text = printed.getvalue().decode(encoding)
    shown = [name.encode(encoding, "backslashreplace").decode(encoding) for name in names]
    assert all(name in text for name in shown)
    if form:
        assert [image["name"] for image in json.loads(text)["images"]] == names
