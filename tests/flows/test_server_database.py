"""A new home's server begins with a migrated database, and nobody else's is touched."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from flows import server_database


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "template.db"
    path.write_bytes(b"migrated")
    monkeypatch.setattr(server_database, "template", lambda: path)
    for name in server_database._OTHER_DATABASE:
        monkeypatch.delenv(name, raising=False)
    return path


def test_a_new_home_begins_with_the_migrated_database(template: Path, tmp_path: Path) -> None:
    folder = tmp_path / ".prefect"
    folder.mkdir()
    assert server_database.begin(folder)
    assert [path.name for path in folder.iterdir()] == ["prefect.db"]
    assert (folder / "prefect.db").read_bytes() == b"migrated"
    assert (folder / "prefect.db").stat().st_mode & 0o077 == 0


def test_a_database_that_stands_and_one_elsewhere_are_left_alone(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ".prefect"
    folder.mkdir()
    monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", "postgresql+asyncpg://someone@localhost/prefect")
    assert not server_database.begin(folder)
    assert not list(folder.iterdir())
    monkeypatch.delenv("PREFECT_API_DATABASE_CONNECTION_URL")
    (folder / "prefect.db").write_bytes(b"runs of years")
    assert not server_database.begin(folder)
    assert (folder / "prefect.db").read_bytes() == b"runs of years"


def test_without_a_template_the_server_migrates_by_itself(template: Path, tmp_path: Path) -> None:
    template.unlink()
    assert not server_database.begin(tmp_path)


@pytest.mark.slow
def test_the_template_is_what_a_server_would_make_and_holds_no_row(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.prefix = {str(tmp_path)!r}; import flows.server_database as d; d.make(); "
        "from prefect.server.database import provide_database_interface as book; print(book().orm.versions_dir)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    [made] = (tmp_path / "share" / "danvan").iterdir()
    with closing(sqlite3.connect(made)) as book:
        tables = [name for (name,) in book.execute("select name from sqlite_master where type = 'table'")]
        assert len(tables) > 30
        filled = [name for name in tables if book.execute(f'select count(*) from "{name}"').fetchone() != (0,)]
        assert filled == ["alembic_version"]
        [(standing,)] = book.execute("select version_num from alembic_version").fetchall()
    steps = [path.read_text(encoding="utf-8") for path in Path(done.stdout.split()[-1]).glob("*.py")]
    assert len(steps) > 30
    assert sum(f'\nrevision = "{standing}"' in step for step in steps) == 1
    assert not any(f'\ndown_revision = "{standing}"' in step for step in steps)
