"""Tables of a benchmark: Markdown to read, CSV to go on with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from napari_jcc.benchmark.methods import RECIPES, Method
from napari_jcc.benchmark.scores import (
    MEASURES,
    ClassScore,
    difference_interval,
    mean_interval,
)
from napari_jcc.evaluation import Interval
from napari_jcc.tables import format_csv, format_markdown_table


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


NONE = "-"
MEAN = "mean"
COLUMNS = ("set", "class", "method", "measure", "value", "low", "high", "images", "source")


@dataclass(frozen=True)
class Scores:
    """All scores of a benchmark.

    Attributes
    ----------
    set_name
        Key of the set.
    title
        Name of the set for readers.
    by_method
        Scores by method, then by class, both in the order of the tables.
    """

    set_name: str
    title: str
    by_method: Mapping[Method, Mapping[str, ClassScore]]

    @property
    def classes(self) -> list[str]:
        """Names of the classes."""
        return list(next(iter(self.by_method.values()), {}))

    def measures(self) -> list[str]:
        """Measures that any image has."""
        return [
            measure
            for measure in MEASURES
            if any(
                score.values(measure)
                for classes in self.by_method.values()
                for score in classes.values()
            )
        ]


def format_markdown(scores: Scores, notes: Iterable[str] = ()) -> str:
    """Write means with intervals, differences to joint, means by class, and notes."""
    images = _count_images(scores)
    legend = (
        f"{images} images, classes {', '.join(scores.classes)}. Percent; means over "
        "images, then over classes; in brackets the 95 % interval from images drawn again "
        "within their classes."
    )
    parts = [f"# {scores.title}", legend, format_overview(scores)]
    if len(scores.by_method) > 1 and Method.JOINT in scores.by_method:
        parts += ["## Joint minus each, in pairs", _format_differences(scores)]
    for measure in scores.measures():
        parts += [f"## {MEASURES[measure]} by class", format_by_class(scores, measure)]
    if PRINTED.get(scores.set_name):
        parts.append(
            "Columns marked *printed* are figures of the papers named, on the complete "
            "set; nothing in them was measured here."
        )
    remarks = [f"- {note}" for note in notes]
    parts += ["\n".join(remarks)] if remarks else []
    return "\n\n".join(parts) + "\n"


def format_overview(scores: Scores) -> str:
    """One row per method: means with intervals, and the seconds an image."""
    measures = scores.measures()
    rows = [["", *(MEASURES[measure] for measure in measures), "s/image"]]
    for method, classes in scores.by_method.items():
        cells = [mean_interval(classes.values(), measure) for measure in measures]
        seconds = _mean_seconds(classes.values())
        rows.append([RECIPES[method].title, *map(_format_interval, cells), seconds])
    return format_markdown_table(rows)


def format_by_class(scores: Scores, measure: str) -> str:
    """One row per class, one column per method and per printed source, as papers do."""
    printed = [each for each in PRINTED.get(scores.set_name, ()) if each.measure == measure]
    titles = [RECIPES[method].title for method in scores.by_method]
    rows = [["", *titles, *(f"{each.source} *(printed)*" for each in printed)]]
    for name in scores.classes:
        cells = [
            _format_number(_mean(classes[name], measure))
            for classes in scores.by_method.values()
        ]
        rows.append([name, *cells, *[NONE] * len(printed)])
    means = [
        mean_interval(classes.values(), measure) for classes in scores.by_method.values()
    ]
    cells = [_format_number(None if mean is None else mean.mean) for mean in means]
    rows.append([MEAN, *cells, *(_format_number(each.value) for each in printed)])
    return format_markdown_table(rows)


def _format_differences(scores: Scores) -> str:
    measures = scores.measures()
    joint = scores.by_method[Method.JOINT]
    rows = [["", *(MEASURES[measure] for measure in measures)]]
    for method, classes in scores.by_method.items():
        if method is not Method.JOINT:
            found = [difference_interval(joint, classes, each) for each in measures]
            cells = [_format_interval(each, signed=True) for each in found]
            rows.append([RECIPES[method].title, *cells])
    return format_markdown_table(rows)


def format_scores(scores: Scores) -> str:
    """Every mean as a row: by class, over classes, and what was printed."""
    rows: list[Sequence[Any]] = [COLUMNS]
    for method, classes in scores.by_method.items():
        groups = {name: [score] for name, score in classes.items()}
        for name, group in {**groups, MEAN: list(classes.values())}.items():
            for measure, title in MEASURES.items():
                found = mean_interval(group, measure)
                if found is not None:
                    count = sum(len(score.values(measure)) for score in group)
                    numbers = [f"{value:.2f}" for value in found]
                    row = [scores.set_name, name, method.value, title, *numbers, count]
                    rows.append([*row, "measured"])
    for each in PRINTED.get(scores.set_name, ()):
        row = [scores.set_name, MEAN, each.source, MEASURES[each.measure]]
        rows.append([*row, f"{each.value:.2f}", "", "", "", "printed"])
    return format_csv(rows)


def _count_images(scores: Scores) -> int:
    classes = next(iter(scores.by_method.values()), {})
    return sum(len(score.images) for score in classes.values())


def _mean(score: ClassScore, measure: str) -> float | None:
    values = list(score.values(measure).values())
    return float(np.mean(values)) if values else None


def _mean_seconds(classes: Iterable[ClassScore]) -> str:
    known = [score.seconds for score in classes]
    values = [seconds for seconds in known if seconds is not None]
    return f"{np.mean(values):.2f}" if len(values) == len(known) else NONE


def _format_number(value: float | None) -> str:
    return NONE if value is None else f"{value:.1f}"


def _format_interval(found: Interval | None, *, signed: bool = False) -> str:
    if found is None:
        return NONE
    form = "+.1f" if signed else ".1f"
    return f"{found.mean:{form}} [{found.low:{form}}, {found.high:{form}}]"
