"""Settings of the section ``collection``."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class CollectionConfig(Section):
    """How images are read and brought to working size."""

    working_size: int = setting(
        320,
        "Working size (pixels)",
        "Longer side of the image that the method works on; larger images are reduced. "
        "More is finer and slower. Masks and boxes are returned at the image's own size.",
        ge=32,
        le=4096,
    )
    channels: tuple[int, ...] = setting(
        (),
        "Channels",
        "Channels to use, counted from 0: one is shown as gray, three as red, green, blue, "
        "other numbers are averaged. Empty: gray and RGB(A) as they are, else all "
        "averaged.",
        max_length=32,
    )
    normalise: Literal["auto", "always", "never"] = setting(
        "auto",
        "Stretch intensities",
        "Map the intensity range between two percentiles of each image to 0-255. "
        "auto: only images that are not 8 bit. never: the full range of the data type.",
        advanced=True,
    )
    low_percentile: float = setting(
        0.1,
        "Low percentile (%)",
        "Share of the darkest pixels that the intensity stretch maps to black.",
        advanced=True,
        ge=0,
        lt=50,
    )
    high_percentile: float = setting(
        99.9,
        "High percentile (%)",
        "Intensities above this percentile are mapped to white.",
        advanced=True,
        gt=50,
        le=100,
    )
