"""What ``project.json`` holds, checked field by field when a project is opened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    NonNegativeInt,
    PlainValidator,
    PositiveFloat,
    PositiveInt,
    ValidationError,
)

from napari_jcc.errors import InputError
from napari_jcc.project.project import ImageStatus

FORMAT = "napari-jcc project"
FORMAT_VERSION = 1
"""Raised when a program of today would misread what a later one writes."""


def _check_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a text is needed, not {type(value).__name__}")
    return value


# Pydantic refuses names of files that are no valid text; operating systems do not.
Text = Annotated[str, PlainValidator(_check_text)]


class Record(BaseModel):
    """Base of all parts; what a later program adds is passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class InputRecord(Record):
    """An `ImageInput`."""

    name: Text
    path: Text
    page: NonNegativeInt
    shape: tuple[PositiveInt, PositiveInt]
    fingerprint: str
    size: NonNegativeInt
    modified: int
    relative: Text
    others: tuple[Text, ...] = ()


class ImageRecord(Record):
    """An `ImageResult`: plain values, and the members of the archive with its arrays."""

    name: Text
    values: dict[str, Annotated[Any, PlainValidator(lambda value: value)]]
    arrays: dict[str, str]


class ResultRecord(Record):
    """A `JccResult`."""

    config: dict[str, Any]
    images: list[ImageRecord]
    skipped: dict[Text, Text]
    solver_report: dict[str, Any]
    seconds: dict[str, float]
    notes: list[Text]
    measured: dict[str, float | str] = {}


class EditsRecord(Record):
    """An `Edits`, as the journal describes itself, and the members with its arrays."""

    outline: dict[str, Any]
    arrays: dict[str, str]


class PlaceRecord(Record):
    """A file or folder; `relative` is empty where it is not below the project's."""

    path: Text
    relative: Text


class AxisRecord(Record):
    """An `Axis`."""

    name: str
    length: PositiveInt
    step: PositiveFloat
    unit: str


class SpacingRecord(Record):
    """A `Spacing`."""

    row: PositiveFloat
    column: PositiveFloat
    unit: str


class ProjectRecord(Record):
    """A `Project`."""

    format: Literal["napari-jcc project"]
    format_version: PositiveInt
    program_version: str
    saved: datetime
    origin: Text
    preset: str
    config: dict[str, Any]
    inputs: list[InputRecord]
    statuses: dict[Text, ImageStatus]
    numbers: dict[Text, str] = {}
    truth: PlaceRecord
    result: ResultRecord | None
    edits: EditsRecord
    axes: list[AxisRecord] | None = None
    spacing: SpacingRecord | None = None


def check_record(outline: Any, source: str) -> ProjectRecord:
    """Check the document of a project.

    Raises
    ------
    InputError
        If it belongs to a later program, or something is missing or not allowed.
    """
    version = outline.get("format_version") if isinstance(outline, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise InputError(
            f"The project {source} was saved by napari-jcc "
            f"{outline.get('program_version', 'of a later version')}, in format {version}; "
            f"this program reads up to format {FORMAT_VERSION}. Update napari-jcc."
        )
    try:
        return ProjectRecord.model_validate(outline)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise InputError(
            f"The project {source} is damaged: {place}: {first['msg']}. Open an earlier "
            "copy of the file."
        ) from error
