"""Settings of the section ``discriminative``."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class DiscriminativeConfig(Section):
    """The ridge classifier inside the problem (discriminative clustering)."""

    degrees_of_freedom: float = setting(
        60.0,
        "Degrees of freedom",
        "Flexibility of the classifier that separates object and background over the "
        "whole set; sets the ridge. More follows finer differences, and noise. At most a "
        "quarter of the number of superpixels (or boxes) is used.",
        gt=0,
        le=5000,
    )
    spectrum_cutoff: float = setting(
        0.2,
        "Spectrum cut-off",
        "Directions with a smaller shrinkage factor are dropped: faster, with hardly any "
        "difference.",
        advanced=True,
        ge=0,
        lt=1,
    )
    weighting: Literal["image", "superpixel"] = setting(
        "image",
        "Weighting",
        "image: every image has the same weight, and its superpixels are weighted by "
        "area. superpixel: every superpixel has the same weight, as printed in the paper.",
        advanced=True,
    )
    storage: Literal["float64", "float32"] = setting(
        "float64",
        "Precision of the factor",
        "float32 halves the memory of the largest matrix; the cost of the solution "
        "differs by less than a millionth.",
        advanced=True,
    )
