import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.config import (
    JccConfig,
    apply_overrides,
    changed_settings,
    format_changes,
    parse_assignment,
    validate_config,
)
from napari_jcc.errors import ConfigError
from strategies import configs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("problem.nu=0.2", ("problem.nu", 0.2)),
        (" problem.nu = 1e-3 ", ("problem.nu", 1e-3)),
        ("boxes.method=grid", ("boxes.method", "grid")),
        ('boxes.method="grid"', ("boxes.method", "grid")),
        ("features.boxes=sift,lab", ("features.boxes", "sift,lab")),
        ('features.boxes=["sift"]', ("features.boxes", ["sift"])),
        ("runtime.cache_folder=123", ("runtime.cache_folder", "123")),
        ('runtime.cache_folder="a b"', ("runtime.cache_folder", "a b")),
        ("runtime.cache_folder=a=b", ("runtime.cache_folder", "a=b")),
        ("runtime.cache_folder=", ("runtime.cache_folder", "")),
    ],
)
def test_assignment_is_split_and_read(text, expected):
    assert parse_assignment(text) == expected


@pytest.mark.parametrize("text", ["", "problem.nu", "nu=1", "a.b.c=1", "="])
def test_malformed_assignment_shows_an_example(text):
    with pytest.raises(ConfigError, match=r"problem\.nu=0\.2"):
        parse_assignment(text)


@given(st.text())
def test_any_text_is_an_assignment_or_a_config_error(text):
    try:
        path, _ = parse_assignment(text)
    except ConfigError:
        return
    assert path.count(".") == 1


@given(configs)
def test_changes_written_as_assignments_give_the_same_settings(config):
    changes = changed_settings(config, JccConfig())
    assert apply_overrides(JccConfig(), format_changes(config, JccConfig())) == config
    assert apply_overrides(JccConfig(), changes) == config


def test_only_changed_settings_are_listed():
    config = apply_overrides(JccConfig(), ["problem.nu=0.2", "boxes.count=20"])
    assert changed_settings(config, JccConfig()) == {"problem.nu": 0.2}


def test_one_text_stands_for_a_list_of_one():
    assert apply_overrides(JccConfig(), "problem.nu=0.2").problem.nu == 0.2


@pytest.mark.parametrize("text", ["collection.channels=2", "collection.channels=[2]"])
def test_one_item_stands_for_a_list_of_one(text):
    assert apply_overrides(JccConfig(), [text]).collection.channels == (2,)


def test_items_are_separated_by_commas():
    config = apply_overrides(JccConfig(), ["collection.channels=2, 0,1"])
    assert config.collection.channels == (2, 0, 1)


def test_later_override_wins_and_the_start_is_left_alone():
    start = JccConfig()
    before = start.problem.nu
    config = apply_overrides(
        start, [f"problem.nu={before + 1}", f"problem.nu={before + 2}"]
    )
    assert config.problem.nu == before + 2
    assert start.problem.nu == before


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("problem.gamma=0.7", ["problem.gamma", "above 0, below 0.5", "0.7"]),
        ("problem.nu=-1", ["problem.nu", "at least 0", "-1"]),
        ("problem.nu=NaN", ["problem.nu", "at least 0", "nan"]),
        ("problem.nu=1e999", ["problem.nu", "at least 0", "inf"]),
        ("problem.nu=much", ["problem.nu", "at least 0", "'much'"]),
        ("boxes.method=magic", ["boxes.method", "grid", "'magic'"]),
        ("boxes.count=2.5", ["boxes.count", "at least 1", "2.5"]),
        ("boxes.count=true", ["boxes.count", "a number is asked for", "true"]),
        ("features.boxes=", ["features.boxes", "any of sift, lab", "[]"]),
        ("features.boxes=hog", ["features.boxes.0", "any of sift, lab", "'hog'"]),
        ("problem.area_min=0.95", ["area_min must be below area_max", "0.95", "0.9"]),
        ("boxes.smallest_area=0.97", ["smallest_area must be below largest_area", "0.97"]),
        ("problem.gama=1", ["Unknown setting 'gama' in problem", "Did you mean gamma"]),
        ("probelm.nu=1", ["Unknown section 'probelm'", "Did you mean problem"]),
        ("count=1", ["Did you mean superpixels.count or boxes.count?"]),
    ],
)
def test_message_names_field_range_and_value(text, parts):
    with pytest.raises(ConfigError) as caught:
        apply_overrides(JccConfig(), [text])
    message = str(caught.value)
    assert all(part in message for part in parts)
    assert "\n" not in message


def test_all_problems_are_reported_at_once():
    with pytest.raises(ConfigError) as caught:
        validate_config(
            {"problem": {"nu": -1, "nuu": 2}, "boxes": {"count": 0}, "extra": {}}
        )
    message = str(caught.value)
    assert message.count("\n") == 3
    for part in ("problem.nu ", "'nuu' in problem", "boxes.count", "section 'extra'"):
        assert part in message


def test_a_setting_without_its_section_is_named_with_it():
    with pytest.raises(ConfigError, match=r"Did you mean problem\.nu\?"):
        apply_overrides(JccConfig(), {"nu": 0.2})
