"""Files that folders hold, and which of them are images."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_jcc.collection import ImageCollection, describe_skipped

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (20, 30, 3), np.uint8)
BLOCK = np.zeros((20, 30), np.uint8)
BLOCK[5:15, 5:20] = 255


def save(folder: Path, pictures: dict[str, np.ndarray]) -> None:
    for name, values in pictures.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        Image.fromarray(values).save(folder / name)


def images_of(*paths: Path, recursive: bool = False) -> set[str]:
    found = ImageCollection.from_paths(paths, recursive=recursive)
    return {Path(source.location).name for source in found.sources}


def test_masks_beside_their_images_are_no_images(tmp_path):
    masks = ["001_mask.png", "A01_mask.png", "d.v2_seg.png", "E-Labels.png", "gt_001.png"]
    # b_mask and c_seg are masks of nothing that is here.
    others = ["001.bmp", "A01_w2.tif", "b_mask.png", "c_seg.png", "d.v2.png", "e.jpg"]
    others += ["death_mask_1.jpg", "ground.png"]
    save(tmp_path, dict.fromkeys(masks, BLOCK) | dict.fromkeys(others, NOISE))
    assert images_of(tmp_path) == set(others)
    skipped = ImageCollection.from_paths(tmp_path).skipped
    assert {Path(path).name for path in skipped} == set(masks)
    assert "mask of an image beside it" in skipped[str(tmp_path / "001_mask.png")]
    assert images_of(tmp_path / "001_mask.png") == {"001_mask.png"}
    assert "001_mask.png" in images_of(tmp_path, tmp_path / "001_mask.png")


def test_a_stack_called_masks_is_none_of_the_images_beside_it(tmp_path):
    save(
        tmp_path, {"a.png": NOISE, "b.png": NOISE, "mask.jpg": NOISE, "alone/gt.png": BLOCK}
    )
    tifffile.imwrite(tmp_path / "masks.tif", np.stack([BLOCK, BLOCK]))
    # A picture of a mask has more values than two.
    assert images_of(tmp_path) == {"a.png", "b.png", "mask.jpg"}
    assert len(ImageCollection.from_paths(tmp_path / "masks.tif")) == 2
    assert images_of(tmp_path / "alone") == {"gt.png"}


def test_ome_is_part_of_the_extension(tmp_path):
    gray = NOISE[..., 0]
    pictures = {"a.ome.tif": gray, "B.OME.TIFF": gray, "c.ome.tif": gray, "c.tif": gray}
    masks = {"a_mask.png": BLOCK, "B.OME_mask.png": BLOCK}
    save(tmp_path, pictures | masks | {".ome.tif": gray, "home.tif": gray})
    found = ImageCollection.from_paths(tmp_path)
    assert set(found.names) == {"a", "B", "c_ome_tif", "c_tif", "home"}
    assert {Path(path).name for path in found.skipped} == set(masks)


def test_links_to_images_of_the_set_are_no_images(tmp_path):
    save(tmp_path, {"in/b.png": NOISE, "elsewhere/c.png": NOISE})
    folder, file = tmp_path / "in", tmp_path / "in" / "b.png"
    (folder / "a.png").symlink_to("b.png")
    for name in ("c.png", "d.png"):
        (folder / name).symlink_to(tmp_path / "elsewhere" / "c.png")
    (tmp_path / "other").symlink_to(folder)
    found = ImageCollection.from_paths([tmp_path / "other", folder])
    assert {Path(place).name for place in (s.location for s in found.sources)} == {
        "b.png",
        "c.png",
    }
    assert found.sources[0].location == str(file)
    assert describe_skipped(found.skipped)[0].endswith("a link to another of the images")
    # A link that is not among its targets is an image as others are.
    assert images_of(folder / "a.png") == {"a.png"}


@pytest.mark.parametrize("recursive", [False, True])
def test_what_may_not_be_entered_is_passed_over(tmp_path, close_folder, recursive):
    save(tmp_path, {"in/a.png": NOISE})
    folder, closed = tmp_path / "in", tmp_path / "in" / "lost+found"
    closed.mkdir()
    (folder / "b.png").symlink_to(closed / "b.png")
    close_folder(closed)
    assert images_of(folder, recursive=recursive) == {"a.png"}


def test_masks_named_with_their_images_as_by_a_shell_are_no_images(tmp_path):
    save(tmp_path, {"a.png": NOISE, "a_mask.png": BLOCK, "b.jpg": NOISE, "b.png": BLOCK})
    assert images_of(*tmp_path.iterdir()) == {"a.png", "b.jpg"}
    skipped = ImageCollection.from_paths(tmp_path.iterdir()).skipped
    assert {Path(path).name for path in skipped} == {"a_mask.png", "b.png"}
    assert len(ImageCollection.from_files(tmp_path.iterdir())) == 4
    # Only what is named counts: these have no images among them.
    masks = tmp_path / "a_mask.png", tmp_path / "b.png"
    assert images_of(*masks) == {"a_mask.png", "b.png"}


def test_a_name_alone_makes_no_mask_of_a_picture_of_another_size(tmp_path):
    save(tmp_path, {"sky.png": NOISE, "sky_gt.png": NOISE[:10], "sky_seg.png": BLOCK[:8]})
    assert images_of(tmp_path) == {"sky.png", "sky_gt.png"}


def test_a_twin_with_few_values_is_a_mask(tmp_path):
    soft = np.arange(600, dtype=np.uint16).reshape(20, 30)
    colours = np.zeros((20, 30, 3), np.uint8)
    colours[3:9, 4:9, 0], colours[10:15, 4:9, 1] = 200, 90
    pictures = {"a.bmp": NOISE, "a.png": BLOCK, "b.jpg": NOISE, "b.PNG": colours}
    pictures |= {"c.jpg": NOISE, "c.png": soft, "d.jpg": NOISE, "d.png": BLOCK[:9]}
    # Drawings: nothing tells which one would be the mask.
    pictures |= {"e.png": BLOCK, "e.bmp": BLOCK}
    save(tmp_path, pictures)
    assert images_of(tmp_path) == set(pictures) - {"a.png", "b.PNG"}
    skipped = ImageCollection.from_paths(tmp_path).skipped
    assert "few values" in skipped[str(tmp_path / "a.png")]


def test_folders_of_masks_are_passed_over_unless_they_are_all_there_is(tmp_path):
    pictures = {"set/a.png": NOISE, "set/Masks/a.png": BLOCK, "set/masks/deep/a.png": BLOCK}
    save(tmp_path, pictures)
    found = ImageCollection.from_folder(tmp_path, recursive=True)
    assert found.names == ("set/a",)
    folders = {str(tmp_path / "set" / name) for name in ("Masks", "masks")}
    assert set(found.skipped) == folders
    inside = ImageCollection.from_folder(tmp_path / "set" / "masks", recursive=True)
    assert inside.names == ("deep/a",)
    (tmp_path / "set" / "a.png").unlink()
    assert len(ImageCollection.from_folder(tmp_path, recursive=True)) == 2


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"format": "napari-jcc 1", "files": ["a.png"]}, {"b.png"}),
        ({"format": "another 1", "files": ["a.png"]}, {"a.png", "b.png"}),
        ({"format": "napari-jcc 1", "files": None}, {"a.png", "b.png"}),
        (["a.png"], {"a.png", "b.png"}),
    ],
)
def test_what_this_program_wrote_and_nothing_else_is_a_former_result(
    tmp_path, record, found
):
    save(tmp_path, {"a.png": NOISE, "b.png": NOISE})
    (tmp_path / "run.json").write_text(json.dumps(record))
    assert images_of(tmp_path) == found


def test_left_out_files_are_told_by_reason():
    skipped = {f"in/{name}.png": "a mask" for name in "abcde"} | {"x.txt": "no image"}
    assert describe_skipped(skipped) == [
        "a.png, b.png, c.png and 2 more: a mask",
        "x.txt: no image",
    ]
