"""The pipeline: stages in order, cached, in parallel, with progress and cancel."""

from napari_jcc.pipeline.cache import Cache
from napari_jcc.pipeline.finished import FinishedRun, SolvedJoint
from napari_jcc.pipeline.run import Run
from napari_jcc.pipeline.segment import Images, as_collection, segment

__all__ = [
    "Cache",
    "FinishedRun",
    "Images",
    "Run",
    "SolvedJoint",
    "as_collection",
    "segment",
]
