"""Results in the forms that other programs read."""

from napari_jcc.results.exports.export import EXPORT_FORMATS, export_result

__all__ = ["EXPORT_FORMATS", "export_result"]
