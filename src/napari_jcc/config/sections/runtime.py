"""Settings of the section ``runtime``."""

from __future__ import annotations

from typing import Literal

from napari_jcc.config.fields import Section, setting


class RuntimeConfig(Section):
    """Where and how a run computes; never changes the answer."""

    device: Literal["auto", "cpu", "cuda", "mps"] = setting(
        "auto",
        "Device",
        "Where stages that can use a graphics card run. auto: the card when there is one.",
    )
    workers: int = setting(
        0,
        "Parallel images",
        "Images worked on at the same time; 0: one per processor core.",
        advanced=True,
        ge=0,
        le=1024,
    )
    memory_budget_gb: float = setting(
        8.0,
        "Memory for a set (GB)",
        "About what descriptors, factors and the structured solver may take, and what is "
        "kept of former runs. What a large set needs beyond it goes to temporary files, "
        "slower and with the same answer.",
        advanced=True,
        gt=0,
        le=100_000,
    )
    cache_folder: str = setting(
        "",
        "Cache folder",
        "Folder that keeps finished stages between sessions; empty: memory only.",
        advanced=True,
    )
