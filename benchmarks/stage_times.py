"""Seconds of every stage on a folder of images, and of a second run that changes only nu.

On a machine that does other work too, the processor time says more than the clock; with
OMP_NUM_THREADS=1 no thread of a library spends any on waiting for another.

    python benchmarks/stage_times.py IMAGES [--preset fast] [--encoder NAME_OR_PATH]

prints a Markdown table and the peak memory of the process.
"""

from __future__ import annotations

import argparse
import resource
import time

from napari_jcc import ImageCollection
from napari_jcc.config import apply_overrides, get_preset
from napari_jcc.pipeline import Run
from napari_jcc.threads import wait_asleep


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", nargs="+")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--encoder", help="as features.encoder")
    options = parser.parse_args()
    wait_asleep()  # as the command line does
    config = get_preset(options.preset)
    if options.encoder:
        config = apply_overrides(config, {"features.encoder": options.encoder})
    collection = ImageCollection.from_paths(options.images)
    run = Run(collection, config)
    print(f"{len(collection)} images, the first of {collection.shape(0)} pixels\n")
    print("| | all | processor time, an image | by stage |\n|---|---|---|---|")
    report("first run", run)
    changed = {"problem.nu": 2 * config.problem.nu}
    report("only nu changed", run.with_config(apply_overrides(config, changed)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"\nPeak memory {peak:.2f} GB")


def report(name: str, run: Run) -> None:
    start, spent = time.perf_counter(), time.process_time()
    result = run.result()
    total, spent = time.perf_counter() - start, time.process_time() - spent
    each = spent / len(result.images)
    stages = ", ".join(f"{stage} {value:.1f}" for stage, value in result.seconds.items())
    print(f"| {name} | {total:.1f} s | {each:.2f} s | {stages} |")


if __name__ == "__main__":
    main()
