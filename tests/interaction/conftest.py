from __future__ import annotations

import pytest

from napari_jcc.config import apply_overrides, get_preset
from napari_jcc.pipeline import FinishedRun, Run


@pytest.fixture(scope="session")
def finished(tiny_collection) -> FinishedRun:
    """Return a finished run of the four synthetic pictures."""
    config = apply_overrides(
        get_preset("fast"), {"superpixels.count": 60, "features.dimensions": 16}
    )
    return Run(tiny_collection.open(), config).finish()
