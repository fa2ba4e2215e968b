"""Sample sets that need no download: real coins, and microscopy drawn with exact truth."""

from napari_jcc.samples.registry import SAMPLES, Sample, SampleKind, make_sample
from napari_jcc.samples.writing import write_sample

__all__ = ["SAMPLES", "Sample", "SampleKind", "make_sample", "write_sample"]
