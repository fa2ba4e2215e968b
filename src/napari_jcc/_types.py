"""Array aliases, and the legend of the shape letters used in every docstring.

N images, H W image height and width, h w working height and width, C channels,
S superpixels, R boxes (of one image or of the whole set, as the docstring says),
V variables of the quadratic program, M constraint rows, D feature dimensions,
K rank of a low-rank factor.

Boxes are ``xyxy``: x_min, y_min, x_max, y_max in pixels, half-open
(``x_max - x_min`` is the width).
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

FloatArray: TypeAlias = NDArray[np.float64]
Float32Array: TypeAlias = NDArray[np.float32]
IntArray: TypeAlias = NDArray[np.int64]
LabelMap: TypeAlias = NDArray[np.int32]
MaskArray: TypeAlias = NDArray[np.bool_]
ImageArray: TypeAlias = NDArray[np.uint8]
SparseMatrix: TypeAlias = (
    sparse.csr_array | sparse.csc_array | sparse.dia_array | sparse.coo_array
)
