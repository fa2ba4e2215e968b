"""Axes that TIFFs name, and the places of images on them."""

from __future__ import annotations

import os
import re
import warnings

import numpy as np
import pytest
import tifffile

from napari_jcc import ImageCollection
from napari_jcc.collection import describe_files
from napari_jcc.collection.axes import Axis
from napari_jcc.errors import InputError

STACK = np.arange(3 * 11 * 2 * 4 * 6, dtype=np.uint16).reshape(3, 11, 2, 4, 6)
OME = {"PhysicalSizeZ": 0.5, "TimeIncrement": 2, "TimeIncrementUnit": "min"}


def opened(path, data=STACK, axes="TZCYX", **options):
    metadata = {"axes": axes} | options.pop("metadata", {})
    tifffile.imwrite(path, data, photometric="minisblack", metadata=metadata, **options)
    return ImageCollection.from_paths(path)


@pytest.mark.parametrize(
    ("options", "axes"),
    [
        ({"ome": True}, [Axis("t", 3), Axis("z", 11)]),
        (
            {"ome": True, "metadata": OME, "bigtiff": True},
            [Axis("t", 3, 2, "min"), Axis("z", 11, 0.5, "um")],
        ),
        (
            {"ome": True, "metadata": {"PhysicalSizeZ": 5, "PhysicalSizeZUnit": "nm"}},
            [Axis("t", 3), Axis("z", 11, 5, "nm")],
        ),
        ({"imagej": True}, [Axis("t", 3), Axis("z", 11)]),
        (
            {
                "imagej": True,
                "metadata": {"unit": "micron", "spacing": -0.5, "finterval": 2},
            },
            [Axis("t", 3, 2, "s"), Axis("z", 11, 0.5, "um")],
        ),
        ({"metadata": {"PhysicalSizeZ": 1}}, [Axis("t", 3), Axis("z", 11)]),
    ],
)
def test_images_of_a_file_lie_on_its_axes(tmp_path, options, axes):
    collection = opened(tmp_path / "movie.tif", **options)
    assert list(collection.axes) == axes
    assert collection.leading_shape == (3, 11)
    assert collection.names[::13] == ("movie_t0_z00", "movie_t1_z02", "movie_t2_z04")
    np.testing.assert_array_equal(collection.raw(13), np.moveaxis(STACK[1, 2], 0, -1))
    (pages, channels) = describe_files(collection)
    assert "33 in all" in pages
    assert "2 channels" in channels


@pytest.mark.parametrize(
    ("axes", "shape", "known"),
    [
        ("ZYX", (3, 4, 6), ["z"]),
        ("TQYX", (3, 2, 4, 6), ["t", "q"]),
        ("RZYX", (3, 2, 4, 6), ["p", "z"]),
        ("ZCTYX", (2, 3, 5, 4, 6), ["z", "t"]),
        ("YX", (4, 6), []),
        ("CYX", (2, 4, 6), []),
        ("QYX", (3, 4, 6), None),
        ("QQYX", (3, 2, 4, 6), None),
        ("IYX", (3, 4, 6), None),
        ("TRPYX", (2, 2, 2, 4, 6), None),
    ],
)
def test_axes_without_names_are_none(tmp_path, axes, shape, known):
    collection = opened(tmp_path / "a.tif", np.zeros(shape, np.uint16), axes)
    found = collection.axes
    assert (found if found is None else [axis.name for axis in found]) == known
    if known is None:
        assert collection.names[0] == "a_p0"
        assert collection.leading_shape == (len(collection),)


@pytest.mark.parametrize("same", [True, False])
def test_series_of_ome_are_positions_where_they_are_alike(tmp_path, same):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as file:
        for depth in (3, 3 if same else 2):
            metadata = {"axes": "ZYX", "PhysicalSizeZ": 2.0}
            file.write(STACK[0, :depth, 0], metadata=metadata, photometric="minisblack")
    collection = ImageCollection.from_paths(tmp_path)
    names = collection.names[0], collection.names[-1]
    if same:
        assert collection.axes == (Axis("p", 2), Axis("z", 3, 2, "um"))
        assert names == ("a_p0_z0", "a_p1_z2")
    else:
        assert collection.axes is None
        assert names == ("a_p0", "a_p4")


def test_levels_of_a_pyramid_are_no_images(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as file:
        plane = np.zeros((2, 64, 64), np.uint16)
        options = {"photometric": "minisblack", "tile": (16, 16)}
        file.write(plane, subifds=1, metadata={"axes": "ZYX"}, **options)
        file.write(plane[:, ::2, ::2], subfiletype=1, **options)
    collection = ImageCollection.from_paths(tmp_path)
    assert collection.axes == (Axis("z", 2),)
    assert collection.shape(1) == (64, 64)


def test_broken_ome_costs_the_axes_only(tmp_path):
    path = tmp_path / "a.ome.tif"
    opened(path, metadata=OME, ome=True)
    path.write_bytes(path.read_bytes().replace(b"<Pixels", b"<Pixe<s", 1))
    collection = ImageCollection.from_paths(path)
    assert collection.axes is None
    assert len(collection) == 66
    assert collection.spacing(0) is None


def test_channels_may_stand_behind_the_columns(tmp_path):
    data = np.arange(2 * 4 * 6 * 5, dtype=np.uint16).reshape(2, 4, 6, 5)
    collection = opened(tmp_path / "a.tif", data, "ZYXC")
    assert collection.axes == (Axis("z", 2),)
    np.testing.assert_array_equal(collection.raw(1), data[1])


def test_colours_are_no_axis(tmp_path):
    data = np.zeros((3, 4, 6, 3), np.uint8)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, data, photometric="rgb", metadata={"axes": "ZYXS"})
    collection = ImageCollection.from_paths(path)
    assert collection.axes == (Axis("z", 3),)
    assert collection.sources[0].separate == 1


def test_images_of_several_files_keep_their_places_in_names_alone(tmp_path):
    for name in ("a", "b"):
        opened(tmp_path / f"{name}.tif", STACK[:, :2, 0], "TZYX")
    collection = ImageCollection.from_folder(tmp_path)
    assert collection.axes is None
    assert collection.names[5:7] == ("a_t2_z1", "b_t0_z0")
    assert "opened alone" in describe_files(collection)[0]
    alone = ImageCollection.from_paths(tmp_path / "b.tif")
    assert alone.axes == (Axis("t", 3), Axis("z", 2))
    assert alone.select(range(6)).axes == alone.axes
    assert alone.select([1, 0]).axes is None


def test_axes_hold_as_many_images_as_there_are():
    collection = ImageCollection.from_array(np.zeros((6, 4, 5)))
    assert collection.on_axes([Axis("t", 2), Axis("z", 3)]).leading_shape == (2, 3)
    with pytest.raises(InputError, match="do not hold 6"):
        collection.on_axes([Axis("t", 5)])


def ome_set(folder, names, master=None):
    """Write a file for each time; each, or only the master, tells of the whole set."""
    whole = folder / "whole.ome.tif"
    opened(whole, STACK[:, :2], metadata=OME, ome=True)
    told = tifffile.tiffcomment(whole)
    whole.unlink()
    planes = "".join(
        f'<TiffData FirstC="{c}" FirstZ="{z}" FirstT="{t}" IFD="{2 * z + c}" '
        f'PlaneCount="1"><UUID FileName="{name}">urn:uuid:{t}</UUID></TiffData>'
        for t, name in enumerate(names)
        for z in range(2)
        for c in range(2)
    )
    told = re.sub(r"<TiffData.*?(/>|</TiffData>)", "", told)
    told = told.replace("</Pixels>", f"{planes}</Pixels>")
    for t, name in enumerate(names):
        text = re.sub(r'UUID="[^"]*"', f'UUID="urn:uuid:{t}"', told, count=1)
        if master not in (None, name):
            only = f'<BinaryOnly MetadataFile="{master}" UUID="urn:uuid:{t}"/>'
            text = re.sub(r"<Image.*</Image>", only, text, flags=re.DOTALL)
        options = {"photometric": "minisblack", "metadata": None}
        pages = STACK[t, :2].reshape(-1, 4, 6)
        tifffile.imwrite(folder / name, pages, description=text.encode(), **options)


@pytest.mark.parametrize("master", [None, "a.ome.tif", "c.ome.tif"])
def test_files_of_an_ome_set_are_one_set(tmp_path, master):
    names = ["a.ome.tif", "b.ome.tif", "c.ome.tif"]
    ome_set(tmp_path, names, master)
    collection = ImageCollection.from_folder(tmp_path)
    assert collection.axes == (Axis("t", 3, 2, "min"), Axis("z", 2, 0.5, "um"))
    assert collection.names[5] == f"{(master or names[0])[:-8]}_t2_z1"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for place in range(6):
            expected = np.moveaxis(STACK[place // 2, place % 2], 0, -1)
            np.testing.assert_array_equal(collection.raw(place), expected)
    (tmp_path / "b.ome.tif").unlink()
    with pytest.raises(InputError):
        ImageCollection.from_folder(tmp_path).raw(2)


def test_an_image_of_an_ome_set_changes_with_the_file_that_its_pixels_are_in(tmp_path):
    names = ["a.ome.tif", "b.ome.tif", "c.ome.tif"]
    ome_set(tmp_path, names)
    collection = ImageCollection.from_folder(tmp_path)
    before = [collection.fingerprint(place) for place in range(6)]
    assert len(set(before)) == 6
    collection.raw(2)
    changed = tmp_path / "b.ome.tif"
    with tifffile.TiffFile(changed) as file:
        told = file.pages[0].description
    pages = STACK[2, :2].reshape(-1, 4, 6)
    tifffile.imwrite(changed, pages, photometric="minisblack", description=told.encode())
    again = ImageCollection.from_folder(tmp_path)
    after = [again.fingerprint(place) for place in range(6)]
    kept = [was == now for was, now in zip(before, after, strict=True)]
    assert kept == [True, True, False, False, True, True]
    np.testing.assert_array_equal(again.raw(2), np.moveaxis(STACK[2, 0], 0, -1))


def test_a_file_is_parsed_once_and_closed_in_between(tmp_path, monkeypatch):
    path, parsed = tmp_path / "movie.tif", []
    collection = opened(path, imagej=True)

    class Counting(tifffile.TiffFile):
        def __init__(self, *args):
            super().__init__(*args)
            parsed.append(self)

    for module in ("tiff_files", "tiff_reopened"):
        monkeypatch.setattr(f"napari_jcc.collection.{module}.TiffFile", Counting)
    for place in (4, 20, 4):
        expected = np.moveaxis(STACK[place // 11, place % 11], 0, -1)
        np.testing.assert_array_equal(collection.raw(place), expected)
        assert parsed[0].filehandle.closed
    assert len(parsed) == 1

    opened(path, STACK[::-1] + 1, imagej=True)
    os.utime(path, ns=(1, 1))
    np.testing.assert_array_equal(collection.raw(0), np.moveaxis(STACK[2, 0] + 1, 0, -1))
    assert len(parsed) == 3  # once more to list its images
