"""Matches the images of a collection by a trained network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from napari_jcc._types import Float32Array, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, MatchingConfig
from napari_jcc.device import choose_device
from napari_jcc.errors import ConfigError, InputError
from napari_jcc.matching.inference.blending import blend
from napari_jcc.matching.inference.describe import Described, ImageDescriber
from napari_jcc.matching.inference.instances import LEAST_SCALE
from napari_jcc.matching.inference.pooling import pool_mask
from napari_jcc.matching.inference.transform_finder import TransformFinder
from napari_jcc.matching.inference.transform_pair import judge_transforms
from napari_jcc.matching.match_graph import MatchGraph, UncertainPair
from napari_jcc.matching.network import MaCoSNet
from napari_jcc.matching.network.checkpoint import Checkpoint
from napari_jcc.matching.pair import PairResult
from napari_jcc.matching.refinement import NETWORK_REACH
from napari_jcc.progress import Progress, as_progress


class Matcher:
    """Transformations, correspondences and masks of images by a trained network.

    Parameters
    ----------
    network
        The network, with its weights.
    config
        Settings that the network was trained with.
    settings
        Settings of its use; None: those in `config`.
    has_masks
        Whether its decoder was trained.
    reach
        Tolerance of the first fit of the refinement, in halves of the image side.

    Attributes
    ----------
    config : MatchConfig
        Settings that it was trained with.
    settings : MatchingConfig
        How it is used.
    has_masks : bool
        Whether it can segment.
    """

    def __init__(
        self,
        network: MaCoSNet,
        config: MatchConfig,
        settings: MatchingConfig | None = None,
        *,
        has_masks: bool,
        reach: float = NETWORK_REACH,
    ) -> None:
        self.network = network.eval()
        self.config = config
        self.settings: MatchingConfig = settings or config.matching
        self.has_masks = has_masks
        self._finder = TransformFinder(self.network, self.settings, reach)
        self._describer = ImageDescriber(network)
        self._described: tuple[ImageCollection, float, Described] | None = None

    @classmethod
    def from_checkpoint(
        cls,
        saved: Checkpoint,
        device: str = "auto",
        encoder: str | None = None,
        settings: MatchingConfig | None = None,
    ) -> Matcher:
        """Build the network of a checkpoint.

        Parameters
        ----------
        saved
            See `Checkpoint.load`.
        device
            auto, cpu, cuda or mps.
        encoder
            Path of the encoder, if its file has moved.
        settings
            Settings of its use; None: those it was trained with.

        Raises
        ------
        WeightsError
            If the encoder cannot be had, or is not the one trained on.
        ConfigError
            If the device is not there.
        """
        network = saved.build(choose_device(device), encoder)
        has_masks = bool(saved.provenance.get("masks"))
        return cls(network, saved.config, settings, has_masks=has_masks)

    def describe(self, collection: ImageCollection, progress: Progress) -> Described:
        """Compute the feature maps of all images, once per collection.

        Raises
        ------
        InputError
            If an image cannot be read.
        Cancelled
            If the progress was cancelled.
        """
        detail = self.settings.refinement_scale if self._finder.refines else 1.0
        if self.settings.instances != 1:
            detail = max(detail, LEAST_SCALE)
        known = self._described
        if known is None or known[0] is not collection or known[1] != detail:
            found = self._describer.describe(collection, detail, progress)
            self._described = known = collection, detail, found
        return known[2]

    def match(
        self,
        collection: ImageCollection,
        pairs: Iterable[tuple[int, int]],
        progress: Progress | None = None,
    ) -> list[PairResult]:
        """Match pairs of images, given as indices of source and target.

        Parameters
        ----------
        collection
            The images; their feature maps are computed once, also over several calls.
        pairs
            Source and target of every pair.
        progress
            Told of every pair.

        Raises
        ------
        InputError
            If an index is not in the collection, or an image cannot be read.
        Cancelled
            If the progress was cancelled.
        """
        pairs = list(pairs)
        _check_places(collection, [place for pair in pairs for place in pair])
        progress = as_progress(progress)
        described = self.describe(collection, progress)
        progress.start("Matching", len(pairs))
        found = []
        for source, target in pairs:
            sizes = collection.shape(source), collection.shape(target)
            proposals = self._finder.find(described, source, target)
            for instance, found_pair in enumerate(proposals, 1):
                pair = judge_transforms(
                    (source, target), sizes, found_pair, self.settings.tolerance, instance
                )
                found.append(pair)
            progress.advance()
        return found

    def rematch(
        self,
        collection: ImageCollection,
        uncertain: Sequence[UncertainPair],
        consensus: MatchGraph,
        progress: Progress | None = None,
    ) -> list[PairResult]:
        """Refine pairs again, on descriptors averaged over several images (see `blend`).

        Without refinement the pairs stay as they are.

        Parameters
        ----------
        collection
            The images.
        uncertain
            The pairs, and the images to average with.
        consensus
            Matches of the images of the pairs with those images.
        progress
            Told of every pair.

        Raises
        ------
        InputError, Cancelled
            As `match`.
        """
        if not self._finder.refines:
            return [part.pair for part in uncertain]
        progress = as_progress(progress)
        described = self.describe(collection, progress)
        progress.start("Matching again", len(uncertain))
        found = []
        for part in uncertain:
            source, target = part.pair.source, part.pair.target
            ours, theirs = (
                blend(described, place, part, consensus) for place in (source, target)
            )
            transforms = self._finder.find_by(described, source, target, ours, theirs)
            sizes, tolerance = part.pair.sizes, self.settings.tolerance
            found.append(
                judge_transforms((source, target), sizes, transforms, tolerance, 1)
            )
            progress.advance()
        return found

    def probabilities(
        self, collection: ImageCollection, progress: Progress | None = None
    ) -> list[Float32Array]:
        """Probability of every pixel to be object, pooled from an image's pairs.

        Every image is matched with the `partners` images most alike; the masks of these
        pairs are averaged, weighted by the correlation's share of energy that the
        transformation explains.

        Returns
        -------
        probabilities : N arrays (H, W) float32

        Raises
        ------
        ConfigError
            If the network's decoder was not trained.
        InputError
            If there is only one image.
        Cancelled
            If the progress was cancelled.
        """
        self._require_masks(collection)
        progress = as_progress(progress)
        described = self.describe(collection, progress)
        progress.start("Masks", len(collection))
        pooled = []
        for target in range(len(collection)):
            probability = pool_mask(self.network, described, target, self.settings.partners)
            height, width = collection.shape(target)
            pooled.append(cv2.resize(probability, (width, height)))
            progress.advance()
        return [np.clip(values, 0, 1) for values in pooled]

    def masks(
        self, collection: ImageCollection, progress: Progress | None = None
    ) -> list[MaskArray]:
        """Masks (H, W) bool of all images: `probabilities` above the threshold.

        Raises
        ------
        ConfigError, InputError, Cancelled
            As `probabilities`.
        """
        return [
            values > self.settings.threshold
            for values in self.probabilities(collection, progress)
        ]

    def _require_masks(self, collection: ImageCollection) -> None:
        if not self.has_masks:
            raise ConfigError(
                "The checkpoint's network was trained for transformations only and has no "
                "masks. Train it with training.epochs above 0 and losses.use_segmentation."
            )
        if len(collection) < 2:
            raise InputError(
                "The mask of an image comes from comparing it with others, but there is "
                "only one. Add images of the same kind of object."
            )


def _check_places(collection: ImageCollection, places: Sequence[int]) -> None:
    wrong = [place for place in places if not 0 <= place < len(collection)]
    if wrong:
        raise InputError(
            f"There is no image number {wrong[0]}: the collection has {len(collection)}, "
            "counted from 0. Correct the pairs."
        )
