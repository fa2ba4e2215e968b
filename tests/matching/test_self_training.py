"""The stage agreed: pseudo-labels of a set, and the adaptation trained on them."""

import json
import math

import numpy as np
import pytest

from encoders import export_network
from matching.tiny import blob_images, tiny_config

torch = pytest.importorskip("torch", reason="the matching network needs torch")
pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric")

from napari_jcc.collection import ImageCollection  # noqa: E402
from napari_jcc.errors import Cancelled, ConfigError, InputError  # noqa: E402
from napari_jcc.matching import Checkpoint, train  # noqa: E402
from napari_jcc.matching.network import Pyramid, build_network  # noqa: E402
from napari_jcc.matching.network.adaptation import Adaptation  # noqa: E402
from napari_jcc.matching.network.transforms import pixel_centres  # noqa: E402
from napari_jcc.matching.refinement import TEMPERATURE  # noqa: E402
from napari_jcc.matching.training import pseudo_labels  # noqa: E402
from napari_jcc.matching.training.check import check_input  # noqa: E402
from napari_jcc.matching.training.self_training import (  # noqa: E402
    SPREAD,
    LabelledCells,
    pseudo_label_loss,
    uses_self_training,
)
from napari_jcc.progress import Progress  # noqa: E402

ALONE = {"synthetic.steps": 0, "training.epochs": 0, "training.agreed_steps": 4}


def alike(count=6):
    """The same picture again and again, a little shifted, on noise of its own."""
    generator = np.random.default_rng(0)
    shown = blob_images(1)[0]
    images = [
        np.roll(shown, tuple(generator.integers(-4, 5, 2)), (0, 1)) for _ in range(count)
    ]
    return ImageCollection.from_arrays(images)


def cells_of(targets, sources, ends, confidence=None):
    ends = torch.as_tensor(ends, dtype=targets.dtype)[None]
    confidence = torch.ones(ends.shape[:2]) if confidence is None else confidence
    return LabelledCells((targets,), (sources,), ends, confidence.to(targets))


def test_untrained_maps_stay_as_they_are_and_trained_ones_move():
    adaptation = Adaptation([6, 4])
    pyramid = Pyramid(torch.randn(2, 6, 3, 3), (torch.randn(2, 4, 6, 6), None, None))
    same = adaptation.adapt(pyramid)
    assert torch.equal(same.features, pyramid.features)
    assert torch.equal(same.skips[0], pyramid.skips[0])
    with torch.no_grad():
        adaptation.add[0].fill_(0.1)
    moved = adaptation.adapt(pyramid)
    cell = pyramid.features[1, :, 2, 0]
    wanted = cell + 0.1 * (cell @ adaptation.look[0]).sum()
    torch.testing.assert_close(moved.features[1, :, 2, 0], wanted)
    assert torch.equal(moved.skips[0], pyramid.skips[0])
    with adaptation.left_out():
        assert adaptation.adapt(pyramid) is pyramid
    coarse = Adaptation([6, 0]).adapt(Pyramid(pyramid.features, (None, None, None)))
    assert coarse.skips == (None, None, None)


def test_loss_of_four_orthogonal_cells_is_as_computed_by_hand():
    """Two by two cells; less what all share, a cell is 1 like itself, -1/3 like others."""
    cells = torch.eye(4, dtype=torch.float64)[None]
    own = [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
    # Where a cell is, two others are a cell away, and one is sqrt(2) away.
    near, far = (math.exp(-d / (2 * SPREAD**2)) for d in (1, 2))
    share = 1 / (1 + 2 * near + far)
    unlike = math.exp((-1 / 3 - 1) / TEMPERATURE)
    right = -math.log(1 / (1 + 3 * unlike))
    wrong = right + (1 + 1 / 3) / TEMPERATURE
    wanted = share * right + (1 - share) * wrong
    found = pseudo_label_loss(cells, cells, cells_of(cells, cells, own))
    assert found.item() == pytest.approx(wanted, rel=1e-6)
    # Turned upside down, what is like the first cell is two cells further.
    turned = pseudo_label_loss(cells, cells.flip(1), cells_of(cells, cells, own))
    assert turned.item() > 3 * wanted


def test_cells_are_weighted_by_confidence_and_not_outside_the_image():
    generator = torch.Generator().manual_seed(0)
    targets, sources = (torch.randn(1, 4, 5, generator=generator) for _ in range(2))
    ends = [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
    sure = torch.tensor([[1.0, 0.5, 0.0, 1.0]])

    def loss(ends, confidence):
        pairs = cells_of(targets, sources, ends, confidence)
        return pseudo_label_loss(targets, sources, pairs).item()

    each = [loss(ends, torch.eye(4)[place][None]) for place in range(4)]
    wanted = (each[0] + 0.5 * each[1] + each[3]) / 2.5
    assert loss(ends, sure) == pytest.approx(wanted, rel=1e-5)
    outside = [*ends[:3], [1.2, 0.5]]
    wanted = (each[0] + 0.5 * each[1]) / 1.5
    assert loss(outside, sure) == pytest.approx(wanted, rel=1e-5)
    assert loss(ends, torch.zeros(1, 4)) == 0


def test_gradient_of_the_loss_is_exact():
    generator = torch.Generator().manual_seed(1)
    targets, sources = (
        torch.randn(2, 4, 3, dtype=torch.float64, generator=generator, requires_grad=True)
        for _ in range(2)
    )
    ends = torch.rand(2, 4, 2, dtype=torch.float64, generator=generator) * 1.6 - 0.8
    pairs = LabelledCells((targets,), (sources,), ends, torch.ones(2, 4).double())
    assert torch.autograd.gradcheck(
        lambda t, s: pseudo_label_loss(t, s, pairs), (targets, sources)
    )


def losses(path):
    lines = path.with_name(path.name + ".jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    return [r["total"] for r in records if r["stage"] == "agreed" and "total" in r]


def test_stage_learns_and_changes_nothing_but_the_adaptation(tmp_path):
    program = export_network(tmp_path / "tiny.pt2")
    changes = {"network.encoder": str(program), "training.agreed_steps": 60}
    changes |= {"training.patience": 0, "training.agreed_learning_rate": 3e-3}
    path = tmp_path / "net.ckpt"
    trained = train(alike(), tiny_config({**ALONE, **changes}), path)
    told = losses(path)
    assert len(told) == 60
    assert np.mean(told[-10:]) < 0.95 * np.mean(told[:10])
    first = train(
        alike(),
        tiny_config({**ALONE, **changes, "training.agreed_steps": 1}),
        tmp_path / "first.ckpt",
    )
    for name, weight in trained.weights.items():
        if not name.startswith("adaptation."):
            assert torch.equal(weight, first.weights[name]), name
    assert trained.weights["adaptation.add.0"].abs().max() > 0


def test_a_stopped_stage_resumes_to_the_same_weights(tmp_path):
    """The labels are found anew, from features that are not adapted."""
    config = tiny_config(ALONE)
    whole = train(alike(3), config, tmp_path / "whole.ckpt")
    path = tmp_path / "broken.ckpt"
    seen = []

    class Stopping(Progress):
        def advance(self, count=1):
            if len(seen) == 3:
                raise Cancelled("enough")

    with pytest.raises(Cancelled):
        train(alike(3), config, path, progress=Stopping(), watch=seen.append)
    assert Checkpoint.load(path).training["state"]["step"] in (2, 3)
    again = train(alike(3), config, path, resume=True)
    for name, weight in whole.weights.items():
        assert torch.equal(weight, again.weights[name]), name


def test_resuming_refuses_settings_that_change_the_labels(tmp_path):
    path = tmp_path / "net.ckpt"
    train(alike(3), tiny_config({**ALONE, "training.agreed_steps": 1}), path)
    changes = {**ALONE, "training.agreed_steps": 1}
    harmless = {"matching.threshold": 0.4, "matching.through": 2, "matching.points": 5}
    train(alike(3), tiny_config({**changes, **harmless}), path, resume=True)
    for name, value in {"tolerance": 0.1, "refinement_scale": 1.0}.items():
        other = tiny_config({**changes, f"matching.{name}": value})
        with pytest.raises(ConfigError, match=rf"another matching\.{name}"):
            train(alike(3), other, path, resume=True)


def test_resuming_without_the_stage_takes_any_settings_of_matching(tmp_path):
    path = tmp_path / "net.ckpt"
    changes = {"training.epochs": 0, "synthetic.steps": 1, "training.agreed_steps": 0}
    train(alike(), tiny_config(changes), path)
    other = tiny_config({**changes, "matching.tolerance": 0.1})
    assert train(alike(), other, path, resume=True).training is None


def test_checkpoints_without_an_adaptation_are_read(tmp_path):
    path = tmp_path / "net.ckpt"
    saved = train(alike(), tiny_config({"training.epochs": 0}), path)
    old = {k: v for k, v in saved.weights.items() if not k.startswith("adaptation.")}
    Checkpoint(saved.config, old, saved.provenance, None).save(path)
    network = Checkpoint.load(path).build("cpu")
    assert all(not weight.any() for weight in network.adaptation.add)


def test_two_images_are_too_few(tmp_path):
    with pytest.raises(InputError, match="at least 3 images, got 2"):
        train(alike(2), tiny_config(ALONE), tmp_path / "net.ckpt")


def test_without_good_matches_the_stage_is_left_out(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(pseudo_labels, "LEAST_INLIERS", 1.1)
    path = tmp_path / "net.ckpt"
    trained = train(alike(3), tiny_config(ALONE), path)
    assert "No two images match well enough" in caplog.text
    assert not path.with_name("net.ckpt.jsonl").exists() or not losses(path)
    assert not any(trained.weights[f"adaptation.add.{level}"].any() for level in (0, 1))


def test_labels_of_copies_are_the_identity_and_large_sets_are_sampled(monkeypatch):
    monkeypatch.setattr(pseudo_labels, "MOST_IMAGES", 3)
    config = tiny_config()
    network = build_network(config.network, "cpu", 0)
    images = ImageCollection.from_arrays(blob_images(1) * 5)
    found = pseudo_labels.find_pseudo_labels(network, images, config, Progress())
    assert len(found.cells) == 3
    assert len(found.pairs) == 3
    side = 16  # 12 cells of the network's grid, a third more in the refinement
    centres = pixel_centres(side, side, torch.empty(0))[0]
    for match in (match for both in found.pairs for match in both):
        assert match.source != match.target
        assert (match.ends - centres).abs().max() < 0.05
        assert match.confidence.shape == (side**2,)
    for level, width in enumerate(network.encoder.channels()[1][:1], 1):
        assert found.cells[0][level].shape == (side**2, width)


def test_the_stage_is_left_out_where_only_masks_are_learned():
    """And asking for nothing else is refused."""
    changes = {**ALONE, "losses.use_matching": False}
    with pytest.raises(ConfigError, match=r"losses\.use_matching off, so there is nothing"):
        check_input(alike(), tiny_config(changes))
    check_input(alike(), tiny_config({**changes, "training.epochs": 1}))
    assert not uses_self_training(tiny_config(changes))
    assert uses_self_training(tiny_config(ALONE))
