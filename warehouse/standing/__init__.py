"""What stands, as SQL: macros and views over readings and decisions; one statement a file.

Nothing here is stored. The order of making is that of reading one another.
"""

from __future__ import annotations

import csv
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from expectations.contracts.sql import identifier, literal
from expectations.contracts.words.wording import catalogue
from warehouse.books import ops_tables
from warehouse.shapes import comments

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

MACROS = ("places_at", "standing_at", "corrections_at", "row_corrections_at")
VIEWS = (
    "places",
    "standing",
    "row_corrections",
    "current_readings",
    "deliveries",
    "receipts",
    "ignored",
    "suite_results",
    "quarantine",
    "conflicts",
    "corrections",
    "findings",
    "explanations",
    "alert_states",
)
BEFORE = {"alert_states": "alert_states_at"}
"""A macro over views, by the view that reads it."""

ASKED_BY_ALL = ("standing", "row_corrections")
"""Views that every `core.<dataset>_current` joins."""

_WORDS = {
    "chain": "Chuỗi · the period whose deliveries stand in a row, or * for all periods of a feed",
    "place": "Thứ tự trong chuỗi · place in the chain, by the senders' moments",
    "outcome": "Kết quả · what became of it: stands, conflict, too_many_quarantined, too_few_rows, …",
    "before_id": "Bản đọc đứng trước · reading that stood before it",
    "before_rows": "Số dòng đứng trước · rows of that reading",
    "is_standing": "Đang được dùng · it counts today",
    "state": (
        "Trạng thái · of a delivery: landed, booked, refused, held, failed, withdrawn; of an alert: open, reminded,"
        " acknowledged, waived, resolved; of an explanation: waiting, accepted, not_accepted, ask, expired; of a"
        " correction: applied, no_row, mended, contested, figure"
    ),
    "state_kind": "Lý do trạng thái · why it is held, or the step that failed",
    "message": "Nội dung lỗi · what failed on our side",
    "is_success": "Đạt · no failing row",
    "loaded_at": "Thời điểm nạp · when",
    "rows": "Số dòng · rows",
    "row_unit_code": "Đơn vị của dòng · unit of the rows",
    "row_count": "Số dòng tìm thấy · rows found in the delivery that stands",
    "explanation": "Nội dung giải trình · what was answered",
    "explained_by": "Người giải trình · who",
    "explained_at": "Thời điểm giải trình · when",
    "reviewed_by": "Người xem xét · who reviewed it",
    "reviewed_at": "Thời điểm xem xét · when",
    "review": "Ý kiến xem xét · what the reviewer says",
    "is_over": "Đã hết nguyên nhân · its cause is gone",
    "since": "Từ khi nào · when its cause came, or came back",
    "open_days": "Số ngày chưa xong · days since then",
    "late_days": "Số ngày quá hạn gửi · days past the due day of the oldest report that is missing",
    "reminder_count": "Số lần đã nhắc · how often it was told again",
    "acknowledged_at": "Thời điểm có người nhận · when a person said that they know",
    "acknowledged_by": "Người nhận · who",
    "waived_until": "Tạm bỏ qua đến hết ngày · needs nobody until this day",
    "waived_by": "Người quyết định tạm bỏ qua · who said so",
    "waived_because": "Lý do tạm bỏ qua · why",
    "applied_count": "Số dòng được hiệu chỉnh · rows it applies to",
    "correction_ids": "Các hiệu chỉnh tác động lên dòng · corrections that act on the row",
    "is_contested": "Các hiệu chỉnh trái nhau, không áp dụng · they contradict each other: none is applied",
    "is_excluded": "Dòng bị loại · the row does not count",
}
"""What the columns mean that only views have."""


@lru_cache(maxsize=1)
def standing_statements() -> list[str]:
    """Statements that make the macros and views of schema ops, with their comments."""
    folder = files("warehouse.standing")
    found = []
    for name in MACROS:
        found += _macro(name)
    with folder.joinpath("checks.csv").open(encoding="utf-8") as stream:
        rows = [(*row.values(), catalogue()[f"standing.{row['check_name']}"][0]) for row in csv.DictReader(stream)]
    found.append("delete from ops.standing_words")
    found += [f"insert into ops.standing_words values ({', '.join(map(literal, row))})" for row in rows]
    for name in VIEWS:
        if name in BEFORE:
            found += _macro(BEFORE[name])
        text = folder.joinpath(f"{name}.sql").read_text(encoding="utf-8")
        query = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
        found.append(f"create or replace view ops.{name} as\n{query}")
        found += comments("view", f"ops.{name}", _described(text), {})
    return found


def _macro(name: str) -> list[str]:
    text = files("warehouse.standing").joinpath(f"{name}.sql").read_text(encoding="utf-8").strip()
    return [text, *comments("macro table", f"ops.{name}", _described(text), {})]


def _described(text: str) -> str:
    """What the head of a file says of its view or macro: `Vietnamese · English`."""
    head = [line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")]
    vi = next(line.removeprefix("vi: ") for line in head if line.startswith("vi: "))
    prose = " ".join(line for line in head if not line.startswith(("vi: ", "grain: ")))
    return f"{vi} · {prose}"


def comment_views(con: duckdb.DuckDBPyConnection) -> None:
    """Comment on every column of the views, whose names only the database knows."""
    words = column_words()
    for name in VIEWS:
        for column, *_ in con.execute(f"describe ops.{name}").fetchall():
            con.execute(f"comment on column ops.{name}.{identifier(column)} is {literal(words[column])}")


@contextmanager
def asked_once(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Within the block what stands is a table of that name, asked once instead of for every one of fifty questions.

    The caller holds a transaction, and books and decides nothing within the block. Planning the query costs more than
    answering it, and DuckDB plans a view wherever it is named.
    """
    for name in ASKED_BY_ALL:
        con.execute(f"alter view ops.{name} rename to {name}_asked")
        con.execute(f"create table ops.{name} as from ops.{name}_asked")
    yield
    for name in ASKED_BY_ALL:
        con.execute(f"drop table ops.{name}")
        con.execute(f"alter view ops.{name}_asked rename to {name}")


@lru_cache(maxsize=1)
def column_words() -> dict[str, str]:
    """What a column of schema ops means, the same in every table and view: `Vietnamese · English` by name."""
    words = {name: text for shape in ops_tables() for name, (_, text) in shape.columns.items()}
    return words | _WORDS
