import numpy as np
import pytest

from labelled_trees import BOX, TREES, annotation, object_mask, voc_devkit
from napari_jcc.benchmark import SETS, load_set
from napari_jcc.benchmark.sets.voc07 import read_annotation
from napari_jcc.errors import InputError


@pytest.mark.parametrize("layout", TREES)
def test_a_layout_gives_images_and_their_truth(layout, tmp_path):
    write, name = TREES[layout]
    write(tmp_path)
    found = {each.name: each for each in load_set(layout.split(",")[0], tmp_path, [name])}
    truth = found[name].read(found[name].images[0])
    # The object's box is there in all; where nuclei touch, two halves of it.
    if layout == "dsb2018":
        np.testing.assert_array_equal(truth.boxes, [[10, 8, 25, 30], [25, 8, 40, 30]])
    else:
        np.testing.assert_array_equal(truth.boxes[0], BOX)
    if truth.mask is not None:
        np.testing.assert_array_equal(truth.mask, object_mask())
    open_rows = np.zeros_like(object_mask())
    open_rows[0] = layout.startswith("msrc")
    if layout.startswith("msrc"):
        np.testing.assert_array_equal(truth.ignored, open_rows)
    else:
        assert truth.ignored is None


def test_every_set_is_tried():
    assert {layout.split(",")[0] for layout in TREES} == set(SETS)


def test_all_classes_that_are_there_are_listed(tmp_path):
    TREES["msrc"][0](tmp_path)
    assert [each.name for each in load_set("msrc", tmp_path)] == ["cow"]


def test_an_image_of_the_devkit_needs_an_object_that_is_whole(tmp_path):
    voc_devkit(tmp_path)
    (found,) = load_set("voc07-6x2", tmp_path, ["horse_left"])
    assert [path.stem for path in found.images] == ["000001"]
    # All its horses from the left count as truth, the truncated one too.
    assert len(found.read(found.images[0]).boxes) == 2


def test_an_annotation_says_what_is_marginal(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(annotation(("bus", "Right", 0, 1), ("bus", "Unspecified", 0, 0)))
    first, second = read_annotation(path)
    assert (first.category, first.view, first.marginal) == ("bus", "right", True)
    assert not second.marginal
    assert first.box == BOX


def test_images_are_taken_in_steps(tmp_path):
    TREES["wbc"][0](tmp_path)
    (cells,) = load_set("wbc", tmp_path)
    assert [path.stem for path in cells.every(2, 1).images] == ["1"]
    with pytest.raises(InputError, match="--first"):
        cells.every(1, 2)


@pytest.mark.parametrize(
    ("name", "classes", "message"),
    [
        ("mrsc", [], "Did you mean msrc"),
        ("msrc", ["cowx"], "Known: cow"),
        ("msrc", ["dog"], "Known: cow"),
        ("pascal10", [], "no folder"),
        ("dsb2018", [], "stage1_train"),
    ],
)
def test_what_is_not_there_is_named(name, classes, message, tmp_path):
    TREES["msrc"][0](tmp_path)
    with pytest.raises(InputError, match=message):
        load_set(name, tmp_path, classes)


@pytest.mark.parametrize("content", [b"", b"not a matrix"])
def test_a_damaged_truth_is_named(content, tmp_path):
    TREES["msrc"][0](tmp_path)
    place = tmp_path / "newsegmentations_mats" / "5_0_s_GT.mat"
    place.write_bytes(content)
    (cows,) = load_set("msrc", tmp_path)
    with pytest.raises(InputError, match="5_0_s_GT"):
        cows.read(cows.images[0])
    place.unlink()
    with pytest.raises(InputError, match="is missing"):
        cows.read(cows.images[0])


@pytest.mark.data
def test_the_real_sets_have_the_numbers_of_images_they_should(data_root):
    counts = {
        "msrc": (data_root / "msrc", 30 * 5),
        "pascal10": (data_root / "pascal10", 585),
        "voc07-6x2": (data_root / "voc2007_6x2", 242),
        "wbc": (data_root / "wbc", 40),
        "bbbc010": (data_root / "bbbc010", 8),
    }
    for name, (root, count) in counts.items():
        assert sum(len(each.images) for each in load_set(name, root)) == count
