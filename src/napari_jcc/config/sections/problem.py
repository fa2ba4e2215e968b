"""Settings of the section ``problem``."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from napari_jcc.config.fields import Section, setting


class ProblemConfig(Section):
    """Weights and constraints of the joint quadratic program."""

    reading: Literal["cover", "bigm", "hull", "printed"] = setting(
        "cover",
        "Reading of the constraints",
        "How boxes and superpixels are coupled. printed: as in the paper, where "
        "overlapping boxes contradict each other. bigm: the same meaning, with integer "
        "solutions. cover: bigm without the upper bound on the fill. hull: tightest and "
        "slowest.",
    )
    nu: float = setting(
        0.3,
        "Superpixel saliency (nu)",
        "Higher values follow the saliency of each image, lower ones what separates "
        "object and background over the whole set.",
        ge=0,
        le=1e6,
    )
    mu: float = setting(
        1.0,
        "Box saliency (mu)",
        "Higher values follow the saliency of each image in the choice of its box.",
        ge=0,
        le=1e6,
    )
    alpha: float = setting(
        0.5,
        "Smoothness (alpha)",
        "Higher values make neighbours of similar colour more alike. .1 for evenly "
        "coloured objects, .001 for objects with sharp changes of colour.",
        ge=0,
        le=1e6,
    )
    gamma: float = setting(
        0.1,
        "Box fill (gamma)",
        "Least share of the chosen box that the object fills; with the readings printed, "
        "bigm and hull also the least share of it that stays empty.",
        gt=0,
        lt=0.5,
    )
    area_min: float = setting(
        0.05,
        "Smallest object share",
        "Lower bound on the object's area in every image. Excludes the empty solution.",
        ge=0,
        lt=1,
    )
    area_max: float = setting(
        0.9,
        "Largest object share",
        "Upper bound on the object's area in every image.",
        gt=0,
        le=1,
    )
    normalisation: Literal["trace", "none"] = setting(
        "trace",
        "Scaling of the terms",
        "trace: quadratic terms are divided by their traces and saliency by its sum, so "
        "that weights mean the same for every set. none: equation (5) as it stands.",
        advanced=True,
    )
    superpixel_cost: Literal["margin", "log"] = setting(
        "margin",
        "Superpixel saliency cost",
        "margin: Otsu's threshold minus saliency; salient superpixels lower the cost. "
        "log: minus the logarithm of saliency, as in the paper; no superpixel lowers the "
        "cost.",
        advanced=True,
    )
    box_cost: Literal["excess", "log_mean"] = setting(
        "excess",
        "Box saliency cost",
        "excess: minus log of (share of saliency inside minus share of area). log_mean: "
        "minus log of (area share x mean saliency), favours large boxes.",
        advanced=True,
    )
    saliency_floor: float = setting(
        0.01,
        "Saliency floor",
        "Saliency and excess are kept above this before the logarithm.",
        advanced=True,
        gt=0,
        lt=1,
    )
    colour_decay: float = setting(
        0.05,
        "Smoothness colour decay",
        "lambda_c of the edge weights, per unit of colour difference (0-255).",
        advanced=True,
        ge=0,
        le=10,
    )
    position_decay: float = setting(
        0.001,
        "Smoothness position decay",
        "lambda_p of the edge weights, per squared pixel.",
        advanced=True,
        ge=0,
        le=10,
    )

    @model_validator(mode="after")
    def _area_range_is_not_empty(self) -> ProblemConfig:
        if self.area_min >= self.area_max:
            raise ValueError(
                f"area_min must be below area_max, got {self.area_min:g} and "
                f"{self.area_max:g}"
            )
        return self
