"""Training: it learns, stops cleanly, resumes exactly, and says what is wrong."""

import json
import math
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from encoders import export_network
from matching.tiny import blob_images, blobs, tiny_config

torch = pytest.importorskip("torch", reason="the matching network needs torch")
pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric")

import napari_jcc  # noqa: E402
from napari_jcc.collection import ImageCollection  # noqa: E402
from napari_jcc.errors import (  # noqa: E402
    Cancelled,
    ConfigError,
    InputError,
    TrainingError,
    WeightsError,
)
from napari_jcc.matching import Checkpoint, Matcher, train  # noqa: E402
from napari_jcc.matching.network import Transform, build_network  # noqa: E402
from napari_jcc.matching.training import engine  # noqa: E402
from napari_jcc.matching.training.randomness import generator_for  # noqa: E402
from napari_jcc.matching.training.warped_pairs import (  # noqa: E402
    grid_loss,
    transfer_error,
    warp_pairs,
)
from napari_jcc.progress import Progress  # noqa: E402

TESTS = Path(__file__).parents[1]
PACKAGE = Path(napari_jcc.__file__).parent


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    path = tmp_path_factory.mktemp("unbroken") / "net.ckpt"
    return train(blobs(), tiny_config(), path), path


def same(first, second):
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )


def start_training(*arguments):
    return subprocess.Popen(
        [sys.executable, TESTS / "matching/train_in_steps.py", *map(str, arguments)],
        # The package under test, also where another one is installed.
        env={
            "PYTHONPATH": os.pathsep.join([str(TESTS), str(PACKAGE.parent)]),
            "PATH": "",
            "OMP_NUM_THREADS": "1",
        },
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_run_that_was_killed_in_two_stages_resumes_to_the_same_weights(tmp_path):
    whole, broken = tmp_path / "whole.ckpt", tmp_path / "broken.ckpt"
    undisturbed = start_training(whole)
    # At step 3 of 4 of the first stage; from its step 2 on, at step 3 of 4 of the last.
    for step, code in ((3, -9), (7, -9), (0, 0)):
        process = start_training(broken, step)
        told = process.communicate()[1]
        assert process.returncode == code, told
    told = undisturbed.communicate()[1]
    assert undisturbed.returncode == 0, told
    assert same(Checkpoint.load(whole).weights, Checkpoint.load(broken).weights)
    logs = [read_log(path, "total", "step", "stage") for path in (whole, broken)]
    assert logs[0] == logs[1]


def read_log(path, *names):
    lines = path.with_name(path.name + ".jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    return [[record.get(name) for name in names] for record in records]


def test_a_checkpoint_of_the_present_format_is_read():
    """Written once, by 0.1.0, with one weight and settings that are not the defaults."""
    loaded = Checkpoint.load(Path(__file__).with_name("format_2.ckpt"))
    assert loaded.config.network.head_channels == (8, 4)
    assert loaded.config.training.seed == 3
    assert loaded.weights["affine_head.bias"].tolist() == [0, 1, 2]
    assert loaded.provenance["images"] == {"a": "00ff"}
    assert loaded.training == {"stage": "weak", "step": 7}


def test_a_checkpoint_whose_masks_would_move_is_refused(tmp_path):
    content = torch.load(Path(__file__).with_name("format_2.ckpt"), weights_only=True)
    torch.save({**content, "format": 1}, tmp_path / "old.ckpt")
    with pytest.raises(WeightsError, match=r"has format 1.* reads 2.* train anew"):
        Checkpoint.load(tmp_path / "old.ckpt")


def test_finished_checkpoint_has_provenance_and_is_not_trained_again(unbroken):
    checkpoint, path = unbroken
    loaded = Checkpoint.load(path)
    assert loaded.training is None
    assert loaded.config == tiny_config()
    assert loaded.provenance["encoder"] == "none"
    assert len(loaded.provenance["images"]) == 4
    assert loaded.provenance["masks"] is True
    again = train(blobs(), tiny_config(), path, resume=True)
    assert same(again.weights, checkpoint.weights)
    with pytest.raises(ConfigError, match=r"another losses\.cycle"):
        train(blobs(), tiny_config({"losses.cycle": 2.0}), path, resume=True)


def test_log_has_every_step_of_all_stages(unbroken):
    records = read_log(unbroken[1], "stage", "step", "total")
    steps = [(stage, step) for stage, step, total in records if total is not None]
    lengths = {"synthetic": 4, "first masks": 2, "weak": 4}
    assert steps == [
        (stage, step + 1) for stage, length in lengths.items() for step in range(length)
    ]


def test_heads_learn_a_known_shift(tmp_path):
    changes = {
        "synthetic.steps": 60,
        "synthetic.batch": 8,
        "synthetic.bend": 0.0,
        "synthetic.rotation": 0.0,
        "synthetic.scale": 1.0,
        "synthetic.shear": 0.0,
        "synthetic.translation": 0.5,
        "synthetic.learning_rate": 3e-3,
        "training.epochs": 0,
        "training.check_every": 30,
    }
    errors = []
    train(
        blobs(),
        tiny_config(changes),
        tmp_path / "net.ckpt",
        watch=lambda record: errors.append(record.get("affine")),
    )
    losses = [value for value in errors if value is not None]
    assert sum(losses[-10:]) < 0.8 * sum(losses[:10])


def test_encoder_that_is_kept_is_described_once_and_not_stored(tmp_path):
    program = export_network(tmp_path / "tiny.pt2")
    changes = {"network.encoder": str(program), "synthetic.views": 4}
    checkpoint = train(blobs(), tiny_config(changes), tmp_path / "net.ckpt")
    assert not any(name.startswith("encoder.") for name in checkpoint.weights)
    moved = program.rename(tmp_path / "moved.pt2")
    assert checkpoint.build("cpu", str(moved)).config.grid == 12


@pytest.mark.parametrize(
    ("changes", "left_out"),
    [
        ({"losses.use_matching": False}, {"matching", "cycle", "consistency"}),
        ({"losses.use_segmentation": False}, {"contrast", "consistency"}),
        ({"losses.transitivity": 0.0}, {"transitivity"}),
    ],
)
def test_ablations_leave_terms_out(tmp_path, changes, left_out):
    records = []
    alone = {"synthetic.steps": 0, "training.mask_steps": 0, "training.epochs": 1}
    config = tiny_config({**changes, **alone})
    train(blobs(), config, tmp_path / "net.ckpt", watch=records.append)
    assert not left_out & records[0].keys()
    assert {"contrast", "matching"} & records[0].keys()


def test_first_masks_say_what_lies_in_the_middle(tmp_path):
    middle = {"training.flips": False, "training.crop": 1.0, "synthetic.steps": 0}
    steps = {"training.mask_steps": 30, "training.mask_learning_rate": 0.01}
    few = {"training.epochs": 1, "training.learning_rate": 1e-9}
    config = tiny_config({**middle, **steps, **few})
    train(blobs(8), config, tmp_path / "net.ckpt")
    unseen = blob_images(4, seed=1)
    images = ImageCollection.from_arrays(unseen)
    found = Matcher.from_checkpoint(
        Checkpoint.load(tmp_path / "net.ckpt"), "cpu"
    ).probabilities(images)
    for image, probability in zip(unseen, found, strict=True):
        blob = image[..., 0] > 200
        assert probability[blob].mean() > probability[~blob].mean() + 0.1


@pytest.mark.parametrize("seen", ["features", "image"])
def test_contrast_teaches_the_decoder_either_way(tmp_path, seen):
    records = []
    program = export_network(tmp_path / "tiny.pt2")
    alone = {"losses.use_matching": False, "synthetic.steps": 0, "training.mask_steps": 0}
    changes = {"network.encoder": str(program), "losses.contrast_on": seen}
    rates = {"training.learning_rate": 0.01, "training.epochs": 15}
    config = tiny_config({**alone, **changes, **rates})
    train(blobs(4), config, tmp_path / "net.ckpt", watch=records.append)
    values = [record["contrast"] for record in records if "contrast" in record]
    assert sum(values[-5:]) < sum(values[:5])


def test_nan_stops_names_the_term_and_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "net.ckpt"
    config = tiny_config({"training.epochs": 0})
    steps = 0

    def broken(predicted, known):
        nonlocal steps
        steps += 1
        terms = grid_loss(predicted, known)
        # Each step is one call, each check two: this is step 4.
        return terms | {"tps": terms["tps"] * (math.nan if steps == 6 else 1)}

    monkeypatch.setattr("napari_jcc.matching.training.synthetic.grid_loss", broken)
    with pytest.raises(TrainingError, match=r"step 4 .* tps is not a finite"):
        train(blobs(), config, path)
    kept = Checkpoint.load(path)
    assert kept.training["state"]["step"] == 2
    assert all(torch.isfinite(weight).all() for weight in kept.weights.values())


def test_batch_is_split_until_it_fits_and_the_last_word_names_remedies(
    tmp_path, monkeypatch
):
    sizes = []

    def greedy(limit):
        def loss(predicted, known):
            sizes.append(len(known.affine))
            if len(known.affine) > limit:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
            return grid_loss(predicted, known)

        return loss

    config = tiny_config({"training.epochs": 0, "synthetic.batch": 4})
    where = "napari_jcc.matching.training.synthetic.grid_loss"
    monkeypatch.setattr(engine.Engine, "_write", lambda *_: None)
    monkeypatch.setattr(where, greedy(1))
    monkeypatch.setattr("napari_jcc.matching.training.synthetic.HELD_OUT_PAIRS", 2)
    train(blobs(), config, tmp_path / "net.ckpt")
    assert sizes[:3] == [4, 2, 1]
    monkeypatch.setattr(where, greedy(0))
    with pytest.raises(TrainingError, match=r"single pair: CUDA.*network\.input_size"):
        train(blobs(), config, tmp_path / "none.ckpt")


def test_cancelling_keeps_a_checkpoint_that_resumes_to_the_same(tmp_path, unbroken):
    path = tmp_path / "net.ckpt"
    progress = Progress()

    def watch(record):
        if record["step"] == 3:
            progress.cancel()

    with pytest.raises(Cancelled):
        train(blobs(), tiny_config(), path, progress=progress, watch=watch)
    assert Checkpoint.load(path).training["state"]["step"] == 3
    resumed = train(blobs(), tiny_config(), path, resume=True)
    assert same(resumed.weights, unbroken[0].weights)


def test_training_goes_on_with_its_encoder_wherever_that_is(tmp_path):
    program, path = export_network(tmp_path / "tiny.pt2"), tmp_path / "net.ckpt"
    stage = {"training.epochs": 0, "synthetic.steps": 2, "training.check_every": 1}
    progress = Progress()
    with pytest.raises(Cancelled):
        train(
            blobs(),
            tiny_config({**stage, "network.encoder": str(program)}),
            path,
            progress=progress,
            watch=lambda record: progress.cancel(),
        )
    there = tiny_config(
        {**stage, "network.encoder": str(program.rename(tmp_path / "b.pt2"))}
    )
    with pytest.raises(WeightsError, match=r"trained on .*small network"):
        train(blobs(), tiny_config(stage), path, resume=True)
    assert train(blobs(), there, path, resume=True).training is None


def test_weights_of_another_cascade_are_no_start(tmp_path, unbroken):
    other = tiny_config({"network.cascade": "features"})
    with pytest.raises(ConfigError, match=r"cascade=image, these settings say features"):
        train(blobs(), other, tmp_path / "net.ckpt", start=unbroken[1])


def test_one_image_cannot_be_paired_but_can_teach_transformations(tmp_path):
    with pytest.raises(InputError, match="at least 2 images"):
        train(blobs(1), tiny_config(), tmp_path / "net.ckpt")
    config = tiny_config({"training.epochs": 0})
    assert train(blobs(1), config, tmp_path / "net.ckpt").training is None
    nothing = tiny_config({"training.epochs": 0, "synthetic.steps": 0})
    with pytest.raises(ConfigError, match="nothing to train"):
        train(blobs(), nothing, tmp_path / "net.ckpt")
    geometry = dict.fromkeys(("losses.matching", "losses.cycle", "losses.transitivity"), 0)
    for off in ({"losses.use_matching": False}, geometry):
        config = tiny_config({"losses.use_segmentation": False, **off})
        with pytest.raises(ConfigError, match="both off, or the weights of all"):
            train(blobs(), config, tmp_path / "net.ckpt")


def test_bad_checkpoints_are_explained(tmp_path, unbroken):
    checkpoint, path = unbroken
    with pytest.raises(WeightsError, match="There is no checkpoint"):
        Checkpoint.load(tmp_path / "none.ckpt")
    content = path.read_bytes()
    for length in (0, 3, 10, len(content) // 2, len(content) - 1):
        cut = tmp_path / "cut.ckpt"
        cut.write_bytes(content[:length])
        with pytest.raises(WeightsError, match=f"cut off.*after {length} bytes") as caught:
            Checkpoint.load(cut)
        assert "Errno" not in str(caught.value)
    for other in (b"hello, I am a text", b"\x80\x02}q\x00.", bytes(64)):
        (tmp_path / "text.ckpt").write_bytes(other)
        with pytest.raises(WeightsError, match="is no checkpoint"):
            Checkpoint.load(tmp_path / "text.ckpt")
    torch.save({"something": 1}, tmp_path / "other.ckpt")
    with pytest.raises(WeightsError, match="no network of this program"):
        Checkpoint.load(tmp_path / "other.ckpt")
    wider = tiny_config({"network.head_channels": [9, 8]})
    with pytest.raises(WeightsError, match="another architecture"):
        Checkpoint(wider, checkpoint.weights, checkpoint.provenance).build("cpu")
    with pytest.raises(WeightsError, match=r"trained with network\.head_channels=8,8: set"):
        checkpoint.restore(build_network(wider.network, "cpu", 0))
    provenance = {**checkpoint.provenance, "encoder": "another"}
    with pytest.raises(WeightsError, match="hash another, but the encoder is the sma"):
        Checkpoint(tiny_config(), checkpoint.weights, provenance).build("cpu")


def test_an_encoder_in_the_place_of_a_checkpoint_is_called_one(tmp_path):
    program = torch.export.export(torch.nn.Linear(2, 2), (torch.ones(1, 2),))
    torch.export.save(program, tmp_path / "encoder.pt2")
    with pytest.raises(WeightsError, match="can be an encoder"):
        Checkpoint.load(tmp_path / "encoder.pt2")


def test_an_encoder_of_an_older_torch_is_called_one_too(tmp_path):
    with zipfile.ZipFile(tmp_path / "encoder.pt2", "w") as archive:
        archive.writestr("serialized_exported_program.json", "{}")
    with pytest.raises(WeightsError, match="can be an encoder"):
        Checkpoint.load(tmp_path / "encoder.pt2")


def test_a_flipped_bit_anywhere_is_found(tmp_path, unbroken):
    _, path = unbroken
    content = path.read_bytes()
    generator = np.random.default_rng(0)
    flipped = tmp_path / "flipped.ckpt"
    refused = 0
    for place in generator.integers(0, len(content), 60):
        changed = bytearray(content)
        changed[place] ^= 1 << int(generator.integers(8))
        flipped.write_bytes(changed)
        try:
            found = Checkpoint.load(flipped)
        except WeightsError as error:
            refused += 1
            assert str(flipped) in str(error)
        else:  # in the padding between the parts
            weights = Checkpoint.load(path).weights
            assert all(torch.equal(found.weights[name], weights[name]) for name in weights)
    assert refused > 30


def test_grid_loss_of_a_shift_is_its_square():
    rest = Transform.identity(1)
    shifted = Transform(rest.affine + torch.tensor([0, 0, 0.3, 0, 0, 0.4]), rest.tps)
    terms = grid_loss(shifted, rest)
    assert terms["affine"].item() == pytest.approx(0.25)
    assert terms["tps"].item() == pytest.approx(0.25)
    assert terms["error"].item() == pytest.approx(0.25)  # 0.5 of a side of 2


def test_transfer_error_leaves_out_what_lies_beyond_the_image():
    truth = torch.tensor([[[0.0, 0.0], [2.0, 0.0]]])
    assert transfer_error(truth + 1, truth).item() == pytest.approx(math.sqrt(2) / 2)


def test_known_pairs_are_related_by_their_transformation():
    # Smooth images, so that sampling them twice costs little.
    y, x = torch.meshgrid(
        torch.linspace(0, 3, 160), torch.linspace(0, 3, 160), indexing="ij"
    )
    image = torch.stack([x.sin(), y.cos(), (x * y).sin()]) / 2 + 0.5
    config = tiny_config({"network.input_size": 128, "synthetic.jitter": 0.0})
    pairs = warp_pairs(image[None].repeat(4, 1, 1, 1), config, generator_for(0))
    from napari_jcc.matching.network.transforms import sampling_grid, warp

    grid = sampling_grid(pairs.transform, 128, 128)
    inside = (grid.abs() < 0.98).all(dim=3)[:, None].expand(-1, 3, -1, -1)
    difference = (warp(pairs.source, grid) - pairs.target).abs()[inside]
    assert difference.mean() < 5e-3
