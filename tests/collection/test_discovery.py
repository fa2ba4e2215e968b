"""Files that folders hold."""

from __future__ import annotations

from napari_jcc.collection.discovery import find_files


    for name in [*names, "c_seg.png", "c.v2_seg.png", "c.v2.png", "death_mask_1.jpg"]:
        (tmp_path / name).touch()
    found = find_files([tmp_path])
    used = [path.name for path in found.files]
    # b_mask and c_seg are masks of nothing that is here.
    expected = ["001.bmp", "A01_w2.tif", "b_mask.png", "c.v2.png", "c_seg.png"]
    assert sorted(used) == sorted([*expected, "death_mask_1.jpg"])
    reason = found.skipped[str(tmp_path / "001_mask.png")]
    assert "mask of 001" in reason
    named = find_files([tmp_path / "001_mask.png"])
    assert [path.name for path in named.files] == ["001_mask.png"]
