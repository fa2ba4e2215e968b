"""Settings of the section ``decode``."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class DecodeConfig(Section):
    """From scores to masks and boxes."""

    rounding: Literal["otsu", "paper"] = setting(
        "otsu",
        "Threshold",
        "With the refinements grabcut and none. otsu: the threshold that best splits the "
        "scores of an image. paper: divide by the largest score, then round.",
    )
    refinement: Literal["colour", "grabcut", "smoother", "blend", "look", "none"] = setting(
        "colour",
        "Refinement",
        "colour: scores are smoothed among pixels of like colour and cut, and the outline "
        "is redrawn as by grabcut. grabcut: colour models of object and rest redraw the "
        "outline of superpixels at pixel level, as in the paper. smoother: scores and "
        "prior are smoothed where the image is smooth and among its like colours; milder. "
        "blend: scores and prior are averaged pixel by pixel, for objects thinner than "
        "superpixels. look: the same, and a classifier of pixels that learns from the "
        "masks of all images redraws them. none: the mask is made of whole superpixels.",
    )
    cut: Literal["own", "learned"] = setting(
        "own",
        "Cut of smoothed maps",
        "With the refinement smoother. own: half way between the threshold that best "
        "splits the map of the image and a common one. learned: lower or higher, with or "
        "without the smaller pieces, as the mask then looks most like those of the other "
        "images; needs an encoder, and is for one object an image (for several it is as "
        "own).",
    )
    box: Literal["agreement", "fitted", "scores", "mask"] = setting(
        "agreement",
        "Box",
        "mask: the box of the mask's largest piece. scores: the candidate with the highest "
        "score, as in the paper. fitted: that candidate, or the mask's box where the two "
        "nearly coincide. agreement: likewise, with the candidate that has the highest "
        "product of score and overlap.",
    )
    smallest_piece: float = setting(
        0.0,
        "Smallest object (share of image)",
        "Smaller pieces of the mask are dropped where several objects an image are looked "
        "for.",
        ge=0,
        le=1,
    )
    touching: Literal["joined", "parted"] = setting(
        "joined",
        "Touching objects",
        "Where several objects an image are looked for: joined: count as one. parted: are "
        "cut at their necks, for round ones; long or bent objects would fall apart.",
    )
    reach: float = setting(
        0.04,
        "GrabCut reach (share of side)",
        "How far GrabCut may move the outline of the superpixels, as a share of the longer "
        "side. Its colour models know one image; what superpixels were chosen by is known "
        "from all. 1: anywhere, as in the paper.",
        advanced=True,
        gt=0,
        le=1,
    )
    iterations: int = setting(
        1,
        "GrabCut iterations",
        "Rounds of colour models and cut; more matter where the reach is large.",
        advanced=True,
        ge=1,
        le=50,
    )
    seed: int = setting(
        0,
        "Random seed",
        "Start of the random numbers of GrabCut's colour models.",
        advanced=True,
        ge=0,
        le=2**31 - 1,
    )
