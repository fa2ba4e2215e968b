"""Truth is found by name and read by the documented rule."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_jcc.errors import InputError
from napari_jcc.evaluation import boxes_of_mask, find_truth, read_boxes, read_mask

HEADER = "image,x_min,y_min,x_max,y_max\n"


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values, np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    "file",
    [
        "a.png",
        "a_mask.png",
        "a_GT.bmp",
        "a_gt.tif",
        "masks/a.png",
        "truth/a.png",
        "a_mask.PNG",
        "a.ome.tif",
        "a.ome_mask.png",
    ],
)
def test_mask_is_found_under_its_usual_names(tmp_path, file):
    path = save(tmp_path / file, [[0, 255]])
    truth = find_truth(tmp_path, ["a", "b"])
    assert truth.masks == {"a": path}
    np.testing.assert_array_equal(truth.mask("a"), [[False, True]])
    assert truth.mask("b") is None


def test_mask_of_the_start_of_one_name_alone_is_found(tmp_path):
    for name in ("A01_mask", "day/gt_b", "masks/c-label", "d_mask", "d_w2_mask"):
        save(tmp_path / f"{name}.png", [[0, 255]])
    names = ["A01_w2", "A010_w2", "day/b_3", "b", "c", "d_w1", "d_w2"]
    found = {name: path.stem for name, path in find_truth(tmp_path, names).masks.items()}
    # d_mask may belong to either of two images.
    assert found == {"A01_w2": "A01_mask", "day/b_3": "gt_b", "c": "c-label"} | {
        "d_w2": "d_w2_mask"
    }


def test_the_image_beside_its_mask_is_not_the_mask(tmp_path):
    save(tmp_path / "a.png", np.full((2, 2, 3), (9, 8, 7)))
    save(tmp_path / "masks/a.png", [[0, 255]])
    assert find_truth(tmp_path, ["a"]).masks["a"].parent.name == "masks"
    save(tmp_path / "a_mask.png", [[0, 255]])
    assert find_truth(tmp_path, ["a"]).masks["a"].name == "a_mask.png"


def test_lossless_before_lossy(tmp_path):
    for extension in ("jpg", "png", "bmp"):
        save(tmp_path / f"a.{extension}", [[0, 255]])
    assert find_truth(tmp_path, ["a"]).masks["a"].suffix == ".png"


def test_names_with_folders_and_dots(tmp_path):
    save(tmp_path / "day 1/cell.v2_mask.png", [[0, 255]])
    assert set(find_truth(tmp_path, ["day 1/cell.v2", "cell"]).masks) == {"day 1/cell.v2"}


def test_names_of_before_ome_was_an_extension_are_found(tmp_path):
    path = save(tmp_path / "a.ome.tif", [[0, 255]])
    assert find_truth(tmp_path, ["a.ome"]).masks == {"a.ome": path}


def test_nothing_found_says_what_was_looked_for_and_found(tmp_path):
    save(tmp_path / "other.png", [[0, 255]])
    with pytest.raises(
        InputError, match=r"any of the 5 images.*a, b, c and 2 more"
    ) as info:
        find_truth(tmp_path, list("abcde"))
    assert str(tmp_path) in str(info.value)
    assert "_mask" in str(info.value)
    assert "found other" in str(info.value)


def test_empty_and_absent_folder(tmp_path):
    with pytest.raises(InputError, match="found nothing"):
        find_truth(tmp_path, ["a"])
    with pytest.raises(InputError, match="no truth at"):
        find_truth(tmp_path / "absent", ["a"])


def test_a_folder_of_the_images_alone_is_called_so(tmp_path):
    path = save(tmp_path / "a.png", [[0, 255]])
    with pytest.raises(InputError, match=r"holds the images themselves \(a\).*_mask"):
        find_truth(tmp_path, ["a"], {path.resolve()})
    with pytest.raises(InputError, match=r"a single picture or stack. Give a folder.*: a;"):
        find_truth(path, ["a"])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 127, 128, 255], [False, False, True, True]),
        ([0, 1, 1, 0], [False, True, True, False]),
        ([0, 1, 2, 127], [False, True, True, True]),
        ([0, 0, 0, 0], [False] * 4),
    ],
)
def test_gray_rule(tmp_path, values, expected):
    mask = read_mask(save(tmp_path / "m.png", [values]))
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, [expected])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 1, 300]], np.uint16), [[False, True, True]]),
        (np.array([[0.2, 0.5, 1.0]], np.float32), [[False, True, True]]),
        (np.array([[np.nan, 0.0, 7.0]], np.float32), [[False, False, True]]),
    ],
)
def test_sixteen_bit_and_float(tmp_path, values, expected):
    tifffile.imwrite(tmp_path / "m.tif", values)
    np.testing.assert_array_equal(read_mask(tmp_path / "m.tif"), expected)


def test_black_and_white_in_other_clothes(tmp_path, monkeypatch):
    # Pillow refuses to open pictures of twice as many pixels.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1)
    gray = np.array([[0, 255], [255, 0]], np.uint8)
    opaque = np.full_like(gray, 255)
    dressed = {
        "rgb": Image.fromarray(np.stack([gray] * 3, -1)),
        "rgba": Image.fromarray(np.stack([*[gray] * 3, opaque], -1)),
        "la": Image.fromarray(np.stack([gray, opaque], -1)),
        "bilevel": Image.fromarray(gray).convert("1"),
    }
    for name, image in dressed.items():
        image.save(tmp_path / f"{name}.png")
        np.testing.assert_array_equal(read_mask(tmp_path / f"{name}.png"), gray > 0, name)
    monkeypatch.undo()
    for name, compression in (("rgb", "tiff_lzw"), ("bilevel", "group4")):
        dressed[name].save(tmp_path / "m.tif", compression=compression)
        np.testing.assert_array_equal(read_mask(tmp_path / "m.tif"), gray > 0, name)


def test_palette_entries_are_labels(tmp_path):
    image = Image.frombytes("P", (3, 1), bytes([0, 1, 200]))
    image.putpalette([0, 0, 0] * 256)
    image.save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png"), [[False, True, True]])


def test_eight_bits_hold_the_numbers_of_many_objects_or_levels_of_gray(tmp_path):
    numbers = np.arange(201, dtype=np.uint8)[None]
    save(tmp_path / "m.png", numbers)
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png"), numbers > 0)
    numbers[numbers == 77] = 0  # one level is missing
    save(tmp_path / "m.png", numbers)
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png"), numbers >= 128)


def test_colour_picture_and_stack_are_refused(tmp_path):
    save(tmp_path / "photo.png", np.arange(12).reshape(2, 2, 3))
    with pytest.raises(InputError, match="colour picture"):
        read_mask(tmp_path / "photo.png")
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((5, 6, 7), np.uint8))
    with pytest.raises(InputError, match=r"shape \(5, 6, 7\)"):
        read_mask(tmp_path / "stack.tif")


@pytest.mark.parametrize("file", ["m.png", "m.tif", "m.jpg"])
def test_broken_file_is_named(tmp_path, file):
    (tmp_path / file).write_bytes(b"not an image")
    with pytest.raises(InputError, match=file):
        read_mask(tmp_path / file)


def test_boxes_surround_pieces_but_not_specks():
    mask = np.zeros((20, 30), bool)
    mask[2:6, 1:4] = True  # 12 pixels
    mask[10:18, 12:22] = True  # 80 pixels
    mask[0, 29] = True  # below a tenth of 80
    np.testing.assert_array_equal(boxes_of_mask(mask), [[12, 10, 22, 18], [1, 2, 4, 6]])


def test_pieces_that_touch_at_a_corner_are_one():
    np.testing.assert_array_equal(boxes_of_mask(np.eye(3, dtype=bool)), [[0, 0, 3, 3]])


def test_empty_mask_has_no_box():
    assert boxes_of_mask(np.zeros((4, 5), bool)).shape == (0, 4)


def test_table_of_boxes(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text(
        "image,x_min,y_min,x_max,y_max,score\n"
        "a.png,1,2,3,4,0.5\na.png,5,6,7.5,8,\nb,,,,,\n\n",
        encoding="utf-8-sig",
    )
    boxes = read_boxes(path)
    np.testing.assert_array_equal(boxes["a.png"], [[1, 2, 3, 4], [5, 6, 7.5, 8]])
    assert boxes["b"].shape == (0, 4)

    truth = find_truth(path, ["a", "b", "c"])
    assert set(truth.boxes) == {"a", "b"}
    assert not truth.masks


def test_name_with_a_dot_is_not_taken_for_another(tmp_path):
    path = tmp_path / "boxes.csv"
    path.write_text(HEADER + "a.v2,0,0,1,1\n")
    with pytest.raises(InputError, match=r"found a\.v2"):
        find_truth(path, ["a"])
    assert set(find_truth(path, ["a.v2"]).boxes) == {"a.v2"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column image.*it has none"),
        ("image,x_min,y_min,x_max\na,1,2,3\n", "no column y_max"),
        (HEADER + "a,1,2,3,4\nb,1,two,3,4\n", "line 3"),
        (HEADER + "a,1,2,3\n", "line 2"),
    ],
)
def test_bad_table_is_explained(tmp_path, text, message):
    path = tmp_path / "boxes.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as info:
        read_boxes(path)
    assert str(path) in str(info.value)


def test_image_given_as_table_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"a\.png"):
        find_truth(save(tmp_path / "a.png", [[0, 255]]), ["a"])


def test_a_picture_of_the_bare_name_is_not_taken_for_a_mask(tmp_path):
    picture = np.arange(1, 121, dtype=np.uint16).reshape(10, 12)
    Image.fromarray(picture).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match="looks like a picture"):
        read_mask(tmp_path / "a.tif")


def test_the_images_themselves_are_not_their_truth(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "a.png")
    own = (tmp_path / "a.png").resolve()
    assert find_truth(tmp_path, ["a"]).masks == {"a": tmp_path / "a.png"}
    with pytest.raises(InputError):
        find_truth(tmp_path, ["a"], {own})
