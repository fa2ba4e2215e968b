"""Affine and thin plate transformations of points: application, composition, warping.

Coordinates are normalised: x to the right and y down, both from -1 at the outer edge of the
first pixel to 1 at the outer edge of the last (``align_corners=False``), so that they mean
the same at every resolution. The centre of pixel j of W lies at (2 j + 1) / W - 1.

A transformation maps points of the *target* image into the *source* image. Sampling the
source there warps it onto the target.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

TPS_SIDE = 3
"""Control points along each side of the image."""
EXACT = torch.empty(0, dtype=torch.float64)
"""As the argument `like`: double precision on the CPU, as some devices have none."""


@dataclass(frozen=True)
class Transform:
    """T(p) = affine(tps(p)), from target points to source points.

    Attributes
    ----------
    affine : (B, 6)
        Rows of the 2 x 3 matrix one after the other; see `affine_points`.
    tps : (B, 2 G)
        Where the control points go; see `tps_points`.
    """

    affine: Tensor
    tps: Tensor

    def __call__(self, points: Tensor) -> Tensor:
        """Map points (B, K, 2) of the target into the source."""
        return affine_points(self.affine, tps_points(self.tps, points))

    def __getitem__(self, rows: slice | Tensor) -> Transform:
        """Keep the transformations of some of the samples."""
        return Transform(self.affine[rows], self.tps[rows])

    def to(self, device: torch.device | str) -> Transform:
        """Move to a device."""
        return Transform(self.affine.to(device), self.tps.to(device))

    @classmethod
    def identity(cls, batch: int, like: Tensor | None = None) -> Transform:
        """Return the transformations that leave every point where it is."""
        like = torch.empty(0) if like is None else like
        affine = like.new_tensor([1, 0, 0, 0, 1, 0]).expand(batch, -1)
        return cls(
            affine, control_points(TPS_SIDE, like).T.reshape(1, -1).expand(batch, -1)
        )


@dataclass(frozen=True)
class Chain:
    """p -> outer(inner(p)), which in general is no affine map of a spline."""

    outer: Transform
    inner: Transform

    @property
    def affine(self) -> Tensor:
        """Affine part of the outer transformation; gives number, type and device."""
        return self.outer.affine

    def __call__(self, points: Tensor) -> Tensor:
        """Map points (B, K, 2)."""
        return self.outer(self.inner(points))

    def __getitem__(self, rows: slice | Tensor) -> Chain:
        """Keep some of the samples."""
        return Chain(self.outer[rows], self.inner[rows])

    def to(self, device: torch.device | str) -> Chain:
        """Move to a device."""
        return Chain(self.outer.to(device), self.inner.to(device))


def affine_points(theta: Tensor, points: Tensor) -> Tensor:
    """Map points by an affine transformation.

    Parameters
    ----------
    theta : (B, 6)
        a, b, c, d, e, f: x' = a x + b y + c, y' = d x + e y + f.
    points : (B, K, 2)
        x, y.

    Returns
    -------
    points : (B, K, 2)
    """
    matrix = theta.reshape(-1, 2, 3)
    return points @ matrix[:, :, :2].transpose(1, 2) + matrix[:, None, :, 2]


def compose_affine(first: Tensor, second: Tensor) -> Tensor:
    """Return the affine transformations p -> first(second(p)), (B, 6)."""
    matrix: Tensor = square_matrix(first) @ square_matrix(second)
    return matrix[:, :2].flatten(1)


def invert_affine(theta: Tensor) -> Tensor:
    """Return the inverse affine transformations, (B, 6)."""
    inverse: Tensor = torch.linalg.inv(square_matrix(theta))
    return inverse[:, :2].flatten(1)


def square_matrix(theta: Tensor) -> Tensor:
    """Homogeneous matrices (B, 3, 3) of affine transformations (B, 6)."""
    last = theta.new_tensor([0, 0, 1]).expand(len(theta), 1, 3)
    return torch.cat([theta.reshape(-1, 2, 3), last], dim=1)


def control_points(side: int, like: Tensor) -> Tensor:
    """Control points of a thin plate spline at rest, (side^2, 2).

    A regular grid on [-1, 1] with points on the border, row by row: point ``side * i + j``
    lies at row i, column j.
    """
    axis = torch.linspace(-1, 1, side, dtype=like.dtype, device=like.device)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1)


def tps_points(theta: Tensor, points: Tensor) -> Tensor:
    """Map points by the thin plate spline that moves the control points to `theta`.

    The spline is sum_k w_k U(|p - c_k|) + a_0 + a_1 x + a_2 y with U(r) = r^2 ln r^2, the
    w_k orthogonal to affine functions. It takes every control point c_k to its place in
    `theta`; the identity is the grid of control points itself.

    Parameters
    ----------
    theta : (B, 2 G)
        The x of the G moved control points, in the order of `control_points`, then the y.
    points : (B, K, 2)
        x, y.

    Returns
    -------
    points : (B, K, 2)
    """
    count = theta.shape[1] // 2
    moved = theta.reshape(-1, 2, count).transpose(1, 2)  # (B, G, 2)
    return tps_matrix(points, math.isqrt(count)) @ moved


def tps_matrix(points: Tensor, side: int) -> Tensor:
    """Share of every moved control point in where points (B, K, 2) go, (B, K, side^2)."""
    return tps_basis(points, side) @ _tps_system(side).to(points)


def tps_basis(points: Tensor, side: int) -> Tensor:
    """Values of all basis functions at points (B, K, 2): U of each centre, 1, x, y.

    Returns
    -------
    basis : (B, K, side^2 + 3)
    """
    offsets = points[:, :, None] - control_points(side, points)  # (B, K, G, 2)
    square = offsets.square().sum(dim=-1)
    # r^2 ln r^2 and its gradient go to 0 with r; ln alone does not.
    bumps = square * square.clamp_min(1e-12).log()
    return torch.cat([bumps, torch.ones_like(points[..., :1]), points], dim=2)


@lru_cache(maxsize=16)
def _tps_system(side: int) -> Tensor:
    """Linear map from moved control points to weights, (G + 3, G) float64."""
    centres = control_points(side, torch.empty(0, dtype=torch.float64))
    basis = tps_basis(centres[None], side)[0]  # (G, G + 3)
    count = len(centres)
    border = torch.cat([basis[:, count:].T, centres.new_zeros(3, 3)], dim=1)
    inverse: Tensor = torch.linalg.inv(torch.cat([basis, border]))
    return inverse[:, :count].contiguous()


@lru_cache(maxsize=16)
def tps_energy(side: int) -> Tensor:
    """Return E (G, G) float64: moved control points m have bending energy m' E m."""
    centres = control_points(side, torch.empty(0, dtype=torch.float64))
    weights = _tps_system(side)[: len(centres)]
    energy: Tensor = weights.T @ tps_basis(centres[None], side)[0, :, : len(centres)]
    energy = energy @ weights
    return (energy + energy.T) / 2


def pixel_centres(height: int, width: int, like: Tensor) -> Tensor:
    """Centres of all pixels or cells of an image, (1, height * width, 2), row by row."""
    y = (2 * torch.arange(height, dtype=like.dtype, device=like.device) + 1) / height - 1
    x = (2 * torch.arange(width, dtype=like.dtype, device=like.device) + 1) / width - 1
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([columns.flatten(), rows.flatten()], dim=1)[None]


def sampling_grid(transform: Transform, height: int, width: int) -> Tensor:
    """Where in the source every pixel of the target lies, (B, height, width, 2)."""
    batch = len(transform.affine)
    points = pixel_centres(height, width, transform.affine).expand(batch, -1, -1)
    return transform(points).reshape(batch, height, width, 2)


def warp(source: Tensor, grid: Tensor, padding: str = "zeros") -> Tensor:
    """Warp the source onto the target, with bilinear interpolation.

    Parameters
    ----------
    source : (B, C, H, W)
        Images, masks or feature maps.
    grid : (B, h, w, 2)
        Of `sampling_grid`.
    padding
        What lies outside the source: ``zeros``, ``border`` or ``reflection``.

    Returns
    -------
    warped : (B, C, h, w)
    """
    # In the precision of the grid: in half precision points would move by whole pixels.
    return torch.nn.functional.grid_sample(
        source.to(grid.dtype), grid, padding_mode=padding, align_corners=False
    )
