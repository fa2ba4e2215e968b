"""Landmarks: their tables, and their transfer from image to image."""

from napari_jcc.matching.landmarks.shapes import Landmarks, describe_outside, with_placed
from napari_jcc.matching.landmarks.table import (
    find_landmark_table,
    read_csv,
    read_landmarks,
    write_csv,
)
from napari_jcc.matching.landmarks.tps_file import read_tps, turn_over, write_tps
from napari_jcc.matching.landmarks.transfer import LandmarkTransfer

__all__ = [
    "LandmarkTransfer",
    "Landmarks",
    "describe_outside",
    "find_landmark_table",
    "read_csv",
    "read_landmarks",
    "read_tps",
    "turn_over",
    "with_placed",
    "write_csv",
    "write_tps",
]
