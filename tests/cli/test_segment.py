import csv
import json
import os
import shlex
import signal
import threading
import time

import numpy as np
import pytest
import tifffile
from PIL import Image

from command_line import QUICK, run
from napari_jcc.config import validate_config
from napari_jcc.samples import make_sample


def answer(out):
    """The bytes of masks and boxes."""
    files = [out / "boxes.csv", *sorted((out / "masks").rglob("*.png"))]
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in files}


@pytest.fixture(scope="session")
def coins():
    """Four coins, in gray and in colour, of different sizes."""
    images = [np.asarray(image) for image in make_sample("coins").images[:4]]
    images[1] = np.repeat(images[1][..., None], 3, axis=2)
    images[2] = images[2][:-7]
    return images


@pytest.fixture
def folder(coins, tmp_path):
    """The coins among files that are no images."""
    path = tmp_path / "photos"
    (path / "more").mkdir(parents=True)
    for number, image in enumerate(coins):
        Image.fromarray(image).save(path / f"coin {number}.png")
    Image.fromarray(coins[0]).save(path / "more" / "deep.png")
    (path / "notes.txt").write_text("no image")
    (path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    return path


def test_images_become_masks_boxes_sheet_and_record(folder, coins, tmp_path, capsys):
    out = tmp_path / "out"
    tight = ("--set", "solver.tolerance=1e-4")
    assert run("segment", folder, "-o", out, *QUICK, *tight, "--workers", 1) == 0
    for number, image in enumerate(coins):
        with Image.open(out / "masks" / f"coin {number}.png") as file:
            mask = np.asarray(file)
        assert mask.shape == image.shape[:2]
        assert set(np.unique(mask)) == {0, 255}
    with (out / "boxes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == [f"coin {number}" for number in range(4)]
    for row, image in zip(rows, coins, strict=True):
        assert 0 <= float(row["x_min"]) < float(row["x_max"]) <= image.shape[1]
        assert 0 <= float(row["y_min"]) < float(row["y_max"]) <= image.shape[0]
        assert 0 <= float(row["score"]) <= 1
    record = json.loads((out / "run.json").read_text())
    assert {os.path.basename(file) for file in record["skipped"]} == {
        "notes.txt",
        "broken.jpg",
    }
    assert validate_config(record["config"]).superpixels.count == 40
    assert record["solver"]["primal_residual"] < 1e-3
    assert record["seconds"].keys()
    streams = capsys.readouterr()
    assert "4 done" in streams.out
    assert "broken.jpg" in streams.out
    assert "evaluate" in streams.out


def test_the_recorded_command_gives_the_same_bytes(folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert run("segment", folder, "-r", "-o", out, *QUICK, "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    before = answer(out)
    assert "masks/more/deep.png" in before
    program, *words = shlex.split(json.loads((out / "run.json").read_text())["command"])
    assert program == "napari-jcc"
    assert run(*words, "--overwrite", "--workers", 1, "-q") == 0
    assert answer(out) == before


def test_results_among_the_images_are_not_taken_for_images(folder):
    words = ["segment", folder, "-r", "-o", folder / "out", *QUICK, "-q"]
    assert run(*words) == 0
    before = answer(folder / "out")
    assert run(*words, "--overwrite") == 0
    assert answer(folder / "out") == before
    record = json.loads((folder / "out" / "run.json").read_text())
    assert "a result of a former run" in record["skipped"].values()


def test_pictures_that_former_runs_left_are_not_taken_for_images(folder, capsys):
    segmenting = ["segment", folder, "-r", *QUICK, "-q"]
    assert run(*segmenting, "-o", folder / "one") == 0
    assert run("match", folder, "-r", "-o", folder / "matched", "-q") == 0
    trying = ["--grid", "problem.nu=0.1", *QUICK, "-q"]
    assert run("sweep", folder, "-r", "-o", folder / "tried", *trying) == 0
    assert run("sweep", folder, "-r", "-o", folder / "tried", *trying) == 0
    assert run(*segmenting, "-o", folder / "two") == 0
    one, two = (
        json.loads((folder / name / "run.json").read_text()) for name in ("one", "two")
    )
    assert [image["name"] for image in one["images"]] == [
        image["name"] for image in two["images"]
    ]
    left_out = {path for path, why in two["skipped"].items() if "former run" in why}
    assert str(folder / "matched" / "overview.png") in left_out
    assert str(folder / "tried" / "figure.png") in left_out
    assert run("segment", folder / "one", "-o", folder / "three") == 2
    assert "a result of a former run" in capsys.readouterr().err


def test_a_second_run_with_a_cache_redoes_only_what_changed(folder, tmp_path):
    words = ["segment", folder, *QUICK, "--cache", tmp_path / "cache", "-q"]
    assert run(*words, "-o", tmp_path / "one") == 0
    assert run(*words, "-o", tmp_path / "two", "--set", "problem.nu=0.2") == 0
    first, second = (
        json.loads((tmp_path / name / "run.json").read_text())["seconds"]
        for name in ("one", "two")
    )
    assert "Features" in first
    assert "Features" not in second


def test_saliency_of_ones_own_pulls_the_mask_to_it(folder, coins, tmp_path):
    share = {}
    for side in ("left", "right"):
        maps = tmp_path / side
        maps.mkdir()
        for number, image in enumerate(coins):
            half = np.zeros(image.shape[:2], np.uint8)
            middle = half.shape[1] // 2
            half[:, slice(None, middle) if side == "left" else slice(middle, None)] = 255
            Image.fromarray(half).save(maps / f"coin {number}.png")
        out = tmp_path / f"out {side}"
        words = ["--saliency", maps, "--set", "decode.refinement=none", "-q"]
        assert run("segment", folder, "-o", out, *QUICK, *words) == 0
        with Image.open(out / "masks" / "coin 0.png") as file:
            mask = np.asarray(file) > 0
        share[side] = mask[:, : mask.shape[1] // 2].sum() / mask.sum()
    assert share["left"] > 0.6
    assert share["right"] < 0.4


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_in_use_is_refused_before_the_run(overwrite, folder, tmp_path, capsys):
    out = tmp_path / "out"
    (out / "masks").mkdir(parents=True)
    (out / "masks" / "coin 1.png").write_text("truth")
    words = ["--overwrite"] if overwrite else []
    assert run("segment", folder, "-o", out, *words) == 2
    streams = capsys.readouterr()
    assert "coin 1.png" in streams.err if overwrite else "--overwrite" in streams.err
    assert "Superpixels" not in streams.err
    assert (out / "masks" / "coin 1.png").read_text() == "truth"


@pytest.mark.parametrize("content", ["nothing", "text"])
def test_a_folder_without_images_is_refused(content, tmp_path, capsys):
    if content == "text":
        (tmp_path / "notes.txt").write_text("no image")
    assert run("segment", tmp_path, "-o", tmp_path / "out") == 2
    assert str(tmp_path) in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_no_cluster_at_the_address_is_explained(folder, tmp_path, capsys):
    pytest.importorskip("distributed", reason="needs the extra [cluster]")
    words = ["-o", tmp_path / "out", "--scheduler", "nowhere"]
    assert run("segment", folder, *words) == 2
    assert "No dask scheduler answers at 'nowhere'" in capsys.readouterr().err


def test_a_cluster_gives_the_same_bytes(folder, tmp_path):
    distributed = pytest.importorskip("distributed", reason="needs the extra [cluster]")
    assert run("segment", folder, "-o", tmp_path / "here", *QUICK, "-q") == 0
    with distributed.LocalCluster(
        n_workers=1, processes=False, protocol="tcp", dashboard_address=None
    ) as cluster:
        words = ["--scheduler", cluster.scheduler_address, "-q"]
        assert run("segment", folder, "-o", tmp_path / "there", *QUICK, *words) == 0
    assert answer(tmp_path / "there") == answer(tmp_path / "here")


def test_ctrl_c_cancels_and_leaves_the_former_result(folder, tmp_path, capsys):
    out, cache = tmp_path / "out", tmp_path / "cache"
    assert run("segment", folder, "-o", out, *QUICK, "-q") == 0
    before = answer(out)

    def interrupt_once_under_way():
        while not any(cache.rglob("*.npz")):
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt_once_under_way)
    thread.start()
    words = ["-o", out, "--overwrite", "--cache", cache, "--workers", 1]
    code = run("segment", folder, *words, "--preset", "paper", "-s", "problem.nu=0.3")
    thread.join()
    assert code == 130
    assert "cancelled" in capsys.readouterr().err
    assert answer(out) == before


def test_an_encoder_that_is_not_there_is_an_error(folder, tmp_path, capsys):
    missing = tmp_path / "missing.pt2"
    words = ("--preset", "photo", "--encoder", missing)
    assert run("segment", folder, "-o", tmp_path / "out", *words) == 2
    message = " ".join(capsys.readouterr().err.split())
    # Without torch the message names the extra to install instead of the file.
    assert "missing.pt2" in message.replace(" ", "") or "napari-jcc[deep]" in message
    assert not (tmp_path / "out").exists()


def test_an_encoder_that_nothing_would_use_is_refused(folder, tmp_path, capsys):
    assert run("segment", folder, "-o", tmp_path / "out", "--encoder", "net.pt2") == 2
    assert "--preset photo" in capsys.readouterr().err


def test_pages_are_told_to_be_images(coins, tmp_path, capsys):
    pages = np.stack([image[:40, :40] for image in (coins[0], coins[3])])
    tifffile.imwrite(tmp_path / "stack.tif", pages, photometric="minisblack")
    words = ("segment", tmp_path / "stack.tif", *QUICK, "--overwrite", "-o", tmp_path / "o")
    assert run(*words) == 0
    streams = capsys.readouterr()
    assert "1 file has several pages" in streams.err
    assert "Images   2 done" in streams.out
    assert run(*words, "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_a_path_that_the_system_refuses_is_named(tmp_path, capsys):
    assert run("segment", "a" * 5000, "-o", tmp_path / "out") == 2
    assert "aaa" in capsys.readouterr().err
