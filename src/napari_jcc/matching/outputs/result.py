"""What matching a set gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from napari_jcc._types import MaskArray
from napari_jcc.config import MatchConfig
from napari_jcc.matching.odd_images import describe_odd_images, odd_images
from napari_jcc.matching.outputs.choice import find_pairs
from napari_jcc.matching.outputs.set_matcher import SetMatcher
from napari_jcc.matching.pair import Correspondences, PairResult
from napari_jcc.matching.turned_pair import describe_turns, list_turns
from napari_jcc.pipeline.segment import Images, as_collection
from napari_jcc.progress import Progress, as_progress
from napari_jcc.words import count_of, list_some

FEW_INLIERS = 0.15
"""Share of inliers of a pair that is as common between things of two kinds as less."""
MOST_NAMED = 5


def doubtful_images(pairs: Sequence[PairResult]) -> list[int]:
    """Places of images whose pairs have few inliers: their median is below `FEW_INLIERS`.

    Maps between images that show different things lead somewhere both ways, but seldom
    back to where they started. Further instances of a pair do not count.
    """
    shares = defaultdict(list)
    for pair in (pair for pair in pairs if pair.instance == 1):
        for place in (pair.source, pair.target):
            shares[place].append(pair.inlier_share)
    return sorted(place for place, found in shares.items() if median(found) < FEW_INLIERS)


def describe_doubts(names: Sequence[str], pairs: Sequence[PairResult]) -> str:
    """Say which images hardly match the others, and what to do; empty if all do."""
    doubtful = doubtful_images(pairs)
    if not doubtful:
        return ""
    matched = {place for pair in pairs for place in (pair.source, pair.target)}
    listed = list_some([names[place] for place in doubtful], MOST_NAMED)
    few = (
        f"{len(doubtful)} of {len(matched)} images hardly match the others: {listed}. In "
        f"half of their pairs or more, less than {FEW_INLIERS:.0%} of the points come back "
        "to where they started. "
    )
    if 2 * len(doubtful) > len(matched):
        return few + (
            "The images may have no object in common, or too different views of it. If "
            "they show one kind of object, try an encoder or another one."
        )
    return few + (
        "Look whether they show the same kind of object, the same way round, or leave them "
        "out."
    )


def describe_odd(
    names: Sequence[str], pairs: Sequence[PairResult], facing: str = "as_is"
) -> str:
    """Say which images agree far less with others than is usual, and what to do.

    Those that hardly match at all are left to `describe_doubts`.
    """
    matched = {place for pair in pairs for place in (pair.source, pair.target)}
    known = doubtful_images(pairs)
    odd = [names[place] for place in odd_images(pairs) if place not in known]
    return describe_odd_images(odd, len(matched), "leave them out", facing)


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

    def __repr__(self) -> str:
        """Say how many pairs of which images; maps and masks would fill a notebook."""
        pairs = count_of(len(self.pairs), "pair")
        return f"MatchResult({pairs} of {len(self.names)} images: {list_some(self.names)})"

    def names_of(self, pair: PairResult) -> tuple[str, str]:
        """Names of source and target of a pair."""
        return self.names[pair.source], self.names[pair.target]

    @property
    def notes(self) -> list[str]:
        """What the user should know about the result, in words."""
        notes = [
            describe_turns(list_turns(self.names, self.pairs)),
            describe_doubts(self.names, self.pairs),
            describe_odd(self.names, self.pairs, self.config.matching.facing),
        ]
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
    images: Images,
    pairs: str | Iterable[Sequence[int | str]] = "all",
    progress: Progress | None = None,
) -> MatchResult:
    """Match pairs of a set, and find the object in every image if the matcher can.

    Parameters
    ----------
    matcher
        See `open_set_matcher`.
    images
        As `segment` takes them: a folder, files, arrays, or an `ImageCollection`.
    pairs
        ``all``, ``template:NAME`` or a CSV file, as `choose_pairs` takes them; or source
        and target of every pair, each by name or place.
    progress
        Told of every pair; cancels.

    Raises
    ------
    InputError
        If an image cannot be read, or a pair names none.
    WeightsError
        If the encoder cannot be had or used.
    Cancelled
        If the progress was cancelled.
    """
    progress = as_progress(progress)
    collection = as_collection(images)
    chosen = find_pairs(collection.names, pairs)
    matched = list(matcher.match(collection, chosen, progress))
    masks = matcher.masks(collection, progress)
    return MatchResult(
        collection.names, matched, masks, matcher.config, matcher.origin, collection.skipped
    )
