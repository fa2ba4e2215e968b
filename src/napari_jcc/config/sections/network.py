"""Settings of the section ``network`` of the matching network."""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveInt

from napari_jcc.config.fields import Section, setting


class NetworkConfig(Section):
    """The parts of the matching network and their sizes."""

    encoder: str = setting(
        "",
        "Encoder",
        "Network that computes the features: a model of the Hugging Face hub, a folder of "
        "Transformers, or a .pt2 file of torch.export. Empty: a small network trained from "
        "scratch, for trying the program without weights.",
    )
    input_size: int = setting(
        240,
        "Image size (pixels)",
        "Side of the square that every image is brought to. More is finer and slower.",
        ge=64,
        le=2048,
    )
    grid: int = setting(
        15,
        "Working grid (cells)",
        "Cells along each side at which two images are compared; the network's heads are "
        "made for it.",
        advanced=True,
        ge=11,
        le=64,
    )
    cascade: Literal["image", "features"] = setting(
        "image",
        "Input of the second step",
        "What is warped between the affine and the thin plate step. image: the image, "
        "which is described anew. features: its description, faster and less exact.",
        advanced=True,
    )
    head_channels: tuple[PositiveInt, PositiveInt] = setting(
        (128, 64),
        "Channels of the heads",
        "Channels of the two convolutions that read a transformation off a correlation.",
        advanced=True,
    )
    decoder_channels: tuple[PositiveInt, PositiveInt, PositiveInt] = setting(
        (64, 32, 16),
        "Channels of the decoder",
        "Channels of the three steps from the working grid towards a mask. As printed: "
        "512, 256, 64, which is slower by an order of magnitude.",
        advanced=True,
    )
