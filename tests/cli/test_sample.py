import pytest

from command_line import run
from napari_jcc.cli.app import app
from napari_jcc.collection import ImageCollection
from napari_jcc.samples import SAMPLES


def test_list_names_and_describes_the_sets(capsys):
    assert run("sample", "--list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == list(SAMPLES)


def test_sample_is_written_and_the_next_command_told(tmp_path, capsys):
    folder = tmp_path / "my cells"
    assert run("sample", "cells", folder) == 0
    images = ImageCollection.from_folder(folder / "images")
    text = capsys.readouterr().out
    assert f"Wrote {len(images)} images" in text
    assert f"napari-jcc segment '{folder}/images' -o '{folder}/out'" in text
    assert f"napari-jcc evaluate '{folder}/out' --truth '{folder}/truth'" in text


def test_first_steps_of_the_help_can_be_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sample, segment = str(app.info.epilog).removeprefix("First steps: ").split("; ")
    assert run(*sample.split()[1:]) == 0
    assert ImageCollection.from_folder(segment.split()[2]).names


def test_existing_files_are_kept_unless_told(tmp_path, capsys):
    assert run("sample", "coins", tmp_path) == 0
    first = min((tmp_path / "images").iterdir())
    first.write_bytes(b"mine")
    assert run("sample", "coins", tmp_path) == 2
    assert str(first) in capsys.readouterr().err
    assert first.read_bytes() == b"mine"
    assert run("sample", "coins", tmp_path, "--overwrite") == 0
    assert first.read_bytes() != b"mine"


@pytest.mark.parametrize("words", [[], ["coins"]])
def test_missing_words_are_asked_for(words, capsys):
    assert run("sample", *words) == 2
    assert "coins" in capsys.readouterr().err
