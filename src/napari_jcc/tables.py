"""Tables as CSV files that spreadsheets, R and Python read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO


def format_csv(rows: Iterable[Sequence[Any]]) -> str:
    """Write rows, the titles first, as the text of a CSV file; None is an empty field."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def encode_csv(text: str) -> bytes:
    """Encode the text of a CSV file for a disk; see `csv_encoding`."""
    return text.encode(csv_encoding([text]), "backslashreplace")


def open_csv(path: Path, names: Iterable[str]) -> TextIO:
    """Open a CSV file to be written piece by piece, whose only words are `names`."""
    encoding = csv_encoding(names)
    return path.open("w", encoding=encoding, errors="backslashreplace", newline="")


def csv_encoding(texts: Iterable[str]) -> str:
    """Choose the encoding of a CSV file that holds `texts`.

    UTF-8, after a byte order mark where a letter is not ASCII: without one Excel reads it
    by the code page of its machine, and ``ü`` as ``Ã¼``. Where nothing can be mistaken
    there is none, as R and Python's ``csv`` take it for a part of the first title.
    """
    return "utf-8" if all(text.isascii() for text in texts) else "utf-8-sig"
