"""Schema `ref`: the reference tables in a warehouse, written when what they are made from is another than before."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING

from warehouse.digests import add_folder
from warehouse.reference.tables import ReferenceDataError, tables
from warehouse.transactions import transaction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb
    import polars as pl

_PACKAGES = ("warehouse.reference", "expectations.contracts")


def load_reference(con: duckdb.DuckDBPyConnection, home_overlay: Path | None = None) -> bool:
    """Write every reference table into schema `ref` in one transaction; True when anything changed.

    The tables are not even read where the files they are made from are those of the last time. Raises
    ReferenceDataError like `frames`.
    """
    inputs = inputs_mark(home_overlay)
    standing = con.execute("select fingerprint, inputs from ref.versions").fetchone()
    if standing and standing[1] == inputs:
        return False
    from warehouse.reference.loader import frames  # noqa: PLC0415 - polars, which a run without news does without

    found = frames(home_overlay)
    fingerprint = _fingerprint(found)
    if standing and standing[0] == fingerprint:
        con.execute("update ref.versions set inputs = ?", [inputs])
        return False
    with transaction(con):
        for name, frame in found.items():
            con.register("incoming_reference", frame.to_arrow())
            columns = ", ".join(tables()[name].columns)
            con.execute(f"delete from ref.{name}")
            con.execute(f"insert into ref.{name} ({columns}) select {columns} from incoming_reference")
            con.unregister("incoming_reference")
        con.execute("delete from ref.versions")
        con.execute("insert into ref.versions (fingerprint, inputs) values (?, ?)", [fingerprint, inputs])
    return True


def set_setting(con: duckdb.DuckDBPyConnection, name: str, value: str) -> None:
    """Set a parameter of the assessment for this warehouse. Raises ReferenceDataError for an unknown name."""
    known = [str(row[0]) for row in con.execute("select name from ref.settings order by name").fetchall()]
    if name not in known:
        raise ReferenceDataError(f"no setting '{name}'; known: {', '.join(known)}")
    con.execute("update ref.settings set value = ? where name = ? and value is distinct from ?", [value, name, value])


def inputs_mark(home_overlay: Path | None = None) -> str:
    """SHA-256 over the shipped tables, the code that reads them, and the home's own rows and questionnaires."""
    digest = hashlib.sha256(version("holidays").encode())
    for package in _PACKAGES:
        add_folder(digest, files(package), package)
    if home_overlay:
        for folder in (home_overlay, home_overlay.parent / "questionnaires"):
            if folder.is_dir():
                add_folder(digest, folder, folder.name)
    return digest.hexdigest()


def _fingerprint(found: Mapping[str, pl.DataFrame]) -> str:
    digest = hashlib.sha256()
    for name in sorted(found):
        digest.update(name.encode())
        digest.update(found[name].write_csv().encode())
    return digest.hexdigest()
