"""Signed periods: who signed which published figures, kept with the figures, so that a later change can be told.

`signatures.jsonl` of the home has one line for every signature and every exception, never changed; the figures a
signature covers stand in `signatures/<id>.jsonl`, one line a figure or a goal's status, as the release published them.
The signature holds the hash of that file. Figures go on as what stands says; `marts.restatements` tells which of them
say otherwise than was signed, old and new, with the deliveries that came and went.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from expectations.contracts.alerts import signature_outdated
from expectations.contracts.private_files import make_private_folder, new_private_file
from expectations.contracts.times import now
from warehouse import lines
from warehouse.handing import insert
from warehouse.outbox import raise_alerts
from warehouse.published import current
from warehouse.store import WarehouseError, connect
from warehouse.transactions import transaction

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

JOURNAL, FOLDER = "signatures.jsonl", "signatures"
Kind = Literal["sign", "except"]


class SignatureError(WarehouseError):
    """A period cannot be signed, or what was signed cannot be read; the message says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A line of the journal.

    `sign`: `signed_by` in their `role` signed the figures of a period as a release published them (`content_hash` over
    their file). `except`: changes after that need no new signature until the day `until`, of the unit and indicator
    named (None: of all), and `reason` says why.
    """

    signature_id: str
    kind: Kind
    period: str
    signed_by: str
    role: str
    signed_at: datetime
    release_id: str | None = None
    content_hash: str | None = None
    unit_code: str | None = None
    indicator_code: str | None = None
    until: date | None = None
    reason: str | None = None


def journal(home: Path) -> list[Signature]:
    """Every signature and exception in the order of their making. Raises SignatureError naming a damaged line."""
    path = home / JOURNAL

    def signature(told: Any) -> Signature:
        until = told["until"] and date.fromisoformat(told["until"])
        return Signature(**{**told, "signed_at": datetime.fromisoformat(told["signed_at"]), "until": until})

    def damaged(number: int, wrong: Exception) -> SignatureError:
        return SignatureError(
            f"{path}:{number}: not a signature ({wrong}); mend the line or put the file back from a backup"
        )

    return lines.read(path, signature, damaged)


def last_signed(home: Path) -> dict[str, Signature]:
    """The last signature of every period that was signed."""
    return {one.period: one for one in journal(home) if one.kind == "sign"}


def sign(home: Path, period: str, *, signed_by: str, role: str) -> tuple[Signature, bool]:
    """Sign what the current release publishes of a period; whether it is a new signature.

    The same figures are not signed twice by the same person in the same role: the standing signature is returned.
    Raises SignatureError without a release, a name, a role, or a figure of the period.
    """
    release = current(home)
    if release is None:
        raise SignatureError(f"{home}: nothing has been published yet; begin with: danvan run --home {home}")
    _named(signed_by, role)
    told = _published(release.file, period)
    if not told:
        raise SignatureError(f"the release {release.release_id} has no figure of {period}; see: danvan assess --help")
    text = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in told)
    content_hash = hashlib.sha256(text.encode()).hexdigest()
    standing = last_signed(home).get(period)
    if standing and (standing.content_hash, standing.signed_by, standing.role) == (content_hash, signed_by, role):
        return standing, False
    made = Signature(secrets.token_hex(8), "sign", period, signed_by, role, now(), release.release_id, content_hash)
    make_private_folder(home / FOLDER)
    with new_private_file(home / FOLDER / f"{made.signature_id}.jsonl") as stream:
        stream.write(text.encode())
    _append(home, made)
    return made, True


def allow(
    home: Path,
    period: str,
    *,
    signed_by: str,
    role: str,
    until: date,
    reason: str,
    unit_code: str | None = None,
    indicator_code: str | None = None,
) -> Signature:
    """Write down that changes of a signed period need no new signature until a day.

    Raises SignatureError for a period nobody signed, a day that is past, or without name, role or reason.
    """
    _named(signed_by, role)
    if not reason.strip():
        raise SignatureError("an exception needs a reason: say it with --why")
    if until < now().date():
        raise SignatureError(f"{until} is past; an exception ends on a day to come")
    if period not in last_signed(home):
        raise SignatureError(f"nobody has signed {period}; sign it with: danvan sign {period} --by NAME --role ROLE")
    made = Signature(
        secrets.token_hex(8), "except", period, signed_by, role, now(),
        unit_code=unit_code, indicator_code=indicator_code, until=until, reason=reason.strip(),
    )  # fmt: skip
    _append(home, made)
    return made


def signed_releases(home: Path) -> frozenset[str]:
    """The releases whose figures are the last that were signed of a period: they are kept."""
    return frozenset(one.release_id for one in last_signed(home).values() if one.release_id)


def bring_signatures(con: duckdb.DuckDBPyConnection, home: Path) -> int:
    """Bring `ops.signatures` and `ops.signed_figures` up to the home's journal; returns how many are new.

    Raises SignatureError where the figures of a signature are gone or not those that were signed.
    """
    known = {str(row[0]) for row in con.execute("select signature_id from ops.signatures").fetchall()}
    new = [one for one in journal(home) if one.signature_id not in known]
    for one in new:
        values = asdict(one)
        if one.kind == "sign":
            path = home / FOLDER / f"{one.signature_id}.jsonl"
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                raise SignatureError(f"{path} is gone; put it back from a backup") from None
            if hashlib.sha256(content).hexdigest() != one.content_hash:
                raise SignatureError(f"{path}: not the figures that were signed; put the file back from a backup")
            _insert(con, one, [json.loads(line) for line in content.decode().splitlines()])
        con.execute(
            f"insert into ops.signatures ({', '.join(values)}) values ({', '.join('?' * len(values))})",
            list(values.values()),
        )
    return len(new)


def raise_outdated(con: duckdb.DuckDBPyConnection, home: Path, today: date, run_id: str | None = None) -> None:
    """Raise the alert of every signed period with material changes that no exception covers, as the release tells.

    `ops.outdated_signatures` is brought up to it, in one transaction: an alert is open as long as it stands there.
    """
    release = current(home)
    if release is None or not last_signed(home):
        return
    with connect(release.file, read_only=True) as published:
        rows = published.execute(
            "select period, signature_id, count(*), list(distinct unit_code order by unit_code)"
            " from marts.restatements where is_material and (excepted_until is null or excepted_until < ?)"
            " group by all order by all",
            [today],
        ).fetchall()
    with transaction(con):
        con.execute("delete from ops.outdated_signatures")
        for period, signature_id, *_ in rows:
            con.execute("insert into ops.outdated_signatures values (?, ?)", [signature_id, period])
        raise_alerts(con, [signature_outdated(*row) for row in rows], run_id)


_FIGURE = ("indicator_code", "definition_id", "unit_code", "value", "numerator", "denominator", "availability")


def _published(release: Path, period: str) -> list[dict[str, Any]]:
    """What a release publishes of a period: its figures with the deliveries they are made of, and the statuses."""
    with connect(release, read_only=True) as con:
        figures = con.execute(
            f"""
            select {", ".join(f"figure.{name}" for name in _FIGURE)}, coalesce(made.deliveries, []) as deliveries
            from marts.indicator_values as figure
            left join (
              select indicator_code, definition_id, unit_code, list(distinct delivery_id order by delivery_id)
                filter (where delivery_id is not null) as deliveries
              from marts.explanations
              where period = $period
              group by all
            ) as made using (indicator_code, definition_id, unit_code)
            where figure.period = $period
            order by all
            """,
            {"period": period},
        ).fetchall()
        statuses = con.execute(
            "select goal_id, unit_code, status from marts.assessment where period = $period order by all",
            {"period": period},
        ).fetchall()
    return [dict(zip((*_FIGURE, "deliveries"), row, strict=True)) for row in figures] + [
        dict(zip(("goal_id", "unit_code", "status"), row, strict=True)) for row in statuses
    ]


def _insert(con: duckdb.DuckDBPyConnection, signature: Signature, rows: list[dict[str, Any]]) -> None:
    kinds = {
        "signature_id": "varchar",
        "indicator_code": "varchar", "definition_id": "varchar", "goal_id": "varchar", "unit_code": "varchar",
        "value": "double", "numerator": "bigint", "denominator": "bigint", "availability": "varchar",
        "status": "varchar", "deliveries": "varchar[]",
    }  # fmt: skip
    told = [{**row, "signature_id": signature.signature_id} for row in rows]
    insert(con, "ops.signed_figures", kinds, [tuple(row.get(name) for name in kinds) for row in told])


def _append(home: Path, made: Signature) -> None:
    until = made.until.isoformat() if made.until else None
    lines.append(home / JOURNAL, [{**asdict(made), "signed_at": made.signed_at.isoformat(), "until": until}])


def _named(signed_by: str, role: str) -> None:
    for option, text in (("--by", signed_by), ("--role", role)):
        if not text.strip():
            raise SignatureError(f"a signature has a name and a role: say who with {option}")
