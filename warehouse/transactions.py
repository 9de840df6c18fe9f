"""All of a block, or nothing of it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the block did to `con`; what the block raises, Ctrl-C too, undoes it and goes on to the caller."""
    con.begin()
    try:
        yield
        con.commit()
    except BaseException:
        # a commit that failed, or was reached by a signal, has ended the transaction already
        with suppress(duckdb.TransactionException):
            con.rollback()
        raise
