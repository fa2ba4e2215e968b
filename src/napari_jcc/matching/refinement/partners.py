"""Which cells of two images are likely to belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from napari_jcc.matching.network import Transform
from napari_jcc.matching.network.correlation import unit_length
from napari_jcc.matching.network.transforms import pixel_centres

TEMPERATURE = 0.05
"""Difference of cosine similarity that makes a partner e times as likely."""


class Expected(NamedTuple):
    """Points that belong together.

    Attributes
    ----------
    targets, sources : (B, p + q, 2)
        Of the target cells first, then of the source cells.
    mass : (B, p + q)
        Probability of having a partner there.
    """

    targets: Tensor
    sources: Tensor
    mass: Tensor


@dataclass(frozen=True)
class Partners:
    """Cells of source and target, and how likely they belong together.

    Attributes
    ----------
    chance : (B, p, q)
        Of target cell p and source cell q, in [0, 1].
    targets, sources : (B, p, 2), (B, q, 2)
        Centres of the cells.
    """

    chance: Tensor
    targets: Tensor
    sources: Tensor

    def expect(self, transform: Transform, tolerance: float) -> Expected:
        """Expect the partners of the cells of both images, near where a map leads.

        Every target cell expects its partner at the mean of its likely ones in the source,
        and every source cell at the mean of its likely ones in the target: what is unclear
        seen from one image can be clear seen from the other.
        """
        distance = torch.cdist(transform(self.targets), self.sources)
        near = self.chance * torch.exp(-distance.square() / (2 * tolerance**2))
        theirs, ours = (near.sum(dim=axis).clamp_min(1e-12) for axis in (2, 1))
        sources = near @ self.sources / theirs[..., None]
        targets = near.transpose(1, 2) @ self.targets / ours[..., None]
        return Expected(
            torch.cat([self.targets, targets], dim=1),
            torch.cat([sources, self.sources], dim=1),
            torch.cat([theirs, ours], dim=1),
        )


def find_partners(source: Tensor, target: Tensor) -> Partners:
    """Compare all cells of maps (B, D, h, w) of two images.

    The chance is the product of the softmaxes of the cosine similarity over the cells of
    either image. What all cells share is taken off before.
    """
    ours, theirs = unit_length(source), unit_length(target)
    shared = (ours.mean(dim=(2, 3)) + theirs.mean(dim=(2, 3)))[..., None, None] / 2
    ours, theirs = unit_length(ours - shared), unit_length(theirs - shared)
    similarity = torch.einsum("bdp,bdq->bpq", theirs.flatten(2), ours.flatten(2))
    similarity = similarity / TEMPERATURE
    chance = similarity.softmax(dim=1) * similarity.softmax(dim=2)
    return Partners(chance, _centres(theirs), _centres(ours))


def _centres(maps: Tensor) -> Tensor:
    batch, _, height, width = maps.shape
    return pixel_centres(height, width, maps).expand(batch, -1, -1)
