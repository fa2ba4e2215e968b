"""Settings of the section ``features``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from napari_jcc.config.fields import Section, setting

EncoderSize = Annotated[int, Field(ge=64, le=4096)]


class FeatureConfig(Section):
    """Features by which superpixels and boxes are compared across images."""

    superpixels: tuple[Literal["sift", "lab", "deep"], ...] = setting(
        ("sift", "lab"),
        "Superpixel features",
        "sift: gradients on a dense grid, for shape and texture. lab: colour. deep: "
        "features of the encoder, for the kind of object.",
        min_length=1,
    )
    boxes: tuple[Literal["sift", "lab", "deep", "alexnet"], ...] = setting(
        ("sift", "lab"),
        "Box features",
        "As for superpixels; sift and lab on a 2 x 2 grid of cells in the box. alexnet: "
        "4096 values of AlexNet for the cropped box, as in the paper.",
        min_length=1,
    )
    encoder: str = setting(
        "",
        "Encoder",
        "Network for deep features and the prior: a model of the Hugging Face hub, a "
        "folder of Transformers, or a .pt2 file of torch.export. auto: "
        "facebook/dinov2-small; if it cannot be loaded, the settings of the preset fast "
        "are used, with a warning. Empty: none.",
    )
    encoder_size: int = setting(
        448,
        "Encoder image size (pixels)",
        "Longer side of the image given to the encoder; smaller images are enlarged. "
        "Larger is finer and slower.",
        advanced=True,
        ge=64,
        le=4096,
    )
    encoder_more_sizes: tuple[EncoderSize, ...] = setting(
        (),
        "Further encoder sizes (pixels)",
        "The encoder is applied at these sizes as well, and its maps are averaged, so "
        "that large and small objects get similar features. Each size takes its own time.",
        advanced=True,
    )
    encoder_stride: int = setting(
        16,
        "Encoder stride (pixels)",
        "Of a convolutional encoder, the deepest map is used whose cells are no further "
        "apart than this.",
        advanced=True,
        ge=1,
        le=64,
    )
    alexnet: str = setting(
        "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
        "AlexNet weights",
        "URL or file of the weights published by torchvision, for the box features "
        "alexnet. Downloaded once (233 MB).",
        advanced=True,
    )
    sift_step: int = setting(
        4,
        "SIFT step (pixels)",
        "Distance of the grid points at which descriptors are computed.",
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
