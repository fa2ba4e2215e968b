"""Settings of the section ``prior``."""

from __future__ import annotations

from napari_jcc.config.fields import Section, setting


class PriorConfig(Section):
    """What is probably object, before the joint problem: a weighted mean of maps."""

    saliency: float = setting(
        1.0,
        "Weight of saliency",
        "Share of what stands out in each image on its own. All weights 0: no prior.",
        ge=0,
        le=1000,
    )
    common: float = setting(
        0.0,
        "Weight of what is common",
        "Share of what all images have in common in the encoder's eyes (deep descriptor "
        "transforming). Needs an encoder.",
        ge=0,
        le=1000,
    )
    centre: float = setting(
        0.0,
        "Weight of the centre",
        "Share of a bell in the middle of the image.",
        advanced=True,
        ge=0,
        le=1000,
    )
    rounds: int = setting(
        3,
        "Rounds of learning",
        "How often the look of the object is learned beforehand from masks of all images; "
        "three quarters of the prior are then what was learned. By the encoder's maps "
        "where the weight of what is common is above 0, else by texture, colour and "
        "place of the superpixels.",
        ge=0,
        le=20,
    )
    matches: int = setting(
        0,
        "Images matched",
        "To how many others every image is matched before the last round, in which it "
        "teaches what these show at the same places too. Only where an encoder's maps are "
        "learned from.",
        ge=0,
        le=50,
    )
