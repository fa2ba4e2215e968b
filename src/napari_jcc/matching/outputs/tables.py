"""Matched pairs and their points as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from napari_jcc.matching.pair import Correspondences, PairResult

AFFINE_COLUMNS = tuple(f"affine_{letter}" for letter in "abcdef")
FEWEST_CONTROLS = 9
"""Control points that there are columns for, also where no pair has any."""
PAIR_COLUMNS = (
    "source",
    "target",
    "instance",
    "confidence",
    "inlier_share",
    "cycle_error",
    "points",
    "warped",
    *AFFINE_COLUMNS,
)
"""Those of the control points follow."""
POINT_COLUMNS = (
    "source",
    "target",
    "instance",
    "source_x",
    "source_y",
    "target_x",
    "target_y",
    "confidence",
)


def write_pairs(
    file: TextIO,
    names: Sequence[str],
    pairs: Iterable[tuple[PairResult, int, str]],
) -> None:
    """Write a line per pair: how good it is, and its transformations.

    Parameters
    ----------
    file
        Opened with ``newline=""``.
    names
        Names of the images.
    pairs
        Every pair with its number of points and its warped image, empty for none.
    """
    pairs = list(pairs)
    splines = [pair.theta_tps for pair, _, _ in pairs if pair.theta_tps is not None]
    controls = max((len(spline) // 2 for spline in splines), default=FEWEST_CONTROLS)
    tps_columns = [f"tps_{axis}{k + 1}" for axis in "xy" for k in range(controls)]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*PAIR_COLUMNS, *tps_columns))
    for pair, count, warped in pairs:
        tps = [""] * len(tps_columns) if pair.theta_tps is None else pair.theta_tps
        theta = [
            value if isinstance(value, str) else f"{value:.7g}"
            for value in (*pair.theta_affine, *tps)
        ]
        judged = (pair.confidence, pair.inlier_share, pair.cycle_error)
        writer.writerow(
            (
                names[pair.source],
                names[pair.target],
                pair.instance,
                *(f"{value:.6f}" for value in judged),
                count,
                warped,
                *theta,
            )
        )


class PointTable:
    """Writes the points of one pair after another.

    Parameters
    ----------
    file
        Opened with ``newline=""``; gets the titles at once.
    names
        Names of the images.
    """

    def __init__(self, file: TextIO, names: Sequence[str]) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._names = names
        self._writer.writerow(POINT_COLUMNS)

    def write(self, pair: PairResult, found: Correspondences) -> None:
        """Write a line per point: x and y in pixels, the centre of the first at 0."""
        which = self._names[pair.source], self._names[pair.target], pair.instance
        for (u, v), (x, y), sure in zip(*found, strict=True):
            self._writer.writerow(
                (*which, f"{u:.2f}", f"{v:.2f}", f"{x:.2f}", f"{y:.2f}", f"{sure:.4f}")
            )
