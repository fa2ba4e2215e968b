import errno
import os
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.config import (
    PRESETS,
    JccConfig,
    apply_overrides,
    dump_config,
    get_preset,
    load_config,
    load_config_text,
)
from napari_jcc.errors import ConfigError
from strategies import configs


@given(configs)
def test_a_complete_file_leaves_nothing_of_the_base(config):
    assert load_config_text(dump_config(config), base=get_preset("paper")) == config


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_presets_survive_the_file_also_as_windows_redirects_it(name, encoding, tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text(dump_config(get_preset(name)), encoding=encoding, newline="\r\n")
    assert load_config(path) == get_preset(name)


def test_file_explains_every_setting_with_its_range():
    text = dump_config(JccConfig())
    assert tomllib.loads(text).keys() == JccConfig.model_fields.keys()
    joined = " ".join(text.replace("\n# ", " ").split())
    for outer in JccConfig.model_fields.values():
        for name, field in outer.annotation.model_fields.items():
            assert f"{name} = " in text
            assert " ".join(field.description.split()) in joined
    assert "(above 0, below 0.5)" in joined
    assert max(map(len, text.splitlines())) <= 160


@pytest.mark.parametrize(
    "folder", ['quote " and \\ slash', "snow ☃ 😀", "del \x7f", "line\nbreak"]
)
def test_odd_folder_names_survive(folder):
    config = apply_overrides(JccConfig(), {"runtime.cache_folder": folder})
    assert load_config_text(dump_config(config)).runtime.cache_folder == folder


def test_partial_file_changes_only_its_lines():
    base = get_preset("paper")
    config = load_config_text("[problem]\nnu = 0.3\n", base=base)
    assert config == apply_overrides(base, {"problem.nu": 0.3})


def test_empty_file_is_the_base():
    assert load_config_text("") == JccConfig()
    assert load_config_text("", base=get_preset("paper")) == get_preset("paper")


def test_ranges_that_depend_on_each_other_are_checked_against_the_base():
    base = apply_overrides(JccConfig(), {"problem.area_max": 0.5})
    with pytest.raises(ConfigError, match="area_min must be below area_max"):
        load_config_text("[problem]\narea_min = 0.6\n", base=base)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[problem]\nnu = 1e9\n", r"problem\.nu .*at most.*got 1000000000"),
        ("[problem]\nmuu = 1\n", r"Unknown setting 'muu' in problem\. Did you mean mu"),
        ("[boxs]\ncount = 1\n", r"Unknown section 'boxs'\. Did you mean boxes"),
        ("problem = 3\n", "problem"),
        ("nu = 3\n", "Unknown section 'nu'"),
        ("[problem]\nnu = 2026-01-01\n", r"problem\.nu"),
        ("problem [", "not a valid TOML file"),
    ],
)
def test_message_names_file_and_fault(text, expected, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=expected) as caught:
        load_config(path)
    assert str(path) in str(caught.value)


@given(st.text())
def test_any_text_is_settings_or_a_config_error(text):
    try:
        assert isinstance(load_config_text(text), JccConfig)
    except ConfigError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent.toml", os.strerror(errno.ENOENT)),
        (".", os.strerror(errno.EISDIR)),
        ("picture.png", "it is no text in UTF-8"),
    ],
)
def test_what_is_no_settings_file_is_told_in_words(name, reason, tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(ConfigError, match=f"Cannot read the settings file .*{reason}"):
        load_config(tmp_path / name)
