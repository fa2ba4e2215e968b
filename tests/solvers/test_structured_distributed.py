"""Images spread over two processes give the answer of one, and fail together."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_jcc.solvers import get_solver
from solvers.instances import TIGHT, random_program

pytest.importorskip("torch", reason="torch is not installed")

WORKER = Path(__file__).with_name("distributed_worker.py")


@pytest.mark.skipif(sys.platform == "win32", reason="gloo meets over a file elsewhere only")
def test_two_processes_agree_with_one(tmp_path):
    problem = random_program(np.random.default_rng(1), "cover")
    solver = get_solver("structured", "cpu")
    solver.setup(problem, TIGHT)
    alone = solver.solve().x
    address = f"file://{tmp_path / 'meeting'}"
    outputs = [tmp_path / f"{rank}.npy" for rank in range(2)]
    found_first = [str(WORKER.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(found_first)}
    workers = [
        subprocess.Popen(
            [sys.executable, str(WORKER), str(rank), address, str(output)], env=environment
        )
        for rank, output in enumerate(outputs)
    ]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0]
    for output, images in zip(outputs, ([0, 2], [1]), strict=True):
        kept = np.isin(problem.variable_image, images)
        np.testing.assert_allclose(np.load(output), alone[kept], atol=1e-6)
