"""What is tried, in which order, and what is refused beforehand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.config import JccConfig, get_preset
from napari_jcc.errors import ConfigError
from napari_jcc.sweep import Grid

BASE = get_preset("fast")


def values(*texts):
    return {axis.path: axis.values for axis in Grid.build(BASE, texts).axes}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("problem.nu=0.3,0.1,0.1", (0.1, 0.3)),
        ("problem.nu=0.1:1:4", (0.1, 0.4, 0.7, 1.0)),
        ("problem.nu=0.01:1:3:log", (0.01, 0.1, 1.0)),
        ("problem.nu=1:0:3,2", (0.0, 0.5, 1.0, 2.0)),
        ("superpixels.count=100:101:5", (100, 101)),
        ("decode.box=scores,mask", ("scores", "mask")),
        ("features.superpixels=sift,lab,sift+lab", (("sift",), ("lab",), ("sift", "lab"))),
        ("collection.channels=0,0+1", ((0,), (0, 1))),
        ('features.encoder=["a,b.pt2", "c"]', ("a,b.pt2", "c")),
        ("features.encoder=a:b,C:\\c.pt2", ("a:b", "C:\\c.pt2")),
    ],
)
def test_values_are_read_with_the_types_of_the_settings(text, expected):
    [found] = values(text).values()
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["problem.nux=1"], "Did you mean nu"),
        (["nowhere.nu=1"], "Unknown section 'nowhere'"),
        (["problem.nu"], "section.field=value"),
        (["problem.nu=-1,1"], "at least 0.*got -1"),
        (["problem.nu=much"], "valid number"),
        (["problem.nu=nan"], "finite"),
        (["problem.nu="], "empty value"),
        (["problem.nu=1,,2"], "empty value"),
        (["problem.nu=0:1:3:log"], "above 0"),
        (["problem.nu=0:1:1"], "at least 2"),
        (["problem.nu=0:1"], "first:last:count"),
        (["problem.nu=1:2:3:cubic"], "first:last:count"),
        (["problem.nu=0:1:100000"], "more than 10000"),
        (["superpixels.count=1:200:200", "boxes.count=1:60:60"], "12000 points"),
        (["features.encoder=[1"], "JSON list"),
        (["problem.nu=1", "problem.nu=2"], "named twice"),
        (["runtime.workers=1,2"], "never changes the answer"),
        (["problem.area_min=0.1,0.95"], "area_min must be below area_max"),
        ([], "nothing to try"),
    ],
)
def test_what_cannot_be_tried_is_refused(texts, message):
    with pytest.raises(ConfigError, match=message):
        Grid.build(BASE, texts)


def test_mapping_and_text_mean_the_same():
    text = Grid.build(BASE, ["problem.nu=0.1,1", "features.boxes=sift+lab"])
    mapping = {"problem.nu": [0.1, 1], "features.boxes": [["sift", "lab"]]}
    assert Grid.build(BASE, mapping) == text


def test_a_combination_that_is_not_allowed_is_left_to_its_point():
    grid = Grid.build(BASE, ["problem.area_min=0.05,0.5", "problem.area_max=0.3,0.9"])
    assert grid.config((1, 1)).problem.area_min == 0.5
    with pytest.raises(ConfigError, match="area_min must be below area_max"):
        grid.config((1, 0))


def test_base_is_found_among_the_points():
    assert Grid.build(BASE, ["problem.nu=0.1,0.3"]).base_index == (1,)
    grid = Grid.build(BASE, ["problem.nu=0.1,0.2"])
    assert grid.base_index is None
    assert grid.waves()[0] == [None]
    assert grid.config(None) == BASE


def test_neighbours_step_on_numbers_and_reach_all_names():
    grid = Grid.build(BASE, ["problem.nu=0.1,0.2,0.3", "decode.box=scores,mask,agreement"])
    assert set(grid.neighbours((0, 1))) == {(1, 1), (0, 0), (0, 2)}
    assert set(grid.neighbours((1, 2))) == {(0, 2), (2, 2), (1, 0), (1, 1)}


def test_stages_are_redone_as_seldom_as_possible():
    texts = ["decode.box=agreement,mask", "problem.nu=0.1,0.3", "superpixels.count=99,250"]
    waves = Grid.build(BASE, texts).waves()
    # The base, then its other program, then their other decoding; then fewer superpixels.
    assert waves == [
        [(0, 1, 1)],
        [(0, 0, 1)],
        [(1, 1, 1), (1, 0, 1)],
        [(0, 1, 0)],
        [(0, 0, 0)],
        [(1, 1, 0), (1, 0, 0)],
    ]


@given(
    st.lists(st.floats(0, 9, width=16), min_size=1, max_size=4),
    st.sets(st.sampled_from(["agreement", "scores", "mask"]), min_size=1),
    st.lists(st.integers(20, 400), min_size=1, max_size=3),
)
def test_every_point_is_computed_once(numbers, names, counts):
    grid = Grid.build(
        JccConfig(),
        {
            "problem.nu": numbers,
            "decode.box": sorted(names),
            "superpixels.count": counts,
        },
    )
    order = [index for wave in grid.waves() for index in wave]
    assert sorted(index for index in order if index) == sorted(grid.indices())
    assert order[0] == grid.base_index
    assert len(order) == len(grid) + (grid.base_index is None)


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.integers(2, 30))
def test_ranges_keep_their_ends(first, last, count):
    text = f"problem.nu={first!r}:{last!r}:{count}:log"
    [found] = values(text).values()
    np.testing.assert_allclose([found[0], found[-1]], sorted([first, last]), rtol=1e-10)
    assert len(found) <= count


def test_one_text_is_taken_and_one_value_without_a_list_refused():
    assert Grid.build(BASE, "problem.nu=1,2").axes[0].values == (1.0, 2.0)
    for wrong in (0.2, "mask"):
        with pytest.raises(ConfigError, match=r"is no list of values of decode\.box"):
            Grid.build(BASE, {"decode.box": wrong})
