"""The record of a run: how its answer came about, as JSON."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import napari_jcc
from napari_jcc.results.command import equivalent_command
from napari_jcc.results.names import RESULT, instances_file
from napari_jcc.results.result import ImageResult, JccResult
from napari_jcc.results.uncertainty import overall_uncertainty

if TYPE_CHECKING:
    from napari_jcc.collection import ImageCollection
    from napari_jcc.results.folder import ResultKind


_PACKAGES = (
    "dask",
    "numpy",
    "opencv-contrib-python-headless",
    "osqp",
    "pillow",
    "pydantic",
    "scikit-image",
    "scipy",
    "tifffile",
    "torch",
    "transformers",
)


def build_record(
    result: JccResult,
    collection: ImageCollection | None,
    masks: Sequence[str],
    command: str | None,
    corrected: Sequence[str] = (),
) -> dict[str, Any]:
    """Collect what is worth knowing about a run.

    Returns
    -------
    dict
        Texts, finite numbers, lists and dicts only.
    """
    places = zip(result.images, masks, _find_places(result, collection), strict=True)
    record = {
        **describe_run(RESULT, command),
        "seconds": result.seconds,
        "solver": result.solver_report,
        "images": [
            _describe(image, mask) | _describe_origin(collection, place)
            for image, mask, place in places
        ],
        "corrected": list(corrected),
        "skipped": result.skipped,
        "notes": result.notes,
        "measured": result.measured,
        "config": result.config.model_dump(mode="json"),
        "files": [*masks, *_instances(result, masks), *RESULT.files],
    }
    plain: dict[str, Any] = to_plain(record)
    return plain


def find_command(
    result: JccResult,
    collection: ImageCollection | None,
    out: str | Path,
    corrections: Path | None = None,
) -> str | None:
    """Work out the command that repeats a run; None if an image is in no file."""
    locations = find_locations(result, collection)
    if not locations or not all(locations):
        return None
    files = list(dict.fromkeys(locations))  # one file may hold many pages
    return equivalent_command(files, out, result.config, corrections=corrections)


def write_record(record: Mapping[str, Any], path: Path) -> None:
    """Write a record as JSON that people read too."""
    text = json.dumps(record, indent=2, ensure_ascii=False)
    # Names of files need not be text; what is none is written as an escape.
    path.write_bytes(text.encode("utf-8", "backslashreplace"))


def describe_run(kind: ResultKind, command: str | None) -> dict[str, Any]:
    """Begin a record of any kind: its format, and when, where and by what it was made."""
    return {
        "format": kind.form,
        "format_version": kind.version,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "working_folder": str(Path.cwd()),
        "versions": find_versions(),
    }


def find_locations(result: JccResult, collection: ImageCollection | None) -> list[str]:
    """Find the file of every image of `result`; empty for images that are in no file."""
    if collection is None:
        return [""] * len(result.images)
    places = _find_places(result, collection)
    return ["" if place is None else collection.location(place) for place in places]


def _find_places(result: JccResult, collection: ImageCollection | None) -> list[int | None]:
    """Find the place of every image of `result` in a collection; None where it is not."""
    names = () if collection is None else collection.names
    places = {name: place for place, name in enumerate(names)}
    return [places.get(image.name) for image in result.images]


def find_versions() -> dict[str, str]:
    """Find the versions of Python, this package and those that shape its answers."""
    versions = {"python": platform.python_version(), "napari-jcc": napari_jcc.__version__}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {**versions, "platform": platform.platform()}


def to_plain(value: Any) -> Any:
    """Turn `value` into what JSON can hold; numbers that are not finite become None."""
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return to_plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | None) else str(value)


def _instances(result: JccResult, masks: Sequence[str]) -> list[str]:
    pairs = zip(result.images, masks, strict=True)
    return [instances_file(mask) for image, mask in pairs if image.instances is not None]


def _describe_origin(
    collection: ImageCollection | None, place: int | None
) -> dict[str, Any]:
    """Tell the file of an image, its number in there, and the size of a pixel."""
    if collection is None or place is None:
        return {"source": "", "page": 0, "spacing": None}
    source = collection.sources[place]
    return {
        "source": collection.location(place),
        "page": source.page,
        "spacing": source.spacing,
    }


def _describe(image: ImageResult, mask: str) -> dict[str, Any]:
    return {
        "name": image.name,
        "mask": mask,
        "instances": None if image.instances is None else instances_file(mask),
        "size": [image.mask.shape[1], image.mask.shape[0]],
        "box": image.box if np.isfinite(image.box).all() else None,
        "box_score": image.box_score,
        "objects": len(image.boxes),
        "foreground_share": image.foreground_share,
        "uncertainty": overall_uncertainty(image),
        "warning": image.warning,
    }
