"""A small release for the report's tests: real reference tables, invented figures of ten districts and two quarters."""

from __future__ import annotations

import json
import random
from pathlib import Path

import duckdb
import polars as pl

REFERENCE = Path(__file__).parents[2] / "warehouse" / "reference"
DISTRICTS = ("323", "325", "326", "327", "328", "329", "330", "331", "332", "333")
PERIODS = (("2023-Q4", "2023-09-15", "2023-12-14"), ("2024-Q1", "2023-12-15", "2024-03-14"))
DATASETS = ("activities", "dossiers", "petitions", "service_reports", "survey_responses")
STATUSES = ("met", "partly_met", "not_met", "not_enough_data")
KINDS = ("complaint", "denunciation", "feedback")
BANDS = ("not_due", "0-30", "31-60", "61-90", "91-180", "181-365", "over_365")
KEY_FIGURES = "AR01 AR04 SA02 PE08 MM01"
FACTORS = {
    "CS_A": ("Trách nhiệm giải trình", "Accountability"),
    "CS_C": ("Chất lượng chính sách", "Quality of policies"),
    "DV_1": ("Tiếp cận dịch vụ", "Access"),
    "DV_2": ("Thủ tục hành chính", "Procedures"),
    "DV_3": ("Công chức", "Officials"),
    "DV_4": ("Kết quả dịch vụ", "Result"),
    "DV_5": ("Tiếp nhận, xử lý phản ánh, kiến nghị", "Handling of feedback"),
}
COMPUTED = {
    "AR01",
    "AR02",
    "AR03",
    "AR04",
    "AR05",
    "AR06",
    "AR07",
    "AR08",
    "AR09",
    "AR13",
    "AR15",
    "SA02",
    "SA06",
    "SA07",
    "PE04",
    "PE08",
    "PE08b",
    "PE09",
    "PE13",
    "MM01",
    "MM02",
    "MM03",
    "MM04",
    "MM04b",
    "MM05",
    "MM06",
    "MM08",
    "MM09",
    "MM10",
    "MM19",
    "MM19b",
    "MM20",
    "MM20b",
}
Rows = dict[str, list[tuple[object, ...]]]
HOSTILE = "Xã <script>alert('x')</script> & Cừ"

TABLES = """
create schema ref; create schema ops; create schema marts;
create table marts.assessment (goal_id varchar, unit_code varchar, period varchar, status varchar, reason_vi varchar,
  reason_en varchar, coverage_pct double, scored_count integer, met_count integer, direction varchar,
  previous_status varchar, figures json);
create table marts.indicator_values (indicator_code varchar, definition_id varchar, unit_code varchar, period varchar,
  regime varchar, period_from date, period_to date, numerator double, denominator double, value double,
  value_unit varchar, sample_size bigint, coverage_pct double, units_reporting integer, units_in_scope integer,
  low double, high double, availability varchar, beside json, note_vi varchar);
create table marts.coverage (dataset varchar, period varchar, unit_code varchar, units_in_scope integer,
  units_reporting integer, coverage_pct double, missing_units varchar[]);
create table marts.dossier_timeliness (unit_code varchar, period varchar, definition_id varchar, early_count bigint,
  on_time_count bigint, late_count bigint, open_in_term_count bigint, open_overdue_count bigint, numerator bigint,
  denominator bigint, value double);
create table marts.petition_backlog (unit_code varchar, period varchar, kind_code varchar, age_band varchar,
  open_count bigint, overdue_count bigint);
create table marts.satisfaction_by_factor (unit_code varchar, period varchar, questionnaire_id varchar,
  factor_code varchar, factor_vi varchar, factor_en varchar, satisfied_count bigint, valid_count bigint, value double,
  low double, high double, respondent_count bigint, is_publishable boolean, note_vi varchar);
create table ops.releases (release_id varchar, created_at timestamp);
create table ops.deliveries (delivery_id varchar, feed varchar, source varchar, dataset varchar, file_name varchar,
  periods varchar[], landed_at timestamp, state varchar);
create table ops.receipts (delivery_id varchar, feed varchar, dataset varchar, period varchar, rows_read bigint,
  rows_loaded bigint, rows_unchanged bigint, rows_quarantined bigint, rows_ignored bigint, loaded_at timestamp);
create table ops.findings (finding_id varchar, delivery_id varchar, feed varchar, period varchar, rule_id varchar,
  severity varchar, sheet varchar, row integer, column_name varchar, message_vi varchar);
create table ops.obligations (feed varchar, dataset varchar, unit_code varchar, period varchar, due_on date,
  status varchar, delivery_id varchar);
"""


def release(path: str | Path = ":memory:", key_figures: str | None = None) -> duckdb.DuckDBPyConnection:
    """A connection to a release with figures for two quarters; the same at every call.

    `key_figures`: the indicators of the briefing, where it has any.
    """
    con = duckdb.connect(str(path))
    con.execute(TABLES)
    if key_figures:
        con.execute("create table ref.settings as select 'key_figures' as name, ? as value", [key_figures])
    for name in ("goals", "goal_indicators", "indicators", "targets", "units", "responsible_bodies"):
        con.execute(
            f"create table ref.{name} as select * from read_csv(?, header = true, nullstr = '', all_varchar = true)",
            [str(REFERENCE / f"{name}.csv")],
        )
    for table, column in {"units": "valid", "targets": "target", "responsible_bodies": "valid"}.items():
        for end in ("from", "to"):
            con.execute(f"alter table ref.{table} alter {column}_{end} type date")
    for name in ("goals", "goal_indicators", "indicators"):
        con.execute(f"alter table ref.{name} alter position type integer")
    kinds = dict(con.execute("select indicator_code, value_unit from ref.indicators").fetchall())
    goals = con.execute("select goal_id, measurability from ref.goals order by position").fetchall()
    dice, rows = random.Random(254), Rows()
    _assess(rows, goals, dice)
    for window in PERIODS:
        period, _, _ = window
        for unit in ("33", *DISTRICTS):
            _measure(rows, kinds, dice, unit, window)
            _count(rows, dice, unit, period)
        _cover(rows, period)
    _deliver(rows, dice)
    add(rows, "ops.releases", ("20240420T061500Z-7f3a9c", "2024-04-20 13:15:00"))
    for table, found in rows.items():
        con.register("found", pl.DataFrame(found, orient="row", infer_schema_length=None))
        con.execute(f"insert into {table} select * from found")
        con.unregister("found")
    return con


def add(rows: Rows, table: str, *found: tuple[object, ...]) -> None:
    """Rows in the order of the table's columns."""
    rows.setdefault(table, []).extend(found)


def _assess(rows: Rows, goals: list[tuple[str, str]], dice: random.Random) -> None:
    held: dict[tuple[str, str], str] = {}
    reasons = {
        "met": ("AR01 đạt 98,5 %, trên mức 98 %", "AR01 reaches 98.5%, above 98%"),
        "partly_met": ("2 trên 3 chỉ tiêu đạt mức; AR02 chưa", "2 of 3 indicators reach their target"),
        "not_met": ("không chỉ tiêu nào đạt mức", "no indicator reaches its target"),
        "not_enough_data": ("chưa đủ dữ liệu (7/10 đơn vị báo cáo)", "not enough data (7/10 units)"),
        "narrative": ("nội dung định tính, chờ nhận xét", "narrative entry, statement pending"),
    }
    for period, _, _ in PERIODS:
        for unit in ("33", *DISTRICTS):
            for goal, measurability in goals:
                before = held.get((goal, unit))
                status = "narrative"
                if measurability != "N":
                    status = before if before and dice.random() < 0.75 else dice.choices(STATUSES, (5, 4, 3, 3))[0]
                held[goal, unit] = status
                add(
                    rows,
                    "marts.assessment",
                    (goal, unit, period, status, *reasons[status], 100.0, 3, 2, None, before, "[]"),
                )


def _measure(rows: Rows, kinds: dict[str, str], dice: random.Random, unit: str, window: tuple[str, str, str]) -> None:
    period, first, last = window
    scale = 10 if unit == "33" else 1
    for code, kind in kinds.items():
        numerator = denominator = value = beside = None
        availability = "computed"
        if code not in COMPUTED:
            availability = "no_source_yet"
        elif code == "SA07" and unit != "33":
            availability = "no_data"
        elif kind == "%":
            denominator = dice.randint(60, 900) * scale
            numerator = int(denominator * dice.uniform(0.55, 1))
            value = 100 * numerator / denominator
        else:
            numerator = dice.randint(0, 40) * scale
            value = float(numerator)
            beside = json.dumps({"shown_beside": dice.randint(0, 9)})
        definition = {"AR01": "OT_FORM06", "AR03": "OT_766"}.get(code, "CATALOGUE")
        figure = (numerator, denominator, value, kind, denominator, 100.0, scale, scale, None, None)
        add(
            rows,
            "marts.indicator_values",
            (code, definition, unit, period, "VPCP_II06", first, last, *figure, availability, beside, None),
        )


def _count(rows: Rows, dice: random.Random, unit: str, period: str) -> None:
    scale = 10 if unit == "33" else 1
    for definition in ("OT_FORM06", "OT_766"):
        early, on_time, late = (dice.randint(*bounds) * scale for bounds in ((50, 400), (200, 900), (5, 120)))
        done = early + on_time
        counts = (early, on_time, late, 40 * scale, 6 * scale, done, done + late, 100 * done / (done + late))
        add(rows, "marts.dossier_timeliness", (unit, period, definition, *counts))
    for kind in KINDS:
        for band in BANDS:
            count = dice.randint(0, 9) * scale
            add(rows, "marts.petition_backlog", (unit, period, kind, band, count, count if band != "not_due" else 0))
    for factor, labels in FACTORS.items():
        people = {"332": 24, "333": 61}.get(unit, 120 * scale)
        valid, share = people * 4, dice.uniform(0.62, 0.94)
        half = 196 * (share * (1 - share) / valid) ** 0.5
        figures = (int(valid * share), valid, 100 * share, 100 * share - half, 100 * share + half, people, people >= 30)
        add(rows, "marts.satisfaction_by_factor", (unit, period, "SIPAS_2022", factor, *labels, *figures, None))


def _cover(rows: Rows, period: str) -> None:
    absent: dict[str, list[str]] = {"dossiers": ["332"], "petitions": ["327", "331"]}
    for dataset in DATASETS:
        missing = absent.get(dataset, [])
        share = 100.0 - 10 * len(missing)
        add(rows, "marts.coverage", (dataset, period, "33", 10, 10 - len(missing), share, missing))


def _deliver(rows: Rows, dice: random.Random) -> None:
    due = {("petitions", "331"): "missing", ("petitions", "327"): "missing", ("dossiers", "329"): "late"}
    rules = [("Q41", "error"), ("Q44", "error"), ("Q47", "warning"), ("Q50", "warning")]
    for dataset in DATASETS:
        for unit in DISTRICTS:
            feed, delivery = f"d{unit}.{dataset}", f"{dataset}-{unit}"
            state = due.get((dataset, unit), "reported")
            refused = (dataset, unit) == ("petitions", "327")
            answer = None if state == "missing" else delivery
            add(rows, "ops.obligations", (feed, dataset, unit, "2024-Q1", "2024-03-24", state, answer))
            if state == "missing" and not refused:
                continue
            state = "refused" if refused else "booked"
            file = (f"{dataset}.csv", ["2024-Q1"], "2024-03-20 08:00", state)
            add(rows, "ops.deliveries", (delivery, feed, f"d{unit}", dataset, *file))
            read, bad = dice.randint(40, 900), dice.randint(0, 12)
            fates = (read, 0, 0, read, 0) if refused else (read, read - bad - 1, 0, bad, 1)
            add(rows, "ops.receipts", (delivery, feed, dataset, "2024-Q1", *fates, "2024-03-20 08:01"))
            for number in range(0 if refused else bad):
                found = (*dice.choice(rules), None, number, None, "…")
                add(rows, "ops.findings", (f"{delivery}-{number}", delivery, feed, None, *found))
            if refused:
                gate = ("Q03", "gate", None, None, None, "thiếu cột “Ngày tiếp nhận”")
                add(rows, "ops.findings", (delivery, delivery, feed, None, *gate))
