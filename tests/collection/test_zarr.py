"""OME-Zarr is read as the OME-TIFF of the same stack."""

import sys

import numpy as np
import pytest

from command_line import QUICK, run
from napari_jcc import ImageCollection
from napari_jcc.collection import describe_files
from napari_jcc.errors import InputError
from zarr_sample import STACK, save_tiff, save_zarr


@pytest.mark.parametrize("form", [2, 3])
def test_a_stack_is_the_same_in_zarr_and_in_tiff(tmp_path, form):
    tiff = ImageCollection.from_paths(save_tiff(tmp_path / "a.ome.tif"))
    found = ImageCollection.from_paths(save_zarr(tmp_path / "a.ome.zarr", form))
    assert found.names == tiff.names
    assert found.axes == tiff.axes
    assert found.common_spacing() == tiff.common_spacing() is not None
    assert describe_files(found) == describe_files(tiff)
    for place in range(len(tiff)):
        np.testing.assert_array_equal(found.raw(place), tiff.raw(place))
    assert len({found.fingerprint(place) for place in range(len(tiff))}) == len(tiff)


def test_masks_are_the_same_in_zarr_and_in_tiff(tmp_path):
    places = save_tiff(tmp_path / "a.ome.tif"), save_zarr(tmp_path / "a.ome.zarr", 3)
    for place in places:
        out = tmp_path / place.suffix[1:]
        assert run("segment", place, "-o", out, "-q", *QUICK) == 0
    masks = sorted((tmp_path / "tif" / "masks").iterdir())
    assert len(masks) == STACK.shape[0] * STACK.shape[1]
    for mask in masks:
        assert mask.read_bytes() == (tmp_path / "zarr" / "masks" / mask.name).read_bytes()


def test_stacks_lie_in_folders_as_files_do(tmp_path):
    save_tiff(tmp_path / "a1.ome.tif")
    save_zarr(tmp_path / "a2.ome.zarr", 3)
    names = ImageCollection.from_paths(tmp_path).names
    assert names[::4] == ("a1_t0_z0", "a2_t0_z0")
    assert len(names) == 8


def test_other_zarr_is_said_with_what_to_do(tmp_path, monkeypatch):
    save_zarr(tmp_path / "group" / "0", 2)
    (tmp_path / "group" / ".zgroup").write_text("{}")
    with pytest.raises(InputError, match=r"name an image inside, such as .*0"):
        ImageCollection.from_paths(tmp_path / "group")
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(InputError, match=r"pip install \"napari-jcc\[zarr\]\""):
        ImageCollection.from_paths(tmp_path / "group" / "0")
