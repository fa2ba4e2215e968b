"""Small programs of every reading, random and degenerate."""

import inspect

import numpy as np
from scipy import sparse

from napari_jcc.config import DiscriminativeConfig, ProblemConfig, SolverConfig
from napari_jcc.errors import Cancelled
from napari_jcc.features.streaming import Features
from napari_jcc.problem import LowRankTerm, QuadraticProgram, factorise, joint_model
from napari_jcc.problem.data import JointData
from napari_jcc.problem.joint import ALL_TERMS
from napari_jcc.progress import Progress

TIGHT = SolverConfig(tolerance=1e-8, max_iterations=200_000)
READINGS = ("printed", "bigm", "cover", "hull")


class CancelledLater(Progress):
    """Is cancelled after so many steps."""

    def __init__(self, steps):
        super().__init__()
        self.left = steps

    def raise_if_cancelled(self):
        self.left -= 1
        if self.left < 0:
            raise Cancelled("cancelled")


def program(P, q, A, l, u, low_rank=()):  # noqa: E741
    count, rows = len(q), len(l)
    return QuadraticProgram(
        sparse_cost=sparse.csc_array(np.array(P, float)),
        low_rank=tuple(low_rank),
        q=np.array(q, float),
        A=sparse.csr_array(np.array(A, float).reshape(rows, count)),
        l=np.array(l, float),
        u=np.array(u, float),
        lower=np.zeros(count),
        upper=np.ones(count),
        variable_image=np.zeros(count, dtype=int),
        row_image=np.zeros(rows, dtype=int),
    )


def random_data(
    rng,
    images=3,
    superpixels=12,
    boxes=4,
    nested=False,
    zero_saliency=False,
    empty_box=False,
    small_box=False,
) -> JointData:
    overlap = [rng.random((boxes, superpixels)) < 0.4 for _ in range(images)]
    for block in overlap:
        block[:, 0] = True
        if nested:
            block[:] = np.logical_or.accumulate(block, axis=0)
        if empty_box:
            block[0] = False
        if small_box:
            block[1] = np.arange(superpixels) == 0
    area = rng.uniform(0.5, 2, images * superpixels).reshape(images, superpixels)
    area = (area / area.sum(axis=1, keepdims=True)).ravel()
    chain = np.arange(superpixels - 1)
    return JointData(
        superpixel_image=np.repeat(np.arange(images), superpixels),
        box_image=np.repeat(np.arange(images), boxes),
        area=area,
        colour=rng.uniform(0, 255, (images * superpixels, 3)),
        centre=rng.uniform(0, 100, (images * superpixels, 2)),
        neighbours=np.concatenate(
            [np.column_stack([chain, chain + 1]) + i * superpixels for i in range(images)]
        ),
        saliency=rng.random(images * superpixels) * (not zero_saliency),
        overlap=sparse.csr_array(sparse.block_diag(overlap).toarray().astype(float)),
        box_area=rng.uniform(0.1, 0.8, images * boxes),
        box_merit=rng.uniform(-0.2, 0.6, images * boxes),
        box_saliency=rng.random(images * boxes),
        image_count=images,
    )


def random_program(
    rng, reading, equal_features=False, duplicated=False, terms=ALL_TERMS, **options
) -> QuadraticProgram:
    kinds = inspect.signature(random_data).parameters
    data = random_data(rng, **{key: options.pop(key) for key in kinds if key in options})
    superpixels = rng.normal(size=(data.superpixel_count, 6)).astype(np.float32)
    boxes = rng.normal(size=(data.box_count, 4)).astype(np.float32)
    if duplicated:
        for features in (superpixels, boxes):
            one = len(features) // data.image_count
            features[:] = np.tile(features[:one], (data.image_count, 1))
    if equal_features:
        superpixels[:], boxes[:] = 1.0, 1.0
    features = Features(superpixels, boxes)
    factors = factorise(features, data, DiscriminativeConfig(degrees_of_freedom=3))
    config = ProblemConfig(reading=reading, **options)
    return joint_model(data, factors, config, terms).build()


def stack(problems) -> tuple[QuadraticProgram, list[np.ndarray]]:
    """One program of several that share nothing, and where the variables of each stand.

    Its optimum is that of every one, so one solve answers for all. Superpixels of all
    come first, then boxes, as in a program of one set; none has memberships.
    """
    of, kind, image, row_image, images = [], [], [], [], 0
    for number, part in enumerate(problems):
        of.append(np.full(part.variable_count, number))
        kind.append(np.arange(part.variable_count) >= part.low_rank[1].start)
        image.append(part.variable_image + images)
        row_image.append(part.row_image + images)
        images += part.variable_image.max() + 1
    of, kind = np.concatenate(of), np.concatenate(kind)
    order = np.argsort(kind, kind="stable")

    def join(name):
        return np.concatenate([getattr(part, name) for part in problems])

    factors = [
        sparse.block_diag([part.low_rank[number].factor for part in problems]).toarray()
        for number in (0, 1)
    ]
    cost = sparse.block_diag([part.sparse_cost for part in problems], format="csc")
    rows = sparse.block_diag([part.A for part in problems], format="csc")
    whole = QuadraticProgram(
        sparse_cost=sparse.csc_array(cost[:, order].tocsr()[order]),
        low_rank=(LowRankTerm(0, factors[0]), LowRankTerm(len(factors[0]), factors[1])),
        q=join("q")[order],
        A=sparse.csr_array(rows[:, order]),
        l=join("l"),
        u=join("u"),
        lower=join("lower")[order],
        upper=join("upper")[order],
        variable_image=np.concatenate(image)[order],
        row_image=np.concatenate(row_image),
    )
    return whole, [np.flatnonzero(of[order] == n) for n in range(len(problems))]
