"""Images in: files, folders and arrays as one ordered, lazy set."""

from napari_jcc.collection.by_name import ByName
from napari_jcc.collection.collection import ImageCollection
from napari_jcc.collection.skipped import describe_skipped

__all__ = ["ByName", "ImageCollection", "describe_skipped"]
