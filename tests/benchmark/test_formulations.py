import importlib.util
from itertools import product

import numpy as np
import pytest
from scipy import sparse

from napari_jcc.benchmark.boxes_alone import BoxesAlone, similarity_root
from napari_jcc.benchmark.semidefinite import (
    LARGEST,
    SemidefiniteRelaxation,
    round_products,
)
from napari_jcc.config import ProblemConfig, SolverConfig
from napari_jcc.errors import ProblemError, SolverError
from napari_jcc.pipeline.formulation import JOINT, JointProgram
from napari_jcc.problem import JointFactors, Terms
from napari_jcc.problem.data import JointData
from napari_jcc.problem.factor import discriminative_factor
from napari_jcc.solvers import Status

EXACT = SolverConfig(tolerance=1e-7)


@pytest.fixture
def data() -> JointData:
    """Two images of four superpixels in a row; boxes hold 0-1 and 2-3.

    In both images the second box is salient. Superpixels 2 and 3 are alike in both.
    """
    overlap = np.kron(np.eye(4), np.ones((1, 2)))
    return JointData(
        superpixel_image=np.repeat([0, 1], 4),
        box_image=np.repeat([0, 1], 2),
        area=np.full(8, 0.25),
        colour=np.full((8, 3), 128.0),
        centre=np.tile([[x, 5.0] for x in (5, 15, 25, 35)], (2, 1)),
        neighbours=np.array([[0, 1], [1, 2], [2, 3], [4, 5], [5, 6], [6, 7]]),
        saliency=np.tile([0.1, 0.2, 0.9, 0.8], 2),
        overlap=sparse.csr_array(overlap),
        box_area=np.full(4, 0.5),
        box_merit=np.tile([0.01, 0.35], 2),
        box_saliency=np.tile([0.15, 0.85], 2),
        image_count=2,
    )


@pytest.fixture
def factors() -> JointFactors:
    """Classifiers of features that split the superpixels into 0-1 and 2-3."""
    kinds = np.tile([[-1.0], [-1.0], [1.0], [1.0]], (2, 1)).astype(np.float32)
    boxes = np.tile([[-1.0], [1.0]], (2, 1)).astype(np.float32)
    return JointFactors(
        discriminative_factor(kinds, np.ones(8), 0.9, 0.01),
        discriminative_factor(boxes, np.ones(4), 0.9, 0.01),
    )


def solve(formulation, data, factors, **settings):
    program = formulation.program(data, factors, ProblemConfig(**settings))
    solution = formulation.solve(program, EXACT)
    assert solution.status is Status.SOLVED
    return solution.x[:8], solution.x[8:12], program


def test_the_linear_program_of_saliency_takes_the_cheapest_box(data, factors):
    _, z, _ = solve(BoxesAlone(classifier=False), data, factors)
    np.testing.assert_allclose(z, [0, 1, 0, 1], atol=1e-4)


def test_the_classifier_of_boxes_moves_scores_only_where_it_is_in(data, factors):
    sal = BoxesAlone(classifier=False).program(data, factors, ProblemConfig())
    disc = BoxesAlone(classifier=True).program(data, factors, ProblemConfig())
    assert not sal.low_rank
    assert abs(sal.sparse_cost).sum() == 0
    # Uniform scores cost the classifier nothing, one box per image of either kind does.
    uniform = np.concatenate([np.zeros(8), np.full(4, 0.5)])
    assert uniform @ disc.multiply(uniform) == pytest.approx(0, abs=1e-12)
    mixed = np.concatenate([np.zeros(8), [1, 0, 0, 1]])
    alike = np.concatenate([np.zeros(8), [0, 1, 0, 1]])
    assert mixed @ disc.multiply(mixed) > alike @ disc.multiply(alike) + 0.1


def test_similar_boxes_of_two_images_are_chosen_together(data, factors):
    program = BoxesAlone(classifier=False, similarity=True).program(
        data, factors, ProblemConfig(mu=0)
    )

    def cost(z):
        return program.objective(np.concatenate([np.zeros(8), z]))

    assert cost(np.array([0, 1.0, 0, 1])) < cost(np.array([1.0, 0, 0, 1]))


def test_similarity_links_no_boxes_of_one_image(factors):
    root = similarity_root(factors.boxes, np.array([0, 0, 1, 1]))
    found = root @ root.T
    # Alike boxes have distance 0 and weight 1, others (distance = median): exp(-1).
    # The row sums are 1 + e, up to the dropped negative eigenvalues a symmetric copy.
    values = np.linalg.eigvalsh(found)
    assert values.max() == pytest.approx(1)
    assert values.min() > -1e-12
    one_image = similarity_root(factors.boxes, np.zeros(4, int))
    assert one_image.shape == (4, 0)


def test_without_coupling_masks_do_not_know_of_boxes(data, factors):
    separate = JointProgram(Terms(coupling=False))
    y, _, program = solve(separate, data, factors, mu=0.0)
    other, _, _ = solve(separate, data, factors, mu=50.0)
    np.testing.assert_allclose(y, other, atol=1e-5)
    rows = abs(program.A)
    touches_y = np.asarray(rows[:, :8].sum(axis=1)) > 0
    touches_z = np.asarray(rows[:, 8:].sum(axis=1)) > 0
    assert not (touches_y & touches_z).any()
    assert (program.upper == 1).all()


def test_with_coupling_they_do(data, factors):
    program = JOINT.program(data, factors, ProblemConfig())
    rows = abs(program.A)
    touches_y = np.asarray(rows[:, :8].sum(axis=1)) > 0
    touches_z = np.asarray(rows[:, 8:].sum(axis=1)) > 0
    assert (touches_y & touches_z).any()


@pytest.mark.parametrize("kind", ["superpixel", "box"])
def test_a_classifier_left_out_leaves_no_factor(kind, data, factors):
    terms = Terms(**{f"{kind}_classifier": False})
    program = JointProgram(terms).program(data, factors, ProblemConfig())
    assert [term.start for term in program.low_rank] == [8 if kind == "superpixel" else 0]


def test_formulations_have_keys_of_their_own():
    every = [
        JointProgram(Terms(*flags)).identity() for flags in product([True, False], repeat=3)
    ]
    every += [BoxesAlone(*flags).identity() for flags in product([True, False], repeat=2)]
    every += [SemidefiniteRelaxation().identity()]
    assert JOINT.identity() == {}
    assert len({str(each) for each in every}) == len(every)


@pytest.mark.skipif(not importlib.util.find_spec("cvxpy"), reason="needs the extra [sdp]")
def test_the_relaxation_splits_what_the_classifier_splits(data, factors):
    relaxation = SemidefiniteRelaxation()
    config = ProblemConfig(alpha=0.0, area_min=0.2, area_max=0.8)
    program = relaxation.program(data, factors, config)
    solution = relaxation.solve(program, SolverConfig(tolerance=1e-5))
    assert solution.status is Status.SOLVED
    # Two kinds of superpixels are two labels; saliency says which of them is the object.
    np.testing.assert_array_equal(solution.x[:8] > 0.5, [0, 0, 1, 1, 0, 0, 1, 1])
    np.testing.assert_allclose(solution.x[8:], 0.5)


def test_products_of_exact_labels_are_rounded_to_the_labels():
    y = np.array([1.0, 0, 0, 1])
    lifted = np.outer(np.append(1, y), np.append(1, y))
    np.testing.assert_allclose(round_products(lifted, -y), y, atol=1e-9)
    np.testing.assert_allclose(round_products(lifted, y), 1 - y, atol=1e-9)


def test_sets_too_large_for_the_relaxation_are_refused(data, factors):
    many = LARGEST + 1
    large = JointData(
        **{
            **data.__dict__,
            "area": np.full(many, 1 / many),
            "superpixel_image": np.zeros(many, int),
            "overlap": sparse.csr_array((4, many)),
        }
    )
    with pytest.raises(ProblemError, match=r"superpixels\.count"):
        SemidefiniteRelaxation().program(large, factors, ProblemConfig())


def test_without_cvxpy_the_extra_is_named(data, factors, monkeypatch):
    program = SemidefiniteRelaxation().program(data, factors, ProblemConfig())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SolverError, match=r"napari-jcc\[sdp\]"):
        SemidefiniteRelaxation().solve(program, EXACT)
