"""Telling: each channel of `danvan.toml` gets what it has not taken yet; and the outbox as a person sees it.

What is to be told stands in the warehouse (`warehouse.outbox`), written with the fact it is about. Nothing here decides
whether something is worth an alert.
"""

# ruff: noqa: PLC0415 (the warehouse imports duckdb: only what writes needs it)
from __future__ import annotations

import hashlib
import logging
from collections import Counter
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock, Timeout

from flows import terminal
from flows.mistakes import UnknownAlertError
from flows.planning import writing
from flows.postponed import postponed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from flows.home import Home
    from warehouse.outbox import Digest, Telling

LOG = logging.getLogger("danvan")

LOCK = ".danvan.telling.lock"
NOBODY = "none"
"""The channel of a home that names none: what the run prints is all there is."""


def tell(home: Home, *, is_waiting: bool = False) -> None:
    """Send each channel what it has not taken, digest by digest, and write down what became of each.

    Whoever has just seen that something is waiting says so; else it is asked first.

    The warehouse is held before and after a message, never while one is sent. One process of a home tells at a time. A
    process that is killed after a message was taken and before that was written down sends the same digest under the
    same mark once more: a file and a mailbox know it by that. Never raises: what is not told now the next run tells.
    """
    try:
        if is_waiting or _is_waiting(home):
            _tell_all(home)
    except Exception as fault:  # noqa: BLE001 - it never stops a run
        postponed(home, "alerts: what waits could not be told", fault)


def _is_waiting(home: Home) -> bool:
    from warehouse.outbox import is_waiting

    with writing(home) as con:
        return is_waiting(con, telling(home))


def _tell_all(home: Home) -> None:
    from warehouse.outbox import put_together

    asked = telling(home)
    with _alone(home) as is_alone:
        if not is_alone:
            return
        with writing(home) as con:
            digests = put_together(con, asked)
        dead: set[str] = set()
        for digest in digests:
            if digest.channel not in dead and not _tell_one(home, digest, asked):
                dead.add(digest.channel)


def telling(home: Home) -> Telling:
    """Who of a home is told, by the names of the books, and how often."""
    from warehouse.outbox import Telling

    told = home.settings.alerts
    return Telling(
        [channel_key(one) for one in told.channels or [NOBODY]],
        [channel_key(one) for one in told.escalate_to],
        told.remind_days,
        told.escalate_days,
    )


def _tell_one(home: Home, digest: Digest, asked: Telling) -> bool:
    from expectations.alerts import Message, send
    from warehouse.outbox import record_refused, record_told

    told = home.settings.alerts
    addresses = {channel_key(channel): channel for channel in [*told.escalate_to, *(told.channels or [NOBODY])]}
    channel = addresses[digest.channel]
    own = {"terminal": "terminal://", "file": f"file://{home.logs / 'alerts.log'}", NOBODY: "none://"}
    message = Message.of(
        home.settings.name,
        digest.digest_id,
        digest.notices,
        digest.attempts,
        is_escalation=digest.channel not in asked.channels,
    )
    sent = send(message, own.get(channel, channel))
    with writing(home) as con:
        if sent.ok:
            record_told(con, digest, asked.channels)
        else:
            record_refused(con, digest.channel, sent.message)
    if not sent.ok:
        LOG.error(
            "alerts: channel %s did not take %d alerts (attempt %d): %s; the next run tries again",
            sent.channel,
            len(digest.notices),
            digest.attempts,
            sent.message,
        )
    return sent.ok


@contextmanager
def _alone(home: Home) -> Iterator[bool]:
    """Whether this process may tell; it waits for another one as long as for the warehouse."""
    lock = FileLock(home.path / LOCK)
    try:
        lock.acquire(timeout=home.settings.run.lock_seconds)
    except Timeout:
        LOG.warning("alerts: another process has been telling for long; what is left is told by the next run")
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def channel_key(channel: str) -> str:
    """A name for a channel in the books: its kind, and a mark that tells two of a kind apart without their address."""
    kind = channel.partition(":")[0]
    return kind if kind == channel else f"{kind} {hashlib.sha256(channel.encode()).hexdigest()[:8]}"


# --- `danvan alerts` ------------------------------------------------------------------------------------------------


def list_alerts(home: Home, *, everything: bool, as_json: bool) -> int:
    """The alerts whose cause is there, or all, the most urgent first; 3 when one is open. JSON has all of each."""
    from expectations.contracts.alerts import OPEN, STATES_VI

    found = _listed(home, everything=everything)
    if as_json:
        terminal.show_json(found)
    else:
        rows = [_shown(one) for one in found]
        if not any(row[LACKING] for row in rows):
            for row in rows:
                del row[LACKING]
        terminal.show(rows, as_json=False, empty="no alert is open")
        states = Counter(one["state"] for one in found)
        if found:
            terminal.tell(", ".join(f"{states[state]} {said}" for state, said in STATES_VI.items() if states[state]))
    return 3 if any(one["state"] in OPEN for one in found) else 0


LACKING = "kênh chưa nhận"
"""The column of channels that lack an alert; it is left out when none does."""


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    """An alert as a row, in the language of what is told of it."""
    from expectations.contracts.alerts import LEVELS_VI, STATES_VI, TROUBLE_VI

    state = STATES_VI[one["state"]]
    if one["state"] == "acknowledged":
        state += f": {one['acknowledged_by']}"
    if one["state"] == "waived":
        state += f" đến {one['waived_until']:%d/%m/%Y}: {one['waived_by']}"
    days = one["late_days"] if one["late_days"] is not None else one["open_days"]
    waiting = [told for told in one["channels"] if told["told_at"] is None]
    return {
        "mã": one["alert_id"][:8],
        "mức": f"{LEVELS_VI[one['severity']]}, {TROUBLE_VI[one['is_ours']]}",
        "nơi": one["place_vi"],
        "việc": one["message_vi"],
        "ngày": days,
        "trạng thái": state,
        "từ": f"{one['since']:%d/%m/%Y %H:%M}",
        "số lần thấy": one["seen_count"],
        LACKING: "; ".join(
            f"{told['channel']}: {told['attempts']} lần, {told['error'] or 'không rõ kết quả'}" for told in waiting
        ),
    }


def _listed(home: Home, *, everything: bool) -> list[dict[str, Any]]:
    from flows.readable import open_readable
    from warehouse.alert_states import listed

    with closing(open_readable(home)) as con:
        return listed(con, everything=everything)


def acknowledge_alerts(home: Home, marks: Sequence[str], *, reason: str, by: str | None, as_json: bool) -> int:
    """A person knows of these alerts: no run needs anybody for them, and no channel is told of them any more."""
    return _decide(home, "acknowledge", marks, reason=reason, by=by, until_on=None, as_json=as_json)


def waive_alerts(
    home: Home, marks: Sequence[str], *, reason: str, by: str | None, until_on: date, as_json: bool
) -> int:
    """These alerts need nobody until a day; then they are open again, unless their cause is gone."""
    return _decide(home, "waive_alert", marks, reason=reason, by=by, until_on=until_on, as_json=as_json)


def _decide(
    home: Home,
    kind: Literal["acknowledge", "waive_alert"],
    marks: Sequence[str],
    *,
    reason: str,
    by: str | None,
    until_on: date | None,
    as_json: bool,
) -> int:
    """A mark is the beginning of an alert's id. Raises UnknownAlertError where none, or more than one, begins so."""
    from warehouse.decisions import bring_decisions, decide

    known = {str(one["alert_id"]): one for one in _listed(home, everything=True)}
    chosen = [_meant(known, mark) for mark in marks]
    living = [alert_id for alert_id in dict.fromkeys(chosen) if not known[alert_id]["is_over"]]
    made = [
        decide(home.path, kind, alert_id=alert_id, reason=reason, decided_by=by, until_on=until_on)
        for alert_id in living
    ]
    with writing(home) as con:
        bring_decisions(con, home.path)
    if as_json:
        terminal.show_json({"decisions": made, "over": [one for one in chosen if one not in living]})
        return 0
    for alert_id in dict.fromkeys(chosen):
        over = "" if alert_id in living else " (its cause is gone: nothing to decide)"
        terminal.tell(f"{alert_id[:8]} {known[alert_id]['place_vi']}: {known[alert_id]['message_vi']}{over}")
    done = "are acknowledged" if kind == "acknowledge" else f"are waived until {until_on}"
    terminal.say(f"{len(living)} alerts {done}.")
    return 0


def _meant(known: Mapping[str, object], mark: str) -> str:
    fitting = [alert_id for alert_id in known if alert_id.startswith(mark)]
    if len(fitting) != 1:
        raise UnknownAlertError(f"{len(fitting)} alerts begin with '{mark}'; `danvan alerts list --all` shows them")
    return fitting[0]
