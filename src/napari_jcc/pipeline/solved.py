"""What later stages and the user want of a solution."""

from __future__ import annotations

from typing import Any

from napari_jcc._types import FloatArray
from napari_jcc.problem import Variables
from napari_jcc.problem.data import JointData
from napari_jcc.problem.program import QuadraticProgram
from napari_jcc.solvers import Solution


def report_solution(
    solution: Solution, program: QuadraticProgram, solver: str
) -> dict[str, Any]:
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


def split_by_image(
    solution: Solution, data: JointData, usable: list[int]
) -> dict[int, tuple[FloatArray, FloatArray]]:
    """Values y and z of every image in the problem, by its place in the collection."""
    y, z = Variables(data).split(solution.x)
    return {
        place: (y[data.superpixel_image == number], z[data.box_image == number])
        for number, place in enumerate(usable)
    }
