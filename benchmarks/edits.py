"""Latency of edits of a prepared problem, against solving the edited program from scratch.

    python benchmarks/edits.py --images 30 --json

prints one JSON object, edit -> seconds and cpu_seconds of the answer, iterations, what
OSQP took from scratch on the same program to the same tolerance in the same process, and
how far the answer is from the optimum: relative cost after repair, and the share of
superpixels with the same label as at the optimum. The optimum is interior point's at 1e-8.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import solvers_instances as instances
import torch

from napari_jcc.config import ProblemConfig, SolverConfig
from napari_jcc.otsu import otsu_thresholds
from napari_jcc.problem import QuadraticProgram, joint_model
from napari_jcc.problem.data import Variables
from napari_jcc.problem.fixings import Fixings, boxes_left, fix
from napari_jcc.solvers import Solution, get_solver
from napari_jcc.solvers.structured import PreparedProblem, repair

HEIGHT, WIDTH = 15, 20
STROKE = 5
"""Superpixels under a stroke."""


@dataclass(frozen=True)
class Edit:
    """An edited program, and the image that is answered first, if any."""

    name: str
    program: QuadraticProgram
    image: int | None = None


@dataclass
class Clock:
    """Wall and processor time of one call."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def time(self, work: Callable[[], Any]) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        answer = work()
        self.seconds = round(time.perf_counter() - wall, 4)
        self.cpu_seconds = round(time.process_time() - cpu, 4)
        return answer

    def row(self) -> dict[str, float]:
        return {"seconds": self.seconds, "cpu_seconds": self.cpu_seconds}


class Bench:
    """A generated set, its prepared problem, and edits of it."""

    def __init__(
        self, images: int, seed: int, tolerance: float, device: str, is_quick: bool
    ) -> None:
        self.is_quick = is_quick
        self.config = ProblemConfig()
        self.solver = SolverConfig(tolerance=tolerance)
        self.device = device
        self.data, self.factors = instances.generated_parts(images, seed)
        self.base, self.variables = self.build()

    def build(self, **weights: float) -> tuple[QuadraticProgram, Variables]:
        config = self.config.model_copy(update=weights)
        model = joint_model(self.data, self.factors, config)
        return model.build(), model.variables

    def edits(self, y: np.ndarray) -> Iterator[Edit]:
        for name in ("nu", "mu"):
            edited, _ = self.build(**{name: 2 * getattr(self.config, name)})
            # What an edit does not change is passed on, not built anew.
            yield Edit(f"{name} x2", replace(self.base, q=edited.q))
        edited, _ = self.build(alpha=2 * self.config.alpha)
        yield Edit("alpha x2", replace(self.base, sparse_cost=edited.sparse_cost))
        edited, _ = self.build(gamma=1.5 * self.config.gamma)
        yield Edit("gamma x1.5", replace(self.base, A=edited.A, l=edited.l, u=edited.u))
        image = len(np.unique(self.data.superpixel_image)) // 2
        own = np.flatnonzero(self.data.superpixel_image == image)
        order = own[np.argsort(-y[own])]
        yield self.marked("background stroke", Fixings(background=order[:STROKE]), image)
        yield self.marked("foreground stroke", self.foreground(order), image)
        box = int(np.flatnonzero(self.data.box_image == image)[0])
        yield self.marked("box chosen", Fixings(chosen=[box]), image)

    def foreground(self, order: np.ndarray) -> Fixings:
        """Superpixels that are background now, as many as a box can hold together."""
        marks: list[int] = []
        for superpixel in order[::-1]:
            left = boxes_left(self.data, Fixings([*marks, int(superpixel)]))
            if (
                len(marks) < STROKE
                and left[self.data.box_image == self.image_of(order)].any()
            ):
                marks.append(int(superpixel))
        return Fixings(marks)

    def image_of(self, superpixels: np.ndarray) -> int:
        return int(self.data.superpixel_image[superpixels[0]])

    def marked(self, name: str, fixings: Fixings, image: int) -> Edit:
        return Edit(name, fix(self.base, self.variables, fixings), image)

    def labels(self, x: np.ndarray) -> np.ndarray:
        y, _ = self.variables.split(x)
        data = self.data
        cut = otsu_thresholds(y, data.area, data.superpixel_image, data.image_count)
        return y > cut[data.superpixel_image]

    def scratch(
        self, name: str, program: QuadraticProgram, config: SolverConfig
    ) -> Solution:
        solver = get_solver(name, self.device)
        solver.setup(program, config)
        return solver.solve()

    def measure(self, prepared: PreparedProblem, edit: Edit) -> dict[str, Any]:
        row: dict[str, Any] = {}
        clock = Clock()
        clock.time(lambda: prepared.update(edit.program))
        row["update"] = clock.row()
        if edit.image is not None:
            local = clock.time(lambda: prepared.solve_image(edit.image))
            row["local"] = clock.row() | {"iterations": local.iterations}
        answer = clock.time(prepared.solve)
        row["global"] = clock.row() | {"iterations": answer.iterations}
        clock.time(lambda: self.scratch("osqp", edit.program, self.solver))
        row["osqp_cold"] = clock.row()
        row["ratio"] = round(clock.cpu_seconds / row["global"]["cpu_seconds"], 2)
        if self.is_quick:
            return row
        exact = SolverConfig(tolerance=1e-8, method="ipm")
        optimum = self.scratch("structured", edit.program, exact)
        best = edit.program.objective(repair(edit.program, optimum.x))
        cost = edit.program.objective(repair(edit.program, answer.x))
        row["gap"] = (cost - best) / max(abs(best), 1e-300)
        row["same_labels"] = float((self.labels(answer.x) == self.labels(optimum.x)).mean())
        return row


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Every edit from the same solved problem."""
    torch.set_num_threads(options.threads)
    instances.HEIGHT, instances.WIDTH = HEIGHT, WIDTH
    instances.PER_IMAGE = HEIGHT * WIDTH
    bench = Bench(
        options.images, options.seed, options.tolerance, options.device, options.quick
    )
    clock = Clock()
    prepared = PreparedProblem(bench.base, bench.solver, options.device)
    first = clock.time(prepared.solve)
    table = {"cold": clock.row() | {"iterations": first.iterations}}
    for edit in bench.edits(bench.variables.split(first.x)[0]):
        table[edit.name] = bench.measure(prepared, edit)
        prepared.update(bench.base)
        prepared.solve()
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--quick", action="store_true", help="leave out the optimum")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    table = run(options)
    if options.json:
        print(json.dumps(table, indent=2))
        return
    print(
        "| edit | update ms | local ms | global ms | OSQP cold ms | ratio | gap | labels |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, row in table.items():
        parts = [row.get(key, {}) for key in ("update", "local", "global", "osqp_cold")]
        times = [f"{1000 * part['seconds']:.0f}" if part else "" for part in parts]
        if name == "cold":
            times[2] = f"{1000 * row['seconds']:.0f}"
        rest = [f"{row[key]:.4g}" if key in row else "" for key in ("ratio", "gap")]
        labels = f"{row['same_labels']:.4%}" if "same_labels" in row else ""
        print("| " + " | ".join([name, *times, *rest, labels]) + " |")


if __name__ == "__main__":
    main()
