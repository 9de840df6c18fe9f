"""Return files: written for the deliveries that go back to their units, and sent to whom the routes name.

Nothing here decides what is wrong with a delivery; that stands in the warehouse (`warehouse.returns`). A file that
cannot be written or sent is told in the log and tried again by the next run: it never stops one.
"""

# ruff: noqa: PLC0415 (the warehouse and the readers are imported by who needs them)
from __future__ import annotations

import hashlib
import logging
import re
import shutil
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from expectations.contracts.times import now
from flows.planning import read_terms, scratch_folder, writing
from flows.postponed import postponed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from expectations.alerts import Message, Sent
    from expectations.contracts.findings import Finding
    from expectations.contracts.model import Contract
    from expectations.contracts.returns import Made, Returned
    from flows.home import Home
    from sources.feeds import Feed
    from warehouse.returns import Letter, Trouble, Written

LOG = logging.getLogger("danvan")

NO_PERIOD = "khong-ro-ky"
"""Stands in the name of a return file for the period of a file that says none."""

LOCK = ".danvan.returning.lock"
_ODD = re.compile(r"[^A-Za-z0-9._-]+")

Terms = dict[str, tuple["Feed", "Contract"]]


@dataclass(frozen=True, slots=True)
class _Job:
    """A return file that is to be written."""

    trouble: Trouble
    returned: Returned
    findings: tuple[Finding, ...]


def keep_returns(home: Home, terms: Terms | None = None, *, left: str | None = None) -> int:
    """Bring `returns/` to what the warehouse says: one file for each delivery that goes back; how many there are.

    A file is written when its findings are others than those it was written for, and removed when a later delivery
    came. Nothing is asked of the deliveries as long as those files lie there that an earlier run `left` for the same
    state (`warehouse.state.returned_mark`). Never raises: what cannot be written now is written by the next run.
    """
    try:
        lying = _files(home)
        if left is not None and left == _mark(lying):
            return len(lying)
        return len(write_returns(home, terms))
    except Exception as fault:  # noqa: BLE001 - it never stops a run
        postponed(home, "return files: they could not be written", fault)
        return len(_files(home))


def _mark(paths: Iterable[Path]) -> str:
    return hashlib.sha256("\n".join(sorted(path.name for path in paths)).encode()).hexdigest()


def write_returns(home: Home, terms: Terms | None = None) -> dict[str, Path]:
    """Delivery → its return file, of those that go back."""
    from warehouse.returns import findings_of, record_written, resend_by, troubles, written
    from warehouse.state import mark_returned

    terms = read_terms(home)[0] if terms is None else terms
    today = now().date()
    jobs = []
    with writing(home) as con:
        found = troubles(con)
        files = written(con)
        for one in found:
            file = files.get(one.delivery_id)
            same = file if file is not None and file.mark == one.mark else None
            if same is not None and (home.returns / same.file_name).is_file():
                continue
            until = same.resend_by if same else resend_by(con, today, home.settings.returns.days, one.due_on)
            jobs.append(_Job(one, _told(one, terms, until), tuple(findings_of(con, one))))
        kept = _kept(home, found, files)
        if not jobs:
            mark_returned(con, _mark(kept.values()))
    if made := _write_all(home, jobs, terms):
        with writing(home) as con:
            for job, (kind, path) in made:
                record_written(con, job.trouble, kind, path.name, job.returned.resend_by)
            kept = _kept(home, found, written(con))
            if len(made) == len(jobs):
                mark_returned(con, _mark(kept.values()))
    for path in _files(home):
        if path not in kept.values():
            path.unlink(missing_ok=True)
    return {delivery_id: path for delivery_id, path in kept.items() if path.is_file()}


def _kept(home: Home, found: Sequence[Trouble], files: Mapping[str, Written]) -> dict[str, Path]:
    """Delivery → where its return file lies, or should."""
    return {
        one.delivery_id: home.returns / files[one.delivery_id].file_name for one in found if one.delivery_id in files
    }


def _told(trouble: Trouble, terms: Terms, until: date) -> Returned:
    feed = terms[trouble.feed][0] if trouble.feed in terms else None
    return trouble.returned(feed.source_name if feed else trouble.source, unit_of(feed), until)


def unit_of(feed: Feed | None) -> str | None:
    """The unit that answers for what a feed sends."""
    return (feed.source_unit or feed.unit.fixed) if feed else None


def _files(home: Home) -> list[Path]:
    return sorted(home.returns.glob("*.xls[xm]"))


def _write_all(home: Home, jobs: Sequence[_Job], terms: Terms) -> list[tuple[_Job, tuple[Made, Path]]]:
    """Write the files side by side in the reading workers; one that cannot be written is told and left."""
    if not jobs:
        return []
    from concurrent.futures import ThreadPoolExecutor

    home.returns.mkdir(mode=0o700, parents=True, exist_ok=True)
    work = scratch_folder(home)
    made = []
    try:
        with ThreadPoolExecutor(home.settings.run.workers) as pool:
            for job, result in zip(jobs, pool.map(partial(_write, home, terms, work), jobs), strict=True):
                if result is not None:
                    made.append((job, result))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return made


def _write(home: Home, terms: Terms, work: Path, job: _Job) -> tuple[Made, Path] | None:
    from sources.disk import is_full
    from sources.errors import WorkerKilledError
    from sources.returns import list_findings

    one, folder = job.trouble, work / job.trouble.delivery_id
    draft = folder / "return.xlsx"
    try:
        folder.mkdir(mode=0o700)
        try:
            made = _from_bytes(home, terms, job, folder, draft)
        except WorkerKilledError:  # no doing of the bytes: the list would stand for what can be marked
            raise
        except Exception as fault:  # whatever the bytes do, the unit gets the list
            if is_full(fault):
                raise
            LOG.warning("%s: its return file holds the list alone: %s: %s", one.feed, type(fault).__name__, fault)
            draft.unlink(missing_ok=True)
            list_findings(job.returned, job.findings, folder, draft)
            made = "list"
        suffix = ".xlsm" if made == "marked" and one.file_name.lower().endswith(".xlsm") else ".xlsx"
        name = _ODD.sub("-", f"{one.feed}_{one.period or NO_PERIOD}_{one.delivery_id}")
        path = home.returns / f"{name}{suffix}"
        draft.chmod(0o600)
        draft.replace(path)
    except Exception as fault:  # noqa: BLE001 - it stops neither the others nor the run
        postponed(home, f"{one.feed}: the return file of {one.delivery_id} could not be written", fault)
        return None
    return made, path


def _from_bytes(home: Home, terms: Terms, job: _Job, folder: Path, draft: Path) -> Made:
    """The file from the landed bytes, which are opened in a bounded worker."""
    from flows.workers import readers
    from sources.landing import check_landed, sidecar, sidecar_path
    from sources.returns import make_return

    one = job.trouble
    delivery = sidecar(sidecar_path(home.path, one.sha256, one.delivery_id))
    path = check_landed(home.path, delivery)
    feed, contract = terms[one.feed]
    pool = readers(home).workers
    return pool.run(
        make_return, path, pool.keep(feed), pool.keep(contract), job.returned, job.findings, folder / "work", draft
    )


# --- sending ----------------------------------------------------------------------------------------------------------


def send_returns(home: Home, terms: Terms | None = None) -> None:
    """Send each return file to whom the routes name, by mail, once; a letter that was refused is tried again each run.

    Nothing is sent where no mail server is named. The warehouse is held before and after a letter, never while one is
    sent. Never raises.
    """
    if home.settings.returns.mail is None:
        return
    try:
        with FileLock(home.path / LOCK, timeout=0):
            _send_all(home, read_terms(home)[0] if terms is None else terms)
    except Timeout:
        LOG.info("return files: another process is sending them")
    except Exception as fault:  # noqa: BLE001 - it never stops a run
        postponed(home, "return files: they could not be sent", fault)


def channel_of(address: str) -> str:
    """A name for an address in the books, which holds no address."""
    return f"mail {hashlib.sha256(address.encode()).hexdigest()[:8]}"


def _send_all(home: Home, terms: Terms) -> None:
    """One letter after the other: what became of one is written down when the next is put down."""
    from expectations.alerts import send
    from warehouse.returns import put_down, record_sent, taken, troubles, written

    with writing(home) as con:
        files, known = written(con), taken(con)
        wanted = [
            (one, files[one.delivery_id], address)
            for one in troubles(con)
            if one.delivery_id in files and files[one.delivery_id].mark == one.mark
            for address in addresses_of(home, one, terms)
            if (files[one.delivery_id].return_id, channel_of(address)) not in known
        ]
    ended: tuple[Letter, str | None] | None = None
    for trouble, file, address in wanted:
        if not (home.returns / file.file_name).is_file():
            continue
        with writing(home) as con:
            if ended:
                record_sent(con, *ended)
            ended = None
            letters = put_down(con, [(file.return_id, channel_of(address))])
        if not letters:  # taken meanwhile: an address may be named twice
            continue
        [letter] = letters
        sent = send(_message(home, terms, trouble, file, letter.digest_id), home.settings.returns.mail or "", address)
        ended = letter, None if sent.ok else sent.message
        _log_sent(trouble, letter, sent)
        if sent.is_away:
            break
    if ended:
        with writing(home) as con:
            record_sent(con, *ended)


def _log_sent(trouble: Trouble, letter: Letter, sent: Sent) -> None:
    if sent.ok:
        LOG.info("%s: its return file was sent", trouble.feed)
        return
    LOG.error(
        "%s: its return file was not taken by %s (attempt %d): %s; the next run tries again",
        trouble.feed,
        sent.channel,
        letter.attempts,
        sent.message,
    )


def addresses_of(home: Home, trouble: Trouble, terms: Terms) -> tuple[str, ...]:
    """Who gets the return file of a delivery."""
    if trouble.feed not in terms:
        return ()
    feed, _ = terms[trouble.feed]
    return home.settings.returns.addresses(unit_of(feed), trouble.dataset, trouble.severity, feed.contact)


def _message(home: Home, terms: Terms, trouble: Trouble, file: Written, mark: str) -> Message:
    from pathlib import PurePath

    from expectations.alerts import Message
    from expectations.contracts.privacy import masked
    from expectations.contracts.returns import groups, letter

    returned = _told(trouble, terms, file.resend_by)
    subject, body = letter(returned, groups((), trouble.rules), home.settings.name)
    path = home.returns / file.file_name
    # whoever named the file, a header holds no line end
    stem = "".join(sign if sign.isprintable() else " " for sign in masked(PurePath(trouble.file_name).stem))
    name = f"Can sua - {stem}{path.suffix}"
    return Message(mark, subject, body, enclosed=((path, name),))


def sendings(home: Home, letters: Mapping[str, Sequence[Mapping[str, object]]], return_id: str | None) -> str:
    """What became of the letters of a return file, in words."""
    if home.settings.returns.mail is None:
        return "not sent: [returns] mail is not set"
    told = [
        f"sent {one['told_at']:%d/%m %H:%M}" if one["told_at"] else f"{one['attempts']} attempts: {one['error'] or '?'}"
        for one in letters.get(return_id or "", ())
    ]
    return "; ".join(told) or "to nobody: no address"
