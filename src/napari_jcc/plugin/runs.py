"""What the window asks for, done in a worker thread without touching a widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari.layers import Layer
from numpy.typing import NDArray

from napari_jcc.collection import describe_skipped
from napari_jcc.config import JccConfig
from napari_jcc.interaction import Corrector, Edits
from napari_jcc.pipeline import Cache, Run
from napari_jcc.plugin.layers import LayerData, mask_stack, to_layers
from napari_jcc.plugin.notices import name_controls
from napari_jcc.plugin.shown import Answer
from napari_jcc.plugin.source import Source, find_inputs, find_source
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.plugin.summary import summarise
from napari_jcc.progress import Progress

if TYPE_CHECKING:
    from napari.layers import Image

_MOST_NOTES = 5


@dataclass(frozen=True)
class Outcome:
    """What a run hands to the GUI thread: everything large is built already.

    Attributes
    ----------
    source
        What the run worked on.
    answer
        Its result, with the images and slices that the result is about.
    layers
        Layers to show, in order; in no viewer yet. Those of lazy data are layer data, to
        be created in the GUI thread.
    stack
        Data of a layer to add under them, when the images have no common layer yet.
    masks
        What the mask layer shows until somebody draws on it, as an array of its own.
    """

    source: Source
    answer: Answer
    layers: list[Layer | LayerData]
    stack: LayerData | None
    masks: NDArray[Any]


def run(
    chosen: Sequence[Image],
    config: JccConfig,
    cache: Cache,
    edits: Edits,
    former: Answer | None,
    progress: Progress,
) -> Outcome:
    """Co-segment the images of the chosen layers.

    Parameters
    ----------
    chosen
        Image layers; read here, never changed.
    config
        All settings.
    cache
        Finished stages of former runs.
    edits
        What the user drew on these images so far; obeyed, and taught to all.
    former
        What was shown of these images before. By the same settings, images that were
        drawn on stay as they were answered.
    progress
        Told every step; raises when the user cancels.

    Raises
    ------
    JccError
        If the images cannot be used, the problem cannot be solved, or on cancel.
    """
    source = find_source(chosen, config.collection)
    finished = Run(source.collection, config, cache=cache, progress=progress).finish()
    held = None
    if former is not None and former.corrector is not None:
        held = former.corrector.held if former.result.config == config else None
    corrector = Corrector(finished, edits, held=held)
    if corrector.edited:
        corrector.settle(progress)
    answer = _place(corrector, source)
    progress.start("Layers", 1)
    prefix = f"{source.name} "
    data = to_layers(answer.result, answer.placement, answer.collection, prefix)
    # Not the lazy ones: napari's cache for them is shared by all threads and breaks.
    layers = [parts if parts[2] == "image" else Layer.create(*parts) for parts in data]
    stack = None
    if source.needs_stack:
        stack = stack_layer(source.collection, source.name, find_inputs(chosen))
    masks = mask_stack(answer.result, answer.placement)
    outcome = Outcome(source, answer, layers, stack, masks)
    progress.advance()
    return outcome


def _place(corrector: Corrector, source: Source) -> Answer:
    """Find the slices of the images that a result is about; a run may leave some out."""
    result = corrector.result
    slots = {name: i for i, name in enumerate(source.collection.names)}
    indices = [slots[image.name] for image in result.images]
    collection, placement = source.collection, source.placement
    if indices != list(range(len(collection))):
        collection, placement = collection.select(indices), placement.select(indices)
    chosen, summary = source.collection, summarise(result)
    return Answer(result, collection, placement, corrector, chosen, summary)


def describe_notes(answer: Answer) -> list[str]:
    """List what the user should look at and was not told of when the images were opened."""
    known = answer.chosen.skipped
    skipped = {
        path: why for path, why in answer.result.skipped.items() if path not in known
    }
    notes = [f"Left out: {line}" for line in describe_skipped(skipped)]
    notes += answer.result.warnings
    notes = list(map(name_controls, notes))
    more = len(notes) - _MOST_NOTES
    return notes[:_MOST_NOTES] + ([f"and {more} more"] if more > 0 else [])
