"""Result and edits as the records and arrays of a project, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_jcc._types import LabelMap
from napari_jcc.config.saved import read_settings
from napari_jcc.interaction.edits import Edits
from napari_jcc.interaction.storage import edits_from_state, edits_to_state
from napari_jcc.project.archive import ArchiveReader
from napari_jcc.project.schema import EditsRecord, ImageRecord, ProjectRecord
from napari_jcc.results import ImageResult, JccResult
from napari_jcc.results.record import to_plain
from napari_jcc.results.result import bare_image

Arrays: TypeAlias = dict[str, NDArray[Any]]

_MODEL = bare_image("")
_KINDS = {"b": "biu", "i": "iu", "f": "f"}
"""Kinds of numbers that may stand where an image without content has one kind."""


def describe_result(result: JccResult, arrays: Arrays) -> dict[str, Any]:
    """Outline of a result in JSON; its arrays are added to `arrays`."""
    return {
        "config": result.config.model_dump(mode="json"),
        "images": [
            _describe_image(image, f"images/{number}", arrays)
            for number, image in enumerate(result.images)
        ],
        "skipped": to_plain(result.skipped),
        "solver_report": to_plain(result.solver_report),
        "seconds": {key: float(value) for key, value in result.seconds.items()},
        "notes": list(result.notes),
        "measured": to_plain(result.measured),
    }


def read_result(record: ProjectRecord, archive: ArchiveReader) -> JccResult | None:
    """Build the result of a project again; None if it has none.

    Raises
    ------
    ValueError, KeyError
        If something is missing or of the wrong kind.
    """
    kept = record.result
    if kept is None:
        return None
    shapes = {item.name: item.shape for item in record.inputs}
    return JccResult(
        images=tuple(_read_image(image, shapes, archive) for image in kept.images),
        config=read_settings(kept.config, record.preset)[0],
        skipped=kept.skipped,
        solver_report=kept.solver_report,
        seconds=kept.seconds,
        notes=tuple(kept.notes),
        measured=kept.measured,
    )


def describe_edits(edits: Edits, arrays: Arrays) -> dict[str, Any]:
    """Outline of the user's edits in JSON; their arrays are added to `arrays`."""
    outline, own = edits_to_state(edits)
    members = {name: f"edits/{name}.npy" for name in own}
    arrays |= {members[name]: array for name, array in own.items()}
    return {"outline": outline, "arrays": members}


def read_edits(record: EditsRecord, archive: ArchiveReader) -> Edits:
    """Build the user's edits again.

    Raises
    ------
    InputError, KeyError, ValueError
        If something is missing, damaged or of a later version.
    """
    arrays = {name: archive.array(member) for name, member in record.arrays.items()}
    return edits_from_state(record.outline, arrays)


def describe_numbers(numbers: Mapping[str, LabelMap], arrays: Arrays) -> dict[str, str]:
    """Members of the archive with the numbers of objects; they are added to `arrays`."""
    members = {name: f"numbers/{row}.npy" for row, name in enumerate(numbers)}
    arrays |= {member: _narrow(numbers[name]) for name, member in members.items()}
    return members


def read_numbers(record: ProjectRecord, archive: ArchiveReader) -> dict[str, LabelMap]:
    """Read how the objects of edited answers are numbered.

    Raises
    ------
    ValueError, KeyError
        If something is missing or of the wrong kind.
    """
    shapes = {item.name: item.shape for item in record.inputs}
    found = {
        name: _widen("instances", archive.array(member))
        for name, member in record.numbers.items()
    }
    for name, numbers in found.items():
        if numbers.dtype != np.int32 or numbers.shape != shapes.get(name):
            raise ValueError(
                f"the numbers of {name} are {numbers.dtype} of shape {numbers.shape}"
            )
        if numbers.min(initial=0) < 0:
            raise ValueError(f"a number of {name} is negative")
    return found


def _describe_image(image: ImageResult, folder: str, arrays: Arrays) -> dict[str, Any]:
    own = {item.name: getattr(image, item.name) for item in fields(image)}
    members = {
        name: f"{folder}/{name}.npy"
        for name, value in own.items()
        if isinstance(value, np.ndarray)
    }
    arrays |= {member: _narrow(own[name]) for name, member in members.items()}
    values = {name: value for name, value in own.items() if name not in {"name", *members}}
    return {"name": image.name, "values": to_plain(values), "arrays": members}


def _read_image(
    record: ImageRecord, shapes: Mapping[str, tuple[int, int]], archive: ArchiveReader
) -> ImageResult:
    known = {item.name: item for item in fields(ImageResult)}
    content: dict[str, Any] = {
        name: _widen(name, archive.array(member))
        for name, member in record.arrays.items()
        if name in known
    }
    content |= {name: value for name, value in record.values.items() if name in known}
    content["name"] = record.name
    for name, item in known.items():
        _check(f"{name} of {record.name}", item, content)
    image = ImageResult(**content)
    if image.mask.shape != shapes.get(record.name, image.mask.shape):
        raise ValueError(f"the mask of {record.name} has shape {image.mask.shape}")
    return image


def _narrow(array: NDArray[Any]) -> NDArray[Any]:
    """Numbers of pieces and objects in as few bytes as hold them: written sooner."""
    if array.dtype != np.int32 or array.min(initial=0) < 0:
        return array
    return array.astype(np.min_scalar_type(array.max(initial=0)))


def _widen(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Numbers as a result has them, also where fewer bytes held them."""
    is_numbered = name in ("label_map", "instances") and array.dtype.kind in "iu"
    return array.astype(np.int32, copy=False) if is_numbered else array


def _check(what: str, item: Field[Any], content: Mapping[str, Any]) -> None:
    if item.name not in content:
        if item.default is MISSING and item.default_factory is MISSING:
            raise ValueError(f"{what} is missing")
        return
    value, model = content[item.name], getattr(_MODEL, item.name)
    if isinstance(model, np.ndarray):
        fits = (
            isinstance(value, np.ndarray)
            and value.ndim == model.ndim
            and value.dtype.kind in _KINDS[model.dtype.kind]
        )
    else:
        numeric = isinstance(model, float) and isinstance(value, int)
        fits = model is None or numeric or isinstance(value, type(model))
    if not fits:
        raise ValueError(f"{what} is of the wrong kind")
