import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image

from command_line import run
from napari_jcc import ImageCollection
from napari_jcc.collection.axes import Axis
from napari_jcc.collection.spacing import Spacing
from napari_jcc.project import Project, describe_inputs, save_project
from napari_jcc.results import write_result
from results_samples import Pictures, image_result, result_of


@pytest.fixture
def saved(project, tmp_path):
    return save_project(project, tmp_path / "work" / "cows.jcc")


def test_a_folder_to_search_must_be_there(saved, tmp_path, capsys):
    assert run("project", "info", saved, "--root", tmp_path / "nowhere") == 2
    assert "nowhere" in capsys.readouterr().err


def test_info_tells_what_a_project_holds(saved, photos, capsys):
    assert run("project", "info", saved) == 0
    text = capsys.readouterr().out
    for part in (
        "3, 3 with a result",
        f"  cow: {photos / 'cow.png'}",
        "preset paper, but\n  problem.nu=0.25\n",
        "2 on 2 images: cow, fog",
        "1 edited, 1 flagged, 1 machine",
    ):
        assert part in text
    assert "Note" not in text


def test_info_tells_what_is_missing_moved_and_changed(saved, photos, capsys):
    (photos / "fog.png").unlink()
    shutil.copy(photos / "cow.png", photos / "herd" / "calf.png")
    (photos / "cow.png").rename(photos / "herd" / "bull.png")
    assert run("project", "info", saved, "--root", photos) == 0
    text = capsys.readouterr().out
    assert f"  fog: missing: {photos / 'fog.png'}" in text
    assert f"  herd/calf: changed: {photos / 'herd' / 'calf.png'}" in text
    assert "  cow: moved to: " in text
    assert text.count("Note: ") == 3


def test_info_of_many_images_is_short_unless_asked(project, tmp_path, capsys):
    many = [replace(project.inputs[0], name=f"cow {i}") for i in range(30)]
    path = save_project(replace(project, inputs=tuple(many)), tmp_path / "p.jcc")
    run("project", "info", path)
    assert "and 10 more; --all lists them" in capsys.readouterr().out
    run("project", "info", path, "--all")
    assert "  cow 29: " in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more"])
def test_a_damaged_project_is_an_error_of_one_line(content, tmp_path, capsys):
    (tmp_path / "p.jcc").write_bytes(content)
    assert run("project", "info", tmp_path / "p.jcc") == 2
    assert run("export", tmp_path / "p.jcc", "-f", "png", "-o", tmp_path / "out") == 2
    assert capsys.readouterr().err.count("Error: ") == 2


def test_a_project_is_exported_with_its_edits(saved, tmp_path, capsys):
    assert run("export", saved, "--format", "png", "-o", tmp_path / "png") == 0
    with Image.open(tmp_path / "png" / "cow.png") as file:
        written = np.asarray(file) > 0
    expected = image_result().mask
    expected[0, :4] = True
    np.testing.assert_array_equal(written, expected)
    assert f"Wrote 3 images to {tmp_path / 'png'}" in capsys.readouterr().out
    run("export", saved, "-f", "coco", "-o", tmp_path / "c.json", "--category", "cow")
    coco = json.loads((tmp_path / "c.json").read_text())
    assert coco["categories"][0]["name"] == "cow"
    names = [item["file_name"] for item in coco["images"]]
    assert sorted(names) == ["cow.png", "fog.png", "herd/calf.png"]
    run("export", saved, "-f", "csv", "-o", tmp_path)
    assert "accepted" not in (tmp_path / "objects.csv").read_text()
    assert ",flagged," in (tmp_path / "objects.csv").read_text()


def test_missing_images_are_said_and_their_masks_exported(saved, photos, tmp_path, capsys):
    shutil.rmtree(photos)
    assert run("export", saved, "-f", "tiff", "-o", tmp_path / "m.tif") == 0
    assert tifffile.imread(tmp_path / "m.tif").shape == (3, 12, 20)
    assert "3 images are missing" in capsys.readouterr().err


def test_a_folder_of_results_is_exported(tmp_path, capsys):
    result = result_of(image_result("cow"))
    out = write_result(result, tmp_path / "out", Pictures(result, str(tmp_path)))
    assert run("export", out, "-f", "yolo", "-o", tmp_path / "yolo") == 0
    assert (tmp_path / "yolo" / "segment" / "labels" / "cow.txt").is_file()
    assert "Next: put the images" in capsys.readouterr().out
    assert run("export", out, "-f", "yolo", "-o", tmp_path / "yolo") == 2
    assert run("export", out, "-f", "yolo", "-o", tmp_path / "yolo", "--overwrite") == 0
    # The scores that the uncertainty follows from are not in the folder.
    assert run("export", out, "-f", "csv", "-o", tmp_path / "objects.csv") == 0
    assert ",0.0000,," in (tmp_path / "objects.csv").read_text()


@pytest.mark.parametrize("kind", ["folder", "project"])
def test_masks_of_a_hyperstack_are_exported_on_its_axes(tmp_path, capsys, kind):
    path, data = tmp_path / "movie.tif", np.zeros((2, 3, 12, 20), np.uint16)
    metadata = {"axes": "TZYX", "unit": "um", "spacing": 2, "finterval": 30}
    tifffile.imwrite(path, data, imagej=True, resolution=(5, 4), metadata=metadata)
    pictures = ImageCollection.from_paths(path)
    result = result_of(*(image_result(name, (12, 20)) for name in pictures.names))
    if kind == "folder":
        source = write_result(result, tmp_path / "out", pictures)
    else:
        project = Project(describe_inputs(pictures), result.config, "fast", result)
        project = replace(project, axes=pictures.axes, spacing=pictures.spacing(0))
        source = save_project(project, tmp_path / "p.jcc")
    assert run("export", source, "-f", "tiff", "-o", tmp_path / "m.tif") == 0
    again = ImageCollection.from_paths(tmp_path / "m.tif")
    assert (again.axes, again.spacing(0)) == (pictures.axes, pictures.spacing(0))
    assert again.axes == (Axis("t", 2, 30, "s"), Axis("z", 3, 2, "um"))

    path.unlink()
    assert run("export", source, "-f", "tiff", "-o", tmp_path / "n.tif") == 0
    later = ImageCollection.from_paths(tmp_path / "n.tif").axes
    assert later == (again.axes if kind == "project" else (Axis("t", 6),))


def test_what_cannot_be_exported_is_said(project, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert run("export", tmp_path / "empty", "-f", "png", "-o", tmp_path / "o") == 2
    assert "no result of a run" in capsys.readouterr().err
    path = save_project(replace(project, result=None), tmp_path / "p.jcc")
    assert run("export", path, "-f", "png", "-o", tmp_path / "o") == 2
    assert "no result yet" in capsys.readouterr().err
    assert run("export", tmp_path / "none.jcc", "-f", "png", "-o", tmp_path / "o") == 2
    assert run("export", path, "-f", "gif", "-o", tmp_path / "o") == 2


def test_the_edited_masks_of_a_project_are_measured(saved, photos, tmp_path, capsys):
    assert run("measure", saved) == 0
    rows = list(csv.DictReader((saved.parent / "cows_measures.csv").open()))
    # The stroke of 4 pixels adds a piece to the 60 of the answer; fog has no mask.
    assert [(row["image"], float(row["area"]), row["pieces"]) for row in rows] == [
        ("cow", 64, "2"),
        ("herd/calf", 60, "1"),
    ]
    mask = image_result().mask
    mask[0, :4] = True
    with Image.open(photos / "cow.png") as file:
        assert float(rows[0]["mean_0"]) == pytest.approx(np.asarray(file)[mask, 0].mean())
    (photos / "cow.png").unlink()
    words = ["--spacing", "0.5", "--unit", "um", "-o", tmp_path]
    assert run("measure", saved, *words) == 0
    cow, calf = csv.DictReader((tmp_path / "measures.csv").open())
    assert (float(cow["area"]), cow["unit"], cow["mean_0"]) == (16, "um", "")
    assert calf["mean_0"]
    streams = capsys.readouterr()
    assert "cows_measures.csv\nMeasured 2 objects" in streams.out
    assert "cow: brightness not measured" in streams.err


def test_the_size_of_pixels_is_known_after_the_images_are_gone(project, photos, tmp_path):
    placed = replace(project, spacing=Spacing(0.5, 0.5, "um"))
    saved = save_project(placed, tmp_path / "p.jcc")
    shutil.rmtree(photos)
    assert run("measure", saved, "-o", tmp_path / "m.csv") == 0
    rows = list(csv.DictReader((tmp_path / "m.csv").open()))
    assert [(float(row["area"]), row["unit"]) for row in rows] == [(16, "um"), (15, "um")]


def test_the_edited_masks_of_a_project_are_scored(saved, photos, capsys):
    true = image_result().mask
    true[0, :4] = True
    Image.fromarray(true).save(photos / "cow_mask.png")
    # The images lie in the folder of the truth, and are no masks of themselves.
    assert run("evaluate", saved, "--truth", photos, "--json") == 0
    scores = json.loads(capsys.readouterr().out)
    assert [(item["name"], item["jaccard"]) for item in scores["images"]] == [("cow", 1)]
    assert sorted(scores["missing"]) == ["fog", "herd/calf"]


def test_a_project_is_scored_by_the_truth_it_names(project, photos, tmp_path, capsys):
    Image.fromarray(image_result().mask).save(photos / "cow_mask.png")
    path = save_project(replace(project, truth=str(photos)), tmp_path / "p.jcc")
    assert run("evaluate", path, "--json") == 0
    assert [i["name"] for i in json.loads(capsys.readouterr().out)["images"]] == ["cow"]
    bare = save_project(replace(project, truth=""), tmp_path / "bare.jcc")
    assert run("evaluate", bare) == 2
    assert "No truth to compare with" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["measure"], ["evaluate", "--truth", "masks"]])
def test_a_project_without_result_is_neither_measured_nor_scored(
    words, project, tmp_path, capsys
):
    path = save_project(replace(project, result=None), tmp_path / "p.jcc")
    assert run(words[0], path, *words[1:]) == 2
    assert "no result yet" in capsys.readouterr().err
    assert run(words[0], tmp_path / "none.jcc", *words[1:]) == 2
    assert "none.jcc" in capsys.readouterr().err
