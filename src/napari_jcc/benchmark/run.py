"""A whole benchmark: predictions, scores, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_jcc.atomic import replace_files
from napari_jcc.benchmark.methods import Method, find_same
from napari_jcc.benchmark.predictions import BenchmarkCache, Prediction, predict
from napari_jcc.benchmark.scores import ClassScore, score
from napari_jcc.benchmark.sets import LabelledClass, find_layout
from napari_jcc.benchmark.tables import Scores, format_markdown, format_scores
from napari_jcc.config import JccConfig, closest_preset, format_changes, get_preset
from napari_jcc.progress import Progress
from napari_jcc.tables import encode_csv

MARKDOWN, CSV = "tables.md", "tables.csv"


def describe_settings(config: JccConfig) -> str:
    """Name the nearest preset and what differs from it, where and how it runs aside."""
    name = closest_preset(config)
    words = format_changes(config, get_preset(name), ignored=("runtime.",))
    return f"settings: preset {name}" + (f" with {' '.join(words)}" if words else "")


@dataclass(frozen=True)
class Benchmark:
    """What is compared on what.

    Attributes
    ----------
    set_name
        One of `napari_jcc.benchmark.SETS`.
    classes
        Images and how their truth is read.
    methods
        What is compared.
    config
        Settings of the joint program.
    out
        Folder for predictions, scores and tables.
    cache_folder
        Where finished stages are kept between sessions; None: in memory, class by class.
    timed
        Let methods share nothing, so that the seconds of each are those of all stages.
    """

    set_name: str
    classes: Sequence[LabelledClass]
    methods: Sequence[Method]
    config: JccConfig
    out: Path
    cache_folder: Path | None = None
    timed: bool = False

    def run(self, progress: Progress | None = None) -> tuple[Scores, tuple[str, ...]]:
        """Predict, score and write the tables; what is there already is not done again.

        Returns
        -------
        scores
            Also in ``tables.md`` and ``tables.csv``.
        notes
            What should be known of them: methods left out, settings not followed.

        Raises
        ------
        JccError
            If the truth cannot be read, a run fails, or files cannot be written. What was
            finished before stays, and the same call goes on from there.
        """
        same = find_same(self.methods, self.config)
        methods = [method for method in self.methods if method not in same]
        found: dict[Method, dict[str, ClassScore]] = {method: {} for method in methods}
        left_out = (
            f"{later}: left out, the same as {earlier} under these settings"
            for later, earlier in same.items()
        )
        notes = dict.fromkeys([describe_settings(self.config), *left_out])
        for labelled in self.classes:
            for method, prediction in self._predict(labelled, methods, progress).items():
                found[method][labelled.name] = score(labelled, method, prediction, self.out)
                notes.update(dict.fromkeys(prediction.notes))
        scores = Scores(self.set_name, find_layout(self.set_name).title, found)
        markdown, table = format_markdown(scores, notes), format_scores(scores)
        replace_files(self.out, {MARKDOWN: markdown.encode(), CSV: encode_csv(table)})
        return scores, tuple(notes)

    def _predict(
        self,
        labelled: LabelledClass,
        methods: Sequence[Method],
        progress: Progress | None,
    ) -> dict[Method, Prediction]:
        shared = BenchmarkCache(self.cache_folder)
        return {
            method: predict(
                labelled,
                method,
                self.config,
                self.out,
                cache=None if self.timed else shared,
                progress=progress,
            )
            for method in methods
        }
