"""Layers to files and back; no window."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

from napari_jcc.errors import InputError, OutputError
from napari_jcc.plugin.layers import to_layers
from napari_jcc.plugin.placement import Placement
from napari_jcc.plugin.reader import get_reader, read_saved
from napari_jcc.plugin.writer import write_boxes, write_folder, write_masks
from napari_jcc.results import write_result


@pytest.fixture
def layers(result, tiny_collection):
    collection = tiny_collection.open()
    _, masks, boxes = to_layers(result, Placement.of_stack(collection), collection)
    return masks, boxes


def test_folder_holds_masks_of_the_images_own_size_and_boxes(tmp_path, layers, result):
    written = write_folder(str(tmp_path / "out"), layers)

    names = {f"masks/{name}.png" for name in "abcd"} | {"boxes.csv"}
    assert {path.removeprefix(f"{tmp_path}/out/") for path in written} == names
    for image in result.images:
        with Image.open(tmp_path / "out" / "masks" / f"{image.name}.png") as picture:
            np.testing.assert_array_equal(np.asarray(picture), image.mask * np.uint8(255))


def test_boxes_are_written_as_x_and_y(tmp_path, layers, result):
    (path,) = write_boxes(str(tmp_path / "b.csv"), *layers[1][:2])

    with open(path, newline="") as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"a", "b", "d"}
    box = [float(rows["d"][side]) for side in ("x_min", "y_min", "x_max", "y_max")]
    np.testing.assert_array_equal(box, result.images[3].box)
    assert float(rows["d"]["score"]) == 0.75


def test_layers_of_no_collection_are_numbered(tmp_path):
    labels = np.zeros((2, 5, 6), int)
    labels[1, 2, 3] = 7
    written = write_masks(str(tmp_path), labels, {})
    assert [path.rpartition("/")[2] for path in written] == ["0000.png", "0001.png"]
    with Image.open(written[1]) as picture:
        assert np.asarray(picture).sum() == 255

    corners = np.array([[1, 0.5, 1.5], [1, 0.5, 3.5], [1, 4.5, 3.5], [1, 4.5, 1.5]])
    (path,) = write_boxes(str(tmp_path / "b.csv"), [corners], {})
    with open(path) as file:
        assert file.readlines()[1] == "0001,2.00,1.00,4.00,5.00,1.0000\n"


def test_folder_that_cannot_be_made_is_an_error_with_a_remedy(tmp_path, layers):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="choose another folder"):
        write_folder(str(tmp_path / "file"), layers)


def test_saved_result_is_opened_as_layers(tmp_path, result, tiny_collection, monkeypatch):
    out = write_result(result, tmp_path / "out", tiny_collection.open())

    assert get_reader(str(out)) is read_saved
    told = []
    monkeypatch.setattr("napari_jcc.plugin.projects.opened.show_warning", told.append)
    masks, boxes = read_saved(out)  # arrays are in no file, so there is no image layer

    assert "masks and boxes are shown alone" in told[0]
    assert masks[0].shape == (4, 72, 90)
    np.testing.assert_array_equal(masks[0][3, :60, :90], result.images[3].mask)
    assert list(boxes[1]["features"]["image"]) == ["a", "b", "d"]


def test_saved_result_finds_its_images(tmp_path, result, tiny_collection):
    from napari_jcc import ImageCollection

    folder = tmp_path / "images"
    folder.mkdir()
    for name, image in zip("abcd", tiny_collection.images, strict=True):
        Image.fromarray(image).save(folder / f"{name}.png")
    out = write_result(result, tmp_path / "out", ImageCollection.from_folder(folder))

    images, masks, boxes = read_saved(out)

    assert images[0].shape[:3] == masks[0].shape
    assert (images[2], masks[2], boxes[2]) == ("image", "labels", "shapes")


def test_damaged_record_is_an_error_with_a_remedy(tmp_path, result):
    out = write_result(result, tmp_path / "out")
    (out / "masks" / "a.png").unlink()
    with pytest.raises(InputError, match="run the segmentation again"):
        read_saved(out)
