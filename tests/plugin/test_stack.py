"""The padded stack and the reader; no window."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from napari.layers import Image as ImageLayer
from napari.utils.notifications import notification_manager
from PIL import Image

from napari_jcc import ImageCollection
from napari_jcc.plugin import reader
from napari_jcc.plugin.placement import INPUTS_KEY, METADATA_KEY
from napari_jcc.plugin.reader import get_reader, read_stack
from napari_jcc.plugin.stack import stack_layer


def save(folder: Path, **arrays: np.ndarray) -> Path:
    folder.mkdir(exist_ok=True)
    for name, array in arrays.items():
        Image.fromarray(array).save(folder / f"{name}.png")
    return folder


def test_mixed_sizes_are_padded_with_transparency(tiny_collection):
    data, options, kind = stack_layer(tiny_collection.open(), "set")

    assert (kind, options["rgb"]) == ("image", True)
    assert data.shape == (4, 72, 90, 4)
    slice_ = data[2].compute()
    np.testing.assert_array_equal(slice_[:72, :64, :3], tiny_collection.images[2])
    assert np.all(slice_[:, :64, 3] == 255)
    assert np.all(slice_[:, 64:] == 0)


def test_gray_and_colour_together_are_shown_in_colour(tmp_path, rng):
    gray = rng.integers(0, 255, (10, 12), np.uint8)
    colour = rng.integers(0, 255, (9, 14, 3), np.uint8)
    ((data, options, _),) = read_stack(save(tmp_path, a=gray, b=colour))

    assert options["rgb"]
    assert data.shape == (2, 10, 14, 4)
    for channel in range(3):
        np.testing.assert_array_equal(data[0, :10, :12, channel].compute(), gray)


def test_a_film_is_shown_frame_by_frame(tmp_path, rng):
    frames = [Image.fromarray(rng.integers(0, 256, (8, 9), np.uint8)) for _ in range(7)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    data, options, _ = stack_layer(ImageCollection.from_folder(tmp_path), "film")
    assert options["rgb"]
    shown = np.asarray(data)
    assert shown.shape == (7, 8, 9, 4)
    np.testing.assert_array_equal(shown[..., 0], np.stack([np.asarray(f) for f in frames]))


def test_16_bit_gray_stays_16_bit_with_limits_of_its_own(tmp_path, rng):
    images = {name: rng.integers(500, 900, (20, 16)).astype(np.uint16) for name in "ab"}
    ((data, options, _),) = read_stack(save(tmp_path, **images))

    assert data.dtype == np.uint16
    assert data.shape == (2, 20, 16)
    assert not options["rgb"]
    low, high = options["contrast_limits"]
    assert 500 <= low < 520
    assert 880 < high <= 899
    np.testing.assert_array_equal(data[1].compute(), images["b"])


def test_gray_of_two_types_is_shown_in_colour(tmp_path, rng):
    folder = save(
        tmp_path,
        a=rng.integers(0, 255, (8, 8), np.uint8),
        b=rng.integers(0, 900, (8, 8)).astype(np.uint16),
    )
    ((data, options, _),) = read_stack(folder)

    assert options["rgb"]
    assert data.dtype == np.uint8


def test_constant_and_non_finite_values_have_contrast_limits():
    images = [np.full((4, 4), np.nan, np.float32), np.full((4, 4), np.inf, np.float32)]
    _, options, _ = stack_layer(ImageCollection.from_arrays(images), "set")
    low, high = options["contrast_limits"]
    assert low < high


def test_folder_is_opened_in_natural_order_and_remembered(tmp_path, rng):
    image = rng.integers(0, 255, (8, 8), np.uint8)
    folder = save(tmp_path / "cows", img10=image, img2=image)
    ((_, options, _),) = read_stack(str(folder))

    assert options["name"] == "cows"
    assert options["metadata"][METADATA_KEY].names == ("img2", "img10")
    assert options["metadata"][INPUTS_KEY] == (str(folder),)


def test_damaged_file_is_told_and_does_not_stop_the_others(tmp_path, rng, monkeypatch):
    folder = save(tmp_path, good=rng.integers(0, 255, (8, 8), np.uint8))
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    told = []
    monkeypatch.setattr(reader, "show_warning", told.append)

    ((data, *_),) = read_stack(folder)

    assert len(data) == 1
    assert "bad.png" in told[0]


@pytest.mark.parametrize("path", ["one.png", "missing", "\0", "x" * 5000, []])
def test_reader_declines_what_is_not_its_own(tmp_path, rng, path):
    save(tmp_path, one=rng.integers(0, 255, (8, 8), np.uint8))
    assert get_reader(path if isinstance(path, list) else str(tmp_path / path)) is None


def test_reader_takes_folders_and_lists(tmp_path, rng):
    image = rng.integers(0, 255, (8, 8), np.uint8)
    folder = save(tmp_path, a=image, b=image)
    files = [str(folder / "a.png"), str(folder / "b.png")]

    assert get_reader(str(folder)) is read_stack
    ((data, *_),) = get_reader(files)(files)
    assert len(data) == 2


def test_thousand_images_open_without_being_read(tmp_path, rng, monkeypatch):
    image = Image.fromarray(rng.integers(0, 255, (64, 48, 3), np.uint8))
    for i in range(1000):
        image.save(tmp_path / f"{i}.jpg")
    reads = []
    monkeypatch.setattr(ImageCollection, "image", lambda *_: reads.append(1))

    start = time.perf_counter()
    ((data, *_),) = read_stack(tmp_path)

    assert len(data) == 1000
    assert not reads
    # 3 s on an idle machine is the aim; here only what would be another order is caught.
    assert time.perf_counter() - start < 15


def test_a_pixel_size_that_all_images_have_is_that_of_the_stack(tmp_path):
    options = {"imagej": True, "metadata": {"unit": "um"}}
    image = np.zeros((8, 9), np.uint8)
    for name in "ab":
        tifffile.imwrite(tmp_path / f"{name}.tif", image, resolution=(2, 4), **options)
    ((data, same, _),) = read_stack(tmp_path)
    layer = ImageLayer(data, **same)
    tifffile.imwrite(tmp_path / "c.tif", image, resolution=(3, 3), **options)
    ((_, differing, _),) = read_stack(tmp_path)

    np.testing.assert_allclose(layer.scale, (1, 0.25, 0.5))
    assert [str(unit) for unit in layer.units] == ["pixel", "micrometer", "micrometer"]
    assert "scale" not in differing


def test_pages_of_stacks_in_a_folder_become_images_and_that_is_said(tmp_path):
    for name, shape in {"a": (3, 20, 30), "b": (20, 30)}.items():
        pages = np.zeros(shape, np.uint16)
        tifffile.imwrite(tmp_path / f"{name}.tif", pages, photometric="minisblack")
    notification_manager.records.clear()
    ((data, _, _),) = read_stack(tmp_path)
    assert data.shape == (4, 20, 30)
    (told,) = [str(record.message) for record in notification_manager.records]
    assert "1 file has several pages" in told
    assert "3 in all" in told
