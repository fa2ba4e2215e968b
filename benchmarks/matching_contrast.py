"""Which masks the contrast prefers: the true ones, or others?

    python benchmarks/matching_contrast.py --root DATA --sets msrc/cow --encoder FILE.pt2

prints, for masks made of the truth and for some that look at nothing, the contrast of
equations (7) to (9) with object and surroundings cut out on black (`image`) and with masked
means of one description (`features`), means over pairs of neighbours in the set, and J.
Descriptions have a variance of one over the set, as in training. Smaller is preferred.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from scipy.ndimage import binary_dilation, binary_erosion
from sets import load_sets

from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, apply_overrides
from napari_jcc.matching.losses import contrast_loss, masked_images, masked_means
from napari_jcc.matching.network.correlation import unit_length
from napari_jcc.matching.network.images import to_float
from napari_jcc.matching.network.model import build_encoder
from napari_jcc.matching.training.images import load_images

SIDE = 240


def make_masks(truths: list[np.ndarray]) -> dict[str, torch.Tensor]:
    small = [cv2.resize(truth.astype(np.float32), (SIDE, SIDE)) > 0.5 for truth in truths]
    truth = _stack(small)
    centre = torch.zeros_like(truth)
    centre[..., SIDE // 4 : -SIDE // 4, SIDE // 4 : -SIDE // 4] = 1
    return {
        "truth": truth,
        "truth, eroded": _stack([binary_erosion(m, iterations=8) for m in small]),
        "truth, dilated": _stack([binary_dilation(m, iterations=12) for m in small]),
        "truth of another image": truth.roll(1, 0),
        "surroundings": 1 - truth,
        "box in the centre": centre,
        "nothing": torch.zeros_like(truth),
        "everything": torch.ones_like(truth),
    }


def _stack(masks: list[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.stack(masks)).float()[:, None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--sets", default="msrc/cow,wbc")
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    config = apply_overrides(MatchConfig(), {"network.encoder": options.encoder})
    encoder = build_encoder(options.encoder, config.network.grid, "cpu", 0)
    margin = config.losses.margin

    def describe(images: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            parts = [encoder(part, with_skips=False).features for part in images.split(8)]
        return torch.cat(parts)

    def contrast(inside: torch.Tensor, outside: torch.Tensor) -> float:
        pairs = (inside, inside.roll(-1, 0)), (outside, outside.roll(-1, 0))
        return float(contrast_loss(*pairs, margin).mean())

    for labelled in load_sets(options.root, options.sets.split(",")):
        collection = ImageCollection.from_files(labelled.images)
        images = to_float(load_images(collection, SIDE), "cpu")
        maps = describe(images)
        cells = unit_length(maps)
        scale = maps.mean(dim=(2, 3)).var(dim=0).mean().rsqrt()
        scale_cells = cells.movedim(1, 3).flatten(0, 2).var(dim=0).mean().rsqrt()
        masks = make_masks(list(labelled.masks))
        truth = masks["truth"]
        print(f"\n| {labelled.name}, {len(images)} images | J | image | features |")
        print("|---|---|---|---|")
        for name, mask in masks.items():
            union = torch.maximum(mask, truth).sum(dim=(1, 2, 3))
            jaccard = 100 * float(((mask * truth).sum(dim=(1, 2, 3)) / union).mean())
            cut = [
                describe(part).mean(dim=(2, 3)) * scale
                for part in masked_images(images, mask)
            ]
            pooled = [part * scale_cells for part in masked_means(cells, mask)]
            values = f"{contrast(*cut):.2f} | {contrast(*pooled):.2f}"
            print(f"| {name} | {jaccard:.1f} | {values} |", flush=True)


if __name__ == "__main__":
    main()
