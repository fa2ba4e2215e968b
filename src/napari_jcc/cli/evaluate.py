"""``napari-jcc evaluate``: score results against the truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_jcc.cli.images import is_project, open_edited
from napari_jcc.cli.options import AsJson, Result

if TYPE_CHECKING:
    from napari_jcc.evaluation import Evaluation


def evaluate(
    source: Result,
    truth: Annotated[
        Path | None,
        typer.Option(
            "--truth",
            "-t",
            metavar="PATH",
            help="Folder with one mask image per image, of the same name, or a CSV with "
            "boxes as in boxes.csv. Of a project, the one that it names if none is given.",
        ),
    ] = None,
    as_json: AsJson = False,
    table: Annotated[
        Path | None,
        typer.Option(
            "--csv", metavar="FILE", help="Write the scores of every image to a table."
        ),
    ] = None,
) -> None:
    """Score masks and boxes against the truth, per image and on average.

    Those of a project are scored with its edits.

    P: share of pixels right. J: intersection over union of the masks. F: agreement of the
    outlines, to .75 % of the diagonal. Box IoU: J of the boxes. CorLoc: share of images
    whose box IoU is above one half.

    Where the result and the true masks number several objects, the table shows instead of
    boxes: objects found and true; F1@.5, 2 TP / (found + true); and AP@.5,
    TP / (TP + FP + FN), where TP are the found objects whose IoU with a true one is above
    one half.

    Example: napari-jcc evaluate out --truth masks --json > scores.json

    Example: napari-jcc evaluate cows.jcc
    """
    from napari_jcc.atomic import replace_file
    from napari_jcc.cli.report import show_scores
    from napari_jcc.tables import encode_csv

    scores = _evaluate(source, truth)
    if table is not None:
        replace_file(table, encode_csv(scores.to_csv()))
    if as_json:
        typer.echo(json.dumps(scores.to_dict(), indent=2, ensure_ascii=False))
    else:
        show_scores(scores)


def _evaluate(source: Path, truth: Path | None) -> Evaluation:
    from napari_jcc.evaluation import evaluate_folder, evaluate_result

    if not is_project(source):
        return evaluate_folder(source, _known(truth))
    project, result = open_edited(source)
    if truth is None and project.truth:
        truth = Path(project.truth)
    files = {Path(image.path).resolve() for image in project.inputs if image.path}
    return evaluate_result(result, _known(truth), files=files)


def _known(truth: Path | None) -> Path:
    if truth is None:
        raise typer.BadParameter(
            "No truth to compare with. Give a folder with one mask image per image, or a "
            "CSV with boxes; a project can name it, if it was chosen in the window.",
            param_hint="--truth",
        )
    return truth
