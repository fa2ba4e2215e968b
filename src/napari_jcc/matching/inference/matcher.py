"""A trained network at work on a collection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from napari_jcc._types import Float32Array, ImageArray, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, MatchingConfig
from napari_jcc.device import choose_device
from napari_jcc.errors import ConfigError, InputError
from napari_jcc.matching.inference.agreement import explained_share
from napari_jcc.matching.inference.describe import Described, ImageDescriber
from napari_jcc.matching.inference.pair import MatchedPair
from napari_jcc.matching.inference.pooling import pool_mask
from napari_jcc.matching.network import MaCoSNet, Transform, sampling_grid, warp
from napari_jcc.matching.network.transforms import inverse_error, pixel_centres
from napari_jcc.matching.refinement import NETWORK_REACH, refine
from napari_jcc.matching.training.checkpoint import Checkpoint
from napari_jcc.progress import Progress

GRID_POINTS = 20
"""Points along each side of the target that a pair is judged by."""


class Matcher:
    """Transformations, correspondences and masks of images by a trained network.

    Parameters
    ----------
    network
        The network, with its weights.
    config
        Settings that it was trained with.
    has_masks
        Whether its decoder was trained.
    reach
        How far from where the network leads the refinement looks first, in halves of the
        image side.

    Attributes
    ----------
    config : MatchConfig
        Settings that it was trained with.
    settings : MatchingConfig
        How it is used; may be replaced.
    has_masks : bool
        Whether it can segment.
    """

    def __init__(
        self,
        network: MaCoSNet,
        config: MatchConfig,
        *,
        has_masks: bool,
        reach: float = NETWORK_REACH,
    ) -> None:
        self.network = network.eval()
        self.config = config
        self.settings: MatchingConfig = config.matching
        self.has_masks = has_masks
        self._reach = reach
        self._describer = ImageDescriber(network)
        self._described: tuple[ImageCollection, float, Described] | None = None

    @classmethod
    def load(
        cls, checkpoint: str | Path, device: str = "auto", encoder: str | None = None
    ) -> Matcher:
        """Read a checkpoint of `train`.

        Parameters
        ----------
        checkpoint
            The file.
        device
            auto, cpu, cuda or mps.
        encoder
            Where the encoder is now, if it has moved since.

        Raises
        ------
        WeightsError
            If the checkpoint or its encoder cannot be had or do not fit.
        ConfigError
            If the device is not there.
        """
        found = Checkpoint.load(checkpoint)
        network = found.build(choose_device(device), encoder)
        return cls(network, found.config, has_masks=bool(found.provenance.get("masks")))

    def match(
        self,
        collection: ImageCollection,
        pairs: Iterable[tuple[int, int]],
        progress: Progress | None = None,
    ) -> list[MatchedPair]:
        """Match pairs of images, given as places of source and target.

        Parameters
        ----------
        collection
            The images; described once, also over several calls.
        pairs
            Source and target of every pair.
        progress
            Told of every pair.

        Raises
        ------
        InputError
            If a place is not in the collection, or an image cannot be read.
        Cancelled
            If the progress was cancelled.
        """
        pairs = list(pairs)
        _check_places(collection, [place for pair in pairs for place in pair])
        progress = progress or Progress()
        described = self._describe(collection, progress)
        progress.start("Matching", len(pairs))
        found = []
        for source, target in pairs:
            found.append(self._match(described, collection, source, target))
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
        progress = progress or Progress()
        described = self._describe(collection, progress)
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

    def warp_image(self, image: ImageArray, pair: MatchedPair) -> ImageArray:
        """Draw the source of a pair in the place of its target.

        Parameters
        ----------
        image : (H, W, 3) uint8
            The source.
        pair
            The pair.

        Returns
        -------
        warped : (H', W', 3) uint8
            Of the target's size; black beyond the source.
        """
        grid = sampling_grid(pair.forward, *pair.sizes[1])
        pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
        inside = (grid.abs() <= 1).all(dim=3)[0, ..., None]
        warped = warp(pixels, grid, "border")[0].permute(1, 2, 0).round() * inside
        return np.asarray(warped.numpy(), dtype=np.uint8)

    def _describe(self, collection: ImageCollection, progress: Progress) -> Described:
        detail = self.settings.refinement_scale if self._refines else 1.0
        known = self._described
        if known is None or known[0] is not collection or known[1] != detail:
            found = self._describer.describe(collection, detail, progress)
            self._described = known = collection, detail, found
        return known[2]

    @property
    def _refines(self) -> bool:
        return self.settings.refinement == "local"

    def _match(
        self, described: Described, collection: ImageCollection, source: int, target: int
    ) -> MatchedPair:
        forward, correlation = self._transform(described, source, target)
        backward, _ = self._transform(described, target, source)
        points = pixel_centres(GRID_POINTS, GRID_POINTS, forward.affine)
        error = inverse_error(forward, backward, points)[0] / 2
        inside = (forward(points).abs() <= 1).all(dim=2)[0]
        inlier = float(((error <= self.settings.tolerance) & inside).float().mean())
        return MatchedPair(
            source,
            target,
            (collection.shape(source), collection.shape(target)),
            theta_affine=_numpy(forward.affine),
            theta_tps=_numpy(forward.tps),
            back_affine=_numpy(backward.affine),
            back_tps=_numpy(backward.tps),
            cycle_error=float(error.mean()),
            inlier_share=inlier,
            confidence=inlier * explained_share(forward, correlation),
            tolerance=self.settings.tolerance,
        )

    def _transform(
        self, described: Described, source: int, target: int
    ) -> tuple[Transform, Tensor]:
        """From target points to source points, and the correlation at target cells."""
        with torch.no_grad():
            match = described.match(self.network, source, target)
            transform = match.transform
            if self._refines:
                ours, theirs = described.detail(source), described.detail(target)
                transform = refine(ours, theirs, transform, self._reach)
        return transform, match.correlation

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


def _numpy(theta: Tensor) -> Float32Array:
    return np.asarray(theta[0].cpu().numpy(), dtype=np.float32)


def _check_places(collection: ImageCollection, places: Sequence[int]) -> None:
    wrong = [place for place in places if not 0 <= place < len(collection)]
    if wrong:
        raise InputError(
            f"There is no image number {wrong[0]}: the collection has {len(collection)}, "
            "counted from 0. Correct the pairs."
        )
