import errno
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.axes import Axis
from napari_jcc.collection.sources import FileSource
from napari_jcc.collection.spacing import Spacing
from napari_jcc.config import JccConfig
from napari_jcc.errors import InputError, OutputError
from napari_jcc.interaction.edit import OBJECT, ImageKey
from napari_jcc.interaction.edits import Edits
from napari_jcc.project import (
    Project,
    describe_inputs,
    load_project,
    read_header,
    save_project,
)
from napari_jcc.results import ImageResult
from napari_jcc.results.instances import object_boxes
from results_samples import image_result, result_of
from strategies import configs
from zarr_sample import save_zarr


def assert_same_image(one, other):
    for field in fields(ImageResult):
        first, second = getattr(one, field.name), getattr(other, field.name)
        if isinstance(first, np.ndarray):
            assert first.dtype == second.dtype
            np.testing.assert_array_equal(first, second)
        else:
            assert first == second


def rewrite(path, change):
    """Change the document inside a project as another program might have."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    outline = json.loads(members["project.json"])
    change(outline)
    members["project.json"] = json.dumps(outline).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_a_project_comes_back_as_it_was(project, tmp_path):
    path = save_project(project, tmp_path / "work" / "cows.jcc")
    loaded, report = load_project(path)
    assert report.is_clean
    assert loaded.config == project.config
    assert (loaded.preset, loaded.statuses) == ("paper", project.statuses)
    for one, other in zip(loaded.result.images, project.result.images, strict=True):
        assert_same_image(one, other)
    assert loaded.result.config == project.result.config
    assert loaded.result.skipped == project.result.skipped
    assert loaded.result.measured == project.result.measured
    assert loaded.edits == project.edits
    images = loaded.open_images()
    assert images.names == ("cow", "fog", "herd/calf")
    assert [images.fingerprint(i) for i in range(3)] == [
        image.fingerprint for image in project.inputs
    ]


def test_a_project_whose_images_may_not_be_looked_for_is_opened(
    project, photos, tmp_path, close_folder
):
    """As one of a colleague, in whose folders nobody else may look."""
    path = save_project(project, tmp_path / "cows.jcc")
    close_folder(photos)
    loaded, report = load_project(path)
    assert report.missing.keys() == {"cow", "fog", "herd/calf"}
    assert len(loaded.edited_result().images) == 3
    with pytest.raises(InputError, match="None of the 3 images"):
        loaded.open_images()


def test_a_project_in_a_notebook_is_a_line(project):
    images = f"3 images: {', '.join(project.names)}"
    assert repr(project) == f"Project({images}; 2 corrected)"


def test_a_file_of_the_first_format_is_read():
    """Written once, by 0.1.0: what later programs write anew must not be all they read."""
    project, report = load_project(Path(__file__).with_name("format_1.jcc"))
    assert report.missing.keys() == {"cow", "fog"}
    assert project.config.problem.nu == 0.2
    assert project.statuses == {"fog": "accepted"}
    cow, fog = project.result.images
    assert (cow.mask.sum(), fog.mask.sum()) == (150, 140)
    np.testing.assert_array_equal(cow.box, [5, 6, 20, 16])
    assert cow.superpixel_scores.size == cow.label_map.max() + 1
    edits = project.edits
    assert (len(edits.entries), len(edits.undone)) == (2, 1)
    marks = edits.marks(edits.entries[0].key, (24, 32))
    assert (marks[2:4, 3:9] == OBJECT).all() and np.count_nonzero(marks) == 12
    np.testing.assert_array_equal(edits.box(edits.entries[1].key), [1, 2, 20, 21])


def test_masks_alone_lie_where_the_images_lay(project, tmp_path):
    axes, spacing = (Axis("t", 3, 30.0, "s"),), Spacing(0.2, 0.25, "um")
    laid = replace(project, axes=axes, spacing=spacing)
    loaded, _ = load_project(save_project(laid, tmp_path / "p.jcc"))
    assert (loaded.axes, loaded.spacing) == (axes, spacing)
    masks = loaded.masks_as_images(loaded.result)
    assert masks.spacing(1) == spacing
    in_order = replace(loaded.result, images=sorted_as(loaded))
    assert loaded.masks_as_images(in_order).axes == axes
    fewer = replace(loaded.result, images=in_order.images[:2])
    assert loaded.masks_as_images(fewer).axes is None


def sorted_as(project):
    images = {image.name: image for image in project.result.images}
    return tuple(images[name] for name in project.names)


def test_numbers_of_objects_take_as_few_bytes_as_hold_them(project, tmp_path):
    first, *others = project.result.images
    labels = np.zeros(first.mask.shape, np.int32)
    labels[0, :2] = 1, 300
    boxes, scores = np.zeros((300, 4), np.float32), np.zeros(300, np.float32)
    numbered = replace(
        first, instances=labels, instance_boxes=boxes, instance_scores=scores
    )
    result = replace(project.result, images=(numbered, *others))
    path = save_project(replace(project, result=result), tmp_path / "p.jcc")
    with zipfile.ZipFile(path) as archive, archive.open("images/0/instances.npy") as file:
        assert np.load(file).dtype == np.uint16
    loaded, _ = load_project(path)
    assert_same_image(loaded.result.images[0], numbered)


def test_objects_have_the_numbers_that_were_shown(project, tmp_path):
    """Two objects; the upper one is shown as 4, and one that the user painted as 9."""
    cow, *others = project.result.images
    found = with_objects(cow, {1: slice(3, 5), 2: slice(7, 9)})
    result = replace(project.result, images=(found, *others))
    shown = with_objects(cow, {2: slice(7, 9), 4: slice(3, 5), 9: slice(0, 1)})
    saved = replace(project, result=result).with_numbers([shown, *others])
    loaded, _ = load_project(save_project(saved, tmp_path / "p.jcc"))
    assert list(loaded.numbers) == ["cow"]
    opened = loaded.edited_result().images[0]
    np.testing.assert_array_equal(opened.labels > 0, found.mask | (shown.labels == 9))
    assert opened.labels[[3, 7, 0], 1].tolist() == [4, 2, 9]
    np.testing.assert_array_equal(opened.boxes[1], [0, 3, 4, 5])

    plain = saved.with_numbers([found])
    assert not plain.numbers
    rewrite(tmp_path / "p.jcc", lambda outline: outline["inputs"][0].update(shape=[9, 9]))
    with pytest.raises(InputError, match="damaged"):
        load_project(tmp_path / "p.jcc")


def with_objects(image, rows):
    """Objects on the first four columns, by number the rows they are on."""
    labels = np.zeros(image.mask.shape, np.int32)
    for number, where in rows.items():
        labels[where, :4] = number
    return replace(
        image,
        mask=labels > 0,
        instances=labels,
        instance_boxes=object_boxes(labels),
        instance_scores=np.ones(len(rows), np.float32),
    )


def test_the_header_is_read_alone(project, tmp_path):
    path = save_project(project, tmp_path / "copy.jcc", origin="/data/cows.jcc")
    header = read_header(path)
    assert (header.origin, header.images, header.answered) == ("/data/cows.jcc", 3, 3)


@st.composite
def journals(draw):
    """Edits of two images of 4 x 5 pixels, some undone."""
    edits = Edits()
    for _ in range(draw(st.integers(0, 4))):
        key = ImageKey(draw(st.sampled_from(["cow", "f\u00f6g", "\udcff"])), "ab")
        marks = draw(arrays.arrays(np.uint8, (4, 5), elements=st.integers(0, 2)))
        edits = edits.draw(key, marks)
        if draw(st.booleans()):
            edits = edits.fix_box(key, (4, 5), draw(st.none() | st.just((0.5, 1, 3, 4))))
        if draw(st.booleans()):
            edits = edits.undo()
    return edits


@settings(max_examples=40)
@given(configs, journals(), st.data())
def test_all_settings_edits_and_masks_survive(config, edits, data):
    mask = data.draw(arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2)))
    scores = data.draw(arrays.arrays(np.float32, st.integers(0, 5)))
    labels = data.draw(st.none() | st.just(mask.astype(np.int32) * 7))
    image = image_result("cow", mask=mask, superpixel_scores=scores, instances=labels)
    with tempfile.TemporaryDirectory() as folder:
        project = Project((), config, "fast", result_of(image, config=config), edits)
        loaded, _ = load_project(save_project(project, Path(folder, "p.jcc")))
    assert loaded.config == loaded.result.config == config
    assert loaded.edits == edits
    assert_same_image(loaded.result.images[0], image)


def test_edits_lie_over_the_answer_and_leave_it_alone(project, tmp_path):
    loaded, _ = load_project(save_project(project, tmp_path / "work" / "p.jcc"))
    cow, _, fog = loaded.edited_result().images
    before = project.result.images[0].mask
    np.testing.assert_array_equal(loaded.result.images[0].mask, before)
    assert cow.mask[0, :4].all()
    assert cow.mask.sum() == before.sum() + 4
    np.testing.assert_array_equal(fog.box, [1, 2, 8, 9])
    assert Project(project.inputs, project.config, "fast").edited_result() is None


def test_the_same_project_gives_the_same_arrays(project, tmp_path):
    one = save_project(project, tmp_path / "one.jcc")
    two = save_project(project, tmp_path / "two.jcc")
    with zipfile.ZipFile(one) as first, zipfile.ZipFile(two) as second:
        crcs = [
            {item.filename: item.CRC for item in archive.infolist()}
            for archive in (first, second)
        ]
    for sums in crcs:
        del sums["project.json"]  # holds the time
    assert crcs[0] == crcs[1]
    assert len(crcs[0]) == 3 * 7 + 2


def test_project_and_images_move_together(project, tmp_path):
    save_project(project, tmp_path / "work" / "cows.jcc")
    (tmp_path / "work").rename(tmp_path / "Ünder way")
    loaded, report = load_project(tmp_path / "Ünder way" / "cows.jcc")
    assert set(report.moved) == {"cow", "fog", "herd/calf"}
    assert not (report.missing or report.changed)
    moved = str(tmp_path / "Ünder way" / "photos" / "cow.png")
    assert report.moved["cow"] == loaded.inputs[0].path == moved
    assert len(loaded.open_images()) == 3


def test_a_folder_beside_the_project_may_be_renamed(project, photos, tmp_path):
    path = save_project(project, tmp_path / "work" / "cows.jcc")
    photos.rename(tmp_path / "work" / "neu")
    (tmp_path / "work" / "old").mkdir()
    shutil.copy(
        tmp_path / "work" / "neu" / "fog.png", tmp_path / "work" / "old" / "cow.png"
    )
    _, report = load_project(path)
    assert report.moved["cow"] == str(tmp_path / "work" / "neu" / "cow.png")
    assert set(report.missing) == {"herd/calf"}  # deeper than one folder


def test_images_that_moved_and_were_renamed_are_found_below_the_root(project, tmp_path):
    path = save_project(project, tmp_path / "work" / "cows.jcc")
    disk = tmp_path / "disk" / "deep"
    disk.mkdir(parents=True)
    for number, file in enumerate(sorted((tmp_path / "work").rglob("*.png"))):
        file.rename(disk / f"{number}.png")
    _, lost = load_project(path)
    assert len(lost.missing) == 3
    loaded, report = load_project(path, root=tmp_path / "disk")
    assert (len(report.moved), report.missing) == (3, {})
    before = {image.name: image.fingerprint for image in project.inputs}
    images = loaded.open_images()
    assert {n: images.fingerprint(i) for i, n in enumerate(images.names)} == before


def test_a_copy_of_the_content_is_preferred_to_a_changed_file(project, photos, tmp_path):
    path = save_project(project, tmp_path / "work" / "cows.jcc")
    shutil.copytree(photos, tmp_path / "elsewhere")
    shutil.copy(photos / "fog.png", photos / "cow.png")
    _, report = load_project(path, root=tmp_path / "elsewhere")
    assert report.moved == {"cow": str(tmp_path / "elsewhere" / "cow.png")}


def test_a_change_in_another_file_that_an_image_is_in_is_said(tmp_path):
    opened, other, path = tmp_path / "a.tif", tmp_path / "b.tif", tmp_path / "set.jcc"
    for file in (opened, other):
        tifffile.imwrite(file, np.zeros((4, 6), np.uint8))
    source = FileSource(str(opened), 0, (4, 6), others=("b.tif",))
    images = ImageCollection((source,), ("a",), JccConfig().collection, {}, (1,))
    save_project(Project(describe_inputs(images), JccConfig(), "fast"), path)
    assert load_project(path)[1].is_clean
    tifffile.imwrite(other, np.ones((4, 6), np.uint8))
    assert load_project(path)[1].changed == {"a": str(opened)}
    tifffile.imwrite(other, np.zeros((4, 6), np.uint8))
    assert load_project(path)[1].is_clean


def test_missing_and_changed_images_are_said_and_the_rest_opens(project, photos, tmp_path):
    path = save_project(project, tmp_path / "work" / "cows.jcc")
    (photos / "fog.png").unlink()
    shutil.copy(photos / "herd" / "calf.png", photos / "cow.png")
    loaded, report = load_project(path)
    assert report.missing == {"fog": str(photos / "fog.png")}
    assert report.changed == {"cow": str(photos / "cow.png")}
    assert "fog" in report.messages()[0]
    assert "changed" in report.messages()[1]
    images = loaded.open_images()
    assert images.names == ("cow", "herd/calf")
    assert str(photos / "fog.png") in images.skipped
    assert [image.name for image in loaded.result.images] == ["cow", "herd/calf", "fog"]


def test_a_touched_file_of_the_same_content_is_no_change(project, photos, tmp_path):
    path = save_project(project, tmp_path / "work" / "cows.jcc")
    os.utime(photos / "cow.png", (1, 1))
    assert load_project(path)[1].is_clean


def test_a_new_answer_keeps_the_masks_of_missing_images(project):
    new = project.with_result(result_of(image_result("cow", box_score=0.125)))
    scores = {image.name: image.box_score for image in new.result.images}
    assert scores == {"cow": 0.125, "herd/calf": 0.5, "fog": 0.0}
    assert [image.name for image in new.result.images] == ["cow", "fog", "herd/calf"]


def test_without_any_image_the_project_still_opens(project, photos, tmp_path):
    path = save_project(project, tmp_path / "work" / "cows.jcc")
    shutil.rmtree(photos)
    loaded, report = load_project(path)
    assert len(report.missing) == 3
    assert len(loaded.result.images) == 3
    with pytest.raises(InputError, match="Name the folder that they are in now"):
        loaded.open_images()


def test_images_of_another_size_by_now_are_left_out_and_said(project, photos, tmp_path):
    path = save_project(project, tmp_path / "work" / "cows.jcc")
    loaded, _ = load_project(path)
    Image.new("RGB", (7, 5)).save(photos / "cow.png")
    images = loaded.open_images()
    assert images.names == ("fog", "herd/calf")
    assert images.skipped == {
        str(photos / "cow.png"): "has another size than in the project"
    }
    for place in photos.rglob("*.png"):
        Image.new("RGB", (7, 5)).save(place)
    with pytest.raises(InputError, match=r"has another size.*Put the images back"):
        loaded.open_images()


def test_images_in_no_file_are_said(tmp_path):
    collection = ImageCollection.from_arrays([np.zeros((4, 5))], names=["drawn"])
    project = Project(describe_inputs(collection), JccConfig(), "fast")
    _, report = load_project(save_project(project, tmp_path / "p.jcc"))
    assert report.unfiled == ("drawn",)
    assert "not in a file as they were worked on" in report.messages()[0]


def test_pages_of_one_file_come_back_as_they_were(tmp_path):
    pages = np.random.default_rng(0).integers(0, 99, (3, 6, 7), np.uint16)
    tifffile.imwrite(tmp_path / "stack.tif", pages, photometric="minisblack")
    collection = ImageCollection.from_files([tmp_path / "stack.tif"]).select([2, 0])
    project = Project(describe_inputs(collection), JccConfig(), "fast")
    loaded, report = load_project(save_project(project, tmp_path / "p.jcc"))
    assert report.is_clean
    images = loaded.open_images()
    assert images.names == ("stack_p2", "stack_p0")
    np.testing.assert_array_equal(images.raw(0), pages[2])
    np.testing.assert_array_equal(images.raw(1), pages[0])


def test_a_folder_of_zarr_moves_with_the_project_and_tells_of_changes(tmp_path):
    place = save_zarr(tmp_path / "set" / "a.ome.zarr", 3)
    inputs = describe_inputs(ImageCollection.from_paths(place))
    save_project(Project(inputs, JccConfig(), "fast"), tmp_path / "set" / "a.jcc")
    (tmp_path / "set").rename(tmp_path / "moved")
    project, report = load_project(tmp_path / "moved" / "a.jcc")
    assert (len(report.moved), report.changed, report.missing) == (4, {}, {})
    assert [axis.name for axis in project.open_images().axes] == ["t", "z"]
    chunk = tmp_path / "moved" / "a.ome.zarr" / "0" / "c" / "0" / "0" / "1" / "0" / "0"
    chunk.unlink()  # reads as 0
    _, report = load_project(tmp_path / "moved" / "a.jcc")
    assert list(report.changed) == ["a_t0_z1"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a name that is no text")
def test_names_that_are_no_text_survive(tmp_path):
    name = os.fsdecode(b"\xff\xfe")
    Image.fromarray(np.zeros((3, 4), np.uint8)).save(tmp_path / f"{name}.png")
    collection = ImageCollection.from_folder(tmp_path)
    project = Project(
        describe_inputs(collection),
        JccConfig(),
        "fast",
        result_of(image_result(name, (3, 4))),
        statuses={name: "accepted"},
    )
    loaded, report = load_project(save_project(project, tmp_path / "p.jcc"))
    assert report.is_clean
    assert loaded.statuses == {name: "accepted"}
    assert loaded.open_images().names == (name,)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_said(project, tmp_path, share):
    path = save_project(project, tmp_path / "p.jcc")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    message = "not a project" if share == 0 else "cut off or damaged"
    with pytest.raises(InputError, match=message):
        load_project(path)


@settings(max_examples=60)
@given(st.data())
def test_no_change_of_a_byte_goes_wrong_silently(project_bytes, data):
    content = bytearray(project_bytes)
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "p.jcc")
        path.write_bytes(content)
        try:
            loaded, _ = load_project(path)
        except InputError:
            return
        # Time stamps and the like mean nothing: what was read is right.
        np.testing.assert_array_equal(loaded.result.images[0].mask, image_result().mask)
        assert loaded.config == JccConfig()


@pytest.fixture(scope="module")
def project_bytes(tmp_path_factory):
    path = tmp_path_factory.mktemp("bytes") / "p.jcc"
    project = Project((), JccConfig(), "fast", result_of(image_result()))
    return save_project(project, path).read_bytes()


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", b"\x89PNG\r\n"])
def test_other_files_are_no_projects(tmp_path, content):
    (tmp_path / "p.jcc").write_bytes(content)
    with pytest.raises(InputError, match=r"not a project|cut off"):
        load_project(tmp_path / "p.jcc")


def test_another_zip_and_a_missing_file_are_said(tmp_path):
    with zipfile.ZipFile(tmp_path / "p.jcc", "w") as archive:
        archive.writestr("letter.txt", "dear")
    with pytest.raises(InputError, match="not a project"):
        load_project(tmp_path / "p.jcc")
    with pytest.raises(InputError, match="No such file"):
        load_project(tmp_path / "none.jcc")
    with pytest.raises(InputError, match=os.strerror(errno.EISDIR)):
        load_project(tmp_path)


def test_a_project_of_a_later_program_is_refused_with_its_version(project, tmp_path):
    path = save_project(project, tmp_path / "p.jcc")

    def later(outline):
        outline |= {"format_version": 7, "program_version": "9.1", "inputs": "elsewhere"}

    rewrite(path, later)
    with pytest.raises(InputError, match=r"napari-jcc 9\.1.*format 7.*Update"):
        load_project(path)


def test_what_a_later_program_adds_to_this_format_is_passed_over(project, tmp_path):
    path = save_project(project, tmp_path / "p.jcc")

    def more(outline):
        outline["new"] = 1
        outline["inputs"][0]["pixel_size"] = 0.5
        outline["result"]["images"][0]["values"]["mood"] = "sunny"

    rewrite(path, more)
    assert load_project(path)[1].is_clean


def test_settings_of_another_version_are_kept_as_far_as_they_go(project, tmp_path):
    path = save_project(project, tmp_path / "p.jcc")

    def older(outline):
        config = outline["config"]
        config["problem"] |= {"lambda0": 3, "nu": -1, "area_min": 0.9, "area_max": 0.2}
        del config["problem"]["mu"]
        config["crystal_ball"] = {"on": True}

    rewrite(path, older)
    loaded, report = load_project(path)
    problem = loaded.config.problem
    assert (problem.nu, problem.mu) == (0.005, 0.001)  # of the preset paper
    assert problem.area_min < problem.area_max
    notes = "\n".join(report.notes)
    for part in ("problem.lambda0", "problem.nu", "problem.mu: new", "crystal_ball"):
        assert part in notes
    assert loaded.config.superpixels == project.config.superpixels


def test_a_preset_that_is_gone_is_said(project, tmp_path):
    path = save_project(replace(project, preset="vintage"), tmp_path / "p.jcc")
    loaded, report = load_project(path)
    assert loaded.config == project.config
    assert report.notes == ("There is no preset 'vintage' any more.",)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (["inputs", 0, "page"], -1),
        (["inputs", 0, "shape"], [0, 4]),
        (["statuses", "cow"], "sleeping"),
        (["result", "images", 0, "arrays", "mask"], "images/9/mask.npy"),
        (["result", "images", 0, "arrays", "mask"], "images/0/box.npy"),
        (["result", "images", 0, "arrays"], {}),
        (["result", "images", 0, "values"], {}),
        (["result", "images", 0, "values", "box_score"], "high"),
        (["edits", "arrays", "runs"], "edits/77.npy"),
        (["edits", "arrays", "runs"], "images/0/mask.npy"),
        (["edits", "outline"], {"version": 1}),
        (["edits"], {"what": 1}),
        (["saved"], "yesterday"),
        (["format"], "thesis"),
        (["config"], 3),
        (["axes"], [{"name": "t", "length": 3, "step": 0, "unit": "s"}]),
        (["spacing"], {"row": 1}),
    ],
)
def test_documents_that_contradict_themselves_are_refused(project, tmp_path, place, value):
    path = save_project(project, tmp_path / "p.jcc")

    def spoil(outline):
        *parents, last = place
        for parent in parents:
            outline = outline[parent]
        outline[last] = value

    rewrite(path, spoil)
    with pytest.raises(InputError, match="damaged"):
        load_project(path)


def test_no_pickled_object_is_ever_read(project, tmp_path):
    path = save_project(project, tmp_path / "p.jcc")
    trap = tmp_path / "trap.npy"
    np.save(trap, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | {"edits/runs.npy": trap.read_bytes()}).items():
            archive.writestr(name, content)
    with pytest.raises(InputError, match="damaged"):
        load_project(path)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_is_said_and_the_old_file_stays(project, tmp_path):
    path = save_project(project, tmp_path / "p.jcc")
    before = path.read_bytes()
    noise = np.random.default_rng(0).random((400, 400)).astype(np.float32)
    large = project.with_result(result_of(image_result("cow", saliency_map=noise)))
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
    try:
        with pytest.raises(OutputError, match=r"File too large.*Free some space"):
            save_project(large, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert path.read_bytes() == before
    assert list(tmp_path.glob(".napari-jcc-*")) == []


def test_a_folder_that_cannot_be_written_is_said(project, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="choose another folder"):
        save_project(project, tmp_path / "file" / "p.jcc")


def test_truth_is_found_again_or_missed(project, tmp_path):
    truth = tmp_path / "work" / "truth"
    truth.mkdir()
    path = tmp_path / "work" / "p.jcc"
    save_project(replace(project, truth=str(truth)), path)
    (tmp_path / "work").rename(tmp_path / "moved")
    loaded, report = load_project(tmp_path / "moved" / "p.jcc")
    assert (loaded.truth, report.notes) == (str(tmp_path / "moved" / "truth"), ())
    (tmp_path / "moved" / "truth").rmdir()
    _, report = load_project(tmp_path / "moved" / "p.jcc")
    assert "truth is gone" in report.notes[0]


RESUME = """
import sys
from napari_jcc.pipeline import Run
from napari_jcc.project import load_project
project, report = load_project(sys.argv[1])
run = Run(project.open_images(), project.config)
result = run.result()
print(sorted(result.seconds))
print([int(image.mask.sum()) for image in result.images])
"""


def test_a_run_in_another_process_finds_regions_and_features_in_the_cache(tmp_path):
    from napari_jcc.config import apply_overrides
    from napari_jcc.pipeline import Run
    from napari_jcc.samples import write_sample

    write_sample("coins", tmp_path / "a")
    images = ImageCollection.from_folder(tmp_path / "a" / "images").select([0, 1])
    config = apply_overrides(
        JccConfig(),
        {
            "collection.working_size": 64,
            "superpixels.count": 40,
            "boxes.count": 5,
            "boxes.method": "grid",
            "decode.refinement": "none",
            "runtime.cache_folder": str(tmp_path / "cache"),
        },
    )
    result = Run(images, config).result()
    project = Project(describe_inputs(images), config, "fast", result)
    save_project(project, tmp_path / "a" / "coins.jcc")
    (tmp_path / "a").rename(tmp_path / "b")
    done = subprocess.run(
        [sys.executable, "-c", RESUME, str(tmp_path / "b" / "coins.jcc")],
        capture_output=True,
        text=True,
        check=True,
    )
    stages, areas = done.stdout.splitlines()
    assert stages == "['Masks']"
    assert areas == str([int(image.mask.sum()) for image in result.images])
    shutil.rmtree(tmp_path / "cache")
    assert "cache folder" in load_project(tmp_path / "b" / "coins.jcc")[1].notes[0]
