"""What the marts were built from: as long as it is the same, they are not built again."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

from warehouse.decisions import OF_ALERTS
from warehouse.digests import add_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb


def state_mark(con: duckdb.DuckDBPyConnection, regimes: Mapping[str, str] | None = None) -> str:
    """Hash over everything the marts rest on: facts, decisions, duties, reference data, settings and the models' text.

    Facts are only ever appended, so their numbers say whether there are new ones.
    """
    digest = hashlib.sha256(repr(sorted((regimes or {}).items())).encode())
    for query in (
        "select fingerprint from ops.schema_version",
        "select fingerprint from ref.versions",
        "select count(*), max(load_no) from ops.readings",
        "select count(*) from ops.landed",
        "select count(*), max(failed_at) from ops.failures",
        f"select count(*), max(decided_at) from ops.decisions where not list_contains({list(OF_ALERTS)}, kind)",
        "select count(*), max(said_at) from ops.correction_entries",
        "select count(*), max(signed_at) from ops.signatures",
        "select count(*), coalesce(sum(hash(f)::hugeint), 0) from ops.feeds as f",
        "select count(*), coalesce(sum(hash(s)::hugeint), 0) from ref.settings as s",
        "select count(*), coalesce(sum(hash(o)::hugeint), 0) from ops.obligations as o",
    ):
        digest.update(repr(con.execute(query).fetchall()).encode())
    digest.update(_models_text())
    return digest.hexdigest()


def built_mark(con: duckdb.DuckDBPyConnection) -> str | None:
    """The mark of what the marts now in the warehouse were built from; None before the first time."""
    row = con.execute("select mark from ops.built").fetchone()
    return str(row[0]) if row else None


def is_published(con: duckdb.DuckDBPyConnection, release_id: str | None) -> bool:
    """Whether the marts now in the warehouse are those of a release: False when a run ended before it could publish."""
    row = con.execute("select release_id from ops.built").fetchone()
    return bool(row and row[0] and row[0] == release_id)


def mark_published(con: duckdb.DuckDBPyConnection, release_id: str) -> None:
    """Write down which release holds the marts now in the warehouse."""
    con.execute("update ops.built set release_id = ?", [release_id])


def mark_built(con: duckdb.DuckDBPyConnection, mark: str) -> None:
    """Write down what the marts were built from."""
    con.execute("delete from ops.built")
    con.execute("insert into ops.built (mark) values (?)", [mark])


def returned_mark(con: duckdb.DuckDBPyConnection) -> str | None:
    """What `mark_returned` wrote down for the present state; None where that has changed since."""
    row = con.execute("select returned from ops.built").fetchone()
    return str(row[0]) if row and row[0] else None


def mark_returned(con: duckdb.DuckDBPyConnection, mark: str) -> None:
    """Write down that all return files of the present state lie there; `mark` is over their names."""
    con.execute("update ops.built set returned = ?", [mark])


def _models_text() -> bytes:
    digest = hashlib.sha256()
    # the law of counting, the sums and the models made from contracts
    for name in ("measures.py", "models.py", "model_files.py", "sentences.py", "checks.py"):
        digest.update(files("warehouse").joinpath(name).read_bytes())
    add_folder(digest, files("warehouse").joinpath("models"), "models")
    add_folder(digest, files("expectations.contracts").joinpath("words"), "words")
    return digest.digest()
