"""Releases: immutable read-only copies of the warehouse under releases/<id>, and the pointer to the current one.

A release is made in a temporary folder, checked, written through to the disk and renamed into place; then `current`, a
relative symbolic link, is swapped. Whoever has an older file open keeps it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import duckdb

from expectations.contracts.model import contract, datasets
from expectations.contracts.privacy import PERSONAL_PATTERN
from warehouse.privacy import ReleaseRefusedError, check_releasable, mask_messages
from warehouse.store import WAREHOUSE, now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Publication", "Release", "ReleaseRefusedError", "current", "list_releases", "publish"]

RELEASES, CURRENT, MANIFEST = "releases", "current", "manifest.json"
_LEFT_OUT = {("ops", "row_places"), ("ops", "hash_signatures")}
"""Tables only the writer needs."""
_UNPUBLISHED_COLUMNS = {("ops", "deliveries"): ("landed_path",)}
_UNCOUNTED = {("ops", name) for name in ("runs", "outcomes", "alerts", "releases", "schema_version", "suite_results")}
"""Tables that say how the house ran: a change in them alone is no reason for a new release."""
_UNCOUNTED_COLUMNS = ("loaded_at", "found_at", "built_at", "computed_at")
_PARTIAL = ".making-"


@dataclass(frozen=True, slots=True)
class Release:
    """A published release: its folder, and what its manifest says."""

    release_id: str
    path: Path
    created_at: datetime
    manifest: dict[str, Any]
    is_current: bool

    @property
    def file(self) -> Path:
        """The read-only warehouse."""
        return self.path / WAREHOUSE


@dataclass(frozen=True, slots=True)
class Publication:
    """What `publish` did: `is_new` is False when nothing had changed and the standing release was left current."""

    release_id: str
    path: Path
    is_new: bool


def publish(home: Path, con: duckdb.DuckDBPyConnection) -> Publication:
    """Publish the warehouse of `con` (the writer's connection on `home`) as a release and make it current.

    Nothing is published when nothing changed since the current release. Raises ReleaseRefusedError when it would
    contain personal data; the current release stays then.
    """
    folder = home / RELEASES
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    content_hash = _content_hash(con)
    standing = current(home)
    if standing and standing.manifest.get("content_hash") == content_hash:
        return Publication(standing.release_id, standing.path, is_new=False)
    created_at = now().replace(microsecond=0)
    release_id = f"{created_at:%Y%m%dT%H%M%S}-{content_hash[:8]}"
    making = folder / f"{_PARTIAL}{release_id}"
    making.mkdir()
    try:
        manifest = {
            "release_id": release_id,
            "created_at": created_at.isoformat(),
            "content_hash": content_hash,
            **_copy(con, making / WAREHOUSE, (release_id, created_at, content_hash), _checked_until(standing)),
        }
        _write_through(making / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")
        (making / MANIFEST).chmod(0o444)
        _sync(making)
        making.rename(folder / release_id)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    _point(folder, release_id)
    con.execute(
        "insert into ops.releases values (?, ?, ?, ?, ?)",
        [release_id, created_at, content_hash, manifest["sha256"], manifest["size_bytes"]],
    )
    return Publication(release_id, folder / release_id, is_new=True)


def current(home: Path) -> Release | None:
    """The current release, or None before the first one."""
    pointer = home / RELEASES / CURRENT
    try:
        return _release(pointer.resolve(strict=True), is_current=True)
    except FileNotFoundError:
        return None


def list_releases(home: Path) -> list[Release]:
    """All releases, the newest first."""
    standing = current(home)
    name = standing.release_id if standing else None
    found = sorted((home / RELEASES).glob(f"[0-9]*/{MANIFEST}"), reverse=True)
    return [_release(path.parent, is_current=path.parent.name == name) for path in found]


def _release(folder: Path, *, is_current: bool) -> Release:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return Release(
        release_id=manifest["release_id"],
        path=folder,
        created_at=datetime.fromisoformat(manifest["created_at"]),
        manifest=manifest,
        is_current=is_current,
    )


# --- what is published --------------------------------------------------------------------------------------------


def _copy(
    con: duckdb.DuckDBPyConnection, path: Path, entry: tuple[str, datetime, str], checked_until: int
) -> dict[str, Any]:
    """Copy everything publishable into a new file that knows its own `entry`; returns what the manifest says of it."""
    own = _catalog(con)
    con.execute(f"attach {_text(str(path))} as release_copy")
    try:
        con.execute(f'copy from database "{own}" to release_copy (schema)')
        _drop_unpublished(con)
        for schema, table in _tables(con, "release_copy"):
            hidden = _UNPUBLISHED_COLUMNS.get((schema, table))
            exclude = f"exclude ({', '.join(hidden)})" if hidden else ""
            target, source = f'release_copy.{schema}."{table}"', f'"{own}".{schema}."{table}"'
            con.execute(f"insert into {target} by name select * {exclude} from {source}")
        con.execute("insert into release_copy.ops.releases values (?, ?, ?, null, null)", entry)
        mask_messages(con, "release_copy")
        check_releasable(con, "release_copy", checked_until)
        described = _describe(con)
        con.execute("checkpoint release_copy")
    finally:
        con.execute("detach release_copy")
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
        os.fsync(opened.fileno())
    path.chmod(0o444)
    return {"sha256": digest.hexdigest(), "size_bytes": path.stat().st_size, **described}


def _drop_unpublished(con: duckdb.DuckDBPyConnection) -> None:
    for schema, table in _LEFT_OUT:
        con.execute(f"drop table release_copy.{schema}.{table}")
    for (schema, table), columns in _UNPUBLISHED_COLUMNS.items():
        for column in columns:
            con.execute(f"alter table release_copy.{schema}.{table} drop column {column}")


def _describe(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    rows = {
        f"{schema}.{table}": _one(con, f'select count(*) from release_copy.{schema}."{table}"')
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
    names = [column[0] for column in sources.description or ()]
    by_source = [dict(zip(names, row, strict=True)) for row in sources.fetchall()]
    return {
        "versions": {
            "danvan": _own_version(),
            "duckdb": duckdb.__version__,
            "contracts": {name: contract(name).version for name in datasets()},
        },
        "periods": [
            row[0]
            for row in con.execute(
                f"select distinct unnest(periods) as period from {deliveries} where status in ('loaded', 'unchanged')"
                " order by period"
            ).fetchall()
        ],
        "deliveries": rows["ops.deliveries"],
        "last_load_no": _one(con, f"select coalesce(max(load_no), 0) from {deliveries}"),
        "privacy_check": _privacy_mark(),
        "rows": rows,
        "sources": by_source,
    }


def _content_hash(con: duckdb.DuckDBPyConnection) -> str:
    """Hash of everything published, whatever the order of rows. The rows of core follow from the deliveries placed."""
    own = _catalog(con)
    digest = hashlib.sha256(f"{_own_version()}|{duckdb.__version__}".encode())
    for schema, table, columns in _counted(con, own):
        query = f"select count(*), coalesce(sum(hash({columns})), 0), coalesce(bit_xor(hash({columns})), 0)"
        digest.update(
            repr((schema, table, con.execute(f'{query} from "{own}".{schema}."{table}"').fetchone())).encode()
        )
    # DuckDB words a view otherwise when it reads it back; those over the rows show in the sums that are counted above.
    views = con.execute(
        "select schema_name, view_name, sql from duckdb_views()"
        " where not internal and database_name = ? and schema_name <> 'measures' order by all",
        [own],
    ).fetchall()
    digest.update(repr(views).encode())
    return digest.hexdigest()


def _counted(con: duckdb.DuckDBPyConnection, catalog: str) -> Iterator[tuple[str, str, str]]:
    for schema, table in _tables(con, catalog):
        if schema == "core" and table in datasets():
            continue
        if (schema, table) in _LEFT_OUT | _UNCOUNTED:
            continue
        rows = con.execute(
            "select column_name, data_type from duckdb_columns()"
            " where database_name = ? and schema_name = ? and table_name = ? order by column_index",
            [catalog, schema, table],
        ).fetchall()
        hidden = (*_UNCOUNTED_COLUMNS, *_UNPUBLISHED_COLUMNS.get((schema, table), ()))
        # Sums of doubles differ in the last digits from one parallel run to the next.
        counted = [
            f'round("{name}", 9)' if kind == "DOUBLE" else f'"{name}"' for name, kind in rows if name not in hidden
        ]
        yield schema, table, ", ".join(counted)


def _checked_until(standing: Release | None) -> int:
    """Load number up to which core has passed the privacy check with the patterns of today."""
    if standing is None or standing.manifest.get("privacy_check") != _privacy_mark():
        return 0
    return int(standing.manifest.get("last_load_no", 0))


def _privacy_mark() -> str:
    contracts = ",".join(f"{name} {contract(name).version}" for name in datasets())
    return hashlib.sha256(f"{PERSONAL_PATTERN}|{contracts}".encode()).hexdigest()[:16]


def _tables(con: duckdb.DuckDBPyConnection, catalog: str) -> list[tuple[str, str]]:
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ? and not internal and not temporary"
        " order by all",
        [catalog],
    ).fetchall()
    return [(str(schema), str(table)) for schema, table in rows]


def _catalog(con: duckdb.DuckDBPyConnection) -> str:
    row = con.execute("select current_database()").fetchone()
    return str(row[0]) if row else ""


def _one(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0


def _own_version() -> str:
    try:
        return version("danvan")
    except PackageNotFoundError:
        return "unpackaged"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


# --- the folder and the pointer -----------------------------------------------------------------------------------


def _clear(folder: Path) -> None:
    """Remove what a killed publication left behind."""
    for leftover in folder.glob(f"{_PARTIAL}*"):
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
