"""Results: masks, boxes and scores, and the files they are written to."""

from napari_jcc.results.command import equivalent_command
from napari_jcc.results.files import check_output, write_result
from napari_jcc.results.hints import suggest_settings
from napari_jcc.results.overview import draw_overview
from napari_jcc.results.record import find_command
from napari_jcc.results.result import ImageResult, JccResult
from napari_jcc.results.saved import SavedResult, read_result

__all__ = [
    "ImageResult",
    "JccResult",
    "SavedResult",
    "check_output",
    "draw_overview",
    "equivalent_command",
    "find_command",
    "read_result",
    "suggest_settings",
    "write_result",
]
