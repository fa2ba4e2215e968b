"""Settings of the section ``solver``."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class SolverConfig(Section):
    """How the quadratic program is solved."""

    name: Literal["osqp", "structured", "dense"] = setting(
        "osqp",
        "Solver",
        "osqp: operator splitting on the lifted sparse problem. structured: interior point "
        "on one block per image, faster on large sets, needs torch. dense: reference for "
        "tiny problems only.",
        advanced=True,
    )
    tolerance: float = setting(
        1e-3,
        "Tolerance",
        "Absolute and relative tolerance of the residuals; smaller is slower.",
        advanced=True,
        gt=0,
        le=0.1,
    )
    max_iterations: int = setting(
        20000,
        "Most iterations",
        "The run fails with a message when the solver needs more.",
        advanced=True,
        ge=1,
        le=10_000_000,
    )
