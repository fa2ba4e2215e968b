"""Training of the network in stages; see `train`."""

from napari_jcc.matching.network.checkpoint import Checkpoint
from napari_jcc.matching.training.log import Record
from napari_jcc.matching.training.train import train

__all__ = ["Checkpoint", "Record", "train"]
