"""Units of length and time: their short names, and values in another of them."""

from __future__ import annotations

_LENGTHS = {"pm": 1e-12, "angstrom": 1e-10, "nm": 1e-9, "um": 1e-6, "mm": 1e-3}
_LENGTHS |= {"cm": 1e-2, "m": 1.0, "inch": 0.0254}
_TIMES = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_TIMES |= {"day": 86400.0}

_OTHER_LENGTHS = {
    "um": ("µm", "μm", "\\u00b5m", "micron", "microns", "micrometer"),
    "angstrom": ("Å", "å"),
    "inch": ("in",),
    "pm": ("picometer",),
    "nm": ("nanometer",),
    "mm": ("millimeter",),
    "cm": ("centimeter",),
    "m": ("meter",),
}
_OTHER_TIMES = {
    "ns": ("nanosecond",),
    "us": ("µs", "μs", "microsecond"),
    "ms": ("msec", "millisecond"),
    "s": ("sec", "second", "seconds"),
    "min": ("minute",),
    "h": ("hour",),
    "day": ("d",),
}


def find_length(name: str) -> str | None:
    """Short name of a unit of length (pm, angstrom, nm, um, mm, cm, m, inch), or None."""
    return _find(name, _OTHER_LENGTHS)


def find_time(name: str) -> str | None:
    """Short name of a unit of time (ns, us, ms, s, min, h, day), or None."""
    return _find(name, _OTHER_TIMES)


def convert(value: float, unit: str, wanted: str) -> float:
    """Tell a value in another unit of the same kind; both by their short names."""
    if unit == wanted:
        return value
    sizes = _LENGTHS if unit in _LENGTHS else _TIMES
    return value * sizes[unit] / sizes[wanted]


def _find(name: str, others: dict[str, tuple[str, ...]]) -> str | None:
    found = (unit for unit, names in others.items() if name == unit or name in names)
    return next(found, None)
