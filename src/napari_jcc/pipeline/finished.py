"""The data of a finished run, on which corrections and analyses are based."""

from __future__ import annotations

from dataclasses import dataclass

from napari_jcc._types import ImageArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import JccConfig
from napari_jcc.errors import InputError
from napari_jcc.problem import JointFactors
from napari_jcc.problem.data import JointData
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.regions import ImageRegions
from napari_jcc.results import JccResult
from napari_jcc.results.cuts import Cut
from napari_jcc.results.pixel_classifier import PixelClassifier
from napari_jcc.solvers import Solution


@dataclass(frozen=True)
class SolvedJoint:
    """The last joint problem of a run, and its answer.

    Attributes
    ----------
    usable
        Places in the collection of the images in the problem, ascending: those with
        boxes.
    data
        Pieces of these images.
    factors
        Of their common classifiers.
    program
        The problem itself.
    solution
        Its optimum, to the solver's tolerance.
    """

    usable: tuple[int, ...]
    data: JointData
    factors: JointFactors
    program: QuadraticProgram
    solution: Solution


@dataclass(frozen=True)
class FinishedRun:
    """The images of a run, their regions, the solved problem and the result.

    Attributes
    ----------
    collection
        The images that could be read; all indices below refer to it.
    config
        The settings in use, with what was measured for what they leave to the images.
    images
        (h, w, 3) uint8 each, RGB at working size.
    regions
        Superpixels and boxes of every image.
    cuts
        Threshold and choice of pieces of every image.
    pixel_classifier
        Of ``decode.refinement=look``; None with other settings.
    joint
        The solved problem; None where no image has a box.
    result
        Masks, boxes and scores.
    """

    collection: ImageCollection
    config: JccConfig
    images: tuple[ImageArray, ...]
    regions: tuple[ImageRegions, ...]
    cuts: tuple[Cut, ...]
    pixel_classifier: PixelClassifier | None
    joint: SolvedJoint | None
    result: JccResult


def as_finished(run: object) -> FinishedRun:
    """Return a finished run as it is.

    Raises
    ------
    InputError
        If it is none.
    """
    if not isinstance(run, FinishedRun):
        raise InputError(
            f"Corrections need the data of a finished run, not a {type(run).__name__}. "
            "Give Run(images).finish()."
        )
    return run
