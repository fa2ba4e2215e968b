"""Published layouts of matching sets, written small, are read as documented."""

import json

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from napari_jcc.errors import InputError
from napari_jcc.evaluation.matching import open_matching_set
from napari_jcc.evaluation.matching.proposal_flow import open_pf_pascal, open_pf_willow
from napari_jcc.evaluation.matching.sets import open_landmark_folder
from napari_jcc.evaluation.matching.spair import open_spair
from napari_jcc.evaluation.matching.tss import open_tss, read_flow


def save_image(path, width=8, height=6, colour=90):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), (colour,) * 3).save(path)
    return path


def write_flow(path, flow):
    height, width = flow.shape[:2]
    head = np.float32(202021.25).tobytes() + np.array([width, height], "<i4").tobytes()
    path.write_bytes(head + flow.astype("<f4").tobytes())


WILLOW = "source_image,target_image,class,XA,YA,XB,YB\n"


@pytest.fixture
def willow(tmp_path):
    for name in "ab":
        save_image(tmp_path / f"PF-dataset-WILLOW/duck(S)/{name}.png")
    row = "PF-dataset/duck(S)/a.png,PF-dataset/duck(S)/b.png,4,1;2,3;4,5;6,0.5;8\n"
    (tmp_path / "test_pairs.csv").write_text(WILLOW + row)
    return tmp_path


def test_willow_from_its_list_though_the_folder_was_renamed(willow):
    pairs = open_pf_willow(willow)
    assert len(pairs) == 1
    assert pairs.protocols == ("willow-224", "willow-box")
    pair = pairs[0]
    assert pair.category == "duck(S)"
    np.testing.assert_array_equal(pair.source.points, [[1, 3], [2, 4]])
    np.testing.assert_array_equal(pair.target.points, [[5, 0.5], [6, 8]])
    assert pair.source.image().shape == (6, 8, 3)
    assert pair.target.size() == (6, 8)


def test_willow_from_its_annotations(willow):
    (willow / "test_pairs.csv").write_text(
        "source_image,target_image\nPF-dataset/duck(S)/a.png,PF-dataset/duck(S)/b.png\n"
    )
    for name, x in (("a", 1.5), ("b", 4)):
        file = willow / f"PF-dataset-WILLOW/duck(S)/{name}.mat"
        savemat(file, {"pts_coord": [[x, 2], [3, 4]]})
    pair = open_pf_willow(willow)[0]
    np.testing.assert_array_equal(pair.source.points, [[1.5, 3], [2, 4]])
    file.unlink()
    with pytest.raises(InputError, match=r"no annotation at .*b\.mat"):
        open_pf_willow(willow)[0]


def test_willow_lacking_parts(willow, tmp_path_factory):
    with pytest.raises(InputError, match="no list of pairs at"):
        open_pf_willow(tmp_path_factory.mktemp("empty"))
    (willow / "PF-dataset-WILLOW/duck(S)/b.png").unlink()
    pairs = open_pf_willow(willow)
    with pytest.raises(InputError, match=r"names PF-dataset/duck\(S\)/b\.png"):
        pairs[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks the columns source_image, target_image"),
        ("source_image,target_image\n", "has no rows"),
    ],
)
def test_willow_with_another_list(tmp_path, text, message):
    (tmp_path / "test_pairs.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        open_pf_willow(tmp_path)


@pytest.mark.parametrize(
    ("numbers", "message"), [("1;x,3;4", "no numbers"), ("1;2,3", "2 x and 1 y")]
)
def test_willow_with_damaged_coordinates(willow, numbers, message):
    row = f"PF-dataset/duck(S)/a.png,PF-dataset/duck(S)/b.png,4,{numbers},5;6,7;8\n"
    (willow / "test_pairs.csv").write_text(WILLOW + row)
    with pytest.raises(InputError, match=message):
        open_pf_willow(willow)[0]


def test_pascal_takes_the_points_that_both_images_show(tmp_path):
    folder = tmp_path / "PF-dataset-PASCAL"
    for name, points in (("p", [[1, 2], [np.nan, np.nan], [5, 6]]), ("q", [[7, 8]] * 3)):
        save_image(folder / f"JPEGImages/{name}.png")
        (folder / "Annotations/boat").mkdir(parents=True, exist_ok=True)
        savemat(folder / f"Annotations/boat/{name}.mat", {"kps": points})
    listed = "PF-dataset-PASCAL/JPEGImages/{}.png"
    (tmp_path / "test_pairs_pf_pascal.csv").write_text(
        f"source_image,target_image,class\n{listed.format('p')},{listed.format('q')},4\n"
    )
    pair = open_pf_pascal(tmp_path)[0]
    assert pair.category == "boat"
    np.testing.assert_array_equal(pair.source.points, [[1, 2], [5, 6]])
    np.testing.assert_array_equal(pair.target.points, [[7, 8], [7, 8]])


def test_pascal_class_that_there_is_not(tmp_path):
    listed, images = tmp_path / "test_pairs.csv", "PF-dataset-PASCAL/a,PF-dataset-PASCAL/b"
    listed.write_text(f"source_image,target_image,class\n{images},21\n")
    with pytest.raises(InputError, match="no class '21'"):
        open_pf_pascal(tmp_path)[0]


def test_pascal_list_of_another_set(tmp_path):
    (tmp_path / "test_pairs.csv").write_text("source_image,target_image,class\na,b,1\n")
    with pytest.raises(InputError, match="no list of PF-PASCAL: its images, such as a"):
        open_pf_pascal(tmp_path)


@pytest.fixture
def spair(tmp_path):
    for name in ("one", "two"):
        save_image(tmp_path / f"JPEGImages/cat/{name}.jpg")
    annotation = {
        "src_imname": "one.jpg",
        "trg_imname": "two.jpg",
        "src_kps": [[1, 2], [3, 4]],
        "trg_kps": [[5, 2], [7, 4]],
        "src_bndbox": [0, 0, 4, 5],
        "trg_bndbox": [1, 1, 7, 3],
        "category": "cat",
    }
    name = "000001-one-two:cat"
    for folder in ("Layout/large", "PairAnnotation/test"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "Layout/large/test.txt").write_text(name + "\n")
    file = tmp_path / f"PairAnnotation/test/{name.replace(':', '_')}.json"
    file.write_text(json.dumps(annotation))
    return tmp_path, file


def test_spair_carries_its_source_to_its_target(spair):
    pair = open_spair(spair[0])[0]
    assert pair.category == "cat"
    assert pair.source.path.name == "two.jpg"
    np.testing.assert_array_equal(pair.source.box, [1, 1, 7, 3])
    np.testing.assert_array_equal(pair.target.points, [[1, 2], [3, 4]])


def test_spair_damaged(spair):
    root, file = spair
    file.write_text('{"category": "cat"}')
    with pytest.raises(InputError, match="not an annotation of SPair-71k: KeyError"):
        open_spair(root)[0]
    file.unlink()
    with pytest.raises(InputError, match="no annotation of a pair"):
        open_spair(root)[0]
    (root / "Layout/large/test.txt").write_text("")
    with pytest.raises(InputError, match="is empty"):
        open_spair(root)


@pytest.fixture
def tss(tmp_path):
    folder = tmp_path / "JODS/car"
    for number, width in ((1, 8), (2, 10)):
        save_image(folder / f"image{number}.png", width)
        save_image(folder / f"mask{number}.png", width, colour=255)
        write_flow(folder / f"flow{number}.flo", np.full((6, width, 2), number))
    (folder / "flip_gt.txt").write_text("1\n")
    return tmp_path


def test_tss_gives_both_directions(tss):
    pairs = open_tss(tss)
    assert [pair.name for pair in pairs] == ["JODS/car/1", "JODS/car/2"]
    pair = pairs[0]
    assert (pair.category, pair.flipped) == ("JODS", True)
    assert (pair.target.path.name, pair.source.path.name) == ("image1.png", "image2.png")
    assert pair.source.mask().all()
    flow, known = read_flow(pair.flow_path)
    assert flow.shape == (6, 8, 2)
    assert known.all()


def test_unknown_flow_is_told_from_known(tmp_path):
    flow = np.zeros((2, 3, 2))
    flow[1, 2] = 1e10
    write_flow(tmp_path / "a.flo", flow)
    _, known = read_flow(tmp_path / "a.flo")
    np.testing.assert_array_equal(known, [[True] * 3, [True, True, False]])


def test_tss_lacking_parts(tss, tmp_path_factory):
    with pytest.raises(InputError, match="no pair of TSS below"):
        open_tss(tmp_path_factory.mktemp("empty"))
    (tss / "JODS/car/flip_gt.txt").write_text("maybe")
    with pytest.raises(InputError, match="'maybe'"):
        open_tss(tss)[0]
    (tss / "JODS/car/mask2.png").unlink()
    with pytest.raises(InputError, match="no mask at"):
        open_tss(tss)[0]


@pytest.mark.parametrize(("cut", "message"), [(8, "not a .flo"), (40, "announces")])
def test_cut_flow(tmp_path, cut, message):
    write_flow(tmp_path / "a.flo", np.zeros((3, 3, 2)))
    content = (tmp_path / "a.flo").read_bytes()
    (tmp_path / "a.flo").write_bytes(content[:cut])
    with pytest.raises(InputError, match=message):
        read_flow(tmp_path / "a.flo")


def test_landmark_folder_pairs_the_images_that_are_there(tmp_path):
    for name in ("a", "b"):
        save_image(tmp_path / f"{name}.png", 8, 6)
    (tmp_path / "landmarks.tps").write_text(
        "".join(
            f"LM=1\n2 {y}\nIMAGE={n}.png\nID=0\n" for n, y in (("a", 1), ("b", 5), ("c", 2))
        )
    )
    pairs = open_landmark_folder(tmp_path, "wings")
    assert [pair.name for pair in pairs] == ["a.png|b.png", "b.png|a.png"]
    assert pairs.left_out == ("c.png",)
    # y counts from the bottom of images of 6 pixels.
    np.testing.assert_array_equal(pairs[0].source.points, [[2, 5]])
    np.testing.assert_array_equal(pairs[0].target.points, [[2, 1]])


def test_landmark_folder_with_too_little(tmp_path):
    with pytest.raises(InputError, match="no table of landmarks"):
        open_landmark_folder(tmp_path)
    save_image(tmp_path / "a.png")
    (tmp_path / "landmarks.csv").write_text("image,x,y\na.png,1,2\n")
    with pytest.raises(InputError, match="at least two are needed"):
        open_landmark_folder(tmp_path)
    save_image(tmp_path / "b.png")
    (tmp_path / "landmarks.csv").write_text("image,x,y\na.png,1,2\nb.png,1,2\nb.png,3,4\n")
    with pytest.raises(InputError, match="1 to 2 points"):
        open_landmark_folder(tmp_path)


def test_sample_keeps_the_order_and_repeats(tss):
    pairs = open_matching_set("tss", tss)
    assert len(pairs.sample(5)) == 2
    assert len(pairs.sample(1, seed=3)) == 1
    assert pairs.sample(1, seed=3)[0].name == pairs.sample(1, seed=3)[0].name
    assert [pair.name for pair in pairs[1:]] == ["JODS/car/2"]
    with pytest.raises(InputError, match="no kind of matching set 'tsk'"):
        open_matching_set("tsk", tss)


def test_image_that_is_none(willow):
    pair = open_pf_willow(willow)[0]
    pair.source.path.write_bytes(b"no image")
    with pytest.raises(InputError, match="Cannot read"):
        pair.source.image()


@pytest.mark.data
@pytest.mark.parametrize(
    ("kind", "folder"),
    [("pf_willow", "pf_willow"), ("tss", "tss"), ("landmarks", "wings")],
)
def test_real_sets_are_complete(data_root, kind, folder):
    if not (data_root / folder).is_dir():
        pytest.skip(f"there is no {folder} in NAPARI_JCC_DATA")
    pairs = open_matching_set(kind, data_root / folder)
    for pair in pairs.sample(10):
        height, width = pair.source.size()
        assert (pair.source.points >= -1).all()
        assert (pair.source.points <= (width + 1, height + 1)).all()
