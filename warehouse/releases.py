"""Releases: immutable read-only copies of the warehouse under releases/<id>, and the pointer to the current one.

A release is made in a temporary folder, checked, written through to the disk and renamed into place; then `current`, a
relative symbolic link, is swapped. Whoever has an older file open keeps it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import duckdb

from expectations.contracts.alerts import text_covered
from expectations.contracts.model import contract, datasets
from expectations.contracts.privacy import PERSONAL_PATTERN
from expectations.contracts.sql import identifier, literal
from expectations.contracts.times import now
from warehouse.catalogue import columns_of, database, named
from warehouse.decisions import OF_ALERTS
from warehouse.disclosure import decide, secret
from warehouse.models import view_texts
from warehouse.outbox import raise_alerts
from warehouse.privacy import MaskedCells, ReleaseRefusedError, cover, refuse_personal_columns, released
from warehouse.published import (
    CURRENT,
    MANIFEST,
    RELEASES,
    Release,
    current,
    is_whole,
    list_releases,
    read_release,
    sha256_of,
)
from warehouse.signatures import signed_releases
from warehouse.standing import asked_once
from warehouse.state import mark_published
from warehouse.store import WAREHOUSE
from warehouse.transactions import transaction, undone
from warehouse.withheld import LEFT_OUT, bring_unconcerned, build_published, holds_staying, is_made, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

__all__ = [
    "Publication",
    "Release",
    "ReleaseRefusedError",
    "clear_drafts",
    "current",
    "drafts",
    "fingerprint",
    "list_releases",
    "prune",
    "publish",
]

_UNCOUNTED = {
    ("ops", name)
    for name in ("runs", "outcomes", "alerts", "outbox", "outdated_signatures", "releases", "schema_version")
}
"""Tables that say how the house ran: a change in them alone is no reason for a new release."""
_UNCOUNTED_COLUMNS = ("loaded_at", "found_at", "built_at", "computed_at", "booked_at", "load_no", "landed_at", "inputs")
_PARTIAL = ".making-"
MASKING_VERSION = 4
"""Raise it when a release says something otherwise than before: what was carried over is brought anew."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What `publish` did: `is_new` is False when nothing had changed and the standing release was left current."""

    release_id: str
    path: Path
    is_new: bool
    masked: tuple[MaskedCells, ...] = ()
    """Where texts looked personal and were covered in the release: the door let them through, a person must look."""


def publish(
    home: Path,
    con: duckdb.DuckDBPyConnection,
    keep: int | None = None,
    *,
    group: bool = False,
    run_id: str | None = None,
) -> Publication:
    """Publish the warehouse of `con` (the writer's connection on `home`) as a release and make it current.

    Nothing is published when nothing changed since the current release. What did not change is carried over from the
    current release's file, unless that is no longer what it was published as: then all is made anew. With `keep`, the
    oldest releases beyond so many are removed. A text that looks personal is covered in the copy, reported, and raises
    an alert. Its owner may read a release, with `group` their group too.
    Raises ReleaseRefusedError when there is a personal column; the current release stays then.
    """
    folder = home / RELEASES
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    clear_drafts(home)
    refuse_personal_columns(con, database(con))
    decide(con)
    tables = _table_digests(con)
    content_hash = _content_hash(con, tables)
    standing = current(home)
    if standing and not is_whole(standing):
        standing = None
    if standing and standing.manifest.get("content_hash") == content_hash:
        _enter(con, standing, run_id)
        prune(home, keep)
        return Publication(standing.release_id, standing.path, is_new=False)
    created_at = now().replace(microsecond=0)
    while (folder / (release_id := f"{created_at:%Y%m%dT%H%M%S}-{content_hash[:8]}")).exists():
        created_at += timedelta(seconds=1)
    making = folder / f"{_PARTIAL}{release_id}"
    making.mkdir(mode=0o700)
    masked: list[MaskedCells] = []
    try:
        manifest = {
            "release_id": release_id,
            "created_at": created_at.isoformat(),
            "content_hash": content_hash,
            "fingerprint": _fingerprint_at_once(con),
            "structure": _structure(con),
            "tables": tables,
            **_copy(con, making / WAREHOUSE, (release_id, created_at, content_hash), standing, tables, masked),
        }
        _write_through(making / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")
        for file in (making / MANIFEST, making / WAREHOUSE):
            file.chmod(0o440 if group else 0o400)
        if group:
            making.chmod(0o750)
        _sync(making)
        making.rename(folder / release_id)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    _point(folder, release_id)
    _enter(con, read_release(folder / release_id, is_current=True), run_id)
    prune(home, keep)
    return Publication(release_id, folder / release_id, is_new=True, masked=tuple(masked))


def write_published(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write what a release would hold, by what was decided last (`disclosure.decide`), into a new file; no release."""
    own = database(con)
    prepare(con, own)
    with _attached(con, path):
        _fill(con, own, {}, {})
        left = bring_unconcerned(con, own, "release_copy")
    build_published(path, _threads(con), left)


def _enter(con: duckdb.DuckDBPyConnection, release: Release, run_id: str | None) -> None:
    """Write a release that is current into the books, with the alerts of what it covers, in one transaction.

    From its manifest: a process may have been killed right after the pointer moved.
    """
    told = release.manifest
    with transaction(con):
        con.execute(
            "insert into ops.releases select * from (values (?, ?, ?, ?, ?)) as made(release_id, b, c, d, e)"
            " where release_id not in (select release_id from ops.releases)",
            [release.release_id, release.created_at, told["content_hash"], told["sha256"], told["size_bytes"]],
        )
        covered = [place.rpartition(": ") for place in told.get("masked", [])]
        raise_alerts(con, [text_covered(place, int(texts)) for place, _, texts in covered], run_id)
        mark_published(con, release.release_id)


def fingerprint(con: duckdb.DuckDBPyConnection) -> str:
    """Hash over what the figures rest on: the rows that stand and who said them, decisions, reference, contracts.

    The same for every warehouse that was told the same, in whatever order and however often, grown or rebuilt: it holds
    no load numbers and no clocks of ours, and of a reading its layout and contract, since a replay reads once more.
    """
    digest = hashlib.sha256(",".join(f"{name} {contract(name).version}" for name in datasets()).encode())
    asked = [
        """select said.* exclude (reading_id, rows_of), reading.fingerprint, reading.contract_version
           from ops.standing as said join ops.readings as reading using (reading_id)""",
        "select delivery_id, state, state_kind from ops.deliveries",
        f"""select kind, delivery_id, feed, period, decided_by, reason, decided_at, finding_id, until_on, outcome
            from ops.decisions where not list_contains({list(OF_ALERTS)}, kind)""",
        "select entry_id, state, row_count, applied_count from ops.corrections",
        """select finding_id, severity, message_vi from ops.findings
           where delivery_id is not null and check_name <> 'late_delivery'""",
        "select fingerprint from ref.versions",
        *(f"select * exclude (_reading_id) from core.{name}_current" for name in datasets()),
    ]
    for query in asked:
        sums = con.execute(f"select count(*), coalesce(sum(hash(said)::hugeint), 0) from ({query}) as said").fetchone()
        digest.update(repr(sums).encode())
    return digest.hexdigest()


def _fingerprint_at_once(con: duckdb.DuckDBPyConnection) -> str:
    """The same, of a connection that may write: what stands is asked once for all of its questions."""
    with undone(con), asked_once(con):
        return fingerprint(con)


def prune(home: Path, keep: int | None) -> None:
    """Remove the oldest releases beyond `keep` (None: all stay); readers keep their file.

    Never the current one, nor one whose figures are the last that were signed of a period.
    """
    held = list_releases(home) if keep is not None else []
    signed = signed_releases(home) if held else frozenset()
    left_over = [one for one in held if not one.is_current and one.release_id not in signed][max(0, (keep or 0) - 1) :]
    for one in left_over:
        # First out of sight, whole: a reader of the list never meets half a release.
        going = one.path.with_name(f"{_PARTIAL}removed-{one.release_id}")
        one.path.rename(going)
        shutil.rmtree(going)


# --- what is published --------------------------------------------------------------------------------------------


def _copy(  # noqa: PLR0917 - what the copy is made of
    con: duckdb.DuckDBPyConnection,
    path: Path,
    entry: tuple[str, datetime, str],
    standing: Release | None,
    tables: Mapping[str, str],
    masked: list[MaskedCells],
) -> dict[str, Any]:
    """Make the release's file, which knows its own `entry`; returns what the manifest says of it.

    A file made before, of the same structure, is the start: only tables whose digest changed are brought anew, of those
    that are only appended to the new rows. What is not published never enters the file, so no free block can hold it.
    What had to be covered is added to `masked`.
    """
    own = database(con)
    prepare(con, own)
    known = _carried(con, path, standing)
    with _attached(con, path):
        if known and holds_staying(con, own, "release_copy"):
            with _detached(con, path):
                path.unlink()  # a case became one that stays: no block of the file may remember it
            known = {}
        masked += _fill(con, own, known, tables)
        if left := bring_unconcerned(con, own, "release_copy"):
            with _detached(con, path):
                build_published(path, _threads(con), left)
        con.execute("delete from release_copy.ops.releases where release_id = ?", [entry[0]])
        con.execute("insert into release_copy.ops.releases values (?, ?, ?, null, null)", entry)
        described = _describe(con) | {
            "masked": [f"{one.schema}.{one.table}.{one.column}: {one.texts}" for one in masked]
        }
        if any(one.schema == "core" for one in masked):
            # The warehouse itself still holds them: the next release must look at every row again.
            described["privacy_check"] = None
        con.execute("checkpoint release_copy")
    _sync(path)
    return {"sha256": sha256_of(path), "size_bytes": path.stat().st_size, **described}


def _fill(
    con: duckdb.DuckDBPyConnection, own: str, known: Mapping[str, str], tables: Mapping[str, str]
) -> list[MaskedCells]:
    """Bring into the attached file what it does not hold yet: the `known` tables of the same digest stay."""
    if not known:
        con.execute(f"copy from database {identifier(own)} to release_copy (schema)")
        _drop_unpublished(con)
    wanted = {
        (schema, table): _lacking(con, own, schema, table) if name in known else ""
        for schema, table in _tables(con, "release_copy")
        if (name := f"{schema}.{table}") not in known or known[name] != tables.get(name) or is_made(schema, table)
    }
    masked = cover(con, own, wanted)
    for (schema, table), lacking in wanted.items():
        _bring(con, own, schema, table, lacking)
    return masked


def _threads(con: duckdb.DuckDBPyConnection) -> int:
    """How many threads a connection was given."""
    [(threads,)] = con.execute("select current_setting('threads')").fetchall()
    return int(threads)


@contextmanager
def _attached(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    con.execute(f"attach {literal(str(path))} as release_copy")
    try:
        yield
    finally:
        con.execute("detach database if exists release_copy")  # to attach it again may have failed


@contextmanager
def _detached(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    """Within the block, of one of `_attached`, the file is nobody's."""
    con.execute("detach release_copy")
    try:
        yield
    finally:
        con.execute(f"attach {literal(str(path))} as release_copy")


def _carried(con: duckdb.DuckDBPyConnection, path: Path, standing: Release | None) -> Mapping[str, str]:
    """Start from the standing release's file when it has the structure of today; digests of its tables, else none."""
    if standing is None or standing.manifest.get("structure") != _structure(con) or not standing.file.exists():
        return {}
    if standing.manifest.get("privacy_check") != _privacy_mark():
        return {}  # messages are masked when they enter: by today's patterns, all of them must enter again
    shutil.copyfile(standing.file, path)
    return dict(standing.manifest.get("tables", {}))


def _lacking(con: duckdb.DuckDBPyConnection, own: str, schema: str, table: str) -> str:
    """The condition on the rows a carried table lacks, where rows are only appended; else "": all are brought."""
    if not _is_appended(con, own, schema, table):
        return ""
    target, source = (f"{identifier(place)}.{schema}.{identifier(table)}" for place in ("release_copy", own))
    missing = f"select distinct _reading_id from {source} except select distinct _reading_id from {target}"
    return f"where _reading_id in ({missing})"


def _bring(con: duckdb.DuckDBPyConnection, own: str, schema: str, table: str, lacking: str) -> None:
    """Bring a table into the release: the rows it is `lacking` where rows are only appended, else all of them."""
    target = f"release_copy.{schema}.{identifier(table)}"
    if lacking:
        con.execute(f"insert into {target} by name {released(con, own, schema, table)} {lacking}")
        if _per_reading(con, f"({released(con, own, schema, table)})") == _per_reading(con, target):
            return
        cover(con, own, {(schema, table): ""})
    con.execute(f"delete from {target}")
    con.execute(f"insert into {target} by name {released(con, own, schema, table)}")


def _is_appended(con: duckdb.DuckDBPyConnection, catalog: str, schema: str, table: str) -> bool:
    """Whether rows of the table are never changed: core's, each of one reading."""
    return schema == "core" and table in datasets() and "_reading_id" in columns_of(con, f"{schema}.{table}", catalog)


def _per_reading(con: duckdb.DuckDBPyConnection, table: str) -> str:
    row = con.execute(
        f"select md5(coalesce(string_agg(_reading_id || ' ' || rows, ',' order by _reading_id), '')) from"
        f" (select _reading_id, count(*) as rows from {table} group by all)"
    ).fetchone()
    return str(row[0]) if row else ""


def _drop_unpublished(con: duckdb.DuckDBPyConnection) -> None:
    for schema, table in LEFT_OUT:
        con.execute(f"drop table release_copy.{schema}.{table}")


def _describe(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    rows = {
        f"{schema}.{table}": _one(con, f"select count(*) from release_copy.{schema}.{identifier(table)}")
        for schema, table in _tables(con, "release_copy")
    }
    deliveries = "release_copy.ops.deliveries"
    sources = con.execute(
        f"""
        select source, count(*) as deliveries, coalesce(sum(rows_read), 0) as rows_read,
               coalesce(sum(rows_loaded), 0) as rows_loaded, coalesce(sum(rows_quarantined), 0) as rows_quarantined
        from {deliveries}
        left join release_copy.ops.receipts using (delivery_id)
        group by source
        order by source
        """
    )
    by_source = named(sources)
    return {
        "versions": {
            "danvan": _own_version(),
            "duckdb": duckdb.__version__,
            "contracts": {name: contract(name).version for name in datasets()},
        },
        "periods": [
            row[0]
            for row in con.execute(
                f"select distinct unnest(periods) as period from {deliveries} where state in ('booked', 'held')"
                " order by period"
            ).fetchall()
        ],
        "deliveries": rows["ops.landed"],
        "last_load_no": _one(con, f"select coalesce(max(load_no), 0) from {deliveries}"),
        "privacy_check": _privacy_mark(),
        "rows": rows,
        "sources": by_source,
    }


def _content_hash(con: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> str:
    """Hash of everything published, whatever the order of rows, from the digests of the tables that count."""
    digest = hashlib.sha256(f"{_own_version()}|{duckdb.__version__}".encode())
    digest.update(repr(sorted(tables.items())).encode())
    digest.update(repr(_views(con)).encode())
    return digest.hexdigest()


def _table_digests(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """`schema.table` → digest of its content, whatever the order of rows; each is read once.

    Rows of core that are only appended follow from the counts per reading. Made with the secret of the warehouse: a
    digest of a table that holds what is hidden could else be tried out.
    """
    own = database(con)
    key = secret(con)
    found = {}
    for schema, table in _tables(con, own):
        if (schema, table) in LEFT_OUT | _UNCOUNTED:
            continue
        place = f"{identifier(own)}.{schema}.{identifier(table)}"
        if _is_appended(con, own, schema, table):
            found[f"{schema}.{table}"] = _keyed(key, _per_reading(con, place))
            continue
        # Sums of doubles differ in the last digits from one parallel run to the next.
        columns = ", ".join(
            f"round({identifier(name)}, 9)" if kind == "DOUBLE" else identifier(name)
            for name, kind in columns_of(con, f"{schema}.{table}", own).items()
            if name not in _UNCOUNTED_COLUMNS
        )
        query = f"select count(*), coalesce(sum(hash({columns})), 0), coalesce(bit_xor(hash({columns})), 0)"
        told = " ".join(map(str, con.execute(f"{query} from {place}").fetchone() or ()))
        found[f"{schema}.{table}"] = _keyed(key, told)
    return found


def _keyed(key: str, told: str) -> str:
    return hmac.new(key.encode(), told.encode(), "sha256").hexdigest()[:32]


def _structure(con: duckdb.DuckDBPyConnection) -> str:
    """Hash of tables, columns, comments and views: a release of another structure is made anew."""
    columns = con.execute(
        "select schema_name, table_name, column_name, data_type, comment from duckdb_columns()"
        " where database_name = ? and not internal order by all",
        [database(con)],
    ).fetchall()
    return hashlib.sha256(repr((duckdb.__version__, columns, _views(con))).encode()).hexdigest()[:16]


def _views(con: duckdb.DuckDBPyConnection) -> list[Any]:
    """The views as text. Models say their own: DuckDB words them otherwise once read from a file."""
    found = con.execute(
        "select schema_name, view_name, sql from duckdb_views() where not internal and database_name = ? order by all",
        [database(con)],
    ).fetchall()
    made = view_texts(con, {f"{schema}.{name}" for schema, name, _ in found})
    return [(schema, name, made.get(f"{schema}.{name}", text)) for schema, name, text in found]


def _privacy_mark() -> str:
    contracts = ",".join(f"{name} {contract(name).version}" for name in datasets())
    return hashlib.sha256(f"{MASKING_VERSION}|{PERSONAL_PATTERN}|{contracts}".encode()).hexdigest()[:16]


def _tables(con: duckdb.DuckDBPyConnection, catalog: str) -> list[tuple[str, str]]:
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ? and not internal and not temporary"
        " order by all",
        [catalog],
    ).fetchall()
    return [(str(schema), str(table)) for schema, table in rows]


def _one(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0


def _own_version() -> str:
    try:
        return version("danvan")
    except PackageNotFoundError:
        return "unpackaged"


# --- the folder and the pointer -----------------------------------------------------------------------------------


def drafts(home: Path) -> list[Path]:
    """What a killed publication, or a killed removal of an old release, left behind."""
    return sorted((home / RELEASES).glob(f"{_PARTIAL}*"))


def clear_drafts(home: Path) -> None:
    """Remove the drafts; to be called while the warehouse is held for writing, when no publication is under way."""
    for leftover in drafts(home):
        if leftover.is_symlink():
            leftover.unlink()
        else:
            shutil.rmtree(leftover)


def _point(folder: Path, release_id: str) -> None:
    """Swap `current`: a reader sees the old release or the new one, never none."""
    making = folder / f"{_PARTIAL}{CURRENT}"
    making.unlink(missing_ok=True)
    making.symlink_to(release_id)
    making.replace(folder / CURRENT)
    _sync(folder)


def _write_through(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
