"""Losses of a training run, drawn while it runs in the colours of the window."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from napari_jcc.plugin.widgets.plot import CURVE, MARK, TICKS, Plot
from napari_jcc.words import STAGE_TITLES

_OUTLIERS = 2.0
"""Percent of the steps that may lie beyond the axis, so that a few do not flatten it."""


class LossPlot(Plot):
    """Curves of one stage of training: the loss of every step, and of the checks."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = ""
        self.last_step = 0
        self.steps: list[tuple[int, float]] = []
        self.checks: list[tuple[int, float]] = []
        self.setToolTip("Loss by step; held out: on pictures that are not trained on")

    def clear(self) -> None:
        """Forget all losses."""
        self.begin("", 0)

    def begin(self, stage: str, last_step: int) -> None:
        """Begin a stage with the given number of steps; 0 if it is not known."""
        self.stage, self.last_step = stage, last_step
        self.steps, self.checks = [], []
        self.refresh()

    def add_step(self, step: int, loss: float) -> None:
        """Add the loss of a step.

        A run that was killed may have left losses of steps that come again.
        """
        self.steps = _before(step, self.steps)
        self.checks = _before(step, self.checks)
        self.steps.append((step, loss))
        self.refresh()

    def add_check(self, step: int, loss: float) -> None:
        """Add the loss of a check on what is held out."""
        self.checks.append((step, loss))
        self.refresh()

    def draw_figure(self, figure: Figure) -> None:
        """Draw both curves, or say that there will be some."""
        if not self.steps and not self.checks:
            figure.text(0.5, 0.5, "the loss will be drawn here", ha="center", va="center")
            return
        axes = figure.subplots()
        for values, colour, marker, label in (
            (self.steps, CURVE, "", "steps"),
            (self.checks, MARK, "o", "held out"),
        ):
            axes.plot(
                [step for step, _ in values],
                [loss for _, loss in values],
                color=colour,
                marker=marker,
                markersize=3,
                linewidth=1.2,
                label=label,
            )
        axes.legend(loc="upper right", frameon=False)
        axes.set_xlabel(f"step, {STAGE_TITLES.get(self.stage, self.stage)}")
        axes.set_ylabel("loss")
        axes.set_xlim(0, max(self.last_step, *self._counts(), 1))
        axes.set_ylim(*self._range())
        axes.locator_params(axis="y", nbins=TICKS)
        axes.grid(axis="y", alpha=0.3)

    def _counts(self) -> list[int]:
        return [step for step, _ in self.steps + self.checks]

    def _range(self) -> tuple[float, float]:
        values = np.array([loss for _, loss in self.steps + self.checks], float)
        values = values[np.isfinite(values)]
        if not values.size:
            return 0.0, 1.0
        low, high = np.percentile(values, (_OUTLIERS, 100 - _OUTLIERS))
        room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        return float(low - room), float(high + room)


def _before(step: int, losses: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Return the losses of earlier steps, which as a rule are all."""
    if not losses or losses[-1][0] < step:
        return losses
    return [(known, loss) for known, loss in losses if known < step]
