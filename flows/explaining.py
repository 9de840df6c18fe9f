"""Explanations: a soft finding may be answered, and a reviewer says what becomes of it. Hard ones are mended."""

# ruff: noqa: PLC0415 (the warehouse imports duckdb)
from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from flows.mistakes import HardFindingError, NotExplainedError, UnknownFindingError
from flows.planning import writing
from flows.terminal import say, show, show_json, tell

if TYPE_CHECKING:
    from datetime import date

    import duckdb

    from flows.home import Home
    from warehouse.decisions import Outcome

SOFT = "warning"
"""The severity that may be explained: the rows are loaded, and a person asks why they are so."""


def explain_finding(home: Home, mark: str, *, text: str, by: str | None, until_on: date | None, as_json: bool) -> int:
    """Answer a finding, or every finding an alert is about. A mark is the beginning of the id of either.

    Raises UnknownFindingError where none, or more than one, begins so; HardFindingError for one that must be mended.
    """
    from flows.readable import open_readable
    from warehouse.decisions import bring_decisions, decide

    with closing(open_readable(home)) as con:
        found = _meant(con, mark)
    made = [
        decide(home.path, "explain", finding_id=one["finding_id"], reason=text, decided_by=by, until_on=until_on)
        for one in found
    ]
    with writing(home) as con:
        bring_decisions(con, home.path)
    if as_json:
        show_json({"decisions": made})
        return 0
    for one in found:
        tell(f"{one['finding_id'][:8]} {one['feed']} {one['period'] or ''} {one['rule_id']}: {one['message_vi']}")
    say(f"{len(made)} findings are explained by {made[0].decided_by}; a reviewer decides: danvan alerts review")
    return 0


def review_explanation(home: Home, mark: str, outcome: Outcome, *, reason: str, by: str | None, as_json: bool) -> int:
    """Say what becomes of an explanation. Raises NotExplainedError where nobody explained the finding."""
    from flows.readable import open_readable
    from warehouse.decisions import bring_decisions, decide

    with closing(open_readable(home)) as con:
        found = _meant(con, mark)
        known = {str(row[0]) for row in con.execute("select finding_id from ops.explanations").fetchall()}
    lacking = [one["finding_id"][:8] for one in found if one["finding_id"] not in known]
    if lacking:
        raise NotExplainedError(
            f"nobody has explained {', '.join(lacking)} yet: danvan alerts explain {lacking[0]} --text TEXT"
        )
    made = [
        decide(home.path, "review", finding_id=one["finding_id"], outcome=outcome, reason=reason, decided_by=by)
        for one in found
    ]
    with writing(home) as con:
        bring_decisions(con, home.path)
    if as_json:
        show_json({"decisions": made})
    else:
        say(f"{len(made)} explanations: {outcome} by {made[0].decided_by}")
    return 0


def list_explanations(home: Home, *, as_json: bool) -> int:
    """Every explanation with its finding, those that wait for a reviewer first."""
    from flows.readable import open_readable
    from warehouse.catalogue import named

    with closing(open_readable(home)) as con:
        rows = named(
            con.execute(
                "select said.finding_id, found.feed, found.period, found.rule_id, found.message_vi, said.explanation,"
                " said.explained_by, said.explained_at, said.state, said.reviewed_by, said.review, said.until_on"
                " from ops.explanations as said left join ops.findings as found using (finding_id)"
                " order by said.state <> 'waiting', said.explained_at desc, said.finding_id"
            )
        )
    if as_json:
        show_json(rows)
    else:
        show([row | {"finding_id": row["finding_id"][:8]} for row in rows], as_json=False, empty="no explanation yet")
    return 0


def _meant(con: duckdb.DuckDBPyConnection, mark: str) -> list[dict[str, Any]]:
    """The soft findings a mark stands for."""
    found = _findings(con, "starts_with(finding_id, ?)", [mark])
    if not found:
        alerts = con.execute(
            "select alert_id, kind, feed, period from ops.alerts where starts_with(alert_id, ?)", [mark]
        ).fetchall()
        if len(alerts) == 1:
            return _behind(con, *alerts[0])
        if alerts:
            raise UnknownFindingError(f"{len(alerts)} alerts begin with '{mark}': write more of the id")
        raise UnknownFindingError(
            f"no finding or alert begins with '{mark}'; findings: danvan sql \"from ops.findings\" --live"
        )
    if len(found) > 1:
        raise UnknownFindingError(f"{len(found)} findings begin with '{mark}': write more of the id")
    [one] = found
    if one["severity"] != SOFT:
        raise HardFindingError(
            f"finding {one['finding_id'][:8]} ({one['rule_id']}, {one['severity']}) is hard: its rows are held back,"
            " and no explanation brings them in; have the file mended and sent again"
        )
    return found


_RULES = {"period_restated": "Q48", "delivery_missing": "Q20"}
"""The rule whose findings an alert is about."""


def _behind(
    con: duckdb.DuckDBPyConnection, alert_id: str, kind: str, feed: str, period: str | None
) -> list[dict[str, Any]]:
    if kind not in _RULES:
        raise HardFindingError(
            f"alert {alert_id[:8]} ({kind}) is about no finding that can be explained: danvan alerts ack or waive"
        )
    where = "rule_id = ? and feed = ? and (period = ? or ? is null) and severity = ?"
    found = _findings(con, where, [_RULES[kind], feed, period, period, SOFT])
    if not found:
        raise UnknownFindingError(f"alert {alert_id[:8]} is about no finding any more: its cause is gone")
    return found


def _findings(con: duckdb.DuckDBPyConnection, where: str, values: list[Any]) -> list[dict[str, Any]]:
    from warehouse.catalogue import named

    names = "finding_id, feed, period, rule_id, severity, message_vi"
    return named(con.execute(f"select distinct {names} from ops.findings where {where} order by finding_id", values))
