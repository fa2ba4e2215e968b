"""Masks that are too many for the memory."""

from __future__ import annotations

import os

import numpy as np
import pytest
from napari.layers import Labels

from napari_jcc.plugin import paged
from napari_jcc.plugin.layers import mask_stack
from napari_jcc.plugin.placement import Placement


def test_masks_of_a_large_set_are_paged_and_can_be_painted(
    tiny_collection, result, monkeypatch
):
    placement = Placement.of_stack(tiny_collection.open())
    in_memory = mask_stack(result, placement)
    monkeypatch.setattr(paged, "LARGEST_IN_MEMORY", in_memory.nbytes - 1)

    stack = mask_stack(result, placement)
    layer = Labels(stack)
    layer.data_setitem((np.array([1]), np.array([2]), np.array([3])), 7)

    assert not isinstance(in_memory, np.memmap)
    assert isinstance(stack, np.memmap)
    assert stack.dtype == in_memory.dtype
    assert stack[1, 2, 3] == 7
    layer.undo()
    np.testing.assert_array_equal(stack, in_memory)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the system has none")
def test_a_full_disk_leaves_the_masks_in_memory(monkeypatch, caplog):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(paged, "LARGEST_IN_MEMORY", 1)
    monkeypatch.setattr(os, "posix_fallocate", refuse)

    stack = paged.zeros((2, 3), np.uint8)

    assert not isinstance(stack, np.memmap)
    assert "No space left" in caplog.text
