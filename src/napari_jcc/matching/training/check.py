"""What is checked before a training starts: settings, images, and where it goes on from."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile

from napari_jcc.atomic import explained
from napari_jcc.collection import ImageCollection
from napari_jcc.config import LossConfig, MatchConfig, changed_settings
from napari_jcc.errors import ConfigError, InputError
from napari_jcc.matching.training.pseudo_labels import LABEL_SETTINGS, UNUSED_SETTINGS
from napari_jcc.matching.training.self_training import FEWEST_IMAGES, uses_self_training


def check_input(collection: ImageCollection, config: MatchConfig) -> None:
    """Check that the settings and the number of images allow training.

    Raises
    ------
    InputError
        If there are too few images for the stages asked for.
    ConfigError
        If all stages are left out, or all parts of the second.
    """
    training = config.training
    agreed = uses_self_training(config)
    if not (config.synthetic.steps or training.epochs or agreed):
        raise ConfigError(
            "synthetic.steps and training.epochs are both 0, and training.agreed_steps is "
            "too, or losses.use_matching off, so there is nothing to train. Raise one of "
            "them."
        )
    if training.epochs and not _has_terms(config.losses, len(collection)):
        raise ConfigError(
            "The second stage has nothing to train: losses.use_matching and "
            "losses.use_segmentation are both off, or the weights of all terms of those "
            "that are on are 0. Raise one, or set training.epochs to 0."
        )
    if config.training.epochs and len(collection) < 2:
        raise InputError(
            f"Training on pairs needs at least 2 images of the object, got "
            f"{len(collection)}. Add images, or train the first stage only, on known "
            "transformations (--stages synthetic, or training.epochs = 0)."
        )
    alone = agreed and not (config.synthetic.steps or training.epochs)
    if alone and len(collection) < FEWEST_IMAGES:
        raise InputError(
            f"The stage agreed needs at least {FEWEST_IMAGES} images, got "
            f"{len(collection)}. Add images, or train another stage too."
        )


def _has_terms(losses: LossConfig, images: int) -> bool:
    """Whether a term of the second stage's loss counts, for that many images."""
    transitivity = losses.transitivity if images > 2 else 0.0
    geometry = losses.use_matching and losses.matching + losses.cycle + transitivity > 0
    contrast = losses.use_segmentation and losses.contrast > 0
    both = losses.use_matching and losses.use_segmentation
    return geometry or contrast or (both and losses.consistency > 0)


def check_place(output: Path) -> None:
    """Check that the checkpoint can be written.

    Raises
    ------
    OutputError
        If not.
    """
    with explained(output, "the network"):
        output.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=output.parent):
            pass


def require_same(before: MatchConfig, now: MatchConfig) -> None:
    """Refuse to go on from a checkpoint with settings that would change the training.

    Raises
    ------
    ConfigError
        With the settings that differ.
    """
    # Another path may hold the same encoder, which is checked by its hash.
    ignored = {"training.device", "network.encoder", *LABEL_SETTINGS, *UNUSED_SETTINGS}
    changed = [
        name
        for name in changed_settings(now, before)
        if name not in ignored
        and (uses_self_training(before) or not name.startswith("matching."))
    ]
    if changed:
        raise ConfigError(
            f"The checkpoint was trained with another {', '.join(changed)}. Resume with "
            "the same settings, or train anew to another file."
        )


def require_same_cascade(first: MatchConfig, now: MatchConfig) -> None:
    """Refuse weights whose spline head was trained on the other kind of input.

    Raises
    ------
    ConfigError
        If ``network.cascade`` differs.
    """
    if first.network.cascade != now.network.cascade:
        raise ConfigError(
            "The checkpoint to start from was trained with network.cascade="
            f"{first.network.cascade}, these settings say {now.network.cascade}. Set the "
            "same (--set), or start without it."
        )
