import csv

import numpy as np
import pytest

from command_line import run
from napari_jcc.results import write_result
from results_samples import image_result, result_of


@pytest.fixture
def out(tmp_path):
    write_result(result_of(image_result("cow")), None, tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("words", "area"),
    [
        ([], 60),
        (["--spacing", "0.5", "--unit", "um"], 15),
        (["--spacing", "2,0.5", "--unit", "um"], 60),
    ],
)
def test_measures_are_written_beside_the_results(words, area, out, capsys):
    assert run("measure", out, *words) == 0
    [row] = csv.DictReader((out / "measures.csv").open())
    assert float(row["area"]) == area
    assert row["unit"] == ("um" if "--unit" in words else "pixel")
    assert np.isclose(float(row["solidity"]), 1)
    streams = capsys.readouterr()
    assert f"1 object in 1 image, unit of length {row['unit']}:" in streams.out
    assert "cow: brightness not measured: the image was in no file" in streams.err


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
