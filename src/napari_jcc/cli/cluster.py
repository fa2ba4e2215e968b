"""The connection to a dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from napari_jcc.errors import InputError
from napari_jcc.words import how_to_install


@contextmanager
def connect(address: str | None) -> Iterator[Any]:
    """Give a client of the dask scheduler at `address`; None when there is no address.

    Raises
    ------
    InputError
        If dask.distributed is missing, or no scheduler answers.
    """
    if address is None:
        yield None
        return
    try:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port
    except ImportError as error:
        raise InputError(
            "--scheduler needs dask.distributed, not installed here. "
            f"{how_to_install('cluster')}"
        ) from error
    try:
        # A client given a malformed address waits long before and after it says so.
        get_address_host_port(address, strict=True)
        client = Client(address, timeout="5s")
    except (OSError, ValueError) as error:
        raise InputError(
            f"No dask scheduler answers at {address!r}: {error}. Start one by "
            "'dask scheduler', or leave --scheduler out to compute here."
        ) from error
    with client:
        yield client
