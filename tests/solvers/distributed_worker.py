"""One of two processes that solve a program together: RANK ADDRESS OUTPUT."""

import sys
from dataclasses import replace

import numpy as np
import torch
from scipy import sparse

from napari_jcc.problem import LowRankTerm, QuadraticProgram
from napari_jcc.solvers import Status
from napari_jcc.solvers.structured import AcrossProcesses, StructuredSolver
from solvers.instances import TIGHT, random_program

SHARES = ([0, 2], [1])


def share(problem: QuadraticProgram, images: list[int]) -> QuadraticProgram:
    """The part of a program that some images hold."""
    kept = np.isin(problem.variable_image, images)
    rows = np.isin(problem.row_image, images)
    terms, start = [], 0
    for term in problem.low_rank:
        factor = term.factor[kept[term.rows]]
        terms.append(LowRankTerm(start, factor))
        start += len(factor)
    return QuadraticProgram(
        sparse_cost=sparse.csc_array(problem.sparse_cost.tocsr()[kept].tocsc()[:, kept]),
        low_rank=tuple(terms),
        q=problem.q[kept],
        A=sparse.csr_array(problem.A[rows].tocsc()[:, kept].tocsr()),
        l=problem.l[rows],
        u=problem.u[rows],
        lower=problem.lower[kept],
        upper=problem.upper[kept],
        variable_image=np.searchsorted(images, problem.variable_image[kept]),
        row_image=np.searchsorted(images, problem.row_image[rows]),
    )


def main() -> None:
    rank, address, output = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=address, rank=rank, world_size=len(SHARES)
    )
    problem = random_program(np.random.default_rng(1), "cover")
    solver = StructuredSolver("cpu", AcrossProcesses())
    solver.setup(share(problem, SHARES[rank]), TIGHT)
    np.save(output, solver.solve().x)
    own = share(problem, SHARES[rank])
    if rank:  # Only here is the cost not convex, which all must learn.
        own = replace(own, sparse_cost=-own.sparse_cost)
    solver.setup(own, TIGHT)
    assert solver.solve().status is Status.NON_CONVEX
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
