"""The manifest and what it points at."""

from __future__ import annotations

from pathlib import Path

import pytest
from npe2 import PluginManifest

import napari_jcc
from napari_jcc.plugin import sample_data

MANIFEST = Path(napari_jcc.__file__).parent / "napari.yaml"


def test_every_command_can_be_imported():
    manifest = PluginManifest.from_file(MANIFEST)
    manifest.validate_imports()
    used = {item.command for item in manifest.contributions.readers}
    used |= {item.command for item in manifest.contributions.writers}
    used |= {item.command for item in manifest.contributions.widgets}
    used |= {item.command for item in manifest.contributions.sample_data}
    for items in manifest.contributions.menus.values():
        used |= {item.command for item in items}
    assert used == {command.id for command in manifest.contributions.commands}


@pytest.mark.parametrize("name", ["coins", "cells", "worms"])
def test_samples_are_one_stack(name):
    ((data, options, kind),) = getattr(sample_data, f"open_{name}")()
    assert kind == "image"
    assert options["name"] == name
    assert len(data) >= 10
    assert data[0].compute().any()
