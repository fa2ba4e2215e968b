import codecs
import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from encoders import export_network
from matching.tiny import blobs, tiny_config
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, apply_overrides
from napari_jcc.errors import Cancelled, ConfigError, InputError, OutputError
from napari_jcc.matching.baselines import PairMatch
from napari_jcc.matching.outputs import (
    MatchResult,
    PairResult,
    carry_landmarks,
    check_landmark_output,
    check_match_output,
    choose_pairs,
    match_collection,
    match_command,
    open_set_matcher,
    warp_image,
    write_landmarks,
    write_matches,
)
from napari_jcc.matching.outputs.choice import find_pairs
from napari_jcc.matching.outputs.overview import GAP, draw_pair
from napari_jcc.matching.pair import fit_theta, grid_points
from napari_jcc.progress import Progress

SIZES = (60, 80), (40, 50)  # height and width of source and target
SHIFT = np.array([7.0, 3.0])


def shifted_pair(back_error=0.0, tolerance=0.05):
    """Target point p lies at p + (7, 3) in the source; the way back misses in x."""
    forward = PairMatch(
        lambda points: points + SHIFT, lambda points: np.full(len(points), 0.8)
    )
    backward = PairMatch(lambda points: points - SHIFT + (back_error, 0))
    return PairResult.judge((0, 1), SIZES, forward, backward, tolerance)


def test_exact_pair_has_no_cycle_error_and_all_points():
    pair = shifted_pair()
    assert pair.cycle_error == pytest.approx(0, abs=1e-12)
    assert pair.inlier_share == 1
    assert pair.confidence == pytest.approx(0.8)
    found = pair.correspondences(5)
    assert len(found.confidence) == 25
    np.testing.assert_allclose(found.sources, found.targets + SHIFT)
    np.testing.assert_allclose(found.targets[0], (50 / 10 - 0.5, 40 / 10 - 0.5))
    np.testing.assert_allclose(found.confidence, 0.8)


def test_cycle_error_is_a_share_of_the_side_and_decides_what_is_matched():
    pair = shifted_pair(back_error=2.0)  # 2 of 50 pixels
    assert pair.cycle_error == pytest.approx(0.04)
    assert pair.inlier_share == 1
    sure = pair.correspondences(3).confidence
    np.testing.assert_allclose(sure, 0.8 * np.exp(-((0.04 / 0.05) ** 2)))
    assert shifted_pair(back_error=2.0, tolerance=0.03).inlier_share == 0
    assert (
        len(shifted_pair(back_error=2.0, tolerance=0.03).correspondences(3).confidence) == 0
    )


def test_masks_decide_which_points_are_given():
    source, target = np.zeros(SIZES[0], bool), np.ones(SIZES[1], bool)
    source[:, :30] = True  # target columns up to 22
    found = shifted_pair().correspondences(10, (source, target))
    assert 0 < len(found.confidence) < 100
    assert found.sources[:, 0].max() < 29.5
    target[:] = False
    assert len(shifted_pair().correspondences(10, (source, target)).confidence) == 0


def test_affine_parameters_of_a_shift_are_its_own():
    theta = shifted_pair().theta_affine
    # x' = a x + c from -1..1 over 50 pixels to -1..1 over 80: a = 50/80,
    # c = 2 * (7 + 25) / 80 - 1.
    np.testing.assert_allclose(
        theta, (0.625, 0, -0.2, 0, 2 / 3, 2 * 23 / 60 - 1), atol=1e-9
    )


@given(st.lists(st.floats(-2, 2), min_size=6, max_size=6))
def test_affine_parameters_of_any_affine_map_are_found(theta):
    matrix = np.reshape(theta, (2, 3))
    points = grid_points(SIZES[1], 4)
    unit = (2 * points + 1) / (50, 40) - 1
    ends = ((unit @ matrix[:, :2].T + matrix[:, 2] + 1) * (80, 60) - 1) / 2
    np.testing.assert_allclose(fit_theta(points, ends, SIZES), theta, atol=1e-9)


def test_warped_image_shows_the_source_where_the_target_is_and_black_beyond():
    source = np.random.default_rng(0).integers(1, 255, (42, 55, 3)).astype(np.uint8)
    forward = PairMatch(lambda points: points + SHIFT)
    backward = PairMatch(lambda points: points - SHIFT)
    pair = PairResult.judge((0, 1), (source.shape[:2], (40, 50)), forward, backward, 0.05)
    warped = warp_image(source, pair)
    assert warped.shape == (40, 50, 3)
    np.testing.assert_array_equal(warped[:39, :48], source[3:, 7:])
    assert not warped[39:].any()
    assert not warped[:, 48:].any()


def test_warp_of_a_bent_map_is_that_of_every_pixel_computed():
    y, x = np.mgrid[:60, :80]
    source = np.stack([x * 3, y * 4, x + y], axis=-1).astype(np.uint8)

    def bend(points):
        return points + 4 * np.sin(points[:, ::-1] / 25) + (6, 5)

    pair = PairResult.judge((0, 1), SIZES, PairMatch(bend), PairMatch(bend), 0.05)
    warped = warp_image(source, pair)
    rows, columns = np.mgrid[:40, :50]
    ends = bend(np.stack([columns, rows], axis=-1).reshape(-1, 2)).reshape(40, 50, 2)
    expected = np.stack([ends[..., 0] * 3, ends[..., 1] * 4, ends.sum(axis=2)], axis=-1)
    assert np.abs(warped - expected).max() < 1.2


def test_pairs_are_all_or_to_a_template_or_listed(tmp_path):
    names = ("a", "b", "c.1")
    assert choose_pairs(names, "all") == [(0, 1), (0, 2), (1, 2)]
    assert choose_pairs(names, "template:b") == [(0, 1), (2, 1)]
    assert choose_pairs(names, "template:c.1.png") == [(0, 2), (1, 2)]
    table = tmp_path / "pairs.csv"
    table.write_text("target,source,note\na,b,x\na.jpg,b,again\nc.1,a,\n")
    assert choose_pairs(names, str(table)) == [(1, 0), (0, 2)]


@pytest.mark.parametrize(
    ("choice", "content", "words"),
    [
        ("template:bb", None, "Did you mean b"),
        ("pairs.csv", None, "template:NAME"),
        ("pairs.csv", "a,b\n", "has the columns a, b"),
        ("pairs.csv", "source,target\n", "lists no pairs"),
        ("pairs.csv", "source,target\na,x\n", "line 2"),
        ("pairs.csv", "source,target\na,a\n", "with itself"),
    ],
)
def test_bad_choices_say_what_to_do(tmp_path, choice, content, words):
    if content is not None:
        (tmp_path / "pairs.csv").write_text(content)
    choice = choice if choice.startswith("template") else str(tmp_path / choice)
    with pytest.raises(InputError, match=words):
        choose_pairs(("a", "b"), choice)


def test_one_image_makes_no_pair():
    with pytest.raises(InputError, match="at least 2 images, got 1"):
        choose_pairs(("a",), "all")


@pytest.fixture(scope="module")
def textures():
    """A smooth random texture, and the same moved by (6, 4)."""
    noise = np.random.default_rng(3).uniform(0, 255, (20, 26, 3)).astype(np.uint8)
    big = np.asarray(Image.fromarray(noise).resize((156, 120), Image.Resampling.BICUBIC))
    return ImageCollection.from_arrays(
        [big[4:104, 6:136], big[:100, :130], big[2:102, 3:133]], names=["a", "b", "c/d"]
    )


@pytest.fixture(scope="module")
def matched(textures):
    matcher = open_set_matcher()
    return match_collection(matcher, textures, choose_pairs(textures.names, "template:a"))


def test_pairs_are_named_as_one_likes(textures, matched):
    def pairs_of(pairs):
        return find_pairs(textures.names, pairs)

    assert pairs_of("template:a") == [(1, 0), (2, 0)]
    assert pairs_of([("b", "a"), (np.int64(2), 0)]) == [(1, 0), (2, 0)]
    for wrong in (["ba"], [("a",)], [(1, 1)], [(0, 3)], [("a", "x")]):
        with pytest.raises(InputError):
            pairs_of(wrong)
    assert matched.names_of(matched.pairs[1]) == ("c/d", "a")
    assert repr(matched) == "MatchResult(2 pairs of 3 images: a, b, c/d)"
    assert repr(matched.pairs[0]).startswith("PairResult(1 to 0: confidence ")
    with pytest.raises(InputError, match="no set of images"):
        match_collection(open_set_matcher(), 3)


def test_a_single_point_is_mapped_like_others(matched):
    pair = matched.pairs[0]
    many = pair.to_source([[30, 40], [50, 60]])
    np.testing.assert_array_equal(pair.to_source([50, 60]), many[1])
    for wrong in (3.0, [1, 2, 3], [[[1, 2]]]):
        with pytest.raises(InputError, match=r"\(K, 2\)"):
            pair.to_target(wrong)


def test_without_training_a_shift_is_found(textures, matched):
    pair = matched.pairs[0]  # source b, target a: a's p is b's p + (6, 4)
    assert (pair.source, pair.target) == (1, 0)
    found = matched.correspondences(pair)
    assert len(found.confidence) > 200
    misses = np.linalg.norm(found.sources - found.targets - (6, 4), axis=1)
    assert np.median(misses) < 1.5
    assert pair.cycle_error < 0.02
    assert matched.masks is None


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_files_hold_what_was_found(textures, matched, tmp_path):
    out = write_matches(matched, textures, tmp_path / "out", command="the command")
    pairs = rows(out / "pairs.csv")
    assert [(row["source"], row["target"]) for row in pairs] == [("b", "a"), ("c/d", "a")]
    points = rows(out / "points.csv")
    for row, pair in zip(pairs, matched.pairs, strict=True):
        assert float(row["cycle_error"]) == pytest.approx(pair.cycle_error, abs=1e-6)
        assert float(row["affine_c"]) == pytest.approx(pair.theta_affine[2], rel=1e-5)
        assert float(row["tps_x1"]) == pytest.approx(pair.theta_tps[0], rel=1e-5)
        own = [point for point in points if point["source"] == row["source"]]
        assert len(own) == int(row["points"]) > 0
        with Image.open(out / row["warped"]) as picture:
            image = textures.image(pair.source)
            np.testing.assert_array_equal(np.asarray(picture), warp_image(image, pair))
    record = json.loads((out / "match.json").read_text())
    assert record["command"] == "the command"
    assert record["notes"] == matched.notes
    assert record["matcher"] == {"method": "registration", "features": "gradients"}
    written = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert set(record["files"]) == written
    with Image.open(out / "overview.png") as picture:
        assert picture.width > 600


def test_lines_of_the_overview_end_where_the_points_are_in_long_images():
    """A tile of 280 x 8.4 pixels has 8 rows: it is reduced less across than down."""
    image = np.zeros((30, 1000, 3), np.uint8)
    images = ImageCollection.from_arrays([image, image])
    same = PairMatch(lambda points: points)
    pair = PairResult.judge((0, 1), ((30, 1000),) * 2, same, same, 0.05)
    config = apply_overrides(MatchConfig(), {"matching.points": 4})
    result = MatchResult(images.names, [pair], None, config, {})
    row = draw_pair(result, images, pair)
    target = row[:, 280 + GAP : 560 + GAP]
    last = np.flatnonzero(target.any(axis=(0, 2))).max()
    assert last == pytest.approx(7 / 8 * 280 + 4, abs=1.5)  # the radius of a point is 4


def test_instances_have_lines_and_pictures_of_their_own(textures, tmp_path):
    one = textures.image(0)
    images = ImageCollection.from_arrays(
        [np.hstack([one, one]), one], names=["zwölf", "one"]
    )
    matcher = open_set_matcher(
        adapt=lambda config: apply_overrides(config, {"matching.instances": 0})
    )
    result = match_collection(matcher, images, [(0, 1)])
    out = write_matches(result, images, tmp_path / "out")
    assert [row["instance"] for row in rows(out / "pairs.csv")] == ["1", "2"]
    listed = json.loads((out / "match.json").read_text())
    assert {"warped/one/zwölf.png", "warped/one/zwölf_2.png"} <= set(listed["files"])
    assert (listed["pairs"], listed["instances"]) == (1, 2)
    for table in ("pairs.csv", "points.csv"):
        assert (out / table).read_bytes().startswith(codecs.BOM_UTF8)
    left, right = sorted(
        np.median(
            [float(p["source_x"]) for p in rows(out / "points.csv") if p["instance"] == k]
        )
        for k in "12"
    )
    assert left < one.shape[1] < right
    for file in listed["files"]:
        assert (out / file).is_file()


def test_former_results_are_replaced_only_when_asked_and_files_of_others_stay(
    textures, matched, tmp_path
):
    out = tmp_path / "out"
    write_matches(matched, textures, out)
    (out / "warped" / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match="--overwrite"):
        write_matches(matched, textures, out)
    write_matches(matched, textures, out, overwrite=True, warped=False)
    assert (out / "warped" / "mine.txt").read_text() == "keep"
    assert not list(out.rglob("warped/**/*.png"))
    assert all(row["warped"] == "" for row in rows(out / "pairs.csv"))


def test_files_in_the_way_are_found_before_the_run(tmp_path):
    (tmp_path / "pairs.csv").write_text("mine")
    with pytest.raises(OutputError, match=r"pairs\.csv, not written by a former run"):
        check_match_output(tmp_path, ["a", "b"], [(0, 1)], overwrite=True)


def test_cancelled_writing_leaves_the_former_result(textures, matched, tmp_path):
    out = write_matches(matched, textures, tmp_path / "out")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    class Stops(Progress):
        def on_advance(self, steps):
            self.cancel()

    with pytest.raises(Cancelled):
        write_matches(matched, textures, out, overwrite=True, progress=Stops())
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(Cancelled):
        write_matches(matched, textures, tmp_path / "new/out", progress=Stops())
    assert not (tmp_path / "new").exists()


def test_masks_are_written_and_an_empty_one_does_not_hide_the_points(
    textures, matched, tmp_path
):
    full, empty = np.ones((100, 130), bool), np.zeros((100, 130), bool)
    result = MatchResult(
        matched.names, matched.pairs, [full, empty, full], matched.config, matched.origin
    )
    out = write_matches(result, textures, tmp_path / "out")
    with Image.open(out / "masks" / "a.png") as picture:
        assert (np.asarray(picture) == 255).all()
    assert (out / "masks" / "c" / "d.png").is_file()
    assert all(int(row["points"]) > 0 for row in rows(out / "pairs.csv"))


def test_trained_network_gives_thetas_and_masks(tmp_path):
    pytest.importorskip("torch", reason="the matching network needs torch")
    pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric")
    from napari_jcc.matching import train

    train(blobs(3), tiny_config(), tmp_path / "a.ckpt")
    matcher = open_set_matcher(
        tmp_path / "a.ckpt",
        lambda config: apply_overrides(config, {"matching.tolerance": 0.3}),
    )
    images = blobs(3)
    result = match_collection(matcher, images, choose_pairs(images.names, "all"))
    pair = result.pairs[0]
    assert pair.theta_tps.shape == (50,)  # 5 x 5 control points of the refinement
    assert pair.tolerance == 0.3
    out = write_matches(result, images, tmp_path / "out", warped=False)
    row = rows(out / "pairs.csv")[0]
    assert float(row["tps_y25"]) == pytest.approx(pair.theta_tps[-1], rel=1e-5)
    assert "tps_x26" not in row
    assert [mask.shape for mask in result.masks] == [images.shape(i) for i in range(3)]
    points = np.array([[3.0, 4.0], [20.0, 30.0]])
    assert (pair.confidence_at(points) <= 1).all()
    direct = open_set_matcher(
        tmp_path / "a.ckpt",
        lambda config: apply_overrides(config, {"matching.through": 0}),
    )
    (pair,) = direct.match(images, [(0, 1)], Progress())
    assert (pair.confidence_at(points) <= pair.confidence).all()
    with pytest.raises(ConfigError, match=r"network\.grid"):
        open_set_matcher(
            tmp_path / "a.ckpt",
            lambda config: apply_overrides(config, {"network.grid": 15}),
        )


@pytest.fixture
def marked(textures, tmp_path):
    """A folder of the textures, and a table of two points on one of them."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name, place in (("a.png", 0), ("b.png", 1), ("c.png", 2)):
        Image.fromarray(textures.image(place)).save(folder / name)
    table = tmp_path / "placed.csv"
    lines = ["image,point,x,y", "a.png,1,40,30", "a.png,2,80,60", "a.png,3,60,70"]
    table.write_text("\n".join([*lines, "gone.png,1,1,1\n"]))
    return folder, table


def test_landmarks_reach_all_images_of_a_folder(marked, tmp_path):
    folder, table = marked
    carried = carry_landmarks(folder, table, None)
    assert carried.absent == ("gone.png",)
    assert [shape.image for shape in carried.shapes] == ["a.png", "b.png", "c.png"]
    assert len(carried.found) == 2
    out = tmp_path / "out"
    write_landmarks(carried, out)
    found = [row for row in rows(out / "landmarks.csv") if row["image"] == "b.png"]
    places = np.array([(float(row["x"]), float(row["y"])) for row in found])
    expected = np.array([(46, 34), (86, 64), (66, 74)])
    assert np.linalg.norm(places - expected, axis=1).max() < 2
    assert all(0 <= float(row["confidence"]) <= 1 for row in found)
    assert "IMAGE=c.png" in (out / "landmarks.tps").read_text()
    with pytest.raises(OutputError, match="--overwrite"):
        write_landmarks(carried, out)
    with pytest.raises(OutputError, match="Cannot write landmarks"):
        check_landmark_output(table / "out")  # below a file


def test_landmarks_of_images_without_the_extension_are_explained(marked):
    folder, table = marked
    table.write_text(table.read_text().replace(".png", ""))
    with pytest.raises(InputError, match=r"about a, gone, which .* such as a\.png\."):
        carry_landmarks(folder, table, None)


def test_points_found_by_a_former_run_do_not_count_as_placed(marked, tmp_path):
    folder, table = marked
    out = tmp_path / "out"
    write_landmarks(carry_landmarks(folder, table, None), out)
    again = carry_landmarks(folder, out / "landmarks.csv", None)
    assert {shape.image for shape in again.found} == {"b.png", "c.png"}
    only = tmp_path / "found.csv"
    lines = Path(out / "landmarks.csv").read_text().splitlines()
    only.write_text("\n".join(line for line in lines if not line.startswith("a.png")))
    with pytest.raises(InputError, match="empty the confidence"):
        carry_landmarks(folder, only, None)


def test_single_points_that_were_corrected_stay(marked, tmp_path):
    folder, table = marked
    out = tmp_path / "out"
    write_landmarks(carry_landmarks(folder, table, None), out)
    lines = (out / "landmarks.csv").read_text().splitlines()
    edited = ["b.png,2,11,12," if line.startswith("b.png,2,") else line for line in lines]
    (tmp_path / "edited.csv").write_text("\n".join(edited))
    again = carry_landmarks(folder, tmp_path / "edited.csv", None)
    b = again.shapes[1]
    np.testing.assert_array_equal(b.points[1], (11, 12))
    np.testing.assert_array_equal(np.isnan(b.confidence), (False, True, False))
    before = carry_landmarks(folder, table, None).shapes[1]
    np.testing.assert_array_equal(b.points[[0, 2]], before.points[[0, 2]])
    assert len(again.found) == 2


def test_refinement_of_the_identity_needs_an_encoder_and_no_training(tmp_path):
    pytest.importorskip("torch", reason="encoders need torch")
    changes = {"matching.untrained": "refinement", "training.device": "cpu"}
    with pytest.raises(ConfigError, match="maps of an encoder"):
        open_set_matcher(None, lambda config: apply_overrides(config, changes))
    changes["network.encoder"] = str(export_network(tmp_path / "tiny.pt2"))
    matcher = open_set_matcher(None, lambda config: apply_overrides(config, changes))
    image = blobs().image(0)
    twice = ImageCollection.from_arrays([image, image])
    [pair] = matcher.match(twice, [(0, 1)], Progress())
    points = grid_points(pair.sizes[1], 5)
    np.testing.assert_allclose(pair.to_source(points), points, atol=1.5)
    assert matcher.origin["method"] == "refinement"
    assert matcher.masks(twice, Progress()) is None
    assert "--set matching.untrained=refinement" in match_command([], "out", matcher)
    changes["matching.instances"] = 2
    matcher = open_set_matcher(None, lambda config: apply_overrides(config, changes))
    first, *_ = matcher.match(twice, [(0, 1)], Progress())
    assert first.instance == 1
    np.testing.assert_allclose(first.to_source(points), points, atol=4)


def test_default_settings_are_the_base_of_the_command():
    from napari_jcc.matching.outputs import match_command

    matcher = open_set_matcher(
        None, lambda config: apply_overrides(config, {"matching.points": 7})
    )
    assert matcher.base == MatchConfig()
    assert match_command(["-x"], "out", matcher, "template:a b", warped=False) == (
        "napari-jcc match ./-x --output out --pairs 'template:a b' --no-warped "
        "--set matching.points=7"
    )
