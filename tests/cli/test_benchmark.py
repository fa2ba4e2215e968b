import csv

import pytest

from command_line import run
from labelled_trees import TREES

QUICK = ["--set", "superpixels.count=40", "--set", "boxes.method=grid", "--workers", 1]


@pytest.fixture
def root(tmp_path):
    TREES["wbc"][0](tmp_path / "wbc")
    return tmp_path / "wbc"


def test_tables_are_printed_and_written(root, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["--root", root, "-o", out, *QUICK, "--methods", "saliency,background"]
    assert run("benchmark", "wbc", *words) == 0
    printed = capsys.readouterr().out
    assert "| saliency, Otsu |" in printed
    assert "s/image" in printed
    assert "White blood cells" in (out / "tables.md").read_text()
    with (out / "tables.csv").open(newline="") as file:
        methods = {row["method"] for row in csv.DictReader(file)}
    assert methods == {"saliency", "background"}
    assert (out / "predictions" / "cells" / "saliency" / "masks" / "0.png").is_file()


def test_every_nth_image(root, tmp_path, capsys):
    words = ["--root", root, "-o", tmp_path / "out", "--methods", "background", "-q"]
    assert run("benchmark", "wbc", *words, "--every", 2, "--first", 1) == 0
    assert capsys.readouterr().out == ""
    masks = tmp_path / "out" / "predictions" / "cells" / "background" / "masks"
    assert [path.name for path in masks.iterdir()] == ["1.png"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["wcb"], "Did you mean wbc"),
        (["wbc", "--classes", "cow"], "Known: cells"),
        (["wbc", "--methods", "jiont"], "Did you mean joint"),
        (["msrc"], "Images"),
        (["wbc", "--set", "prior.common=1", "--methods", "joint"], "--encoder"),
    ],
)
def test_mistakes_are_explained_without_a_trace(words, message, root, tmp_path, capsys):
    code = run("benchmark", *words, "--root", root, "-o", tmp_path / "out", "-q")
    assert code == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out" / "tables.md").exists()
