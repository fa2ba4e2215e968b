"""The samples of README and documentation run as pasted, each alone; commands are known."""

import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.main import get_command

from napari_jcc.cli.app import app
from napari_jcc.cli.options import adapt_match_config, build_config
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, get_preset
from napari_jcc.interaction import OBJECT, Edits, image_keys
from napari_jcc.project import Project, describe_inputs, save_project
from napari_jcc.sweep import Grid

ROOT = Path(__file__).parents[1]
COMMANDS = get_command(app).commands
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """Samples of a page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


PYTHON = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page, "python"))
]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory, tiny_collection):
    """A folder with what the samples speak of."""
    place = tmp_path_factory.mktemp("scratch")
    for folder in ("coins/images", "cells/images", "photos", "wings"):
        (place / folder).mkdir(parents=True)
        for number, image in enumerate(tiny_collection.images):
            Image.fromarray(image).save(place / folder / f"{63001 + number}.png")
    landmarks = "LM=3\n20 20\n50 20\n40 45\nIMAGE=63001.png\nID=0\n"
    (place / "placed.tps").write_text(landmarks)
    # The page says to save its first samples together.
    parts = blocks(ROOT / "docs/extending.md", "python")[:3]
    (place / "parts.py").write_text("\n".join(parts), "utf-8")
    photos = ImageCollection.from_folder(place / "photos")
    painted = np.zeros(photos.shape(0), np.bool_)
    painted[:9] = True
    edits = Edits().paint(image_keys(photos)[0], painted, OBJECT)
    cows = Project(describe_inputs(photos), get_preset("fast"), "fast", edits=edits)
    (place / "left").mkdir()
    for path in (place / "cows.jcc", place / "left/copy.jcc"):
        save_project(cows, path)
    return place


@pytest.fixture
def typed_there(scratch, monkeypatch):
    """Be in that folder, after a session that ended badly."""
    monkeypatch.chdir(scratch)
    monkeypatch.syspath_prepend(scratch)
    left = scratch / "left"
    monkeypatch.setattr("napari_jcc.project.recovery.recovery_folder", lambda: left)


@pytest.mark.parametrize("block", PYTHON)
def test_python_samples_run_alone_as_pasted(block, typed_there, monkeypatch):
    if "Client(" in block:
        distributed = pytest.importorskip("distributed", reason="needs the extra [cluster]")
        local = distributed.Client(processes=False, n_workers=1, dashboard_address=None)
        monkeypatch.setattr("dask.distributed.Client", lambda address: local)
    if "import torch" in block:
        pytest.importorskip("torch", reason="needs the extra [torch]")
    if "import cvxpy" in block:
        pytest.importorskip("cvxpy", reason="cvxpy is not installed")
    names = {}
    exec(compile(block, "sample", "exec"), names)
    assert abs(names.get("distance", 0.0)) < 1e-5  # Of a solver's cost and its bound.


def split_commands(lines: str) -> Iterator[list[str]]:
    """The words after ``napari-jcc`` of every command in a piece of shell."""
    for line in lines.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if not set(word) <= set("();<>|&"):
                words.append(word)
                continue
            if "napari-jcc" in words:
                yield words[words.index("napari-jcc") + 1 :]
            words = []


def find_examples() -> Iterator[list[str]]:
    """Commands in the samples of all pages, and in the help of all commands."""
    for page in PAGES:
        for block in blocks(page, "sh"):
            yield from split_commands(block)
    for command in COMMANDS.values():
        for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
            yield from split_commands(" ".join(paragraph.partition("Example:")[2].split()))


@pytest.mark.parametrize("words", list(find_examples()), ids=shlex.join)
def test_commands_are_understood_and_their_settings_known(words):
    name, *rest = words
    command = COMMANDS[name]
    if name == "project":
        command = command.commands[rest.pop(0)]
    options = command.make_context(name, rest).params
    if "preset" in options:
        config = build_config(options["preset"], assignments=options["assignments"])
        Grid.build(config, options.get("grid") or ["problem.nu=1,2"])
    elif "assignments" in options:
        adapt_match_config(MatchConfig(), assignments=options["assignments"])
