"""The structured solver keeps to one device: a card that tensors claim, or a real one."""

import numpy as np
import pytest

from napari_jcc.config import SolverConfig
from solvers.instances import READINGS, random_program

torch = pytest.importorskip("torch", reason="torch is not installed")

from claimed_device import CARD, ClaimedCard  # noqa: E402
from napari_jcc.solvers.structured.change import Change  # noqa: E402
from napari_jcc.solvers.structured.engine import Engine  # noqa: E402


def cost(device, config, reading):
    base, edited = (
        random_program(np.random.default_rng(3), reading, nu=nu) for nu in (0.1, 0.4)
    )
    engine = Engine(base, config, device)
    first = engine.solve()
    engine.take(edited, Change.between(base, edited))
    second = engine.solve(first)
    return first.objective(base), second.objective(edited)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize(
    ("method", "tolerance"), [("auto", 1e-4), ("auto", 1e-8), ("admm", 1e-4)]
)
def test_a_program_and_its_edit_are_solved_on_one_device(reading, method, tolerance, card):
    config = SolverConfig(method=method, tolerance=tolerance)
    with card as claimed:
        found = cost(CARD, config, reading)
    assert claimed is None or claimed.waits, "nothing ran on the claimed card"
    # Sums on a real card have another order, and steps end where the tolerance is met.
    close = 1e-9 if claimed else 2 * tolerance
    assert found == pytest.approx(cost(torch.device("cpu"), config, reading), rel=close)


def test_the_claimed_card_refuses_what_cuda_refuses():
    with ClaimedCard():
        there, here = torch.ones(2, device="cuda"), torch.ones(2)
        assert there.device == CARD
        with pytest.raises(RuntimeError, match="two devices"):
            there + here
        with pytest.raises(RuntimeError, match="indices"):
            here[torch.zeros(1, dtype=torch.long, device="cuda")]
        with pytest.raises(TypeError, match="numpy"):
            np.asarray(there)
        assert (there.cpu() + here).tolist() == [2, 2]


@pytest.mark.parametrize("tolerance", [1e-4, 1e-8])
def test_a_step_waits_for_the_card_ten_times_at_most(tolerance):
    """Every number that is read holds up the card."""
    problem = random_program(np.random.default_rng(3), "cover")
    with ClaimedCard() as card:
        engine = Engine(problem, SolverConfig(tolerance=tolerance), CARD)
        card.waits.clear()
        steps = engine.solve().iterations
    assert card.waits.total() <= 10 * steps
