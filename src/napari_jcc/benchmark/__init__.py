"""Benchmarks: methods compared on labelled image sets, in tables that can be made again."""

from napari_jcc.benchmark.methods import GROUPS, RECIPES, Method, Recipe, find_methods
from napari_jcc.benchmark.predictions import Prediction, predict
from napari_jcc.benchmark.run import Benchmark
from napari_jcc.benchmark.scores import ClassScore, score
from napari_jcc.benchmark.sets import SETS, ImageTruth, LabelledClass, Layout, load_set
from napari_jcc.benchmark.tables import Scores, format_markdown, format_scores

__all__ = [
    "GROUPS",
    "RECIPES",
    "SETS",
    "Benchmark",
    "ClassScore",
    "ImageTruth",
    "LabelledClass",
    "Layout",
    "Method",
    "Prediction",
    "Recipe",
    "Scores",
    "find_methods",
    "format_markdown",
    "format_scores",
    "load_set",
    "predict",
    "score",
]
