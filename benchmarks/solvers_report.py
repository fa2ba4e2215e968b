"""Tables and a plot of what the solvers took."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Rows = dict[str, dict[str, Any]]

COLUMNS = ("seconds", "cpu_seconds", "gap", "peak_mb", "iterations")


def table(rows: Rows) -> str:
    """One instance as Markdown; the ratio is that of CPU seconds to the first row."""
    lines = [
        "| solver | seconds | CPU seconds | ratio | gap | peak MB | iterations |",
        "|---|---|---|---|---|---|---|",
    ]
    first = next((row["cpu_seconds"] for row in rows.values() if "gap" in row), None)
    for name, row in rows.items():
        if "gap" not in row:
            lines.append(f"| {name} | {row['status']} | | | | | |")
            continue
        note = "" if row["status"] == "SOLVED" else f" ({row['status'].lower()})"
        ratio = row["cpu_seconds"] / first if first else float("nan")
        lines.append(
            f"| {name}{note} | {row['seconds']:.3g} | {row['cpu_seconds']:.3g} | "
            f"{ratio:.2g} | {row['gap']:.1e} | {row['peak_mb']:.0f} | "
            f"{row['iterations'] or '-'} |"
        )
    return "\n".join(lines)


def plot(kept: dict[str, Rows], file: Path) -> None:
    """CPU time and memory against the number of images, one line per solver.

    Parameters
    ----------
    kept
        Number of images -> solver -> row.
    file
        PNG to write.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    names = list(dict.fromkeys(name for rows in kept.values() for name in rows))
    for name in names:
        found = sorted(
            (int(images), rows[name])
            for images, rows in kept.items()
            if "gap" in rows.get(name, {}) and rows[name]["status"] == "SOLVED"
        )
        for axis, key in zip(axes, ("cpu_seconds", "peak_mb"), strict=True):
            counts = [images for images, _ in found]
            axis.plot(counts, [row[key] for _, row in found], marker="o", label=name)
    labels = ("CPU seconds", "peak memory of the solver, MB")
    for axis, label in zip(axes, labels, strict=True):
        axis.set(xscale="log", yscale="log", xlabel="images", ylabel=label)
        axis.set_xticks([int(images) for images in kept], list(kept))
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8)
    figure.savefig(file, dpi=120)
