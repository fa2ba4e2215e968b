"""The same stack as OME-TIFF and as OME-Zarr."""

import numpy as np
import pytest
import tifffile

ROWS, COLUMNS = np.mgrid[:48, :64]
NOISE = np.random.default_rng(0)
UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}
KINDS = {"t": "time", "c": "channel"}


def draw(time, depth, channel):
    distance = np.hypot(ROWS - 18 - 5 * time, COLUMNS - 26 - 8 * depth)
    return 300 + 900 * (distance < 11) * (channel + 1) + NOISE.normal(0, 20, ROWS.shape)


STACK = np.array(
    [[[draw(t, z, c) for c in range(2)] for z in range(2)] for t in range(2)]
).astype(np.uint16)
"""(T, Z, C, Y, X)"""


def save_tiff(path):
    sizes = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25, "PhysicalSizeZ": 2.0}
    metadata = {"axes": "TZCYX", **sizes, "TimeIncrement": 5.0}
    tifffile.imwrite(path, STACK, ome=True, photometric="minisblack", metadata=metadata)
    return path


def save_zarr(path, form, channels=2):
    """Write format 2 as OME-Zarr 0.4 says, and 3 as 0.5 does, channels before depths."""
    zarr = pytest.importorskip("zarr", reason="needs the extra zarr")
    group = zarr.open_group(path, mode="w", zarr_format=form)
    stack = STACK[:, :, :channels]
    for level, data in enumerate((stack, stack[..., ::2, ::2])):
        group.create_array(str(level), data=data.swapaxes(1, 2), chunks=(1, 1, 1, 32, 32))
    axes = [
        {"name": name, "type": KINDS.get(name, "space")}
        | ({"unit": UNITS[name]} if name in UNITS else {})
        for name in "tczyx"
    ]
    levels = [
        {"path": str(level), "coordinateTransformations": [scale(1, 1, 2, *sides)]}
        for level, sides in enumerate(((0.25, 0.5), (0.5, 1)))
    ]
    stack = {"axes": axes, "datasets": levels}
    stack["coordinateTransformations"] = [scale(5, 1, 1, 1, 1)]
    if form == 2:
        group.attrs["multiscales"] = [{"version": "0.4", **stack}]
    else:
        group.attrs["ome"] = {"version": "0.5", "multiscales": [stack]}
    return path


def scale(*sizes):
    return {"type": "scale", "scale": list(sizes)}
