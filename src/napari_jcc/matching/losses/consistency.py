"""Cross-network consistency: a mask, warped, is the mask of the other image."""

from __future__ import annotations

from torch import Tensor

from napari_jcc.matching.network.transforms import Transform, sampling_grid, warp

LEAST = 1e-6
"""Probabilities closer to 0 or 1 are taken as this close, so that logarithms are finite."""


def consistency_loss(
    masks: tuple[Tensor, Tensor], transforms: tuple[Transform, Transform], detach: str
) -> Tensor:
    """Binary cross entropy of each warped mask and the mask it should be, (10)-(11), (B,).

    Mean over pixels, sum over both ways. What the transformation brings in from beyond the
    source is not object.

    Parameters
    ----------
    masks : (B, 1, h, w) each
        Of images A and B, in [0, 1].
    transforms
        From points of B into A, and from points of A into B.
    detach
        Side that gets no gradient: ``target``, the mask that is not warped; ``warped``;
        or ``none``.
    """
    mask_a, mask_b = masks
    into_a, into_b = transforms
    return _one_way(mask_a, mask_b, into_a, detach) + _one_way(
        mask_b, mask_a, into_b, detach
    )


def _one_way(source: Tensor, target: Tensor, transform: Transform, detach: str) -> Tensor:
    warped = warp(source, sampling_grid(transform, *target.shape[2:]))
    if detach == "target":
        target = target.detach()
    elif detach == "warped":
        warped = warped.detach()
    warped = warped.clamp(LEAST, 1 - LEAST)
    entropy = -(target * warped.log() + (1 - target) * (1 - warped).log())
    return entropy.mean(dim=(1, 2, 3))
