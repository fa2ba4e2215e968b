import pytest

from napari_jcc.config import apply_overrides, get_preset


@pytest.fixture
def small():
    """Settings that suit pictures of 64 x 80 pixels."""
    return apply_overrides(
        get_preset("fast"),
        {"superpixels.count": 60, "boxes.count": 8, "runtime.workers": 2},
    )
