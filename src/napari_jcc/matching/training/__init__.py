"""Training of the network: known transformations first, then pairs of the set."""

from napari_jcc.matching.network.checkpoint import Checkpoint
from napari_jcc.matching.training.log import Record
from napari_jcc.matching.training.train import train

__all__ = ["Checkpoint", "Record", "train"]
