"""The methods that a benchmark compares: the joint program, its parts, and baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from napari_jcc._types import ImageArray
from napari_jcc.benchmark import guesses
from napari_jcc.benchmark.boxes_alone import BoxesAlone
from napari_jcc.benchmark.semidefinite import SemidefiniteRelaxation
from napari_jcc.config import JccConfig, apply_overrides, get_preset
from napari_jcc.errors import ConfigError
from napari_jcc.pipeline.formulation import JOINT, Formulation, JointProgram
from napari_jcc.problem import Terms
from napari_jcc.results import ImageResult
from napari_jcc.results.cuts import Cut
from napari_jcc.words import describe_unknown


class Method(StrEnum):
    """Name of a method, as on the command line."""

    JOINT = "joint"
    BACKGROUND = "background"
    FOREGROUND = "foreground"
    CENTRE = "centre"
    SALIENCY = "saliency"
    PRIOR = "prior"
    DDT = "ddt"
    PRIOR_SMOOTHER = "prior_smoother"
    REFIT = "refit"
    B1 = "b1"
    B2 = "b2"
    B3 = "b3"
    SAL = "sal"
    SAL_DISC = "sal_disc"
    TJLF14 = "tjlf14"
    JBP10 = "jbp10"
    PRINTED = "printed"
    BIGM = "bigm"
    COVER = "cover"
    HULL = "hull"
    PAPER = "paper"
    SEPARATE = "separate"
    NO_PRIOR = "no_prior"
    NO_COMMON = "no_common"
    NO_ROUNDS = "no_rounds"
    NO_MATCHES = "no_matches"
    NO_SUPERPIXEL_CLASSIFIER = "no_superpixel_classifier"
    NO_BOX_CLASSIFIER = "no_box_classifier"
    NO_LAPLACIAN = "no_laplacian"
    NO_REFINEMENT = "no_refinement"
    NO_DEEP = "no_deep"


Decide = Callable[[ImageResult, ImageArray, Cut], ImageResult]
Guess = Callable[[tuple[int, int]], guesses.Answer]


@dataclass(frozen=True)
class Recipe:
    """How a method differs from the joint program under the same settings.

    Attributes
    ----------
    title
        Row of a table.
    changes
        Settings, ``{"section.field": value}``.
    formulation
        What is solved; None: nothing, the prior decides.
    decide
        Mask and box of an image from what the run found.
    preset
        Preset to start from in place of the settings given; empty: none.
    guess
        Mask and box from the size of the image; there is no run then.
    boxes_only
        The method has no opinion of masks; none are scored.
    """

    title: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    formulation: Formulation | None = JOINT
    decide: Decide = guesses.keep
    preset: str = ""
    guess: Guess | None = None
    boxes_only: bool = False

    def config(self, base: JccConfig) -> JccConfig:
        """Return the settings of the method where the joint program has `base`."""
        start = base
        if self.preset:
            runtime = base.runtime.model_dump().items()
            kept = {f"runtime.{name}": value for name, value in runtime}
            start = apply_overrides(get_preset(self.preset), kept)
        return apply_overrides(start, self.changes)


_NO_LEARNING = {"prior.rounds": 0, "decode.cut": "own"}
_SALIENCY_ONLY = {
    "prior.saliency": 1.0,
    "prior.common": 0.0,
    "prior.centre": 0.0,
    **_NO_LEARNING,
}
_DDT_ONLY = {**_SALIENCY_ONLY, "prior.saliency": 0.0, "prior.common": 1.0}
_BY_HAND = {"features.superpixels": ("sift", "lab"), "features.boxes": ("sift", "lab")}
_BOXES = guesses.best_box


def _terms(title: str, **left_out: bool) -> Recipe:
    return Recipe(title, formulation=JointProgram(Terms(**left_out)))


def _boxes_alone(title: str, formulation: BoxesAlone) -> Recipe:
    return Recipe(title, {}, formulation, decide=_BOXES, boxes_only=True)


RECIPES: dict[Method, Recipe] = {
    Method.JOINT: Recipe("joint"),
    Method.BACKGROUND: Recipe("all background", guess=guesses.guess_background),
    Method.FOREGROUND: Recipe("all foreground", guess=guesses.guess_foreground),
    Method.CENTRE: Recipe("centre box", guess=guesses.guess_centre),
    Method.SALIENCY: Recipe(
        "saliency, Otsu", _SALIENCY_ONLY, None, guesses.threshold_prior
    ),
    Method.PRIOR: Recipe("prior, Otsu", _NO_LEARNING, None, guesses.threshold_prior),
    Method.DDT: Recipe("DDT alone, Otsu", _DDT_ONLY, None, guesses.threshold_prior),
    Method.PRIOR_SMOOTHER: Recipe(
        "prior + smoother", _NO_LEARNING, None, guesses.smooth_prior
    ),
    Method.REFIT: Recipe("learned prior + smoother", {}, None, guesses.smooth_prior),
    # Of arXiv 1705.06000 by its summary: the program without saliency; the salient two
    # fifths; the first with the saliency of superpixels. Constraints are those of the
    # settings in B1 and B3, boxes take part in both, and keep no saliency of their own.
    Method.B1: Recipe("B1", {"problem.nu": 0.0, "problem.mu": 0.0}),
    Method.B2: Recipe("B2", _SALIENCY_ONLY, None, guesses.most_salient),
    Method.B3: Recipe("B3", {"problem.mu": 0.0}),
    Method.SAL: _boxes_alone("Sal", BoxesAlone(classifier=False)),
    Method.SAL_DISC: _boxes_alone("Sal+Disc", BoxesAlone(classifier=True)),
    Method.TJLF14: _boxes_alone("TJLF14", BoxesAlone(classifier=True, similarity=True)),
    Method.JBP10: Recipe("JBP10", {}, SemidefiniteRelaxation(), decide=guesses.mask_box),
    Method.PRINTED: Recipe("joint, printed rows", {"problem.reading": "printed"}),
    Method.BIGM: Recipe("joint, bigm rows", {"problem.reading": "bigm"}),
    Method.COVER: Recipe("joint, cover rows", {"problem.reading": "cover"}),
    Method.HULL: Recipe("joint, hull rows", {"problem.reading": "hull"}),
    Method.PAPER: Recipe("preset paper", preset="paper"),
    Method.SEPARATE: _terms("separate: no coupling rows", coupling=False),
    Method.NO_PRIOR: Recipe(
        "no prior: an even one", {**_SALIENCY_ONLY, "prior.saliency": 0.0}
    ),
    Method.NO_COMMON: Recipe("prior of saliency alone", _SALIENCY_ONLY),
    Method.NO_ROUNDS: Recipe("prior not learned anew", {"prior.rounds": 0}),
    Method.NO_MATCHES: Recipe("no matched images", {"prior.matches": 0}),
    Method.NO_SUPERPIXEL_CLASSIFIER: _terms(
        "no classifier of superpixels", superpixel_classifier=False
    ),
    Method.NO_BOX_CLASSIFIER: _terms("no classifier of boxes", box_classifier=False),
    Method.NO_LAPLACIAN: Recipe("no Laplacian", {"problem.alpha": 0.0}),
    Method.NO_REFINEMENT: Recipe(
        "no refinement: whole superpixels", {"decode.refinement": "none"}
    ),
    Method.NO_DEEP: Recipe("SIFT and colour for deep features", _BY_HAND),
}

DEFAULT = (
    Method.BACKGROUND,
    Method.SALIENCY,
    Method.PRIOR_SMOOTHER,
    Method.PRINTED,
    Method.JOINT,
)
ABLATION = (
    Method.JOINT,
    Method.SEPARATE,
    Method.NO_PRIOR,
    Method.NO_COMMON,
    Method.NO_ROUNDS,
    Method.NO_MATCHES,
    Method.NO_SUPERPIXEL_CLASSIFIER,
    Method.NO_BOX_CLASSIFIER,
    Method.NO_LAPLACIAN,
    Method.NO_REFINEMENT,
    Method.NO_DEEP,
    Method.PRIOR_SMOOTHER,
    Method.REFIT,
)
BASELINES = (
    Method.B1,
    Method.B2,
    Method.B3,
    Method.SAL,
    Method.SAL_DISC,
    Method.TJLF14,
    Method.SALIENCY,
    Method.PRIOR,
    Method.BACKGROUND,
    Method.FOREGROUND,
    Method.CENTRE,
    Method.JOINT,
)
READINGS = (
    Method.PRINTED,
    Method.BIGM,
    Method.COVER,
    Method.HULL,
    Method.SEPARATE,
    Method.JOINT,
)
GROUPS: dict[str, tuple[Method, ...]] = {
    "ablation": ABLATION,
    "baselines": BASELINES,
    "readings": READINGS,
}
"""Names that stand for several methods."""


def find_methods(names: Sequence[str]) -> list[Method]:
    """Return the methods and groups called `names`, each method once; none: `DEFAULT`.

    Raises
    ------
    ConfigError
        If a name is unknown; the message lists those there are.
    """
    known = [*GROUPS, *Method]
    found: dict[Method, None] = {}
    for name in names:
        if name not in known:
            raise ConfigError(describe_unknown("method", name, known))
        found.update(dict.fromkeys(GROUPS[name] if name in GROUPS else [Method(name)]))
    return list(found) or list(DEFAULT)


def find_same(methods: Sequence[Method], base: JccConfig) -> dict[Method, Method]:
    """Find methods that do the same as an earlier one under the settings `base`.

    The preset ``fast`` has no common prior, for example, to go without.

    Returns
    -------
    dict
        The earlier method by the later one.
    """
    first: list[tuple[Method, tuple[Any, ...]]] = []
    same: dict[Method, Method] = {}
    for method in methods:
        recipe = RECIPES[method]
        done = recipe.formulation, recipe.decide, recipe.guess, recipe.config(base)
        earlier = next((other for other, theirs in first if theirs == done), None)
        if earlier is None:
            first.append((method, done))
        else:
            same[method] = earlier
    return same
