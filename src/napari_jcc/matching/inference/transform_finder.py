"""Transformations between two images, predicted by a network and refined."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_jcc.config import MatchingConfig
from napari_jcc.matching.inference.describe import Described
from napari_jcc.matching.inference.instances import propose_instances
from napari_jcc.matching.inference.transform_pair import TransformPair
from napari_jcc.matching.network import MaCoSNet, Pyramid, Transform
from napari_jcc.matching.refinement import refine

INSTANCE_REACH = 0.12
"""Tolerance of the first fit of an instance, in halves of the image side."""


class TransformFinder:
    """Finds the transformations from one image to another and back.

    Parameters
    ----------
    network
        The network, with its weights.
    settings
        Settings of its use.
    reach
        Tolerance of the first fit of the refinement, in halves of the image side.
    """

    def __init__(self, network: MaCoSNet, settings: MatchingConfig, reach: float) -> None:
        self._network = network
        self._settings = settings
        self._reach = reach

    @property
    def refines(self) -> bool:
        """Whether predictions are refined."""
        return self._settings.refinement == "local"

    def find(self, described: Described, source: int, target: int) -> list[TransformPair]:
        """Find the transformations between two images, as many as the settings ask for."""
        ours, theirs = described.detail(source), described.detail(target)
        if self._settings.instances == 1:
            return [self.find_by(described, source, target, ours, theirs)]
        with torch.no_grad():
            correlation = described.match(self._network, source, target).correlation
            proposed = propose_instances(
                ours.features, theirs.features, self._settings.instances
            )
            return [
                TransformPair(
                    self._refine(ours, theirs, there, INSTANCE_REACH),
                    self._refine(theirs, ours, back, INSTANCE_REACH),
                    correlation,
                )
                for there, back in proposed
            ]

    def find_by(
        self,
        described: Described,
        source: int,
        target: int,
        ours: Pyramid,
        theirs: Pyramid,
    ) -> TransformPair:
        """Predict both transformations, and refine them on the given maps.

        Parameters
        ----------
        described
            The images.
        source, target
            Their indices.
        ours, theirs
            Maps of source and target that the refinement compares.
        """
        there, correlation = self._transform(described, source, target, ours, theirs)
        back, _ = self._transform(described, target, source, theirs, ours)
        return TransformPair(there, back, correlation)

    def _transform(
        self,
        described: Described,
        source: int,
        target: int,
        ours: Pyramid,
        theirs: Pyramid,
    ) -> tuple[Transform, Tensor]:
        """From target points to source points, and the correlation at target cells."""
        with torch.no_grad():
            match = described.match(self._network, source, target)
            transform = self._refine(ours, theirs, match.transform, self._reach)
        return transform, match.correlation

    def _refine(
        self, source: Pyramid, target: Pyramid, transform: Transform, reach: float
    ) -> Transform:
        if not self.refines:
            return transform
        detail = self._settings.refinement_detail
        return refine(source, target, transform, reach, detail)
