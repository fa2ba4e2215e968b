"""The five losses against values worked out by hand, and their gradients."""

import math

import pytest

torch = pytest.importorskip("torch", reason="the matching network needs torch")

from napari_jcc.matching.losses import (  # noqa: E402
    consistency_loss,
    contrast_loss,
    cycle_loss,
    masked_means,
    match_scores,
    matching_loss,
    partner_weights,
    transitivity_loss,
)
from napari_jcc.matching.network.transforms import (  # noqa: E402
    Transform,
)

DOUBLE = torch.float64


def shift(x, y, batch=1):
    rest = Transform.identity(batch, torch.empty(0, dtype=DOUBLE))
    affine = rest.affine.clone()
    affine[:, 2], affine[:, 5] = x, y
    return Transform(affine, rest.tps)


def bent(generator, batch=2):
    rest = Transform.identity(batch, torch.empty(0, dtype=DOUBLE))
    affine = torch.randn(rest.affine.shape, generator=generator, dtype=DOUBLE)
    tps = torch.randn(rest.tps.shape, generator=generator, dtype=DOUBLE)
    return Transform(rest.affine + 0.1 * affine, rest.tps + 0.1 * tps)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def test_partners_of_the_identity_within_one_cell_are_the_cross_around_each_cell():
    weights = partner_weights(shift(0, 0), 3, 1.0, "hard")[0]
    # Cells are numbered  0 1 2 / 3 4 5 / 6 7 8.
    assert weights[:, 4].nonzero().flatten().tolist() == [1, 3, 4, 5, 7]
    assert weights[:, 0].nonzero().flatten().tolist() == [0, 1, 3]


def test_partners_follow_the_transformation_and_fade_when_soft():
    # A cell of a grid of 3 is 2/3 wide: every point leads one cell to the right.
    weights = partner_weights(shift(2 / 3, 0), 3, 0.5, "hard")[0]
    assert weights[:, 0].nonzero().flatten().tolist() == [1]
    assert weights[:, 2].sum() == 0  # leads out of the image
    soft = partner_weights(shift(0, 0), 3, 1.0, "soft")[0]
    assert soft[4, 4] == pytest.approx(1)
    assert soft[3, 4] == pytest.approx(0.5)
    assert soft[0, 4] == pytest.approx(1 - math.sqrt(2) / 2)


def test_matching_loss_adds_the_agreement_inside_both_masks():
    # Two cells; entry (q, p): source cell q, target cell p, each on a 1 x 2 grid.
    correlation = torch.tensor([[0.6, 0.0], [0.8, 1.0]], dtype=DOUBLE).reshape(1, 2, 1, 2)
    weights = torch.eye(2, dtype=DOUBLE)[None]
    scores = match_scores(correlation, weights)
    assert scores.flatten().tolist() == pytest.approx([0.6, 1.0])
    masks = torch.tensor([[[1.0, 0.5]]], dtype=DOUBLE), torch.ones(1, 1, 2, dtype=DOUBLE)
    # -(0.6 + 0.5) - (0.6 + 1.0)
    assert matching_loss((scores, scores), masks).tolist() == pytest.approx([-2.7])


def test_cycle_loss_is_the_way_back_that_is_missing_both_ways():
    forward, backward = shift(0.3, 0.4), shift(0, 0)
    like = forward.affine
    assert cycle_loss(forward, shift(-0.3, -0.4), like).item() == pytest.approx(0)
    # |(0.3, 0.4)| = 0.5, once in either direction.
    assert cycle_loss(forward, backward, like).item() == pytest.approx(1.0)


def test_transitivity_loss_is_what_the_round_trip_misses():
    like = shift(0, 0).affine
    lost = transitivity_loss(shift(0.1, 0), shift(0.2, 0), shift(0, -0.4), like)
    assert lost.item() == pytest.approx(0.5)
    home = transitivity_loss(shift(0.1, 0), shift(0.2, 0), shift(-0.3, 0), like)
    assert home.item() == pytest.approx(0)


def test_contrast_loss_by_hand():
    objects = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 0.0]])
    backgrounds = torch.tensor([[1.0, 1.0]]), torch.tensor([[0.0, 2.0]])
    # d+ = 1/2; d = (1/2 + 4/2) / 2 = 5/4; margin 2 leaves 3/4.
    assert contrast_loss(objects, backgrounds, 2.0).tolist() == pytest.approx([1.25])
    assert contrast_loss(objects, backgrounds, 1.0).tolist() == pytest.approx([0.5])


def test_means_of_cells_inside_and_outside_a_mask_by_hand():
    features = torch.tensor([[[[1.0, 3.0], [5.0, 7.0]]]], dtype=DOUBLE)
    # Cells are the means of 2 x 2 pixels: 1, 1/2, 0, 0.
    mask = torch.tensor([[[1.0, 1, 1, 0], [1, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]])
    inside, outside = masked_means(features, mask[:, None].to(DOUBLE))
    assert inside.item() == pytest.approx(2.5 / 1.5, rel=1e-3)
    assert outside.item() == pytest.approx((1.5 + 5 + 7) / 2.5, rel=1e-3)
    empty, _ = masked_means(features, torch.zeros(1, 1, 4, 4, dtype=DOUBLE))
    assert empty.item() == 0


def test_consistency_loss_by_hand():
    mask_a = torch.full((1, 1, 2, 2), 0.25, dtype=DOUBLE)
    mask_b = torch.ones(1, 1, 2, 2, dtype=DOUBLE)
    found = consistency_loss((mask_a, mask_b), (shift(0, 0), shift(0, 0)), "none").item()
    # BCE(.25, 1) = ln 4, and BCE(1, .25) = .75 * -ln(1e-6).
    expected = math.log(4) + 0.75 * math.log(1e6)
    assert found == pytest.approx(expected, rel=1e-4)


def test_consistency_beyond_the_source_is_not_object():
    mask = torch.ones(1, 1, 2, 2, dtype=DOUBLE)
    away = shift(10, 0)
    found = consistency_loss((mask, mask), (away, away), "none").item()
    assert found == pytest.approx(2 * math.log(1e6), rel=1e-6)


@pytest.mark.parametrize(
    ("detach", "moves"), [("target", [True, False]), ("warped", [True, True])]
)
def test_consistency_moves_one_side_only(detach, moves):
    # Points of A lead out of B, so that way only the fixed side can have a gradient: A.
    masks = [
        torch.full((1, 1, 2, 2), 0.4, dtype=DOUBLE, requires_grad=True) for _ in range(2)
    ]
    transforms = shift(0, 0), shift(10, 0)
    consistency_loss(tuple(masks), transforms, detach).sum().backward()
    touched = [mask.grad is not None and bool(mask.grad.any()) for mask in masks]
    assert touched == moves


def test_every_term_has_one_value_per_sample(generator):
    transforms = bent(generator, 3), bent(generator, 3)
    like = transforms[0].affine
    masks = tuple(torch.rand(3, 1, 4, 4, generator=generator, dtype=DOUBLE) for _ in "AB")
    features = tuple(torch.rand(3, 5, generator=generator) for _ in "AB")
    assert cycle_loss(*transforms, like).shape == (3,)
    assert transitivity_loss(*transforms, transforms[0], like).shape == (3,)
    assert contrast_loss(features, features, 2.0).shape == (3,)
    assert consistency_loss(masks, transforms, "none").shape == (3,)


def transform_of(vector):
    return Transform(vector[:, :6], vector[:, 6:])


def vector_of(transform):
    return torch.cat([transform.affine, transform.tps], dim=1).requires_grad_()


def test_gradients_of_the_geometric_terms(generator):
    vectors = [vector_of(bent(generator)) for _ in range(3)]

    def cycle(first, second):
        return cycle_loss(transform_of(first), transform_of(second), first)

    def transitivity(first, second, third):
        return transitivity_loss(*map(transform_of, (first, second, third)), first)

    assert torch.autograd.gradcheck(cycle, vectors[:2], fast_mode=True)
    assert torch.autograd.gradcheck(transitivity, vectors, fast_mode=True)


@pytest.mark.parametrize("neighbourhood", ["soft", "hard"])
def test_gradients_of_the_matching_term(generator, neighbourhood):
    vectors = [vector_of(bent(generator)) for _ in range(2)]
    shape = (2, 9, 3, 3)
    correlations = [
        torch.rand(shape, generator=generator, dtype=DOUBLE, requires_grad=True)
        for _ in range(2)
    ]
    masks = [
        torch.rand(2, 3, 3, generator=generator, dtype=DOUBLE, requires_grad=True)
        for _ in range(2)
    ]

    def loss(*parts):
        scores = tuple(
            match_scores(
                parts[2 + way],
                partner_weights(transform_of(parts[way]), 3, 1.0, neighbourhood),
            )
            for way in range(2)
        )
        return matching_loss(scores, parts[4:])

    assert torch.autograd.gradcheck(loss, (*vectors, *correlations, *masks), fast_mode=True)


def test_gradients_of_the_terms_of_masks(generator):
    features = [
        torch.rand(2, 4, generator=generator, dtype=DOUBLE, requires_grad=True)
        for _ in range(4)
    ]
    assert torch.autograd.gradcheck(
        lambda *parts: contrast_loss(parts[:2], parts[2:], 2.0), features
    )
    maps = torch.rand(2, 4, 3, 3, generator=generator, dtype=DOUBLE)
    mask = torch.rand(2, 1, 6, 6, generator=generator, dtype=DOUBLE, requires_grad=True)
    assert torch.autograd.gradcheck(lambda part: masked_means(maps, part), mask)
    masks = [
        (0.1 + 0.8 * torch.rand(2, 1, 5, 5, generator=generator, dtype=DOUBLE))
        .detach()
        .requires_grad_()
        for _ in range(2)
    ]
    vectors = [vector_of(bent(generator)) for _ in range(2)]

    def loss(*parts):
        transforms = tuple(map(transform_of, parts[2:]))
        return consistency_loss(parts[:2], transforms, "none")

    assert torch.autograd.gradcheck(loss, (*masks, *vectors), fast_mode=True)
