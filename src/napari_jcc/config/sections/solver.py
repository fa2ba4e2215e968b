"""Settings of the section ``solver``."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class SolverConfig(Section):
    """How the quadratic program is solved."""

    name: Literal["auto", "osqp", "structured"] = setting(
        "auto",
        "Solver",
        "auto: structured where torch is installed, but osqp for a run on a dozen images "
        "or fewer. osqp: operator splitting on the lifted sparse problem. structured: one "
        "block per image, faster on large sets and after edits, needs torch.",
        advanced=True,
    )
    method: Literal["auto", "admm", "ipm"] = setting(
        "auto",
        "Method of the structured solver",
        "admm: operator splitting, many cheap steps, starts from the last answer; where "
        "it stalls ipm takes over. ipm: interior point, few dear steps. auto: ipm, after "
        "an edit from near the last answer; on a graphics card admm for tolerances from "
        "1e-6 on.",
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
    memory_gb: float = setting(
        8.0,
        "Memory of structured solver (GB)",
        "What its matrices and their factors may take; images beyond it are solved batch "
        "by batch from a temporary file, slower and with the same answer.",
        advanced=True,
        gt=0,
        le=100_000,
    )
    max_iterations: int = setting(
        20000,
        "Most iterations",
        "The run fails with a message when the solver needs more.",
        advanced=True,
        ge=1,
        le=10_000_000,
    )
