"""Arguments of the wrong kind to the public functions: said in words, never a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_jcc import ImageCollection, JccConfig, Run, get_preset, segment
from napari_jcc.config import MatchConfig, ProblemConfig, as_config
from napari_jcc.errors import ConfigError, InputError
from napari_jcc.interaction import Corrector
from napari_jcc.sweep import Sweep

IMAGE = np.zeros((8, 9), np.uint8)


@pytest.mark.parametrize("wrong", [IMAGE, [IMAGE], None, 3, [3]], ids=repr)
@pytest.mark.parametrize("method", ["from_paths", "from_folder", "from_files"])
def test_what_is_no_path_is_refused(method, wrong):
    with pytest.raises(InputError, match="is no path"):
        getattr(ImageCollection, method)(wrong)


@pytest.mark.parametrize("wrong", ["a.png", Path("a.png"), None, {"a": IMAGE}], ids=repr)
@pytest.mark.parametrize("method", ["from_array", "from_arrays"])
def test_what_is_no_array_is_refused(method, wrong):
    with pytest.raises(InputError, match="is no array"):
        getattr(ImageCollection, method)(wrong)


@pytest.mark.parametrize("wrong", [None, 3, b"folder", {"a": IMAGE}], ids=repr)
def test_what_is_no_set_of_images_is_refused(wrong):
    with pytest.raises(InputError, match="is no set of images"):
        segment(wrong)


def test_a_run_says_that_it_wants_a_collection():
    wrong: Any = [IMAGE]
    with pytest.raises(InputError, match="over an ImageCollection, not list"):
        Run(wrong)


def test_corrections_say_that_they_want_a_finished_run():
    wrong: Any = Run(ImageCollection.from_arrays([IMAGE]))
    with pytest.raises(InputError, match=r"finished run, not a Run.*finish\(\)"):
        Corrector(wrong)


def test_settings_may_be_a_mapping_of_sections():
    assert as_config({"problem": {"nu": 0.2}}).problem.nu == 0.2
    run = Run(ImageCollection.from_arrays([IMAGE]), {"problem": {"nu": 0.2}})
    assert run.config == as_config({"problem": {"nu": 0.2}})
    assert as_config(config := JccConfig()) is config
    with pytest.raises(ConfigError, match="nuu"):
        segment([IMAGE], config={"problem": {"nuu": 0.2}})
    with pytest.raises(ConfigError, match="Unknown section 'prblem'"):
        segment([IMAGE], config={"prblem": {}})


@pytest.mark.parametrize("wrong", ["fast", Path("a.toml"), 3], ids=repr)
def test_settings_of_another_kind_are_refused(wrong):
    with pytest.raises(ConfigError, match="is no config"):
        segment([IMAGE], config=wrong)
    with pytest.raises(ConfigError, match="is no config"):
        Sweep(ImageCollection.from_arrays([IMAGE]), wrong, "problem.nu=1,2")


def test_a_sweep_of_no_collection_is_refused():
    with pytest.raises(InputError, match="A sweep is over an ImageCollection, not str"):
        Sweep("photos", get_preset("fast"), "problem.nu=1,2")


@pytest.mark.parametrize(
    ("kind", "values", "told"),
    [
        (JccConfig, {"nu": 3}, "Unknown section 'nu'. It is a setting of problem"),
        (JccConfig, {"count": 3}, "a setting of superpixels and of boxes"),
        (JccConfig, {"prblem": 3}, "Unknown section 'prblem'. Did you mean problem"),
        (JccConfig, {"problem": 3}, "problem is a section of settings, not 3"),
        (JccConfig, {"problem": {"nu": "x"}}, "problem.nu .at least 0.*got 'x'"),
        (MatchConfig, {"matching": {"through": -1}}, "matching.through .at least 0"),
        (ProblemConfig, {"nuu": 3}, "Unknown setting 'nuu'. Did you mean nu"),
    ],
)
def test_settings_made_by_their_name_say_what_is_wrong(kind, values, told):
    with pytest.raises(ConfigError, match=told):
        kind(**values)


def test_all_that_is_wrong_with_settings_is_told_at_once():
    with pytest.raises(ConfigError, match=r"boxes.count .*\nproblem.nu "):
        JccConfig(problem={"nu": "x"}, boxes={"count": -1})


@pytest.mark.parametrize("wrong", [True, print, "bar"], ids=repr)
def test_what_is_no_progress_is_refused(wrong):
    with pytest.raises(ConfigError, match="is no progress"):
        segment([IMAGE], progress=wrong)


@pytest.mark.parametrize("wrong", ["tcp://localhost:8786", 4], ids=repr)
def test_what_is_no_client_is_refused(wrong):
    with pytest.raises(ConfigError, match="is no client of a dask cluster"):
        segment([IMAGE], client=wrong)
    with pytest.raises(ConfigError, match="is no client of a dask cluster"):
        Sweep(
            ImageCollection.from_arrays([IMAGE]),
            JccConfig(),
            ["problem.nu=1,2"],
            client=wrong,
        )


@pytest.mark.parametrize("wrong", [3, [3], None], ids=repr)
def test_changes_of_another_kind_are_refused(wrong):
    with pytest.raises(ConfigError, match="for a change of the settings"):
        segment([IMAGE], overrides=wrong)


@pytest.mark.parametrize("wrong", [None, 3, get_preset("fast")], ids=type)
def test_a_preset_is_given_by_its_name(wrong):
    with pytest.raises(ConfigError, match="is no name of a preset"):
        get_preset(wrong)


def test_a_collection_is_shown_as_a_line():
    collection = ImageCollection.from_arrays([IMAGE, IMAGE], names=["a", "b"])
    assert repr(collection) == "ImageCollection(2 images: a, b)"
