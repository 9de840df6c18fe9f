"""The findings of a batch: what the readings found, and a message for every failing row and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expectations.contracts.privacy import masked, personal_sql
from expectations.contracts.sql import literal, texts
from expectations.verdict.staging import first_known, insert

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from expectations.contracts.model import Contract
    from expectations.rules import Check
    from expectations.verdict.failing import Counts
    from expectations.verdict.records import Case

_TYPES = "integer, integer, varchar, varchar, varchar, varchar, varchar, bigint, varchar"
_OF_READING, _OF_PERIOD = -3, -2
"""Places in the order of findings before those of the checks, which are numbered from 0."""


def report(
    connection: duckdb.DuckDBPyConnection,
    cases: Sequence[Case],
    contract: Contract,
    checks: Sequence[Check],
    counts: Counts,
) -> None:
    """Table `findings`: `_case, n, rule_id, check_name, severity, message_vi, sheet, row, column_name`."""
    connection.execute(
        "create table findings (_case integer, n integer, rule_id varchar, check_name varchar, severity varchar,"
        " message_vi varchar, sheet varchar, row bigint, column_name varchar)"
    )
    insert(
        connection,
        "findings",
        [
            (number, place - len(case.findings) + _OF_READING, f.rule_id, f.check, f.severity, f.message_vi, f.sheet,
             f.row, f.column_name)
            for number, case in enumerate(cases)
            for place, f in enumerate(case.findings)
        ],
        _TYPES,
    )  # fmt: skip
    _report_periods(connection)
    _report_sheets(connection)
    labels = [(column.name, column.label_vi) for column in contract.columns]
    connection.execute("create table labels (column_name varchar, label varchar)")
    insert(connection, "labels", [*labels, ("unit_code", "Đơn vị"), ("period", "Kỳ báo cáo")], "varchar, varchar")
    _stage_details(connection, cases)
    for number, check in enumerate(checks):
        if check.is_whole:
            failing = [case for case, found in counts.failing.items() if found[number]]
            _report_whole(connection, number, check, failing)
        elif counts.total(number):
            _report_rows(connection, number, check, contract)
    _cover(connection)


def _report_whole(connection: duckdb.DuckDBPyConnection, number: int, check: Check, failing: Sequence[int]) -> None:
    """One finding a delivery, or one a column where the check names some."""
    rule = check.rule
    connection.execute(
        "insert into findings"
        " with staged as (select unnest(?::integer[]) as _case),"
        f" asked as (select _case, {check.places} as places from staged),"
        " named as (select _case, unnest(case when len(places) > 0 then places else [null::varchar] end) as place"
        " from asked)"
        f" select n._case, {number}, {literal(rule.rule_id)}, {literal(rule.check)}, {literal(rule.severity)},"
        f" replace({literal(rule.message_vi)}, '{{column}}', coalesce(l.label, '')), null, null, n.place"
        " from named n left join labels l on l.column_name = n.place",
        [list(failing)],
    )


def _cover(connection: duckdb.DuckDBPyConnection) -> None:
    """Whatever a finding quotes of the file passes the same door as the cells."""
    columns = ("message_vi", "sheet", "column_name")
    said = " union ".join(f"select {column} as said from findings" for column in columns)
    found = connection.execute(f"select said from ({said}) where {personal_sql('said')}").fetchall()
    if not found:
        return
    connection.execute("create table covered (said varchar, shown varchar)")
    insert(connection, "covered", [(said, masked(said)) for (said,) in found], "varchar, varchar")
    for column in columns:
        connection.execute(f"update findings set {column} = c.shown from covered c where c.said = findings.{column}")


def _report_periods(connection: duckdb.DuckDBPyConnection) -> None:
    met = connection.execute(
        "select distinct s._case, c.regime, s.period from staged s join cases c using (_case)"
        " where s._period_from is null and s.period is not null"
    ).fetchall()
    rows = [
        (
            case,
            _OF_PERIOD,
            "Q04",
            "period_has_window",
            "warning",
            f"Chế độ báo cáo không có kỳ “{label}”"
            + (f"; kỳ đầu tiên có là {first}. " if first else ". ")
            + "Kiểm tra kỳ báo cáo của tệp.",
            None,
            None,
            "period",
        )
        for case, label, first in ((case, label, first_known(regime)) for case, regime, label in met)
    ]
    insert(connection, "findings", rows, _TYPES)


def _report_sheets(connection: duckdb.DuckDBPyConnection) -> None:
    """A sheet named like a person is covered wherever it is kept, and said."""
    rows = [
        (
            case,
            _OF_PERIOD,
            "Q80",
            "sheet_names_no_person",
            "warning",
            "Tên trang tính chứa thông tin cá nhân, đã được che khi nạp. Đặt tên khác cho trang tính.",
            masked(sheet),
            None,
            None,
        )
        for case, sheet in connection.execute("select _case, _sheet from named_sheets").fetchall()
    ]
    insert(connection, "findings", rows, _TYPES)


def _stage_details(connection: duckdb.DuckDBPyConnection, cases: Sequence[Case]) -> None:
    """View `details`: what the reading says of cells it could not make sense of."""
    files = [(number, str(case.cell_defects)) for number, case in enumerate(cases) if case.cell_defects and case.frame]
    connection.execute("create table defect_files (_case integer, path varchar)")
    insert(connection, "defect_files", files, "integer, varchar")
    paths = texts(dict.fromkeys(path for _, path in files))
    source = (
        "select _case, _rid, column_name, any_value(detail_vi) as detail_vi"
        f" from read_parquet({paths}, filename = true, union_by_name = true) f"
        " join defect_files d on d.path = f.filename group by _case, _rid, column_name"
        if files
        else "select 0 as _case, null::bigint as _rid, '' as column_name, '' as detail_vi where false"
    )
    connection.execute(f"create view details as {source}")


def _report_rows(connection: duckdb.DuckDBPyConnection, number: int, check: Check, contract: Contract) -> None:
    rule = check.rule
    has_detail = rule.kind in {"readable", "mapped", "resolved"}
    detail = "coalesce(' ' || d.detail_vi, '')" if has_detail else "''"
    joined = " left join details d on d._case = p._case and d._rid = p._rid and d.column_name = p.place"
    connection.execute(
        "insert into findings"
        f" with places as (select _case, _rid, _sheet, _row, {_shown(check, contract)} || {check.said} as shown,"
        f" unnest({check.places}) as place from failing as staged where _f{number})"
        f" select p._case, {number}, {literal(rule.rule_id)}, {literal(rule.check)}, {literal(rule.severity)},"
        f" replace({literal(rule.message_vi)}, '{{column}}', coalesce(l.label, '')) || shown || {detail},"
        f" p._sheet, p._row, p.place from places p left join labels l on l.column_name = p.place"
        + (joined if has_detail else "")
    )


def _shown(check: Check, contract: Contract) -> str:
    """SQL for " (label: value; …)" of the columns a message shows."""
    if not check.shown:
        return "''"
    parts = []
    for name in check.shown:
        column = contract.column(name)
        value = {
            "date": f"strftime({name}, '%d/%m/%Y')",
            "timestamp": f"strftime({name}, '%d/%m/%Y %H:%M')",
            "boolean": f"case when {name} then 'có' else 'không' end",
        }.get(column.type, f"{name}::varchar")
        parts.append(f"{literal(column.label_vi + ': ')} || coalesce({value}, 'trống')")
    return f"' (' || {(' || ' + literal('; ') + ' || ').join(parts)} || ')'"
