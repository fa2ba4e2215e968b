"""Settings of the section ``training`` of the matching network."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class TrainingConfig(Section):
    """Second stage, on pairs of the set, and what both stages share."""

    epochs: int = setting(
        20,
        "Epochs",
        "Times that every image of the set is used in a pair; 0 leaves the stage out.",
        ge=0,
        le=1_000_000,
    )
    mask_steps: int = setting(
        40,
        "First steps of the masks",
        "Steps before the second stage in which the decoder learns, from what images look "
        "like, where objects mostly are: in the middle. 0: it starts at random.",
        ge=0,
        le=1_000_000,
    )
    masks: str = setting(
        "",
        "Folder of masks",
        "Gray images with the names of the images, such as the masks of a co-segmentation: "
        "white is object, or all but 0 where nothing is brighter than half. The decoder "
        "then starts from them in place of the middle, and matching is learned inside "
        "them. Empty: none.",
        advanced=True,
    )
    mask_learning_rate: float = setting(
        1e-3,
        "Learning rate of the first steps",
        "Step size of Adam for the decoder in these steps.",
        advanced=True,
        gt=0,
        le=1,
    )
    batch: int = setting(
        4, "Pairs per step", "Pairs, or triplets, of one step.", ge=1, le=1024
    )
    learning_rate: float = setting(
        3e-4, "Learning rate", "Step size of Adam for the decoder.", gt=0, le=1
    )
    head_learning_rate: float = setting(
        1e-6,
        "Learning rate of the heads",
        "Step size of Adam for the transformation heads in the second stage. If it is too "
        "large, they end at the identity, whose cycle error is 0.",
        gt=0,
        le=1,
    )
    encoder_learning_rate: float = setting(
        0.0,
        "Encoder learning rate",
        "Step size of Adam for the encoder. 0 keeps it frozen, and its features of the "
        "images are then computed only once.",
        ge=0,
        le=1,
    )
    schedule: Literal["cosine", "constant"] = setting(
        "cosine",
        "Schedule",
        "cosine: the learning rate falls to 0 along half a cosine. constant: as given.",
        advanced=True,
    )
    agreed_steps: int = setting(
        60,
        "Steps on pseudo-labels",
        "Steps at the end in which the features that the refinement compares are adapted, "
        "so that two images alone match as they do along paths through the others. Needs "
        "three images; 0 leaves the stage out.",
        ge=0,
        le=1_000_000,
    )
    agreed_learning_rate: float = setting(
        1e-3,
        "Learning rate of these steps",
        "Step size of Adam for the adaptation of the features.",
        advanced=True,
        gt=0,
        le=1,
    )
    flips: bool = setting(
        True,
        "Flips",
        "Mirror pairs from left to right at random, both images alike.",
        advanced=True,
    )
    crop: float = setting(
        0.85,
        "Crop",
        "Smallest side of the random crops that are trained on, as share of the image; 1: "
        "none.",
        advanced=True,
        gt=0,
        le=1,
    )
    views: int = setting(
        4,
        "Views kept per image",
        "Random crops and mirrored views of every image whose features are computed once, "
        "when the encoder is frozen.",
        advanced=True,
        ge=1,
        le=1024,
    )
    validation: float = setting(
        0.2,
        "Validation share",
        "Share of the pairs that is kept for deciding when to stop.",
        advanced=True,
        ge=0,
        le=0.9,
    )
    patience: int = setting(
        5,
        "Patience",
        "Checks without progress after which a stage ends; 0: it never ends early.",
        ge=0,
        le=100_000,
    )
    check_every: int = setting(
        100,
        "Check every (steps)",
        "Steps between two checks on the held-out pairs, each followed by a checkpoint.",
        advanced=True,
        ge=1,
        le=1_000_000,
    )
    seed: int = setting(
        0,
        "Seed",
        "Runs with the same seed are the same; another seed gives another run.",
        ge=0,
        le=2**31 - 1,
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = setting(
        "auto",
        "Device",
        "Device on which the network is trained and used. auto: the graphics card if there "
        "is one.",
    )
    devices: int = setting(
        1,
        "Number of devices",
        "Graphics cards, or processes on the CPU, that share every step.",
        advanced=True,
        ge=1,
        le=1024,
    )
    nodes: int = setting(
        1,
        "Number of machines",
        "Machines that share every step; start the same command on each with torchrun.",
        advanced=True,
        ge=1,
        le=4096,
    )
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = setting(
        "32-true",
        "Precision",
        "Number format; the mixed ones are faster on graphics cards.",
        advanced=True,
    )
