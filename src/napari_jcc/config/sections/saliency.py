"""Settings of the section ``saliency``."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class SaliencyConfig(Section):
    """What stands out in an image on its own; the prior of both parts of the problem."""

    method: Literal["robust_background", "local_contrast", "supplied", "uniform"] = setting(
        "robust_background",
        "Saliency",
        "robust_background: regions that contrast with what touches the border. "
        "local_contrast: what is darker or brighter than its surroundings and about as "
        "narrow as the object width below, for several small objects. "
        "supplied: gray images of your own, by name, from the folder below. uniform: none.",
    )
    folder: str = setting(
        "",
        "Saliency folder",
        "Folder with one gray image per input image, of the same file name (any format). "
        "Used by the method supplied.",
        advanced=True,
    )
    object_width: float = setting(
        0.0,
        "Object width (of longer side)",
        "Used by local_contrast: a little more than the width of one object. Wider things "
        "are surroundings. 0: measured in the images, for objects of .01 to .15.",
        ge=0,
        le=1,
    )
    polarity: Literal["auto", "either", "darker", "brighter"] = setting(
        "auto",
        "Objects are",
        "Used by local_contrast: darker or brighter than their surroundings, or either. "
        "auto: darker or brighter, as most of what the images show.",
    )
    colour_sigma: float = setting(
        15.0,
        "Contrast scale (Lab units)",
        "Colour difference from the background that counts as full contrast; smaller "
        "values also mark faint parts.",
        advanced=True,
        gt=0,
        le=100,
    )
    background_sigma: float = setting(
        5.0,
        "Background scale (Lab units)",
        "Colour steps over which the background spreads inwards from the border; larger "
        "values take faint objects for background.",
        advanced=True,
        gt=0,
        le=100,
    )
    look_alike: float = setting(
        5.0,
        "Look-alike distance (Lab units)",
        "Regions apart from each other but of one colour count as this far apart: a blob "
        "like those on the border is background too. Large values switch this off.",
        advanced=True,
        ge=0,
        le=1000,
    )
    spatial_sigma: float = setting(
        0.25,
        "Spatial scale (of longer side)",
        "How far the contrast of a region looks.",
        advanced=True,
        gt=0,
        le=2,
    )
    boundary_sigma: float = setting(
        1.0,
        "Boundary connectivity scale",
        "How strongly a region must cling to the border to count as background.",
        advanced=True,
        gt=0,
        le=10,
    )

    @property
    def measures_objects(self) -> bool:
        """Whether the images are to tell how wide objects are, or whether they are dark."""
        left_open = self.object_width == 0 or self.polarity == "auto"
        return self.method == "local_contrast" and left_open
