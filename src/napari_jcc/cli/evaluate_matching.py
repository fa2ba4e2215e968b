"""``napari-jcc evaluate-matching``: matchers on pairs with known correspondences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_jcc.cli import options

if TYPE_CHECKING:
    from napari_jcc.evaluation.matching.compare import MatcherScore

SetName = Annotated[
    str,
    typer.Argument(
        metavar="SET",
        help="pf_willow, pf_pascal, spair, tss, or landmarks: a folder of images with "
        "landmarks.tps or landmarks.csv.",
    ),
]
Network = Annotated[
    Path | None,
    typer.Option(
        metavar="CKPT", help="Network that 'napari-jcc train' wrote, to be compared too."
    ),
]
Methods = Annotated[
    str,
    typer.Option(
        metavar="A,B",
        help="Matchers without training: identity, nearest, mutual-affine, "
        "registration, and with an encoder refinement. Empty: none.",
    ),
]
Count = Annotated[
    int | None,
    typer.Option(
        "--pairs", metavar="N", min=1, help="So many pairs, drawn; without it, all."
    ),
]


def evaluate_matching(
    set_name: SetName,
    root: options.SetFolder,
    checkpoint: Network = None,
    methods: Methods = "identity,nearest,mutual-affine,registration",
    encoder: options.MatchEncoder = None,
    assignments: options.MatchAssignments = None,
    count: Count = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the draw.")] = 0,
    as_json: options.AsJson = False,
    device: options.MatchDevice = None,
    quiet: options.Quiet = False,
) -> None:
    """Compare matchers on a set with known correspondences: PCK, flow, landmarks, masks.

    PCK@a: share of points carried to within a times a length of the truth. The protocol
    before it says which length: 224 pixels of the image brought to 224 x 224, or the longer
    side of a box. Means over pairs with 95 % intervals. All matchers see the same maps of
    the encoder, or gradients without one; a network has the encoder that it was trained on.
    Of TSS they are told which pairs are mirrored.

    Example: napari-jcc evaluate-matching tss --root TSS --checkpoint wings.ckpt

    Example: napari-jcc evaluate-matching landmarks --root wings --methods registration
    """
    from napari_jcc.cli.progress import TerminalProgress
    from napari_jcc.errors import InputError
    from napari_jcc.evaluation.matching import (
        compare_matchers,
        format_comparison,
        open_baselines,
        open_matching_set,
    )
    from napari_jcc.matching.outputs import open_pair_matcher

    pairs = open_matching_set(set_name, root)
    pairs = pairs.sample(len(pairs) if count is None else count, seed)
    matchers = open_baselines(options.split_names(methods), encoder or "", device or "auto")
    if checkpoint is not None:
        matchers.append(
            open_pair_matcher(
                checkpoint,
                lambda base: options.adapt_match_config(
                    base, assignments=assignments, device=device
                ),
            )
        )
    if not matchers:
        raise InputError("Nothing to compare. Give --methods, --checkpoint or both.")
    with TerminalProgress(quiet) as progress:
        results = compare_matchers(pairs, matchers, progress)
    typer.echo(_as_json(results) if as_json else format_comparison(pairs, results))


def _as_json(results: Mapping[str, MatcherScore]) -> str:
    table = {
        name: {"seconds_per_pair": score.seconds, "scores": score.summary}
        for name, score in results.items()
    }
    return json.dumps(table, indent=2)
