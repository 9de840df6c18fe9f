"""What a delivery means beside the others of its partition: the same, a newer version, or a conflict (Q06, Q07).

Of deliveries that speak for the same moment and say different things none counts until a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.contracts.findings import Finding
from warehouse.chains import take_out
from warehouse.deliveries import Judged, Status, Tally, period_label
from warehouse.findings import write_findings

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb


@dataclass(frozen=True, slots=True)
class Rival:
    """A delivery that speaks for the same moment and partition and says something else."""

    delivery_id: str
    file_name: str
    status: Status


def _neighbours(con: duckdb.DuckDBPyConnection, judged: Judged) -> list[tuple[Any, ...]]:
    """Other deliveries of the same partitions that count: (file_name, sha256, content_hash, effective_at)."""
    feed = judged.delivery.feed
    partitions = [f"{feed}|{period}" for period in judged.periods] if judged.supersedes == "period" else [feed]
    return con.execute(
        """
        select distinct file_name, sha256, content_hash, effective_at
        from ops.delivery_partitions
        join ops.deliveries using (delivery_id)
        where list_contains(cast(? as varchar[]), partition) and delivery_id <> ?
        order by effective_at, sha256
        """,
        [partitions, judged.delivery.delivery_id],
    ).fetchall()


def rivals_of(con: duckdb.DuckDBPyConnection, judged: Judged) -> list[Rival]:
    """Deliveries of the feed that speak for the same moment and period with other bytes and other content."""
    rows = con.execute(
        """
        select delivery_id, file_name, status
        from ops.deliveries
        where feed = ? and effective_at = ? and sha256 <> ?
          and (status = 'held' or delivery_id in (select delivery_id from ops.delivery_partitions))
          and (? or list_has_any(periods, cast(? as varchar[])))
          and content_hash is distinct from ?
        order by sha256, load_no
        """,
        [
            judged.delivery.feed,
            judged.effective_at,
            judged.delivery.sha256,
            judged.supersedes == "feed",
            list(judged.periods),
            judged.content_hash,
        ],
    ).fetchall()
    return [Rival(*row) for row in rows]


def conflict(file_name: str, rival: str, moment: datetime) -> Finding:
    return Finding(
        rule_id="Q07",
        check="conflicting_delivery",
        severity="gate",
        message_vi=(
            f"Tệp {file_name} có cùng thời điểm {_moment(moment)} với tệp {rival} "
            "nhưng số liệu khác; tạm giữ cả hai cho đến khi có người quyết định dùng tệp nào."
        ),
    )


def hold(con: duckdb.DuckDBPyConnection, judged: Judged, rival: Rival) -> None:
    """Take a delivery that stood out of the warehouse and book it as held, as if it had come second."""
    if rival.status == "held":
        return
    delivery = judged.delivery
    take_out(con, judged.contract, rival.delivery_id)
    con.execute("update ops.deliveries set status = 'held' where delivery_id = ?", [rival.delivery_id])
    con.execute("delete from ops.quarantine where delivery_id = ?", [rival.delivery_id])
    con.execute(
        """
        insert into ops.ignored
        select delivery_id, 'held', rows_read - rows_ignored from ops.receipts where delivery_id = ?
        """,
        [rival.delivery_id],
    )
    con.execute(
        """
        update ops.receipts
        set rows_loaded = 0, rows_unchanged = 0, rows_quarantined = 0, rows_ended = 0, rows_ignored = rows_read
        where delivery_id = ?
        """,
        [rival.delivery_id],
    )
    write_findings(
        con,
        delivery_id=rival.delivery_id,
        feed=delivery.feed,
        dataset=delivery.dataset,
        period=period_label(judged.periods),
        frame=None,
        own=[conflict(rival.file_name, delivery.file_name, judged.effective_at)],
    )


def same_or_newer(con: duckdb.DuckDBPyConnection, judged: Judged, tally: Tally) -> list[Finding]:
    others = _neighbours(con, judged)
    these_bytes_before = (judged.delivery.sha256, judged.effective_at)
    if not others or these_bytes_before in {(row[1], row[3]) for row in others}:  # none, or a second reading
        return []
    equal = [row for row in others if row[2] is not None and row[2] == judged.content_hash]
    if equal and not tally.ended:
        return [
            Finding(
                rule_id="Q06",
                check="same_content",
                severity="warning",
                message_vi=(
                    f"Nội dung tệp {judged.delivery.file_name} giống hệt tệp {equal[-1][0]} đã nhận; "
                    "số liệu không thay đổi."
                ),
            )
        ]
    if judged.supersedes == "feed" or not tally.loaded + tally.ended:
        return []
    return [
        Finding(
            rule_id="Q07",
            check="new_version",
            severity="warning",
            message_vi=(
                f"Tệp {judged.delivery.file_name} có số liệu khác tệp {others[-1][0]} cùng kỳ: "
                f"{tally.loaded} dòng mới hoặc sửa, {tally.ended} dòng cũ hết hiệu lực. Bản gửi sau cùng được dùng."
            ),
        )
    ]


def _moment(value: datetime) -> str:
    return value.strftime("%d/%m/%Y %H:%M")
