"""Images of a result that was read back, wherever they lie in their files."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_jcc.collection import ImageCollection
from napari_jcc.errors import InputError
from napari_jcc.results import read_result, write_result
from napari_jcc.results.saved import SavedPictures
from results_samples import image_result, result_of

SHAPE = (12, 20)


def page(value):
    return np.full(SHAPE, value, np.uint8)


@pytest.fixture
def written(tmp_path):
    """The result of a stack without its middle page, in another order than its files."""
    folder = tmp_path / "in"
    folder.mkdir()
    pages = np.stack([page(1), page(2), page(3)])
    tifffile.imwrite(folder / "a.tif", pages, photometric="minisblack")
    Image.fromarray(page(4)).save(folder / "a.png")
    images = ImageCollection.from_folder(folder)
    assert images.names == ("a_png", "a_tif_p0", "a_tif_p1", "a_tif_p2")
    images = images.select([3, 0, 1])
    result = result_of(*(image_result(name, SHAPE) for name in images.names))
    return write_result(result, tmp_path / "out", images)


def test_every_image_is_found_again(written):
    saved = read_result(written)
    found = saved.open_images()
    assert [found.raw(place)[0, 0] for place in range(3)] == [3, 4, 1]
    pictures = SavedPictures(saved)
    assert {name: pictures[name][0, 0] for name in pictures} == {
        "a_tif_p2": 3,
        "a_png": 4,
        "a_tif_p0": 1,
    }


def test_an_image_that_is_gone_is_missed(written):
    saved = read_result(written)
    tifffile.imwrite(written.parent / "in" / "a.tif", page(1))
    assert saved.open_images() is None
    with pytest.raises(InputError, match="1 image only by now"):
        SavedPictures(saved)["a_tif_p2"]


def test_a_record_without_pages_counts_them(written):
    record = json.loads((written / "run.json").read_text())
    for image in record["images"]:
        del image["page"]
    (written / "run.json").write_text(json.dumps(record))
    assert read_result(written).pages == (0, 0, 1)


def test_images_that_may_not_be_looked_for_are_missed(written, close_folder):
    close_folder(written.parent / "in")
    assert read_result(written).open_images() is None
