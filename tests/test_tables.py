"""CSV files as spreadsheets, pandas, and our own readers take them."""

import codecs
import csv
import os

import numpy as np
import pandas as pd
import pytest

from napari_jcc.errors import InputError
from napari_jcc.evaluation import read_boxes
from napari_jcc.matching.landmarks import Landmarks, read_csv, write_csv
from napari_jcc.matching.outputs.choice import choose_pairs
from napari_jcc.results.exports import export_result
from napari_jcc.results.files import write_result
from napari_jcc.results.measure_files import measure_folder
from napari_jcc.results.saved import read_result
from napari_jcc.tables import encode_csv, format_csv, open_csv, read_table
from results_samples import Pictures, image_result, result_of


@pytest.fixture(params=["Kühe", "cow"])
def name(request):
    return request.param


def check_table(path, name):
    """A byte order mark where Excel needs one, nowhere else; the first title is whole."""
    content = path.read_bytes()
    assert content.startswith(codecs.BOM_UTF8) == (not name.isascii())
    assert content.count(codecs.BOM_UTF8) <= 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["image"] == name
    assert pd.read_csv(path)["image"][0] == name


def test_tables_of_a_result(tmp_path, name):
    result = result_of(image_result(name))
    out = write_result(result, tmp_path / "out", Pictures(result))
    check_table(out / "boxes.csv", name)
    (saved,) = read_result(out).result.images
    np.testing.assert_array_equal(saved.box, result.images[0].box)
    assert list(read_boxes(out / "boxes.csv")) == [name]
    check_table(export_result(result, tmp_path / "objects.csv", "csv"), name)
    measure_folder(out)
    check_table(out / "measures.csv", name)


def test_a_name_of_bytes_that_are_no_text_keeps_its_box(tmp_path):
    image = image_result(os.fsdecode(b"f\xe4lle"))
    (saved,) = read_result(write_result(result_of(image), tmp_path / "out")).result.images
    assert saved.name == image.name
    np.testing.assert_array_equal(saved.box, image.box)


def test_landmarks(tmp_path, name):
    write_csv(tmp_path / "points.csv", [Landmarks(name, np.array([[1.0, 2.0]]))])
    check_table(tmp_path / "points.csv", name)
    assert read_csv(tmp_path / "points.csv")[0].image == name


def test_pairs(tmp_path, name):
    with open_csv(tmp_path / "pairs.csv", [name, "b"]) as file:
        file.write(format_csv([("source", "target"), (name, "b")]))
    assert choose_pairs([name, "b"], str(tmp_path / "pairs.csv")) == [(0, 1)]


def test_names_that_are_no_text_are_escaped():
    assert b"\\udcff" in encode_csv(format_csv([["\udcff"]]))


def test_tables_as_excel_writes_them_where_numbers_have_commas(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("image;x;y\r\nKühe 1,5.png;10,25;-3\r\n;;\r\n".encode("utf-8-sig"))
    table = read_table(path)
    assert table.titles == ("image", "x", "y")
    assert table.rows == [(2, {"image": "Kühe 1,5.png", "x": "10.25", "y": "-3"})]


def test_cells_too_few_and_too_many(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1\n1,2,3\n"1;5",2\n')
    rows = [row for _, row in read_table(path).rows]
    assert rows == [{"a": "1", "b": ""}, {"a": "1", "b": "2"}, {"a": "1;5", "b": "2"}]


@pytest.mark.parametrize("content", ["Kühe;1".encode("cp1252"), b"a,b\n" + b"x" * 200_000])
def test_what_is_no_table_is_refused(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"CSV UTF-8|field larger"):
        read_table(tmp_path / "a.csv")
    with pytest.raises(InputError, match="No such file"):
        read_table(tmp_path / "b.csv")
