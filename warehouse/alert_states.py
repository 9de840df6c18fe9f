"""The life of an alert: open, reminded, acknowledged, waived, resolved. What it is in is asked of the facts.

`ops.alert_states_at(today)` says it; here are the few things about it that are written down (when it was last met, that
its cause went or came back), and what people see of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.alerts import OPEN, OURS, PLACES_VI, TITLES, place_of
from expectations.contracts.model import contract, datasets
from expectations.contracts.times import now
from warehouse import sentences
from warehouse.catalogue import named

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    import duckdb

LOOKED_AT = "alerts_looked_at"
"""The temporary table of the last look: asked once, used by the questions of one connection."""


def look(con: duckdb.DuckDBPyConnection, today: date | None = None) -> None:
    """Ask what has become of every alert as of `today`; the answer stands in `LOOKED_AT` until the next look."""
    con.execute(
        f"create or replace temp table {LOOKED_AT} as from ops.alert_states_at(cast(? as date))",
        [today or now().date()],
    )


def settle(con: duckdb.DuckDBPyConnection, run_id: str | None = None, today: date | None = None) -> None:
    """Write down which causes are gone and which came back, and that a run met those that live (once a run).

    The look it leaves is that of afterwards, but for `last_seen_at` and `seen_count`.
    """
    look(con, today)
    moment = now()
    over = f"select alert_id from {LOOKED_AT} where is_over"
    gone = con.execute(
        f"update ops.alerts set resolved_at = ? where resolved_at is null and alert_id in ({over})", [moment]
    ).fetchone()
    back = con.execute(
        "update ops.alerts set resolved_at = null, reopened_at = ?, is_sent = false"
        f" where resolved_at is not null and alert_id not in ({over})",
        [moment],
    ).fetchone()
    changed = (gone, back) != ((0,), (0,))
    if run_id is not None:
        con.execute(
            "update ops.alerts set last_seen_at = ?, last_run_id = ?, seen_count = coalesce(seen_count, 1) + 1"
            f" where last_run_id is distinct from ? and alert_id not in ({over})",
            [moment, run_id, run_id],
        )
    if changed:
        look(con, today)


def needing_a_person(
    con: duckdb.DuckDBPyConnection, today: date | None = None, *, is_looked: bool = False
) -> list[dict[str, Any]]:
    """The alerts that are open: nobody has said that they know of them, and their cause is there; most urgent first.

    With `is_looked` as of the look that this connection took last.
    """
    return [one for one in listed(con, today=today, is_looked=is_looked) if one["state"] in OPEN]


def listed(
    con: duckdb.DuckDBPyConnection, *, everything: bool = False, today: date | None = None, is_looked: bool = False
) -> list[dict[str, Any]]:
    """Alerts as a person looks at them, the most urgent first, then by unit; without `everything` those whose cause is
    there. With what each channel has taken.
    """
    if not is_looked:
        look(con, today)
    rows = con.execute(
        f"""
        select state.*, alert.run_id,
               coalesce((
                 select list({{'channel': channel, 'round': round, 'told_at': told_at, 'attempts': attempts,
                              'tried_at': tried_at, 'error': error}} order by channel, round)
                 from ops.outbox where outbox.alert_id = state.alert_id
               ), []) as channels
        from {LOOKED_AT} as state
        join ops.alerts as alert using (alert_id)
        {"" if everything else "where not state.is_over"}
        """
    )
    found = named(rows)
    place = places(con) if found else None
    for one in found:
        one["place_vi"] = place(one["feed"], one["period"]) if place else ""
        one["is_ours"] = one["kind"] in OURS
    return sorted(found, key=_urgency)


_KINDS = list(TITLES)
_STATES = ("reminded", "open", "acknowledged", "waived", "resolved")


def _urgency(one: dict[str, Any]) -> tuple[Any, ...]:
    """What needs a person before what does not; errors before warnings; by kind, unit, and the latest first."""
    late = one["late_days"] if one["late_days"] is not None else one["open_days"] or 0
    return (
        one["state"] not in OPEN,
        _STATES.index(one["state"]) if one["state"] not in OPEN else 0,
        one["severity"] != "error",
        _KINDS.index(one["kind"]) if one["kind"] in TITLES else len(_KINDS),
        one["place_vi"],
        -late,
        one["alert_id"],
    )


def spoken(one: dict[str, Any]) -> str:
    """An alert of a list in one line."""
    return f"{one['place_vi']}: {one['message_vi']}"


def places(con: duckdb.DuckDBPyConnection) -> Callable[[str, str | None], str]:
    """Where an alert is, in names: the unit and what it reports, and the period; the feed itself where it has none."""
    unit_name, today = sentences.unit_names(con), now().date()
    known = {
        str(feed): (dataset, unit_code, sender)
        for feed, dataset, unit_code, sender in con.execute(
            "select feed, dataset, unit_code, sender_name from ops.feeds"
        ).fetchall()
    }
    shipped = set(datasets())

    def name_of(feed: str, period: str | None) -> str:
        dataset, unit_code, sender = known.get(feed, (None, None, None))
        unit = unit_name(unit_code, today) if unit_code else sender
        unit = sender if unit == unit_code else unit
        where = f"{unit} – {contract(dataset).label_vi}" if unit and dataset in shipped else PLACES_VI.get(feed, feed)
        return place_of(where, period)

    return name_of
