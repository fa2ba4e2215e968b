"""Solvers on one and the same joint program: time, gap after repair, memory.

    python benchmarks/solvers.py --images 30 --solvers structured,osqp,clarabel --json

prints one JSON object, solver -> seconds, cpu_seconds, gap, peak_mb, iterations. Every
solver runs in a process of its own, one after another, and its point is repaired and
judged by the same lower bound, the best that any of them found.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import pickle
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from scipy import sparse
from solvers_instances import SETTINGS, generated, real

from napari_jcc.config import SolverConfig
from napari_jcc.problem import QuadraticProgram
from napari_jcc.problem.lifting import lift
from napari_jcc.solvers import SOLVERS, Solution, Status, get_solver
from napari_jcc.solvers.gap import lower_bound


def solve_own(
    name: str, program: QuadraticProgram, tolerance: float, device: str
) -> Solution:
    solver = get_solver(name, device)
    solver.setup(program, SolverConfig(tolerance=tolerance))
    return solver.solve()


def solve_other(name: str, program: QuadraticProgram, tolerance: float) -> Solution:
    """Run a solver behind qpsolvers on the lifted program."""
    import qpsolvers

    lifted = lift(program)
    rows = len(program.l)
    equal = lifted.l == lifted.u
    above, below = np.isfinite(lifted.u) & ~equal, np.isfinite(lifted.l) & ~equal
    matrix = sparse.csr_array(lifted.A)
    problem = qpsolvers.Problem(
        P=sparse.csc_matrix(lifted.P + sparse.triu(lifted.P, 1).T),
        q=lifted.q,
        G=sparse.csc_matrix(sparse.vstack([matrix[above], -matrix[below]])),
        h=np.concatenate([lifted.u[above], -lifted.l[below]]),
        A=sparse.csc_matrix(matrix[equal]),
        b=lifted.u[equal],
    )
    keys = {
        "clarabel": ("tol_gap_abs", "tol_gap_rel", "tol_feas"),
        "scs": ("eps_abs", "eps_rel"),
    }
    accuracy = dict.fromkeys(keys.get(name, ()), tolerance)
    found = qpsolvers.solve_problem(problem, solver=name, **accuracy)
    duals = np.zeros(len(lifted.l))
    if found.found:
        duals[equal] = found.y
        duals[above] += found.z[: above.sum()]
        duals[below] -= found.z[above.sum() :]
    x = (
        found.x[: program.variable_count]
        if found.found
        else np.zeros(program.variable_count)
    )
    status = Status.SOLVED if found.found else Status.FAILED
    return Solution(status, x, duals[:rows], duals[rows:], 0, 0.0, 0.0)


class PeakMemory:
    """Highest resident memory above that at the start, looked at every 10 ms."""

    def __init__(self) -> None:
        self.process = psutil.Process()
        self.start = self.peak = self.process.memory_info().rss
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self) -> None:
        while not self.done.wait(0.01):
            self.peak = max(self.peak, self.process.memory_info().rss)

    def stop(self) -> float:
        """Megabytes."""
        self.done.set()
        self.thread.join()
        return (self.peak - self.start) / 2**20


def measure(file: str, name: str, options: dict[str, Any], answer: Any) -> None:
    """Run one solver in this process and send back its point and what it took."""
    import torch

    torch.set_num_threads(options["threads"])
    program = pickle.loads(Path(file).read_bytes())
    memory = PeakMemory()
    wall, cpu = time.perf_counter(), time.process_time()
    if name in SOLVERS:
        solution = solve_own(name, program, options["tolerance"], options["device"])
    else:
        solution = solve_other(name, program, options["tolerance"])
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    row = {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu_seconds, 3),
        "peak_mb": round(memory.stop(), 1),
        "iterations": solution.iterations,
        "status": solution.status.name,
    }
    answer.send((row, solution.x, solution.row_duals))


def run(
    program: QuadraticProgram, names: list[str], options: dict[str, Any]
) -> dict[str, Any]:
    from napari_jcc.solvers.structured import repair

    table: dict[str, Any] = {}
    costs, bounds = {}, {}
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "program.pickle")
        Path(file).write_bytes(pickle.dumps(program))
        for name in names:
            receive, send = context.Pipe(duplex=False)
            process = context.Process(target=measure, args=(file, name, options, send))
            process.start()
            send.close()
            try:
                row, x, duals = receive.recv()
            except EOFError:
                table[name] = {"status": "CRASHED"}
                continue
            finally:
                process.join()
            table[name] = row
            costs[name] = program.objective(repair(program, x))
            bounds[name] = lower_bound(program, x, duals)
    best = max(bounds.values())
    for name, cost in costs.items():
        table[name]["objective"] = cost
        table[name]["gap"] = (cost - best) / max(abs(best), 1e-300)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=30)
    parser.add_argument("--solvers", default="structured,osqp")
    parser.add_argument("--setting", default="cover", choices=SETTINGS)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument(
        "--root", type=Path, help="labelled sets; without: generated images"
    )
    parser.add_argument("--sets", default="msrc/cow")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.root:
        program = real(
            options.root, options.sets, options.images, options.seed, options.setting
        )
    else:
        program = generated(options.images, options.seed, options.setting)
    names = options.solvers.split(",")
    table = run(program, names, vars(options))
    if options.json:
        print(json.dumps(table, indent=2))
        return
    print("| solver | seconds | CPU seconds | gap | peak MB | iterations |")
    print("|---|---|---|---|---|---|")
    for name, row in table.items():
        keys = ("seconds", "cpu_seconds", "gap", "peak_mb", "iterations")
        print(
            f"| {name} | " + " | ".join(f"{row.get(key, '-'):.4g}" for key in keys) + " |"
        )


if __name__ == "__main__":
    main()
