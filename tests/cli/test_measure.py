import csv

import numpy as np
import pytest
import tifffile

from command_line import run
from napari_jcc import ImageCollection
from napari_jcc.collection import tiff_files
from napari_jcc.results import write_result
from results_samples import image_result, result_of


@pytest.fixture
def out(tmp_path):
    write_result(result_of(image_result("cow")), tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("words", "area", "size"),
    [
        ([], 60, "pixel"),
        (["--spacing", "0.5", "--unit", "um"], 15, "um, pixels 0.5 high and 0.5 wide"),
        (["--spacing", "2,0.5", "--unit", "um"], 60, "um, pixels 2 high and 0.5 wide"),
    ],
)
def test_measures_are_written_beside_the_results(words, area, size, out, capsys):
    assert run("measure", out, *words) == 0
    [row] = csv.DictReader((out / "measures.csv").open())
    assert float(row["area"]) == area
    assert row["unit"] == ("um" if "--unit" in words else "pixel")
    assert np.isclose(float(row["solidity"]), 1)
    streams = capsys.readouterr()
    assert f"1 object in 1 image, unit of length {size}:" in streams.out
    assert "cow: brightness not measured: the image was in no file" in streams.err


def test_many_images_that_are_gone_are_not_all_listed(tmp_path, capsys):
    images = (image_result(f"cow{number}") for number in range(12))
    write_result(result_of(*images), tmp_path / "out")
    assert run("measure", tmp_path / "out") == 0
    *_, before, last = capsys.readouterr().err.splitlines()
    assert ("cow9: " in before, last) == (True, "Warning: and 2 more")


@pytest.mark.parametrize("words", [["--spacing", "0.65"], ["--unit", "um"]])
def test_a_size_needs_its_unit(words, out, capsys):
    assert run("measure", out, *words) == 2
    assert "Give both" in capsys.readouterr().err
    assert not (out / "measures.csv").exists()


@pytest.mark.parametrize("spacing", ["a", "1,2,3", "", "1,", "0", "-1"])
def test_a_bad_spacing_is_refused(spacing, out, capsys):
    assert run("measure", out, "--spacing", spacing) == 2
    assert "size of a pixel" in capsys.readouterr().err
    assert not (out / "measures.csv").exists()


def test_pages_of_a_tiff_are_measured_in_its_unit(tmp_path, monkeypatch, capsys):
    path, data = tmp_path / "movie.tif", np.zeros((2, 3, 2, 12, 20), np.uint16)
    data += np.arange(6, dtype=np.uint16).reshape(2, 3, 1, 1, 1)
    metadata = {"axes": "TZCYX", "unit": "um"}
    tifffile.imwrite(path, data, imagej=True, resolution=(5, 4), metadata=metadata)
    pictures = ImageCollection.from_paths(path)
    result = result_of(*(image_result(name) for name in pictures.names))
    out = write_result(result, tmp_path / "out", pictures)
    probed, probe = [], tiff_files.probe_tiff
    monkeypatch.setattr(tiff_files, "probe_tiff", lambda p: probed.append(p) or probe(p))
    assert run("measure", out) == 0
    assert probed == [path]
    assert "in every slice" in capsys.readouterr().err
    rows = list(csv.DictReader((out / "measures.csv").open()))
    assert [row["image"] for row in rows] == list(pictures.names)
    assert {(row["unit"], float(row["area"])) for row in rows} == {("um", 60 * 0.25 * 0.2)}
    assert [float(row["mean_1"]) for row in rows] == list(range(6))
