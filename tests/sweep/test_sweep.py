"""Points equal plain runs, are kept, compared, and survive what happens around them."""

import csv
import io
import json
import os

import numpy as np
import pytest

from napari_jcc.config import apply_overrides
from napari_jcc.errors import Cancelled, ConfigError, InputError, OutputError, SolverError
from napari_jcc.evaluation import evaluate_result
from napari_jcc.pipeline import Run
from napari_jcc.progress import Progress
from napari_jcc.sweep import Sweep, SweepFolder, draw_sweep
from napari_jcc.sweep import sweep as module
from napari_jcc.sweep.figure import to_png
from napari_jcc.sweep.masks import PackedMasks, PackedNumbers
from napari_jcc.sweep.point import SweepPoint, decode_point, encode_point
from napari_jcc.sweep.scoring import PackedTruth

GRID = {"problem.nu": [0.05, 0.3, 3.0]}


@pytest.fixture(scope="module")
def images(tiny_collection):
    return tiny_collection.open()


@pytest.fixture(scope="module")
def truth(tiny_collection):
    return dict(zip(tiny_collection.names, tiny_collection.masks, strict=True))


@pytest.fixture(scope="module")
def finished(images, small, cache, truth):
    sweep = Sweep(images, small, GRID, truth=truth, cache=cache)
    return sweep, list(sweep)


class Recorder(Progress):
    def __init__(self, cancel_after=None):
        super().__init__()
        self.stages, self.steps, self.cancel_after = [], 0, cancel_after

    def on_start(self, stage, total):
        self.stages.append((stage, total))

    def on_advance(self, steps):
        self.steps += steps
        if self.steps == self.cancel_after:
            self.cancel()


def test_points_equal_plain_runs(finished, images, small, truth):
    sweep, _ = finished
    for point in sweep.table.points:
        config = apply_overrides(small, point.parameters)
        result = Run(images, config).result()
        for image in result.images:
            np.testing.assert_array_equal(point.masks[image.name], image.mask)
            np.testing.assert_array_equal(point.boxes[image.name], image.box)
        assert point.objective == result.solver_report["objective"]
        shares = [image.foreground_share for image in result.images]
        assert point.foreground_share == pytest.approx(np.mean(shares))
        assert point.scores == evaluate_result(result, truth).means


def test_base_comes_first_and_points_are_in_order(finished):
    sweep, given = finished
    assert given[0].parameters == {"problem.nu": 0.3}
    found = [point.parameters["problem.nu"] for point in sweep.table.points]
    assert found == [0.05, 0.3, 3.0]
    assert sweep.table.base == sweep.table.points[1]
    assert sweep.missing_count == 0
    assert list(sweep) == []


def test_points_are_compared_with_neighbours_and_base(finished):
    low, base, high = finished[0].table.points
    one, two = low.masks.mean_iou(base.masks), base.masks.mean_iou(high.masks)
    assert (low.stability, high.stability) == (pytest.approx(one), pytest.approx(two))
    assert base.stability == pytest.approx((one + two) / 2)
    assert base.boxes_changed == 0
    assert low.boxes_changed in range(5)


def test_complete_result_of_a_point(finished):
    sweep, _ = finished
    point = sweep.table.points[0]
    result = sweep.result(point)
    assert result.config.problem.nu == 0.05
    np.testing.assert_array_equal(result.images[0].mask, point.masks["a"])


def test_only_what_changes_is_computed_again(images, small, cache, finished):
    stages = Recorder()
    one_worker = apply_overrides(small, {"runtime.workers": 1})
    grid = {"problem.alpha": [0.1, 0.2]}
    before = cache_calls(cache)
    Sweep(images, one_worker, grid, cache=cache, stages=stages).run()
    assert "Masks" in dict(stages.stages)
    # Of all that is kept, two new solutions alone were added.
    assert cache_calls(cache) - before == 2


def cache_calls(cache):
    return len(cache._kept)


def test_one_bad_point_does_not_stop_the_others(images, small, cache):
    grid = {"problem.area_min": [0.05, 0.5], "problem.area_max": [0.3, 0.9]}
    table = Sweep(images, small, grid, cache=cache).run()
    errors = [point.error for point in table.points]
    assert [bool(error) for error in errors] == [False, False, True, False]
    assert "area_min must be below area_max" in errors[2]
    assert table.points[2].stability is None
    assert draw_sweep(table).get_suptitle().endswith("4 of 4 points")


def test_what_fails_inside_a_run_is_told_and_tried_again(
    images, small, cache, monkeypatch, tmp_path
):
    class Failing(Run):
        def result(self):
            if self.config.problem.nu == 3:
                raise SolverError("no answer")
            return super().result()

    with monkeypatch.context() as patch:
        patch.setattr(module, "Run", Failing)
        table = Sweep(images, small, GRID, cache=cache, folder=tmp_path).run()
    assert [point.error for point in table.points] == ["", "", "no answer"]
    assert "no answer" in (tmp_path / "table.md").read_text()
    again = Sweep(images, small, GRID, cache=cache, folder=tmp_path)
    [point] = again
    assert point.parameters == {"problem.nu": 3}
    assert point.has_answer


def test_cancel_keeps_what_is_finished(images, small, cache, tmp_path):
    progress = Recorder(cancel_after=2)
    sweep = Sweep(images, small, GRID, cache=cache, progress=progress, folder=tmp_path)
    with pytest.raises(Cancelled):
        sweep.run()
    done = len(sweep.table.points)
    assert 2 <= done <= 3
    assert len(SweepFolder(tmp_path).load().points) == done
    rest = Sweep(images, small, GRID, cache=cache, folder=tmp_path)
    assert rest.missing_count == 3 - done
    assert len(rest.run().points) == 3


def test_points_of_an_earlier_sweep_are_taken_over(finished, images, small, cache, truth):
    former = finished[0].table
    wider = {"problem.nu": [0.05, 1.0, 3.0], "problem.mu": [small.problem.mu, 0.7]}
    sweep = Sweep(images, small, wider, cache=cache, former=former)
    assert sweep.missing_count == 4  # the base, which is no point here, is known
    kept = sweep.table.points
    assert [point.parameters["problem.nu"] for point in kept] == [small.problem.nu, 0.05, 3]
    fresh = Sweep(images, small, wider, cache=cache, truth=truth).run()
    taken = Sweep(images, small, wider, cache=cache, truth=truth, former=former).run()
    for one, other in zip(fresh.points, taken.points, strict=True):
        for name in ("key", "parameters", "index", "objective", "scores", "stability"):
            assert getattr(one, name) == getattr(other, name)
    other_start = apply_overrides(small, {"problem.alpha": 0.3, "runtime.workers": 1})
    assert Sweep(images, other_start, GRID, former=former).missing_count == 3
    same_start = apply_overrides(small, {"runtime.workers": 1})
    assert Sweep(images, same_start, GRID, former=former).missing_count == 0


def test_leaving_the_loop_stops_the_rest(images, small, cache):
    sweep = Sweep(images, small, GRID, cache=cache)
    for _ in sweep:
        break
    assert len(sweep.table.points) == 1
    assert len(sweep.run().points) == 3


def test_a_folder_holds_the_same_points(finished, images, small, cache, truth, tmp_path):
    table = Sweep(images, small, GRID, cache=cache, truth=truth, folder=tmp_path).run()
    loaded = SweepFolder(tmp_path).load()
    for one, two, three in zip(
        table.points, loaded.points, finished[0].table.points, strict=True
    ):
        for name in ("key", "parameters", "index", "objective", "scores", "stability"):
            assert getattr(one, name) == getattr(two, name) == getattr(three, name)
        assert (one.boxes_changed, one.notes) == (two.boxes_changed, two.notes)
        for name, mask in one.masks.items():
            np.testing.assert_array_equal(two.masks[name], mask)
            np.testing.assert_array_equal(two.boxes[name], one.boxes[name])
    rows = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text())))
    assert [row["problem.nu"] for row in rows] == ["0.05", "0.3", "3.0"]
    assert [row["base"] for row in rows] == ["no", "yes", "no"]
    assert float(rows[0]["jaccard"]) == table.points[0].scores["jaccard"]
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_several_objects_are_kept_with_a_point_and_scored():
    masks = PackedMasks.pack((name, np.eye(4, 6, dtype=bool)) for name in "abc")
    boxes = {name: np.array([0, 1, 2, 3], np.float32) for name in "abc"}
    objects = {"a": np.arange(8, dtype=np.float32).reshape(2, 4), "c": np.zeros((0, 4))}
    numbers = {"a": 2 * np.eye(4, 6, dtype=np.int32), "c": np.zeros((4, 6), np.int32)}
    numbers["a"][0, 0] = 1
    point = SweepPoint(
        "k",
        {"problem.nu": 1.0},
        masks=masks,
        boxes=boxes,
        objects=objects,
        instances={name: PackedNumbers.pack(array) for name, array in numbers.items()},
    )
    assert "array" not in repr(point)
    again = decode_point(*encode_point(point))
    assert list(again.objects) == ["a", "c"]
    for name, expected in objects.items():
        np.testing.assert_array_equal(again.objects[name], expected)
        np.testing.assert_array_equal(again.instances[name].unpack(), numbers[name])
    assert again.object_count == 1.0
    # One object is right, the other half of the true one: too little for a match.
    true = numbers["a"].copy()
    true[1:, 5] = 2
    truth = PackedTruth(masks, {}, {"a": PackedNumbers.pack(true)})
    # Boxes of 2 x 2 in one of 4 x 4; c has none.
    whole = PackedTruth(masks, {}, {}).score(again)
    assert whole["box_iou"] == pytest.approx((0.25 + 0.25 + 0) / 3)
    scores = truth.score(again)
    assert scores["f1"] == 0.5
    assert "localized" not in scores


def test_a_longer_grid_goes_on_from_a_shorter_one(images, small, cache, tmp_path):
    Sweep(images, small, {"problem.nu": [0.05, 0.3]}, cache=cache, folder=tmp_path).run()
    grid = {"problem.nu": [0.05, 0.3, 3.0], "decode.rounding": ["otsu", "paper"]}
    more = Sweep(images, small, grid, cache=cache, folder=tmp_path)
    assert more.missing_count == 4
    rows = more.run().rows()
    assert len(rows) == 6
    assert all("decode.rounding" in row for row in rows)


def test_damaged_points_are_computed_again(images, small, cache, tmp_path):
    table = Sweep(images, small, GRID, cache=cache, folder=tmp_path).run()
    archive = tmp_path / "points" / f"{table.points[0].key}.npz"
    archive.write_bytes(archive.read_bytes()[:-100])
    (tmp_path / "points" / f"{table.points[1].key}.json").write_text("{")
    (tmp_path / ".napari-jcc-left").mkdir()
    os.utime(tmp_path / ".napari-jcc-left", (0, 0))
    again = Sweep(images, small, GRID, cache=cache, folder=tmp_path)
    assert again.missing_count == 2
    assert not (tmp_path / ".napari-jcc-left").exists()


def test_truth_given_later_scores_what_is_there(images, small, cache, truth, tmp_path):
    Sweep(images, small, GRID, cache=cache, folder=tmp_path).run()
    sweep = Sweep(images, small, GRID, cache=cache, truth=truth, folder=tmp_path)
    assert sweep.missing_count == 0
    sweep.run()
    loaded = SweepFolder(tmp_path).load()
    assert all(point.scores["jaccard"] > 0 for point in sweep.table.points)
    assert "| J |" in (tmp_path / "table.md").read_text()
    assert [p.scores for p in loaded.points] == [p.scores for p in sweep.table.points]


def test_folders_that_do_not_fit_are_refused(images, small, cache, tmp_path):
    folder = tmp_path / "sweep"
    Sweep(images, small, GRID, cache=cache, folder=folder).run()
    other = apply_overrides(small, {"problem.mu": 7})
    with pytest.raises(ConfigError, match=r"problem\.mu was 1\.0, now 7\.0"):
        Sweep(images, other, GRID, folder=folder)
    with pytest.raises(InputError, match="other images: d"):
        Sweep(images.select([0, 1, 2]), small, GRID, folder=folder)
    # Where it is computed makes no difference.
    elsewhere = apply_overrides(small, {"runtime.workers": 1})
    assert Sweep(images, elsewhere, GRID, folder=folder).missing_count == 0
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds no sweep, but note\.txt"):
        Sweep(images, small, GRID, folder=tmp_path)
    with pytest.raises(OutputError, match="is a file"):
        Sweep(images, small, GRID, folder=tmp_path / "note.txt")


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "other"}'])
def test_a_damaged_record_is_told(text, images, small, tmp_path):
    (tmp_path / "sweep.json").write_text(text)
    with pytest.raises(OutputError, match=r"sweep\.json"):
        Sweep(images, small, GRID, folder=tmp_path)
    with pytest.raises(OutputError, match=r"sweep\.json"):
        SweepFolder(tmp_path).load()


def test_a_folder_without_sweep_is_told(tmp_path):
    with pytest.raises(OutputError, match="no sweep in"):
        SweepFolder(tmp_path).load()


def test_truth_must_fit_before_anything_runs(images, small):
    with pytest.raises(InputError, match="a: the image is 80 x 64 but its truth 3 x 2"):
        Sweep(images, small, GRID, truth={"a": np.zeros((2, 3), bool)})
    with pytest.raises(InputError, match="no truth for any of the 4"):
        Sweep(images, small, GRID, truth={"z": np.zeros((2, 3), bool)})


def test_commands_are_kept_with_their_points(images, small, cache, tmp_path):
    Sweep(
        images,
        small,
        {"problem.nu": [0.3]},
        cache=cache,
        folder=tmp_path,
        command=lambda config, key: f"nu {config.problem.nu} {key}",
    ).run()
    [point] = SweepFolder(tmp_path).load().points
    assert point.command == f"nu 0.3 {point.key}"
    record = json.loads((tmp_path / "sweep.json").read_text())
    assert record["grid"] == {"problem.nu": [0.3]}


@pytest.mark.parametrize(
    "grid",
    [
        {"problem.nu": [0.05, 0.3, 3.0]},
        {"problem.nu": [0.3], "decode.rounding": ["otsu", "paper"]},
        {"problem.nu": [0.3], "decode.box": ["mask"], "decode.rounding": ["paper"]},
    ],
)
def test_figures_show_points_as_soon_as_they_are_there(grid, images, small, cache):
    sweep = Sweep(images, small, grid, cache=cache)
    assert not draw_sweep(sweep.table).axes
    for _ in sweep:
        figure = draw_sweep(sweep.table)
    assert to_png(figure).startswith(b"\x89PNG")
    count = len(sweep.table.grid)
    assert figure.get_suptitle().endswith(f"{count} of {count} points")
    if len(grid) == 2:
        drawn = [axes.images[0].get_array().count() for axes in figure.axes if axes.images]
    else:
        drawn = [len(axes.lines[0].get_xdata()) for axes in figure.axes]
    assert drawn and set(drawn) == {count}
