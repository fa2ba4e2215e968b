import pytest

from napari_jcc.config import apply_overrides, get_preset
from napari_jcc.pipeline import Cache


@pytest.fixture(scope="session")
def small():
    """Settings under which a run over the small pictures takes little time."""
    changes = {
        "superpixels.count": 40,
        "boxes.count": 5,
        "boxes.method": "grid",
        "decode.refinement": "none",
        "runtime.workers": 2,
    }
    return apply_overrides(get_preset("fast"), changes)


@pytest.fixture(scope="session")
def cache():
    """Stages that the tests of a session share."""
    return Cache()
