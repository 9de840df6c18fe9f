"""The database a new home's Prefect server begins with: migrated once an environment, not once a home.

The migrations take a new server as long as the rest of its start. `make env` runs this module, which leaves a migrated,
empty SQLite file in the environment; without it a server migrates its database itself, as ever.
"""

# ruff: noqa: PLC0415 (prefect reads its settings when it is imported)

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

DATABASE = "prefect.db"

_OTHER_DATABASE = ("PREFECT_API_DATABASE_CONNECTION_URL", "PREFECT_SERVER_DATABASE_CONNECTION_URL")


def template() -> Path:
    """The migrated database, which may be absent. Of one version of Prefect: another one has other migrations."""
    return Path(sys.prefix) / "share" / "danvan" / f"prefect-{version('prefect')}.db"


def begin(folder: Path) -> bool:
    """Put the migrated database into the data folder of a server that has none yet; True when it did.

    Nothing is done where the operator names another database.
    """
    source = template()
    if (folder / DATABASE).exists() or not source.is_file() or any(name in os.environ for name in _OTHER_DATABASE):
        return False
    part = folder / f".{DATABASE}.part"
    shutil.copyfile(source, part)
    part.chmod(0o600)
    part.replace(folder / DATABASE)
    return True


def make() -> Path:
    """Make the template anew and return it: the tables of this version of Prefect, and no row of anybody's."""
    target = template()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as place:
        made = Path(place) / "made.db"
        os.environ.update({"PREFECT_HOME": place, "DO_NOT_TRACK": "1"})
        for name in _OTHER_DATABASE:
            os.environ.pop(name, None)
        asyncio.run(_migrate())
        with closing(sqlite3.connect(Path(place) / DATABASE)) as book:
            book.execute("vacuum into ?", [str(made)])
        made.replace(target)
    return target


async def _migrate() -> None:
    from prefect.server.database import provide_database_interface

    await provide_database_interface().create_db()


if __name__ == "__main__":
    make()
