"""`danvan rebuild`: the warehouse again from the landing zone and the decisions alone."""

# ruff: noqa: PLC0415 (duckdb and the rooms are imported only when this command runs)
from __future__ import annotations

import os
import shutil
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from flows.home import SETTINGS, Home, open_home
from flows.mistakes import NotEmptyError, NoWarehouseError
from flows.planning import scratch_folder
from flows.running import show_report
from flows.steps import run_cycle
from flows.terminal import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from expectations.contracts.deliveries import Delivery
    from flows.steps import RunReport

ASIDE = "warehouse.before-rebuild.duckdb"
"""Where the old file is kept until the next rebuild."""

CARRIED = (
    SETTINGS, "feeds", "reference", "questionnaires", "decisions.jsonl", "corrections", "corrections.jsonl",
    "signatures.jsonl", "signatures",
)  # fmt: skip
"""What a home is made of besides what landed."""


def rebuild_home(home: Home, into: Path | None, *, as_json: bool) -> int:
    """Make the warehouse of `home` anew, in place or as a new home `into`; 3 when something needs a person.

    Raises NotEmptyError for a folder that holds something, NoWarehouseError when nothing has ever landed.
    """
    adopted = adopt_first_version(home)
    if adopted:
        say(f"{adopted} deliveries of the first version were given their notes in {home.landing}")
    if not any(home.landing.glob("[0-9a-f][0-9a-f]/*.json")):
        raise NoWarehouseError(f"nothing has landed in {home.landing} yet; begin with: danvan run --home {home.path}")
    report = rebuild(carried(home, into), home.warehouse) if into else rebuild(home)
    show_report(report, as_json=as_json)
    return report.exit_code


def rebuild(home: Home, former: Path | None = None) -> RunReport:
    """Make the warehouse anew from what has landed. The old file is kept aside until this has succeeded once more.

    The journal of runs and the outbox are carried over from the old file (or `former`), else from the current release:
    nobody is told again what they were told before. The new file takes the place of the old one with the journal in it:
    whenever this is killed, the next run or rebuild goes on with one of the two.
    """
    from warehouse.store import writer_lock

    made = scratch_folder(home)
    try:
        with writer_lock(home.path):
            _settle(home.warehouse)
            places = (former or home.warehouse, home.path / ASIDE, home.releases / "current" / home.warehouse.name)
            _make_with_journal(made, places)
            _keep_aside(home.warehouse, home.path / ASIDE)
            (made / home.warehouse.name).replace(home.warehouse)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return run_cycle(home, look=False)


def _settle(warehouse: Path) -> None:
    """Fold the log of a killed writer into the file: beside the new one it would be taken for its own."""
    import duckdb

    if warehouse.exists():
        with suppress(duckdb.Error):  # no file of ours any more, or a torn one: what landed is what counts
            duckdb.connect(str(warehouse)).close()
    warehouse.with_name(f"{warehouse.name}.wal").unlink(missing_ok=True)


def _keep_aside(warehouse: Path, aside: Path) -> None:
    """Give the old file its other name too; where a file cannot have two, it is copied."""
    if warehouse.exists():
        aside.unlink(missing_ok=True)
        _link(str(warehouse), str(aside))


def _make_with_journal(folder: Path, places: Sequence[Path]) -> None:
    """A new warehouse with the journal of the first of these files that can be read."""
    import duckdb

    from warehouse.journal import carry_journal
    from warehouse.store import writer

    with writer(folder) as con:
        for place in places:
            if not place.exists():
                continue
            try:
                carry_journal(con, place)
            except duckdb.Error as fault:
                say(f"{place} cannot be read ({type(fault).__name__}): looking elsewhere for who was told what")
            else:
                return
    say("Who was told what is not known any more: alerts that still hold are told again.")


def carried(home: Home, into: Path) -> Home:
    """A new home `into` with settings, feeds, decisions and landed bytes of `home`; bytes are linked, not copied."""
    if into.exists() and any(into.iterdir()):
        raise NotEmptyError(f"{into} holds something already; name a new folder: danvan rebuild --into DIR")
    into.mkdir(parents=True, exist_ok=True)
    for name in CARRIED:
        source = home.path / name
        if source.is_dir():
            shutil.copytree(source, into / name)
        elif source.exists():
            shutil.copy2(source, into / name)
    shutil.copytree(home.landing, into / "landing", copy_function=_link)
    return open_home(into)


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
    return target


def adopt_first_version(home: Home) -> int:
    """Write the notes beside landed bytes that the first version kept in its warehouse only; how many deliveries."""
    from sources.landing import keep_sidecar, landed_path, sidecar_path

    count = 0
    for delivery in _first_version(home):
        is_there = landed_path(home.path, delivery.sha256).exists()
        if is_there and not sidecar_path(home.path, delivery.sha256, delivery.delivery_id).exists():
            keep_sidecar(home.path, delivery)
            count += 1
    return count


def _first_version(home: Home) -> Iterator[Delivery]:
    """The deliveries of a warehouse of the first version; what it read several times was one delivery."""
    import duckdb

    from expectations.contracts.deliveries import Delivery
    from flows.planning import read_home_feeds
    from sources.file_names import from_name
    from sources.landing import delivery_id

    if not home.warehouse.exists():
        return
    feeds = {feed.feed_id: feed for feed in read_home_feeds(home)[0]}
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        row = con.execute("select max(version) from ops.schema_version").fetchone()
        if not row or row[0] != 1:
            return
        rows = con.execute(
            "select feed, any_value(source), any_value(dataset), file_name, sha256, any_value(size_bytes),"
            " min(received_at) from ops.deliveries where list_contains(?, feed) group by feed, file_name, sha256"
            " order by all",
            [list(feeds)],
        ).fetchall()
    for feed, source, dataset, file_name, sha256, size, received_at in rows:
        claimed, sent = from_name(feeds[feed], file_name)
        landed_at = received_at or datetime.now()  # noqa: DTZ005 - local time, as everywhere
        yield Delivery(
            delivery_id(feed, sha256, claimed, sent),
            feed,
            source,
            dataset,
            file_name,
            sha256,
            size,
            claimed,
            sent,
            None,
            landed_at,
        )
