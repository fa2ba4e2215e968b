"""Solvers that need a package which is not there are skipped, with the reason."""

import importlib.util
import sys

import pytest


@pytest.fixture(autouse=True)
def _seed_torch():
    """Make torch's random numbers the same in every run, as those of `rng` are."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(20170501)


def pytest_collection_modifyitems(items):
    if importlib.util.find_spec("torch") is not None:
        return
    skip = pytest.mark.skip(reason="torch is not installed")
    for item in items:
        needs_torch = "structured" in item.name or "structured" in item.path.name
        if "solvers" in item.path.parts and needs_torch:
            item.add_marker(skip)
