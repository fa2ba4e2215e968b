import shlex
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command

from napari_jcc.cli.app import app
from napari_jcc.cli.options import build_config
from napari_jcc.config import PRESETS, dump_config, get_preset
from napari_jcc.errors import ConfigError
from napari_jcc.results import equivalent_command
from strategies import configs

SEGMENT = get_command(app).commands["segment"]


def read_command(command):
    """The words of a command as `napari-jcc segment` understands them."""
    program, name, *words = shlex.split(command)
    assert (program, name) == ("napari-jcc", "segment")
    return SEGMENT.make_context("segment", words).params


paths = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1
).map(Path)


@given(
    st.lists(paths, min_size=1, max_size=3),
    paths,
    configs,
    st.sampled_from([None, *PRESETS]),
    st.booleans(),
)
def test_the_equivalent_command_means_the_same(inputs, out, config, preset, recursive):
    command = equivalent_command(inputs, out, config, preset, recursive=recursive)
    options = read_command(command)
    assert [Path(path) for path in options["paths"]] == inputs
    assert Path(options["output"]) == out
    assert options["recursive"] is recursive
    read = build_config(options["preset"], options["config_file"], options["assignments"])
    assert read == config


@given(configs)
def test_a_printed_settings_file_means_the_same(config):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "settings.toml")
        file.write_text(dump_config(config), encoding="utf-8")
        assert build_config("paper", file) == config


def test_later_sources_win(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('[problem]\nnu = 0.2\nmu = 0.3\n[runtime]\ndevice = "mps"\n')
    config = build_config(
        "paper", file, ["problem.mu=0.4", "runtime.device=cuda"], device="cpu"
    )
    assert config.problem.reading == "printed"
    assert (config.problem.nu, config.problem.mu) == (0.2, 0.4)
    assert config.runtime.device == "cpu"


def test_options_of_their_own_reach_the_settings(tmp_path):
    config = build_config(
        "fast", saliency=Path("maps"), cache=Path("123"), workers=3, device="cpu"
    )
    assert (config.saliency.method, config.saliency.folder) == ("supplied", "maps")
    runtime = config.runtime
    assert (runtime.cache_folder, runtime.workers, runtime.device) == ("123", 3, "cpu")


def test_options_not_given_leave_the_settings_alone():
    assert build_config("fast") == get_preset("fast")


def test_bad_values_of_options_are_named():
    with pytest.raises(ConfigError, match=r"runtime\.workers.*at least 0.*-1"):
        build_config("fast", workers=-1)
