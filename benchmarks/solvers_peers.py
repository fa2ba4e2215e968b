"""Every solver of the comparison behind one call: program and tolerance in, point out.

All get the cost scaled so that S has a mean diagonal of 1, as OSQP's adapter does: their
tolerances are absolute, and costs normalised by trace shrink with the set.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from napari_jcc.config import SolverConfig
from napari_jcc.problem import QuadraticProgram
from napari_jcc.problem.lifting import lift
from napari_jcc.solvers import Solution, Status, get_solver

LARGEST_DENSE = 4000
"""Variables up to which OSQP is given D as a dense matrix."""

OWN = {
    "structured": ("structured", None),
    "structured-ipm": ("structured", "ipm"),
    "structured-admm": ("structured", "admm"),
    "osqp": ("osqp", None),
}
"""Solver of the package and its method."""


class NotHere(Exception):
    """The solver is not installed, or does not take programs of this size."""


@dataclass(frozen=True)
class Answer:
    x: np.ndarray
    row_duals: np.ndarray
    iterations: int | None
    status: str


def solve(
    name: str,
    program: QuadraticProgram,
    tolerance: float,
    device: str,
    iterations: int | None = None,
) -> Answer:
    """Run one solver by name; `iterations` stops those of the package."""
    if name in OWN:
        return _own(name, program, tolerance, device, iterations)
    if name not in OTHERS:
        raise SystemExit(f"Unknown solver {name}. Known: {', '.join((*OWN, *OTHERS))}.")
    package, call = OTHERS[name]
    try:
        importlib.import_module(package)
    except ImportError as error:
        raise NotHere(
            f"{package} cannot be imported ({error}); pip install {package}"
        ) from error
    return call(program, tolerance)


def _own(
    name: str,
    program: QuadraticProgram,
    tolerance: float,
    device: str,
    iterations: int | None,
) -> Answer:
    solver_name, method = OWN[name]
    chosen = {"method": method, "max_iterations": iterations}
    given = {key: value for key, value in chosen.items() if value is not None}
    config = SolverConfig(tolerance=tolerance, **given)
    solver = get_solver(solver_name, device)
    solver.setup(program, config)
    found: Solution = solver.solve()
    # Where another method took over the time is not that of the one asked for.
    status = "; ".join(found.notes) or found.status.name
    return Answer(found.x, found.row_duals, found.iterations, status)


class Form:
    """The lifted program with a scaled cost, its rows split as the peers want them."""

    def __init__(self, program: QuadraticProgram) -> None:
        self.program = program
        lifted = lift(program)
        diagonal = program.sparse_cost.diagonal()
        self.scale = 1.0 / diagonal.mean()
        self.P = sparse.csc_matrix(lifted.P + sparse.triu(lifted.P, 1).T) * self.scale
        self.q = lifted.q * self.scale
        self.equal = lifted.l == lifted.u
        self.above = np.isfinite(lifted.u) & ~self.equal
        self.below = np.isfinite(lifted.l) & ~self.equal
        rows = sparse.csr_array(lifted.A)
        self.A, self.b = sparse.csc_matrix(rows[self.equal]), lifted.u[self.equal]
        self.G = sparse.csc_matrix(
            sparse.vstack([rows[self.above], -rows[self.below]], format="csc")
        )
        self.h = np.concatenate([lifted.u[self.above], -lifted.l[self.below]])

    def answer(self, x, y, z, iterations: int | None, status: str) -> Answer:
        """Bring a peer's point and duals back to the rows of the program."""
        duals = np.zeros(len(self.equal))
        above = int(self.above.sum())
        duals[self.equal] = y
        duals[self.above] += z[:above]
        duals[self.below] -= z[above:]
        rows = len(self.program.l)
        point = np.array(x[: self.program.variable_count])
        return Answer(point, duals[:rows] / self.scale, iterations, status)


def _clarabel(program: QuadraticProgram, tolerance: float) -> Answer:
    import clarabel

    form = Form(program)
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = tolerance
    cones = [clarabel.ZeroConeT(len(form.b)), clarabel.NonnegativeConeT(len(form.h))]
    matrix = sparse.vstack([form.A, form.G], format="csc")
    limits = np.concatenate([form.b, form.h])
    upper = sparse.csc_matrix(sparse.triu(form.P))
    solver = clarabel.DefaultSolver(upper, form.q, matrix, limits, cones, settings)
    found = solver.solve()
    duals = np.array(found.z)
    y, z = duals[: len(form.b)], duals[len(form.b) :]
    return form.answer(found.x, y, z, found.iterations, _status(found.status))


def _status(status: object) -> str:
    return "SOLVED" if str(status) == "Solved" else str(status)


def _scs(program: QuadraticProgram, tolerance: float) -> Answer:
    import scs

    form = Form(program)
    data = {
        "P": sparse.csc_matrix(sparse.triu(form.P)),
        "c": form.q,
        "A": sparse.vstack([form.A, form.G], format="csc"),
        "b": np.concatenate([form.b, form.h]),
    }
    cone = {"z": len(form.b), "l": len(form.h)}
    solver = scs.SCS(data, cone, eps_abs=tolerance, eps_rel=tolerance, verbose=False)
    found = solver.solve()
    y, z = found["y"][: len(form.b)], found["y"][len(form.b) :]
    info = found["info"]
    status = "SOLVED" if info["status"] == "solved" else info["status"]
    return form.answer(found["x"], y, z, info["iter"], status)


def _piqp(program: QuadraticProgram, tolerance: float) -> Answer:
    import piqp

    form = Form(program)
    solver = piqp.SparseSolver()
    solver.settings.eps_abs = solver.settings.eps_rel = tolerance
    solver.setup(form.P, form.q, form.A, form.b, form.G, None, form.h, None, None)
    status = solver.solve()
    found = solver.result
    name = "SOLVED" if status == piqp.PIQP_SOLVED else str(status)
    return form.answer(found.x, found.y, found.z_u, found.info.iter, name)


def _highs(program: QuadraticProgram, tolerance: float) -> Answer:
    """Active set; its two tolerances are never looser than its own, 1e-7."""
    import highspy

    form = Form(program)
    count = len(form.q)
    model = highspy.HighsModel()
    model.lp_.num_col_, model.lp_.num_row_ = count, len(program.l)
    model.lp_.col_cost_ = form.q
    model.lp_.col_lower_ = np.append(program.lower, np.full(program.rank, -np.inf))
    model.lp_.col_upper_ = np.append(program.upper, np.full(program.rank, np.inf))
    model.lp_.row_lower_, model.lp_.row_upper_ = program.l, program.u
    rows = sparse.hstack([program.A, sparse.csr_array((len(program.l), program.rank))])
    model.lp_.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    _fill(model.lp_.a_matrix_, sparse.csc_array(rows))
    model.hessian_.dim_ = count
    model.hessian_.format_ = highspy.HessianFormat.kTriangular
    _fill(model.hessian_, sparse.csc_array(sparse.tril(form.P)))
    solver = highspy.Highs()
    solver.silent()
    accuracy = min(tolerance, 1e-7)
    solver.setOptionValue("primal_feasibility_tolerance", accuracy)
    solver.setOptionValue("dual_feasibility_tolerance", accuracy)
    solver.passModel(model)
    solver.run()
    found = solver.getSolution()
    status = solver.modelStatusToString(solver.getModelStatus())
    if not found.value_valid:
        raise NotHere(f"no solution found: {status}")
    status = Status.SOLVED.name if status == "Optimal" else status
    duals = -np.array(found.row_dual) / form.scale
    point = np.array(found.col_value)[: program.variable_count]
    return Answer(point, duals, solver.getInfo().qp_iteration_count, status)


def _fill(matrix: Any, values: sparse.csc_array) -> None:
    """Set the columns of one of HiGHS's matrices."""
    matrix.start_, matrix.index_ = values.indptr, values.indices
    matrix.value_ = values.data


def _osqp_dense(program: QuadraticProgram, tolerance: float) -> Answer:
    """OSQP with D formed, instead of lifted."""
    import osqp

    if program.variable_count > LARGEST_DENSE:
        raise NotHere(f"{program.variable_count} variables")
    scale = 1.0 / program.sparse_cost.diagonal().mean()
    identity = sparse.eye_array(program.variable_count)
    solver = osqp.OSQP()
    solver.setup(
        P=sparse.csc_matrix(np.triu(program.dense_cost()) * scale),
        q=program.q * scale,
        A=sparse.csc_matrix(sparse.vstack([program.A, identity])),
        l=np.concatenate([program.l, program.lower]),
        u=np.concatenate([program.u, program.upper]),
        eps_abs=tolerance,
        eps_rel=tolerance,
        max_iter=SolverConfig().max_iterations,
        rho=0.03,
        verbose=False,
    )
    found = solver.solve(raise_error=False)
    duals = np.asarray(found.y)[: len(program.l)] / scale
    return Answer(np.asarray(found.x), duals, found.info.iter, found.info.status.upper())


def _pdhcg(program: QuadraticProgram, tolerance: float) -> Answer:
    """Primal-dual hybrid gradient on the processor; takes -FF' as it is, not lifted."""
    import pdhcg

    scale = 1.0 / program.sparse_cost.diagonal().mean()
    wide = []
    for term in program.low_rank:
        rows = np.zeros((term.factor.shape[1], program.variable_count))
        rows[:, term.rows] = term.factor.T
        wide.append(rows * np.sqrt(scale))
    model = pdhcg.Model(
        objective_matrix=sparse.csr_matrix(program.sparse_cost * scale),
        objective_vector=program.q * scale,
        constraint_matrix=sparse.csr_matrix(program.A),
        constraint_lower_bound=program.l,
        constraint_upper_bound=program.u,
        variable_lower_bound=program.lower,
        variable_upper_bound=program.upper,
    )
    model.setObjectiveMatrixLowRank(np.vstack(wide))
    model.setObjectiveMatrixLowRankMiddle(-np.ones(program.rank))
    model.setParams(OptimalityTol=tolerance, FeasibilityTol=tolerance, LogLevel=0)
    model.optimize(device="cpu")
    status = str(model.Status).upper()
    if model.X is None:
        raise NotHere(status)
    status = Status.SOLVED.name if status == "OPTIMAL" else status
    duals = -np.array(model.Pi) / scale
    return Answer(np.array(model.X), duals, model.IterCount, status)


OTHERS: dict[str, tuple[str, Callable[[QuadraticProgram, float], Answer]]] = {
    "osqp-dense": ("osqp", _osqp_dense),
    "scs": ("scs", _scs),
    "clarabel": ("clarabel", _clarabel),
    "piqp": ("piqp", _piqp),
    "highs": ("highspy", _highs),
    "pdhcg": ("pdhcg", _pdhcg),
}
"""Package that must be there, and the adapter."""
