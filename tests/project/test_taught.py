"""Images that were in no session are segmented as its corrections teach."""

import json
import shlex
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from command_line import run
from napari_jcc.collection import ImageCollection
from napari_jcc.config import apply_overrides, get_preset
from napari_jcc.errors import InputError
from napari_jcc.interaction import BACKGROUND, OBJECT, Corrector, Edits
from napari_jcc.pipeline import Run
from napari_jcc.project import (
    Project,
    describe_inputs,
    save_project,
    segment_taught,
)

CONFIG = apply_overrides(
    get_preset("fast"), {"superpixels.count": 60, "features.dimensions": 16}
)


RED, BLUE = (200, 40, 40), (40, 40, 200)


def draw_picture(number):
    """A red and a blue disk on gray, elsewhere in every picture, and both masks."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[:72, :96]
    across = rng.integers(22, 28), rng.integers(66, 74)
    disks = [(y - rng.integers(26, 46)) ** 2 + (x - at) ** 2 < 14**2 for at in across]
    pixels = np.full((72, 96, 3), 120.0)
    for disk, colour in zip(disks[:: rng.choice((-1, 1))], (RED, BLUE), strict=True):
        pixels[disk] = colour
    pixels += rng.normal(0, 6, pixels.shape)
    return pixels.clip(0, 255).astype(np.uint8)


def is_coloured(pixels, colour):
    """Where a picture has a colour."""
    return np.abs(pixels.astype(float) - colour).max(axis=2) < 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A session of three pictures, and three new ones that are called alike."""
    parent = tmp_path_factory.mktemp("taught")
    for name, first in (("session", 0), ("new", 3)):
        (parent / name).mkdir()
        for number in range(3):
            path = parent / name / f"{number}.png"
            Image.fromarray(draw_picture(first + number)).save(path)
    return parent


@pytest.fixture(scope="module")
def session(folder):
    """The session after blue was painted, and red erased, in two pictures."""
    images = ImageCollection.from_folder(folder / "session")
    corrector = Corrector(Run(images, CONFIG).finish())
    for place in (0, 2):
        key, pixels = corrector.keys[place], images.image(place)
        edits = corrector.edits.paint(key, is_coloured(pixels, BLUE), OBJECT)
        corrector.update(edits.paint(key, is_coloured(pixels, RED), BACKGROUND))
        corrector.answer(place)
        result = corrector.settle().result
    machine = replace(result, images=corrector.machine)
    inputs = describe_inputs(images)
    return corrector, Project(inputs, CONFIG, "fast", machine, corrector.edits)


def shares(result, folder):
    """Shares of red and of blue that are in the masks, a row for every picture."""
    rows = []
    for image in result.images:
        pixels = np.asarray(Image.open(folder / f"{image.name}.png"))
        colours = [is_coloured(pixels, colour) for colour in (RED, BLUE)]
        rows.append([image.mask[where].mean() for where in colours])
    return np.array(rows)


def same_masks(one, other):
    """Whether two results have the same masks, image by image."""
    pairs = zip(one.images, other.images, strict=True)
    return [bool(np.array_equal(a.mask, b.mask)) for a, b in pairs]


def test_its_own_images_are_answered_as_in_the_session(folder, session):
    corrector, project = session
    found = segment_taught(folder / "session", project)
    assert same_masks(found, corrector.result) == [True] * 3
    # By other settings nothing is held, but what was drawn stays.
    other = segment_taught(folder / "session", project, {"problem": {"nu": 0.2}})
    assert shares(other, folder / "session")[[0, 2]].tolist() == [[0, 1], [0, 1]]


def test_new_images_are_taught_and_answered_alone(folder, session):
    _, project = session
    untaught = Run(ImageCollection.from_folder(folder / "new"), CONFIG).result()
    taught = segment_taught(folder / "new", project)
    assert [image.name for image in taught.images] == ["0", "1", "2"]
    assert list(taught.seconds)[-1] == "Corrections"
    before, after = (shares(result, folder / "new") for result in (untaught, taught))
    assert after[:, 1].min() > 0.9  # blue
    assert after[:, 0].mean() < before[:, 0].mean() - 0.2


def test_a_copy_under_another_name_is_the_image_that_was_corrected(
    folder, session, tmp_path
):
    copy = tmp_path / "another name.png"
    copy.write_bytes((folder / "session" / "0.png").read_bytes())
    found = segment_taught([copy, folder / "new" / "1.png"], session[1])
    (image,) = (image for image in found.images if image.name.endswith("another name"))
    np.testing.assert_array_equal(image.mask, session[0].result.images[0].mask)


def test_a_corrected_image_that_is_gone_is_left_out_where_others_teach(
    folder, session, tmp_path
):
    corrector, project = session
    gone = str(tmp_path / "gone.png")
    inputs = (*project.inputs[:2], replace(project.inputs[2], path=gone))
    found = segment_taught(
        [folder / "session" / "0.png", folder / "new" / "1.png"],
        replace(project, inputs=inputs),
    )
    assert "not found" in found.skipped[gone]
    (image,) = (image for image in found.images if image.name.endswith("0"))
    np.testing.assert_array_equal(image.mask, corrector.result.images[0].mask)


def test_what_teaches_nothing_is_an_error(folder, session, tmp_path):
    _, project = session
    with pytest.raises(InputError, match="no corrections"):
        segment_taught(folder / "new", replace(project, edits=Edits()))
    gone = [replace(image, path=str(tmp_path / image.name)) for image in project.inputs]
    with pytest.raises(InputError, match="None of the 2 images"):
        segment_taught(folder / "new", replace(project, inputs=tuple(gone)))
    shown = [np.asarray(Image.open(image.path)) for image in project.inputs]
    for place, (image, pixels) in enumerate(zip(project.inputs, shown, strict=True)):
        path = tmp_path / f"{place}.png"
        Image.fromarray(255 - pixels).save(path)
        gone[place] = replace(image, path=str(path))
    with pytest.raises(InputError, match="has the content it had"):
        segment_taught(folder / "new", replace(project, inputs=tuple(gone)))


def test_the_command_line_learns_from_a_project(folder, session, tmp_path, capsys):
    corrector, project = session
    file = save_project(project, tmp_path / "session.jcc")
    out = tmp_path / "out"
    words = ["segment", folder / "session", "-o", out, "--corrections", file]
    assert run(*words) == 0
    masks = [out / "masks" / f"{i}.png" for i in range(3)]
    for path, image in zip(masks, corrector.result.images, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(path)) > 0, image.mask)
    before = [path.read_bytes() for path in masks]
    record = json.loads((out / "run.json").read_text())
    assert record["corrected"] == [str(place) for place in corrector.edited] != []
    _, *words = shlex.split(record["command"])
    assert run(*words, "--overwrite", "-q") == 0
    assert [path.read_bytes() for path in masks] == before
    assert "photo" not in words
    capsys.readouterr()
