"""Discriminative clustering with the semidefinite relaxation of its lineage (JBP10)."""

from __future__ import annotations

import importlib
import importlib.util
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.config import ProblemConfig, SolverConfig
from napari_jcc.errors import ProblemError, SolverError
from napari_jcc.pipeline.formulation import Formulation
from napari_jcc.problem import JointFactors, JointModel, QuadraticProgram
from napari_jcc.problem.constraints import AreaRange, OneBoxPerImage
from napari_jcc.problem.costs import (
    DiscriminativeCost,
    SmoothnessCost,
    SuperpixelSaliencyCost,
)
from napari_jcc.problem.data import JointData
from napari_jcc.progress import Progress
from napari_jcc.solvers import Solution, Status
from napari_jcc.words import how_to_install

LARGEST = 400
"""Superpixels beyond which the relaxation, with their square in variables, is refused."""


@dataclass(frozen=True)
class SemidefiniteRelaxation(Formulation):
    r"""Masks alone: labels y in {0, 1} replaced by the matrix X of their products.

    .. math::
       \min_{X} \tfrac12 \langle D_s + \alpha L, X \rangle, \qquad
       \begin{pmatrix} 1 & y' \\ y & X \end{pmatrix} \succeq 0, \quad
       \mathrm{diag}\, X = y,

    with the limits of the object's area in every image multiplied by :math:`y_j` and by
    :math:`1 - y_j`, for all j. That is the relaxation of Joulin, Bach and Ponce written
    for labels 0 and 1 in place of -1 and 1. Scores are the leading eigenvector of the
    relaxed products of labels. Neither masks nor their complement are preferred by the
    relaxation; the paper leaves the choice to its user, here the prior makes it, for the
    set as a whole.

    References
    ----------
    Joulin, Bach and Ponce, Discriminative clustering for image co-segmentation, CVPR 2010.
    """

    def identity(self) -> dict[str, Any]:
        """Return the name."""
        return {"relaxation": "semidefinite"}

    def program(
        self, data: JointData, factors: JointFactors, config: ProblemConfig
    ) -> QuadraticProgram:
        """Return the program of masks; its linear term tells sides apart and costs nothing.

        Raises
        ------
        ProblemError
            If there are too many superpixels.
        """
        if data.superpixel_count > LARGEST:
            raise ProblemError(
                f"The semidefinite relaxation takes at most {LARGEST} superpixels, got "
                f"{data.superpixel_count}. Take fewer images (--every) or superpixels "
                "(--set superpixels.count=20), or leave the method jbp10 out."
            )
        scaled = config.normalisation == "trace"
        model = JointModel(data, only_in_boxes=False)
        model.add_cost(DiscriminativeCost("superpixels", factors.superpixels, scaled))
        decay = config.colour_decay, config.position_decay
        model.add_cost(SmoothnessCost(config.alpha, *decay, scaled))
        kind, floor = config.superpixel_cost, config.saliency_floor
        model.add_cost(SuperpixelSaliencyCost(1.0, kind, floor, scaled))
        model.add_constraint(AreaRange(config.area_min, config.area_max, config.gamma))
        model.add_constraint(OneBoxPerImage())
        return model.build()

    def solve(
        self,
        program: QuadraticProgram,
        config: SolverConfig,
        device: str = "auto",
        progress: Progress | None = None,
    ) -> Solution:
        """Solve by SCS, which knows the processor only; boxes get equal scores.

        Raises
        ------
        SolverError
            If cvxpy is not installed.
        """
        if importlib.util.find_spec("cvxpy") is None:
            raise SolverError(
                f"The method jbp10 needs cvxpy, not installed here. {how_to_install('sdp')}"
            )
        start = time.perf_counter()
        # Superpixels are those that the only classifier of the program judges.
        count = len(program.low_rank[0].factor)
        matrix, status = _relax(program, count, config)
        x = np.zeros(program.variable_count)
        if status is Status.SOLVED:
            x[:count] = round_products(matrix, program.q[:count])
        image = program.variable_image[count:]
        x[count:] = 1.0 / np.bincount(image)[image]
        rows, columns = program.A.shape
        seconds = time.perf_counter() - start
        return Solution(status, x, np.zeros(rows), np.zeros(columns), 0, 0.0, seconds)


def _relax(
    program: QuadraticProgram, count: int, config: SolverConfig
) -> tuple[FloatArray, Status]:
    """Return (1, y'; y, X) at the optimum, (count + 1, count + 1), and how it ended."""
    cvxpy: Any = importlib.import_module("cvxpy")  # an extra, and untyped in places
    lifted = cvxpy.Variable((count + 1, count + 1), PSD=True)
    cost = program.dense_cost()[:count, :count]
    cost = (cost + cost.T) / (2 * max(float(np.abs(cost).max()), 1e-300))
    rows = program.A[:, :count]
    touched = np.diff(rows.indptr) > 0
    low, high = program.l[touched], program.u[touched]
    limits = _products(lifted, rows[touched].toarray(), low, high)
    diagonal = cvxpy.diag(lifted)[1:] == lifted[0, 1:]
    task = cvxpy.Problem(
        cvxpy.Minimize(cvxpy.trace(cost @ lifted[1:, 1:])),
        [lifted[0, 0] == 1, diagonal, *limits],
    )
    try:
        task.solve(solver=cvxpy.SCS, eps=config.tolerance, max_iters=config.max_iterations)
    except cvxpy.error.SolverError:
        return np.zeros((count + 1, count + 1)), Status.FAILED
    solved = task.status == cvxpy.OPTIMAL
    if solved:
        return np.asarray(lifted.value), Status.SOLVED
    infeasible = task.status in (cvxpy.INFEASIBLE, cvxpy.INFEASIBLE_INACCURATE)
    status = Status.INFEASIBLE if infeasible else Status.MAX_ITERATIONS
    return np.zeros((count + 1, count + 1)), status


def _products(
    lifted: Any, rows: FloatArray, low: FloatArray, high: FloatArray
) -> list[Any]:
    """Rows low <= a'y <= high times y_j and times 1 - y_j, for all j."""
    y, products = lifted[0:1, 1:], lifted[1:, 1:]
    share = rows @ products
    rest = rows @ y.T - share
    return [
        share >= low[:, None] @ y,
        share <= high[:, None] @ y,
        rest >= low[:, None] @ (1 - y),
        rest <= high[:, None] @ (1 - y),
    ]


def round_products(lifted: FloatArray, price: FloatArray) -> FloatArray:
    """Scores in [0, 1] of relaxed products, on the side that costs less.

    Parameters
    ----------
    lifted : (n + 1, n + 1) float64
        (1, y'; y, X).
    price : (n,) float64
        Linear cost that chooses between labels and their complement.
    """
    y, products = lifted[0, 1:], lifted[1:, 1:]
    # Products of labels -1 and 1.
    signed = 4 * products - 2 * y - 2 * y[:, None] + 1
    direction = np.linalg.eigh((signed + signed.T) / 2)[1][:, -1]
    direction = direction - direction.mean()
    direction = direction if price @ direction <= 0 else -direction
    low, high = direction.min(), direction.max()
    if high - low <= 1e-9:
        return np.full(len(y), 1.0)
    return np.asarray((direction - low) / (high - low))
