"""Files that folders hold."""

from __future__ import annotations

from napari_jcc.collection import describe_skipped
from napari_jcc.collection.discovery import find_files


def test_masks_beside_their_images_are_no_images(tmp_path):
    names = ["001.bmp", "001_mask.png", "A01_w2.tif", "A01_mask.png", "b_mask.png"]
    for name in [*names, "c_seg.png", "d.v2_seg.png", "d.v2.png", "death_mask_1.jpg"]:
        (tmp_path / name).touch()
    found = find_files([tmp_path])
    # b_mask and c_seg are masks of nothing that is here.
    expected = {"001.bmp", "A01_w2.tif", "b_mask.png", "c_seg.png", "d.v2.png"}
    assert {path.name for path in found.files} == expected | {"death_mask_1.jpg"}
    assert "mask of an image beside it" in found.skipped[str(tmp_path / "001_mask.png")]

    named = find_files([tmp_path / "001_mask.png"])
    assert [path.name for path in named.files] == ["001_mask.png"]


def test_left_out_files_are_told_by_reason():
    skipped = {f"in/{name}.png": "a mask" for name in "abcde"} | {"x.txt": "no image"}
    assert describe_skipped(skipped) == [
        "a.png, b.png, c.png and 2 more: a mask",
        "x.txt: no image",
    ]
