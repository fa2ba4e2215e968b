"""Images in: files, folders and arrays as one ordered, lazy set."""

from napari_jcc.collection.by_name import ByName
from napari_jcc.collection.collection import ImageCollection
from napari_jcc.collection.files import describe_skipped
from napari_jcc.collection.remarks import describe_files

__all__ = ["ByName", "ImageCollection", "describe_files", "describe_skipped"]
