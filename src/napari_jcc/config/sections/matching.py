"""Settings of the section ``matching`` of the matching network."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class MatchingConfig(Section):
    """How transformations, correspondences and masks are made with a trained network."""

    refinement: Literal["none", "local"] = setting(
        "local",
        "Refinement",
        "local: the transformation is fitted again to matching points of the two images "
        "near where it leads. none: as the network gives it.",
    )
    tolerance: float = setting(
        0.05,
        "Cycle tolerance",
        "Largest distance from the start, as share of the image side, at which a point "
        "that went to the other image and back counts as matched.",
        gt=0,
        le=1,
    )
    threshold: float = setting(
        0.5, "Mask threshold", "Probability above which a pixel is object.", ge=0, le=1
    )
    partners: int = setting(
        8,
        "Partners per image",
        "Pairs that the mask of an image is pooled from, those most alike; 0: all.",
        ge=0,
        le=100_000,
    )
    points: int = setting(
        20,
        "Points per side",
        "Points along each side of the image for which correspondences are given.",
        advanced=True,
        ge=2,
        le=1000,
    )
