"""Shapes whose measures are known by hand."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_jcc.collection import ImageCollection
from napari_jcc.errors import InputError
from napari_jcc.results import write_result
from napari_jcc.results.measure import measure_images, measure_objects
from napari_jcc.results.measure_files import measure_folder
from results_samples import empty_image_result, image_result, result_of


def rectangle(top, left, height, width, shape=(20, 30)):
    mask = np.zeros(shape, bool)
    mask[top : top + height, left : left + width] = True
    return mask


def one(measures):
    assert {len(values) for values in measures.values()} == {1}
    return {name: values[0].item() for name, values in measures.items()}


def test_rectangle():
    found = one(measure_objects(rectangle(3, 5, 4, 10)))
    assert found["object"] == 1
    assert found["area"] == 40
    # Middles of pixels: columns 5 to 14, rows 3 to 6.
    assert (found["centroid_x"], found["centroid_y"]) == (9.5, 4.5)
    corners = [found[side] for side in ("x_min", "y_min", "x_max", "y_max")]
    assert corners == [5, 3, 15, 7]
    # An ellipse has the variance a^2 / 4 along its half axis a, n pixels in a row have
    # (n^2 - 1) / 12.
    assert found["major_axis"] == pytest.approx(4 * np.sqrt(99 / 12))
    assert found["minor_axis"] == pytest.approx(4 * np.sqrt(15 / 12))
    assert found["eccentricity"] == pytest.approx(np.sqrt(1 - 15 / 99))
    assert found["orientation"] == 0
    assert found["solidity"] == 1
    # The line through the middles of the outer pixels.
    assert found["perimeter"] == 2 * (9 + 3)


def test_disc():
    rows, columns = np.mgrid[:101, :101]
    found = one(measure_objects(np.hypot(rows - 50, columns - 50) <= 40))
    assert found["area"] == pytest.approx(np.pi * 40**2, rel=0.01)
    assert found["major_axis"] == pytest.approx(80, rel=0.01)
    assert found["minor_axis"] == pytest.approx(80, rel=0.01)
    # Steps of a digital circle are longer than the circle.
    assert found["perimeter"] == pytest.approx(2 * np.pi * 40, rel=0.06)
    assert found["solidity"] > 0.97


@pytest.mark.parametrize("angle", [-60, -30, 0, 30, 45, 60, 90])
def test_orientation_is_counted_from_the_x_axis_upwards(angle):
    rows, columns = np.mgrid[:121, :121]
    x, y = columns - 60, 60 - rows
    along = x * np.cos(np.deg2rad(angle)) + y * np.sin(np.deg2rad(angle))
    across = y * np.cos(np.deg2rad(angle)) - x * np.sin(np.deg2rad(angle))
    found = one(measure_objects((along / 50) ** 2 + (across / 15) ** 2 <= 1))
    assert found["orientation"] == pytest.approx(angle, abs=0.5)


def test_a_ring_fills_less_than_its_hull():
    ring = rectangle(2, 2, 9, 9) & ~rectangle(4, 4, 5, 5)
    assert one(measure_objects(ring))["solidity"] == pytest.approx((81 - 25) / 81)


def test_units_of_length():
    plain = one(measure_objects(rectangle(3, 5, 4, 10)))
    scaled = one(measure_objects(rectangle(3, 5, 4, 10), spacing=(0.5, 0.5)))
    assert scaled["area"] == plain["area"] / 4
    for name in ("major_axis", "minor_axis", "perimeter", "centroid_x"):
        assert scaled[name] == pytest.approx(plain[name] / 2)
    assert scaled["x_max"] == plain["x_max"]
    tall = one(measure_objects(rectangle(3, 5, 4, 10), spacing=(5.0, 1.0)))
    assert tall["area"] == 200
    assert tall["orientation"] == 90
    assert tall["major_axis"] == pytest.approx(4 * np.sqrt(25 * 15 / 12))
    assert np.isnan(tall["perimeter"])


def test_brightness_of_every_channel():
    image = np.zeros((20, 30, 2))
    image[3:7, 5:10, 0] = 100
    image[..., 1] = 7
    found = one(measure_objects(rectangle(3, 5, 4, 10), image))
    assert (found["mean_0"], found["min_0"], found["max_0"]) == (50, 0, 100)
    assert found["std_0"] == 50
    assert (found["mean_1"], found["std_1"]) == (7, 0)
    gray = np.full((20, 30), 60_000, np.uint16)
    assert one(measure_objects(rectangle(3, 5, 4, 10), gray))["mean_0"] == 60_000


@pytest.mark.filterwarnings("error")
def test_brightness_is_that_of_the_finite_pixels():
    image = np.ones((20, 30), np.float32)
    image[3:5, 5:10] = 3
    image[3, 5], image[6, 9], image[0, 0] = np.nan, np.inf, -np.inf
    found = one(measure_objects(rectangle(3, 5, 4, 10), image))
    assert (found["min_0"], found["max_0"]) == (1, 3)
    assert found["mean_0"] == pytest.approx((9 * 3 + 29) / 38)
    objects = rectangle(3, 5, 1, 1) * 1 + rectangle(3, 6, 1, 2) * 2
    none, some = measure_objects(objects, image)["mean_0"]
    assert np.isnan(none)
    assert some == 3


def test_pieces_of_a_mask_and_numbered_objects():
    two = rectangle(1, 1, 2, 2) | rectangle(10, 10, 3, 3)
    assert measure_objects(two)["area"].tolist() == [4, 9]
    touching = rectangle(1, 1, 4, 4) * 3 + rectangle(1, 5, 4, 2) * 7
    found = measure_objects(touching)
    assert found["object"].tolist() == [3, 7]
    assert found["area"].tolist() == [16, 8]


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1)])
def test_specks_and_lines_have_finite_measures(size):
    found = one(measure_objects(rectangle(4, 4, *size)))
    assert found["area"] == size[0] * size[1]
    assert all(np.isfinite(list(found.values())))


def test_the_one_object_of_an_image_is_measured_whole_but_for_its_specks():
    mask = np.zeros((40, 40), np.bool_)
    mask[5:25, 5:25] = True
    mask[30:32, 30:32] = True  # exactly a hundredth
    mask[36, 36] = True
    (found,) = result_of(image_result(mask=mask)).images
    (row,) = measure_images([found]).rows
    assert (row["area"], row["pieces"], row["y_max"]) == (404, 2, 32)
    numbered = replace(found, instances=np.where(mask, 1, 0).astype(np.int32))
    (row,) = measure_images([numbered]).rows
    assert row["area"] == 405
    assert "pieces" not in row


def test_no_object_no_row():
    image = np.ones((20, 30))
    found = measure_objects(np.zeros((20, 30), bool), image)
    assert {len(values) for values in found.values()} == {0}


@pytest.mark.parametrize(
    ("objects", "image", "spacing", "message"),
    [
        (np.zeros((3, 3)), None, (1, 1), "float64"),
        (np.zeros((2, 3, 3), bool), None, (1, 1), r"\(2, 3, 3\)"),
        (np.ones((3, 3), bool), np.ones((3, 4)), (1, 1), r"\(3, 4\).*\(3, 3\)"),
        (np.ones((3, 3), bool), None, (0, 1), "above 0"),
        (np.ones((3, 3), bool), None, (float("nan"), 1), "above 0"),
    ],
)
def test_bad_input_is_refused(objects, image, spacing, message):
    with pytest.raises(InputError, match=message):
        measure_objects(objects, image, spacing=spacing)


def test_images_become_one_table():
    images = [image_result("cow"), empty_image_result("fog"), image_result("ox")]
    pictures = {"cow": np.full((12, 20), 5), "ox": np.zeros((4, 4))}
    found = measure_images(images, pictures, spacing=(0.5, 0.5), unit="um")
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert [(row["image"], row["object"], row["unit"]) for row in rows] == [
        ("cow", "1", "um"),
        ("ox", "1", "um"),
    ]
    assert [row["area"] for row in rows] == ["15", "15"]
    assert (rows[0]["mean_0"], rows[1]["mean_0"]) == ("5", "")
    assert found.notes == (
        "ox: brightness not measured: the image has another size by now",
    )


@pytest.fixture
def written(tmp_path):
    """A written result whose images are files: one gray, one missing by now."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, value in (("cow", 40), ("ox", 80)):
        Image.fromarray(np.full((12, 20), value, np.uint8)).save(photos / f"{name}.png")
    collection = ImageCollection.from_folder(photos)
    result = result_of(image_result("cow"), image_result("ox"))
    write_result(result, tmp_path / "out", collection)
    (photos / "ox.png").unlink()
    return tmp_path / "out"


def test_folder_of_results(written):
    found = measure_folder(written, spacing=(2, 2), unit="um")
    rows = list(csv.DictReader((written / "measures.csv").open()))
    # Rows 3 to 8 and columns 5 to 14: 60 pixels of 2 x 2.
    assert [float(row["area"]) for row in rows] == [240, 240]
    assert [row["mean_0"] for row in rows] == ["40", ""]
    assert rows[0]["unit"] == "um"
    [note] = found.notes
    assert note.startswith("ox: brightness not measured")


def test_files_tell_the_size_of_their_pixels(tmp_path):
    known, unknown = tmp_path / "cow.tif", tmp_path / "ox.tif"
    plane, options = np.zeros((12, 20), np.uint8), {"metadata": {"unit": "um"}}
    tifffile.imwrite(known, plane, imagej=True, resolution=(2, 4), **options)
    tifffile.imwrite(unknown, plane)
    result = result_of(image_result("cow"), image_result("ox"))
    write_result(result, tmp_path / "out", ImageCollection.from_files([known, unknown]))
    rows = measure_folder(tmp_path / "out").rows
    # 60 pixels of 1/4 x 1/2, then of 1 x 1.
    found = [(row["area"], row["unit"]) for row in rows]
    assert found == [(7.5, "um"), (60, "pixel")]
    # They are known still where the files have moved away.
    known.unlink()
    unknown.unlink()
    rows = measure_folder(tmp_path / "out").rows
    assert [(row["area"], row["unit"]) for row in rows] == found


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no whole result of a run"):
        measure_folder(tmp_path)
