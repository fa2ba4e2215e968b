"""The Match dock in a real window."""

from __future__ import annotations

import json
import shlex

import numpy as np
import pytest
from napari.layers import Image, Labels, Vectors
from PIL import Image as Picture
from qtpy.QtWidgets import QApplication, QSpinBox
from typer.testing import CliRunner

from encoders import export_network
from napari_jcc import ImageCollection
from napari_jcc.cli.app import app
from napari_jcc.config import MatchConfig
from napari_jcc.matching.baselines import PairMatch
from napari_jcc.matching.outputs import PairResult
from napari_jcc.plugin.matching import matches
from napari_jcc.plugin.placement import METADATA_KEY
from napari_jcc.plugin.reader import read_stack
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.plugin.tabs import frame_of
from napari_jcc.plugin.widgets.input_chooser import AxesChooser
from napari_jcc.plugin.widgets.matching.match_dock import MatchDock

pytestmark = pytest.mark.gui

SIZES = (48, 60), (56, 64), (40, 72)
SHIFTS = np.array([(0, 0), (5, -3), (-4, 6)])
"""Where the content of every image lies, x and y, against that of the first."""


def draw(size: tuple[int, int], shift: np.ndarray) -> np.ndarray:
    """Colour every pixel by its place, so that a colour stands for one point."""
    y, x = np.mgrid[: size[0], : size[1]]
    channels = 2 * (x - shift[0]) + 40, 2 * (y - shift[1]) + 60, np.full(size, 7)
    return np.stack(channels, axis=-1).astype(np.uint8)


class Shifting:
    """Knows the shifts; finds masks that are the upper half of every image."""

    def __init__(self) -> None:
        self.config = self.base = MatchConfig()
        self.origin = {"method": "known"}

    def match(self, collection, pairs, progress):
        for source, target in pairs:
            way = SHIFTS[source] - SHIFTS[target]
            sizes = collection.shape(source), collection.shape(target)
            forth, back = _shift(way), _shift(-way)
            yield PairResult.judge((source, target), sizes, forth, back, 0.05)

    def masks(self, collection, progress):
        masks = [np.zeros(collection.shape(i), bool) for i in range(len(collection))]
        for mask in masks:
            mask[: len(mask) // 2] = True
        return masks


def _shift(way: np.ndarray) -> PairMatch:
    return PairMatch(
        lambda points: points + way, lambda points: np.linspace(0, 1, len(points))
    )


class Straying(Shifting):
    """Comes back nowhere near where it started, and finds no object."""

    def match(self, collection, pairs, progress):
        for source, target in pairs:
            sizes = collection.shape(source), collection.shape(target)
            forth, back = _shift(np.array((9, 9))), _shift(np.array((9, -3)))
            yield PairResult.judge((source, target), sizes, forth, back, 0.05)

    def masks(self, collection, progress):
        return [np.zeros(collection.shape(i), bool) for i in range(len(collection))]


@pytest.fixture
def dock(viewer, monkeypatch) -> MatchDock:
    monkeypatch.setattr(matches, "open_set_matcher", lambda *_: Shifting())
    images = [draw(size, shift) for size, shift in zip(SIZES, SHIFTS, strict=True)]
    collection = ImageCollection.from_arrays(images, names=["a", "b", "c"])
    viewer.add_layer(Image.create(*stack_layer(collection, "set")))
    dock = MatchDock(viewer)
    viewer.window.add_dock_widget(dock, name="Match")
    return dock


def run(dock, qtbot):
    dock.run()
    wait(dock, qtbot)


def test_other_images_are_asked_as_the_setting_says(dock, qtbot, monkeypatch):
    asked = []

    def open_matcher(checkpoint, adapt):
        matching = adapt(MatchConfig()).matching
        asked.append((matching.through, matching.facing))
        return Shifting()

    monkeypatch.setattr(matches, "open_set_matcher", open_matcher)
    run(dock, qtbot)
    editor = dock.pairs.findChild(QSpinBox)
    editor.setValue(1)
    facing = dock.matcher.facing
    facing.setCurrentIndex(facing.findData("any"))
    run(dock, qtbot)
    assert asked == [(MatchConfig().matching.through, "as_is"), (1, "any")]
    assert editor.isEnabled()
    dock.pairs.choose("a", "b")
    assert not editor.isEnabled()
    run(dock, qtbot)
    assert asked[2:] == [(0, "any")]


def test_axes_taken_for_channels_leave_fewer_images_in_every_dock(viewer, rng):
    viewer.add_image(rng.integers(0, 255, (3, 4, 32, 40), dtype=np.uint8), name="film")
    docks = [MatchDock(viewer), MatchDock(viewer)]
    for number, dock in enumerate(docks):
        viewer.window.add_dock_widget(dock, name=f"Match {number}")
    assert docks[0].pairs.target == "image_0_0"
    channels = docks[1].chooser.axes.combos[0]
    channels.setCurrentText("channels of an image")
    channels.activated.emit(channels.currentIndex())
    for dock in docks:
        assert dock.pairs.target == "image_0"
        assert [combo.currentData() for combo in dock.chooser.axes.combos] == [
            "channels",
            "images",
        ]
        assert "(4 images)" in dock.chooser._combo.currentText()


@pytest.mark.parametrize(
    ("labels", "titles"),
    [(None, ["Axis 0 (3)", "Axis 1 (4)"]), ("tzyx", ["Axis t (3)", "Axis z (4)"])],
)
def test_axes_without_names_are_counted_from_the_first(viewer, labels, titles):
    layer = viewer.add_image(np.zeros((3, 4, 32, 40)), axis_labels=labels)
    chooser = AxesChooser()
    chooser.show_layers((layer,))
    texts = [chooser.layout().labelForField(combo).text() for combo in chooser.combos]
    assert texts == titles


def pick(dock, number):
    """Go to a pair by its number in the order asked for."""
    rows = range(dock.table.rowCount())
    dock.table.setCurrentCell([dock.table.number(row) for row in rows].index(number), 0)


def wait(dock, qtbot):
    qtbot.waitUntil(lambda: not (dock.session.jobs or dock.showing), timeout=60_000)


def colours_at(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Colours of the pixels that places (K, 2), row and column, fall into."""
    rows, columns = np.rint(places).astype(int).T
    assert (picture[rows, columns, 3] == 255).all()
    return picture[rows, columns, :3].astype(int)


def test_lines_join_the_pixels_that_show_the_same(viewer, dock, qtbot):
    dock.pairs.choose("b")
    run(dock, qtbot)
    for number, source in enumerate("ac"):
        pick(dock, number)
        wait(dock, qtbot)
        picture, lines = viewer.layers["set pair"], viewer.layers["set lines"]
        assert isinstance(lines, Vectors)
        assert 20 < len(lines.data) <= dock.looks.lines.value()
        starts, ways = lines.data[:, 0], lines.data[:, 1]
        begin, end = (colours_at(picture.data, p) for p in (starts, starts + ways))
        # Each end is half a pixel at most from where it was drawn, two steps of colour.
        assert np.abs(begin - end).max() <= 2
        assert set(lines.features["source"]) == {source}
        assert set(lines.features["target"]) == {"b"}
        assert lines.features["confidence"].is_monotonic_increasing
        assert "unsure" in dock.looks.legend.text()
        orange, blue = lines.edge_color[0], lines.edge_color[-1]
        assert orange[0] > orange[2]
        assert blue[2] > blue[0]
        assert picture.visible
        assert not viewer.layers["set"].visible


def test_partners_are_drawn_in_each_others_place(viewer, dock, qtbot):
    dock.pairs.choose("b")
    run(dock, qtbot)
    pick(dock, 1)
    wait(dock, qtbot)
    dock.looks.over_button.setChecked(True)
    wait(dock, qtbot)

    stack, warped = viewer.layers["set"], viewer.layers["set warped"]
    assert stack.visible
    assert warped.visible
    assert "set pair" not in viewer.layers
    assert warped.data.shape == stack.data.shape
    under, over = np.asarray(stack.data, int), np.asarray(warped.data, int)
    seen = over[..., 3] > 250
    # The template b in a and c; and c, of the pair picked, in b.
    for place, partner in enumerate((1, 2, 1)):
        way = SHIFTS[partner] - SHIFTS[place]
        y, x = np.mgrid[: SIZES[place][0], : SIZES[place][1]]
        rows, columns = SIZES[partner]
        inside = (y + way[1] >= 0) & (y + way[1] < rows)
        inside &= (x + way[0] >= 0) & (x + way[0] < columns)
        expected = np.zeros(seen[place].shape, bool)
        expected[: SIZES[place][0], : SIZES[place][1]] = inside
        np.testing.assert_array_equal(seen[place], expected)
        np.testing.assert_allclose(
            over[place, expected, :3], under[place, expected, :3], atol=1
        )
    dock.looks.slider.setValue(20)
    assert warped.opacity == 0.2
    (masks,) = [layer for layer in viewer.layers if isinstance(layer, Labels)]
    np.testing.assert_array_equal(masks.data.sum(axis=(1, 2)), [24 * 60, 28 * 64, 20 * 72])


def test_one_pair_again_uses_the_same_layers_and_lists_it(viewer, dock, qtbot):
    dock.pairs.choose("b")
    run(dock, qtbot)
    layers = list(viewer.layers)
    dock.pairs.choose("a", "c")
    run(dock, qtbot)

    assert list(viewer.layers) == layers
    texts = [dock.table.item(0, column).text() for column in range(4)]
    assert texts[0] == "c"
    assert dock.table.rowCount() == 1
    assert viewer.dims.current_step[0] == 0
    viewer.window.remove_dock_widget(dock)
    assert viewer.layers["set"].visible
    assert not viewer.layers["set warped"].visible
    assert "set pair" not in viewer.layers


def test_a_pair_of_another_size_is_seen_whole(viewer, dock, qtbot):
    camera = getattr(viewer, "scene", viewer).camera
    run(dock, qtbot)
    whole = camera.zoom
    camera.zoom = 7
    dock.look_at(dock.row)
    wait(dock, qtbot)
    assert camera.zoom == 7  # of the same size: as it was left
    dock.view._size = (1, 1, 3)
    dock.look_at(dock.row)
    wait(dock, qtbot)
    assert camera.zoom == whole


def test_other_selected_layers_are_shown_on_a_stack_of_their_own(viewer, dock, qtbot):
    for names in ("de", "fg"):
        image = draw((30, 40), SHIFTS[0])
        layers = {viewer.add_image(image, name=name, rgb=True) for name in names}
        viewer.layers.selection = layers
        run(dock, qtbot)
    stacks = [layer for layer in viewer.layers if layer.name.startswith("selected layers")]
    names = [x.metadata[METADATA_KEY].names for x in stacks if METADATA_KEY in x.metadata]
    assert {("d", "e"), ("f", "g")} == set(names)


def test_a_pair_makes_way_for_another_dock_and_comes_back(viewer, dock, qtbot):
    drawn = viewer.add_labels(np.zeros((3, 56, 72), np.uint8), name="masks")
    run(dock, qtbot)
    assert not viewer.layers["set"].visible
    frame = frame_of(dock)
    frame.visibilityChanged.emit(False)
    wait(dock, qtbot)
    assert viewer.layers["set"].visible
    assert drawn.visible
    assert viewer.layers["set warped"].opacity == 0
    assert {"set pair", "set lines"}.isdisjoint(layer.name for layer in viewer.layers)
    run(dock, qtbot)  # as when it ends behind another dock
    assert viewer.layers["set"].visible
    assert "set pair" not in viewer.layers

    frame.visibilityChanged.emit(True)
    wait(dock, qtbot)
    assert viewer.layers["set pair"].visible
    assert not viewer.layers["set"].visible
    viewer.layers.remove("set warped")
    frame.visibilityChanged.emit(False)
    wait(dock, qtbot)
    assert viewer.layers["set"].visible
    frame.visibilityChanged.emit(True)
    wait(dock, qtbot)
    dock.looks.over_button.setChecked(True)
    wait(dock, qtbot)
    assert viewer.layers["set warped"].opacity == 0.5
    frame.visibilityChanged.emit(False)
    wait(dock, qtbot)
    assert viewer.layers["set warped"].opacity == 0
    frame.visibilityChanged.emit(True)
    wait(dock, qtbot)
    assert viewer.layers["set warped"].opacity == 0.5


def test_pair_and_images_are_each_looked_at_as_they_were_left(viewer, dock, qtbot):
    camera = getattr(viewer, "scene", viewer).camera
    frame = frame_of(dock)

    def look(zoom, place):
        camera.zoom, camera.center = zoom, (0, place, place)

    look(7, 11)
    run(dock, qtbot)
    assert camera.zoom != 7  # the whole pair, when it is first shown
    look(9, 13)
    frame.visibilityChanged.emit(False)
    wait(dock, qtbot)
    assert camera.zoom == 7
    assert tuple(camera.center[-2:]) == (11, 11)
    frame.visibilityChanged.emit(True)
    wait(dock, qtbot)
    assert camera.zoom == 9
    assert tuple(camera.center[-2:]) == (13, 13)


def test_pairs_of_one_set_are_not_left_beside_another(viewer, dock, qtbot):
    run(dock, qtbot)
    assert "2 pairs of set," in dock.said.text()
    images = [draw(size, shift) for size, shift in zip(SIZES, SHIFTS, strict=True)]
    collection = ImageCollection.from_arrays(images[:2], names=["a", "b"])
    other = viewer.add_layer(Image.create(*stack_layer(collection, "other")))
    dock.chooser.choose(other)
    run(dock, qtbot)
    assert "1 pair of other," in dock.said.text()
    assert {"set pair", "set lines"}.isdisjoint(layer.name for layer in viewer.layers)
    assert {"set warped", "other pair"} <= {layer.name for layer in viewer.layers}


def test_saved_and_copied_as_the_command_would_do_it(
    viewer, qtbot, tiny_collection, tmp_path
):
    for name, image in zip("abcd", tiny_collection.images, strict=True):
        Picture.fromarray(image).save(tmp_path / f"{name}.png")
    ((data, options, _),) = read_stack(tmp_path)
    viewer.add_layer(Image(data, **options))
    dock = MatchDock(viewer)
    viewer.window.add_dock_widget(dock, name="Match")
    dock.pairs.choose("b")
    run(dock, qtbot)
    assert dock.table.rowCount() == 3
    dock.save(tmp_path / "out")
    wait(dock, qtbot)

    record = json.loads((tmp_path / "out" / "match.json").read_text())
    assert record["pairs"] == 3
    words = ["napari-jcc", "match", str(tmp_path), "--output", str(tmp_path / "out")]
    assert shlex.split(record["command"]) == [*words, "--pairs", "template:b"]
    dock.copy_command()
    copied = shlex.split(QApplication.clipboard().text())
    assert copied == [*words[:4], "matches", "--pairs", "template:b"]


def run_copied_command(dock, out):
    """Run what the dock copies, but into another folder."""
    dock.copy_command()
    words = shlex.split(QApplication.clipboard().text())
    words[words.index("--output") + 1] = str(out)
    done = CliRunner().invoke(app, words[1:])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("pair", [False, True])
def test_the_command_of_several_layers_does_the_same(
    viewer, qtbot, tiny_collection, tmp_path, pair
):
    """Layers are called otherwise than their files, and lie in another order."""
    files = [tmp_path / place for place in ("x/one.png", "y/one.png", "x/b.png")]
    for file, image in zip(files, tiny_collection.images, strict=False):
        file.parent.mkdir(exist_ok=True)
        Picture.fromarray(image).save(file)
        viewer.open(file, plugin="napari")
    viewer.layers[0].name = "renamed"
    viewer.layers.selection = set(viewer.layers)
    dock = MatchDock(viewer)
    viewer.window.add_dock_widget(dock, name="Match")
    dock.chooser.refresh()
    dock.pairs.choose("renamed", "one [1]" if pair else "")
    run(dock, qtbot)
    assert dock.table.rowCount() == (1 if pair else 2)
    dock.save(tmp_path / "window")
    wait(dock, qtbot)
    run_copied_command(dock, tmp_path / "command")
    window, command = (
        [line.split(",")[2:] for line in (tmp_path / out / "points.csv").open()]
        for out in ("window", "command")
    )
    assert window == command
    assert len(window) > 10


def test_images_that_do_not_match_are_told_of(dock, qtbot, monkeypatch):
    run(dock, qtbot)
    assert "hardly match" not in dock.said.text()
    monkeypatch.setattr(matches, "open_set_matcher", lambda *_: Straying())
    run(dock, qtbot)
    assert "3 of 3 images hardly match the others: a, b, c." in dock.said.text()
    assert "3 of 3 masks are empty." in dock.said.text()


def test_wrong_checkpoint_is_told_and_leaves_no_layer(viewer, qtbot, tmp_path):
    pytest.importorskip("lightning_fabric", reason="a checkpoint needs lightning-fabric")
    viewer.add_image(np.zeros((3, 20, 20), np.uint8), name="set")
    dock = MatchDock(viewer)
    viewer.window.add_dock_widget(dock, name="Match")
    broken = tmp_path / "broken.ckpt"
    broken.write_bytes(b"no network")
    dock.matcher.use_network(str(broken))
    run(dock, qtbot)
    assert "broken.ckpt" in dock.panel.status.text()
    assert dock.panel.status.toolTip() == dock.panel.status.text()
    assert len(viewer.layers) == 1
    dock.matcher.use_network("")
    assert not dock.panel.run_button.isEnabled()


def test_refinement_in_the_dock_is_that_of_the_command(
    viewer, qtbot, tiny_collection, tmp_path
):
    pytest.importorskip("torch", reason="encoders need torch")
    folder = tmp_path / "set"
    folder.mkdir()
    for name, image in zip("ab", tiny_collection.images[:2], strict=True):
        Picture.fromarray(image).save(folder / f"{name}.png")
    encoder = str(export_network(tmp_path / "tiny.pt2"))
    ((data, options, _),) = read_stack(folder)
    viewer.add_layer(Image(data, **options))
    dock = MatchDock(viewer)
    viewer.window.add_dock_widget(dock, name="Match")
    dock.matcher.way.setCurrentText("Without training: encoder, refined")
    dock.matcher.encoder.set_value("")
    assert not dock.panel.run_button.isEnabled()
    dock.matcher.encoder.set_value(encoder)
    assert dock.matcher.encoder.isVisibleTo(dock)
    dock.pairs.choose("b")
    run(dock, qtbot)
    dock.save(tmp_path / "window")
    wait(dock, qtbot)

    run_copied_command(dock, tmp_path / "command")
    tables = [(tmp_path / out / "points.csv").read_text() for out in ("window", "command")]
    assert tables[0] == tables[1]
    assert len(tables[0].splitlines()) > 10
    record = json.loads((tmp_path / "command" / "match.json").read_text())
    assert record["matcher"]["method"] == "refinement"
