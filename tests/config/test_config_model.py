import pytest
from pydantic import ValidationError

from napari_jcc.config import PRESETS, JccConfig, MatchConfig, describe_range, get_preset
from napari_jcc.config.fields import is_advanced
from napari_jcc.config.ranges import choices, limits
from napari_jcc.errors import ConfigError

SECTIONS = {**JccConfig.model_fields, **MatchConfig.model_fields}
FIELDS = [
    (section, name, field)
    for section, outer in SECTIONS.items()
    for name, field in outer.annotation.model_fields.items()
]
IDS = [f"{section}.{name}" for section, name, _ in FIELDS]


@pytest.mark.parametrize(("section", "name", "field"), FIELDS, ids=IDS)
def test_every_setting_says_what_it_is(section, name, field):
    assert field.title
    assert field.title[0].isupper()
    assert field.description
    assert field.description.endswith(".")
    unranged = field.annotation in (str, bool) or name == "channels"
    assert unranged or describe_range(field)


def test_numbers_are_bounded_on_both_sides():
    for section, name, field in FIELDS:
        if field.annotation in (int, float):
            bounds = limits(field).keys()
            assert {"ge", "gt"} & bounds, (section, name)
            assert {"le", "lt"} & bounds, (section, name)


def test_every_section_says_what_it_is_and_has_a_plain_setting():
    for name, outer in SECTIONS.items():
        assert outer.title, name
        assert outer.description, name
    folded = set(SECTIONS) - {
        section for section, _, field in FIELDS if not is_advanced(field)
    }
    assert folded <= {"solver", "saliency"}


def test_settings_cannot_be_changed_in_place():
    with pytest.raises(ValidationError, match="frozen"):
        JccConfig().problem.nu = 1.0


def test_range_of_a_bounded_number_reads_in_words():
    fields = JccConfig.model_fields["problem"].annotation.model_fields
    assert describe_range(fields["gamma"]) == "above 0, below 0.5"
    assert describe_range(fields["area_max"]) == "above 0, at most 1"


def test_range_of_a_choice_lists_it():
    fields = JccConfig.model_fields["features"].annotation.model_fields
    assert describe_range(fields["kernel"]) == "one of chi2, linear"
    assert describe_range(fields["boxes"]).startswith("any of sift, lab")
    assert choices(fields["dimensions"]) == ()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid_and_described(name):
    preset = PRESETS[name]
    assert preset.name == name
    assert preset.title
    assert preset.description.endswith(".")
    assert isinstance(get_preset(name), JccConfig)


def test_the_paper_preset_has_the_printed_weights():
    problem = get_preset("paper").problem
    assert problem.reading == "printed"
    assert (problem.nu, problem.mu, problem.alpha, problem.gamma) == (
        0.005,
        0.001,
        0.1,
        0.1,
    )


def test_unknown_preset_suggests_the_near_one_and_lists_all():
    with pytest.raises(ConfigError, match="Did you mean fast") as caught:
        get_preset("fats")
    assert all(name in str(caught.value) for name in PRESETS)
