"""Pixel sizes that files tell, and those that they only seem to."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_jcc import ImageCollection

PLANE = np.zeros((4, 6), np.uint16)
STACK = np.zeros((2, 3, 2, 4, 6), np.uint16)
INCH, CENTIMETRE = "INCH", "CENTIMETER"


def spacings(path):
    collection = ImageCollection.from_paths(path)
    return [collection.spacing(i) for i in range(len(collection))]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"resolution": (20000, 10000), "resolutionunit": CENTIMETRE}, (1.0, 0.5, "um")),
        ({"resolution": (25400, 25400), "resolutionunit": INCH}, (1.0, 1.0, "um")),
        ({"resolution": (72, 72), "resolutionunit": INCH}, None),
        ({"resolution": (118, 118), "resolutionunit": CENTIMETRE}, None),
        ({"resolution": (20000, 20000), "resolutionunit": "NONE"}, None),
        ({"resolution": (0, 0), "resolutionunit": CENTIMETRE}, None),
        ({}, None),
    ],
)
def test_resolution_tags_are_believed_where_they_are_no_print_size(
    tmp_path, options, expected
):
    tifffile.imwrite(tmp_path / "a.tif", PLANE, metadata=None, **options)
    assert spacings(tmp_path / "a.tif") == [expected]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("um", "um"), ("micron", "um"), ("\\u00B5m", "um"), ("mm", "mm"), ("pixel", None)],
)
def test_planes_of_imagej_have_its_pixel_size(tmp_path, unit, expected):
    tifffile.imwrite(
        tmp_path / "a.tif",
        STACK,
        imagej=True,
        resolution=((20, 13), (2, 1)),
        metadata={"axes": "TZCYX", "unit": unit, "spacing": 2.0},
    )
    known = None if expected is None else (0.5, 0.65, expected)
    assert spacings(tmp_path / "a.tif") == [known] * 6


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"X": (0.65, "µm"), "Y": (0.5, "µm")}, (0.5, 0.65, "um")),
        ({"X": (650, "nm"), "Y": (500, "nm")}, (500.0, 650.0, "nm")),
        ({"X": (650, "nm"), "Y": (0.5, "µm")}, None),
        ({"X": (1, "pixel"), "Y": (1, "pixel")}, None),
        ({"X": (0.65, "µm")}, None),
        ({}, None),
    ],
)
def test_planes_of_ome_have_its_pixel_size(tmp_path, sizes, expected):
    metadata = {"axes": "TZCYX"}
    for axis, (size, unit) in sizes.items():
        metadata |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": unit}
    tifffile.imwrite(tmp_path / "a.ome.tif", STACK, ome=True, metadata=metadata)
    assert spacings(tmp_path / "a.ome.tif") == [expected] * 6


def test_a_quarter_turn_turns_the_pixel_too(tmp_path):
    exif = Image.Exif()
    exif[274], exif[282], exif[283], exif[296] = 6, 20000.0, 10000.0, 3
    Image.fromarray(PLANE.astype(np.uint8)).save(tmp_path / "a.tif", exif=exif)
    collection = ImageCollection.from_paths(tmp_path)
    assert collection.shape(0) == (6, 4)
    assert collection.spacing(0) == (0.5, 1.0, "um")


def test_pictures_and_arrays_have_none(tmp_path):
    Image.fromarray(PLANE.astype(np.uint8)).save(tmp_path / "a.png", dpi=(300, 300))
    assert spacings(tmp_path / "a.png") == [None]
    assert ImageCollection.from_array(PLANE).spacing(0) is None
