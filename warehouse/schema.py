"""The shape of the warehouse: schemas ops, ref and core as SQL statements; core comes from the contracts."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from expectations.contracts.model import contract, datasets
from expectations.contracts.questionnaires import ITEM_PREFIX
from warehouse.reference.tables import TYPES as REFERENCE_TYPES
from warehouse.reference.tables import tables as reference_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expectations.contracts.model import Column, Contract

SCHEMA_VERSION = 1
"""Raised by whoever changes a table in a way that older code cannot read."""

TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
"""Logical type of a contract's column → DuckDB type."""

_LIVE, _STILL = "_current", "_as_of"


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table: `columns` name → (type and constraints, comment); `checks` are table constraints."""

    name: str
    comment: str
    columns: Mapping[str, tuple[str, str]]
    checks: tuple[str, ...] = ()


def statements() -> list[str]:
    """Every statement that makes an empty database a warehouse; each may be run again."""
    found = [f"create schema if not exists {name}" for name in ("ops", "ref", "core", "marts")]
    for shape in (*ops_tables(), *ref_tables(), *core_tables()):
        found.append(_create(shape))
        found += _comments(
            "table", shape.name, shape.comment, {name: words for name, (_, words) in shape.columns.items()}
        )
    found.append(files("warehouse.reference").joinpath("working_days.sql").read_text(encoding="utf-8"))
    for dataset in datasets():
        found += _core_views(contract(dataset))
    return found


def core_columns(source: Contract) -> dict[str, tuple[str, str]]:
    """Columns of core.<dataset> in order: period, unit, the contract's stored columns, answers, provenance."""
    columns = {
        "period": ("VARCHAR not null", "Kỳ báo cáo · reporting period (2024-Q1)"),
        "unit_code": ("VARCHAR", "Mã đơn vị · unit of the row on the last day of the period"),
    }
    for column in plain_columns(source):
        words = f"{column.label_vi} · {column.description}" if column.description else column.label_vi
        columns[column.name] = (TYPES[column.type], words)
    if has_answers(source):
        columns["answers"] = ("MAP(VARCHAR, DOUBLE)", "Câu trả lời theo mã câu hỏi · answers by item code")
    return {
        **columns,
        "_partition": ("VARCHAR not null", "Feed and period (or feed) whose later deliveries replace earlier ones"),
        "_occurrence": ("INTEGER not null", "Ordinal among rows of one delivery with the same content"),
        "_row_hash": ("UBIGINT not null", "Hash of the row's content"),
        "_delivery_id": ("VARCHAR not null", "Delivery that brought this version of the row"),
        "_ended_by": ("VARCHAR", "Delivery that ended this version; null = current"),
        "_sheet": ("VARCHAR", "Sheet of the file the row was read from"),
        "_row": ("BIGINT", "Row of the file as a person sees it"),
    }


def plain_columns(source: Contract) -> tuple[Column, ...]:
    """Stored columns of the contract without a questionnaire's items, which become one map."""
    return tuple(column for column in source.stored_columns if not column.name.startswith(ITEM_PREFIX))


def content_columns(source: Contract) -> tuple[str, ...]:
    """Names of the columns of core.<dataset> that hold what the source said (no provenance), in order."""
    return tuple(name for name in core_columns(source) if not name.startswith("_"))


def hash_sql(source: Contract) -> str:
    """SQL for `_row_hash` over the content columns; see `warehouse.rehashing` for what happens when it changes."""
    listed = ", ".join(f'"{name}"' for name in content_columns(source))
    return f"hash({listed})"


def has_answers(source: Contract) -> bool:
    """Whether the dataset's rows carry answers to a questionnaire (see `expectations.contracts.questionnaires`)."""
    return any(column.name == "questionnaire_id" for column in source.stored_columns)


def core_tables() -> Iterator[TableShape]:
    """One table a contract."""
    for dataset in datasets():
        source = contract(dataset)
        yield TableShape(
            f"core.{dataset}", f"{source.label_vi} · {source.label_en}, all versions", core_columns(source)
        )


def ref_tables() -> Iterator[TableShape]:
    """Reference tables, and the fingerprint of what they hold."""
    for table in reference_tables().values():
        columns = {name: (REFERENCE_TYPES[kind], table.comments[name]) for name, kind in table.columns.items()}
        yield TableShape(f"ref.{table.name}", table.comment, columns)
    yield TableShape(
        "ref.versions",
        "Dấu vân tay của dữ liệu tham chiếu · fingerprint of the reference data now in schema ref",
        {"fingerprint": ("VARCHAR not null", "SHA-256 over all reference tables")},
    )


_FEED = ("VARCHAR not null", "Nguồn cấp dữ liệu · feed")
_DATASET = ("VARCHAR", "Tập dữ liệu · dataset")
_DELIVERY = ("VARCHAR not null", "Lần gửi · delivery")
_PERIOD = ("VARCHAR", "Kỳ báo cáo · period")
_COUNT = "BIGINT not null"


def ops_tables() -> tuple[TableShape, ...]:
    """The books of the house: what came, what became of it, what was found, who was told."""
    return (
        TableShape(
            "ops.schema_version",
            "Phiên bản cấu trúc kho · version of the warehouse's structure",
            {
                "version": ("INTEGER not null", "SCHEMA_VERSION of the code that made the tables"),
                "fingerprint": ("VARCHAR not null", "SHA-256 over the statements that made them"),
                "migrated_at": ("TIMESTAMP not null", "When, local time"),
            },
        ),
        TableShape(
            "ops.hash_signatures",
            "Cách tính mã băm của dòng · how the rows of each dataset now in the warehouse were hashed",
            {
                "dataset": ("VARCHAR not null", "Tập dữ liệu · dataset"),
                "signature": ("VARCHAR not null", "Columns in order, and the hash of a fixed text in this DuckDB"),
            },
        ),
        TableShape(
            "ops.deliveries",
            "Sổ các lần gửi dữ liệu · every delivery ever received",
            {
                "delivery_id": ("VARCHAR not null", "Mã lần gửi · id: feed, bytes, reading and contract"),
                "feed": _FEED,
                "source": ("VARCHAR", "Đơn vị gửi · source"),
                "dataset": _DATASET,
                "file_name": ("VARCHAR", "Tên tệp · file name"),
                "sha256": ("VARCHAR", "SHA-256 of the exact bytes"),
                "content_hash": ("VARCHAR", "Hash over normalised cells; equal content has equal hash"),
                "periods": ("VARCHAR[]", "Các kỳ trong tệp · periods the delivery speaks for"),
                "sent_at": ("TIMESTAMP", "Thời điểm gửi · when it was sent, by file name or file time"),
                "extracted_at": ("TIMESTAMP", "Thời điểm trích xuất · when it was extracted, by its own content"),
                "effective_at": ("TIMESTAMP not null", "Extracted, else sent, else received: orders the versions"),
                "received_at": ("TIMESTAMP", "Thời điểm nhận · when it was received here"),
                "landed_path": ("VARCHAR", "Where the bytes lie, relative to the home folder"),
                "size_bytes": ("BIGINT", "Dung lượng · size"),
                "status": (
                    "VARCHAR not null check (status in ('loaded', 'unchanged', 'refused', 'held'))",
                    "loaded, unchanged, refused, held (waits for a person)",
                ),
                "fingerprint": ("VARCHAR", "Hash of the feed file's reading instructions"),
                "contract_version": ("VARCHAR", "Version of the contract it was judged by"),
                "load_no": ("BIGINT not null", "Running number of the load"),
                "loaded_at": ("TIMESTAMP not null", "When it was loaded here"),
            },
        ),
        TableShape(
            "ops.delivery_partitions",
            "Phạm vi thay thế của mỗi lần gửi · partitions a delivery holds the rows of",
            {
                "delivery_id": _DELIVERY,
                "dataset": _DATASET,
                "partition": ("VARCHAR not null", "Feed and period, or feed"),
                "row_count": (_COUNT, "Rows of the delivery in the partition"),
            },
        ),
        TableShape(
            "ops.row_places",
            "Vị trí của dòng không đổi · where an unchanged row of a later delivery stands, if elsewhere",
            {
                "delivery_id": _DELIVERY,
                "partition": ("VARCHAR not null", "Feed and period, or feed"),
                "row_hash": ("UBIGINT not null", "Hash of the row's content"),
                "occurrence": ("INTEGER not null", "Ordinal among equal rows"),
                "sheet": ("VARCHAR", "Sheet"),
                "row": ("BIGINT", "Row as a person sees it"),
            },
        ),
        TableShape(
            "ops.receipts",
            "Biên nhận · account of one load: rows_read = loaded + unchanged + quarantined + ignored",
            {
                "delivery_id": _DELIVERY,
                "feed": _FEED,
                "dataset": _DATASET,
                "period": ("VARCHAR", "Kỳ (một kỳ hoặc khoảng) · period, or first..last of several"),
                "rows_read": (_COUNT, "Số dòng đọc · rows read"),
                "rows_loaded": (_COUNT, "Số dòng nạp mới · rows that became new versions"),
                "rows_unchanged": (_COUNT, "Số dòng không đổi · rows that stood there already"),
                "rows_quarantined": (_COUNT, "Số dòng cách ly · rows held back"),
                "rows_ignored": (_COUNT, "Số dòng bỏ qua có lý do · rows ignored, with a reason in ops.ignored"),
                "rows_ended": (_COUNT, "Số dòng cũ bị thay · versions of earlier deliveries this one ended"),
                "loaded_at": ("TIMESTAMP not null", "Thời điểm nạp · when"),
            },
            checks=(
                "check (rows_read = rows_loaded + rows_unchanged + rows_quarantined + rows_ignored)",
                "check (least(rows_loaded, rows_unchanged, rows_quarantined, rows_ignored, rows_ended) >= 0)",
            ),
        ),
        TableShape(
            "ops.ignored",
            "Dòng bỏ qua theo lý do · ignored rows by reason",
            {
                "delivery_id": _DELIVERY,
                "reason": ("VARCHAR not null", "Lý do · reason"),
                "rows": (_COUNT, "Số dòng · rows"),
            },
        ),
        TableShape(
            "ops.findings",
            "Phát hiện về chất lượng · findings: one failed rule at one place",
            {
                "finding_id": ("VARCHAR not null", "Mã phát hiện · stable id"),
                "delivery_id": ("VARCHAR", "Lần gửi; trống khi thiếu tệp · delivery; null when none came"),
                "feed": _FEED,
                "dataset": _DATASET,
                "period": _PERIOD,
                "rule_id": ("VARCHAR not null", "Mã quy tắc · rule"),
                "check_name": ("VARCHAR", "Tên phép kiểm · check"),
                "severity": (
                    "VARCHAR not null check (severity in ('error', 'warning', 'gate'))",
                    "error cách ly dòng, warning cảnh báo, gate từ chối cả tệp",
                ),
                "sheet": ("VARCHAR", "Trang tính · sheet"),
                "row": ("BIGINT", "Dòng · row as a person sees it"),
                "column_name": ("VARCHAR", "Cột · column"),
                "message_vi": ("VARCHAR not null", "Nội dung · message"),
                "found_at": ("TIMESTAMP not null", "Thời điểm · when"),
            },
        ),
        TableShape(
            "ops.quarantine",
            "Dòng bị cách ly · rows held back, without their content",
            {
                "delivery_id": _DELIVERY,
                "feed": _FEED,
                "dataset": _DATASET,
                "period": _PERIOD,
                "unit_code": ("VARCHAR", "Mã đơn vị · unit"),
                "sheet": ("VARCHAR", "Trang tính · sheet"),
                "row": ("BIGINT", "Dòng · row as a person sees it"),
                "row_key": ("VARCHAR", "Khóa của dòng · key of the row"),
                "rule_ids": ("VARCHAR[]", "Các quy tắc không đạt · failed rules"),
            },
        ),
        TableShape(
            "ops.suite_results",
            "Kết quả bộ kiểm tra · result of the expectation suite by check",
            {
                "delivery_id": _DELIVERY,
                "rule_id": ("VARCHAR not null", "Mã quy tắc · rule"),
                "check_name": ("VARCHAR not null", "Tên phép kiểm · check"),
                "is_success": ("BOOLEAN not null", "Đạt · no failing row"),
                "failing_count": (_COUNT, "Số dòng không đạt · failing rows"),
            },
        ),
        TableShape(
            "ops.obligations",
            "Nghĩa vụ gửi số liệu · what must arrive, and whether it did",
            {
                "feed": _FEED,
                "dataset": _DATASET,
                "unit_code": ("VARCHAR", "Mã đơn vị · unit"),
                "period": ("VARCHAR not null", "Kỳ báo cáo · period"),
                "due_on": ("DATE", "Hạn gửi · due day"),
                "grace_days": ("INTEGER", "Số ngày gia hạn · grace"),
                "status": (
                    "VARCHAR not null check (status in ('received', 'late', 'missing', 'not_due'))",
                    "received, late, missing, not_due",
                ),
                "delivery_id": ("VARCHAR", "Lần gửi đầu tiên · first delivery that answers it"),
                "delivered_on": ("DATE", "Ngày gửi · day it was sent"),
            },
        ),
        TableShape(
            "ops.runs",
            "Các lần chạy · runs",
            {
                "run_id": ("VARCHAR not null", "Mã lần chạy · run"),
                "started_at": ("TIMESTAMP not null", "Bắt đầu · start"),
                "finished_at": ("TIMESTAMP", "Kết thúc · end"),
                "outcome": ("VARCHAR", "Kết quả · outcome"),
                "kind": ("VARCHAR", "run, backfill, demo, scheduled · kind of run"),
                "feeds": ("VARCHAR[]", "Các nguồn được chạy · feeds asked for; empty = all"),
                "period": ("VARCHAR", "Kỳ được yêu cầu · period asked for"),
                "release_id": ("VARCHAR", "Bản phát hành · release published by the run"),
                "engine": ("VARCHAR", "prefect hoặc direct · how it ran"),
                "message": ("VARCHAR", "Tóm tắt · summary"),
            },
        ),
        TableShape(
            "ops.outcomes",
            "Kết quả theo nguồn · outcome of each feed in each run",
            {
                "run_id": ("VARCHAR not null", "Mã lần chạy · run"),
                "feed": _FEED,
                "outcome": ("VARCHAR not null", "Kết quả · outcome"),
                "message": ("VARCHAR", "Nội dung · message"),
                "started_at": ("TIMESTAMP", "Bắt đầu · start"),
                "seconds": ("DOUBLE", "Thời gian, giây · seconds"),
            },
        ),
        TableShape(
            "ops.alerts",
            "Cảnh báo đã gửi · alerts and who was told",
            {
                "alert_id": ("VARCHAR not null", "Mã cảnh báo · stable id"),
                "run_id": ("VARCHAR", "Mã lần chạy · run"),
                "raised_at": ("TIMESTAMP not null", "Thời điểm · when"),
                "kind": ("VARCHAR not null", "Loại cảnh báo · kind"),
                "severity": ("VARCHAR", "Mức độ · severity"),
                "feed": ("VARCHAR", "Nguồn cấp dữ liệu · feed"),
                "period": _PERIOD,
                "message_vi": ("VARCHAR not null", "Nội dung · message"),
                "detail_vi": ("VARCHAR", "Việc cần làm · what to do"),
                "is_sent": ("BOOLEAN", "Đã gửi · taken by every channel"),
            },
        ),
        TableShape(
            "ops.alert_channels",
            "Kênh đã nhận cảnh báo · which channel took which alert",
            {
                "alert_id": ("VARCHAR not null", "Mã cảnh báo · alert"),
                "channel": ("VARCHAR not null", "Kênh · kind of channel and a mark of its address, never a secret"),
                "told_at": ("TIMESTAMP not null", "Thời điểm · when"),
            },
        ),
        TableShape(
            "ops.releases",
            "Các bản phát hành · published releases",
            {
                "release_id": ("VARCHAR not null", "Mã bản phát hành · release"),
                "created_at": ("TIMESTAMP not null", "Thời điểm · when"),
                "content_hash": ("VARCHAR not null", "Hash of everything published"),
                "sha256": ("VARCHAR", "SHA-256 of the file"),
                "size_bytes": ("BIGINT", "Dung lượng · size"),
            },
        ),
    )


def _create(shape: TableShape) -> str:
    lines = [f'"{name}" {kind}' for name, (kind, _) in shape.columns.items()]
    return f"create table if not exists {shape.name} (\n  " + ",\n  ".join([*lines, *shape.checks]) + "\n)"


def _comments(kind: str, name: str, comment: str, columns: Mapping[str, str]) -> list[str]:
    found = [f"comment on {kind} {name} is {_quoted(comment)}"]
    return found + [f'comment on column {name}."{column}" is {_quoted(words)}' for column, words in columns.items()]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _core_views(source: Contract) -> list[str]:
    table = f"core.{source.dataset}"
    columns = {name: words for name, (_, words) in core_columns(source).items() if name != "_ended_by"}
    listed = ", ".join(columns)
    versions = f"{listed}, _ended_by"
    found = [
        f"create or replace view {table}{_LIVE} as select {listed} from {table} where _ended_by is null",
        *_comments("view", f"{table}{_LIVE}", f"{source.label_vi} · {source.label_en}, current rows", columns),
        # By the time a delivery speaks for, not the time it was loaded: a late arrival does not move what was said.
        f"""create or replace macro {table}{_STILL}(moment) as table
            select {versions}
            from {table} as version
            where (select bringing.effective_at from ops.deliveries as bringing
                   where bringing.delivery_id = version._delivery_id) <= cast(moment as timestamp)
              and (version._ended_by is null
                   or (select ending.effective_at from ops.deliveries as ending
                       where ending.delivery_id = version._ended_by) > cast(moment as timestamp))""",
    ]
    if has_answers(source):
        kept = ("period", "unit_code", *source.key, "questionnaire_id", "_delivery_id")
        found.append(
            "create or replace view core.survey_answers as "
            f"select {', '.join(kept)}, unnest(map_keys(answers)) as item_code, unnest(map_values(answers)) as answer "
            f"from {table} where _ended_by is null"
        )
        found += _comments(
            "view",
            "core.survey_answers",
            "Câu trả lời hiện hành, mỗi câu một dòng · current answers, one row a response and item",
            {
                **{name: columns[name] for name in kept},
                "item_code": "Mã câu hỏi · item of the questionnaire",
                "answer": "Giá trị trả lời · answer on the questionnaire's scale; no answer has no row",
            },
        )
    return found
