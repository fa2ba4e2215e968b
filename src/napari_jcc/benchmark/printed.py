"""Figures printed in papers, for columns beside ours; means over the complete sets."""

from __future__ import annotations

from typing import NamedTuple


class Printed(NamedTuple):
    """Means over the classes of a complete set, in percent.

    Attributes
    ----------
    source
        Who printed it.
    measure
        Key of `napari_jcc.benchmark.scores.MEASURES`.
    value
        In percent.
    """

    source: str
    measure: str
    value: float


JOINT_PAPER = "arXiv 1705.06000"

PRINTED: dict[str, tuple[Printed, ...]] = {
    "msrc": (
        Printed(JOINT_PAPER, "accuracy", 85.0),
        Printed("WHG13", "accuracy", 86.6),
    ),
    "pascal10": (
        Printed(JOINT_PAPER, "accuracy", 86.0),
        Printed(JOINT_PAPER, "jaccard", 47.0),
        Printed("QHZN16", "accuracy", 89.0),
        Printed("QHZN16", "jaccard", 52.0),
    ),
    "voc07-6x2": (
        Printed(JOINT_PAPER, "localized", 44.0),
        Printed("CSP15", "localized", 64.0),
    ),
    "internet": (Printed(JOINT_PAPER, "accuracy", 86.6),),
}
"""By name of the set. Printed on all classes and images of it, so that a column beside
some classes of ours is a landmark and no comparison."""
