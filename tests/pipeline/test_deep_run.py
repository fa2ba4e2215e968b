"""Runs with an encoder: kept maps, other names for the same weights, and the way out."""

import shutil

import numpy as np
import pytest

from encoders import export_network
from napari_jcc.collection import ImageCollection
from napari_jcc.config import apply_overrides, get_preset
from napari_jcc.errors import Cancelled, ConfigError, WeightsError
from napari_jcc.evaluation import evaluate_result, jaccard
from napari_jcc.features.encoders import load, load_encoder
from napari_jcc.pipeline import Cache, Run, fallback, segment
from napari_jcc.pipeline import encoding as encoding_module
from napari_jcc.pipeline import prior as prior_module
from napari_jcc.progress import Progress
from napari_jcc.results.cuts import CUTS, OWN_CUT, Cut


class Recorder(Progress):
    def __init__(self, stop_at=None):
        super().__init__()
        self.stages, self.stop_at, self.steps = [], stop_at, 0

    def on_start(self, stage, total):
        self.stages.append(stage)
        self.steps = 0
        if stage == self.stop_at:
            self.cancel()

    def on_advance(self, steps):
        self.steps += steps


SMALL = {
    "superpixels.count": 60,
    "boxes.count": 8,
    "runtime.workers": 2,
    "runtime.device": "cpu",
    "features.encoder_size": 96,
    "features.encoder_stride": 8,
}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return export_network(tmp_path_factory.mktemp("program") / "tiny.pt2")


@pytest.fixture
def deep(program):
    changes = {**SMALL, "features.encoder": str(program)}
    return apply_overrides(get_preset("photo"), changes)


def test_deep_features_find_the_common_object(tiny_collection, deep):
    run = Run(tiny_collection.open(), deep)
    result = run.result()
    truth = dict(zip(tiny_collection.names, tiny_collection.masks, strict=True))
    assert evaluate_result(result, truth).means["jaccard"] > 0.8
    assert {"Encoder", "Prior"} <= set(result.seconds)
    assert result.notes == ()


def test_the_prior_can_be_learned_in_rounds(tiny_collection, deep):
    learning = apply_overrides(deep, {"prior.rounds": 2, "prior.matches": 0})
    progress, full = Recorder(), Cache(memory_limit=1)
    result = Run(tiny_collection.open(), learning, cache=full, progress=progress).result()
    truth = dict(zip(tiny_collection.names, tiny_collection.masks, strict=True))
    assert evaluate_result(result, truth).means["jaccard"] > 0.8
    assert progress.stages.count("Learning") == 2
    assert progress.stages.count("Joint problem") == 1
    assert progress.stages.count("Encoder") == 1


@pytest.mark.parametrize("stage", ["Encoder", "Prior", "Learning", "Learning boxes"])
def test_a_cancel_ends_a_stage_of_the_whole_set_at_its_next_image(
    tiny_collection, deep, stage
):
    progress = Recorder(stop_at=stage)
    with pytest.raises(Cancelled):
        Run(tiny_collection.open(), deep, progress=progress).result()
    assert progress.stages[-1] == stage
    assert not progress.steps


def test_images_are_matched_before_the_last_round(tiny_collection, deep, monkeypatch):
    images = tiny_collection.open()
    matching = apply_overrides(deep, {"prior.matches": 2, "prior.rounds": 2})
    progress = Recorder()
    matched = Run(images, matching, progress=progress).result()
    truth = dict(zip(tiny_collection.names, tiny_collection.masks, strict=True))
    assert evaluate_result(matched, truth).means["jaccard"] > 0.8
    told = [stage for stage in progress.stages if stage in ("Learning", "Matches")]
    assert told == ["Learning", "Matches", "Matches", "Learning"]

    def contradict(own, others):
        assert len(others) == 2
        return 1 - own.prior

    monkeypatch.setattr(prior_module, "propagate_prior", contradict)
    misled = Run(images, matching).result()
    means = evaluate_result(misled, truth).means
    assert means["jaccard"] < 0.8
    # Boxes are searched and rated by what masks are cut from.
    assert means["localized"] < 1.0


def test_a_shore_is_unlearned_where_most_masks_run_out_along_it(deep, rng, monkeypatch):
    images, boats = [], []
    for start in (12, 26, 40, 54, 20, 62):
        image = np.full((64, 96, 3), (90.0, 120.0, 200.0))
        boat = np.zeros((64, 96), np.bool_)
        boat[24:40, start : start + 16] = True
        image[24:44] = 70, 110, 60
        image[boat] = 130, 110, 60
        noisy = image + rng.normal(0, 6, image.shape)
        images.append(np.clip(noisy, 0, 255).astype(np.uint8))
        boats.append(boat)

    def overlap():
        progress = Recorder()
        found = Run(ImageCollection.from_arrays(images), deep, progress=progress).result()
        pairs = zip(found.images, boats, strict=True)
        each = [jaccard(image.mask, boat) for image, boat in pairs]
        return np.mean(each), progress.stages.count("Learning")

    rounds = deep.prior.rounds
    found, learned = overlap()
    assert found > 0.5
    assert learned == 2 * rounds
    monkeypatch.setattr(prior_module, "runs_out", lambda masks: False)
    along, learned = overlap()
    assert along < 0.3
    assert learned == rounds
    monkeypatch.undo()
    # Where it stays all the same, nothing is learned of the border.
    monkeypatch.setattr(prior_module, "comes_off", lambda before, after: False)
    staying, learned = overlap()
    assert staying < 0.3
    assert learned == 3 * rounds


@pytest.mark.parametrize("changes", [{"prior.matches": 0}, {"prior.rounds": 0}])
def test_images_are_not_matched_where_nobody_asks(tiny_collection, deep, changes):
    progress = Recorder()
    Run(tiny_collection.open(), apply_overrides(deep, changes), progress=progress).result()
    assert "Matches" not in progress.stages


def test_what_encoders_do_not_know_is_learned_by_superpixels(tiny_collection, program):
    changes = {**SMALL, "features.encoder": str(program)}
    config = apply_overrides(get_preset("microscopy"), changes)
    assert config.prior.common == 0
    seconds = Run(tiny_collection.open(), config).result().seconds
    assert {"Encoder", "Appearance", "Learning"} <= set(seconds)
    assert "Prior" not in seconds


def test_boxes_can_be_rated_by_what_the_set_teaches(tiny_collection, deep):
    learned = apply_overrides(deep, {"boxes.rating": "learned", "decode.box": "scores"})
    result = Run(tiny_collection.open(), learned).result()
    truth = dict(zip(tiny_collection.names, tiny_collection.masks, strict=True))
    assert evaluate_result(result, truth).means["localized"] == 1.0
    assert "Learning boxes" in result.seconds


def test_boxes_of_several_objects_are_not_learned(tiny_collection, deep):
    changes = {"boxes.rating": "learned", "boxes.objects": 2}
    result = Run(tiny_collection.open(), apply_overrides(deep, changes)).result()
    assert "Learning boxes" not in result.seconds


def test_learned_boxes_ask_for_an_encoder(tiny_collection):
    config = apply_overrides(get_preset("fast"), {"boxes.rating": "learned"})
    with pytest.raises(ConfigError, match=r"boxes\.rating.*features\.encoder"):
        Run(tiny_collection.open(), config).result()


def test_cuts_can_be_chosen_by_what_the_set_teaches(tiny_collection, deep):
    first = Run(tiny_collection.open(), deep)
    learned = first.finish()
    assert set(learned.cuts) <= set(CUTS)
    assert "Cuts" in learned.result.seconds
    again = first.with_config(apply_overrides(deep, ["problem.nu=0.2"])).result()
    assert {"Cuts", "Masks"} <= set(again.seconds)
    assert not {"Encoder", "Learning", "Learning boxes"} & set(again.seconds)
    kept = first.finish()
    assert set(kept.result.seconds) == {"Masks"}
    assert kept.cuts == learned.cuts
    own = first.with_config(apply_overrides(deep, ["decode.cut=own"])).finish()
    assert set(own.cuts) == {OWN_CUT}


@pytest.mark.parametrize("change", ["boxes.objects=2", "decode.refinement=grabcut"])
def test_cuts_are_not_learned_where_there_is_nothing_to_choose(
    tiny_collection, deep, change
):
    finished = Run(tiny_collection.open(), apply_overrides(deep, [change])).finish()
    assert set(finished.cuts) == {OWN_CUT}
    assert "Cuts" not in finished.result.seconds


def test_the_mask_is_that_of_the_chosen_cut(tiny_collection, deep, monkeypatch):
    def areas(cut):
        def choose(features, overlaps, first):
            return [CUTS.index(cut)] * len(features)

        monkeypatch.setattr("napari_jcc.pipeline.masks.choose_masks", choose)
        result = Run(tiny_collection.open(), deep).result()
        return [int(image.mask.sum()) for image in result.images]

    lower, higher = areas(Cut(-0.2)), areas(Cut(0.2))
    assert all(a >= b > 0 for a, b in zip(lower, higher, strict=True))
    assert sum(lower) > sum(higher)


def test_learned_cuts_ask_for_an_encoder(tiny_collection):
    changes = {"decode.refinement": "smoother", "decode.cut": "learned"}
    with pytest.raises(ConfigError, match=r"decode\.cut.*features\.encoder"):
        Run(tiny_collection.open(), apply_overrides(get_preset("fast"), changes)).result()


def test_maps_are_kept_whatever_else_changes(tiny_collection, deep):
    first = Run(tiny_collection.open(), deep)
    first.result()
    for change in ("superpixels.count=40", "prior.common=1", "collection.working_size=64"):
        again = first.with_config(apply_overrides(deep, [change])).result()
        assert "Encoder" not in again.seconds


def test_maps_of_one_size_serve_several(tiny_collection, deep):
    first = Run(tiny_collection.open(), deep)
    first.result()
    more = apply_overrides(deep, {"features.encoder_more_sizes": [64]})
    assert {"Encoder", "Prior"} <= set(first.with_config(more).result().seconds)
    # Both sizes are kept now, whichever of them comes first.
    swapped = {"features.encoder_size": 64, "features.encoder_more_sizes": [96]}
    again = first.with_config(apply_overrides(deep, swapped)).result()
    assert "Encoder" not in again.seconds


def test_the_same_weights_under_another_name_are_the_same(tiny_collection, deep, tmp_path):
    first = Run(tiny_collection.open(), deep)
    first.result()
    copy = shutil.copy(deep.features.encoder, tmp_path / "copy.pt2")
    renamed = apply_overrides(deep, {"features.encoder": str(copy)})
    again = first.with_config(renamed).result()
    assert not {"Encoder", "Prior", "Features", "Joint problem"} & set(again.seconds)


def test_maps_survive_in_the_cache_folder(tiny_collection, deep, tmp_path):
    Run(tiny_collection.open(), deep, cache=Cache(tmp_path)).result()
    again = Run(tiny_collection.open(), deep, cache=Cache(tmp_path)).result()
    assert set(again.seconds) == {"Masks"}


def test_auto_falls_back_to_fast_and_says_so(tiny_collection, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(encoding_module, "DEFAULT_ENCODER", "nobody/no-such-model")
    load_encoder.cache_clear()
    photo = apply_overrides(get_preset("photo"), {**SMALL, "problem.alpha": 0.5})
    with pytest.warns(UserWarning, match="Fell back") as told:
        result = segment(tiny_collection.open(), config=photo)
    (note,) = result.warnings
    # Said where segment was called, in the words of the result.
    assert [(str(one.message), one.filename) for one in told] == [(note, __file__)]
    assert "fast" in note
    assert "nobody/no-such-model" in note or "napari-jcc[deep]" in note
    expected = apply_overrides(
        get_preset("fast"),
        {key: value for key, value in SMALL.items() if not key.startswith("features.")}
        | {"problem.alpha": 0.5},
    )
    assert result.config == expected
    plain = Run(tiny_collection.open(), expected).result()
    for image, other in zip(result.images, plain.images, strict=True):
        np.testing.assert_array_equal(image.mask, other.mask)


def test_a_card_that_is_full_gives_the_same_result_and_a_note(
    tiny_collection, deep, monkeypatch
):
    plain = Run(tiny_collection.open(), deep).result()

    class Full(load.FittingEncoder):
        def _encode(self, images):
            if self._device != "cpu":
                raise RuntimeError("CUDA out of memory")
            return super()._encode(images)

    monkeypatch.setattr(
        load,
        "load_encoder",
        lambda name, device, stride: load_encoder(name, "cpu", stride),
    )
    monkeypatch.setattr(encoding_module, "FittingEncoder", Full)
    monkeypatch.setattr(encoding_module, "choose_device", lambda name: "cuda")
    result = Run(tiny_collection.open(), deep).result()
    (note,) = result.notes
    assert "Out of memory on cuda" in note and "processor" in note
    for image, other in zip(result.images, plain.images, strict=True):
        np.testing.assert_array_equal(image.mask, other.mask)


def test_an_image_that_an_encoder_cannot_take_is_named(tiny_collection, deep, monkeypatch):
    narrow = np.zeros((4, 80, 3), np.uint8)
    images = ImageCollection.from_arrays([*tiny_collection.images, narrow])
    whole = encoding_module.FittingEncoder.encode

    def encode(self, images):
        if images.shape[1] < 20:
            raise WeightsError("The encoder cannot work on 5 rows.")
        return whole(self, images)

    monkeypatch.setattr(encoding_module.FittingEncoder, "encode", encode)
    with pytest.raises(WeightsError, match=r"5 rows\. It was given image_4\."):
        Run(images, deep).result()


def test_an_encoder_asked_for_by_name_is_an_error(tiny_collection, deep, monkeypatch):
    missing = apply_overrides(deep, {"features.encoder": "/no/such/file.pt2"})
    with pytest.raises(WeightsError, match=r"file\.pt2|napari-jcc"):
        Run(tiny_collection.open(), missing).result()


def test_a_package_that_is_missing_is_told_of_at_once(tiny_collection, deep, monkeypatch):
    load.load_encoder.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    recorder = Recorder()
    with pytest.raises(WeightsError, match="Deep features need torch"):
        Run(tiny_collection.open(), deep, progress=recorder).result()
    assert not recorder.stages


def test_deep_settings_without_an_encoder_are_an_error(tiny_collection, deep):
    nameless = apply_overrides(deep, {"features.encoder": ""})
    with pytest.raises(ConfigError, match="--encoder"):
        Run(tiny_collection.open(), nameless).result()


def test_fall_back_reraises_for_a_named_encoder():
    error = WeightsError("not there")
    with pytest.raises(WeightsError, match="not there"):
        fallback.fall_back(get_preset("fast"), error)


def test_microscopy_keeps_its_refinement_where_the_encoder_is_missing():
    changed = apply_overrides(get_preset("microscopy"), {"problem.alpha": 0.5})
    config, note = fallback.fall_back(changed, WeightsError("not there"))
    expected = {"decode.refinement": "look", "problem.alpha": 0.5}
    assert config == apply_overrides(get_preset("fast"), expected)
    assert 'refinement of "microscopy"' in note and "less exact" not in note
    assert "less exact" in fallback.fall_back(get_preset("photo"), WeightsError(""))[1]
    own = apply_overrides(get_preset("microscopy"), {"decode.refinement": "none"})
    assert fallback.fall_back(own, WeightsError(""))[0].decode.refinement == "none"
