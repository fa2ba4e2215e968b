"""Fixtures for all tests, and the conditions under which a test is left out."""

from __future__ import annotations

import errno
import functools
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from napari_jcc import ImageCollection

QT_FIXTURES = {"make_napari_viewer", "make_napari_viewer_proxy", "qapp", "qtbot"}
PLUGIN_TESTS = Path(__file__).parent / "plugin"

# How fast a machine is, and how busy, is not what a property says.
settings.register_profile(
    "patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")


class TinyCollection(NamedTuple):
    """Four small pictures of one kind of object, with the truth."""

    images: tuple[np.ndarray, ...]
    """(H, W, 3) uint8 each, of three different sizes."""
    masks: tuple[np.ndarray, ...]
    """(H, W) bool each."""
    names: tuple[str, ...]

    def open(self) -> ImageCollection:
        """Return the pictures as the package's own type."""
        from napari_jcc import ImageCollection

        return ImageCollection.from_arrays(list(self.images), names=list(self.names))


@pytest.fixture
def close_folder(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Function after which nothing below a folder can be asked for, not even by root."""
    stat = os.stat

    def close(folder: Path) -> None:
        def refuse(path: Any, **options: Any) -> os.stat_result:
            if folder in Path(os.fsdecode(path)).parents:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return stat(path, **options)

        monkeypatch.setattr("os.stat", refuse)

    return close


def draw_object(
    height: int, width: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a bright striped ellipse on gray-green clutter; return image and mask."""
    rows, columns = np.mgrid[:height, :width]
    centre = rng.uniform(0.42, 0.58, 2) * (height, width)
    radii = rng.uniform(0.2, 0.28, 2) * (height, width)
    offsets = (rows - centre[0]) / radii[0], (columns - centre[1]) / radii[1]
    mask = offsets[0] ** 2 + offsets[1] ** 2 <= 1

    blocks = rng.uniform(40, 110, (height // 8 + 1, width // 8 + 1))
    clutter = np.kron(blocks, np.ones((8, 8)))[:height, :width]
    image = clutter[..., np.newaxis] * (0.8, 1.0, 0.9)
    stripes = 190 + 30 * np.sin(2 * np.pi * (rows + columns) / 6)
    image[mask] = stripes[mask][:, np.newaxis] * (1.0, 0.75, 0.45)
    image += rng.normal(0, 4, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8), mask


@pytest.fixture
def rng() -> np.random.Generator:
    """Return random numbers that are the same in every run."""
    return np.random.default_rng(20170501)


@pytest.fixture(scope="session")
def tiny_collection() -> TinyCollection:
    """Return four synthetic pictures with an object that all of them share."""
    rng = np.random.default_rng(4)
    sizes = [(64, 80), (64, 80), (72, 64), (60, 90)]
    images, masks = zip(*(draw_object(*size, rng) for size in sizes), strict=True)
    for array in images + masks:
        array.setflags(write=False)
    return TinyCollection(images, masks, ("a", "b", "c", "d"))


@pytest.fixture(params=["claimed", pytest.param("real", marks=pytest.mark.gpu)])
def card(request: pytest.FixtureRequest) -> AbstractContextManager[Any]:
    """Return a context in which ``cuda`` can be used, claimed or real."""
    if request.param == "real":
        return nullcontext()
    return pytest.importorskip("claimed_device", reason="torch is missing").ClaimedCard()


@pytest.fixture
def data_root() -> Path:
    """Return the folder of the real image sets; the test is skipped without one."""
    reason = why_no_data()
    if reason:
        pytest.skip(reason)
    return Path(os.environ["NAPARI_JCC_DATA"])


def why_no_data() -> str:
    """Say why tests on real images cannot run; empty when they can."""
    folder = os.environ.get("NAPARI_JCC_DATA", "")
    if not folder:
        return "the environment variable NAPARI_JCC_DATA names no folder of image sets"
    return "" if Path(folder).is_dir() else f"NAPARI_JCC_DATA: there is no folder {folder}"


@functools.cache
def why_no_qt() -> str:
    """Say why Qt cannot be loaded; empty when it can."""
    try:
        for module in ("QtCore", "QtGui", "QtTest", "QtWidgets"):
            importlib.import_module(f"qtpy.{module}")
    # qtpy's own error for "no binding" is a RuntimeError and an ImportError.
    except ImportError as error:
        return f"Qt cannot be loaded ({error})"
    return ""


@functools.cache
def why_no_window() -> str:
    """Say why no window can be opened; empty when one can."""
    has_display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform == "linux" and not has_display:
        return "there is no display; see scripts/system_packages.sh display"
    return why_no_qt()


@functools.cache
def why_no_gpu() -> str:
    """Say why no CUDA device can be used; empty when one can."""
    try:
        torch = importlib.import_module("torch")
    except ImportError as error:
        return f"torch cannot be loaded ({error})"
    return "" if torch.cuda.is_available() else "torch finds no CUDA device"


def find_obstacles(item: pytest.Item) -> Iterator[str]:
    """Reasons for which a test cannot run on this machine."""
    if item.get_closest_marker("data"):
        yield why_no_data()
    if item.get_closest_marker("gpu"):
        yield why_no_gpu()
    if item.get_closest_marker("gui") or QT_FIXTURES.intersection(
        getattr(item, "fixturenames", ())
    ):
        yield why_no_window()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what this machine cannot run."""
    for item in items:
        for reason in filter(None, find_obstacles(item)):
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave the plugin's tests out where the modules they import cannot be loaded."""
    inside = PLUGIN_TESTS in (collection_path, *collection_path.parents)
    return True if inside and why_no_qt() else None


def pytest_report_header() -> list[str]:
    """Say at the top what is left out, and why."""
    header = []
    if PLUGIN_TESTS.is_dir() and why_no_qt():
        header.append(f"tests/plugin is left out: {why_no_qt()}")
    if why_no_window():
        header.append(f"tests with a window are skipped: {why_no_window()}")
    return header
