"""Sample sets that need no download: real coins, and microscopy drawn with exact truth."""

from napari_jcc.samples.registry import SAMPLES, make_sample, write_sample

__all__ = ["SAMPLES", "make_sample", "write_sample"]
