import json
import os
import signal
import threading
import time

import pytest
from PIL import Image

from command_line import run
from matching.tiny import TINY, blob_images

pytest.importorskip("torch", reason="the matching network needs torch")
pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric")

from napari_jcc.cli.main import CANCELLED
from napari_jcc.config import load_config_text
from napari_jcc.config.model import MatchConfig
from napari_jcc.matching.training import Checkpoint

SMALL = [
    word
    for path, value in TINY.items()
    for word in (
        "--set",
        f"{path}={','.join(map(str, value)) if isinstance(value, list) else value}",
    )
]


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "blobs"
    path.mkdir()
    for number, image in enumerate(blob_images(4)):
        Image.fromarray(image).save(path / f"blob {number}.png")
    return path


def steps(output):
    lines = (output.parent / f"{output.name}.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    return [(r["stage"], r["step"]) for r in records if "total" in r]


def test_trained_network_matches_and_segments(folder, tmp_path, capsys):
    output, out = tmp_path / "a.ckpt", tmp_path / "out"
    assert run("train", folder.parent, "--recursive", "-o", output, *SMALL) == 0
    told = capsys.readouterr()
    assert "--recursive" in told.out.split("Next")[1]
    assert "transformations and masks" in told.out
    assert "Training, pairs of the set: loss" in told.err
    assert {stage for stage, _ in steps(output)} == {"synthetic", "first masks", "weak"}
    assert run("match", folder, "--checkpoint", output, "-o", out, "-q") == 0
    assert len(list((out / "masks").glob("*.png"))) == 4
    assert "nan" not in (out / "pairs.csv").read_text()

    assert run("train", folder, "-o", output, *SMALL) == 2
    assert "--resume to go on" in capsys.readouterr().err
    written = output.stat().st_mtime_ns
    assert run("train", folder, "-o", output, "--resume") == 0  # nothing is left to do
    assert output.stat().st_mtime_ns == written
    assert "nothing was done" in capsys.readouterr().err


def test_ctrl_c_keeps_what_was_learned_and_the_command_it_names_goes_on(
    folder, tmp_path, capsys
):
    output = tmp_path / "a.ckpt"
    log = tmp_path / "a.ckpt.jsonl"

    def interrupt():
        deadline = time.monotonic() + 120
        while not log.is_file() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    many = ["--set", "synthetic.steps=60", "--set", "training.check_every=60"]
    code = run("train", folder, "-o", output, *SMALL, *many, "--stages", "synthetic")
    thread.join()
    assert code == CANCELLED
    told = capsys.readouterr().err
    assert "--resume" in told
    done = steps(output)
    assert 0 < len(done) < 60
    assert Checkpoint.load(output).training is not None
    assert run("train", folder, "-o", output, "--resume", "-q") == 0
    assert steps(output) == [("synthetic", number) for number in range(1, 61)]
    assert Checkpoint.load(output).training is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--stages", "weak,final"], "Unknown stage 'final'. Known: synthetic, weak"),
        (["--set", "training.epoch=3"], "Did you mean epochs"),
        (["--resume", "--overwrite"], "Give one of them"),
        (["--encoder", "/none.pt2"], "There is no encoder at"),
        (["--start", "none.ckpt"], "There is no checkpoint at"),
    ],
)
def test_bad_input_is_refused_with_a_remedy(folder, tmp_path, capsys, words, told):
    assert run("train", folder, "-o", tmp_path / "a.ckpt", *SMALL, *words) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "a.ckpt").exists()


def test_a_place_that_cannot_be_written_is_told_before_training(folder, tmp_path, capsys):
    (tmp_path / "file").touch()
    output = tmp_path / "file" / "a.ckpt"
    assert run("train", folder, "-o", output, *SMALL) == 2
    told = capsys.readouterr().err
    assert f"Cannot write the network to {output}" in told
    assert "synthetic" not in told  # no step was made


def test_going_on_with_what_is_not_there_is_said(folder, tmp_path, capsys):
    output = tmp_path / "mistyped.ckpt"
    words = [*SMALL, "--resume", "--encoder", "/none.pt2"]  # which ends it before training
    assert run("train", folder, "-o", output, *words) == 2
    assert f"there is no {output} yet" in capsys.readouterr().err


def test_damaged_checkpoint_is_neither_replaced_nor_gone_on_with(folder, tmp_path, capsys):
    output = tmp_path / "a.ckpt"
    output.write_bytes(b"cut off")
    assert run("train", folder, "-o", output, "--resume") == 2
    assert "is no checkpoint" in capsys.readouterr().err
    assert output.read_bytes() == b"cut off"


def test_presets_are_refused_where_settings_have_none(capsys):
    assert run("config", "--matching", "--preset", "photo") == 2
    assert "--preset photo is one for 'segment'" in capsys.readouterr().err


def test_settings_are_printed_as_a_file_that_train_takes(capsys):
    assert run("config", "--matching", "--set", "training.epochs=3") == 0
    config = load_config_text(capsys.readouterr().out, base=MatchConfig())
    assert config.training.epochs == 3
