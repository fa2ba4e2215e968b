"""Solvers that need a package which is not there are skipped, with the reason."""

import importlib.util

import pytest


def pytest_collection_modifyitems(items):
    if importlib.util.find_spec("torch") is not None:
        return
    skip = pytest.mark.skip(reason="torch is not installed")
    for item in items:
        needs_torch = "structured" in item.name or "structured" in item.path.name
        if "solvers" in item.path.parts and needs_torch:
            item.add_marker(skip)
