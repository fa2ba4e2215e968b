"""The form says what the config says."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox

from napari_jcc import JccConfig, get_preset
from napari_jcc.config import PRESETS, apply_overrides
from napari_jcc.config.fields import is_advanced
from napari_jcc.config.ranges import limits
from napari_jcc.errors import ConfigError
from napari_jcc.plugin.widgets.settings.form import ConfigForm
from napari_jcc.plugin.widgets.settings.preset_bar import PresetBar

pytestmark = pytest.mark.gui

FIELDS = {
    f"{section}.{name}": field
    for section, part in JccConfig.model_fields.items()
    for name, field in part.annotation.model_fields.items()
}

# Two allowed values per field other than the default, the second awkward for a text box.
OTHER = {
    "collection.channels": [(2, 0, 1), (0,)],
    "features.encoder_more_sizes": [(672, 320), (64,)],
    "features.superpixels": [("lab", "sift"), ("lab",)],
    "features.boxes": [("lab", "sift"), ("sift",)],
    "problem.nu": [1 / 3, 1e-7],
    "solver.tolerance": [3.3e-13, 0.1],
    "superpixels.compactness": [0.1 + 0.2, 1000.0],
}


@pytest.fixture
def form(qtbot) -> ConfigForm:
    form = ConfigForm()
    qtbot.addWidget(form)
    for section in form.sections:  # which makes the editors
        section.set_open(True)
        section.set_open(False)
    return form


def other_values(path: str) -> list:
    """Allowed values of a field that are not its default."""
    from napari_jcc.config.ranges import choices

    field = FIELDS[path]
    if path in OTHER:
        return OTHER[path]
    if names := choices(field):
        return [name for name in names if name != field.default] or [field.default]
    if field.annotation is bool:
        return [not field.default]
    if field.annotation is str:
        return ["x", "a folder/ä"]
    step = 1 if field.annotation is int else 1 / 3
    bounds = limits(field)
    inside = bounds.get("le", bounds.get("lt", 1e6))
    return [field.default - step * 0.01 if step < 1 else field.default + 1, inside * 0.999]


def allowed(config: JccConfig, path: str, value: object) -> JccConfig | None:
    try:
        return apply_overrides(config, {path: value})
    except ConfigError:
        return None


@pytest.mark.parametrize("name", PRESETS)
def test_presets_survive_the_form(form, name):
    form.set_config(get_preset(name))
    assert form.config() == get_preset(name)


def test_every_field_survives_the_form(form):
    tried = set()
    for path in FIELDS:
        for value in other_values(path):
            config = allowed(JccConfig(), path, value)
            if config is not None:
                form.set_config(config)
                assert form.config() == config
                tried.add(path)
    assert tried == set(FIELDS)


def test_settings_hold_without_editors_and_in_those_made_later(qtbot):
    form = ConfigForm()
    qtbot.addWidget(form)
    config = apply_overrides(get_preset("photo"), {"problem.nu": 0.123})
    form.set_config(config)
    assert form.config() == config
    assert not any(row.is_made for row in form.rows.values())
    assert "problem.nu" in form.modified
    (section,) = (section for section in form.sections if section.name == "problem")
    section.set_open(True)
    row = form.rows["problem.nu"]
    assert row.is_made and not row.button.isHidden()
    assert row.editor.value() == 0.123
    assert form.config() == config
    form.advanced_switch.setChecked(True)
    assert not form.rows["features.boxes"].is_made
    form.reset()
    assert form.config() == JccConfig()


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(nu=st.floats(0, 1e6), sigma=st.floats(0, 100, exclude_min=True))
def test_numbers_survive_to_the_last_bit(form, nu, sigma):
    config = apply_overrides(
        JccConfig(), {"problem.nu": nu, "saliency.colour_sigma": sigma}
    )
    form.set_config(config)
    assert form.config() == config


def test_rows_speak_the_configs_words(form):
    row = form.rows["problem.gamma"]
    assert row.label.text() == "Box fill (gamma)"
    assert "Range: above 0, below 0.5." in row.widget.toolTip()
    assert "problem.gamma" in row.widget.toolTip()
    assert (row.widget.minimum(), row.widget.maximum()) == (0, 0.5)


def test_typing_a_number_in_scientific_notation(form, qtbot):
    spin = form.rows["problem.nu"].widget
    spin.selectAll()
    qtbot.keyClicks(spin, "2.5e-3")
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    assert form.config().problem.nu == 2.5e-3


def test_changes_are_marked_and_taken_back_one_by_one(form):
    row = form.rows["problem.nu"]
    row.editor.set_value(row.editor.value() + 1)
    assert form.modified == ("problem.nu",)
    assert row.label.font().bold()
    assert not row.button.isHidden()

    row.button.click()
    assert form.modified == ()
    assert row.button.isHidden()
    assert form.config() == JccConfig()


def test_everything_is_taken_back_at_once(form):
    form.set_config(get_preset("paper"))
    assert len(form.modified) > 5
    form.reset()
    assert form.config() == JccConfig()


def test_advanced_settings_are_folded_away_unless_changed(form):
    def hidden() -> set[str]:
        return {path for path, row in form.rows.items() if row.widget.isHidden()}

    advanced = {path for path, field in FIELDS.items() if is_advanced(field)}
    assert hidden() == advanced
    form.rows["solver.tolerance"].editor.set_value(0.0123)
    assert hidden() == advanced - {"solver.tolerance"}
    form.advanced_switch.setChecked(True)
    assert hidden() == set()


def test_bad_value_is_explained_in_its_section(form, qtbot):
    form.rows["problem.area_min"].editor.set_value(0.95)

    assert "area_min must be below area_max" in form.error
    (section,) = [section for section in form.sections if section.name == "problem"]
    assert section.is_open
    assert "area_min must be below area_max" in section._error.text()
    with pytest.raises(ConfigError):
        form.config()

    form.rows["problem.area_min"].editor.set_value(0.1)
    assert form.error == ""
    assert section._error.isHidden()


def test_no_feature_and_no_number_are_refused(form):
    form.rows["features.boxes"].editor.set_value(())
    assert "features.boxes" in form.error
    form.reset()
    form.rows["collection.channels"].widget.setText("0, x")
    assert "collection.channels" in form.error


def test_wheel_does_not_change_what_is_not_in_use(form, qtbot):
    from qtpy.QtCore import QPoint, QPointF
    from qtpy.QtGui import QWheelEvent
    from qtpy.QtWidgets import QApplication

    spin = form.rows["superpixels.count"].widget
    before = spin.value()
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(spin, event)
    assert spin.value() == before


def test_preset_is_the_measure_of_changes(form, qtbot):
    bar = PresetBar(form, "fast")
    qtbot.addWidget(bar)
    bar.set_preset("paper")
    assert form.config() == get_preset("paper")
    assert form.modified == ()


def test_settings_are_saved_and_loaded(form, qtbot, tmp_path):
    bar = PresetBar(form, "fast")
    qtbot.addWidget(bar)
    config = apply_overrides(JccConfig(), {"problem.nu": 1 / 3, "decode.seed": 7})
    form.set_config(config)
    bar.save(tmp_path / "jcc.toml")
    form.reset()
    bar.load(tmp_path / "jcc.toml")
    assert form.config() == config


def test_names_of_choices_are_read_in_a_dock_of_usual_width(qtbot):
    form = ConfigForm()
    qtbot.addWidget(form)
    form.resize(319, 900)  # beside the scroll bar of a dock of 350
    for section in form.sections:
        section.set_open(True)
    form.show()
    qtbot.wait(50)
    for path, row in form.rows.items():
        box = row.widget
        if isinstance(box, QComboBox) and box.isVisible():
            names = [box.itemText(i) for i in range(box.count())]
            longest = max(box.fontMetrics().horizontalAdvance(name) for name in names)
            assert longest + 30 <= box.width(), path
