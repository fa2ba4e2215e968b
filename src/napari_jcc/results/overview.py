"""The contact sheet: every image with the outline of its mask and its box, or objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw
from skimage.segmentation import find_boundaries

from napari_jcc._types import Float32Array, ImageArray, MaskArray
from napari_jcc.collection.intensity import reduced
from napari_jcc.errors import InputError
from napari_jcc.results.captions import caption_font, shorten, wrap, write_name
from napari_jcc.results.result import ImageResult, JccResult
from napari_jcc.results.uncertainty import overall_uncertainty
from napari_jcc.words import count_of

if TYPE_CHECKING:
    from napari_jcc.collection import ImageCollection

MOST_IMAGES = 64

_TILE = 256
"""Longest side of an image on the sheet, in pixels."""
_LARGE_TILE, _FEW_IMAGES = 512, 16
"""The same where a few images are shown with several objects each."""
_GAP = 12
_LINE = 15
_MOST_LINES = 4  # of a warning under an image
_HEADER = 40
_MOST_COLUMNS = 8
_GOLDEN = (math.sqrt(5) - 1) / 2

# Blue and yellow are told apart by nearly all eyes; a dark rim shows them on any ground.
MASK = (0, 200, 255)
_BOX = (255, 212, 0)
RIM = (16, 16, 16)
PAPER = (28, 28, 32)
INK = (235, 235, 235)
FAINT = (165, 165, 172)
_WARNING = (255, 158, 87)


class _Caption(NamedTuple):
    name: str
    lines: Sequence[str]
    colour: tuple[int, int, int]

    @classmethod
    def of(cls, image: ImageResult, number: int, side: int) -> _Caption:
        name = shorten(write_name(image.name, number), caption_font(14), side)
        if image.warning:
            lines = wrap(image.warning, caption_font(12), side, _MOST_LINES)
            return cls(name, lines, _WARNING)
        told = [f"object {image.foreground_share:.0%}"]
        if image.instances is not None:
            objects = count_of(len(image.boxes), "object")
            told = [f"{objects} on {image.foreground_share:.0%} of the image"]
        elif len(image.boxes):
            told.append(f"box score {image.box_score:.2f}")
        if (doubt := overall_uncertainty(image)) is not None:
            told.append(f"doubt {doubt:.2f}")
        return cls(name, [shorten(", ".join(told), caption_font(12), side)], FAINT)

    @property
    def height(self) -> int:
        return 23 + _LINE * len(self.lines)

    def draw(self, draw: ImageDraw.ImageDraw, x: int, y: int) -> None:
        draw.text((x, y), self.name, INK, caption_font(14))
        for number, line in enumerate(self.lines):
            place = (x, y + 17 + _LINE * number)
            draw.text(place, line, self.colour, caption_font(12))


def draw_overview(
    result: JccResult, collection: ImageCollection | None = None
) -> Image.Image:
    """Draw a contact sheet of a result.

    Parameters
    ----------
    result
        The answer; of more than `MOST_IMAGES` images, as many are shown, evenly spread.
    collection
        Images it was found on; where one is missing, its mask is drawn on gray.

    Returns
    -------
    PIL.Image.Image
        RGB, at most 2180 by 3000 pixels. Where several objects an image were looked for,
        each is outlined in a colour of its own, without boxes.
    """
    numbers = spread_evenly(len(result.images), MOST_IMAGES)
    index = {name: i for i, name in enumerate(collection.names)} if collection else {}
    numbered = any(image.instances is not None for image in result.images)
    side = _LARGE_TILE if numbered and len(numbers) <= _FEW_IMAGES else _TILE
    cells = []
    for number in numbers:
        image = result.images[number]
        picture = find_picture(collection, index.get(image.name), image)
        tile = draw_tile(image, picture, side)
        cells.append((tile, _Caption.of(image, number + 1, side)))
    most = _MOST_COLUMNS * _TILE // side
    columns = min(most, max(2, math.ceil(math.sqrt(1.5 * len(cells)))))
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    heights = [max(len(tile) for tile, _ in row) for row in rows]
    spaces = [max(caption.height for _, caption in row) for row in rows]
    width = _GAP + columns * (side + _GAP)
    height = _HEADER + sum(heights) + sum(spaces) + len(rows) * _GAP
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    _draw_header(draw, len(cells), len(result.images), numbered)
    bottom = _HEADER
    for row, row_height, space in zip(rows, heights, spaces, strict=True):
        bottom += row_height
        for column, (tile, caption) in enumerate(row):
            x = _GAP + column * (side + _GAP)
            place = x + (side - tile.shape[1]) // 2, bottom - len(tile)
            sheet.paste(Image.fromarray(tile), place)
            caption.draw(draw, x, bottom + 4)
        bottom += space + _GAP
    return sheet


def spread_evenly(count: int, most: int) -> list[int]:
    """Choose at most so many of `count` things, evenly spread, first and last in."""
    chosen = np.linspace(0, count - 1, min(count, most)).round().astype(int)
    return [int(number) for number in chosen]


def draw_tile(image: ImageResult, picture: ImageArray, side: int = _TILE) -> ImageArray:
    """Draw the outline of the mask and the box of one image on a small picture of it.

    Numbered objects are outlined one by one, without boxes, which would hide them.

    Parameters
    ----------
    image
        The answer, in the image's own pixels.
    picture : (h, w, 3) uint8
        The image, of any size.
    side
        Longer side of the tile.

    Returns
    -------
    (h', w', 3) uint8
    """
    size = reduced(image.mask.shape, side)[::-1]
    tile = resize(picture, size)
    if image.instances is not None:
        numbers = image.instances.astype(np.float32)  # exact up to 16 million
        objects = cv2.resize(numbers, size, interpolation=cv2.INTER_NEAREST).astype(int)
        rim = find_boundaries(objects, mode="inner", background=0)
        tile[rim] = _object_colours(int(objects.max(initial=0)))[objects[rim] - 1]
        return tile
    mask = resize(image.mask.astype(np.uint8) * np.uint8(255), size) > 127
    contours = _find_outlines(mask)
    boxes = [_box_corners(box, mask.shape, image) for box in image.boxes]
    for colour, thickness in ((RIM, 4), (None, 2)):
        cv2.drawContours(tile, contours, -1, colour or MASK, thickness, cv2.LINE_AA)
        for box in boxes:
            cv2.rectangle(tile, *box, colour or _BOX, thickness, cv2.LINE_AA)
    return tile


def _object_colours(count: int) -> ImageArray:
    """Bright colours, (count, 3) uint8, in which successive objects differ much."""
    hues = np.arange(count) * _GOLDEN % 1 * 360
    full = np.ones(count)
    colours = np.stack([hues, full, full], axis=-1)[None].astype(np.float32)
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_HSV2RGB)[0] * 255, np.uint8)


def resize(array: ImageArray, size: tuple[int, int]) -> ImageArray:
    """Bring to (width, height) `size`; enlarged pixels stay visible as squares."""
    smaller = size[0] <= array.shape[1] and size[1] <= array.shape[0]
    method = cv2.INTER_AREA if smaller else cv2.INTER_NEAREST
    resized = cv2.resize(array, size, interpolation=method)
    return np.ascontiguousarray(resized, dtype=np.uint8)


def _find_outlines(mask: MaskArray) -> Any:
    contours, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )
    return contours


def _box_corners(
    box: Float32Array, tile: tuple[int, ...], image: ImageResult
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Find the corner pixels of a box on a tile of (height, width) `tile`."""
    height, width = image.mask.shape
    scale = np.array([tile[1] / width, tile[0] / height] * 2)
    corners = box * scale - [0, 0, 1, 1]
    x_min, y_min, x_max, y_max = (int(side) for side in corners.round())
    return (x_min, y_min), (max(x_min, x_max), max(y_min, y_max))


def find_picture(
    collection: ImageCollection | None, number: int | None, image: ImageResult
) -> ImageArray:
    """Read an image at working size by its number; without one, its mask on gray."""
    if collection is not None and number is not None:
        # An image may be gone by now; the answer is worth showing all the same.
        with suppress(InputError, OSError):
            return collection.working_image(number)
    flat = np.where(image.mask, np.uint8(120), np.uint8(60))
    return np.repeat(flat[..., None], 3, axis=2)


def _draw_header(draw: ImageDraw.ImageDraw, shown: int, total: int, numbered: bool) -> None:
    font = caption_font(16)
    images = count_of(total, "image")
    title = images if shown == total else f"{shown} of {images} shown"
    x: float = _GAP
    key = () if numbered else (("mask", MASK), ("box", _BOX))
    for text, colour in ((title, INK), *key):
        if colour is not INK:
            draw.line((x, _HEADER / 2, x + 22, _HEADER / 2), colour, 3)
            x += 28
        draw.text((x, _HEADER / 2), text, colour, font, anchor="lm")
        x += draw.textlength(text, font) + 24
