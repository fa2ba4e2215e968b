"""Settings of the section ``matching`` of the matching network."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class MatchingConfig(Section):
    """How transformations, correspondences and masks are made."""

    untrained: Literal["registration", "refinement"] = setting(
        "registration",
        "Without a trained network",
        "What matches where there is no trained network. registration: cells of the two "
        "images vote, by an encoder or gradients. refinement: the identity, refined as the "
        "answer of a network would be; needs an encoder.",
    )

    refinement: Literal["none", "local"] = setting(
        "local",
        "Refinement",
        "local: the transformation is fitted again to matching points of the two images "
        "near where it leads. none: as the network gives it.",
    )
    refinement_scale: float = setting(
        1.33,
        "Image size of the refinement",
        "Size that images have in the refinement, as multiple of network.input_size. More "
        "is finer and slower; 1 needs no second description.",
        advanced=True,
        ge=0.5,
        le=4,
    )
    refinement_detail: float = setting(
        2,
        "Detail of the refinement",
        "Cells of the finer map along each side, for one of the coarse map, that the last "
        "fits look at. 2 has all that encoders with maps at strides 8 and 16 tell; less is "
        "faster.",
        advanced=True,
        ge=1,
        le=4,
    )
    tolerance: float = setting(
        0.05,
        "Cycle tolerance",
        "Largest distance from the start, as share of the image side, at which a point "
        "that went to the other image and back counts as matched.",
        gt=0,
        le=1,
    )
    through: int = setting(
        4,
        "Intermediate images",
        "Two images are also matched along paths through this many others, those with the "
        "most confident matches; points go to the median of where all paths lead. Pairs "
        "with less than half of their points matched are matched again, by descriptors "
        "averaged with those of the others. More takes longer. 0: the two images alone, as "
        "with several instances.",
        ge=0,
        le=100,
    )
    facing: Literal["as_is", "mirrored", "any"] = setting(
        "as_is",
        "Images lie",
        "How images lie beside each other. as_is: all alike. mirrored: some left for "
        "right, as left and right wings. any: some mirrored, turned by quarters, or both. "
        "How each lies is found by comparing it with eight others in every way, and it is "
        "turned before it is matched; results are about the images as they are.",
    )
    instances: int = setting(
        1,
        "Instances per pair",
        "Largest number of maps between two images, where one shows the object several "
        "times; 0: as many as explain enough new points, at most 20. With more than one, "
        "features are computed on larger images, which is slower.",
        ge=0,
        le=20,
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
