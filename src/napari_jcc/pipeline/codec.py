"""Results of stages as archives of arrays, without pickled objects."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import fields, is_dataclass
from typing import IO, Any

import numpy as np
from scipy import sparse

from napari_jcc.features import FeatureMap, RegionDescriptors
from napari_jcc.priors.kernel_ridge import FittedRidge
from napari_jcc.problem import DiscriminativeFactor, JointFactors
from napari_jcc.regions import ImageRegions, Superpixels
from napari_jcc.results import ImageResult
from napari_jcc.results.pixel_classifier import PixelClassifier
from napari_jcc.solvers import Solution, Status

_CLASSES: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        DiscriminativeFactor,
        FeatureMap,
        FittedRidge,
        ImageRegions,
        ImageResult,
        JointFactors,
        PixelClassifier,
        RegionDescriptors,
        Solution,
        Superpixels,
    )
}
_OUTLINE = "outline"

DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What reading a damaged archive, array or document can raise, besides OSError."""


def encode(value: Any, file: IO[bytes]) -> None:
    """Write nested dataclasses, mappings, sequences, arrays and scalars to `file`.

    Raises
    ------
    TypeError
        If the value holds anything else.
    """
    arrays: dict[str, np.ndarray] = {}
    outline = _describe(value, arrays)
    text = np.frombuffer(json.dumps(outline).encode(), dtype=np.uint8)
    np.savez(file, allow_pickle=False, **{_OUTLINE: text}, **arrays)


def decode(file: IO[bytes]) -> Any:
    """Read what `encode` wrote; one of `DAMAGE` is raised where it is something else."""
    with np.load(file, allow_pickle=False) as archive:
        outline = json.loads(archive[_OUTLINE].tobytes())
        return _rebuild(outline, archive)


def count_bytes(value: Any) -> int:
    """Memory that the arrays of a value take, in bytes."""
    arrays: dict[str, np.ndarray] = {}
    _describe(value, arrays)
    return sum(array.nbytes for array in arrays.values())


def _describe(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Outline of `value` in JSON; its arrays are added to `arrays`."""
    if isinstance(value, np.ndarray):
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, sparse.csr_array):
        parts = [value.data, value.indices, value.indptr]
        return {"csr": [_describe(part, arrays) for part in parts], "shape": value.shape}
    if isinstance(value, Status):
        return {"status": value.name}
    if is_dataclass(value) and type(value).__name__ in _CLASSES:
        content = {f.name: _describe(getattr(value, f.name), arrays) for f in fields(value)}
        return {"class": type(value).__name__, "fields": content}
    if isinstance(value, dict):
        return {"map": {key: _describe(item, arrays) for key, item in value.items()}}
    if isinstance(value, tuple):
        return {"tuple": [_describe(item, arrays) for item in value]}
    if value is None or isinstance(value, str | int | float):
        return {"plain": value}
    raise TypeError(f"The cache cannot keep a {type(value).__name__}.")


def _rebuild(outline: Any, archive: Any) -> Any:
    if "array" in outline:
        return archive[outline["array"]]
    if "csr" in outline:
        parts = tuple(_rebuild(part, archive) for part in outline["csr"])
        return sparse.csr_array(parts, shape=tuple(outline["shape"]))
    if "status" in outline:
        return Status[outline["status"]]
    if "class" in outline:
        described = outline["fields"].items()
        content = {name: _rebuild(item, archive) for name, item in described}
        return _CLASSES[outline["class"]](**content)
    if "map" in outline:
        return {key: _rebuild(item, archive) for key, item in outline["map"].items()}
    if "tuple" in outline:
        return tuple(_rebuild(item, archive) for item in outline["tuple"])
    return outline["plain"]
