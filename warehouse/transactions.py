"""All of a block, or nothing of it; and nothing of a block that was stopped left behind."""

from __future__ import annotations

import gc
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import duckdb

from expectations.contracts.sql import literal

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


@contextmanager
def undone(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Undo whatever the block did to `con`, also where it ends well: it made for itself what it only asks."""
    con.begin()
    try:
        yield
    finally:
        with suppress(duckdb.TransactionException):
            con.rollback()


@contextmanager
def without_log(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Within the block a commit is a checkpoint: what it wrote goes into the file at once, and into no log before."""
    [(before,)] = con.execute("select current_setting('checkpoint_threshold')").fetchall()
    con.execute("set checkpoint_threshold = '1B'")
    try:
        yield
    finally:
        con.execute(f"set checkpoint_threshold = {literal(before)}")


def is_stop(fault: BaseException | None) -> bool:
    """Whether a signal reached the process within a question: DuckDB makes an error of its own of the Ctrl-C."""
    if fault is None:
        return False
    is_interrupt = isinstance(fault, duckdb.InterruptException) or (
        isinstance(fault, RuntimeError) and str(fault) == "Query interrupted"
    )
    return is_interrupt or is_stop(fault.__cause__)


def let_go(fault: BaseException) -> None:
    """Give back what the functions that `fault` came out of still hold; the places and words of the fault stay.

    DuckDB opens no file of which this process holds an answer not yet read to its end, though its connection is closed:
    it turns without end, waiting for the answer to go. After Ctrl-C the traceback holds such answers.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [fault]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            traceback.clear_frames(one.__traceback__)
            waiting += [one.__cause__, one.__context__]
    gc.collect()
