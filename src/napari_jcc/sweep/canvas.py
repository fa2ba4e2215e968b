"""Lines, dots and words on paper, in the size in which they are seen."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]
Colour = tuple[int, int, int]

INK: Colour = (34, 34, 38)
FAINT: Colour = (118, 118, 126)
RULE: Colour = (222, 222, 228)
PAPER: Colour = (255, 255, 255)

_SHARPNESS = 2
"""Drawn at this many times the size and reduced, as Pillow draws without smoothing."""


class Canvas:
    """A white sheet; all lengths are in pixels of the finished picture.

    Parameters
    ----------
    width, height
        Of the finished picture.
    """

    def __init__(self, width: int, height: int) -> None:
        size = (width * _SHARPNESS, height * _SHARPNESS)
        self._image = Image.new("RGB", size, PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def finish(self) -> Image.Image:
        """Return the picture in its own size."""
        return self._image.reduce(_SHARPNESS)

    def line(self, points: Sequence[Point], colour: Colour, width: float = 1) -> None:
        """Draw a line through `points`."""
        corners = [self._scale(point) for point in points]
        self._draw.line(corners, colour, round(width * _SHARPNESS), joint="curve")

    def dot(self, point: Point, colour: Colour, radius: float = 3) -> None:
        """Draw a filled circle."""
        x, y = self._scale(point)
        r = radius * _SHARPNESS
        self._draw.ellipse((x - r, y - r, x + r, y + r), colour)

    def cross(self, point: Point, colour: Colour, radius: float = 4) -> None:
        """Draw an x."""
        (x, y), r = point, radius
        self.line([(x - r, y - r), (x + r, y + r)], colour, 1.5)
        self.line([(x - r, y + r), (x + r, y - r)], colour, 1.5)

    def box(
        self,
        corner: Point,
        other: Point,
        fill: Colour | None = None,
        outline: Colour | None = None,
        width: float = 1,
    ) -> None:
        """Draw a rectangle between two corners."""
        corners = (*self._scale(corner), *self._scale(other))
        thickness = round(width * _SHARPNESS)
        self._draw.rectangle(corners, fill, outline, thickness)

    def text(
        self,
        point: Point,
        text: str,
        colour: Colour = INK,
        size: float = 11,
        anchor: str = "lm",
        longest: float | None = None,
    ) -> None:
        """Write `text`, anchored as Pillow does, cut where wider than `longest`."""
        font = ImageFont.load_default(size * _SHARPNESS)
        text = "".join(letter if letter.isprintable() else "?" for letter in text)
        limit = None if longest is None else longest * _SHARPNESS
        short = text
        while limit is not None and len(text) > 1:
            if self._draw.textlength(short, font) <= limit:
                break
            text = text[1:]
            short = f"…{text}"
        self._draw.text(self._scale(point), short, colour, font, anchor=anchor)

    def text_width(self, text: str, size: float = 11) -> float:
        """Width of a text in pixels."""
        font = ImageFont.load_default(size * _SHARPNESS)
        return float(self._draw.textlength(text, font)) / _SHARPNESS

    def _scale(self, point: Point) -> Point:
        return point[0] * _SHARPNESS, point[1] * _SHARPNESS
