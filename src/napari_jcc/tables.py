"""Tables as CSV files that spreadsheets, R and Python read and write, and as Markdown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from napari_jcc.errors import InputError

_DECIMAL_COMMA = re.compile(r"(-?\d+),(\d+)")


class CsvTable(NamedTuple):
    """A CSV file that was read.

    Attributes
    ----------
    titles
        Of the columns; empty where the file is.
    rows
        Line of the file, and its cells by title; lines without any are left out.
    """

    titles: Sequence[str]
    rows: Sequence[tuple[int, dict[str, str]]]


def read_table(path: Path) -> CsvTable:
    """Read a CSV file as this program, Excel or another wrote it.

    Where titles are divided by semicolons, so are the rows, and numbers have decimal
    commas, as Excel has it in half of the world.

    Raises
    ------
    InputError
        With the reason alone, if the file cannot be read or is no text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        titles = text.partition("\n")[0]
        by_semicolon = ";" in titles and "," not in titles
        delimiter = ";" if by_semicolon else ","
        reader = csv.DictReader(io.StringIO(text), restval="", delimiter=delimiter)
        found = [(reader.line_num, row) for row in reader if any(row.values())]
    except OSError as error:
        raise InputError(error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise InputError(
            "it is no text in UTF-8, which Excel calls CSV UTF-8 when saving"
        ) from error
    except csv.Error as error:
        raise InputError(str(error)) from error
    known = tuple(reader.fieldnames or ())
    clean = _with_point if by_semicolon else str
    rows = [(line, {name: clean(row[name]) for name in known}) for line, row in found]
    return CsvTable(known, rows)


def format_csv(rows: Iterable[Sequence[Any]]) -> str:
    """Write rows, the titles first, as the text of a CSV file; None is an empty field."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def format_markdown_table(rows: Iterable[Sequence[str]]) -> str:
    """Write rows of texts, the titles first, as the lines of a Markdown table."""
    cells = [[" ".join(text.split()).replace("|", "\\|") for text in row] for row in rows]
    titles, *lines = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([titles, "|---" * len(cells[0]) + "|", *lines])


def encode_csv(text: str) -> bytes:
    """Encode the text of a CSV file for a disk; see `csv_encoding`."""
    return text.encode(csv_encoding([text]), "backslashreplace")


def as_written(name: str) -> str:
    """Return `name` as files of text have it: bytes that are none become escapes.

    On Linux the name of a file may be of such bytes, as those that are encoded in Latin-1.
    """
    return name.encode("utf-8", "backslashreplace").decode()


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


def _with_point(cell: str) -> str:
    """Write a number by a decimal point."""
    number = _DECIMAL_COMMA.fullmatch(cell)
    return cell if number is None else ".".join(number.groups())
