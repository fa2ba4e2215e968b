from __future__ import annotations

import pytest

from napari_jcc.config import apply_overrides, get_preset
from napari_jcc.pipeline import FinishedRun, Run


@pytest.fixture(scope="session", params=["colour", "smoother"])
def finished(request, tiny_collection) -> FinishedRun:
    """Return a finished run of the four synthetic pictures, for both ways to teach."""
    settings = {
        "superpixels.count": 60,
        "features.dimensions": 16,
        "decode.refinement": request.param,
    }
    config = apply_overrides(get_preset("fast"), settings)
    return Run(tiny_collection.open(), config).finish()
