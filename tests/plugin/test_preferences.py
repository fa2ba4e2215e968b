"""Preferences, and the editors of encoder and device."""

from __future__ import annotations

from types import SimpleNamespace

import napari.settings
import pytest

from napari_jcc import device
from napari_jcc.config import RuntimeConfig
from napari_jcc.device import FoundDevice, why_no_card
from napari_jcc.plugin.preferences import Preferences, preferred_config, read_preferences
from napari_jcc.plugin.widgets.settings.device_editor import DeviceEditor
from napari_jcc.plugin.widgets.settings.path_editors import EncoderEditor

FIELD = RuntimeConfig.model_fields["device"]
with_page = pytest.mark.skipif(
    not hasattr(napari.settings, "get_plugin_settings"),
    reason="plugins have a page in the preferences of napari 0.9 and later only",
)


@with_page
def test_defaults_of_the_manifest_are_those_without_a_page():
    page = napari.settings.get_plugin_settings("napari-jcc").cosegmentation
    fields = type(page).model_fields
    assert Preferences() == Preferences(**{n: f.default for n, f in fields.items()})


@pytest.fixture(params=["kept in a file", "kept nowhere"])
def page(request, monkeypatch, tmp_path):
    """Return the page of a napari that keeps its settings in a folder, or nowhere."""
    path = tmp_path / "ü" / "settings.yaml" if "file" in request.param else None
    monkeypatch.setattr(
        "napari_jcc.plugin.preferences.get_settings",
        lambda: SimpleNamespace(config_path=path),
    )
    napari.settings._clear_plugin_settings_cache()
    folder = None if path is None else path.parent
    yield napari.settings.get_plugin_settings("napari-jcc", path_dir=folder).cosegmentation
    napari.settings._clear_plugin_settings_cache()


@with_page
def test_what_is_set_on_the_page_holds_for_every_preset(page, tmp_path):
    assert read_preferences() == Preferences()
    page.preset, page.device, page.autosave_seconds = "photo", "cpu", 3
    page.cache_folder = str(tmp_path / "ß")
    assert read_preferences() == Preferences("photo", str(tmp_path / "ß"), "cpu", 3)
    runtime = preferred_config("many").runtime
    assert (runtime.device, runtime.cache_folder) == ("cpu", str(tmp_path / "ß"))


@pytest.mark.parametrize(
    "text", ["", "[1", "cosegmentation: 3", "{cosegmentation: {preset: x}}", "\udcff"]
)
def test_a_damaged_file_gives_the_defaults(text, monkeypatch, tmp_path):
    file = tmp_path / "napari-jcc.yaml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    settings = SimpleNamespace(config_path=tmp_path / "settings.yaml")
    monkeypatch.setattr("napari_jcc.plugin.preferences.get_settings", lambda: settings)
    assert read_preferences() == Preferences()


@pytest.mark.parametrize("value", ["", "auto", "facebook/dinov2-base", "/a b/é.pt2"])
def test_encoder_takes_known_names_and_any_other(qtbot, value):
    editor = EncoderEditor()
    qtbot.addWidget(editor)
    with qtbot.waitSignal(editor.changed):
        editor.set_value("something else")
    editor.set_value(value)
    assert editor.value() == value


def test_devices_that_are_not_there_are_not_offered(qtbot, monkeypatch):
    monkeypatch.setattr(device, "_has_torch", lambda: False)
    editor = DeviceEditor(FIELD)
    qtbot.addWidget(editor)
    editor.set_value("cpu")
    editor.show_found(device.find_devices())
    offered = [editor.combo.itemData(i) for i in range(editor.combo.count())]
    assert offered == ["auto", "cpu"]
    assert editor.value() == "cpu"
    assert 'pip install "napari-jcc[deep]"' in editor.note.text()
    editor.set_value("cuda")  # from a file of another computer
    assert editor.value() == "cuda"
    assert "not found" in editor.combo.currentText()


def test_a_card_is_described_with_its_memory(qtbot):
    editor = DeviceEditor(FIELD)
    qtbot.addWidget(editor)
    found = [FoundDevice("cuda", "Card 9", 24 * 1024**3), FoundDevice("cpu", "x86", 0)]
    editor.show_found(found)
    texts = [editor.combo.itemText(i) for i in range(editor.combo.count())]
    assert texts == ["auto", "cpu", "cuda  (24 GB)"]
    assert editor.combo.itemData(2, 3) == "Card 9"
    assert editor.note.isHidden()
    assert why_no_card(found) == ""
    assert editor.value() == "auto"
