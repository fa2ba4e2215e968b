"""The package imports fast, and all of it but the plugin without Qt, napari or torch."""

import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

import napari_jcc
import napari_jcc.matching

HEAVY = {"PIL", "PyQt6", "PySide6", "cv2", "dask", "magicgui", "napari", "numpy", "osqp"}
HEAVY |= {"pydantic", "qtpy", "scipy", "skimage", "superqt", "torch"}

IMPORT_CORE = """
import importlib, pkgutil, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"napari", "qtpy", "PyQt6", "PySide6", "magicgui",
                                      "superqt", "torch", "distributed"}:
            raise ModuleNotFoundError(f"{name} must not be needed", name=name)

sys.meta_path.insert(0, Refuse())
import napari_jcc

def names(package):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        # The window, and what is loaded when it is asked for.
        if module.name in {"napari_jcc.plugin", "napari_jcc.solvers.structured",
                           "napari_jcc.matching.network", "napari_jcc.matching.losses",
                           "napari_jcc.matching.training",
                           "napari_jcc.matching.inference",
                           "napari_jcc.matching.refinement"}:
            continue
        yield module.name
        if module.ispkg:
            yield from names(importlib.import_module(module.name))

found = list(names(napari_jcc))
for name in found:
    importlib.import_module(name)
print(*found)
"""


def run_python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )


def start_seconds(code):
    times = []
    for _ in range(5):
        start = time.perf_counter()
        assert run_python(code).returncode == 0
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def test_import_loads_nothing_heavy():
    done = run_python("import sys, napari_jcc; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "napari_jcc" in loaded
    assert not HEAVY & loaded


def test_import_takes_less_than_three_tenths_of_a_second():
    # Against a bare interpreter, whose start a busy machine slows down alike.
    bare = start_seconds("pass")
    assert start_seconds("import napari_jcc") - bare < 0.3 + bare


def test_everything_but_the_plugin_imports_without_qt_napari_torch_and_distributed():
    done = run_python(IMPORT_CORE)
    assert done.returncode == 0, done.stderr
    assert {"napari_jcc.config.model", "napari_jcc.cli"} <= set(done.stdout.split())


@pytest.mark.parametrize("package", [napari_jcc, napari_jcc.matching])
def test_type_checkers_and_editors_know_the_public_names(package):
    stub = Path(package.__file__).with_suffix(".pyi").read_text("utf-8")
    known = dict(re.findall(r"import (\w+) as (\w+)$", stub, re.MULTILINE))
    assert known == {name: name for name in package.__all__}


def test_unknown_public_name_is_an_attribute_error():
    done = run_python("import napari_jcc; napari_jcc.nothing_of_that_name")
    assert "AttributeError" in done.stderr
