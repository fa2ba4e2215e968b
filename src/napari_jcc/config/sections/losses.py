"""Settings of the section ``losses`` of the matching network."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class LossConfig(Section):
    """Weights of the loss terms of pairs of images of one kind."""

    matching: float = setting(
        0.0005,
        "Matching",
        "Weight of the similarity of cells that the transformation maps to each other, "
        "inside the masks; 0 leaves the term out.",
        ge=0,
        le=1e6,
    )
    cycle: float = setting(
        1.0,
        "Cycle",
        "Weight of the distance from the start after mapping points there and back.",
        ge=0,
        le=1e6,
    )
    transitivity: float = setting(
        0.5,
        "Transitivity",
        "Weight of the distance from the start after mapping points through three images. "
        "Above 0, images are drawn in triplets.",
        ge=0,
        le=1e6,
    )
    contrast: float = setting(
        1.0,
        "Contrast",
        "Weight of objects being similar to each other and different from the background.",
        ge=0,
        le=1e6,
    )
    consistency: float = setting(
        0.02,
        "Consistency",
        "Weight of the difference of a warped mask and the mask of the other image.",
        ge=0,
        le=1e6,
    )
    use_matching: bool = setting(
        True,
        "Train matching",
        "Off: without the matching, cycle, transitivity and consistency terms and without "
        "the last stage, on pseudo-labels; only masks are learned.",
        advanced=True,
    )
    use_segmentation: bool = setting(
        True,
        "Train masks",
        "Off: without the contrast and consistency terms and with masks of ones; only "
        "transformations are learned.",
        advanced=True,
    )
    radius: float = setting(
        1.0,
        "Matching radius (cells)",
        "Distance, in cells of the working grid, up to which a cell counts as the partner "
        "of a point.",
        advanced=True,
        gt=0,
        le=10,
    )
    neighbourhood: Literal["soft", "hard"] = setting(
        "soft",
        "Matching neighbourhood",
        "hard: partners count fully or not at all, as printed; the transformation then "
        "gets no gradient from the matching term. soft: they fade out with distance.",
        advanced=True,
    )
    margin: float = setting(
        2.0,
        "Contrast margin",
        "Difference of object and background above which the term no longer decreases.",
        advanced=True,
        ge=0,
        le=1e6,
    )
    contrast_scale: Literal["set", "none"] = setting(
        "set",
        "Scale of the contrast",
        "set: descriptions are scaled to a variance of one over the set, so that the "
        "margin means the same with every encoder. none: as the encoder gives them.",
        advanced=True,
    )
    contrast_on: Literal["features", "image"] = setting(
        "features",
        "Contrast sees",
        "features: the image is described once, and object and surroundings are means of "
        "its description, weighted by the mask. image: each is cut out on black and "
        "described anew, as printed; slower, and an empty mask is then the best of all.",
        advanced=True,
    )
    contrast_encoder: str = setting(
        "",
        "Encoder of the contrast",
        "Network that compares objects and surroundings, named as network.encoder. Empty: "
        "the same, as it was before training.",
        advanced=True,
    )
    detach: Literal["target", "warped", "none"] = setting(
        "target",
        "Fixed side of the consistency",
        "target: the warped mask, and with it the transformation, moves towards the other "
        "mask. warped: the other mask moves. none: both.",
        advanced=True,
    )
