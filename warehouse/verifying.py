"""Is a release what it was published as: pointer, manifest, size and hash of the file, and every table counted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from expectations.contracts.sql import identifier
from warehouse.published import CURRENT, MANIFEST, RELEASES, find_folder, sha256_of
from warehouse.store import WAREHOUSE, WarehouseError, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was looked at, and what was found: in words, also where it is fine."""

    what: str
    is_fine: bool
    found: str


def verify(home: Path, asked: str = CURRENT) -> list[Checked]:
    """Look at the release that is asked for by its id, or how it begins, or `current`, as it lies on the disk.

    What cannot be looked at for want of something before it is left out. Raises NoSuchReleaseError.
    """
    return list(_checks(home, asked))


def _checks(home: Path, asked: str) -> Iterator[Checked]:
    pointer = home / RELEASES / CURRENT
    if asked == CURRENT and pointer.is_symlink():
        target = pointer.readlink()
        is_fine = len(target.parts) == 1 and (pointer.parent / target / MANIFEST).is_file()
        yield Checked("pointer", is_fine, f"current → {target}" + ("" if is_fine else ", which is no release"))
        if not is_fine:
            return
    folder = find_folder(home, asked)
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        told = {name: manifest[name] for name in ("release_id", "size_bytes", "sha256", "rows", "content_hash")}
    except (OSError, ValueError, KeyError) as fault:
        yield Checked("manifest", False, f"{MANIFEST} cannot be read ({type(fault).__name__}: {fault})")
        return
    is_own = told["release_id"] == folder.name
    yield Checked("manifest", is_own, told["release_id"] if is_own else f"it is that of {told['release_id']}")
    file = folder / WAREHOUSE
    if not file.is_file():
        yield Checked("file", False, f"{WAREHOUSE} is missing")
        return
    size = file.stat().st_size
    yield Checked("size", size == told["size_bytes"], _held(size, told["size_bytes"], "bytes"))
    digest = sha256_of(file)
    is_same = digest == told["sha256"]
    yield Checked("hash", is_same, f"sha256 {digest}" + ("" if is_same else f"; the manifest says {told['sha256']}"))
    yield from _of_the_file(file, told)
    if asked == CURRENT and (home / WAREHOUSE).exists():
        yield _against_the_warehouse(home, str(manifest.get("fingerprint")))


def _of_the_file(file: Path, told: dict[str, Any]) -> Iterator[Checked]:
    try:
        with connect(file, read_only=True) as con:
            counted = {f"{schema}.{table}": _count(con, schema, table) for schema, table in _tables(con)}
            is_known = _names_itself(con, told)
    except (WarehouseError, duckdb.Error) as fault:
        yield Checked("tables", False, f"the file cannot be read ({str(fault).splitlines()[0]})")
        return
    wrong = [
        f"{name}: {_held(counted.get(name), told['rows'].get(name), 'rows')}"
        for name in sorted(counted.keys() | told["rows"].keys())
        if counted.get(name) != told["rows"].get(name)
    ]
    whole = f"{len(counted)} tables, {sum(counted.values())} rows"
    yield Checked("tables", not wrong, "; ".join(wrong) or whole)
    yield Checked("entry", is_known, "the file names itself" if is_known else "the file does not name this release")


def _tables(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return con.execute("select schema_name, table_name from duckdb_tables() where not internal order by all").fetchall()


def _count(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    row = con.execute(f"select count(*) from {identifier(schema)}.{identifier(table)}").fetchone()
    return int(row[0]) if row else 0


def _names_itself(con: duckdb.DuckDBPyConnection, told: dict[str, Any]) -> bool:
    row = con.execute(
        "select count(*) from ops.releases where release_id = ? and content_hash = ?",
        [told["release_id"], told["content_hash"]],
    ).fetchone()
    return bool(row and row[0] == 1)


def _against_the_warehouse(home: Path, published: str) -> Checked:
    """Whether what the figures rest on is the same in the working warehouse; news there are no fault of the release."""
    from warehouse.releases import fingerprint  # noqa: PLC0415 - what makes releases is heavy

    try:
        with connect(home / WAREHOUSE, read_only=True) as con:
            is_same = fingerprint(con) == published
    except (WarehouseError, duckdb.Error) as fault:
        return Checked("fingerprint", True, f"not compared: {str(fault).splitlines()[0]}")
    news = "the working warehouse has news since; `danvan release publish` publishes them"
    return Checked("fingerprint", True, "that of the working warehouse" if is_same else news)


def _held(found: int | None, wanted: int | None, what: str) -> str:
    if found == wanted:
        return f"{found} {what}"
    told = "no table" if found is None else f"{found} {what}"
    return f"{told}; the manifest says {'none' if wanted is None else wanted}"
