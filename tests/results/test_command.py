import shlex

from napari_jcc.config import JccConfig, apply_overrides, closest_preset, get_preset
from napari_jcc.results import equivalent_command


def test_only_differences_from_the_preset_are_written():
    config = apply_overrides(get_preset("paper"), ["problem.nu=0.25", "boxes.count=9"])
    assert equivalent_command(["cows"], "out", config, "paper") == (
        "napari-jcc segment cows --output out --preset paper "
        "--set boxes.count=9 --set problem.nu=0.25"
    )


def test_the_nearest_preset_is_taken():
    assert closest_preset(JccConfig()) == "fast"
    config = apply_overrides(get_preset("paper"), ["problem.nu=0.25"])
    assert closest_preset(config) == "paper"


def test_everything_is_quoted_for_the_shell():
    config = apply_overrides(JccConfig(), {"runtime.cache_folder": "my 'cache' $HOME"})
    command = equivalent_command(["my cows", "-x"], "o;rm", config, recursive=True)
    assert shlex.split(command) == [
        *("napari-jcc", "segment", "my cows", "./-x", "--output", "o;rm", "--recursive"),
        *("--preset", "fast", "--set", "runtime.cache_folder=my 'cache' $HOME"),
    ]
