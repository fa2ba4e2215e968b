"""A project opened as layers; no window but where napari itself opens it."""

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from PIL import Image

from napari_jcc.collection import ImageCollection
from napari_jcc.config import JccConfig
from napari_jcc.errors import InputError
from napari_jcc.interaction.edit import OBJECT, ImageKey
from napari_jcc.interaction.edits import Edits
from napari_jcc.plugin.projects.opened import PROJECT_KEY, PROJECT_PATH_KEY
from napari_jcc.plugin.reader import get_reader, read_project
from napari_jcc.plugin.session import get_session
from napari_jcc.plugin.widgets.cosegment import CosegmentWidget
from napari_jcc.project import Project, describe_inputs, save_project


@pytest.fixture
def saved(tmp_path, tiny_collection, result):
    """Four images, of which the first was drawn on."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name, image in zip("abcd", tiny_collection.images, strict=True):
        Image.fromarray(image).save(folder / f"{name}.png")
    inputs = describe_inputs(ImageCollection.from_folder(folder))
    corner = np.zeros(inputs[0].shape, bool)
    corner[:5, :5] = True
    edits = Edits().paint(ImageKey("a", inputs[0].fingerprint), corner, OBJECT)
    project = Project(inputs, JccConfig(), "fast", result, edits)
    return save_project(project, tmp_path / "tiny.jcc")


def open_layers(path):
    reader = get_reader(str(path))
    assert reader is read_project
    return reader(str(path))


def test_images_masks_with_edits_and_boxes(saved, result):
    images, masks, boxes = open_layers(saved)
    assert [layer[2] for layer in (images, masks, boxes)] == ["image", "labels", "shapes"]
    assert images[1]["name"] == "tiny"
    assert images[0].shape[:3] == masks[0].shape == (4, 72, 90)
    assert masks[0][0, :5, :5].all()
    np.testing.assert_array_equal(masks[0][3, :60, :90], result.images[3].mask)
    assert list(boxes[1]["features"]["image"]) == ["a", "b", "d"]
    for _, options, _ in (images, masks, boxes):
        assert len(options["metadata"][PROJECT_KEY].inputs) == 4
        assert options["metadata"][PROJECT_PATH_KEY] == str(saved)


def test_missing_images_are_left_out_and_told(saved, result, monkeypatch):
    told = []
    monkeypatch.setattr("napari_jcc.plugin.projects.opened.show_warning", told.append)
    (saved.parent / "images" / "b.png").unlink()
    images, masks, boxes = open_layers(saved)
    assert images[0].shape[0] == masks[0].shape[0] == 3
    np.testing.assert_array_equal(masks[0][2, :60, :90], result.images[3].mask)
    assert list(boxes[1]["features"]["image"]) == ["a", "d"]
    assert len(masks[1]["metadata"][PROJECT_KEY].result.images) == 4
    assert "b (" in told[0]


def test_masks_alone_are_shown_without_any_image(saved, result, monkeypatch):
    monkeypatch.setattr("napari_jcc.plugin.projects.opened.show_warning", lambda text: None)
    for file in (saved.parent / "images").iterdir():
        file.unlink()
    masks, boxes = open_layers(saved)
    assert masks[0].shape == (4, 72, 90)
    assert boxes[2] == "shapes"


def test_a_project_without_result_is_its_images(tmp_path, saved, tiny_collection):
    inputs = describe_inputs(ImageCollection.from_folder(tmp_path / "images"))
    path = save_project(Project(inputs, JccConfig(), "fast"), tmp_path / "new.jcc")
    (images,) = open_layers(path)
    assert images[0].shape[0] == 4


def test_a_file_that_is_no_project_is_an_error(tmp_path):
    (tmp_path / "x.jcc").write_text("dear")
    with pytest.raises(InputError, match="not a project"):
        open_layers(tmp_path / "x.jcc")


def test_napari_opens_a_project_by_its_extension(saved, make_napari_viewer):
    viewer = make_napari_viewer()
    layers = viewer.open(str(saved), plugin=None)
    assert [layer.name for layer in layers] == ["tiny", "tiny masks", "tiny boxes"]
    assert layers[1].data[0, :5, :5].all()


@pytest.mark.gui
def test_without_the_dock_a_project_says_where_to_go_on(saved, make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    told = []
    with notification_manager:
        notification_manager.notification_ready.connect(told.append)
        viewer.open(str(saved), plugin=None)
        (offer,) = told
        ((title, act),) = offer.actions
        assert "Plugins > Joint Co-segmentation > Co-segment" in str(offer)
        assert title == "Open Co-segment"
        act(None)
        docks = get_session(viewer).docks
        qtbot.waitUntil(lambda: CosegmentWidget in docks, timeout=60_000)
        dock = docks[CosegmentWidget]
        assert dock.session.opened.name == "tiny"
        # With the dock in the window nothing needs to be said.
        viewer.open(str(saved), plugin=None)
        notification_manager.notification_ready.disconnect(told.append)
    assert len(told) == 1
