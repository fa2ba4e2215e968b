"""A picture of matched pairs: source and target side by side, lines between points."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from napari_jcc._types import FloatArray, ImageArray, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.collection.intensity import reduced
from napari_jcc.matching.outputs.confidence import SCALE_TEXT, colour_by_confidence
from napari_jcc.matching.outputs.result import MatchResult
from napari_jcc.matching.outputs.warping import warp_image
from napari_jcc.matching.pair import Correspondences, PairResult
from napari_jcc.results.captions import caption_font, write_name
from napari_jcc.results.overview import FAINT, INK, MASK, PAPER, RIM, resize, spread_evenly

MOST_PAIRS = 12
LINES = 24
"""Lines drawn per pair, evenly spread over its points."""
TILE = 280
GAP = 12
CAPTION = 26


def draw_matches(result: MatchResult, collection: ImageCollection) -> Image.Image:
    """Draw source, target and the warped source over the target for some of the pairs.

    Parameters
    ----------
    result
        The matched pairs; at most `MOST_PAIRS` are shown, evenly spread.
    collection
        The images.

    Returns
    -------
    PIL.Image.Image
        RGB, a row per pair: source and target joined by lines, coloured by confidence,
        outlined where there are masks; and the mean of the target and the source
        drawn in its place.
    """
    shown = [result.pairs[place] for place in spread_evenly(len(result.pairs), MOST_PAIRS)]
    rows = [draw_pair(result, collection, pair) for pair in shown]
    width = max(row.shape[1] for row in rows) + 2 * GAP
    height = sum(len(row) + CAPTION + GAP for row in rows) + CAPTION
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    head = f"{len(rows)} of {len(result.pairs)} pairs: source, target, both as one"
    head += f"; lines: {SCALE_TEXT}"
    draw.text((GAP, CAPTION / 2), head, INK, caption_font(14), anchor="lm")
    top = CAPTION
    for pair, row in zip(shown, rows, strict=True):
        _write_caption(draw, pair, result.names, top + CAPTION / 2)
        sheet.paste(Image.fromarray(row), (GAP, top + CAPTION))
        top += CAPTION + len(row) + GAP
    return sheet


def _write_caption(
    draw: ImageDraw.ImageDraw, pair: PairResult, names: Sequence[str], middle: float
) -> None:
    """Write the names of a pair and how it was judged, `middle` pixels from the top."""
    places = pair.source, pair.target
    named = " to ".join(write_name(names[place], place + 1) for place in places)
    named += f", instance {pair.instance}" if pair.instance > 1 else ""
    judged = (
        f"confidence {pair.confidence:.2f}, inliers {pair.inlier_share:.0%}, "
        f"cycle error {pair.cycle_error:.1%}"
    )
    font = caption_font(12)
    draw.text((GAP, middle), named, INK, font, anchor="lm")
    start = GAP + draw.textlength(named, font) + 16
    draw.text((start, middle), judged, FAINT, font, anchor="lm")


def draw_pair(
    result: MatchResult, collection: ImageCollection, pair: PairResult
) -> ImageArray:
    """Draw one pair: source, target with lines between, and both as one.

    Returns
    -------
    (h, w, 3) uint8
        Every image with a longer side of 280.
    """
    source, target = (collection.image(place) for place in (pair.source, pair.target))
    both = cv2.addWeighted(warp_image(source, pair), 0.5, target, 0.5, 0)
    masks: dict[int, MaskArray] = dict(enumerate(result.masks or ()))
    tiles = [
        _tile(source, masks.get(pair.source)),
        _tile(target, masks.get(pair.target)),
        _tile(np.asarray(both, dtype=np.uint8), None),
    ]
    starts = np.cumsum([0, *(tile.shape[1] + GAP for tile in tiles)])
    row = np.full((max(map(len, tiles)), starts[-1] - GAP, 3), PAPER, dtype=np.uint8)
    for start, tile in zip(starts, tiles, strict=False):
        row[: len(tile), start : start + tile.shape[1]] = tile
    # Of long images the short side is rounded, so that both are reduced differently.
    scales = [
        np.array(tile.shape[1::-1]) / size[::-1]
        for tile, size in zip(tiles, pair.sizes, strict=False)
    ]
    _draw_lines(row, result.correspondences(pair), scales, int(starts[1]))
    return row


def _draw_lines(
    row: ImageArray, found: Correspondences, scales: Sequence[FloatArray], shift: int
) -> None:
    count = len(found.confidence)
    if not count:
        return
    colours = (255 * colour_by_confidence(found.confidence)[:, :3]).round().astype(int)
    for place in spread_evenly(count, LINES):
        start = (found.sources[place] + 0.5) * scales[0]
        end = (found.targets[place] + 0.5) * scales[1] + (shift, 0)
        colour = colours[place].tolist()
        ends = [tuple(int(value) for value in point.round()) for point in (start, end)]
        cv2.line(row, ends[0], ends[1], colour, 1, cv2.LINE_AA)
        for point in ends:
            cv2.circle(row, point, 4, RIM, -1, cv2.LINE_AA)
            cv2.circle(row, point, 3, colour, -1, cv2.LINE_AA)


def _tile(image: ImageArray, mask: MaskArray | None) -> ImageArray:
    size = reduced(image.shape[:2], TILE)[::-1]
    tile = resize(image, size)
    if mask is not None:
        small = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        outlines, _ = cv2.findContours(small, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(tile, outlines, -1, RIM, 4, cv2.LINE_AA)
        cv2.drawContours(tile, outlines, -1, MASK, 2, cv2.LINE_AA)
    return tile
