"""Landmark files: what is written is read back, and damage is named."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from napari_jcc.collection.pillow_files import ORIENTATION_TAG
from napari_jcc.errors import InputError, OutputError
from napari_jcc.matching.landmarks import (
    Landmarks,
    find_landmark_table,
    read_csv,
    read_landmarks,
    read_tps,
    turn_over,
    write_csv,
    write_tps,
)

POINTS = arrays(
    np.float64, st.tuples(st.integers(1, 5), st.just(2)), elements=st.floats(0, 9e3)
)


@given(POINTS)
def test_tps_round_trip(tmp_path_factory, points):
    path = tmp_path_factory.mktemp("tps") / "a.tps"
    shape = Landmarks("wing 1.jpg", points, identity="7", scale=0.0125)
    write_tps(path, [shape], {"wing 1.jpg": 480})
    (found,) = read_tps(path)
    assert (found.image, found.identity, found.scale) == ("wing 1.jpg", "7", 0.0125)
    np.testing.assert_allclose(turn_over(found.points, 480), points, atol=1e-5)


@given(POINTS)
def test_csv_round_trip(tmp_path_factory, points):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    sure = np.linspace(0, 1, len(points))
    write_csv(path, [Landmarks("b.png", points), Landmarks("a, b.png", points, sure)])
    placed, predicted = read_csv(path)
    assert (placed.image, predicted.image) == ("b.png", "a, b.png")
    assert placed.confidence is None
    np.testing.assert_allclose(predicted.points, points, atol=1e-5)
    np.testing.assert_allclose(predicted.confidence, sure, atol=1e-4)


def test_images_without_an_id_get_one_that_no_other_has(tmp_path):
    point = np.array([[3.0, 4.0]])
    shapes = [
        Landmarks(f"{i}.png", point, identity="1" if i == 2 else "") for i in range(4)
    ]
    write_tps(tmp_path / "a.tps", shapes, {f"{i}.png": 10 for i in range(4)})
    assert [s.identity for s in read_tps(tmp_path / "a.tps")] == ["0", "2", "1", "3"]


def test_a_name_of_bytes_that_are_no_text_is_written(tmp_path):
    shape = Landmarks(os.fsdecode(b"f\xe4lle.png"), np.array([[3.0, 4.0]]))
    write_tps(tmp_path / "a.tps", [shape], {shape.image: 10})
    write_csv(tmp_path / "a.csv", [shape])
    assert r"IMAGE=f\udce4lle.png" in (tmp_path / "a.tps").read_text()
    assert read_csv(tmp_path / "a.csv")[0].image == r"f\udce4lle.png"


def test_missing_points_survive_both_formats(tmp_path):
    shape = Landmarks("a.png", np.array([[np.nan, np.nan], [3.0, 4.0]]))
    write_tps(tmp_path / "a.tps", [shape], {"a.png": 10})
    assert "-1.00000 -1.00000" in (tmp_path / "a.tps").read_text()
    np.testing.assert_array_equal(
        turn_over(read_tps(tmp_path / "a.tps")[0].points, 10), shape.points
    )
    write_csv(tmp_path / "a.csv", [shape])
    np.testing.assert_array_equal(read_csv(tmp_path / "a.csv")[0].points, shape.points)


def test_tps_as_other_programs_write_it(tmp_path):
    path = tmp_path / "a.tps"
    path.write_bytes(
        b"\xef\xbb\xbflm=2\r\n1,5 2\r\n3 4.\r\nCURVES=1\r\nPOINTS=2\r\n9 9\r\n8 8\r\n"
        b"IMAGE=C:\\wings\\a.jpg\r\nCOMMENT=left\r\n\r\nLM=1\r\n5 6\r\nIMAGE=b.jpg\r\n"
    )
    first, second = read_tps(path)
    np.testing.assert_array_equal(first.points, [[1.5, 2], [3, 4]])
    assert (first.image, first.scale) == ("a.jpg", None)
    np.testing.assert_array_equal(second.points, [[5, 6]])
    write_tps(path, [first, second], {"a.jpg": 10, "b.jpg": 10})
    assert "CURVES=1\nPOINTS=2\n9 9\n8 8\nCOMMENT=left\nIMAGE=a.jpg\n" in path.read_text()
    assert [shape.others for shape in read_tps(path)] == [first.others, ()]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no landmarks"),
        ("ID=3\n", "holds no landmarks"),
        ("LM=2\n1 2\n", "line 2: expected a point, found 'the end of the file'"),
        ("LM=2\n1 2\nIMAGE=a.png\n", "line 3: expected a point, found 'IMAGE=a.png'"),
        ("LM=x\n", "'x' is not a number of points"),
        ("LM3=1\n1 2 3\n", "landmarks in space"),
        ("LM=1\n1 2\n3 4\nIMAGE=a\n", "line 3: '3 4' is neither"),
        ("LM=1\n1 2\nID=0\n", "without a line IMAGE="),
        ("LM=1\n1 2\nIMAGE=a\nSCALE=big\n", "SCALE=big is not a number"),
        ("LM=1\n1 2\nIMAGE=a\nLM=1\n3 4\nIMAGE=C:\\a\n", "lists a more than once"),
    ],
)
def test_damaged_tps(tmp_path, text, message):
    (tmp_path / "a.tps").write_text(text)
    with pytest.raises(InputError, match=message):
        read_tps(tmp_path / "a.tps")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,x\n", "lacks the columns y"),
        ("image,x,y\n", "holds no landmarks"),
        ("image,x,y\na,1,2\na,one,2\n", "line 3"),
        ("image,point,x,y\na,first,1,2\n", "line 2: 'first' is not a number"),
        ("image,point,x,y\na,1.5,1,2\n", "line 2: the point is '1.5', which is not a"),
        ("image,point,x,y\na,0,1,2\nb,1,1,2\n", "b has 1 points, but none of them is 0"),
        ("image,point,x,y\na,1,1,2\na,3,1,2\n", "a has 2 points, but none of them is 2"),
        ("image,point,x,y\na,1,1,2\na,1,3,4\n", "line 3: a has a point 1 already"),
    ],
)
def test_damaged_csv(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_csv(tmp_path / "a.csv")


def test_csv_as_other_programs_write_it(tmp_path):
    lines = "image,point,x,y,confidence", "a,2.0,2,2,NA", "a,1.0,1,1,0.5", "a,3.0,NA,NA,NA"
    (tmp_path / "a.csv").write_text("\n".join(lines))
    (shape,) = read_csv(tmp_path / "a.csv")
    np.testing.assert_array_equal(shape.points, [[1, 1], [2, 2], [np.nan, np.nan]])
    np.testing.assert_array_equal(shape.confidence, [0.5, np.nan, np.nan])


def test_unreadable_and_unwritable(tmp_path):
    for read in (read_tps, read_csv):
        with pytest.raises(InputError, match="Cannot read"):
            read(tmp_path / "absent")
    with pytest.raises(OutputError, match="landmarks"):
        write_csv(tmp_path / "absent/a.csv", [])


def test_table_of_a_folder(tmp_path):
    Image.new("L", (4, 10)).save(tmp_path / "a.png")
    (tmp_path / "wings.tps").write_text("LM=1\n1 2\nIMAGE=a.png\nLM=1\n1 2\nIMAGE=b.png\n")
    table = find_landmark_table(tmp_path)
    assert table.name == "wings.tps"
    (shape,), absent = read_landmarks(table, tmp_path)
    np.testing.assert_array_equal(shape.points, [[1, 8]])
    assert absent == ["b.png"]
    (tmp_path / "other.csv").write_text("")
    with pytest.raises(InputError, match="2 tables"):
        find_landmark_table(tmp_path)
    (tmp_path / "landmarks.csv").write_text("")
    assert find_landmark_table(tmp_path).name == "landmarks.csv"


def test_y_is_turned_over_in_the_image_as_it_is_shown(tmp_path, monkeypatch):
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6  # shown turned by a quarter
    Image.new("L", (4, 10)).save(tmp_path / "a.jpg", exif=exif)
    (tmp_path / "a.tps").write_text("LM=1\n1 2\nIMAGE=a.jpg\n")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)  # Pillow's limit is not ours
    (shape,), _ = read_landmarks(tmp_path / "a.tps", tmp_path)
    np.testing.assert_array_equal(shape.points, [[1, 4 - 2]])
    (tmp_path / "a.jpg").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"Cannot read .*a\.jpg"):
        read_landmarks(tmp_path / "a.tps", tmp_path)
