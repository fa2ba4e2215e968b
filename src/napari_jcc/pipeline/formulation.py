"""Which program is solved for a set: the joint one, or another in its place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any

from napari_jcc.config import ProblemConfig, SolverConfig
from napari_jcc.problem import JointFactors, QuadraticProgram, Terms, joint_model
from napari_jcc.problem.data import JointData
from napari_jcc.problem.joint import ALL_TERMS
from napari_jcc.progress import Progress
from napari_jcc.solvers import Solution, get_solver, resolve_solver


class Formulation(ABC):
    """Turns pieces into a program whose first S + R variables are y and z."""

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """Return JSON values that tell it from others; empty for the joint program."""

    @abstractmethod
    def program(
        self, data: JointData, factors: JointFactors, config: ProblemConfig
    ) -> QuadraticProgram:
        """Return the program."""

    def solve(
        self,
        program: QuadraticProgram,
        config: SolverConfig,
        device: str = "auto",
        progress: Progress | None = None,
    ) -> Solution:
        """Solve with the solver of the settings; the caller checks the status.

        Raises
        ------
        SolverError
            If the solver cannot be had.
        Cancelled
            If `progress` was cancelled and the solver can stop.
        """
        solver = get_solver(resolve_solver(config.name, program.variable_count), device)
        solver.setup(program, config)
        return solver.solve(progress=progress)


@dataclass(frozen=True)
class JointProgram(Formulation):
    """Equation (5) of arXiv 1705.06000 under the settings, with all terms or some."""

    terms: Terms = ALL_TERMS

    def identity(self) -> dict[str, Any]:
        """Return the terms, unless all are in."""
        return {} if self.terms == ALL_TERMS else asdict(self.terms)

    def program(
        self, data: JointData, factors: JointFactors, config: ProblemConfig
    ) -> QuadraticProgram:
        """Return the joint program."""
        return joint_model(data, factors, config, self.terms).build()


JOINT = JointProgram()
