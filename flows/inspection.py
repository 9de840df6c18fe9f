"""What a data engineer looks at: the feeds, one file's verdict before it is loaded, what came and what did not."""

# ruff: noqa: PLC0415 (duckdb, polars and the rooms are imported only when one of these commands runs)
from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.contracts.periods import period_range
from flows.expected import cadence_of
from flows.mistakes import MissingFileError, NotJudgedError, UnknownFeedError
from flows.planning import Plan, read_home_feeds, read_terms, select
from flows.readable import open_readable
from flows.server import DEFAULT_CRON
from flows.terminal import say, show, show_json, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expectations.contracts.deliveries import Delivery
    from expectations.contracts.model import Contract
    from flows.home import Home
    from sources.feeds import Feed

MOST_FINDINGS_SHOWN = 50
MOST_ROWS_SHOWN = 200
"""A person reads so many rows of what needs one; a program takes them all."""


def list_feeds(home: Home, *, as_json: bool) -> int:
    """Every feed with its dataset, place, periods and schedule; mistakes of broken files are said besides."""
    terms, mistakes = read_terms(home)
    show(
        [_feed_row(feed, contract) for feed, contract in terms.values()],
        as_json=as_json,
        empty=f"no feed in {home.feeds}",
    )
    for mistake in mistakes:
        say(f"left out: {mistake}")
    return 2 if mistakes else 0


def _feed_row(feed: Feed, contract: Contract) -> dict[str, Any]:
    active = feed.active
    return {
        "feed": feed.feed_id,
        "dataset": feed.dataset,
        "source": feed.source_name,
        "place": feed.connector.place,
        "format": feed.layout.format,
        "periods": f"{active.first}..{active.last or ''}" if active else "",
        "schedule": feed.schedule or DEFAULT_CRON[cadence_of(feed, contract)],
    }


def check_feeds(home: Home, wanted: Sequence[str] = (), *, as_json: bool) -> int:
    """Every mistake of every feed file, places the home may not reach among them; 2 when there is one.

    The feeds or sources that are `wanted` by name are tried as well, one line each; then 1 when all that is wrong is
    that a place does not answer for now.
    """
    feeds, mistakes = read_home_feeds(home)
    refused = _refused_places(home, feeds)
    mistakes += refused.values()
    # a file with a mistake may be the one that was meant
    try:
        chosen = select(feeds, wanted) if wanted else ()
    except UnknownFeedError:
        if not mistakes:
            raise
        chosen = ()
    tried = _tried(home, [feed for feed in chosen if feed.feed_id not in refused])
    if as_json:
        told = {"ok": not mistakes and all(one["ok"] for one in tried), "feeds": [feed.feed_id for feed in feeds]}
        show_json({**told, "mistakes": mistakes, "tried": tried})
    else:
        for mistake in mistakes:
            say(mistake)
        for one in tried:
            (tell if one["ok"] else say)(f"{one['feed']}: {one['message']}")
        tell(f"{len(feeds)} feeds can be used" + (f", {len(mistakes)} mistakes above" if mistakes else ", no mistakes"))
    if mistakes or any(not one["ok"] and not one["may_pass"] for one in tried):
        return 2
    return 0 if all(one["ok"] for one in tried) else 1


def _tried(home: Home, feeds: Sequence[Feed]) -> list[dict[str, Any]]:
    """What came of trying feeds for real, in one line each."""
    from sources.errors import SourceError
    from sources.trying import try_feed
    from sources.units import UnitIndex

    if not feeds:
        return []
    tables = reference(home)
    units = UnitIndex(tables["units"], tables["unit_aliases"])

    def tried(feed: Feed) -> dict[str, Any]:
        told = {"feed": feed.feed_id, "ok": False, "may_pass": False}
        try:
            return {**told, "ok": True, "message": try_feed(feed, home.path, home.places, units)}
        except SourceError as wrong:
            return {**told, "may_pass": wrong.transient, "message": str(wrong)}
        except OSError as wrong:
            return {**told, "message": f"{feed.connector.place}: {wrong}"}

    return [tried(feed) for feed in feeds]


def _refused_places(home: Home, feeds: Sequence[Feed]) -> dict[str, str]:
    """The feeds that lead where danvan.toml does not allow, or name what the environment lacks, and what to do.

    Nothing is opened or looked up.
    """
    from sources.connectors.opening import check_connector
    from sources.errors import SourceError

    mistakes, places = {}, home.places
    for feed in feeds:
        try:
            check_connector(feed, home.path, places)
        except SourceError as wrong:
            key = "connector.path" if feed.connector.kind == "files" else "connector"
            mistakes[feed.feed_id] = f"{feed.file}: feeds.{feed.feed_key}.{key}: {wrong}"
    return mistakes


def check_file(home: Home, file: Path, feed_id: str, *, as_json: bool) -> int:
    """Read and judge a file as if it came from the feed, in a folder that is removed; 3 when it would need a person."""
    from flows.examining import Job, examine

    if not file.is_file():
        kind = "a folder" if file.is_dir() else "not there"
        raise MissingFileError(f"{file} is {kind}; name one file as the unit would send it")
    known, _ = read_terms(home)
    feed = select([one for one, _ in known.values()], [feed_id])[0]
    with tempfile.TemporaryDirectory(prefix="danvan-check-") as folder:
        plan, delivery = _trial(home, *known[feed.feed_id], file, Path(folder))
        [done] = examine(plan, plan.contracts[feed.feed_id], [Job(delivery, feed)])
        failed = [message for _, message in done.failures] + [
            one.verdict.failure for one in done.bookings if one.verdict.failure
        ]
        if failed:
            raise NotJudgedError(f"{file} could not be judged through a fault on our side: {failed[0]}")
        [booking] = done.bookings
        verdict, reading = booking.verdict, booking.reading
        findings = _findings_of(done.batch.findings)
        needs_a_person = verdict.refused or verdict.rows_quarantined > 0
        result = {
            "file": file,
            "feed": feed.feed_id,
            "verdict": "refused" if verdict.refused else "accepted",
            "periods": list(reading.periods),
            "rows_read": reading.rows_read,
            "rows_accepted": verdict.rows_accepted,
            "rows_quarantined": verdict.rows_quarantined,
            "rows_ignored": reading.ignored,
            "findings": findings,
        }
    if as_json:
        show_json(result)
    else:
        _say_verdict(result, findings)
    return 3 if needs_a_person else 0


def _findings_of(path: Path | None) -> list[dict[str, Any]]:
    import polars as pl

    return pl.read_parquet(path).drop("_delivery_id").to_dicts() if path else []


def _say_verdict(result: dict[str, Any], findings: Sequence[dict[str, Any]]) -> None:
    ignored = sum(result["rows_ignored"].values())
    periods = ", ".join(result["periods"]) or "no period"
    tell(f"{result['file']} as {result['feed']}, {periods}: {result['verdict']}")
    tell(
        f"{result['rows_read']} rows read: {result['rows_accepted']} accepted, "
        f"{result['rows_quarantined']} quarantined, {ignored} ignored"
    )
    shown = [
        {
            "rule": one["rule_id"],
            "severity": one["severity"],
            "sheet": one["sheet"],
            "row": one["row"],
            "column": one["column_name"],
            "message": one["message_vi"],
        }
        for one in findings[:MOST_FINDINGS_SHOWN]
    ]
    show(shown, as_json=False, empty="no findings")
    if len(findings) > MOST_FINDINGS_SHOWN:
        say(f"{len(findings)} findings, the first {MOST_FINDINGS_SHOWN} shown; --json gives all")


def _trial(home: Home, feed: Feed, terms: Contract, file: Path, folder: Path) -> tuple[Plan, Delivery]:
    """A plan and a delivery that live in `folder` only."""
    from expectations.contracts.times import now
    from sources.feeds import Files
    from sources.landing import Landing

    inbox = folder / "inbox"
    inbox.mkdir()
    shutil.copyfile(file, inbox / file.name)
    if feed.whole and feed.whole.sidecar and (beside := file.with_name(file.name + feed.whole.sidecar)).is_file():
        shutil.copyfile(beside, inbox / beside.name)
    connector = Files.model_validate({"path": str(inbox)})
    landing = Landing(feed.model_copy(update={"connector": connector}), folder)
    offers = [offer for offer in landing.offers() if offer.name == file.name]
    if not offers:
        raise MissingFileError(
            f"{file.name} would not be taken for {feed.feed_id}: its name does not match '{feed.name}' of {feed.file}"
        )
    plan = Plan(
        run_id="check",
        engine="direct",
        home=replace(home, path=folder),
        work=folder / "work",
        feeds=(feed,),
        contracts={feed.feed_id: terms},
        started_at=now(),
    )
    # overlays of the home's reference data count for a trial too
    plan.__dict__["reference"] = reference(home)
    return plan, landing.land(offers[0])


def reference(home: Home) -> Any:
    """The reference tables with the home's overlays."""
    from warehouse.reference import frames

    return frames(home.reference)


def show_status(
    home: Home,
    *,
    period: str | None,
    feeds: Sequence[str],
    problems: bool = False,
    everything: bool = False,
    as_json: bool,
) -> int:
    """What arrived and what did not: a grid of units and periods, the rows that need a person (`problems`), or all.

    JSON holds every row. Returns 3 when something is missing, refused or held.
    """
    from flows.grid import LEGEND, grid
    from warehouse.catalogue import named

    wanted = [str(one) for one in period_range(period)] if period else None
    # Feed files are read only when somebody asks for some of them: there may be hundreds.
    chosen = [feed.feed_id for feed in select(read_home_feeds(home)[0], feeds)] if feeds else None
    with closing(open_readable(home)) as con:
        query = files("flows").joinpath("status.sql").read_text(encoding="utf-8")
        found = con.execute(
            f"select * from ({query}) where ($periods is null or list_contains($periods, period))"
            " and ($feeds is null or list_contains($feeds, feed)) order by unit_name, dataset, feed, period",
            {"periods": wanted, "feeds": chosen},
        )
        rows = named(found)
    counts = Counter(row["status"] for row in rows)
    needy = [row for row in rows if row["needs_a_person"]]
    if as_json:
        show_json([{name: value for name, value in row.items() if name != "needs_a_person"} for row in rows])
        return 3 if needy else 0
    if not rows:
        tell("nothing is expected and nothing came")
        return 0
    if everything or problems:
        shown = rows if everything else needy[:MOST_ROWS_SHOWN]
        show([_status_row(row) for row in shown], as_json=False, empty="")
        if problems and len(shown) < len(needy):
            say(f"the first {len(shown)} of {len(needy)} that need a person; --all or --json gives every row")
    else:
        lines, left_out = grid(rows)
        for line in lines:
            tell(line)
        if lines:
            tell(LEGEND)
        if left_out:
            tell(left_out)
    tell(f"{len(rows)} feeds and periods: " + ", ".join(f"{counts[status]} {status}" for status in sorted(counts)))
    tell(f"{len(needy)} need a person: missing, refused or held" if needy else "nobody is needed")
    if returns := len(list(home.returns.glob("*.xls[xm]"))):
        tell(f"{returns} return files wait in {home.returns}: danvan quarantine list")
    return 3 if needy else 0


def _status_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the list: names first, and only what a person reads."""
    return {
        "unit": row["unit_name"],
        "feed": row["feed"],
        "period": row["period"],
        "status": row["status"] + (" (our fault)" if row["is_ours"] else ""),
        "due on": row["due_on"],
        "days late": row["days_late"],
        "refused": row["refused"],
        "held": row["held"],
        "loaded": row["rows_loaded"],
        "quarantined": row["rows_quarantined"],
        "warnings": row["warnings"],
        "last file": row["last_file"],
    }
