"""The toy problem: one image, five superpixels in a row, two overlapping boxes.

    superpixel   0    1    2    3    4
    area        .2   .2   .2   .2   .2
    box 0       [----------]
    box 1            [----------]
    no box                          4

n = (1, 2, 2, 1, 0), |S_0| = |S_1| = 3.
"""

import numpy as np
import pytest
from scipy import sparse

from napari_jcc.problem.data import JointData


@pytest.fixture
def toy() -> JointData:
    overlap = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0]], dtype=float)
    return JointData(
        superpixel_image=np.zeros(5, dtype=np.int64),
        box_image=np.zeros(2, dtype=np.int64),
        area=np.full(5, 0.2),
        colour=np.array(
            [
                [50, 128, 128],
                [200, 128, 128],
                [200, 128, 128],
                [60, 128, 128],
                [55, 128, 128],
            ],
            dtype=float,
        ),
        centre=np.array([[x, 5.0] for x in (5, 15, 25, 35, 45)]),
        neighbours=np.array([[0, 1], [1, 2], [2, 3], [3, 4]]),
        saliency=np.array([0.1, 0.9, 0.8, 0.2, 0.1]),
        overlap=sparse.csr_array(overlap),
        box_area=np.array([0.6, 0.6]),
        box_merit=np.array([1.8 / 2.1 - 0.6, 1.9 / 2.1 - 0.6]),
        box_saliency=np.array([0.6, 1.9 / 3]),
        image_count=1,
    )
