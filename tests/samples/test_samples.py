"""The bundled sets: the same every time, honest truth, and readable once written."""

from functools import cache

import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from napari_jcc.collection import ImageCollection
from napari_jcc.errors import InputError, OutputError
from napari_jcc.samples import SAMPLES, make_sample, write_sample

make_once = cache(make_sample)


@pytest.fixture(params=list(SAMPLES))
def sample(request):
    return make_once(request.param)


def test_the_same_seed_gives_the_same_pixels(sample):
    again = make_sample(sample.name)
    for one, two in zip(sample.images, again.images, strict=True):
        np.testing.assert_array_equal(one, two)


def test_another_seed_gives_other_pixels():
    one, other = make_once("coins"), make_sample("coins", seed=1)
    assert [image.shape for image in one.images] != [image.shape for image in other.images]


def test_sizes_are_mixed_and_names_unique(sample):
    assert len({image.shape for image in sample.images}) > len(sample.images) // 2
    assert len(set(sample.names)) == len(sample.images)
    assert sample.title == SAMPLES[sample.name].title


def test_the_truth_is_one_object_off_the_border(sample):
    if sample.masks is None:
        pytest.skip("no exact truth is claimed for photographs")
    for image, mask in zip(sample.images, sample.masks, strict=True):
        assert mask.shape == image.shape
        assert ndimage.label(mask, np.ones((3, 3)))[1] == 1
        assert 0.02 < mask.mean() < 0.5
        assert not (mask[[0, -1]].any() or mask[:, [0, -1]].any())


@pytest.mark.parametrize(("name", "sign"), [("cells", 1), ("worms", -1)])
def test_the_truth_lies_on_the_object(name, sign):
    # A cell shines on dark ground, a worm is dark on bright ground.
    sample = make_once(name)
    for image, mask in zip(sample.images, sample.masks, strict=True):
        assert image.dtype == np.uint16
        ring = ndimage.binary_dilation(mask, iterations=12)
        ring &= ~ndimage.binary_dilation(mask, iterations=3)
        inside, outside = np.median(image[mask]), np.median(image[ring])
        assert sign * (inside - outside) > 0.2 * outside


def test_every_coin_is_cut_from_the_photograph_and_alone():
    photograph = data.coins()
    for image in make_sample("coins").images:
        windows = np.lib.stride_tricks.sliding_window_view(photograph, image.shape)
        rows = np.argwhere((windows[:, :, 0, :] == image[0]).all(axis=-1))
        assert any(np.array_equal(windows[tuple(place)], image) for place in rows)


def test_written_samples_are_read_back(sample, tmp_path):
    paths = write_sample(sample.name, tmp_path / "new" / "folder")
    assert all(path.is_file() for path in paths)
    images = ImageCollection.from_folder(tmp_path / "new" / "folder" / "images")
    assert images.names == sample.names
    assert not images.skipped
    for i, image in enumerate(sample.images):
        np.testing.assert_array_equal(images.raw(i), image)
    truth = tmp_path / "new" / "folder" / "truth"
    assert truth.exists() == (sample.masks is not None)
    if sample.masks is not None:
        masks = ImageCollection.from_folder(truth)
        assert masks.names == sample.names
        for i, mask in enumerate(sample.masks):
            np.testing.assert_array_equal(masks.raw(i), mask * 255)


def test_nothing_is_overwritten_unasked(tmp_path):
    first = write_sample("coins", tmp_path)
    contents = [path.read_bytes() for path in first]
    first[3].write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        write_sample("coins", tmp_path)
    assert first[3].read_bytes() == b"mine"
    assert write_sample("coins", tmp_path, overwrite=True) == first
    assert [path.read_bytes() for path in first] == contents
    assert sorted(tmp_path.rglob("*.*")) == sorted(first)


def test_a_folder_that_cannot_be_written_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="Cannot write"):
        write_sample("coins", tmp_path / "file")


def test_a_full_disk_leaves_no_half_file(tmp_path, monkeypatch):
    def fail(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OutputError, match="No space left"):
        write_sample("coins", tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_unknown_sample_is_answered_with_the_known_ones():
    with pytest.raises(
        InputError, match=r"Did you mean coins\? Known: coins, cells, worms"
    ):
        make_sample("coin")


def test_a_sample_is_a_collection(sample):
    collection = sample.collection()
    assert collection.names == sample.names
    assert collection.working_image(0).dtype == np.uint8
