"""What matching a set gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from napari_jcc._types import MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig
from napari_jcc.matching.outputs.doubts import describe_doubts
from napari_jcc.matching.outputs.set_matcher import SetMatcher
from napari_jcc.matching.pair import Correspondences, PairResult
from napari_jcc.progress import Progress


@dataclass(frozen=True)
class MatchResult:
    """The matched pairs of a set, and the masks if the matcher finds any.

    Attributes
    ----------
    names
        Names of the images.
    pairs
        In the order asked for.
    masks : N arrays (H, W) bool, or None
        The object in every image.
    config
        All settings.
    origin
        What matched: ``method``, and where from; JSON values.
    skipped
        Files that are left out, with the reason.
    """

    names: tuple[str, ...]
    pairs: Sequence[PairResult]
    masks: Sequence[MaskArray] | None
    config: MatchConfig
    origin: Mapping[str, Any]
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        """What the user should know about the result, in words."""
        notes = [describe_doubts(self.names, self.pairs)]
        empty = sum(not mask.any() for mask in self.masks or ())
        if empty:
            notes.append(f"{empty} of {len(self.names)} masks are empty.")
        return [note for note in notes if note]

    def correspondences(self, pair: PairResult) -> Correspondences:
        """Points of a pair that are matched, in the masks where there are any.

        A mask without a single pixel says nothing, and is passed over.
        """
        masks = None
        if self.masks is not None:
            both = self.masks[pair.source], self.masks[pair.target]
            masks = both if both[0].any() and both[1].any() else None
        return pair.correspondences(self.config.matching.points, masks)


def match_collection(
    matcher: SetMatcher,
    collection: ImageCollection,
    pairs: Sequence[tuple[int, int]],
    progress: Progress | None = None,
) -> MatchResult:
    """Match pairs of a set, and find the object in every image if the matcher can.

    Parameters
    ----------
    matcher
        See `open_set_matcher`.
    collection
        The images.
    pairs
        Source and target of every pair, as places in the collection; see `choose_pairs`.
    progress
        Told of every pair; cancels.

    Raises
    ------
    InputError
        If an image cannot be read.
    WeightsError
        If the encoder cannot be had or used.
    Cancelled
        If the progress was cancelled.
    """
    progress = progress or Progress()
    matched = list(matcher.match(collection, pairs, progress))
    masks = matcher.masks(collection, progress)
    return MatchResult(
        collection.names, matched, masks, matcher.config, matcher.origin, collection.skipped
    )
