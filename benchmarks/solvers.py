"""Solvers on one and the same joint program: time, gap after repair, memory.

    python benchmarks/solvers.py --images 30 --solvers structured,osqp,clarabel --json

prints one JSON object, solver -> seconds, cpu_seconds, gap, peak_mb, iterations. Every
solver runs in a process of its own, one after another, and its point is repaired and
judged by the same lower bound, the best that any of them proved. With --gap a solver runs
with one tolerance after another, from loose to tight, until its gap is that small, and the
run that reached it is reported: times at equal accuracy. --loosest skips the tolerances
that smaller sets showed to be too loose. --iterations reports the gap of a solver that was
stopped, where it would take too long; --limit ends it without.

--table prints Markdown, --keep FILE adds the rows to a file, and --plot FILE draws all rows
that were kept.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import pickle
import resource
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from solvers_instances import SETTINGS, generated, real
from solvers_peers import Answer, NotHere, solve
from solvers_report import plot, table

from napari_jcc.problem import QuadraticProgram

TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)


def peak_bytes() -> int:
    """Highest resident memory since the last reset."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def reset_peak() -> int:
    """Forget the highest resident memory; returns what is resident now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_bytes()


def measure(
    file: str, name: str, tolerance: float, options: dict[str, Any], answer: Any
) -> None:
    """Run one solver in this process and send back its point and what it took."""
    if name.startswith("structured"):
        import torch

        torch.set_num_threads(options["threads"])
    with Path(file).open("rb") as stream:
        program = pickle.load(stream)
    before = reset_peak()
    limit = int(time.process_time() + options["limit"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        found = solve(name, program, tolerance, options["device"], options["iterations"])
    except NotHere as reason:
        answer.send(({"status": str(reason)}, None))
        return
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    row = {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu_seconds, 3),
        "peak_mb": round((peak_bytes() - before) / 2**20, 1),
        "iterations": found.iterations,
        "status": found.status,
        "tolerance": tolerance,
        "process_mb": round(peak_bytes() / 2**20, 1),
    }
    if options["device"].startswith("cuda") and name.startswith("structured"):
        row["device_mb"] = round(torch.cuda.max_memory_allocated() / 2**20, 1)
    answer.send((row, found))


class Judge:
    """Repairs points and keeps the best lower bound and the cost of every solver."""

    def __init__(self, program: QuadraticProgram) -> None:
        self.program = program
        self.bound = -np.inf

    def cost(self, found: Answer) -> float:
        """Cost of the repaired point; its duals may raise the bound."""
        from napari_jcc.solvers.structured import repair

        if np.isfinite(found.x).all() and np.isfinite(found.row_duals).all():
            self.bound = max(self.bound, self.program.lower_bound(found.x, found.row_duals))
        return self.program.objective(repair(self.program, np.nan_to_num(found.x)))

    def gap(self, cost: float) -> float:
        return (cost - self.bound) / max(abs(self.bound), 1e-300)


def run_alone(
    file: str, name: str, tolerance: float, options: dict[str, Any]
) -> tuple[dict[str, Any], Answer | None]:
    """Run one solver in a fresh process, within the limit of CPU seconds."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=measure, args=(file, name, tolerance, options, send))
    process.start()
    send.close()
    try:
        return receive.recv()
    except EOFError:
        process.join()
        late = process.exitcode == -signal.SIGXCPU
        status = f"over {options['limit']:.0f} CPU s" if late else "crashed"
        return {"status": status}, None
    finally:
        process.join()


def run(
    program: QuadraticProgram, names: list[str], options: dict[str, Any]
) -> Iterator[dict[str, dict[str, Any]]]:
    """Run one solver after another; yields all rows so far after each."""
    rows: dict[str, dict[str, Any]] = {}
    judge = Judge(program)
    tolerances: tuple[float, ...] = (options["tolerance"],)
    if options["gap"]:
        tolerances = tuple(t for t in TOLERANCES if t <= options["loosest"])
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "program.pickle")
        with open(file, "wb") as stream:
            pickle.dump(program, stream, protocol=5)
        for name in names:
            for tolerance in tolerances:
                row, found = run_alone(file, name, tolerance, options)
                if found is None:
                    # A tighter tolerance may be out of reach where a looser one was not.
                    rows.setdefault(name, row)
                    break
                row["objective"] = judge.cost(found)
                rows[name] = row
                if options["gap"] and judge.gap(row["objective"]) <= options["gap"]:
                    break
            for row in rows.values():
                if "objective" in row:
                    row["gap"] = judge.gap(row["objective"])
            yield rows


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=30)
    parser.add_argument("--solvers", default="structured,osqp")
    parser.add_argument("--setting", default="cover", choices=SETTINGS)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--gap", type=float, help="tighten until the gap is this small")
    parser.add_argument("--loosest", type=float, default=TOLERANCES[0], help="with --gap")
    parser.add_argument("--limit", type=float, default=600, help="CPU seconds per run")
    parser.add_argument(
        "--iterations", type=int, help="steps after which osqp and ours are stopped"
    )
    parser.add_argument(
        "--root", type=Path, help="labelled sets; without: generated images"
    )
    parser.add_argument("--sets", default="msrc/cow")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--table", action="store_true", help="print Markdown")
    parser.add_argument("--keep", type=Path, help="JSON file that the rows are added to")
    parser.add_argument("--plot", type=Path, help="PNG of all rows that were kept")
    return parser.parse_args()


def keep(
    file: Path | None, images: int, rows: dict[str, dict[str, Any]]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Add the rows to those of earlier runs, and return all by number of images."""
    kept = json.loads(file.read_text()) if file and file.exists() else {}
    kept.setdefault(str(images), {}).update(rows)
    if file:
        file.write_text(json.dumps(kept, indent=1) + "\n")
    return kept


def main() -> None:
    options = parse()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)  # inherited by the processes
    if options.root:
        program = real(
            options.root, options.sets, options.images, options.seed, options.setting
        )
    else:
        program = generated(options.images, options.seed, options.setting)
    for rows in run(program, options.solvers.split(","), vars(options)):
        kept = keep(options.keep, options.images, rows)
    if options.plot:
        plot(kept, options.plot)
    if options.json:
        print(json.dumps(rows, indent=2))
    if options.table or not options.json:
        print(table(rows))


if __name__ == "__main__":
    main()
