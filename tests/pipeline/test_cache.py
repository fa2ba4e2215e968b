"""Stages kept in memory and on disk."""

import errno
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from napari_jcc.config import RuntimeConfig
from napari_jcc.errors import OutputError
from napari_jcc.features import RegionDescriptors
from napari_jcc.pipeline import cache as cache_module
from napari_jcc.pipeline.cache import Cache, digest
from napari_jcc.pipeline.codec import count_bytes, decode, encode
from napari_jcc.regions import Superpixels
from napari_jcc.spill import GIGABYTE


def equal(first, second):
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second, equal_nan=True)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(
            equal(first[k], second[k]) for k in first
        )
    if isinstance(first, tuple):
        return len(first) == len(second) and all(map(equal, first, second))
    return type(first) is type(second) and (first == second or first != first)


arrays = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int32, np.uint8, np.bool_]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
plain = st.none() | st.integers() | st.floats() | st.text() | st.booleans()
values = st.recursive(
    arrays | plain,
    lambda inner: st.dictionaries(st.text(), inner) | st.lists(inner).map(tuple),
    max_leaves=8,
)


@given(values)
def test_codec_round_trip(value):
    file = io.BytesIO()
    encode(value, file)
    file.seek(0)
    assert equal(value, decode(file))


def test_dataclasses_and_sparse_matrices_come_back(tmp_path):
    superpixels = Superpixels(
        np.zeros((2, 3), np.int32),
        np.ones((1, 3), np.float32),
        np.ones((1, 2), np.float32),
        np.full(1, 6, np.float32),
        np.zeros((0, 2), np.int64),
    )
    matrix = sparse.csr_array(np.array([[True, False], [False, True]]))
    Cache(tmp_path).put("ab12", (superpixels, matrix))
    again, found = Cache(tmp_path).get("ab12")
    assert isinstance(again, Superpixels)
    np.testing.assert_array_equal(again.label_map, superpixels.label_map)
    assert isinstance(found, sparse.csr_array)
    assert found.dtype == bool
    np.testing.assert_array_equal(found.toarray(), matrix.toarray())


def test_unknown_objects_are_refused():
    with pytest.raises(TypeError, match="object"):
        encode(object(), io.BytesIO())


def test_unknown_key_is_none(tmp_path):
    assert Cache(tmp_path).get("ab12") is None


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"nonsense"])
def test_damaged_file_counts_as_missing_and_is_replaced(tmp_path, damage):
    Cache(tmp_path).put("ab12", (np.arange(3),))
    (file,) = tmp_path.rglob("*.npz")
    file.write_bytes(damage)
    fresh = Cache(tmp_path)
    assert fresh.get("ab12") is None
    fresh.put("ab12", (np.arange(3),))
    np.testing.assert_array_equal(Cache(tmp_path).get("ab12")[0], [0, 1, 2])


def test_truncated_file_or_one_of_a_later_format_counts_as_missing(tmp_path):
    Cache(tmp_path).put("ab12", (np.arange(300),))
    (file,) = tmp_path.rglob("*.npz")
    whole = file.read_bytes()
    later = bytearray(whole)
    later[whole.index(b"PK\x01\x02") + 6] = 255
    for content in (whole[:-100], later):
        file.write_bytes(content)
        assert Cache(tmp_path).get("ab12") is None


def test_no_part_files_are_left(tmp_path):
    Cache(tmp_path).put("ab12", (np.arange(3),))
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".npz"]


def test_no_part_file_is_left_of_a_write_that_fails(tmp_path, monkeypatch):
    def fill_the_disk(value, file):
        file.write(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache_module, "encode", fill_the_disk)
    with pytest.raises(OutputError, match="No space left"):
        Cache(tmp_path).put(digest("a"), np.arange(3))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_memory_limit_drops_the_oldest():
    cache = Cache(memory_limit=2500)
    for key in ("a", "b", "c"):
        cache.put(key, np.zeros(1000, np.uint8))
    assert cache.get("a") is None
    assert cache.get("b") is not None
    cache.put("d", np.zeros(1000, np.uint8))
    assert cache.get("c") is None


def test_an_eighth_of_the_memory_for_a_set_is_kept():
    cache = Cache.of(RuntimeConfig(memory_budget_gb=8000 / GIGABYTE))  # 1000 bytes kept
    cache.put("a", np.zeros(600, np.uint8))
    cache.put("b", np.zeros(300, np.uint8))
    assert cache.get("a") is not None
    cache.put("c", np.zeros(300, np.uint8))
    assert cache.get("b") is None


def test_count_bytes_adds_up_nested_arrays():
    value = {
        "k": RegionDescriptors(np.zeros((2, 3), np.float32), np.zeros((1, 4), np.float32))
    }
    assert count_bytes(value) == 24 + 16


def test_cache_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cache_folder"):
        Cache(tmp_path / "file" / "cache")


def test_digest_depends_on_every_part_and_not_on_order_of_keys():
    assert digest("a", {"x": 1, "y": 2}) == digest("a", {"y": 2, "x": 1})
    assert digest("a", {"x": 1}) != digest("b", {"x": 1})
    assert digest(["a"], "b") != digest("a", ["b"])
    json.dumps(digest("a"))
