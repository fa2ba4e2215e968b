"""Every export is read back by the reader that its users have."""

import csv
import json
import os
import resource
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.axes import Axis
from napari_jcc.collection.sources import ArraySource
from napari_jcc.collection.spacing import Spacing
from napari_jcc.errors import ConfigError, OutputError
from napari_jcc.results import write_result
from napari_jcc.results.exports import EXPORT_FORMATS, export_result
from napari_jcc.results.exports.coco import run_lengths
from napari_jcc.results.exports.objects import find_labels, find_objects
from napari_jcc.results.exports.yolo import outline
from results_samples import empty_image_result, image_result, result_of

masks = arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9))


def numbered(name="herd"):
    """Two cows: number 2 in the upper left corner, number 1 at the lower right."""
    labels = np.zeros((12, 20), np.int32)
    labels[1:4, 2:6] = 2
    labels[6:11, 10:18] = 1
    return image_result(
        name,
        mask=labels > 0,
        instances=labels,
        instance_boxes=np.array([[9, 5, 18, 11], [2, 1, 6, 4]], np.float32),
        instance_scores=np.array([0.75, 0.25], np.float32),
    )


@pytest.fixture
def plain():
    """Three images of different sizes, one without object."""
    return result_of(
        image_result("cow", (12, 20)),
        image_result("herd/calf", (30, 16)),
        empty_image_result(),
    )


@pytest.fixture
def herd():
    """One image with two objects, and one with one."""
    return result_of(numbered(), image_result("cow"))


def read_png(path):
    with Image.open(path) as file:
        return np.asarray(file)


def test_png_holds_masks_of_the_images_own_size(plain, tmp_path):
    out = export_result(plain, tmp_path / "out", "png")
    for image in plain.images:
        written = read_png(out / f"{image.name}.png")
        assert written.dtype == np.uint8
        np.testing.assert_array_equal(written, image.mask * 255)


def test_png_holds_numbers_where_objects_are_told_apart(herd, tmp_path):
    out = export_result(herd, tmp_path / "out", "png")
    np.testing.assert_array_equal(read_png(out / "herd.png"), herd.images[0].instances)
    np.testing.assert_array_equal(read_png(out / "cow.png"), herd.images[1].mask)


def test_masks_that_are_numbered_by_hand_keep_their_numbers(tmp_path):
    labels = np.zeros((12, 20), np.int32)
    labels[0, :3], labels[5:7, 4:9] = 300, 7
    result = result_of(image_result("cow", mask=labels))
    out = export_result(result, tmp_path / "out", "png")
    np.testing.assert_array_equal(read_png(out / "cow.png"), labels)
    found = COCO(export_result(result, tmp_path / "c.json", "coco")).loadAnns([1, 2])
    assert [item["bbox"] for item in found] == [[4, 5, 5, 2], [0, 0, 3, 1]]


def test_a_place_without_extension_becomes_a_folder(plain, tmp_path):
    file = export_result(plain, tmp_path / "coco", "coco")
    assert file == tmp_path / "coco" / "instances.json"
    assert file.is_file()


def test_tiff_is_one_stack_with_axes_names_and_sizes(plain, tmp_path):
    file = export_result(plain, tmp_path / "masks.tif", "tiff")
    with tifffile.TiffFile(file) as tiff:
        assert tiff.is_imagej
        assert len(tiff.pages) == 3
        (series,) = tiff.series
        assert (series.axes, series.shape) == ("TYX", (3, 30, 20))
        names = tiff.imagej_metadata["Labels"]
        sizes = tiff.imagej_metadata["Properties"]["sizes"]
        stack = series.asarray()
    assert names == ["cow", "herd/calf", "fog"]
    assert sizes == "20x12;16x30;20x12"
    for page, image in zip(stack, plain.images, strict=True):
        rows, columns = image.mask.shape
        np.testing.assert_array_equal(page[:rows, :columns], image.mask * 255)
        assert page.sum() == image.mask.sum() * 255


def pictures_on(axes, size=(12, 20), spacing=(0.25, 0.2, "micrometer")):
    """Images on named axes, of a known size of pixel."""
    count = int(np.prod([axis.length for axis in axes], dtype=int))
    known = None if spacing is None else Spacing(*spacing)
    source = ArraySource(np.zeros(size, np.uint8), False, spacing=known)
    names = tuple(f"i{place}" for place in range(count))
    return ImageCollection((source,) * count, names).on_axes(axes)


def numbered_set(count):
    """Images whose masks tell which they are, row by row."""
    images = []
    for place in range(count):
        mask = np.zeros((12, 20), np.bool_)
        mask[place] = True
        images.append(image_result(f"i{place}", mask=mask))
    return result_of(*images)


@pytest.mark.parametrize(
    ("axes", "letters", "order", "told"),
    [
        (
            [Axis("t", 2, 30, "s"), Axis("z", 3, 1500, "nm")],
            "TZYX",
            [0, 1, 2, 3, 4, 5],
            {"spacing": 1.5, "finterval": 30, "slices": 3, "frames": 2},
        ),
        (
            [Axis("z", 2, 0.5, "micrometer"), Axis("t", 3, 2, "minute")],
            "TZYX",
            [0, 3, 1, 4, 2, 5],
            {"spacing": 0.5, "finterval": 120},
        ),
        ([Axis("z", 4, 3)], "ZYX", [0, 1, 2, 3], {"slices": 4}),
        ([Axis("p", 2), Axis("z", 3, 2, "um")], "TYX", range(6), {"frames": 6}),
    ],
)
def test_tiff_has_the_axes_and_the_pixel_size_of_the_images(
    tmp_path, axes, letters, order, told
):
    pictures = pictures_on(axes)
    result = numbered_set(len(pictures))
    file = export_result(result, tmp_path / "m.tif", "tiff", pictures=pictures)
    with tifffile.TiffFile(file) as tiff:
        (series,) = tiff.series
        assert series.axes == letters
        seen = series.asarray().reshape(-1, 12, 20)
        assert tiff.imagej_metadata["Labels"] == [f"i{place}" for place in order]
        assert told | {"unit": "um"} == {
            key: tiff.imagej_metadata[key] for key in (*told, "unit")
        }
        assert "spacing" in told or "spacing" not in tiff.imagej_metadata
        assert tiff.pages[0].tags["XResolution"].value == (5, 1)
        assert tiff.pages[0].tags["YResolution"].value == (4, 1)
    assert [int(np.argmax(page[:, 0])) for page in seen] == list(order)
    again = ImageCollection.from_paths(file)
    assert again.spacing(0) == (0.25, 0.2, "um")


@pytest.mark.parametrize("spacing", [None, (1, 1, "pixel"), (2, 2, "world unit")])
@pytest.mark.parametrize("step", [(), (1.5, "um")])
def test_tiff_tells_no_size_that_is_not_known(tmp_path, spacing, step):
    pictures = pictures_on([Axis("z", 2, *step)], spacing=spacing)
    file = export_result(numbered_set(2), tmp_path / "m.tif", "tiff", pictures=pictures)
    with tifffile.TiffFile(file) as tiff:
        assert "unit" not in tiff.imagej_metadata
    again = ImageCollection.from_paths(file)
    assert again.spacing(0) is None
    assert again.axes == (Axis("z", 2, *step),)


def test_a_stack_too_large_for_imagej_keeps_axes_and_size(tmp_path, monkeypatch):
    monkeypatch.setattr("napari_jcc.results.exports.masks._LARGEST_CLASSIC", 0)
    pictures = pictures_on([Axis("t", 2), Axis("z", 3)])
    file = export_result(numbered_set(6), tmp_path / "m.tif", "tiff", pictures=pictures)
    again = ImageCollection.from_paths(file)
    assert [axis.name for axis in again.axes] == ["t", "z"]
    row, column, unit = again.spacing(0)
    # Resolutions are fractions, which older versions of tifffile round more.
    assert (row, column) == pytest.approx((0.25, 0.2), rel=1e-5)
    assert unit == "um"


def test_tiff_holds_numbers_where_objects_are_told_apart(herd, tmp_path):
    stack = tifffile.imread(export_result(herd, tmp_path / "m.tif", "tiff"))
    np.testing.assert_array_equal(stack[0], herd.images[0].instances)


def test_more_objects_than_a_picture_can_number_are_refused(tmp_path):
    labels = np.array([[70_000]], np.int32)
    result = result_of(image_result("cow", mask=labels))
    with pytest.raises(OutputError, match=r"number 70000.*COCO"):
        export_result(result, tmp_path / "m.tif", "tiff")
    many = replace(result.images[0], mask=labels > 0, instances=labels)
    with pytest.raises(OutputError, match="number 70000"):
        write_result(result_of(many), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_coco_tells_pages_of_one_file_apart(tmp_path):
    pages = [image_result(f"film_t{number}") for number in range(3)]
    files = [*["/data/film.tif"] * 3, "/data/cow.tif"]
    result = result_of(*pages, image_result("cow"))
    images = COCO(export_result(result, tmp_path, "coco", files=files)).imgs.values()
    assert [(image["file_name"], image["source"]) for image in images] == [
        ("film_t0.png", "film.tif"),
        ("film_t1.png", "film.tif"),
        ("film_t2.png", "film.tif"),
        ("cow.tif", "cow.tif"),
    ]


def test_coco_is_read_by_its_own_tools(plain, herd, tmp_path):
    files = ["/data/set/cow.jpg", "/data/set/herd/calf.jpg", ""]
    images = (*plain.images, herd.images[0])
    result = result_of(*images)
    kept = export_result(
        result,
        tmp_path / "c.json",
        "coco",
        files=[*files, "/data/set/herd.jpg"],
        category="cow",
    )
    coco = COCO(kept)
    assert [coco.imgs[i]["file_name"] for i in (1, 2, 3, 4)] == [
        "cow.jpg",
        "herd/calf.jpg",
        "fog.png",
        "herd.jpg",
    ]
    assert coco.loadCats(coco.getCatIds(["cow"]))[0]["id"] == 1
    for number, image in enumerate(images, start=1):
        sizes = coco.imgs[number]["height"], coco.imgs[number]["width"]
        assert sizes == image.mask.shape
        found = coco.loadAnns(coco.getAnnIds(imgIds=[number]))
        assert len(found) == {"fog": 0, "herd": 2}.get(image.name, 1)
        union = np.zeros(image.mask.shape, bool)
        for item in found:
            decoded = coco.annToMask(item)
            assert decoded.sum() == item["area"] == coco_masks.area(coco.annToRLE(item))
            union |= decoded > 0
        np.testing.assert_array_equal(union, image.mask)
    first, second = coco.loadAnns(coco.getAnnIds(imgIds=[4]))
    assert (first["bbox"], second["bbox"]) == ([9, 5, 9, 6], [2, 1, 4, 3])
    assert (first["score"], second["score"]) == (0.75, 0.25)


def test_a_result_scored_against_itself_is_perfect(herd, tmp_path):
    from pycocotools.cocoeval import COCOeval

    truth = COCO(export_result(herd, tmp_path / "c.json", "coco"))
    found = truth.loadRes([dict(item) for item in truth.loadAnns(truth.getAnnIds())])
    for kind in ("segm", "bbox"):
        scores = COCOeval(truth, found, kind)
        scores.evaluate()
        scores.accumulate()
        scores.summarize()
        assert scores.stats[0] == pytest.approx(1)


@given(masks, st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * 2))
def test_run_lengths_are_those_of_coco(part, around):
    mask = np.pad(part, around)
    rows, columns = mask.shape
    counts = run_lengths(part, (around[0][0], around[1][0]), mask.shape)
    packed = coco_masks.frPyObjects(
        {"counts": counts, "size": [rows, columns]}, rows, columns
    )
    np.testing.assert_array_equal(coco_masks.decode(packed), mask)
    assert sum(counts) == mask.size
    assert all(counts[1:])


def read_yolo(path):
    """Lines of a label file, by the rules of the format."""
    lines = [line.split() for line in path.read_text().splitlines()]
    assert all(line[0] == "0" for line in lines)
    numbers = [np.array(line[1:], float) for line in lines]
    assert all(((values >= 0) & (values <= 1)).all() for values in numbers)
    return numbers


def test_yolo_boxes_and_polygons(plain, herd, tmp_path):
    result = result_of(*plain.images, herd.images[0])
    out = export_result(result, tmp_path / "out", "yolo", category='"cow": 1')
    for image in result.images:
        rows, columns = image.mask.shape
        boxes = read_yolo(out / "detect" / "labels" / f"{image.name}.txt")
        assert len(boxes) == len(image.boxes)
        for (x, y, width, height), box in zip(boxes, image.boxes, strict=True):
            found = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
            found = np.array(found) * [columns, rows, columns, rows]
            np.testing.assert_allclose(found, box, atol=1e-3)
        drawn = np.zeros((rows, columns), np.uint8)
        name = f"{image.name}.txt"
        for line in read_yolo(out / "segment" / "labels" / name):
            assert len(line) >= 6
            assert len(line) % 2 == 0
            corners = (line.reshape(-1, 2) * [columns, rows]).astype(np.int32)
            cv2.fillPoly(drawn, [corners], 1)
        np.testing.assert_array_equal(drawn, image.mask)
    for task in ("detect", "segment"):
        *_, names, first = (out / task / "data.yaml").read_text().splitlines()
        assert (names, first) == ("names:", r'  0: "\"cow\": 1"')


def fill(polygon, shape):
    drawn = np.zeros(shape, np.uint8)
    cv2.fillPoly(drawn, [polygon.astype(np.int32)], 1)
    return drawn.astype(bool)


def test_a_ring_keeps_its_hole_and_two_parts_are_joined_by_a_line():
    ring = np.ones((9, 9), bool)
    ring[3:6, 3:6] = False
    np.testing.assert_array_equal(fill(outline(ring), ring.shape), ring)
    parts = np.zeros((9, 20), bool)
    parts[2:7, 1:6] = parts[2:7, 12:18] = True
    added = fill(outline(parts), parts.shape) & ~parts
    assert added.any(axis=0).sum() == 6
    assert added.sum() <= 12
    assert fill(outline(parts), parts.shape)[parts].all()


@given(masks.filter(lambda mask: mask.any()))
def test_every_polygon_covers_its_mask(mask):
    polygon = outline(mask)
    assert len(polygon) >= 3
    assert mask[polygon[:, 1], polygon[:, 0]].all()
    filled = fill(polygon, mask.shape)
    assert filled[mask].all()
    outside = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    pieces = cv2.connectedComponents(mask.astype(np.uint8))[0] - 1
    holes = cv2.connectedComponents(outside, connectivity=4)[0] - 2
    if (pieces, holes) == (1, 0):
        np.testing.assert_array_equal(filled, mask)


def test_csv_has_a_row_per_object(plain, herd, tmp_path):
    result = result_of(*plain.images, herd.images[0])
    file = export_result(
        result,
        tmp_path / "o.csv",
        "csv",
        files=["a/cow.jpg", "a/calf.jpg", "", "a/h.tif"],
        statuses={"cow": "accepted"},
    )
    with file.open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert [row["image"] for row in rows] == ["cow", "herd/calf", "fog", "herd", "herd"]
    cow, _, fog, first, second = rows
    assert (cow["file"], cow["status"], cow["object"]) == ("cow.jpg", "accepted", "1")
    assert [cow[side] for side in ("x_min", "y_min", "x_max", "y_max")] == [
        "5.00",
        "3.00",
        "15.00",
        "9.00",
    ]
    assert (cow["width"], cow["height"], cow["area"]) == ("20", "12", "60")
    assert float(cow["area_share"]) == pytest.approx(60 / 240)
    assert (fog["object"], fog["score"]) == ("", "")
    assert fog["warning"].startswith("No box")
    assert (cow["uncertainty"], fog["uncertainty"]) == ("0.0000", "0.5000")
    assert (first["object"], first["area"], first["score"]) == ("1", "40", "0.7500")
    assert (second["object"], second["area"], second["x_min"]) == ("2", "12", "2.00")


def test_boxes_alone_and_masks_alone_are_objects_too(tmp_path):
    nothing = np.zeros((12, 20), bool)
    drawn = image_result("box", mask=nothing)
    painted = image_result("mask", box=np.full(4, np.nan, np.float32))
    beyond = image_result("beyond", box=np.array([-2, 3, 25, 9], np.float32))
    coco = COCO(export_result(result_of(drawn, painted, beyond), tmp_path, "coco"))
    boxes = [item["bbox"] for item in coco.loadAnns([1, 2, 3])]
    assert boxes == [[5, 3, 10, 6], [5, 3, 10, 6], [0, 3, 20, 6]]
    assert coco.annToMask(coco.anns[1]).sum() == 0
    out = export_result(result_of(drawn), tmp_path / "y", "yolo")
    assert (out / "segment" / "labels" / "box.txt").read_text() == ""
    assert len(read_yolo(out / "detect" / "labels" / "box.txt")) == 1


def test_an_object_that_was_erased_is_gone(tmp_path):
    herd = numbered()
    erased = replace(herd, mask=herd.instances == 1)
    coco = COCO(export_result(result_of(erased), tmp_path, "coco"))
    assert [item["bbox"] for item in coco.anns.values()] == [[9, 5, 9, 6]]

    gap = replace(numbered(), instances=np.where(herd.instances == 1, 5, herd.instances))
    boxes = gap.boxes[::-1]  # by ascending number
    gap = replace(gap, instance_boxes=boxes, instance_scores=np.array([0.25, 0.75]))
    found = [(item.number, item.score, item.box[0]) for item in find_objects(gap)]
    assert found == [(2, 0.25, 2), (5, 0.75, 9)]


def test_strokes_belong_to_the_object_they_touch_or_to_a_new_one():
    herd = numbered()
    mask = herd.mask.copy()
    mask[1:4, 6] = True  # beside number 2
    mask[8, 15:] = False  # out of number 1
    mask[0, 12:15] = mask[11, 0] = True  # two pieces of their own
    labels = find_labels(replace(herd, mask=mask))
    np.testing.assert_array_equal(labels > 0, mask)
    assert (labels[1:4, 6] == 2).all()
    assert (labels[0, 12], labels[11, 0]) == (3, 4)
    np.testing.assert_array_equal(labels[labels == 1], herd.instances[labels == 1])


@pytest.mark.parametrize("kind", list(EXPORT_FORMATS))
def test_nothing_is_replaced_unasked(plain, tmp_path, kind):
    suffix = EXPORT_FORMATS[kind].file
    out = export_result(plain, tmp_path / "out" / suffix, kind)
    before = {path: path.read_bytes() for path in out.parent.rglob("*") if path.is_file()}
    with pytest.raises(OutputError, match="--overwrite"):
        export_result(plain, out, kind)
    assert export_result(plain, out, kind, overwrite=True) == out
    after = {path: path.read_bytes() for path in out.parent.rglob("*") if path.is_file()}
    assert after.keys() == before.keys()
    if kind != "tiff":
        assert after == before


@pytest.mark.parametrize(("kind", "name"), [("tiff", "a.PNG"), ("yolo", "a.csv")])
def test_a_name_of_another_format_is_refused(plain, tmp_path, kind, name):
    with pytest.raises(OutputError, match=rf"but {kind} is asked for"):
        export_result(plain, tmp_path / name, kind)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["tiff", "coco", "csv"])
def test_a_file_takes_its_usual_name_in_a_folder(plain, tmp_path, kind):
    assert export_result(plain, tmp_path, kind) == tmp_path / EXPORT_FORMATS[kind].file
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("kind", ["png", "yolo"])
def test_a_file_in_place_of_a_folder_is_said(plain, tmp_path, kind):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="Choose a folder"):
        export_result(plain, tmp_path / "file", kind)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_keeps_the_former_export(plain, tmp_path):
    out = export_result(plain, tmp_path, "coco")
    before = out.read_bytes()
    noise = np.random.default_rng(0).random((500, 500)) < 0.5
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
    try:
        with pytest.raises(OutputError, match="Free some space"):
            large = result_of(image_result("cow", mask=noise))
            export_result(large, out, "coco", overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert out.read_bytes() == before


@settings(max_examples=20)
@given(st.lists(st.text(), unique=True, max_size=3))
@example([os.fsdecode(b"f\xe4lle"), "\ud800"])
def test_all_names_can_be_exported(tmp_path_factory, names):
    result = result_of(*(image_result(name) for name in names))
    out = tmp_path_factory.mktemp("names")
    export_result(result, out / "png", "png")
    export_result(result, out / "yolo", "yolo")
    coco = json.loads(export_result(result, out, "coco").read_text())
    assert [item["file_name"] for item in coco["images"]] == [f"{n}.png" for n in names]
    assert len(list((out / "png").rglob("*.png"))) == len(names)
    if names:
        export_result(result, out, "tiff")


def test_an_unknown_format_and_an_empty_stack_are_said(plain, tmp_path):
    with pytest.raises(ConfigError, match="png, tiff, coco, yolo, csv"):
        export_result(plain, tmp_path, "pascal")
    with pytest.raises(OutputError, match="no image"):
        export_result(result_of(), tmp_path, "tiff")
