"""A sweep in a worker thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from napari_jcc.config import JccConfig
from napari_jcc.pipeline import Cache
from napari_jcc.plugin.background.worker import QtProgress
from napari_jcc.plugin.source import find_inputs, find_source
from napari_jcc.plugin.truth import TruthChoice
from napari_jcc.progress import Progress
from napari_jcc.results import equivalent_command
from napari_jcc.sweep import Grid, Sweep, SweepTable
from napari_jcc.sweep.folder import describe_content


class SweepJob(QObject):
    """Tries settings on the images of some layers, which are read and never changed.

    Parameters
    ----------
    chosen
        Image layers.
    grid
        What is tried.
    cache
        Where stages are kept.
    truth
        What points are scored by.
    former
        The job before, whose points are taken over where images and settings are the same.

    Attributes
    ----------
    begun
        Signal with `Source` and `SweepTable`, which is filled from then on.
    advanced
        Signal when one more point is there.
    stages
        Tells of the stages of the points that are computed one at a time.
    """

    begun = Signal(object, object)
    advanced = Signal()

    def __init__(
        self,
        chosen: Sequence[Image],
        grid: Grid,
        cache: Cache,
        truth: TruthChoice | None = None,
        former: SweepJob | None = None,
    ) -> None:
        super().__init__()
        self._chosen = chosen
        self._grid = grid
        self._cache = cache
        self._former = former
        self._done: tuple[dict[str, str], SweepTable] | None = None
        self._read_truth = None if truth is None else truth.reader()
        self.stages = QtProgress()

    def run(self, progress: Progress) -> None:
        """Compute all points; to be called in a worker thread.

        Raises
        ------
        JccError
            If images or truth cannot be used. Finished points stay in the table.
        """
        config = self._grid.base
        source = find_source(self._chosen, config.collection)
        truth = None
        if self._read_truth is not None:
            truth = self._read_truth(source.collection, source.placement)
        content = describe_content(source.collection)
        sweep = Sweep(
            source.collection,
            config,
            self._grid,
            truth=truth,
            cache=self._cache,
            progress=progress,
            stages=self.stages,
            former=self._take_former(content),
            command=self._commander(),
        )
        self._done = content, sweep.table
        self.begun.emit(source, sweep.table)
        for _ in sweep:
            self.advanced.emit()

    def _take_former(self, content: dict[str, str]) -> SweepTable | None:
        """Points of the job before, and let go of it; None where it had other images."""
        former, self._former = self._former, None
        if former is None or former._done is None:
            return None
        known, table = former._done
        return table if known == content else None

    def _commander(self) -> Callable[[JccConfig, str], str] | None:
        """Return what writes the command of a point; None for images in no file."""
        inputs = find_inputs(self._chosen)
        if not inputs:
            return None
        return lambda config, key: equivalent_command(inputs, key, config)
