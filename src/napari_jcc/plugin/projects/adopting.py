"""A session goes on with a project whose layers are in the viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image, Layer
from napari.utils.notifications import show_warning

from napari_jcc.collection import ImageCollection
from napari_jcc.config import PRESETS, JccConfig
from napari_jcc.interaction import Edits, ReopenedCorrector
from napari_jcc.interaction.reopened import Rerun
from napari_jcc.pipeline import Cache, FinishedRun, Run
from napari_jcc.plugin.projects.opened import OPENED_KEY, Opened
from napari_jcc.plugin.shown import Answer, ShownResult
from napari_jcc.plugin.truth import TruthChoice
from napari_jcc.progress import Progress
from napari_jcc.project import Project
from napari_jcc.results import ImageResult

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session

_ROUNDING = 0.006
"""Pixels by which a box written with two decimals may differ from the same in memory."""


def find_opened(layers: Iterable[Layer]) -> Opened | None:
    """Find the project opened last whose layers are all there; None where there is none."""
    counts: dict[Opened, int] = {}
    for layer in layers:
        opened = layer.metadata.get(OPENED_KEY)
        if isinstance(opened, Opened):
            counts[opened] = counts.pop(opened, 0) + 1
    whole = [opened for opened, count in counts.items() if count == opened.layer_count]
    return whole[-1] if whole else None


def adopt(session: Session, opened: Opened) -> int:
    """Go on with a project whose layers are in the viewer.

    Settings, result, edits and statuses of the project become those of the session. What
    was drawn on the same images and is not in the project can be redone; what was drawn
    on others stays.

    Returns
    -------
    int
        Number of entries of the journal that can be redone only.
    """
    project = opened.project
    if session.corrections is not None:
        session.corrections.stop()
        session.corrections = None
    edits, dropped = _replace_edits(session.edits, project)
    session.set_edits(edits)
    session.set_statuses(
        {image.key: project.statuses.get(image.name, "machine") for image in project.inputs}
    )
    preset = project.preset if project.preset in PRESETS else session.preset
    session.set_settings(project.config, preset)
    own = [
        layer for layer in session.viewer.layers if layer.metadata.get(OPENED_KEY) is opened
    ]
    images = tuple(layer for layer in own if isinstance(layer, Image))
    session.all_opened.append(opened)
    if images:
        session.choose(images)
    if opened.answer is not None:
        others = [layer for layer in own if layer not in images]
        _show(session, opened, opened.answer, images, others)
    session.set_truth(TruthChoice(folder=Path(project.truth)) if project.truth else None)
    return dropped


def _show(
    session: Session,
    opened: Opened,
    answer: Answer,
    images: tuple[Layer, ...],
    others: Sequence[Layer],
) -> None:
    """Make the layers of a project those of a shown result that can be corrected."""
    result = opened.project.result
    stored = {} if result is None else {image.name: image for image in result.images}
    machine = [stored[image.name] for image in answer.result.images]
    rerun: Rerun | None = None
    if opened.collection is not None:
        config = answer.result.config
        collection = answer.collection.with_config(config.collection)
        rerun = partial(_rerun, collection, config, session.cache())
        if opened.folder is not None:
            rerun = partial(_rerun_same, rerun, machine)
    keys = opened.keys()
    corrector = ReopenedCorrector(machine, keys, opened.project.edits, rerun)
    corrector.update(session.edits)
    shown = ShownResult(session.viewer)
    shown.take_over(replace(answer, corrector=corrector), others)
    session.set_shown(images, shown)
    session.watch(shown, corrector)


def _rerun(
    collection: ImageCollection, config: JccConfig, cache: Cache, progress: Progress
) -> FinishedRun:
    return Run(collection, config, cache=cache, progress=progress).finish()


def _rerun_same(
    rerun: Callable[[Progress], FinishedRun],
    saved: Sequence[ImageResult],
    progress: Progress,
) -> FinishedRun | None:
    """Repeat the run of a saved result; None where that was corrected before it was saved.

    No corrections are saved beside them, so that learning from a stroke would replace them
    by what the run finds.
    """
    finished = rerun(progress)
    found = finished.result.images
    if len(found) == len(saved) and all(map(_is_same, found, saved)):
        return finished
    show_warning(
        "A run by the saved settings finds other masks or boxes than the folder holds: "
        "they were corrected before they were saved, or program or images have changed. "
        "So that nothing is lost, what you draw changes nothing else until you press Run."
    )
    return None


def _is_same(found: ImageResult, saved: ImageResult) -> bool:
    boxes = found.boxes, saved.boxes
    is_near = len(boxes[0]) == len(boxes[1]) and np.allclose(*boxes, rtol=0, atol=_ROUNDING)
    return is_near and np.array_equal(found.labels, saved.labels)


def _replace_edits(edits: Edits, project: Project) -> tuple[Edits, int]:
    """Edits of a project in place of those on the same images, which can be redone."""
    keys = {image.key for image in project.inputs}
    stored = set(project.edits.entries) | set(project.edits.undone)
    elsewhere = [e for e in edits.entries if e.key not in keys and e not in stored]
    dropped = [e for e in edits.entries if e.key in keys and e not in stored]
    undone = [e for e in edits.undone if e not in stored]
    # The next to redo is the last; of what was dropped, that is the oldest.
    redo = (*project.edits.undone, *undone, *reversed(dropped))
    return Edits((*elsewhere, *project.edits.entries), redo), len(dropped)
