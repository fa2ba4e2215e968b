import csv
import errno
import io
import json
import os
import resource
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from napari_jcc.config import apply_overrides, get_preset, validate_config
from napari_jcc.errors import InputError, OutputError
from napari_jcc.results.box_table import format_boxes, read_scored_boxes
from napari_jcc.results.files import check_output, write_result
from napari_jcc.results.names import mask_files
from results_samples import Pictures, empty_image_result, image_result, result_of


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def record_of(out):
    return json.loads((out / "run.json").read_text(encoding="utf-8"))


@pytest.fixture
def closed_folder():
    """A folder in which this process may not write, even when root runs the tests."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(user)
    shutil.rmtree(folder)


@pytest.fixture
def small_files():
    """Refuse to write more than 300 kB to a file, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_masks_are_0_and_255_at_the_images_own_size(tmp_path):
    result = result_of(image_result("cow", (12, 20)), image_result("herd/calf", (30, 16)))
    write_result(result, tmp_path / "out", Pictures(result))
    for image in result.images:
        with Image.open(tmp_path / "out" / "masks" / f"{image.name}.png") as file:
            assert file.mode == "L"
            written = np.asarray(file)
        np.testing.assert_array_equal(written, image.mask * 255)


def test_boxes_of_a_table_come_back_with_their_scores(tmp_path):
    table = tmp_path / "boxes.csv"
    box = np.array([1, 2, 3.25, 4], np.float32)
    images = [image_result("cow", box=box, box_score=0.25), empty_image_result()]
    table.write_text(format_boxes(images))
    boxes, scores = read_scored_boxes(table)["cow"]
    np.testing.assert_array_equal(boxes, [box])
    assert scores.tolist() == [0.25]
    assert read_scored_boxes(table)["fog"][0].shape == (0, 4)
    # As another program's table, saved by Excel.
    table.write_text("image;x_max;x_min;y_min;y_max\ncow;3,25;1;2;4\n")
    boxes, scores = read_scored_boxes(table)["cow"]
    np.testing.assert_array_equal(boxes, [box])
    assert scores.tolist() == [0]


def test_boxes_are_listed_with_fixed_digits_and_empty_fields():
    box = np.array([1 / 3, 2, 10, 11.126], np.float32)
    images = (image_result('a "b", c', box=box, box_score=2 / 3), empty_image_result())
    assert format_boxes(images) == (
        "image,x_min,y_min,x_max,y_max,score\n"
        '"a ""b"", c",0.33,2.00,10.00,11.13,0.6667\n'
        "fog,,,,,\n"
    )


# The csv module quotes a line feed in a name, but not a lone carriage return.
@given(
    st.lists(
        st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1
        )
    )
)
def test_every_name_survives_the_table(names):
    text = format_boxes(image_result(name) for name in names)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert [row[0] for row in rows[1:]] == names
    assert all(row[1:] == ["5.00", "3.00", "15.00", "9.00", "0.7500"] for row in rows[1:])


def test_same_result_gives_the_same_bytes(tmp_path):
    result = result_of(image_result("cow"), empty_image_result())
    for folder in ("one", "two"):
        write_result(result, tmp_path / folder, Pictures(result))
    one, two = tree(tmp_path / "one"), tree(tmp_path / "two")
    assert one.keys() == two.keys()
    for file in ("masks/cow.png", "masks/fog.png", "boxes.csv", "overview.png"):
        assert one[file] == two[file]


def test_record_tells_how_the_answer_came_about(tmp_path):
    config = apply_overrides(get_preset("paper"), ["problem.nu=0.25"])
    result = result_of(
        image_result("cow"),
        empty_image_result(),
        config=config,
        skipped={"notes.txt": "not an image"},
        solver_report={"objective": np.float64(-1.5), "primal_residual": float("nan")},
        seconds={"solve": 0.5},
    )
    write_result(result, tmp_path / "out", Pictures(result, "farm"))
    record = record_of(tmp_path / "out")
    assert validate_config(record["config"]) == config
    assert record["skipped"] == {"notes.txt": "not an image"}
    assert record["solver"] == {"objective": -1.5, "primal_residual": None}
    assert record["seconds"] == {"solve": 0.5}
    assert {"python", "napari-jcc", "numpy", "osqp"} <= record["versions"].keys()
    assert record["command"].startswith("napari-jcc segment farm/cow.jpg farm/fog.jpg ")
    assert record["command"].endswith("--preset paper --set problem.nu=0.25")
    cow, fog = record["images"]
    assert cow["source"] == "farm/cow.jpg"
    assert (cow["mask"], cow["size"]) == ("masks/cow.png", [20, 12])
    assert (cow["box"], cow["box_score"]) == ([5, 3, 15, 9], 0.75)
    assert cow["foreground_share"] == pytest.approx(60 / 240)
    assert (fog["box"], fog["warning"]) == (None, "No box survived; the answer is empty.")
    assert set(record["files"]) == tree(tmp_path / "out").keys()


def test_given_command_goes_into_the_record(tmp_path):
    write_result(result_of(image_result()), tmp_path / "out", command="napari-jcc x")
    assert record_of(tmp_path / "out")["command"] == "napari-jcc x"


def test_images_in_no_file_have_no_command(tmp_path):
    result = result_of(image_result())
    write_result(result, tmp_path / "out", Pictures(result))
    assert record_of(tmp_path / "out")["command"] is None


def test_a_result_is_written_without_its_images(tmp_path):
    write_result(result_of(image_result()), tmp_path / "out")
    [cow] = record_of(tmp_path / "out")["images"]
    assert (cow["source"], cow["spacing"]) == ("", None)
    assert (tmp_path / "out" / "overview.png").is_file()


def test_what_is_no_collection_is_refused_before_anything_is_written(tmp_path):
    result = result_of(image_result())
    with pytest.raises(InputError, match=r"images is a str\. .*from_paths"):
        write_result(result, tmp_path / "out", "photos")
    with pytest.raises(InputError, match="folder second"):
        write_result(result, Pictures(result), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_in_use_is_refused_and_named(tmp_path):
    (tmp_path / "thesis.tex").write_text("dear")
    with pytest.raises(OutputError, match=r"thesis\.tex.*--overwrite"):
        write_result(result_of(image_result()), tmp_path)
    assert tree(tmp_path) == {"thesis.tex": b"dear"}


def test_a_folder_left_by_a_killed_run_goes_and_one_of_a_run_at_work_stays(tmp_path):
    for name in ("left", "at-work"):
        (tmp_path / f".napari-jcc-{name}" / "new").mkdir(parents=True)
    os.utime(tmp_path / ".napari-jcc-left", (0, 0))
    write_result(result_of(image_result()), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".napari-jcc-at-work",
        "boxes.csv",
        "masks",
        "overview.png",
        "run.json",
    ]


def test_overwriting_removes_old_masks_and_keeps_other_files(tmp_path):
    old = result_of(image_result("cow"), image_result("herd/calf"), image_result("b/c/d"))
    write_result(old, tmp_path)
    (tmp_path / "masks" / "herd" / "mine.txt").write_text("keep")
    (tmp_path / "thesis.tex").write_text("keep")
    write_result(result_of(image_result("ox")), tmp_path, overwrite=True)
    assert tree(tmp_path).keys() == {
        "masks/ox.png",
        "masks/herd/mine.txt",
        "thesis.tex",
        "boxes.csv",
        "overview.png",
        "run.json",
    }
    assert not (tmp_path / "masks" / "b").exists()


@pytest.mark.parametrize("file", ["masks/cow.png", "overview.png", "run.json", "masks"])
def test_a_file_of_somebody_else_in_the_way_is_never_replaced(file, tmp_path):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("precious")
    with pytest.raises(OutputError, match=file):
        write_result(result_of(image_result("cow")), tmp_path, overwrite=True)
    assert tree(tmp_path) == {file: b"precious"}


def test_a_forged_record_cannot_remove_files_elsewhere(tmp_path):
    out, secret = tmp_path / "out", tmp_path / "secret.png"
    write_result(result_of(image_result("cow")), out)
    secret.write_text("keep")
    (out / "own.txt").write_text("keep")
    record = record_of(out)
    record["files"] += [
        "masks/../../secret.png",
        "../secret.png",
        str(secret),
        "own.txt",
        3,
    ]
    (out / "run.json").write_text(json.dumps(record))
    write_result(result_of(image_result("ox")), out, overwrite=True)
    assert secret.exists()
    assert (out / "own.txt").exists()
    assert not (out / "masks" / "cow.png").exists()


def test_measures_of_a_former_result_go_with_it_those_of_others_stay(tmp_path):
    out = tmp_path / "out"
    write_result(result_of(image_result("cow")), out)
    (out / "measures.csv").write_text("image,area\ncow,60\n")
    write_result(result_of(image_result("ox")), out, overwrite=True)
    assert not (out / "measures.csv").exists()
    other = tmp_path / "no result yet"
    other.mkdir()
    (other / "measures.csv").write_text("mine")
    write_result(result_of(image_result("ox")), other, overwrite=True)
    assert (other / "measures.csv").read_text() == "mine"


def test_a_full_disk_is_noticed_before_the_run(tmp_path, small_files):
    with pytest.raises(OutputError, match=r"File too large.*Free some space"):
        check_output(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_leaves_the_former_result_whole(tmp_path):
    write_result(result_of(image_result("cow")), tmp_path)
    before = tree(tmp_path)
    noise = np.random.default_rng(0).random((2000, 2000)) < 0.5
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    large = result_of(image_result("cow"), image_result("ox", mask=noise))
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, limit[1]))
    try:
        with pytest.raises(OutputError, match="Free some space"):
            write_result(large, tmp_path, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("below", [".", "new", "new/deeper"])
def test_a_read_only_folder_is_noticed_before_the_run(closed_folder, below):
    with pytest.raises(OutputError, match=r"Permission denied.*may write"):
        check_output(closed_folder / below)


def test_a_file_in_place_of_the_folder_is_noticed(tmp_path):
    file = tmp_path / "out"
    file.write_text("")
    with pytest.raises(OutputError, match="is a file"):
        check_output(file)
    with pytest.raises(OutputError, match=os.strerror(errno.ENOTDIR)):
        check_output(file / "deeper")


def test_the_check_leaves_no_trace(tmp_path):
    check_output(tmp_path / "new" / "deeper", names=["cow"])
    assert list(tmp_path.iterdir()) == []


def test_the_check_finds_masks_of_somebody_else(tmp_path):
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "cow.png").write_text("truth")
    check_output(tmp_path, overwrite=True, names=["ox"])
    with pytest.raises(OutputError, match=r"masks/cow\.png"):
        check_output(tmp_path, overwrite=True, names=["ox", "cow"])


def test_names_become_places_below_masks():
    assert mask_files(["cow", "herd/calf", "Cow", "cow_2", "../x", "/x", "a//b"]) == [
        "masks/cow.png",
        "masks/herd/calf.png",
        "masks/Cow_2.png",
        "masks/cow_2_2.png",
        "masks/_/x.png",
        "masks/_/x_2.png",
        "masks/a/_/b.png",
    ]


@given(st.lists(st.text()))
def test_all_names_have_places_of_their_own_that_can_be_written(names):
    places = mask_files(names)
    assert len({place.casefold() for place in places}) == len(names)
    for place in places:
        first, *rest = place.split("/")
        assert first == "masks"
        assert rest
        assert not {"", ".", ".."} & set(rest)
        assert all(len(os.fsencode(part)) <= 255 for part in rest)
        assert "\0" not in place


@pytest.mark.parametrize(
    "name", ["é" * 200, "\ud800", os.fsdecode(b"\xff\xfe"), "a\nb", "%s"]
)
def test_odd_names_are_written(name, tmp_path):
    write_result(result_of(image_result(name)), tmp_path / "out")
    (entry,) = record_of(tmp_path / "out")["images"]
    assert entry["name"] == name
    assert (tmp_path / "out" / entry["mask"]).is_file()
    assert name not in ("%s", "a\nb") or entry["mask"] == f"masks/{name}.png"
    write_result(result_of(image_result("ox")), tmp_path / "out", overwrite=True)
    assert len(list((tmp_path / "out" / "masks").iterdir())) == 1


def test_no_images_at_all_still_make_a_result(tmp_path):
    write_result(result_of(), tmp_path / "out")
    assert (tmp_path / "out" / "boxes.csv").read_text() == (
        "image,x_min,y_min,x_max,y_max,score\n"
    )
