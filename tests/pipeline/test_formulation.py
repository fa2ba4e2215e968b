"""How a run hands its program to a solver."""

import pytest

from napari_jcc.config import apply_overrides
from napari_jcc.pipeline import Run
from napari_jcc.solvers import get_solver


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_the_solver_gets_the_device_of_the_settings(
    device, tiny_collection, small, monkeypatch
):
    pytest.importorskip("torch", reason="the structured solver needs torch")
    asked = []

    def recorded(*what):
        asked.append(what)
        return get_solver("osqp")

    monkeypatch.setattr("napari_jcc.pipeline.formulation.get_solver", recorded)
    settings = {"solver.name": "structured", "runtime.device": device}
    Run(tiny_collection.open(), apply_overrides(small, settings)).result()
    assert asked == [("structured", device)]
