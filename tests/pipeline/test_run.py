"""The whole path on small pictures: answers, caching, bad images, cancel, cluster."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
import tifffile

from napari_jcc import ImageCollection, Progress, segment
from napari_jcc.config import CollectionConfig, JccConfig, apply_overrides, get_preset
from napari_jcc.errors import Cancelled, ConfigError, InputError, SolverError
from napari_jcc.evaluation import evaluate_result
from napari_jcc.pipeline import Cache, Run
from napari_jcc.pipeline.formulation import JointProgram


class Recorder(Progress):
    def __init__(self, stop_at=None):
        super().__init__()
        self.stages, self.steps, self.stop_at = [], {}, stop_at

    def on_start(self, stage, total):
        self.stages.append(stage)
        self.steps[stage] = [0, total]
        if stage == self.stop_at:
            self.cancel()

    def on_advance(self, steps):
        self.steps[self.stages[-1]][0] += steps


def same(first, second, tolerance=0):
    for a, b in zip(first.images, second.images, strict=True):
        np.testing.assert_array_equal(a.mask, b.mask)
        np.testing.assert_array_equal(a.box, b.box)
        np.testing.assert_allclose(a.superpixel_scores, b.superpixel_scores, rtol=tolerance)


def test_finds_the_common_object(tiny_collection, small):
    result = Run(tiny_collection.open(), small).result()
    truth = dict(zip(tiny_collection.names, tiny_collection.masks, strict=True))
    means = evaluate_result(result, truth).means
    assert means["jaccard"] > 0.8
    assert means["localized"] == 1.0
    assert result.solver_report["status"] == "SOLVED"
    assert result.solver_report["primal_residual"] < 0.01


def test_a_result_in_a_notebook_is_a_line(tiny_collection, small):
    result = Run(tiny_collection.open(), small).result()
    names = ", ".join(tiny_collection.names[:3])
    assert repr(result).startswith(f"JccResult({len(result.images)} images: {names}")
    first = result.images[0]
    height, width = first.mask.shape
    said = f"ImageResult('{first.name}', {height} x {width}, object on "
    assert repr(first).startswith(said)
    assert len(repr(result)) < 100


def test_a_result_tells_what_was_left_out_and_finds_images_by_name():
    blank = [np.full((40, 40), np.nan), np.zeros((40, 40)), np.eye(40)]
    result = segment(ImageCollection.from_arrays(blank, names=["bad", "dark", "line"]))
    assert repr(result) == "JccResult(2 images: dark, line; 1 skipped; 1 warning)"
    assert result.by_name["line"] is result.images[1]


def test_results_have_the_images_own_size_and_scores_in_range(tiny_collection, small):
    config = apply_overrides(small, {"collection.working_size": 40})
    for image, own in zip(
        Run(tiny_collection.open(), config).result().images,
        tiny_collection.images,
        strict=True,
    ):
        assert image.mask.shape == own.shape[:2]
        assert image.label_map.shape == image.saliency_map.shape
        assert max(image.label_map.shape) == 40
        assert 0 <= image.superpixel_scores.min() <= image.superpixel_scores.max() <= 1
        assert image.candidate_scores.sum() == pytest.approx(1, abs=1e-5)
        x_min, y_min, x_max, y_max = image.box
        assert 0 <= x_min < x_max <= own.shape[1]
        assert 0 <= y_min < y_max <= own.shape[0]


def test_stages_are_reported_in_order_and_to_the_end(tiny_collection, small):
    progress = Recorder()
    Run(tiny_collection.open(), small, progress=progress).result()
    assert progress.stages == [
        "Reading images",
        "Superpixels",
        "Saliency",
        "Box search",
        "Appearance",
        "Learning",
        "Boxes",
        "Features",
        "Common classifier",
        "Joint problem",
        "Masks",
    ]
    assert all(done == total for done, total in progress.steps.values())


@pytest.mark.parametrize(("kind", "touching"), [("discs", "parted"), ("rods", "joined")])
def test_touching_objects_are_parted_where_those_of_the_set_are_compact(kind, touching):
    clump = np.full((60, 90), 40, np.uint8)
    if kind == "discs":
        cv2.circle(clump, (22, 30), 17, 220, -1)
        cv2.circle(clump, (54, 30), 17, 220, -1)
    else:
        cv2.line(clump, (8, 16), (80, 28), 220, 5)
        cv2.line(clump, (45, 5), (45, 50), 220, 5)
    image = np.vstack([clump, clump])
    config = apply_overrides(
        JccConfig(),
        {
            "saliency.method": "local_contrast",
            "saliency.object_width": 0.6,
            "saliency.polarity": "brighter",
            "boxes.objects": 0,
            "decode.refinement": "blend",
        },
    )
    run = Run(ImageCollection.from_arrays([image, image[:, ::-1]]), config)
    finished = run.finish()
    assert finished.result.measured == {"decode.touching": touching}
    assert finished.config.decode.touching == touching  # for corrections
    same(run.with_config(finished.config).result(), finished.result)
    count = 4 if kind == "discs" else 2
    assert [len(found.boxes) for found in finished.result.images] == [count] * 2


def test_what_is_left_to_the_images_is_measured_told_and_the_same_as_if_set(
    tiny_collection, small
):
    open_ = apply_overrides(small, {"saliency.method": "local_contrast"})
    run = Run(tiny_collection.open(), open_)
    found = run.result()
    assert set(found.measured) == {"saliency.object_width", "saliency.polarity"}
    assert found.config == open_
    told = run.with_config(apply_overrides(open_, found.measured)).result()
    same(found, told)
    assert (set(told.seconds), told.measured) == ({"Masks"}, {})


def test_images_are_shown_by_their_own_settings_but_where_the_run_sets_others():
    own = CollectionConfig(channels=(2,), working_size=96)
    images = ImageCollection.from_arrays([np.zeros((8, 8, 5), np.uint16)], config=own)
    fast = get_preset("fast")
    assert Run(images).collection.config == own
    run = Run(images, apply_overrides(fast, {"problem.nu": 0.7}))
    assert run.collection.config == run.config.collection == own
    # The default, set on purpose, counts; and a later run starts from the images again.
    back = run.with_config(apply_overrides(fast, {"collection.working_size": 320}))
    assert back.config.collection == CollectionConfig(channels=(2,), working_size=320)
    assert back.with_config(fast).config.collection == own


def test_changing_nu_redoes_the_solve_only(tiny_collection, small):
    first = Run(tiny_collection.open(), small)
    first.result()
    again = first.with_config(apply_overrides(small, {"problem.nu": 0.7})).result()
    assert set(again.seconds) == {"Joint problem", "Masks"}


def test_changing_the_ridge_redoes_the_classifier_and_the_features_come_from_the_cache(
    tiny_collection, small
):
    first = Run(tiny_collection.open(), small)
    first.result()
    changed = apply_overrides(small, {"discriminative.degrees_of_freedom": 5})
    again = first.with_config(changed).result()
    assert set(again.seconds) == {"Common classifier", "Joint problem", "Masks"}


def test_a_new_image_is_the_only_one_worked_on(tiny_collection, small):
    cache = Cache()
    fewer = tiny_collection.open().select([0, 1, 2])
    Run(fewer, small, cache=cache).result()
    progress = Recorder()
    seen = []
    progress.on_advance = seen.append
    Run(tiny_collection.open(), small, cache=cache, progress=progress).result()
    # All stages per image but those after the prior, which is learned from the whole set,
    # begin with the three that are known.
    assert seen.count(3) == 5


def test_disk_cache_serves_a_new_process(tiny_collection, small, tmp_path):
    first = Run(tiny_collection.open(), small, cache=Cache(tmp_path)).result()
    again = Run(tiny_collection.open(), small, cache=Cache(tmp_path)).result()
    assert set(again.seconds) == {"Masks"}
    same(first, again)


def test_answer_does_not_depend_on_history_or_workers(tiny_collection, small):
    fresh = Run(tiny_collection.open(), small).result()
    other = Run(tiny_collection.open(), apply_overrides(small, {"problem.nu": 0.5}))
    other.result()
    same(fresh, other.with_config(small).result())
    single = apply_overrides(small, {"runtime.workers": 1})
    same(fresh, Run(tiny_collection.open(), single).result())


@pytest.mark.parametrize(
    "stage",
    ["Superpixels", "Learning", "Features", "Common classifier", "Joint problem", "Masks"],
)
def test_cancel_keeps_what_is_finished(tiny_collection, small, stage):
    cache, progress = Cache(), Recorder(stop_at=stage)
    with pytest.raises(Cancelled):
        Run(tiny_collection.open(), small, cache=cache, progress=progress).result()
    assert progress.steps[stage][0] == 0  # not when the stage was done
    resumed = Run(tiny_collection.open(), small, cache=cache).result()
    assert "Reading images" not in resumed.seconds
    same(resumed, Run(tiny_collection.open(), small).result())


def test_truncated_file_leaves_the_set_with_a_reason(tiny_collection, small, tmp_path):
    from PIL import Image

    for name, image in zip(tiny_collection.names, tiny_collection.images, strict=True):
        Image.fromarray(image).save(tmp_path / f"{name}.jpg", quality=95)
    broken = tmp_path / "b.jpg"
    broken.write_bytes(broken.read_bytes()[:900])
    result = Run(ImageCollection.from_folder(tmp_path), small).result()
    assert [image.name for image in result.images] == ["a", "c", "d"]
    (path, reason), *rest = result.skipped.items()
    assert "b.jpg" in path
    assert reason.startswith("damaged or unreadable")
    assert not rest


def test_a_page_without_numbers_is_left_out_and_not_its_file(
    tiny_collection, small, tmp_path
):
    pages = np.float32([image[:50, :60, 0] for image in tiny_collection.images[:3]])
    pages[1] = np.nan
    tifffile.imwrite(tmp_path / "cells.tif", pages, photometric="minisblack")
    result = Run(ImageCollection.from_folder(tmp_path), small).result()
    assert [image.name for image in result.images] == ["cells_p0", "cells_p2"]
    assert result.skipped == {"cells_p1": "no pixel is a finite number"}


def test_no_readable_image_is_an_error_with_the_reasons(small):
    broken = [np.full((20, 20), np.nan), np.full((20, 30), np.inf)]
    with pytest.raises(InputError, match="None of the 2 images"):
        Run(ImageCollection.from_arrays(broken), small).result()


def test_image_without_boxes_gets_an_empty_answer_and_the_rest_is_solved(
    tiny_collection, small
):
    images = [*tiny_collection.images, np.full((50, 60, 3), 128, np.uint8)]
    result = Run(ImageCollection.from_arrays(images), small).result()
    *found, flat = result.images
    assert all(image.mask.any() and not image.warning for image in found)
    if flat.warning:
        assert not flat.mask.any()
        assert np.isnan(flat.box).all()
        assert result.warnings == (f"{flat.name}: {flat.warning}",)


def test_a_card_asked_for_is_not_left_out_in_silence(tiny_collection, small, monkeypatch):
    monkeypatch.setattr("napari_jcc.device._present_devices", lambda: ["cpu"])
    config = apply_overrides(small, {"runtime.device": "cuda"})
    with pytest.raises(ConfigError, match="offers cpu only"):
        Run(tiny_collection.open(), config).result()


def test_nothing_but_featureless_images(small):
    # One pixel leaves no room for a box that is smaller than the image.
    result = segment([np.zeros((1, 1), np.uint8)] * 2, config=small)
    assert [image.mask.shape for image in result.images] == [(1, 1), (1, 1)]
    assert all(image.warning or image.mask.any() for image in result.images)


@pytest.mark.parametrize(
    "images",
    [
        pytest.param(lambda a: [a], id="one image"),
        pytest.param(lambda a: [a, a, a], id="identical images"),
        pytest.param(lambda a: [a, np.tile(a[:1], (1, 250, 1))], id="20000 pixels wide"),
        pytest.param(lambda a: [a, np.zeros((1, 1, 3), np.uint8)], id="one pixel"),
    ],
)
def test_odd_sets_are_solved(tiny_collection, small, images):
    arrays = images(tiny_collection.images[0])
    result = segment(arrays, config=small)
    assert [image.mask.shape for image in result.images] == [a.shape[:2] for a in arrays]
    assert result.images[0].mask.any()
    assert any("only one image" in note for note in result.notes) == (len(arrays) == 1)


@pytest.mark.parametrize("reading", ["printed", "bigm", "cover", "hull"])
def test_every_reading_is_solved(tiny_collection, small, reading):
    config = apply_overrides(small, {"problem.reading": reading})
    result = Run(tiny_collection.open(), config).result()
    assert all(image.mask.any() for image in result.images)


def test_supplied_saliency_is_followed(tiny_collection, small, tmp_path):
    from PIL import Image

    for name, mask in zip(tiny_collection.names, tiny_collection.masks, strict=True):
        Image.fromarray(mask.astype(np.uint8) * 255).save(tmp_path / f"{name}.png")
    config = apply_overrides(
        small, {"saliency.method": "supplied", "saliency.folder": str(tmp_path)}
    )
    result = Run(tiny_collection.open(), config).result()
    truth = dict(zip(tiny_collection.names, tiny_collection.masks, strict=True))
    assert evaluate_result(result, truth).means["jaccard"] > 0.9


def test_missing_supplied_map_is_named(tiny_collection, small, tmp_path):
    from PIL import Image

    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    config = apply_overrides(
        small, {"saliency.method": "supplied", "saliency.folder": str(tmp_path)}
    )
    progress = Recorder()
    with pytest.raises(InputError, match="3 of 4 images: b, c, d"):
        Run(tiny_collection.open(), config, progress=progress).result()
    assert progress.stages == ["Reading images"]
    config = apply_overrides(config, {"saliency.folder": str(tmp_path / "typo")})
    with pytest.raises(InputError, match=r"there is none at .*typo"):
        Run(tiny_collection.open(), config, progress=progress).result()
    assert progress.stages == ["Reading images"]


def test_images_that_show_nothing_are_told_so(tiny_collection, small):
    grey = np.full((4, 40, 50), 93, np.uint8)
    result = Run(ImageCollection.from_array(grey), small).result()
    assert [("shows nothing" in image.warning) for image in result.images] == [True] * 4


def test_a_blank_image_among_others_shows_nothing_where_the_prior_is_learned(
    tiny_collection,
):
    images = [*tiny_collection.images, np.full((40, 50, 3), 93, np.uint8)]
    *others, blank = segment(images, preset="fast").images
    assert "shows nothing" in blank.warning
    assert not blank.mask.any()
    assert all(image.mask.any() and not image.warning for image in others)


@pytest.mark.slow
def test_cluster_gives_the_same_answer(tiny_collection, small):
    distributed = pytest.importorskip("distributed", reason="needs the extra [cluster]")
    here = Run(tiny_collection.open(), small).result()
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        progress = Recorder()
        there = Run(
            tiny_collection.open(), small, client=client, progress=progress
        ).result()
    # Workers of a cluster run their linear algebra on one thread, which rounds otherwise.
    same(here, there, tolerance=1e-5)
    assert all(done == total for done, total in progress.steps.values())


@dataclass(frozen=True)
class Short(JointProgram):
    """Its solver tells that it ran out of memory."""

    def solve(self, *args, **options):
        return replace(super().solve(*args, **options), notes=("Out of memory.",))


def test_what_the_solver_notes_is_told_with_the_result_also_from_the_cache(
    tiny_collection, small, tmp_path
):
    for _ in range(2):
        run = Run(tiny_collection.open(), small, cache=Cache(tmp_path), formulation=Short())
        assert run.result().warnings == ("Out of memory.",)


@pytest.mark.parametrize("inputs", [None, 5, [np.zeros((9, 9)), "a.png"]])
def test_what_is_no_set_of_images_is_refused(inputs):
    with pytest.raises(InputError, match="Give"):
        segment(inputs)


def test_the_look_of_the_object_is_learned_without_an_encoder(rng):
    """What stands out more than the object in one image alone is not taken there."""
    images = []
    for place, red in ((18, 25), (24, 70), (30, 50), (36, 60), (42, 40), (27, 30)):
        image = rng.normal(90, 3, (72, 96, 3))
        image[place : place + 20, 30 : 30 + 24] += (red, 0, 0)
        images.append(image)
    images[0][12:26, 66:82] += (0, 110, 110)
    images = [image.clip(0, 255).astype(np.uint8) for image in images]
    settings = {"superpixels.count": 120}
    shares = []
    for rounds in (0, 3):
        result = segment(images, overrides={**settings, "prior.rounds": rounds})
        saliency = result.images[0].saliency_map
        shares.append(saliency[20:36, 32:52].mean() - saliency[14:24, 68:80].mean())
        assert ("Learning" in result.seconds) == (rounds > 0)
    assert shares[0] < 0 < shares[1]


def test_a_solver_that_is_not_installed_is_told_of_at_once(
    tiny_collection, small, monkeypatch
):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    config = apply_overrides(small, {"solver.name": "structured"})
    recorder = Recorder()
    with pytest.raises(SolverError, match=r"napari-jcc\[torch\]"):
        Run(tiny_collection.open(), config, progress=recorder).result()
    assert not recorder.stages
