"""The stages of the whole set: common classifiers and the joint problem."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from napari_jcc._types import FloatArray
from napari_jcc.features import RegionDescriptors, describe_image, stream
from napari_jcc.features.alexnet import fingerprint_weights
from napari_jcc.pipeline.cache import digest
from napari_jcc.pipeline.codec import count_bytes
from napari_jcc.pipeline.finished import SolvedJoint
from napari_jcc.pipeline.formulation import JOINT, Formulation
from napari_jcc.pipeline.stage_runner import extend_keys
from napari_jcc.pipeline.working_set import WorkingSet
from napari_jcc.problem import JointFactors, Variables, factorise, gather
from napari_jcc.problem.data import JointData
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.progress import Watched
from napari_jcc.regions import ImageRegions
from napari_jcc.solvers import Solution, require_solved, resolve_solver
from napari_jcc.spill import GIGABYTE, SpilledList


@dataclass(frozen=True)
class JointAnswer:
    """Solution of the joint problem, by image.

    Attributes
    ----------
    key
        Cache key of the solution; empty without one.
    values
        y (S,) and z (R,) by the index of their image; images without boxes have none.
    report
        Status, objective, residuals, iterations and times.
    joint
        The problem and its solution; None without one.
    """

    key: str = ""
    values: dict[int, tuple[FloatArray, FloatArray]] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    joint: SolvedJoint | None = None


class JointStage:
    """Computes features of all regions, factors the classifiers, and solves the program.

    Parameters
    ----------
    work : WorkingSet
        The set.
    formulation
        The program to solve; None: nothing is solved, and images have no values.
    """

    def __init__(self, work: WorkingSet, formulation: Formulation | None = JOINT) -> None:
        self._work = work
        self._formulation = formulation

    def solve(self, keys: list[str], regions: list[ImageRegions]) -> JointAnswer:
        """Solve the joint problem of regions with the given cache keys.

        Raises
        ------
        SolverError
            If the joint problem is not solved.
        """
        # An image without candidate boxes has no feasible point, so it is left out.
        usable = [i for i, found in enumerate(regions) if len(found.boxes)]
        formulation = self._formulation
        if not usable or formulation is None:
            return JointAnswer()
        data = gather([regions[i] for i in usable])
        features = self._work.config.features
        keys = self._work.encoded.extend(keys, "features", features)
        if "alexnet" in features.boxes:
            keys = extend_keys(keys, "alexnet", fingerprint_weights(features.alexnet))
        keys = [keys[i] for i in usable]
        factors_key, factors = self._factors(keys, regions, usable, data)
        program = formulation.program(data, factors, self._work.config.problem)
        key, solution = self._solve(factors_key, program, formulation)
        return JointAnswer(
            key,
            _split_by_image(solution, data, usable),
            _report(solution, program, self._resolve(program)),
            SolvedJoint(tuple(usable), data, factors, program, solution),
        )

    def _factors(
        self,
        keys: list[str],
        regions: list[ImageRegions],
        usable: list[int],
        data: JointData,
    ) -> tuple[str, JointFactors]:
        """Compute the features and factor the common classifiers of the set."""
        config = self._work.config
        key = digest("factors", keys, config.discriminative.model_dump(mode="json"))

        def compute() -> JointFactors:
            maps = self._work.encoded.maps_for_features()
            tasks = [
                (self._work.images[i], regions[i], config.features, maps[i]) for i in usable
            ]
            budget = config.runtime.memory_budget_gb * GIGABYTE / 4
            descriptions: SpilledList[dict[str, RegionDescriptors]] = SpilledList(
                len(tasks), budget, count_bytes
            )
            self._work.runner.map_into(
                descriptions, "Features", describe_image, keys, tasks
            )

            def classify() -> JointFactors:
                watched = Watched(descriptions, self._work.runner.progress)
                features = stream(watched, config.features, budget)
                return factorise(features, data, config.discriminative, budget)

            return self._work.runner.single("Common classifier", classify)

        return key, self._work.runner.cached(key, compute)

    def _solve(
        self, factors_key: str, program: QuadraticProgram, formulation: Formulation
    ) -> tuple[str, Solution]:
        """Solve the joint program, or what stands in its place.

        There is no warm start from an earlier run: the answer must not depend on which
        settings were tried before.
        """
        problem, solver_config = self._work.config.problem, self._work.config.solver
        # Another solver is asked for where torch has come or gone since.
        named = solver_config.model_copy(update={"name": self._resolve(program)})
        settings = problem.model_dump(), named.model_dump()
        identity = formulation.identity()
        key = digest("solution", factors_key, *settings, *([identity] if identity else []))

        def compute() -> Solution:
            device, progress = self._work.config.runtime.device, self._work.runner.progress
            return require_solved(
                formulation.solve(program, solver_config, device, progress)
            )

        solution = self._work.runner.cached(
            key, lambda: self._work.runner.single("Joint problem", compute)
        )
        return key, solution

    def _resolve(self, program: QuadraticProgram) -> str:
        return resolve_solver(self._work.config.solver.name, program.variable_count)


def _report(solution: Solution, program: QuadraticProgram, solver: str) -> dict[str, Any]:
    """Collect how well and how fast a program was solved."""
    return {
        "solver": solver,
        "status": solution.status.name,
        "objective": solution.objective(program),
        "primal_residual": solution.primal_residual(program),
        "dual_residual": solution.dual_residual(program),
        "duality_gap": solution.duality_gap(program),
        "iterations": solution.iterations,
        "variables": program.variable_count,
        "rows": len(program.l),
        "rank": program.rank,
        "setup_seconds": solution.setup_seconds,
        "solve_seconds": solution.solve_seconds,
    }


def _split_by_image(
    solution: Solution, data: JointData, usable: list[int]
) -> dict[int, tuple[FloatArray, FloatArray]]:
    """Values y and z of every image in the problem, by its place in the collection."""
    y, z = Variables(data).split(solution.x)
    own = map(data.pieces_of, range(len(usable)))
    return {
        place: (y[superpixels], z[boxes])
        for place, (superpixels, boxes) in zip(usable, own, strict=True)
    }
