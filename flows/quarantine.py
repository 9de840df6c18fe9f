"""`danvan quarantine`: which deliveries stand with rows held back, their return files, and judging them again."""

# ruff: noqa: PLC0415 (duckdb and the rooms are imported only when one of these commands runs)
from __future__ import annotations

import csv
import io
import shutil
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flows.mistakes import NotInQuarantineError, UnknownFormatError
from flows.planning import read_terms, select, writing
from flows.returning import sendings, unit_of, write_returns
from flows.terminal import say, show, show_json, tell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flows.home import Home
    from flows.returning import Terms
    from warehouse.booking import Receipt
    from warehouse.returns import Trouble

FORMATS = ("xlsx", "csv")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries are asked for; what is empty fits all. `deliveries` are ids, or how they begin."""

    deliveries: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


def list_quarantine(home: Home, wanted: Wanted, *, everything: bool, as_json: bool) -> int:
    """The deliveries that stand with rows in quarantine, are refused or held; 3 when there is one.

    With `everything` those too that a later delivery replaced.
    """
    terms = read_terms(home)[0]
    found = _chosen(_troubles(home, everything=everything), wanted, terms)
    files, letters = _written(home)
    rows = []
    for one in found:
        file = files.get(one.delivery_id)
        is_there = file is not None and not one.is_replaced and (home.returns / file.file_name).is_file()
        rows.append(
            {
                "delivery": one.delivery_id,
                "unit": unit_of(terms[one.feed][0]) if one.feed in terms else None,
                "source": terms[one.feed][0].source_name if one.feed in terms else one.source,
                "feed": one.feed,
                "dataset": one.dataset,
                "period": one.period,
                "file": one.file_name,
                "state": "replaced" if one.is_replaced else one.state,
                "rows_quarantined": one.rows_quarantined,
                "rules": {rule: count for (rule, severity), count in one.rules.items() if severity != "warning"},
                "resend_by": file.resend_by if file and is_there else None,
                "return_file": str(home.returns / file.file_name) if file and is_there else None,
                "sent": sendings(home, letters, file.return_id if file else None) if is_there else None,
            }
        )
    if as_json:
        show_json(rows)
    else:
        _show_table(home, rows)
    return 3 if any(row["state"] != "replaced" for row in rows) else 0


def _show_table(home: Home, rows: Sequence[dict[str, Any]]) -> None:
    shown = [
        {
            "delivery": row["delivery"][:8],
            "unit": row["source"],
            "dataset": row["dataset"],
            "period": row["period"],
            "file": row["file"],
            "state": row["state"],
            "quarantined": row["rows_quarantined"],
            "rules": ", ".join(f"{rule} {count}" for rule, count in row["rules"].items()),
            "resend by": row["resend_by"],
            "sent": row["sent"],
        }
        for row in rows
    ]
    show(shown, as_json=False, empty="no delivery stands with rows in quarantine")
    if files := sum(row["return_file"] is not None for row in rows):
        tell(f"{files} return files in {home.returns}")


def export_quarantine(home: Home, wanted: Wanted, *, form: str, folder: Path | None, as_json: bool) -> int:
    """Write the return files of the deliveries asked for (into `folder`, else they lie in returns/), or a CSV a source.

    Both quote cells: they are for the unit that sent the file. Raises UnknownFormatError, NotInQuarantineError.
    """
    if form not in FORMATS:
        raise UnknownFormatError(f"unknown format '{form}'; there is: {', '.join(FORMATS)}")
    terms = read_terms(home)[0]
    found = _chosen(_troubles(home), wanted, terms)
    if form == "csv":
        sources = sorted({one.source for one in found})
        written = [_write_csv(home, folder, [one for one in found if one.source == name], terms) for name in sources]
    else:
        files = write_returns(home, terms)
        written = [files[one.delivery_id] for one in found if one.delivery_id in files]
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            written = [_copied(path, folder / path.name) for path in written]
    if as_json:
        show_json({"written": written})
    else:
        for path in written:
            tell(str(path))
        say(
            f"{len(written)} written; they quote cells: send each to its own unit only"
            if written
            else "nothing to write"
        )
    return 0


def _copied(path: Path, target: Path) -> Path:
    shutil.copyfile(path, target)
    target.chmod(0o600)
    return target


def _write_csv(home: Home, folder: Path | None, found: Sequence[Trouble], terms: Terms) -> Path:
    from expectations.contracts.cells import neutral
    from warehouse.returns import findings_of

    names = ("delivery_id", "feed", "unit", "dataset", "period", "file", "state")
    places = ("rule_id", "severity", "sheet", "row", "column_name", "message_vi")
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\n")
    sheet.writerow((*names, *places))
    with writing(home) as con:
        for one in found:
            unit = unit_of(terms[one.feed][0]) if one.feed in terms else None
            told = (one.delivery_id, one.feed, unit, one.dataset, one.period, one.file_name, one.state)
            for finding in findings_of(con, one):
                sheet.writerow([neutral(value) for value in (*told, *(getattr(finding, name) for name in places))])
    target = (folder or home.returns) / f"quarantine-{found[0].source}.csv"
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.part")
    draft.touch(mode=0o600)
    draft.write_text(text.getvalue(), encoding="utf-8-sig")  # Excel takes a CSV without the mark for another encoding
    draft.replace(target)
    return target


# --- replay ----------------------------------------------------------------------------------------------------------


def replay_quarantine(home: Home, wanted: Wanted, *, as_json: bool) -> int:
    """Read and judge again what stands with rows held back, refused or held, after a map, a rule or a table was mended.

    What has not changed since it was read is not read again. Each delivery that is gets a new reading with a receipt of
    its own; what passes now counts. Returns 3 while something is still held back.
    """
    from flows.steps import Listener, run_cycle
    from flows.terminal import progress
    from warehouse.booking import receipts

    terms = read_terms(home)[0]
    before = {one.delivery_id: one for one in _chosen(_troubles(home), wanted, terms)}
    if not before:
        if as_json:
            show_json({"deliveries": [], "read_again": 0, "rows_loaded": 0, "rows_quarantined": 0})
        else:
            tell("no delivery stands with rows in quarantine: nothing to replay")
        return 0
    feeds = sorted({one.feed for one in before.values()} & terms.keys())
    gone = sorted({one.feed for one in before.values()} - terms.keys())
    if gone:
        say(f"left out, since their feed files are gone or broken: {', '.join(gone)}")
    if feeds:
        with progress() as bar:
            run_cycle(home, feeds=feeds, look=False, again=list(before), listener=Listener(bar.stage, bar.step))
    with writing(home) as con:
        after = {one.delivery_id: one for one in receipts(con, before)}
        readings = dict(con.execute("select delivery_id, reading_id from ops.current_readings").fetchall())
    rows: list[dict[str, Any]] = []
    for delivery_id, was in before.items():
        now_is = after[delivery_id]
        rows.append(
            {
                "delivery": delivery_id,
                "is_read_again": readings.get(delivery_id) != was.reading_id,
                "rows_loaded": max(0, now_is.rows_loaded + now_is.rows_unchanged - was.rows_loaded),
                "before": {"state": was.state, "rows_quarantined": was.rows_quarantined},
                "receipt": asdict(now_is),
            }
        )
    again = [row for row in rows if row["is_read_again"]]
    total = {
        "read_again": len(again),
        "rows_loaded": sum(row["rows_loaded"] for row in again),
        "rows_quarantined": sum(one.rows_quarantined for one in after.values()),
    }
    if as_json:
        show_json({"deliveries": rows, **total})
    else:
        _tell_replay(rows, total)
    return 3 if any(_is_in_trouble(one) for one in after.values()) else 0


def _is_in_trouble(receipt: Receipt) -> bool:
    return receipt.state in {"refused", "held", "failed"} or (
        receipt.state == "booked" and receipt.rows_quarantined > 0
    )


def _tell_replay(rows: Sequence[dict[str, Any]], total: dict[str, int]) -> None:
    for row in rows:
        receipt, before = row["receipt"], row["before"]
        place = f"{receipt['feed']} {receipt['period'] or '?'} {receipt['file_name']}"
        if row["is_read_again"]:
            tell(
                f"{place}: {before['state']}, {before['rows_quarantined']} quarantined -> "
                f"{receipt['state']}, {receipt['rows_quarantined']} quarantined; {row['rows_loaded']} rows loaded"
            )
        else:
            tell(f"{place}: nothing it is judged by has changed; {before['rows_quarantined']} quarantined")
    tell(
        f"{total['read_again']} of {len(rows)} deliveries read again: {total['rows_loaded']} rows loaded, "
        f"{total['rows_quarantined']} still quarantined"
    )
    if not total["read_again"]:
        say("Mend the feed file, a table in reference/ or a questionnaire first, or have corrected files sent.")


# --- what is asked for -----------------------------------------------------------------------------------------------


def _troubles(home: Home, *, everything: bool = False) -> list[Trouble]:
    from flows.readable import open_readable
    from warehouse.returns import troubles

    with closing(open_readable(home)) as con:
        return troubles(con, everything=everything)


def _written(home: Home) -> tuple[dict[str, Any], dict[str, Any]]:
    import duckdb

    from flows.readable import open_readable
    from warehouse.returns import letters, written

    with closing(open_readable(home)) as con:
        try:
            return dict(written(con)), dict(letters(con))
        except duckdb.CatalogException:  # a release, asked while a run is writing
            return {}, {}


def _chosen(found: Sequence[Trouble], wanted: Wanted, terms: Terms) -> list[Trouble]:
    """The deliveries asked for. Raises NotInQuarantineError for an id that is none of them, or more than one."""
    for mark in wanted.deliveries:
        fitting = [one for one in found if one.delivery_id.startswith(mark)]
        if len(fitting) != 1:
            raise NotInQuarantineError(
                f"{len(fitting)} deliveries with rows in quarantine begin with '{mark}'; "
                "`danvan quarantine list --all` shows them"
            )
    feeds = (
        {feed.feed_id for feed in select([feed for feed, _ in terms.values()], wanted.feeds)} if wanted.feeds else None
    )

    def is_asked(one: Trouble) -> bool:
        unit = unit_of(terms[one.feed][0]) if one.feed in terms else None
        return (
            (not wanted.deliveries or one.delivery_id.startswith(wanted.deliveries))
            and (not wanted.units or unit in wanted.units)
            and (not wanted.datasets or one.dataset in wanted.datasets)
            and (not wanted.periods or one.period in wanted.periods)
            and (feeds is None or one.feed in feeds)
            and (not wanted.rules or any(rule in wanted.rules for rule, _ in one.rules))
        )

    return [one for one in found if is_asked(one)]
