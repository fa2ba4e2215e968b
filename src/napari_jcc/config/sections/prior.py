"""Settings of the section ``prior``."""

from __future__ import annotations

from napari_jcc.config.fields import Section, setting


class PriorConfig(Section):
    """The first probability of object, before the joint problem: a mean of maps."""

    saliency: float = setting(
        1.0,
        "Weight of saliency",
        "Weight of what stands out in each image by itself. If all weights are 0 there is "
        "no prior.",
        ge=0,
        le=1000,
    )
    common: float = setting(
        0.0,
        "Weight of what is common",
        "Weight of what all images have in common in the features of the encoder (deep "
        "descriptor transforming). Needs an encoder.",
        ge=0,
        le=1000,
    )
    centre: float = setting(
        0.0,
        "Weight of the centre",
        "Weight of a Gaussian in the middle of the image.",
        advanced=True,
        ge=0,
        le=1000,
    )
    rounds: int = setting(
        3,
        "Rounds of learning",
        "How often the appearance of the object is learned from the masks of all images, "
        "before the joint problem; three quarters of the prior are then what was learned. "
        "It is learned from the features of the encoder if the weight of what is common "
        "is above 0, else from texture, colour and position of the superpixels.",
        ge=0,
        le=20,
    )
    matches: int = setting(
        0,
        "Images matched",
        "Number of other images that every image is matched with before the last round, "
        "which then also learns from what these show at corresponding points. Only with "
        "learning from the features of an encoder.",
        ge=0,
        le=50,
    )
