"""Settings of the section ``discriminative``."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class DiscriminativeConfig(Section):
    """The ridge classifier inside the problem (discriminative clustering)."""

    degrees_of_freedom: float = setting(
        60.0,
        "Degrees of freedom",
        "Freedom of the classifier that separates object from rest over the whole set; "
        "sets the ridge. More lets it follow finer differences, and noise. At most a "
        "quarter of the number of pieces is granted.",
        gt=0,
        le=5000,
    )
    spectrum_cutoff: float = setting(
        0.2,
        "Spectrum cut-off",
        "Directions whose shrinkage falls below this are dropped: faster, hardly "
        "different.",
        advanced=True,
        ge=0,
        lt=1,
    )
    weighting: Literal["image", "superpixel"] = setting(
        "image",
        "Weighting",
        "image: every image counts the same, its superpixels by area. superpixel: every "
        "superpixel counts the same, as printed in the paper.",
        advanced=True,
    )
    storage: Literal["float64", "float32"] = setting(
        "float64",
        "Precision of the factor",
        "float32 halves the memory of the largest matrix; the cost at the answer differs "
        "by less than a millionth.",
        advanced=True,
    )
