"""A program kept ready, so that a small edit costs a small solve."""

from __future__ import annotations

import numpy as np
import torch

from napari_jcc.config import SolverConfig
from napari_jcc.errors import ProblemError
from napari_jcc.problem.program import QuadraticProgram, restrict_to_image
from napari_jcc.progress import Progress
from napari_jcc.solvers.solution import Solution, Status
from napari_jcc.solvers.structured.change import Change
from napari_jcc.solvers.structured.devices import choose_device
from napari_jcc.solvers.structured.engine import Engine
from napari_jcc.spill import GIGABYTE


class PreparedProblem:
    """Keeps a program's blocks, its factors and its last solution across edits.

    `update` takes an edited program of the same variables and rows. `solve_image` then
    answers for one image against the others as they were, `solve` for the whole set,
    both from the last solution. What an edit costs depends on what it changes:

    | edit                       | changes           | needs                        |
    |----------------------------|-------------------|------------------------------|
    | nu, mu, marks, boxes fixed | q, limits, bounds | steps from the last solution |
    | gamma                      | A                 | its matrices anew besides    |
    | alpha                      | S                 | a check of convexity besides |
    | beta                       | F                 | all matrices anew besides    |
    | a box added                | variables         | to be prepared anew          |

    Steps are interior point's from near the last answer (`Reoptimised`), or those
    of the method that `SolverConfig.method` names.

    Whatever an edit does not change should be passed on as the same object
    (``dataclasses.replace(program, q=...)``): it is recognised without comparing numbers.

    For programs that weights are tried on, where it does not matter within the tolerance
    which way led to an answer. Corrections (`napari_jcc.interaction`) keep none: their
    answers are to depend on the run and on what is drawn alone, so they start from the
    run's own solution, and answer one image by OSQP, quicker on so few variables.

    An error, a cancelled solve or a program without an answer leaves the last solution in
    place, and the next edit starts from it.

    Parameters
    ----------
    program : QuadraticProgram
    config : SolverConfig
    device
        As for `StructuredSolver`.
    """

    def __init__(
        self, program: QuadraticProgram, config: SolverConfig, device: str = "auto"
    ) -> None:
        self.config = config
        self.solution: Solution | None = None
        budget = config.memory_gb * GIGABYTE
        self._engine = Engine(program, config, choose_device(device), budget=budget)

    @property
    def program(self) -> QuadraticProgram:
        """The program as last edited."""
        return self._engine.blocks.program

    @property
    def notes(self) -> tuple[str, ...]:
        """What went otherwise than asked: methods that stalled, memory that ran out.

        All since it was prepared; those of answers for one image name it.
        """
        return tuple(self._engine.notes)

    def update(self, program: QuadraticProgram) -> None:
        """Take over an edited program; only what it changes is computed anew.

        Raises
        ------
        ProblemError
            If the program has other variables or rows; prepare it anew then.
        """
        old = self.program
        if not (
            np.array_equal(old.variable_image, program.variable_image)
            and np.array_equal(old.row_image, program.row_image)
        ):
            raise ProblemError(
                f"The edited program has {program.variable_count} variables and "
                f"{len(program.l)} rows in other places than the {old.variable_count} and "
                f"{len(old.l)} prepared. Prepare it anew."
            )
        self._engine.take(program, Change.between(old, program))

    def solve(self, progress: Progress | None = None) -> Solution:
        """Return the optimum of the whole set, found from the last one, and keep it."""
        solution = self._engine.solve(self.solution, progress)
        if solution.status is Status.SOLVED:
            self.solution = solution
        return solution

    def solve_image(self, image: int, progress: Progress | None = None) -> Solution:
        """Return the optimum over one image's variables, the others staying as they are.

        The others enter through F'x alone, a vector as long as the rank. The answer is
        kept, as the best known until the next `solve`, which starts from it.

        Raises
        ------
        ProblemError
            If nothing was solved before, or there is no such image.
        """
        whole = self.solution
        if whole is None:
            raise ProblemError("There is no solution to start from yet. Call solve first.")
        variables = np.flatnonzero(self.program.variable_image == image)
        if not len(variables):
            count = int(self.program.variable_image.max(initial=-1)) + 1
            raise ProblemError(f"There are {count} images, but {image} was asked for.")
        rows = np.flatnonzero(self.program.row_image == image)
        part = restrict_to_image(self.program, whole.x, variables, rows)
        engine = Engine(part, self.config, torch.device("cpu"))
        try:
            local = engine.solve(whole.of_part(variables, rows), progress)
        finally:
            self._engine.notes += [f"Image {image}: {note}" for note in engine.notes]
        joined = whole.with_part(local, variables, rows)
        if local.status is Status.SOLVED:
            self.solution = joined
        return joined
