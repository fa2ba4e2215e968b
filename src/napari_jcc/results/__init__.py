"""Results: masks, boxes and scores, and the files they are written to."""

from napari_jcc.results.command import equivalent_command
from napari_jcc.results.files import check_output, write_result
from napari_jcc.results.record import find_command
from napari_jcc.results.result import ImageResult, JccResult

__all__ = [
    "ImageResult",
    "JccResult",
    "check_output",
    "equivalent_command",
    "find_command",
    "write_result",
]
