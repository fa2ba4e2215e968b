"""Adapters of the benchmark's solvers, on an optimum worked out by hand."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_jcc.problem import LowRankTerm
from solvers.instances import program

FILE = Path(__file__).parents[2] / "benchmarks" / "solvers_peers.py"


@pytest.fixture(scope="module")
def peers():
    spec = importlib.util.spec_from_file_location("solvers_peers", FILE)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize(
    "name", ["osqp-dense", "scs", "clarabel", "piqp", "highs", "pdhcg"]
)
def test_a_peer_finds_the_point_and_the_duals_worked_out_by_hand(name, peers):
    """x0^2 + x1^2 + (x0 - x1)^2 / 2 - 1.5 x0 over x0 + x1 <= 1, and two rows apart.

    At (3/4, 1/4) both derivatives of the cost are -1/4, so the row's dual is 1/4.
    (x2^2 + x3^2) / 2 with x2 + x3 = 1 is least in the middle, with dual -1/2, and
    x4^2 / 2 + x4 with x4 >= 1/2 there, with dual -3/2.
    """
    problem = program(
        np.diag([3, 3, 1, 1, 1]),
        [-1.5, 0, 0, 0, 1],
        [[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1]],
        [-np.inf, 1, 0.5],
        [1, 1, np.inf],
        [LowRankTerm(0, np.ones((2, 1)))],
    )
    package, _ = peers.OTHERS[name]
    pytest.importorskip(package, reason=f"{package} is not installed")
    found = peers.solve(name, problem, 1e-7, "cpu")
    assert found.status == "SOLVED"
    np.testing.assert_allclose(found.x, [0.75, 0.25, 0.5, 0.5, 0.5], atol=1e-5)
    np.testing.assert_allclose(found.row_duals, [0.25, -0.5, -1.5], atol=1e-5)


def test_a_peer_that_cannot_be_imported_is_named_with_its_remedy(peers, monkeypatch):
    monkeypatch.setitem(sys.modules, "piqp", None)
    problem = program(np.eye(2), [0, 0], [[1, 1]], [1], [1])
    with pytest.raises(peers.NotHere, match=r"piqp cannot be imported .*pip install piqp"):
        peers.solve("piqp", problem, 1e-6, "cpu")
