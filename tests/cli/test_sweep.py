import csv
import os
import shlex
import signal
import threading
import time

import numpy as np
import pytest
from PIL import Image

from command_line import QUICK, run
from napari_jcc.samples import make_sample
from napari_jcc.sweep import SweepFolder

GRID = ["--grid", "problem.nu=0.05,0.3"]


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "my photos"
    path.mkdir()
    for number, image in enumerate(make_sample("coins").images[:3]):
        Image.fromarray(np.asarray(image)).save(path / f"coin {number}.png")
    return path


def rows(out):
    with (out / "table.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_has_a_command_that_gives_the_same(folder, tmp_path, capsys):
    out = folder / "sweep"
    assert run("sweep", folder, "-o", out, *QUICK, *GRID) == 0
    text = capsys.readouterr().out
    assert "figure.png" in text
    assert "0.05" in text
    table = SweepFolder(out).load()
    for row, point in zip(rows(out), table.points, strict=True):
        program, *words = shlex.split(row["command"])
        assert program == "napari-jcc"
        assert run(*words, "-q") == 0
        result = out / "results" / row["point"]
        for name, mask in point.masks.items():
            with Image.open(result / "masks" / f"{name}.png") as file:
                np.testing.assert_array_equal(np.asarray(file) > 0, mask)
        with (result / "boxes.csv").open() as file:
            for line in csv.DictReader(file):
                box = [float(line[side]) for side in ("x_min", "y_min", "x_max", "y_max")]
                np.testing.assert_allclose(point.boxes[line["image"]], box, atol=0.01)


def test_finished_points_are_skipped_and_it_says_so(folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert run("sweep", folder, "-o", out, *QUICK, *GRID, "-q") == 0
    assert capsys.readouterr().out == ""
    files = {path: path.stat().st_mtime_ns for path in (out / "points").iterdir()}
    assert len(files) == 4
    assert run("sweep", folder, "-o", out, *QUICK, *GRID) == 0
    assert "2 of 2 points, base included, were finished" in capsys.readouterr().err
    assert files == {path: path.stat().st_mtime_ns for path in (out / "points").iterdir()}
    words = [*QUICK, *GRID, "--set", "problem.mu=2"]
    assert run("sweep", folder, "-o", out, *words) == 2
    assert "problem.mu was 1.0, now 2.0" in capsys.readouterr().err


def test_scores_against_the_truth(folder, tmp_path, capsys):
    truth = tmp_path / "truth"
    truth.mkdir()
    for path in folder.iterdir():
        size = Image.open(path).size
        Image.new("L", size, 255).save(truth / path.name)
    out = tmp_path / "out"
    words = ["--truth", truth, "-q"]
    assert run("sweep", folder, "-o", out, *QUICK, *GRID, *words) == 0
    for row in rows(out):
        # All of the picture is object, so what is right is what the mask covers.
        assert float(row["accuracy"]) == pytest.approx(float(row["foreground_share"]))
    capsys.readouterr()
    more = ["--grid", "problem.nu=0.05,0.3,0.6"]
    assert run("sweep", folder, "-o", out, *QUICK, *more) == 0
    assert "1 of 3 points have no scores" in capsys.readouterr().out
    assert run("sweep", folder, "-o", out, *QUICK, *more, "--truth", truth) == 0
    assert "no scores" not in capsys.readouterr().out
    assert all(row["accuracy"] for row in rows(out))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--grid", "problem.nu=-1"], "at least 0"),
        (["--grid", "problem.nux=1"], "Did you mean nu"),
        (["--grid", "problem.nu=1:2"], "first:last:count"),
        ([*GRID, "--truth", "absent"], "no truth at absent"),
    ],
)
def test_bad_words_are_refused_before_anything_runs(words, expected, folder, capsys):
    out = folder.parent / "out"
    assert run("sweep", folder, "-o", out, *words) == 2
    assert expected in " ".join(capsys.readouterr().err.split())
    assert not out.exists()


def test_a_folder_with_something_else_is_refused(folder, capsys):
    assert run("sweep", folder, "-o", folder, *GRID) == 2
    assert "holds no sweep, but coin 0.png" in capsys.readouterr().err


def test_nothing_but_failures_is_an_error(folder, tmp_path, capsys):
    words = ["--set", "solver.max_iterations=1", *QUICK, *GRID]
    assert run("sweep", folder, "-o", tmp_path / "out", *words) == 2
    assert "Every point failed" in capsys.readouterr().err
    assert all(row["error"] for row in rows(tmp_path / "out"))


def test_ctrl_c_keeps_finished_points(folder, tmp_path, capsys):
    out = tmp_path / "out"

    def interrupt_after_a_point():
        while not any((out / "points").glob("*.json")):
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt_after_a_point)
    thread.start()
    words = ["--grid", "problem.nu=0.1:2:20", "-q"]
    assert run("sweep", folder, "-o", out, *QUICK, *words) == 130
    thread.join()
    assert "The same command goes on" in capsys.readouterr().err
    assert 1 <= len(rows(out)) < 21
    assert len(rows(out)) == len(SweepFolder(out).load().points)


def test_a_cluster_gives_the_same(folder, tmp_path):
    distributed = pytest.importorskip("distributed", reason="needs the extra [cluster]")
    assert run("sweep", folder, "-o", tmp_path / "here", *QUICK, *GRID, "-q") == 0
    with distributed.LocalCluster(
        n_workers=1, processes=False, protocol="tcp", dashboard_address=None
    ) as cluster:
        words = ["--scheduler", cluster.scheduler_address, "--workers", 2, "-q"]
        out = tmp_path / "there"
        assert run("sweep", folder, "-o", out, *QUICK, *GRID, *words) == 0
    for here, there in zip(rows(tmp_path / "here"), rows(out), strict=True):
        for name in ("point", "objective", "foreground_share", "stability"):
            assert here[name] == there[name]
