"""Superpixels and boxes of a set as flat arrays, and their places among the variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_jcc._types import FloatArray, IntArray, SparseMatrix
from napari_jcc.errors import ProblemError
from napari_jcc.regions import ImageRegions, box_area, box_excess
from napari_jcc.regions.overlap import pixel_bounds


@dataclass(frozen=True)
class JointData:
    """Pieces (superpixels and boxes) of all images, in image order.

    Attributes
    ----------
    superpixel_image : (S,) int64
        Image of every superpixel.
    box_image : (R,) int64
        Image of every box.
    area : (S,) float64
        Share of its image that a superpixel covers; they sum to 1 in every image.
    colour : (S, 3) float64
        Mean CIE Lab colour, every channel scaled to 0-255.
    centre : (S, 2) float64
        x, y in working pixels.
    neighbours : (E, 2) int64
        Pairs of adjacent superpixels.
    saliency : (S,) float64
        Mean saliency, in [0, 1].
    overlap : (R, S) csr of ones
        1 where a superpixel belongs to a box; no zeros stored.
    box_area : (R,) float64
        Share of its image that a box covers.
    box_merit : (R,) float64
        How well the box holds the object, in [-1, 1].
    box_saliency : (R,) float64
        Mean saliency inside the box, in [0, 1].
    image_count
        N.
    objects : (N,) int64, optional
        Boxes to choose in every image; None: one each.
    """

    superpixel_image: IntArray
    box_image: IntArray
    area: FloatArray
    colour: FloatArray
    centre: FloatArray
    neighbours: IntArray
    saliency: FloatArray
    overlap: sparse.csr_array
    box_area: FloatArray
    box_merit: FloatArray
    box_saliency: FloatArray
    image_count: int
    objects: IntArray | None = None

    def __post_init__(self) -> None:
        # Memberships are counted by stored entries, so a stored zero would add one.
        if not np.all(self.overlap.data == 1.0):
            raise ProblemError("The overlap matrix must store ones only.")

    @property
    def superpixel_count(self) -> int:
        """S."""
        return len(self.area)

    @property
    def box_count(self) -> int:
        """R."""
        return len(self.box_area)

    @property
    def boxes_per_superpixel(self) -> FloatArray:
        """n_j of equation (7): number of boxes that hold a superpixel, (S,)."""
        return np.asarray(self.overlap.sum(axis=0), dtype=np.float64)

    @property
    def superpixels_per_box(self) -> FloatArray:
        """|S_i| of equation (6): number of superpixels in a box, (R,)."""
        return np.asarray(self.overlap.sum(axis=1), dtype=np.float64)

    def pieces_of(self, image: int) -> tuple[slice, slice]:
        """Positions of an image's superpixels and of its boxes."""
        superpixels, boxes = (
            slice(*np.searchsorted(of, [image, image + 1]).tolist())
            for of in (self.superpixel_image, self.box_image)
        )
        return superpixels, boxes


def gather(images: Sequence[ImageRegions]) -> JointData:
    """Flatten the regions of all images.

    Raises
    ------
    ProblemError
        If there is no image, or one has no superpixel or no box (such an image has no
        feasible point and must be left out).
    """
    if not images:
        raise ProblemError("The problem needs at least one image with boxes, got none.")
    for number, regions in enumerate(images):
        if not len(regions.superpixels) or not len(regions.boxes):
            raise ProblemError(
                f"Image {number} has {len(regions.superpixels)} superpixels and "
                f"{len(regions.boxes)} boxes; it needs at least one of each. Leave it out."
            )
    overlap = sparse.csr_array(
        sparse.block_diag([r.overlap for r in images], format="csr"), dtype=np.float64
    )
    overlap.eliminate_zeros()
    counts = [len(regions.superpixels) for regions in images]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    pairs = zip(images, starts, strict=True)
    return JointData(
        superpixel_image=np.repeat(np.arange(len(images)), counts),
        box_image=np.repeat(np.arange(len(images)), [len(r.boxes) for r in images]),
        area=_concatenate([r.superpixels.area / r.superpixels.area.sum() for r in images]),
        colour=_concatenate([_colour_255(r) for r in images]),
        centre=_concatenate([r.superpixels.centre for r in images]),
        neighbours=np.concatenate([r.superpixels.neighbours + start for r, start in pairs]),
        saliency=_concatenate([r.saliency for r in images]),
        overlap=overlap,
        box_area=_concatenate([_box_area(r) for r in images]),
        box_merit=_concatenate([r.box_merit for r in images]),
        box_saliency=_concatenate([_box_saliency(r) for r in images]),
        image_count=len(images),
        objects=np.array([min(r.objects, len(r.boxes)) for r in images], dtype=np.int64),
    )


def _concatenate(parts: list[np.ndarray]) -> FloatArray:
    return np.concatenate(parts).astype(np.float64)


def _colour_255(regions: ImageRegions) -> FloatArray:
    """L from 0-100 and a, b from -128-127 to 0-255, the range that lambda_c assumes."""
    scale, offset = np.array([2.55, 1.0, 1.0]), np.array([0.0, 128.0, 128.0])
    return np.asarray(regions.superpixels.colour * scale + offset)


def _box_area(regions: ImageRegions) -> FloatArray:
    height, width = regions.saliency_map.shape
    return np.asarray(box_area(regions.boxes) / (height * width))


def _box_saliency(regions: ImageRegions) -> FloatArray:
    # excess = mass share - area share, so mean inside = mean of the image * mass / area.
    saliency_map, area = regions.saliency_map, _box_area(regions)
    excess = box_excess(pixel_bounds(regions.boxes, saliency_map.shape), saliency_map)
    mass = np.clip(excess + area, 0.0, 1.0)
    return np.clip(float(saliency_map.mean()) * mass / area, 0.0, 1.0)


@dataclass(frozen=True)
class Variables:
    """Layout x = (y, z, t): superpixels, boxes, and memberships where a reading has them.

    A membership t_ij stands for "superpixel j is object and box i is chosen"; it exists
    for every pair of a box and a superpixel in it.

    Attributes
    ----------
    data : JointData
    has_memberships
        Whether t is part of the vector (reading ``hull``).
    """

    data: JointData
    has_memberships: bool = False

    @property
    def superpixels(self) -> slice:
        """Positions of y."""
        return slice(0, self.data.superpixel_count)

    @property
    def boxes(self) -> slice:
        """Positions of z."""
        start = self.data.superpixel_count
        return slice(start, start + self.data.box_count)

    @property
    def memberships(self) -> slice:
        """Positions of t, in the row-major order of the overlap matrix."""
        extra = self.data.overlap.nnz if self.has_memberships else 0
        return slice(self.boxes.stop, self.boxes.stop + extra)

    @property
    def count(self) -> int:
        """V."""
        return int(self.memberships.stop)

    @property
    def image(self) -> IntArray:
        """Image of every variable, (V,)."""
        data = self.data
        parts = [data.superpixel_image, data.box_image]
        if self.has_memberships:
            parts.append(np.repeat(data.box_image, np.diff(data.overlap.indptr)))
        return np.concatenate(parts)

    def split(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return y, (S,), and z, (R,), of a vector of all variables, (V,)."""
        return x[self.superpixels], x[self.boxes]

    def row_block(
        self,
        on_superpixels: SparseMatrix | None = None,
        on_boxes: SparseMatrix | None = None,
        on_memberships: SparseMatrix | None = None,
    ) -> sparse.csr_array:
        """Rows over all variables from their parts; a part left out is zero."""
        parts = (on_superpixels, on_boxes, on_memberships)
        rows = next(part.shape[0] for part in parts if part is not None)
        boxes = self.boxes
        widths = (boxes.start, boxes.stop - boxes.start, self.count - boxes.stop)
        blocks = [
            sparse.csr_array((rows, width)) if part is None else part
            for part, width in zip(parts, widths, strict=True)
        ]
        return sparse.hstack(blocks, format="csr")
