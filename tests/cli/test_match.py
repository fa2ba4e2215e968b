import csv
import json
import shlex

import numpy as np
import pytest
from PIL import Image

from command_line import run


@pytest.fixture
def folder(tmp_path):
    """Three cuts of one texture, moved against each other, among what is no image."""
    noise = np.random.default_rng(3).uniform(0, 255, (20, 26, 3)).astype(np.uint8)
    big = np.asarray(Image.fromarray(noise).resize((156, 120), Image.Resampling.BICUBIC))
    path = tmp_path / "my images"
    path.mkdir()
    for name, (y, x) in {"a": (4, 6), "b": (0, 0), "c": (2, 3)}.items():
        Image.fromarray(big[y : y + 100, x : x + 130]).save(path / f"{name}.png")
    (path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    return path


@pytest.fixture
def torn(folder):
    """An image that is cut off: its header is whole, and its end is missing."""
    whole = (folder / "b.png").read_bytes()
    (folder / "torn.png").write_bytes(whole[: len(whole) // 2])
    return folder / "torn.png"


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_images_are_matched_without_a_checkpoint_and_the_command_repeats_it(
    folder, tmp_path, capsys
):
    out, again = tmp_path / "out", tmp_path / "again"
    words = ["--pairs", "template:a", "--set", "matching.points=8"]
    assert run("match", folder, "-o", out, *words) == 0
    told = capsys.readouterr().out
    assert "Pairs    2" in told
    assert "broken.jpg" in told
    assert str(out / "overview.png") in told
    command = shlex.split(json.loads((out / "match.json").read_text())["command"])
    assert command[0] == "napari-jcc"
    command[command.index(str(out))] = str(again)
    assert run(*command[1:], "--quiet") == 0
    assert capsys.readouterr().out == ""
    for name in ("pairs.csv", "points.csv", "warped/a/b.png"):
        assert (out / name).read_bytes() == (again / name).read_bytes()
    assert len(rows(out / "points.csv")) <= 2 * 64


def test_an_image_that_is_cut_off_is_left_out(folder, torn, tmp_path, capsys):
    out = tmp_path / "out"
    assert run("match", folder, "-o", out, "--pairs", "template:a") == 0
    assert "torn.png: damaged or unreadable" in capsys.readouterr().out
    assert [row["source"] for row in rows(out / "pairs.csv")] == ["b", "c"]
    table = tmp_path / "placed.csv"
    table.write_text("image,x,y\na.png,20,30\na.png,80,60\ntorn.png,1,1\ntorn.png,2,2\n")
    assert run("landmarks", folder, "--from", table, "-o", out) == 0
    assert "Left out: torn.png: damaged or unreadable" in capsys.readouterr().out
    assert {row["image"] for row in rows(out / "landmarks.csv")} == {
        "a.png",
        "b.png",
        "c.png",
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--pairs", "template:x"], "There is no image 'x'"),
        (["--pairs", "missing.csv"], "template:NAME"),
        (["--checkpoint", "none.ckpt"], "napari-jcc train"),
        (["--set", "matching.tolerance=2"], "matching.tolerance"),
        (["--encoder", "/none.pt2"], "There is no encoder at"),
    ],
)
def test_bad_input_is_refused_with_a_remedy(folder, tmp_path, capsys, words, told):
    if words[0] in ("--checkpoint", "--encoder"):
        pytest.importorskip("torch", reason="networks need torch")
    assert run("match", folder, "-o", tmp_path / "out", *words) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_one_image_and_a_full_folder_are_refused(folder, tmp_path, capsys):
    assert run("match", folder / "a.png", "-o", tmp_path / "out") == 2
    assert "at least 2 images" in capsys.readouterr().err
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "note.txt").write_text("mine")
    assert run("match", folder, "-o", tmp_path / "out") == 2
    assert "--overwrite" in capsys.readouterr().err
    assert run("match", folder, "-o", tmp_path / "out", "--overwrite", "-q") == 0
    assert (tmp_path / "out" / "note.txt").read_text() == "mine"


def test_landmarks_are_carried_and_scored(folder, tmp_path, capsys):
    table = tmp_path / "placed.csv"
    table.write_text("image,point,x,y\na.png,1,40,30\na.png,2,80,60\na.png,3,60,70\n")
    out = tmp_path / "out"
    assert run("landmarks", folder, "--from", table, "-o", out, "-q") == 0
    found = {(row["image"], row["point"]): row for row in rows(out / "landmarks.csv")}
    for name, shift in (("b.png", (6, 4)), ("c.png", (3, 2))):
        row = found[name, "1"]
        place = np.array([float(row["x"]), float(row["y"])])
        assert np.linalg.norm(place - (40, 30) - shift) < 2
    assert run("landmarks", folder, "--from", table, "-o", out) == 2
    assert "--overwrite" in capsys.readouterr().err

    table.write_text(table.read_text().replace("3,60,70", "3,60,-70"))
    assert run("landmarks", folder, "--from", table, "-o", tmp_path / "other") == 0
    assert "outside of their image: a.png (3)." in capsys.readouterr().out

    (out / "landmarks.csv").replace(folder / "landmarks.csv")
    words = ["evaluate-matching", "landmarks", "--root", folder, "-q"]
    assert run(*words, "--methods", "identity,registration", "--json") == 0
    scores = json.loads(capsys.readouterr().out)
    errors = {
        name: score["scores"]["all"]["landmarks error/px"][0]
        for name, score in scores.items()
    }
    assert errors["registration"] < 2 < errors["identity"]
    assert run(*words, "--pairs", "2", "--methods", "identity") == 0
    assert "2 pairs" in capsys.readouterr().out


def test_mirrored_images_are_turned_when_asked_for(folder, tmp_path, capsys):
    with Image.open(folder / "b.png") as image:
        mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    mirrored.save(folder / "b.png")
    out = tmp_path / "out"
    assert run("match", folder, "-o", out, "--facing", "mirrored", "--no-warped") == 0
    assert ": b (mirrored)." in capsys.readouterr().out
    record = json.loads((out / "match.json").read_text())
    assert record["turned"] == {"b": "mirrored"}
    assert "--set matching.facing=mirrored" in record["command"]
    (pair,) = (r for r in rows(out / "pairs.csv") if r["target"] + r["source"] in "abba")
    assert float(pair["inlier_share"]) > 0.5

    table = tmp_path / "placed.csv"
    table.write_text("image,point,x,y\na.png,1,40,30\na.png,2,80,60\na.png,3,60,70\n")
    words = ["--from", table, "-o", tmp_path / "landmarks"]
    assert run("landmarks", folder, *words, "--facing", "sideways") == 2
    assert "matching.facing" in capsys.readouterr().err
    assert run("landmarks", folder, *words, "--facing", "mirrored") == 0
    assert ": b.png (mirrored)." in capsys.readouterr().out
    found = rows(tmp_path / "landmarks" / "landmarks.csv")
    (row,) = (row for row in found if (row["image"], row["point"]) == ("b.png", "1"))
    place = np.array([float(row["x"]), float(row["y"])])
    assert np.linalg.norm(place - (129 - 46, 34)) < 2


def test_folders_inside_are_searched_when_asked_for(folder, tmp_path, capsys):
    (folder / "new").mkdir()
    (folder / "c.png").replace(folder / "new" / "a.png")
    out = tmp_path / "out"
    words = ["--pairs", "template:new/a", "-q"]
    assert run("match", folder, "--recursive", "-o", out, *words) == 0
    assert [row["source"] for row in rows(out / "pairs.csv")] == ["a", "b"]
    assert "--recursive" in json.loads((out / "match.json").read_text())["command"]

    table = tmp_path / "placed.tps"  # as tpsUtil makes one, and tpsDig leaves it
    table.write_text(
        "LM=2\n40 70\n80 40\nIMAGE=new/a.png\nLM=0\nIMAGE=a.png\nID=left\nSCALE=0.5\n"
        "COMMENT=m\nLM=2\n-1 -1\n83 38\nIMAGE=b.png\nLM=0\nIMAGE=c.png\n"
    )
    words = ["--from", table, "-o", out]
    assert run("landmarks", folder, *words, "--through", "-1") == 2
    assert run("landmarks", folder, "-r", *words, "--through", "0") == 0
    told = capsys.readouterr().out
    assert "Placed   on 1 of 3 images" in told
    assert "Skipped  c.png" in told
    found = {(row["image"], row["point"]): row for row in rows(out / "landmarks.csv")}
    assert {image for image, _ in found} == {"a.png", "b.png", "new/a.png"}
    assert found["b.png", "1"]["confidence"]
    kept = found["b.png", "2"]
    assert (kept["x"], kept["y"], kept["confidence"]) == ("83.00000", "62.00000", "")
    said = "COMMENT=m\nIMAGE=a.png\nID=left\nSCALE=0.5\n"
    assert said in (out / "landmarks.tps").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["pf_wilow"], "pf_willow"),
        (["landmarks", "--methods", "best"], "choose among identity"),
        (["landmarks", "--methods", ""], "Nothing to compare"),
    ],
)
def test_bad_comparisons_are_explained(folder, capsys, words, told):
    lines = "image,point,x,y\na.png,1,4,3\nb.png,1,4,3\n"
    (folder / "landmarks.csv").write_text(lines)
    assert run("evaluate-matching", *words, "--root", folder) == 2
    assert told in capsys.readouterr().err
