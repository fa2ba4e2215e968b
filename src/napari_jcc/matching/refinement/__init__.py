"""Transformations fitted again to what matches near where they lead."""

from napari_jcc.matching.refinement.refine import BLIND_REACH, NETWORK_REACH, refine

__all__ = ["BLIND_REACH", "NETWORK_REACH", "refine"]
