"""A sweep in a folder: resumed where it stopped, never half written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_jcc import __version__
from napari_jcc.atomic import (
    explained,
    is_staging,
    remove_staging,
    replace_file,
    replace_files,
)
from napari_jcc.collection import ImageCollection
from napari_jcc.config import changed_settings, validate_config
from napari_jcc.errors import ConfigError, InputError, OutputError
from napari_jcc.pipeline.codec import DAMAGE
from napari_jcc.sweep.figure import draw_sweep, to_png
from napari_jcc.sweep.grid import Grid, Index
from napari_jcc.sweep.point import SweepPoint, decode_point, encode_point
from napari_jcc.sweep.table import SweepTable
from napari_jcc.tables import encode_csv
from napari_jcc.words import list_some

FORMAT = "napari-jcc sweep"
FORMAT_VERSION = 1
RECORD, CSV, MARKDOWN, FIGURE = "sweep.json", "table.csv", "table.md", "figure.png"
POINTS = "points"


class SweepFolder:
    """Folder of a sweep.

    - ``points/<key>.json`` and ``.npz``: measures, masks and boxes of every point,
    - ``table.csv``, ``table.md`` and ``figure.png``: all points side by side,
    - ``sweep.json``: settings, grid and images.

    All files that belong to a point are put in place together.

    Parameters
    ----------
    path
        Made when missing.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def open(self, grid: Grid, images: ImageCollection) -> SweepTable:
        """Begin a sweep, or go on with the one that is there.

        Parameters
        ----------
        grid
            May have other values and axes than before; points that are in both are kept.
        images
            Must be the same as before.

        Returns
        -------
        table
            With the points that were finished.

        Raises
        ------
        OutputError
            If the folder holds something else, or cannot be written.
        ConfigError
            If it holds a sweep that starts from other settings.
        InputError
            If it holds a sweep of other images.
        """
        record = self._read_record() if (self.path / RECORD).exists() else None
        content = describe_content(images)
        if record is None:
            self._refuse_foreign_files()
        else:
            self._check_same(record, grid, content)
        table = self._read_points(grid)
        text = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "version": __version__,
            "config": grid.base.model_dump(mode="json"),
            "grid": {axis.path: axis.values for axis in grid.axes},
            "images": content,
            "files": [RECORD, CSV, MARKDOWN, FIGURE],
        }
        with explained(self.path):
            remove_staging(self.path)
        record_text = json.dumps(text, indent=2, ensure_ascii=True)
        replace_file(self.path / RECORD, record_text.encode())
        return table

    def load(self) -> SweepTable:
        """Read a sweep, finished or not, to look at it.

        Raises
        ------
        OutputError
            If there is no sweep in the folder, or its record is damaged.
        """
        if not (self.path / RECORD).is_file():
            raise OutputError(
                f"There is no sweep in {self.path}: it has no {RECORD}. Name the folder "
                "that 'napari-jcc sweep --output' wrote."
            )
        record = self._read_record()
        try:
            base = validate_config(record["config"])
            return self._read_points(Grid.build(base, record["grid"]))
        except (ConfigError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged(error) from error

    def write(self, table: SweepTable, points: Iterable[SweepPoint]) -> None:
        """Write finished points, and the table that holds all of them.

        Raises
        ------
        OutputError
            If the files cannot be written.
        """
        files = {
            CSV: encode_csv(table.to_csv()),
            MARKDOWN: table.to_markdown().encode("utf-8", "backslashreplace"),
        }
        for point in points:
            text, archive = encode_point(point)
            files[f"{POINTS}/{point.key}.json"] = text
            files[f"{POINTS}/{point.key}.npz"] = archive
        replace_files(self.path, files)

    def draw(self, table: SweepTable) -> None:
        """Write the figure of all finished points.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        replace_file(self.path / FIGURE, to_png(draw_sweep(table)))

    def _read_points(self, grid: Grid) -> SweepTable:
        """Points of the grid that are there and whole; others are computed again."""
        table = SweepTable(grid)
        places: list[Index | None] = list(grid.indices())
        places += [None] if grid.base_index is None else []
        found = [self._read_point(grid, table.key(index), index) for index in places]
        table.add(point for point in found if point is not None)
        return table

    def _read_point(self, grid: Grid, key: str, index: Index | None) -> SweepPoint | None:
        file = self.path / POINTS / f"{key}.json"
        try:
            point = decode_point(file.read_bytes(), file.with_suffix(".npz").read_bytes())
        except (OSError, *DAMAGE):
            return None
        # The grid it was computed in may have had other axes.
        return replace(point, index=index, parameters=grid.parameters(index))

    def _read_record(self) -> dict[str, Any]:
        try:
            record = json.loads((self.path / RECORD).read_bytes())
        except (OSError, ValueError) as error:
            raise self._damaged(error) from error
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            raise OutputError(
                f"{self.path / RECORD} was not written by a sweep. Choose another folder."
            )
        return record

    def _damaged(self, error: Exception) -> OutputError:
        return OutputError(
            f"The record {self.path / RECORD} cannot be used: {str(error).rstrip('.')}. It "
            "is damaged or from another version. Choose another folder."
        )

    def _check_same(
        self, record: dict[str, Any], grid: Grid, content: dict[str, str]
    ) -> None:
        """Refuse to mix points that do not compare."""
        try:
            before = validate_config(record["config"])
            images = dict(record["images"])
        except (ConfigError, KeyError, TypeError, ValueError) as error:
            raise self._damaged(error) from error
        changes = changed_settings(grid.base, before)
        former = changed_settings(before, grid.base)
        told = [
            f"{path} was {former[path]}, now {value}"
            for path, value in changes.items()
            if not path.startswith("runtime.")
        ]
        if told:
            raise ConfigError(
                f"{self.path} holds a sweep that starts from other settings: "
                f"{list_some(told, 5)}. Use the same settings, or another folder."
            )
        if images != content:
            names = sorted({name for name, _ in images.items() ^ content.items()})
            raise InputError(
                f"{self.path} holds a sweep of other images: {list_some(names)} differ. "
                "Use the same images, or another folder."
            )

    def _refuse_foreign_files(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise OutputError(f"{self.path} is a file. Choose a folder for the sweep.")
        entries = self.path.iterdir() if self.path.is_dir() else ()
        found = sorted(entry.name for entry in entries if not is_staging(entry))
        if found:
            raise OutputError(
                f"The folder {self.path} is not empty and holds no sweep, but "
                f"{list_some(found)}. Choose another folder."
            )


def describe_content(images: ImageCollection) -> dict[str, str]:
    """Hash of every image's content by its name; of one that cannot be read, its place.

    Sweeps of images of which these differ do not compare.
    """
    found = {}
    for number, name in enumerate(images.names):
        try:
            found[name] = images.fingerprint(number)
        except InputError:
            found[name] = f"unreadable: {images.location(number)}"
    return found
