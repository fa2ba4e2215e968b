"""Words on pictures, in letters that their font has and as wide as there is room."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import ImageFont

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font


@cache
def caption_font(size: int) -> ImageFont.FreeTypeFont:
    """Return the font of captions, which knows Latin, Greek and Cyrillic letters."""
    return ImageFont.truetype(_font_file(), size)


def write_name(name: str, number: int) -> str:
    """Write the name of an image in letters that the font has.

    Parameters
    ----------
    name
        As files are called, so perhaps in Chinese.
    number
        Of the image in its set, counted from 1; written in front where letters are missing.
    """
    if all(map(_is_known, name)):
        return name
    known = "".join(letter if _is_known(letter) else "…" for letter in name)
    return f"image {number}: {re.sub('…+', '…', known)}"


def shorten(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """Cut `text` in the middle until it is no wider than `width` pixels."""
    keep, short = len(text), text
    while font.getlength(short) > width and keep > 2:
        keep -= 1
        short = f"{text[: (keep + 1) // 2]}…{text[len(text) - keep // 2 :]}"
    return short


def wrap(text: str, font: ImageFont.FreeTypeFont, width: int, most: int) -> list[str]:
    """Break `text` between words into at most `most` lines, the last one cut if need be."""
    lines: list[str] = []
    for word in text.split():
        if lines and (len(lines) == most or font.getlength(f"{lines[-1]} {word}") <= width):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return [shorten(line, font, width) for line in lines]


def _is_known(letter: str) -> bool:
    return letter.isprintable() and _glyphs().get_char_index(ord(letter)) != 0


@cache
def _glyphs() -> FT2Font:
    from matplotlib.ft2font import FT2Font

    return FT2Font(_font_file())


@cache
def _font_file() -> str:
    import matplotlib  # slow to load, and only its font is needed

    # Pillow's own font lacks umlauts, Greek and Cyrillic.
    return str(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf"))
