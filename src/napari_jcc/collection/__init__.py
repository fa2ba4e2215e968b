"""Images in: files, folders and arrays as one ordered, lazy set."""

from napari_jcc.collection.collection import ImageCollection

__all__ = ["ImageCollection"]
