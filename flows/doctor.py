"""`danvan doctor`: what could go wrong, looked at before it does."""

# ruff: noqa: PLC0415 (duckdb and the rooms are imported only when this command runs)
from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from expectations.contracts.times import now
from flows.access import too_wide
from flows.terminal import say, show, show_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import polars as pl

    from flows.home import Home
    from sources.feeds import Feed

GOOD, WARNING, BAD = "good", "warning", "bad"

PINNED = {"prefect": "3.9.1", "duckdb": "1.5.5"}
SHOWN = (*PINNED, "fastapi", "sqlalchemy", "apprise", "polars", "great-expectations", "pydantic")
LITTLE_DISK = 2 * 1024**3
FEEDS_SHOWN = 3
"""Feeds that are named where many need the same."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing looked at."""

    subject: str
    state: str
    seen: str
    advice: str = ""


def examine(home: Home, *, as_json: bool) -> int:
    """Look at everything, print it, return 0, or 2 when something is bad."""
    remarks = [remark for look in _LOOKS for remark in look(home)]
    bad = any(remark.state == BAD for remark in remarks)
    if as_json:
        show_json({"ok": not bad, "remarks": remarks})
        return 2 if bad else 0
    marks = {GOOD: "good", WARNING: "WARNING", BAD: "BAD"}
    show(
        [{"": marks[one.state], "subject": one.subject, "seen": one.seen, "what to do": one.advice} for one in remarks],
        as_json=False,
    )
    say("Something is bad: see 'what to do'." if bad else "Nothing stands in the way of a run.")
    return 2 if bad else 0


def _versions(_: Home) -> Iterator[Remark]:
    python = platform.python_version_tuple()
    fit = (int(python[0]), int(python[1])) >= (3, 11)
    advice = "" if fit else "install Python 3.11 or newer"
    yield Remark("python", GOOD if fit else BAD, platform.python_version(), advice)
    for name in SHOWN:
        try:
            found = version(name)
        except PackageNotFoundError:
            yield Remark(name, BAD, "not installed", "make the environment again: remove .venv and run make")
            continue
        wanted = PINNED.get(name)
        if wanted and found != wanted:
            yield Remark(name, BAD, found, f"this project is made for {wanted}: remove .venv and run make")
        else:
            yield Remark(name, GOOD, found)


def _extensions(_: Home) -> Iterator[Remark]:
    import duckdb

    con = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    built_in = {
        str(name) for (name,) in con.sql("select extension_name from duckdb_extensions() where loaded").fetchall()
    }
    for name in ("icu", "json", "parquet"):
        there = name in built_in
        yield Remark(
            f"duckdb extension {name}",
            GOOD if there else BAD,
            "built in" if there else "missing",
            "" if there else "install the duckdb wheel of the lock: remove .venv and run make",
        )
    yield Remark("duckdb downloads", GOOD, "off: extensions are neither installed nor loaded by themselves")


def _folders(home: Home) -> Iterator[Remark]:
    writable = os.access(home.path, os.W_OK | os.X_OK)
    yield Remark(
        "home folder",
        GOOD if writable else BAD,
        str(home.path),
        "" if writable else f"let the user of this process write there: chown or chmod {home.path}",
    )
    for folder in (home.landing, home.work, home.releases, home.reports, home.returns, home.logs):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            yield Remark(folder.name, BAD, f"{folder} cannot be written", f"chown or chmod {folder}")
    wide = list(too_wide(home))
    for one in wide:
        yield Remark(
            f"access to {one.path.name}", WARNING, f"{one.path} has mode {one.mode:o}: others may read it", one.mend
        )
    if not wide:
        group = "; its group may read the releases" if home.settings.release.group else ""
        yield Remark("access", GOOD, f"the home is its owner's alone{group}")
    settings = home.path / "danvan.toml"
    yield Remark("settings", GOOD, str(settings))


def _hash_key(home: Home) -> Iterator[Remark]:
    from expectations.contracts.hash_keys import VARIABLE, HashKeyError, default_file
    from flows.planning import keys_of

    try:
        keys = keys_of(home)
    except HashKeyError as wrong:
        yield Remark("hash key", BAD, str(wrong), "a run stops until this is mended")
        return
    if keys is None:
        advice = f"set ${VARIABLE}, or make {default_file()} (docs/security.md); then the rows are read again"
        yield Remark("hash key", WARNING, "none: rows whose key could be a person's number are held back", advice)
    else:
        years = ", ".join(str(year) for year, _ in keys.secrets if year) or "all years"
        yield Remark("hash key", GOOD, f"{keys.origin}, for {years}")


def _feeds(home: Home) -> Iterator[Remark]:
    """The feed files, read once, and all that hangs on what they say."""
    from flows.planning import read_home_feeds

    feeds, problems = read_home_feeds(home)
    for problem in problems:
        yield Remark("feed file", BAD, problem, "mend the file; docs/adding-a-district.md explains every key")
    if not feeds and not problems:
        yield Remark("feeds", WARNING, f"no feed in {home.feeds}", "write one: docs/adding-a-district.md")
    elif feeds:
        datasets = sorted({feed.dataset for feed in feeds})
        sources = len({feed.source for feed in feeds})
        yield Remark("feeds", GOOD, f"{len(feeds)} feeds of {sources} sources: {', '.join(datasets)}")
    yield from _environment(home, feeds)
    yield from _inboxes(home, feeds)
    yield from _returns(home, feeds)


def _environment(home: Home, feeds: Sequence[Feed]) -> Iterator[Remark]:
    """Names that feeds and settings ask of the environment."""
    from sources.connectors.environment import unset_names

    wanted: dict[str, list[str]] = {}
    ended = {one.feed_id for one in feeds if _has_ended(home, one)}
    asking: list[tuple[str, Any]] = [(one.feed_id, one.connector) for one in feeds]
    asking += [("[alerts]", home.settings.alerts), ("[returns]", home.settings.returns)]
    for who, section in asking:
        for name in unset_names(section.model_dump(mode="json")):
            wanted.setdefault(name, []).append(who)
    for name, needing in sorted(wanted.items()):
        more = f" and {len(needing) - FEEDS_SHOWN} more" if len(needing) > FEEDS_SHOWN else ""
        told = ", ".join(needing[:FEEDS_SHOWN]) + more
        if ended.issuperset(needing):
            said = f"not set; {told}, which has ended, cannot be asked again without"
            yield Remark(
                f"environment {name}", WARNING, said, f"set {name} for this process if it is to be asked again"
            )
            continue
        yield Remark(f"environment {name}", BAD, f"not set; {told} cannot do without", f"set {name} for this process")
    if not wanted:
        yield Remark("environment", GOOD, "every name that feeds and settings ask for is set")


def _has_ended(home: Home, feed: Feed) -> bool:
    """Whether a feed that is asked period by period was asked, its last period is closed, and no other is expected."""
    from expectations.contracts.periods import CALENDAR, Period

    window = getattr(feed.connector, "window", None)
    was_asked = (home.landing / "offers" / f"{feed.feed_id}.jsonl").exists()
    if window is None or feed.active is None or feed.active.last is None or not was_asked:
        return False
    closes = Period.parse(feed.active.last).window(CALENDAR)[1] + timedelta(days=window.again_days)
    return closes < now().date()


def _inboxes(home: Home, feeds: Sequence[Feed]) -> Iterator[Remark]:
    """Folders of this machine that feeds fetch from; `danvan feeds check` tries the others too."""
    from sources.connectors.files import FileSource
    from sources.errors import SourceError

    folders: dict[str, str] = {}
    for feed in feeds:
        connector = feed.connector
        if connector.kind != "files" or "://" in connector.path or "::" in connector.path:
            continue
        if connector.path not in folders:
            try:
                FileSource(connector, home.path, home.places).offers()
            except SourceError as wrong:
                folders[connector.path] = str(wrong)
                yield Remark(f"folder of {feed.feed_id}", BAD, str(wrong), "its feeds fail at every run until then")
            else:
                folders[connector.path] = ""
    if folders and not any(folders.values()):
        yield Remark("folders of feeds", GOOD, f"{len(folders)} can be listed")


def _owners(home: Home) -> Iterator[Remark]:
    """What another user made in the home, with `sudo` for example: this one cannot write there."""
    owner = home.path.stat().st_uid
    foreign = [path for path in sorted(home.path.iterdir()) if path.lstat().st_uid != owner]
    for path in foreign:
        yield Remark(
            f"owner of {path.name}",
            BAD,
            f"{path} belongs to user {path.lstat().st_uid}, the home to {owner}",
            f"chown -R {owner} {path}",
        )


def _returns(home: Home, feeds: Sequence[Feed]) -> Iterator[Remark]:
    """Whether return files reach somebody, once a mail server is named."""
    from flows.returning import unit_of

    rules = home.settings.returns
    if rules.mail is None:
        yield Remark("return files", GOOD, "not sent: [returns] mail is not set; they lie in returns/")
        return
    lacking = [
        feed.feed_id
        for feed in feeds
        for which in [(unit_of(feed), feed.dataset, "gate")]
        if rules.wanted(*which) and not rules.addresses(*which, feed.contact)
    ]
    yield Remark(
        "return files",
        WARNING if lacking else GOOD,
        f"of {len(lacking)} feeds go to nobody: {', '.join(lacking[:5])}" if lacking else "every feed has an address",
        "write an e-mail address under `contact` of their feed files" if lacking else "",
    )


def _calendar(home: Home) -> Iterator[Remark]:
    from warehouse.reference import frames

    year = now().year + 1
    calendar = frames(home.reference)["calendar"]
    confirmed = _is_confirmed(calendar, year)
    yield Remark(
        f"working days of {year}",
        GOOD if confirmed else WARNING,
        "confirmed" if confirmed else "computed; the official days off and swaps are not confirmed yet",
        "" if confirmed else f"add them to {home.reference / 'calendar_overrides.csv'} when they are announced",
    )


def _is_confirmed(calendar: pl.DataFrame, year: int) -> bool:
    """Whether an official act stands behind any day of the year: weekdays and the package's holidays are computed."""
    import polars as pl

    computed = pl.col("basis").is_in(["weekday", "weekend"]) | pl.col("basis").str.starts_with("holidays package")
    return calendar.filter((pl.col("day").dt.year() == year) & ~computed).height > 0


def _left_behind(home: Home) -> Iterator[Remark]:
    """What killed runs left: the next run removes it by itself."""
    from flows.planning import left_work
    from sources.landing import landing_parts
    from warehouse.releases import drafts

    kinds = {
        "drafts of releases": drafts(home.path),
        "work folders of ended runs": left_work(home),
        "half-written files in landing": landing_parts(home.path),
    }
    for kind, found in kinds.items():
        size = sum(map(_size, found))
        yield Remark(
            kind,
            WARNING if found else GOOD,
            f"{len(found)}, {size / 1024**2:.1f} MiB" if found else "none",
            f"the next run removes them, when no other runs: danvan run --home {home.path}" if found else "",
        )


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() and not path.is_symlink() else [path]
    return sum(file.lstat().st_size for file in files if file.is_file())


def _books(home: Home) -> Iterator[Remark]:
    """What the warehouse says of itself: runs without an end, and alerts that a channel has not taken."""
    import duckdb

    from flows.alerts import telling
    from flows.planning import is_living
    from warehouse.journal import open_runs
    from warehouse.outbox import unsent
    from warehouse.store import OlderSchemaError, WarehouseError, connect, migrate

    if not home.warehouse.exists():
        yield Remark("warehouse", GOOD, "none yet: the first run makes it")
        return
    try:
        with connect(home.warehouse, read_only=True) as con:
            runs = open_runs(con)
            waiting = unsent(con, telling(home))
    except duckdb.CatalogException:
        with connect(home.warehouse, read_only=True) as con:
            try:
                migrate(con)
            except OlderSchemaError as older:
                yield Remark("warehouse", BAD, str(older), f"danvan rebuild --home {home.path}")
            except (WarehouseError, duckdb.Error):
                yield Remark("warehouse", WARNING, "of an earlier structure", "the next run brings it up to date")
        return
    except (WarehouseError, duckdb.Error) as fault:
        yield Remark(
            "warehouse", WARNING, f"cannot be asked now: {str(fault).splitlines()[0]}", "ask again when no run writes"
        )
        return
    dead = [run_id for run_id, began in runs if not is_living(run_id, began)]
    yield Remark(
        "runs without an end",
        WARNING if dead else GOOD,
        f"{len(dead)} were interrupted, {len(runs) - len(dead)} are running" if runs else "none",
        f"the next run closes them and goes on from there: danvan run --home {home.path}" if dead else "",
    )
    for channel, alerts, attempts, error in waiting:
        yield Remark(
            f"alert channel {channel}",
            WARNING if alerts else GOOD,
            f"{alerts} alerts wait, {attempts} attempts, last error: {error or 'none'}" if alerts else "has all alerts",
            "mend the channel in danvan.toml or its server; every run tries again: danvan alerts list"
            if alerts
            else "",
        )


def _disk(home: Home) -> Iterator[Remark]:
    free = shutil.disk_usage(home.path).free
    # a run writes readings and verdicts, and a release beside the one that stands
    wanted = max(LITTLE_DISK, 3 * _size(home.warehouse)) if home.warehouse.exists() else LITTLE_DISK
    yield Remark(
        "disk",
        GOOD if free >= wanted else WARNING,
        f"{free / 1024**3:.1f} GiB free at {home.path}",
        "" if free >= wanted else f"make room: {wanted / 1024**3:.1f} GiB are wanted for a run and a release",
    )


def _server(home: Home) -> Iterator[Remark]:
    from flows.server import find

    api_url = find(home)
    none = "none answers: `danvan run` works directly, `danvan serve` starts one"
    yield Remark("prefect server", GOOD, api_url or none)


_LOOKS: tuple[Callable[[Home], Iterator[Remark]], ...] = (
    _versions,
    _extensions,
    _folders,
    _hash_key,
    _owners,
    _feeds,
    _calendar,
    _left_behind,
    _books,
    _disk,
    _server,
)
