"""Matching the chosen images, done in a worker thread without touching a widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_jcc._types import Float32Array, FloatArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import CollectionConfig, MatchConfig, apply_overrides
from napari_jcc.errors import InputError
from napari_jcc.matching.baselines import PointMap
from napari_jcc.matching.outputs import (
    Correspondences,
    MatchResult,
    SetMatcher,
    choose_pairs,
    match_collection,
    match_command,
    open_set_matcher,
    write_matches,
)
from napari_jcc.plugin.matching.choice import MatcherChoice
from napari_jcc.plugin.source import Source, find_inputs, find_source
from napari_jcc.progress import Progress

if TYPE_CHECKING:
    from napari.layers import Image

GRID = 128
"""A way between images is kept at so many points along either side, and interpolated."""


@dataclass(frozen=True)
class MatchRequest:
    """What is to be matched, and by what.

    Attributes
    ----------
    target
        Name of the image that others are matched to: the template.
    source
        Name of the one other image; empty for all others.
    choice
        What matches.
    through
        Number of other images that are asked; see ``matching.through``.
    """

    target: str
    source: str
    choice: MatcherChoice
    through: int

    def adapt(self, config: MatchConfig) -> MatchConfig:
        """Make the settings of a run of those that the matcher starts from."""
        # Of one pair there are no others; said so that its command asks for none either.
        through = 0 if self.source else self.through
        return apply_overrides(self.choice.adapt(config), {"matching.through": through})


@dataclass(frozen=True)
class Matched:
    """Matched pairs, and all that is needed to draw them without the matcher.

    Attributes
    ----------
    source
        Images, and where they lie in the viewer.
    inputs
        Files and folders for the command line; empty if not all images are in such.
    template
        What the command line calls the image that others are matched to.
    matcher
        What matched.
    result
        Pairs and masks.
    points
        Points that belong together, of every pair.
    ways
        By source and target: where in the source a grid of target points lies, see
        `sample_way`. Both directions of every pair.
    """

    source: Source
    inputs: tuple[str, ...]
    template: str
    matcher: SetMatcher
    result: MatchResult
    points: Sequence[Correspondences]
    ways: Mapping[tuple[int, int], Float32Array]

    def command(self, out: str | Path = "matches") -> str:
        """Command that does the same; empty when the images are in no file."""
        if not self.inputs:
            return ""
        return match_command(self.inputs, out, self.matcher, f"template:{self.template}")


def match_images(
    layers: Sequence[Image], request: MatchRequest, progress: Progress
) -> Matched:
    """Match the images of the chosen layers, which are read here and never changed.

    Raises
    ------
    JccError
        If the images, or the matcher, cannot be used, or on cancel.
    """
    matcher = open_set_matcher(request.choice.network, request.adapt)
    source = find_source(layers, matcher.config.collection)
    names = source.collection.names
    pairs = choose_pairs(names, f"template:{request.target}")
    if request.source:
        pairs = [pair for pair in pairs if names[pair[0]] == request.source]
    result = match_collection(matcher, source.collection, pairs, progress)
    progress.start("Drawing", len(result.pairs))
    points, ways = [], {}
    for pair in result.pairs:
        points.append(result.correspondences(pair))
        if pair.instance == 1:
            ways[pair.source, pair.target] = sample_way(pair.to_source, pair.sizes[1])
            ways[pair.target, pair.source] = sample_way(pair.to_target, pair.sizes[0])
        progress.advance()
    only = pairs[0] if request.source else None
    inputs, template = _find_words(layers, source.collection, pairs[0][1], only)
    return Matched(source, inputs, template, matcher, result, points, ways)


def _find_words(
    layers: Sequence[Image],
    collection: ImageCollection,
    target: int,
    only: tuple[int, int] | None,
) -> tuple[tuple[str, ...], str]:
    """Files and folders for the command line, and what it calls the image `target`.

    It names images by their files, whatever layers are called. Only those of one pair where
    no other is matched; nothing where the command line finds other images in the files.
    """
    inputs = find_inputs(layers)
    try:
        whole = ImageCollection.from_paths(inputs, config=collection.config)
        if len(whole) != len(collection):
            return (), ""
        files = tuple(whole.location(place) for place in sorted(only or (target, target)))
        two = ImageCollection.from_paths(files, config=collection.config)
    except InputError:
        return (), ""
    # Pages of one file cannot be named apart: then all are matched to the target.
    if only is not None and len(two) == 2 and files[0] != files[1]:
        return files, two.names[sorted(only).index(target)]
    return inputs, whole.names[target]


def list_names(layers: Sequence[Image]) -> tuple[str, ...]:
    """Names of the images of some layers.

    Raises
    ------
    InputError
        If the layers are no set of images.
    """
    return find_source(layers, CollectionConfig()).collection.names


def save_matches(
    matched: Matched, out: str | Path, overwrite: bool, progress: Progress
) -> Path:
    """Write a matched set; see `write_matches`."""
    return write_matches(
        matched.result,
        matched.source.collection,
        out,
        overwrite=overwrite,
        command=matched.command(out) or None,
        progress=progress,
    )


def sample_way(transfer: PointMap, size: tuple[int, int]) -> Float32Array:
    """Where a map of points leads from a grid over an image, (R, C, 2) float32.

    The grid reaches from the centre of the first pixel to that of the last, so that
    resizing with aligned corners gives the place of every pixel. It has every pixel of
    small images.
    """
    rows, columns = (min(length, GRID) for length in size)
    y, x = np.linspace(0, size[0] - 1, rows), np.linspace(0, size[1] - 1, columns)
    points: FloatArray = np.stack(np.meshgrid(x, y), axis=-1)
    places = transfer(points.reshape(-1, 2)).reshape(rows, columns, 2)
    return np.asarray(places, dtype=np.float32)


def as_table(matched: Matched) -> list[tuple[str, float, float, float]]:
    """List source, confidence, inlier share and cycle error of every pair."""
    names = matched.result.names
    return [
        (
            names[pair.source],
            pair.confidence,
            pair.inlier_share,
            pair.cycle_error,
        )
        for pair in matched.result.pairs
    ]
