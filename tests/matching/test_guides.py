"""Masks from elsewhere that the training of the network is told."""

import numpy as np
import pytest
from PIL import Image

from matching.tiny import blob_images, blobs, tiny_config

torch = pytest.importorskip("torch", reason="the matching network needs torch")
pytest.importorskip("lightning_fabric", reason="training needs lightning-fabric")

from napari_jcc.errors import InputError  # noqa: E402
from napari_jcc.matching import train  # noqa: E402
from napari_jcc.matching.training.images import load_guides, load_images  # noqa: E402
from napari_jcc.matching.training.pair_views import PairViews  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    """Masks of the blobs, which alone are red."""
    folder = tmp_path / "masks"
    folder.mkdir()
    for name, image in zip(blobs().names, blob_images(4), strict=True):
        mask = np.where(image[..., 0] > 200, 255, 0).astype(np.uint8)
        Image.fromarray(mask).save(folder / f"{name}.png")
    return folder


def test_guides_move_with_the_views_of_their_images(folder):
    config = tiny_config({"training.views": 4})
    views = PairViews(
        load_images(blobs(), 80), config, load_guides(blobs(), str(folder), 80)
    )
    every = torch.arange(16)  # four views of every image, cropped, every other mirrored
    samples = views.load(every[None], with_priors=True)
    red = samples.images[0][:, 0] > 0.7
    guided = samples.priors[0][:, 0] > 0.5
    assert red.any(dim=(1, 2)).all()
    both, either = (red & guided).sum(), (red | guided).sum()
    assert both / either > 0.9


@pytest.mark.parametrize("number", [1, 3])
def test_masks_that_number_objects_are_as_good_as_white_ones(folder, number):
    white = load_guides(blobs(), str(folder), 80)
    for file in folder.iterdir():
        mask = np.asarray(Image.open(file)) > 0
        Image.fromarray(mask.astype(np.uint8) * np.uint8(number)).save(file)
    assert white.max() == 255
    assert torch.equal(load_guides(blobs(), str(folder), 80), white)


def test_gray_levels_of_masks_are_kept(folder):
    for file in folder.iterdir():
        Image.fromarray(np.full((90, 90), 130, np.uint8)).save(file)
    assert (load_guides(blobs(), str(folder), 80) == 130).all()


def test_training_starts_from_the_masks_it_is_told(folder, tmp_path):
    changes = {
        "synthetic.steps": 0,
        "training.mask_steps": 4,
        "training.epochs": 1,
        "training.check_every": 100,
    }
    told = changes | {"training.masks": str(folder)}
    plain = train(blobs(), tiny_config(changes), tmp_path / "plain.ckpt")
    guided = train(blobs(), tiny_config(told), tmp_path / "guided.ckpt")
    again = train(blobs(), tiny_config(told), tmp_path / "again.ckpt")
    name = next(key for key in plain.weights if "decoder" in key and "weight" in key)
    assert not torch.equal(plain.weights[name], guided.weights[name])
    assert torch.equal(again.weights[name], guided.weights[name])


def test_masks_that_are_missing_are_named(folder, tmp_path):
    first = blobs().names[0]
    (folder / f"{first}.png").unlink()
    config = tiny_config({"training.masks": str(folder)})
    with pytest.raises(InputError, match=f"no mask for 1 of 4 images: {first}"):
        train(blobs(), config, tmp_path / "net.ckpt")
    config = tiny_config({"training.masks": str(tmp_path / "none")})
    with pytest.raises(InputError, match="must name a folder of masks"):
        train(blobs(), config, tmp_path / "net.ckpt")
