"""Settings of the section ``synthetic`` of the matching network."""

from __future__ import annotations

from napari_jcc.config.fields import Section, setting


class SyntheticConfig(Section):
    """First stage: transformations that are known because we made them."""

    steps: int = setting(
        2000,
        "Steps",
        "Batches of warped images that the transformation heads learn from; 0 leaves the "
        "stage out.",
        ge=0,
        le=10_000_000,
    )
    batch: int = setting(
        16, "Pairs per step", "More is steadier and slower.", ge=2, le=1024
    )
    learning_rate: float = setting(
        1e-3, "Learning rate", "Step size of Adam at its largest.", gt=0, le=1
    )
    rotation: float = setting(
        25.0, "Rotation (degrees)", "Largest turn, either way.", ge=0, le=180
    )
    scale: float = setting(
        1.3,
        "Scale",
        "Largest enlargement, and reduction by as much.",
        ge=1,
        le=4,
    )
    shear: float = setting(
        15.0, "Shear (degrees)", "Largest slant, either way.", ge=0, le=60
    )
    translation: float = setting(
        0.25,
        "Shift",
        "Largest shift, as share of half the image side.",
        ge=0,
        le=1,
    )
    bend: float = setting(
        0.4,
        "Bend",
        "Largest shift of a control point of the thin plate spline, as share of half the "
        "image side.",
        ge=0,
        le=1,
    )
    jitter: float = setting(
        0.2,
        "Change of light and colour",
        "Strength of the random change of brightness, contrast and colour between the two "
        "images; 0: none.",
        advanced=True,
        ge=0,
        le=1,
    )
    views: int = setting(
        32,
        "Views kept per image",
        "Warped views of every image that are described once and paired with each other. "
        "0: every pair is warped and described afresh, slower and more varied.",
        advanced=True,
        ge=0,
        le=4096,
    )
