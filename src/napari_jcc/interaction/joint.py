"""Solves the joint problem of a finished run again, under fixings by the user."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.config import JccConfig, ProblemConfig
from napari_jcc.interaction.subproblem import ImageSubproblem
from napari_jcc.pipeline import SolvedJoint
from napari_jcc.problem import QuadraticProgram, Variables, gather, joint_model
from napari_jcc.problem.data import JointData
from napari_jcc.problem.fixings import Fixings, fix
from napari_jcc.progress import Progress
from napari_jcc.regions import ImageRegions
from napari_jcc.solvers import Solution, get_solver, require_solved, resolve_solver

TRUST = 3.0
"""Factor of nu, the weight of the prior, after corrections have changed the prior."""


@dataclass(frozen=True)
class SolvedProgram:
    """A joint program and its solution.

    Attributes
    ----------
    program
        Without fixings.
    data
        Regions that it was built from.
    solution
        Values of variables and duals, under the fixings.
    problem
        Settings that it was built with.
    """

    program: QuadraticProgram
    data: JointData
    solution: Solution
    problem: ProblemConfig


class JointSolver:
    """Solves the joint problem of a run again, for all images or for one.

    Attributes
    ----------
    places
        Indices in the collection of the images in the problem.
    start
        The run's own solution.
    """

    def __init__(self, joint: SolvedJoint, config: JccConfig) -> None:
        self.places = joint.usable
        self.start = SolvedProgram(
            joint.program, joint.data, joint.solution, config.problem
        )
        self._config = config
        self._factors = joint.factors
        self._memberships = config.problem.reading == "hull"
        # Popped while in use, as one thread may prepare an image while another answers.
        self._kept: deque[ImageSubproblem] = deque(maxlen=1)

    def features(self, place: int | None = None) -> FloatArray:
        """Return the features of superpixels that the run has learned from, (S, K).

        They are recovered from the factor of the discriminative cost, and scaled to a total
        variance of 1 over the set.

        Parameters
        ----------
        place
            Index of an image in the collection; None: all images in the problem.
        """
        factor = self._factors.superpixels
        rows = slice(None)
        if place is not None:
            rows, _ = self.start.data.pieces_of(self.places.index(place))
        own = factor.factor[rows, 1:] / factor.weights[rows, None]
        return np.asarray(own / self._deviation, np.float64)

    @cached_property
    def _deviation(self) -> float:
        factor = self._factors.superpixels
        variance = (factor.factor[:, 1:] / factor.weights[:, None]).var(axis=0).sum()
        return float(np.sqrt(max(variance, 1e-12)))

    def values(self, solved: SolvedProgram, place: int) -> tuple[FloatArray, FloatArray]:
        """Return y (S,) and z (R,) of the image with an index in the collection."""
        superpixels, boxes = solved.data.pieces_of(self.places.index(place))
        y, z = Variables(solved.data, self._memberships).split(solved.solution.x)
        return y[superpixels], z[boxes]

    def solve(
        self,
        regions: Sequence[ImageRegions],
        fixings: Mapping[int, Fixings],
        progress: Progress,
    ) -> SolvedProgram:
        """Solve the problem of the whole set with a changed prior.

        Parameters
        ----------
        regions
            Superpixels and boxes of the images in the problem, with the changed prior.
        fixings
            By index in the collection; numbered within each image.
        progress
            Cancels the work.

        Raises
        ------
        SolverError
            If the problem is not solved.
        Cancelled
            If the progress was cancelled.
        """
        data = gather(regions)
        problem = self._config.problem
        trusting = problem.model_copy(update={"nu": TRUST * problem.nu})
        program = joint_model(data, self._factors, trusting).build()
        variables = Variables(data, self._memberships)
        fixed = fix(program, variables, self._join(data, fixings))
        warm = self.start.solution if _same_shape(self.start.solution, fixed) else None
        size = fixed.variable_count
        name = resolve_solver(self._config.solver.name, size, correction=True)
        solver = get_solver(name, self._config.runtime.device)
        solver.setup(fixed, self._config.solver)
        solution = require_solved(solver.solve(warm, progress))
        return SolvedProgram(program, data, solution, trusting)

    def solve_image(
        self,
        regions: Sequence[ImageRegions],
        solved: SolvedProgram,
        place: int,
        fixings: Fixings,
        progress: Progress,
        *,
        rebuild: bool = False,
        keep: bool = True,
    ) -> SolvedProgram:
        """Solve for the variables of one image; all others keep their values in `solved`.

        Parameters
        ----------
        regions
            Superpixels and boxes of the images in the problem.
        solved
            Values of all variables.
        place
            Index of the image in the collection.
        fixings
            Numbered within the image.
        progress
            Cancels the work.
        rebuild
            Whether a box of the image differs from those in `solved`.
        keep
            Whether the subproblem is kept, which makes the next solve for this image, under
            other fixings, faster. It is never kept after a rebuild.

        Raises
        ------
        SolverError
            If the problem is not solved.
        Cancelled
            If the progress was cancelled.
        """
        number = self.places.index(place)
        program, whole = solved.program, solved.solution
        if rebuild:
            model = joint_model(gather(regions), self._factors, solved.problem)
            program = model.build()
        try:
            kept = self._kept.pop()
        except IndexError:
            kept = None
        if kept is None or not kept.matches(program, number, whole.x):
            variables = Variables(gather([regions[number]]), self._memberships)
            kept = ImageSubproblem(program, number, whole.x, variables, self._config.solver)
        fits = _same_shape(whole, program)
        warm = whole.of_part(kept.own, kept.rows) if fits else None
        found = require_solved(kept.solve(fixings, warm, progress))
        if keep and not rebuild:
            self._kept.append(kept)
        # A moved box belongs to this answer only: the state keeps its program.
        joined = whole.with_part(found, kept.own, kept.rows if fits else None)
        return replace(solved, solution=joined)

    def _join(self, data: JointData, fixings: Mapping[int, Fixings]) -> Fixings:
        """Renumber fixings of single images for the whole set."""
        parts: dict[str, list[int]] = {"foreground": [], "background": [], "chosen": []}
        for place, own in fixings.items():
            superpixels, boxes = data.pieces_of(self.places.index(place))
            parts["foreground"] += [superpixels.start + j for j in own.foreground]
            parts["background"] += [superpixels.start + j for j in own.background]
            parts["chosen"] += [boxes.start + i for i in own.chosen]
        return Fixings(**parts)


def _same_shape(solution: Solution, program: QuadraticProgram) -> bool:
    return len(solution.x) == program.variable_count and len(solution.row_duals) == len(
        program.l
    )
