"""The samples of docs/extending.md do what the page says."""

import re
from pathlib import Path

import numpy as np

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"


def test_samples_run(toy):
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for block in blocks[:3]:  # the page says to save them together
        exec(compile(block, str(PAGE), "exec"), names)
    y, z = names["solve_without_the_classifier"](toy)
    # Superpixel 0 is marked, 4 lies in no box; 1 and 2 are salient.
    np.testing.assert_allclose(y, [0, 1, 1, 0, 0], atol=1e-2)
    # The second box has more of the saliency at the same area.
    np.testing.assert_allclose(z, [0, 1], atol=1e-2)
