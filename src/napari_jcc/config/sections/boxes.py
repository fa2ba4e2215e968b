"""Settings of the section ``boxes``."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from napari_jcc.config.fields import Section, setting


class BoxConfig(Section):
    """Candidate boxes of every image."""

    method: Literal["auto", "selective_search", "superpixel_groups", "grid"] = setting(
        "superpixel_groups",
        "Box proposals",
        "superpixel_groups: boxes around groups of similar superpixels. auto: selective "
        "search, which takes several times as long, if OpenCV's contrib modules are "
        "installed, else groups. grid: boxes of all sizes at regular positions.",
    )
    rating: Literal["excess", "learned"] = setting(
        "excess",
        "Rating of boxes",
        "excess: the share of the prior inside the box minus its share of the area. "
        "learned: the overlap with the object, predicted from boxes of the other images; "
        "needs an encoder, and is for one object per image (with several it is as "
        "excess).",
    )
    count: int = setting(
        20,
        "Boxes per image",
        "Largest number of candidates kept per image, after removing those that overlap "
        "better ones.",
        ge=1,
        le=500,
    )
    objects: int = setting(
        1,
        "Objects per image",
        "Number of boxes chosen per image; with other values than 1, objects are numbered "
        "in the masks. 0: as many as there are separate parts in the prior.",
        ge=0,
        le=500,
    )
    overlap_limit: float = setting(
        0.7,
        "Overlap limit (IoU)",
        "A box that overlaps a better one by more than this is dropped.",
        advanced=True,
        gt=0,
        le=1,
    )
    proposal_size: int = setting(
        256,
        "Proposal size (pixels)",
        "Longer side of the image that selective search works on.",
        advanced=True,
        ge=32,
        le=2048,
    )
    smallest_area: float = setting(
        0.01,
        "Smallest box (share of image)",
        "Smaller boxes are dropped.",
        advanced=True,
        ge=0,
        lt=1,
    )
    largest_area: float = setting(
        0.95,
        "Largest box (share of image)",
        "Larger boxes are dropped.",
        advanced=True,
        gt=0,
        le=1,
    )

    @model_validator(mode="after")
    def _area_range_is_not_empty(self) -> BoxConfig:
        if self.smallest_area >= self.largest_area:
            raise ValueError(
                f"smallest_area must be below largest_area, got {self.smallest_area:g} and "
                f"{self.largest_area:g}"
            )
        return self

    @property
    def learned(self) -> bool:
        """Whether the rating of boxes is learned from the set."""
        return self.rating == "learned" and self.objects == 1
