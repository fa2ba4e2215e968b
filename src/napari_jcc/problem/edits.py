"""A user's corrections of a joint program: a box more in a set, and what holds which box.

All functions are pure. A correction of the pieces themselves (`with_box`) changes the
number of variables, so the program is built anew from the data it returns. Fixing pieces
(`napari_jcc.problem.fixings`) changes limits and bounds only.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from napari_jcc._types import IntArray
from napari_jcc.errors import ProblemError
from napari_jcc.problem.data import JointData


def superpixels_around(data: JointData, marks: IntArray) -> IntArray:
    """Superpixels that a box around some of them holds, ascending.

    The box spans the centres of the marks and of their neighbours, which leaves a margin
    of one superpixel.

    Parameters
    ----------
    data : JointData
        The set.
    marks : (F,) int
        Superpixels of one image, counted over the set.

    Raises
    ------
    ProblemError
        If there is no mark, or the marks lie in several images.
    """
    marks = np.asarray(marks, dtype=np.int64)
    image = _image_of(data, marks)
    beside = np.isin(data.neighbours, marks)
    spanned = np.union1d(marks, data.neighbours[beside.any(axis=1)])
    low, high = data.centre[spanned].min(axis=0), data.centre[spanned].max(axis=0)
    inside = ((data.centre >= low) & (data.centre <= high)).all(axis=1)
    return np.flatnonzero(inside & (data.superpixel_image == image))


def with_box(data: JointData, held: IntArray) -> tuple[JointData, int]:
    """Return the data with one box more, and the new box's position among all boxes.

    Its area, merit and saliency are those of the superpixels that it holds. It is put
    behind the other boxes of its image, so boxes of later images move up by one. Box
    features need a row at the same position (``numpy.insert``), and the factor of the
    boxes is computed anew from them (`factorise_boxes`); the superpixels' factor stays.

    Parameters
    ----------
    data : JointData
        The set.
    held : (H,) int
        Superpixels in the box, of one image, counted over the set.

    Raises
    ------
    ProblemError
        If the box holds no superpixel, or superpixels of several images.
    """
    held = np.unique(np.asarray(held, dtype=np.int64))
    image = _image_of(data, held)
    position = int(np.searchsorted(data.box_image, image, side="right"))
    own = data.superpixel_image == image
    mass = data.area * data.saliency
    area = float(data.area[held].sum())
    total = float(mass[own].sum())
    inside = float(mass[held].sum())
    excess = inside / total - area if total > 0 else 0.0
    row = sparse.csr_array(
        (np.ones(len(held)), (np.zeros(len(held), dtype=np.int64), held)),
        shape=(1, data.superpixel_count),
    )
    above, below = data.overlap[:position], data.overlap[position:]
    grown = replace(
        data,
        box_image=np.insert(data.box_image, position, image),
        overlap=sparse.csr_array(sparse.vstack([above, row, below], format="csr")),
        box_area=np.insert(data.box_area, position, area),
        box_merit=np.insert(data.box_merit, position, excess),
        box_saliency=np.insert(data.box_saliency, position, inside / area),
    )
    return grown, position


def _image_of(data: JointData, superpixels: IntArray) -> int:
    images = np.unique(data.superpixel_image[superpixels])
    if len(images) != 1:
        raise ProblemError(
            f"A box holds superpixels of one image, got {len(superpixels)} superpixels of "
            f"{len(images)} images. Pass those of one image."
        )
    return int(images[0])
