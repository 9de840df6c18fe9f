"""Telling: each channel of `danvan.toml` gets what it has not taken yet; and the outbox as a person sees it.

What is to be told stands in the warehouse (`warehouse.outbox`), written with the fact it is about. Nothing here decides
whether something is worth an alert.
"""

# ruff: noqa: PLC0415 (the warehouse imports duckdb: only what writes needs it)
from __future__ import annotations

import hashlib
import logging
from contextlib import closing, contextmanager
from getpass import getuser
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from flows import terminal
from flows.mistakes import UnknownAlertError
from flows.planning import writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flows.home import Home
    from warehouse.outbox import Digest

LOG = logging.getLogger("danvan")

LOCK = ".danvan.telling.lock"
NOBODY = "none"
"""The channel of a home that names none: what the run prints is all there is."""


def tell(home: Home) -> None:
    """Send each channel what it has not taken, digest by digest, and write down what became of each.

    The warehouse is held before and after a message, never while one is sent. One process of a home tells at a time. A
    process that is killed after a message was taken and before that was written down sends the same digest under the
    same mark once more: a file and a mailbox know it by that. Never raises: what is not told now the next run tells.
    """
    try:
        _tell_all(home)
    except Exception:
        LOG.exception("alerts: what waits could not be told; the next run tries again")


def _tell_all(home: Home) -> None:
    from warehouse.outbox import is_waiting, put_together

    addresses = {channel_key(channel): channel for channel in home.settings.alerts.channels or [NOBODY]}
    keys = list(addresses)
    with writing(home) as con:
        if not is_waiting(con, keys):
            return
    with _alone(home) as is_alone:
        if not is_alone:
            return
        with writing(home) as con:
            digests = put_together(con, keys)
        dead: set[str] = set()
        for digest in digests:
            if digest.channel not in dead and not _tell_one(home, addresses[digest.channel], digest, keys):
                dead.add(digest.channel)


def _tell_one(home: Home, channel: str, digest: Digest, keys: Sequence[str]) -> bool:
    from expectations.alerts import Message, send
    from warehouse.outbox import record_refused, record_told

    own = {"terminal": "terminal://", "file": f"file://{home.logs / 'alerts.log'}", NOBODY: "none://"}
    message = Message.of(
        home.settings.name, digest.digest_id, [(one.alert, one.is_over) for one in digest.waiting], digest.attempts
    )
    sent = send(message, own.get(channel, channel))
    with writing(home) as con:
        if sent.ok:
            record_told(con, digest, keys)
        else:
            record_refused(con, digest.channel, sent.message)
    if not sent.ok:
        LOG.error(
            "alerts: channel %s did not take %d alerts (attempt %d): %s; the next run tries again",
            sent.channel,
            len(digest.waiting),
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
    """The alerts that are open, or all, with what each channel took; 3 when one is open."""
    found = _listed(home, everything=everything)
    if as_json:
        terminal.show_json(found)
    else:
        terminal.show(
            [
                {
                    "alert": one["alert_id"][:8],
                    "raised": one["raised_at"],
                    "kind": one["kind"] + (" (over)" if one["is_over"] else ""),
                    "place": " ".join(filter(None, (one["feed"], one["period"]))),
                    "what": one["message_vi"],
                    "channels": "; ".join(map(_state_of, one["channels"])) or "not tried yet",
                    "acknowledged": one["acknowledged_by"],
                }
                for one in found
            ],
            as_json=False,
            empty="no alert is open",
        )
    return 3 if any(one["acknowledged_at"] is None and not one["is_over"] for one in found) else 0


def _listed(home: Home, *, everything: bool) -> list[dict[str, Any]]:
    import duckdb

    from flows.inspection import open_readable
    from warehouse.outbox import listed

    try:
        with closing(open_readable(home)) as con:
            return listed(con, everything=everything)
    except duckdb.CatalogException:  # made before there was an outbox
        with writing(home) as con:
            return listed(con, everything=everything)


def _state_of(channel: dict[str, object]) -> str:
    if channel["told_at"]:
        return f"{channel['channel']}: told {channel['told_at']:%d/%m %H:%M}"
    return f"{channel['channel']}: {channel['attempts']} attempts, {channel['error'] or 'the end was not seen'}"


def acknowledge_alerts(home: Home, marks: Sequence[str], *, by: str | None, as_json: bool) -> int:
    """A person knows of these alerts: they are closed, and channels that lack them are not told any more.

    A mark is the beginning of an alert's id. Raises UnknownAlertError where none, or more than one, begins so.
    """
    from warehouse.outbox import acknowledge

    known = {str(one["alert_id"]): one for one in _listed(home, everything=True)}
    with writing(home) as con:
        chosen = []
        for mark in marks:
            fitting = [alert_id for alert_id in known if alert_id.startswith(mark)]
            if len(fitting) != 1:
                raise UnknownAlertError(
                    f"{len(fitting)} alerts begin with '{mark}'; `danvan alerts list --all` shows them"
                )
            chosen += fitting
        acknowledge(con, chosen, by or getuser())
    if as_json:
        terminal.show_json({"acknowledged": chosen})
    else:
        for alert_id in chosen:
            terminal.tell(f"{alert_id[:8]} {known[alert_id]['feed']}: {known[alert_id]['message_vi']}")
        terminal.say(f"{len(chosen)} alerts are acknowledged.")
    return 0
