"""Settings of the section ``superpixels``."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class SuperpixelConfig(Section):
    """Oversegmentation of every image."""

    method: Literal["slic", "quickshift"] = setting(
        "slic",
        "Superpixel method",
        "slic: compact superpixels of even size. quickshift: the paper's choice, slower, "
        "follows texture and leaves uneven sizes.",
    )
    count: int = setting(
        250,
        "Superpixels per image",
        "Wanted number, met roughly. More follow thin parts better and make every later "
        "stage slower. Used by slic.",
        ge=1,
        le=5000,
    )
    compactness: float = setting(
        20.0,
        "Compactness",
        "Weight of closeness against colour: small values follow edges, large ones give "
        "squares. Very small ones leave fewer superpixels. Used by slic.",
        advanced=True,
        gt=0,
        le=1000,
    )
    kernel_size: float = setting(
        3.0,
        "Quick shift kernel (pixels)",
        "Width of the density estimate; larger values give fewer superpixels.",
        advanced=True,
        gt=0,
        le=50,
    )
    max_distance: float = setting(
        8.0,
        "Quick shift distance",
        "Cut-off of the links between points; larger values give fewer superpixels.",
        advanced=True,
        gt=0,
        le=200,
    )
    colour_ratio: float = setting(
        0.8,
        "Quick shift colour ratio",
        "Weight of colour (1) against position (0).",
        advanced=True,
        ge=0,
        le=1,
    )
