"""The program as a shell calls it."""

import pytest

from napari_jcc.cli.main import main

QUICK = [
    *("--set", "superpixels.count=40"),
    *("--set", "boxes.count=5"),
    *("--set", "boxes.method=grid"),
    *("--set", "decode.iterations=1"),
]
"""Settings under which a few small pictures take seconds."""


def run(*words):
    """Call the program, and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return ended.value.code
