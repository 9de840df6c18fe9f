"""What stands behind the goals: satisfaction, petitions, dossiers, what arrived, what is missing, how clean it was."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from expectations.contracts.documents import read_yaml
from warehouse.reports.records import Row, fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

AGE_BANDS = ("not_due", "0-30", "31-60", "61-90", "91-180", "181-365", "over_365", "no_term")
PETITION_KINDS = ("complaint", "denunciation", "feedback")
DEFINITIONS = ("OT_FORM06", "OT_766", "OT_ANNUAL")
FATES = ("loaded", "unchanged", "quarantined", "ignored")
DELIVERY_STATES = ("loaded", "unchanged", "refused", "held")
SEVERITIES = ("gate", "error", "warning")


def coverage(con: duckdb.DuckDBPyConnection, period: str, unit_code: str, unit_names: Mapping[str, str]) -> list[Row]:
    """One entry a dataset: units in scope, units reporting, share, and the units that did not report."""
    columns = ("dataset", "units_in_scope", "units_reporting", "coverage_pct", "missing_units")
    rows = fetch(con, "marts.coverage", columns, "period = ? and unit_code = ?", [period, unit_code])
    return [
        {
            **row,
            "missing_units": [
                {"unit_code": code, "name_vi": unit_names.get(code, code)} for code in row["missing_units"] or ()
            ],
        }
        for row in sorted(rows, key=lambda row: row["dataset"])
    ]


def satisfaction(con: duckdb.DuckDBPyConnection, period: str, units: Sequence[str]) -> list[Row]:
    """One entry a questionnaire: its factors, for each the figures by unit (low and high: Wilson 95 %)."""
    columns = (
        "unit_code",
        "questionnaire_id",
        "factor_code",
        "factor_vi",
        "factor_en",
        "satisfied_count",
        "valid_count",
        "value",
        "low",
        "high",
        "respondent_count",
        "is_publishable",
        "note_vi",
    )
    rows = fetch(
        con,
        "marts.satisfaction_by_factor",
        columns,
        "period = ? and list_contains(?, unit_code)",
        [period, list(units)],
    )
    surveys: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: (row["questionnaire_id"] or "", row["factor_code"] or "")):
        factor = surveys[row["questionnaire_id"]].setdefault(
            row["factor_code"],
            {
                "factor_code": row["factor_code"],
                "factor_vi": row["factor_vi"],
                "factor_en": row["factor_en"],
                "by_unit": {},
            },
        )
        # A figure below the publication threshold must not be in the page at all, not even hidden.
        is_shown = row["is_publishable"] is not False
        factor["by_unit"][row["unit_code"]] = {
            name: (row[name] if is_shown or name in {"is_publishable", "respondent_count", "note_vi"} else None)
            for name in columns[5:]
        } | {"is_publishable": is_shown}
    return [{"questionnaire_id": name, "factors": list(found.values())} for name, found in surveys.items()]


def petition_backlog(con: duckdb.DuckDBPyConnection, period: str, units: Sequence[str]) -> dict[str, list[Row]]:
    """By unit: one entry a kind with open cases by age band past due, all open, and those past due."""
    rows = fetch(
        con,
        "marts.petition_backlog",
        ("unit_code", "kind_code", "age_band", "open_count", "overdue_count"),
        "period = ? and list_contains(?, unit_code)",
        [period, list(units)],
    )
    found: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        kind = found[row["unit_code"]].setdefault(
            row["kind_code"],
            {
                "kind_code": row["kind_code"],
                "by_band": dict.fromkeys(AGE_BANDS, 0),
                "open_count": 0,
                "overdue_count": 0,
            },
        )
        kind["by_band"][row["age_band"]] = kind["by_band"].get(row["age_band"], 0) + int(row["open_count"] or 0)
        kind["open_count"] += int(row["open_count"] or 0)
        kind["overdue_count"] += int(row["overdue_count"] or 0)
    return {unit: [kinds[name] for name in in_order(kinds, PETITION_KINDS)] for unit, kinds in found.items()}


def timeliness(con: duckdb.DuckDBPyConnection, period: str, units: Sequence[str]) -> list[Row]:
    """One entry a definition of "on time", for each the counts and the share by unit."""
    columns = (
        "unit_code",
        "definition_id",
        "early_count",
        "on_time_count",
        "late_count",
        "open_in_term_count",
        "open_overdue_count",
        "numerator",
        "denominator",
        "value",
    )
    rows = fetch(
        con, "marts.dossier_timeliness", columns, "period = ? and list_contains(?, unit_code)", [period, list(units)]
    )
    found: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        found[row["definition_id"]][row["unit_code"]] = {name: row[name] for name in columns[2:]}
    return [{"definition_id": name, "by_unit": found[name]} for name in in_order(found, DEFINITIONS)]


def reconciliations(con: duckdb.DuckDBPyConnection, period: str, unit_code: str, units: Sequence[str]) -> list[Row]:
    """One entry an indicator that form and cases both make: both values, which is printed, units in which they differ.

    `differing_units` are those of `units`, other than `unit_code`, where both came in full and differ beyond it.
    """
    columns = (
        "indicator_code",
        "unit_code",
        "printed",
        "form_value",
        "register_value",
        "difference",
        "tolerance",
        "is_comparable",
        "is_reconciled",
    )
    rows = fetch(
        con, "marts.reconciliations", columns, "period = ? and list_contains(?, unit_code)", [period, list(units)]
    )
    found = []
    for row in (one for one in rows if one["unit_code"] == unit_code):
        differing = [
            one["unit_code"]
            for one in rows
            if one["indicator_code"] == row["indicator_code"]
            and one["unit_code"] != unit_code
            and one["is_comparable"]
            and one["is_reconciled"] is False
        ]
        found.append({**row, "differing_units": differing})
    return sorted(found, key=lambda row: row["indicator_code"])


@dataclass(frozen=True, slots=True)
class Came:
    """What came, whatever its period, and what was found in it: rows of `ops.deliveries` and `ops.findings`."""

    deliveries: list[Row]
    findings: list[Row]

    def of(self, periods: Sequence[str]) -> list[Row]:
        """The deliveries that say something of one of these periods."""
        return [row for row in self.deliveries if not set(periods).isdisjoint(row["periods"] or ())]

    def gates(self) -> dict[str, Row]:
        """For a delivery that was turned away, the finding why."""
        return {
            row["delivery_id"]: row
            for row in self.findings
            if row["severity"] == "gate" and row["delivery_id"] is not None
        }


def came(con: duckdb.DuckDBPyConnection) -> Came:
    """Ask both once: DuckDB plans these views anew for each question, which takes longer than the answer."""
    deliveries = ("delivery_id", "feed", "dataset", "file_name", "state", "landed_at", "periods")
    findings = ("delivery_id", "feed", "period", "rule_id", "severity", "message_vi")
    return Came(fetch(con, "ops.deliveries", deliveries), fetch(con, "ops.findings", findings))


def obligations(con: duckdb.DuckDBPyConnection, periods: Sequence[str], units: Sequence[str], sent: Came) -> list[Row]:
    """Deliveries that did not come, came late or were refused: unit, dataset, period, due date, why."""
    due = fetch(
        con,
        "ops.obligations",
        ("feed", "dataset", "unit_code", "period", "due_on", "status", "delivery_id"),
        "list_contains(?, period) and list_contains(?, unit_code)",
        [list(periods), list(units)],
    )
    refused: dict[str, Row] = {row["feed"]: row for row in sent.of(periods) if row["state"] in {"refused", "held"}}
    gates = sent.gates()
    result = []
    for row in due:
        turned_away = refused.get(row["feed"]) if row["status"] == "missing" else None
        if row["status"] not in {"missing", "late"}:
            continue
        gate = gates.get(turned_away["delivery_id"]) if turned_away else None
        result.append(
            {
                **{name: row[name] for name in ("feed", "dataset", "unit_code", "period", "due_on")},
                "status": turned_away["state"] if turned_away else row["status"],
                "file_name": turned_away["file_name"] if turned_away else None,
                "rule_id": gate["rule_id"] if gate else None,
                "reason_vi": gate["message_vi"] if gate else None,
            }
        )
    order = {code: index for index, code in enumerate(units)}
    return sorted(result, key=lambda row: (row["period"], row["dataset"], order[row["unit_code"]]))


def quality(
    con: duckdb.DuckDBPyConnection, periods: Sequence[str], sent: Came, feeds: frozenset[str] | None = None
) -> Row:
    """Deliveries by status, rows by fate for each dataset, findings by rule; for all feeds or those named."""
    deliveries = [row for row in sent.of(periods) if feeds is None or row["feed"] in feeds]
    unplaced = [row for row in _unplaced(sent) if feeds is None or row["feed"] in feeds]
    by_dataset: dict[str, Row] = {}
    for row in deliveries:
        entry = by_dataset.setdefault(row["dataset"], _empty_dataset(row["dataset"]))
        entry["deliveries"][row["state"]] = entry["deliveries"].get(row["state"], 0) + 1
    receipts = fetch(
        con,
        "ops.receipts",
        ("delivery_id", "feed", "dataset", "period", "rows_read", *(f"rows_{fate}" for fate in FATES)),
    )
    ours = {row["delivery_id"] for row in deliveries}
    for row in receipts:
        if row["delivery_id"] in ours:
            entry = by_dataset.setdefault(row["dataset"], _empty_dataset(row["dataset"]))
            for name in ("rows_read", *(f"rows_{fate}" for fate in FATES)):
                entry[name] += int(row[name] or 0)
    return {
        "datasets": [by_dataset[name] for name in sorted(by_dataset)],
        "deliveries": _counts(row["state"] for row in deliveries),
        "rows": {
            name: sum(entry[name] for entry in by_dataset.values())
            for name in ("rows_read", *(f"rows_{fate}" for fate in FATES))
        },
        "findings": _findings(sent, periods, ours, feeds),
        "unplaced": unplaced,
    }


@lru_cache(maxsize=1)
def rule_titles() -> dict[str, tuple[str, str]]:
    """Title of every rule of the register in Vietnamese and English, empty while there is no register."""
    register = files("expectations.contracts").joinpath("rules.yaml")
    if not register.is_file():
        return {}
    raw = read_yaml(register.read_text(encoding="utf-8"))
    entries = raw["rules"] if isinstance(raw, dict) and "rules" in raw else raw
    if isinstance(entries, dict):
        entries = [{"id": name, **entry} for name, entry in entries.items()]
    return {str(entry["id"]): (str(entry["title_vi"]), str(entry["title_en"])) for entry in entries}


def in_order(found: Iterable[str], order: Sequence[str]) -> list[str]:
    """The names found, those of `order` first and in that order, unknown ones after them."""
    names = list(found)
    return [name for name in order if name in names] + sorted(name for name in names if name not in order)


def _unplaced(sent: Came) -> list[Row]:
    """Refused files whose period could not be told: they belong to no period's account and must not vanish."""
    gates = sent.gates()
    found = [
        {
            **{name: row[name] for name in ("delivery_id", "feed", "file_name", "state")},
            "rule_id": gates[row["delivery_id"]]["rule_id"] if row["delivery_id"] in gates else None,
        }
        for row in sent.deliveries
        if not row["periods"] and row["state"] in {"refused", "held"}
    ]
    return sorted(found, key=lambda row: (row["feed"], row["file_name"] or ""))


def _findings(sent: Came, periods: Sequence[str], deliveries: set[str], feeds: frozenset[str] | None) -> list[Row]:
    titles = rule_titles()
    counted: dict[tuple[str, str], Row] = {}
    for row in sent.findings:
        is_ours = row["delivery_id"] in deliveries if row["delivery_id"] else row["period"] in periods
        if not is_ours or (feeds is not None and row["feed"] not in feeds):
            continue
        entry = counted.setdefault(
            (row["rule_id"], row["severity"]),
            {
                "rule_id": row["rule_id"],
                "severity": row["severity"],
                "title_vi": titles.get(row["rule_id"], (row["rule_id"], ""))[0],
                "title_en": titles.get(row["rule_id"], ("", row["rule_id"]))[1],
                "count": 0,
                "feeds": set(),
            },
        )
        entry["count"] += 1
        entry["feeds"].add(row["feed"])
    order = {name: index for index, name in enumerate(SEVERITIES)}
    return [
        {**entry, "feeds": sorted(name for name in entry["feeds"] if name)}
        for _, entry in sorted(counted.items(), key=lambda item: (order.get(item[0][1], 9), item[0][0]))
    ]


def _empty_dataset(dataset: str) -> Row:
    return {"dataset": dataset, "deliveries": {}, "rows_read": 0} | {f"rows_{fate}": 0 for fate in FATES}


def _counts(states: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = dict.fromkeys(DELIVERY_STATES, 0)
    for state in states:
        found[state] = found.get(state, 0) + 1
    return found
