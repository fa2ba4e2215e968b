"""Settings of the section ``decode``."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class DecodeConfig(Section):
    """How scores become masks and boxes."""

    rounding: Literal["otsu", "paper"] = setting(
        "otsu",
        "Threshold",
        "Used with the refinements grabcut and none. otsu: Otsu's threshold of the scores "
        "of the image. paper: scores are divided by the largest one, then rounded.",
    )
    refinement: Literal["colour", "grabcut", "smoother", "blend", "look", "none"] = setting(
        "colour",
        "Refinement",
        "How scores become a mask. colour: scores are smoothed among pixels of similar "
        "colour and thresholded, then the outline is refined by GrabCut. grabcut: GrabCut "
        "refines the outline of whole superpixels, as in the paper. smoother: scores and "
        "prior are smoothed by colour and up to edges, without GrabCut. blend: scores and "
        "prior are averaged pixel by pixel, for objects thinner than superpixels. look: "
        "as blend, then a classifier of pixels, trained on the masks of all images, "
        "refines the masks. none: the mask consists of whole superpixels.",
    )
    scores_share: float = setting(
        0.1,
        "Weight of the scores",
        "Used with the refinements smoother, blend and look: masks are cut from a weighted "
        "mean of scores and prior. Scores are those of whole superpixels, the prior may be "
        "finer.",
        advanced=True,
        ge=0,
        le=1,
    )
    cut: Literal["own", "learned"] = setting(
        "own",
        "Cut of smoothed maps",
        "Threshold with the refinement smoother. own: half way between Otsu's threshold "
        "of the image and a common one. learned: lower or higher, with or without the "
        "smaller pieces, so that the mask is most similar to those of the other images; "
        "needs an encoder, and is for one object per image (with several it is as own).",
    )
    box: Literal["agreement", "fitted", "scores", "mask"] = setting(
        "agreement",
        "Box",
        "mask: the box of the mask's largest piece. scores: the candidate with the "
        "highest score, as in the paper. fitted: that candidate, or the box of the mask "
        "if the two nearly coincide. agreement: likewise, with the candidate that has the "
        "highest product of score and overlap.",
    )
    smallest_piece: float = setting(
        0.0,
        "Smallest object (share of image)",
        "With several objects per image, smaller pieces of the mask are dropped.",
        ge=0,
        le=1,
    )
    touching: Literal["auto", "joined", "parted"] = setting(
        "auto",
        "Touching objects",
        "With several objects per image. joined: touching objects count as one. parted: "
        "they are separated at their necks; worms and other long objects would fall apart. "
        "auto: parted if the objects of the set are mostly compact.",
    )
    reach: float = setting(
        0.04,
        "GrabCut reach (share of side)",
        "How far GrabCut may move the outline, as share of the longer side. GrabCut uses "
        "the colours of one image only, while the scores come from all images. 1: "
        "anywhere, as in the paper.",
        advanced=True,
        gt=0,
        le=1,
    )
    iterations: int = setting(
        1,
        "GrabCut iterations",
        "Iterations of GrabCut; more have an effect if the reach is large.",
        advanced=True,
        ge=1,
        le=50,
    )
    seed: int = setting(
        0,
        "Random seed",
        "Seed of the colour models of GrabCut.",
        advanced=True,
        ge=0,
        le=2**31 - 1,
    )
