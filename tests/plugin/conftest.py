"""Results and settings that are quick to make."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
from napari.layers import Image

from napari_jcc import JccConfig, JccResult
from napari_jcc.config import apply_overrides
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.results.result import bare_image

QUICK = {
    "collection.working_size": 48,
    "superpixels.count": 40,
    "boxes.method": "grid",
    "boxes.count": 6,
    "features.superpixels": ["lab"],
    "features.boxes": ["lab"],
    "decode.refinement": "none",
    "runtime.workers": 1,
}


@pytest.fixture(autouse=True)
def less_to_look_through() -> None:
    """Leave all that is there by now out of collections of garbage, of which each window
    that closes takes several; else they take most of the time of these tests.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_libraries_beside_tests(monkeypatch) -> None:
    """Do not load libraries in a thread, which would outlive the test that opened a window.

    Every import makes loggers, and between two phases of a test pytest goes through all of
    them: in one of many runs it found another one on its way, which is an error.
    """
    monkeypatch.setattr("napari_jcc.plugin.session.load_in_background", lambda: None)


@pytest.fixture
def viewer(make_napari_viewer):
    """Open a real window."""
    return make_napari_viewer()


@pytest.fixture
def stack(viewer, tiny_collection) -> Image:
    """Show the tiny collection as a layer."""
    return viewer.add_layer(Image.create(*stack_layer(tiny_collection.open(), "set")))


@pytest.fixture(scope="session")
def quick_config() -> JccConfig:
    """Return settings for runs of a second."""
    return apply_overrides(JccConfig(), QUICK)


@pytest.fixture
def result(tiny_collection) -> JccResult:
    """Return the tiny collection's truth as a result; image c has no box."""
    images = []
    for i, (name, mask) in enumerate(zip("abcd", tiny_collection.masks, strict=True)):
        rows, columns = np.nonzero(mask)
        box = np.array(
            [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float32
        )
        images.append(
            bare_image(name, mask=mask, box=None if name == "c" else box, score=i / 4)
        )
    return JccResult(tuple(images), JccConfig())


@pytest.fixture(autouse=True)
def recovery_folder(tmp_path, monkeypatch) -> Path:
    """Keep automatic copies of tests away from those of the user; return their folder."""
    folder = tmp_path / "recovery"
    monkeypatch.setattr("napari_jcc.project.recovery.recovery_folder", lambda: folder)
    return folder
