"""Settings of the section ``features``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from napari_jcc.config.fields import Section, setting

EncoderSize = Annotated[int, Field(ge=64, le=4096)]


class FeatureConfig(Section):
    """What superpixels and boxes are compared by across images."""

    superpixels: tuple[Literal["sift", "lab", "deep"], ...] = setting(
        ("sift", "lab"),
        "Superpixel features",
        "sift: gradients on a dense grid, for shape and texture. lab: colour. deep: the "
        "encoder's maps, for what things are.",
        min_length=1,
    )
    boxes: tuple[Literal["sift", "lab", "deep", "alexnet"], ...] = setting(
        ("sift", "lab"),
        "Box features",
        "As for superpixels, sift and lab on a 2 x 2 grid of cells in the box. alexnet: "
        "4096 values of AlexNet for the box cut out, as in the paper.",
        min_length=1,
    )
    encoder: str = setting(
        "",
        "Encoder",
        "Network for deep features and the set prior: a model of the Hugging Face hub, a "
        "folder of Transformers, or a .pt2 file of torch.export. auto: "
        "facebook/dinov2-small; where that cannot be had, the settings of the preset fast "
        "are used, with a warning. Empty: none.",
    )
    encoder_size: int = setting(
        448,
        "Encoder image size (pixels)",
        "Longer side of the image that the encoder sees; smaller images are enlarged. More "
        "is finer and slower.",
        advanced=True,
        ge=64,
        le=4096,
    )
    encoder_more_sizes: tuple[EncoderSize, ...] = setting(
        (),
        "Further encoder sizes (pixels)",
        "The encoder sees every image at these sizes as well, and its maps are averaged: "
        "large and small objects are then described alike. Each takes its own time.",
        advanced=True,
    )
    encoder_stride: int = setting(
        16,
        "Encoder stride (pixels)",
        "Of a convolutional encoder's maps the deepest is used whose cells are no further "
        "apart than this.",
        advanced=True,
        ge=1,
        le=64,
    )
    alexnet: str = setting(
        "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
        "AlexNet weights",
        "Address or file of the weights that torchvision publishes, for the box features "
        "alexnet. Fetched once (233 MB) where they are not kept already.",
        advanced=True,
    )
    sift_step: int = setting(
        4,
        "SIFT step (pixels)",
        "Distance of the grid points on which gradients are described.",
        advanced=True,
        ge=1,
        le=64,
    )
    sift_size: int = setting(
        16,
        "SIFT size (pixels)",
        "Width of the patch that one descriptor covers.",
        advanced=True,
        ge=4,
        le=128,
    )
    kernel: Literal["chi2", "linear"] = setting(
        "chi2",
        "Histogram kernel",
        "chi2: the additive chi-squared kernel, by an explicit map. linear: none.",
        advanced=True,
    )
    dimensions: int = setting(
        128,
        "Dimensions kept",
        "Principal components kept of every kind of feature.",
        advanced=True,
        ge=1,
        le=4096,
    )

    @property
    def deep(self) -> bool:
        """Whether superpixels or boxes are described by the maps of an encoder."""
        return "deep" in (*self.superpixels, *self.boxes)
