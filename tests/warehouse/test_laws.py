"""The three laws of the assessment over the sample province (docs/assessment.md).

What is missing never lifts a status, what is worse never lifts one, and every status follows from what is published.
`LAWS=all` takes every standing delivery away in turn; without it a seeded draw is tried, by a chain in which each
removal starts from the state that the one before left.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import defaultdict
from datetime import date
from math import comb, erfc, sqrt
from typing import TYPE_CHECKING, Any

import pytest

from warehouse import models, sentences
from warehouse.corrections import Correction, bring_corrections, enter
from warehouse.store import WAREHOUSE, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

BORDER = date(2025, 7, 1)
RANK = {"met": 2, "partly_met": 1, "not_met": 0, "not_enough_data": 0}
"""A status without enough data is no better than one that is not met: only what reads as good must never rise."""

Statuses = dict[tuple[str, str, str], str]


@pytest.fixture
def world(sample_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of it to be spoiled; the communes of a span of years, and the sentences, are left out of every rebuild."""
    path = tmp_path / WAREHOUSE
    shutil.copyfile(sample_home / WAREHOUSE, path)
    con = connect(path)
    con.execute("delete from ref.periods where kind = 'years'")
    monkeypatch.setattr(sentences, "RENDERERS", dict.fromkeys(sentences.COLUMNS, _silence))
    yield con
    con.close()


@pytest.fixture
def districts(world: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The same without 2025, whose 104 communes are nine tenths of every build."""
    leave_out_2025(world)
    return world


def leave_out_2025(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from ref.periods where last_day >= date '2025-01-01'")


def _silence(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str, str]]:
    for (place,) in con.execute(f"select rowid from {sentences.FACTS}").fetchall():
        yield place, "", ""


def statuses(con: duckdb.DuckDBPyConnection, *, is_new: bool = True) -> Statuses:
    """The status of every goal, unit and period, from marts made anew."""
    if is_new:
        models.build(con)
    rows = con.execute(
        "select goal_id, unit_code, period, status from marts.assessment where period not like '%..%'"
    ).fetchall()
    return {(goal, unit, period): status for goal, unit, period, status in rows}


def risen(before: Statuses, after: Statuses) -> list[tuple[tuple[str, str, str], str, str]]:
    """The goals whose status is better than it was."""
    return [
        (key, before[key], status)
        for key, status in after.items()
        if key in before and status in RANK and RANK[status] > RANK.get(before[key], 0)
    ]


def withdraw(con: duckdb.DuckDBPyConnection, delivery_id: str) -> None:
    """What `danvan decide withdraw` leaves in the warehouse."""
    con.execute(
        "insert into ops.decisions (decision_id, kind, delivery_id, decided_by, reason, decided_at)"
        " values (?, 'withdraw', ?, 'test', 'law', now()::timestamp)",
        [f"law-{delivery_id}", delivery_id],
    )


def test_removing_any_delivery_never_raises_a_status(world: duckdb.DuckDBPyConnection) -> None:
    standing = {
        str(delivery): bool(is_late)
        for delivery, is_late in world.execute(
            "select delivery_id, bool_or(period >= '2025') from ops.standing group by 1 order by 1"
        ).fetchall()
    }
    assert len(standing) > 100
    before = statuses(world, is_new=False)
    assert {"met", "partly_met", "not_met", "not_enough_data"} <= set(before.values())
    if os.environ.get("LAWS") == "all":
        changed = 0
        for delivery in standing:
            world.execute("delete from ops.decisions where decision_id like 'law-%'")
            changed += take_away(world, before, [delivery])
        assert changed > 0
        return
    drawn = random.Random(254).sample(sorted(standing), k=len(standing))
    # of 2025 what was collected of every unit, over the border, and one more
    collected = [str(row[0]) for row in world.execute(
        "select delivery_id from ops.standing where feed = 'd33.collected_reports' and period = '2025-Q3'"
    ).fetchall()]  # fmt: skip
    late = collected + [one for one in drawn if standing[one] and one not in collected]
    assert take_away(world, before, late[:2]) > 0
    leave_out_2025(world)
    assert take_away(world, statuses(world), [one for one in drawn if not standing[one]][:8]) > 0


def take_away(con: duckdb.DuckDBPyConnection, before: Statuses, deliveries: list[str]) -> int:
    """One after the other, each from the state that the one before left; how often a status changed."""
    changed = 0
    for delivery in deliveries:
        withdraw(con, delivery)
        after = statuses(con)
        assert risen(before, after) == [], delivery
        changed += before != after
        before = after
    return changed


WORSE = {
    "dossiers end after their term, without an apology": """
        update core.dossiers
        set due_at = least(due_at, greatest(received_at, timestamp '2024-03-15')),
          has_apology = false, has_complaint = true
        where period = '2024-Q2' and hash(dossier_code || $seed) % 3 = 0
    """,
    "nothing is digitised, reused or paid online": """
        update core.dossiers
        set has_digitised_parts = false, has_result_file = false, has_reused_parts = false, is_paid_online = false
        where period = '2024-Q2' and hash(dossier_code || $seed) % 2 = 0
    """,
    "forms tell of late dossiers and of paper": """
        update core.service_reports
        set resolved_late = resolved_late + resolved_early, resolved_early = 0, open_overdue = open_total,
          received_direct = received_direct + received_online, received_online = 0
        where period = '2024-Q2' and hash(unit_code || field_name || $seed) % 2 = 0
    """,
    "open petitions were accepted long before": """
        update core.petitions
        set accepted_on = accepted_on - interval 400 day, due_on = least(due_on, received_on)
        where period = '2024-Q2' and resolved_on is null and received_on >= date '2024-03-15'
          and hash(petition_code || $seed) % 2 = 0
    """,
    "people answer worse": """
        update core.survey_responses
        set answers = map_from_entries(list_transform(map_entries(answers), lambda one: {key: one.key, value: 1.0})),
          harassment_code = '3'
        where period = '2024-Q2' and hash(response_code || $seed) % 4 = 0
    """,
}
"""What can get worse in the last quarter of the sample; its baseline, the quarter before, stays as it was."""


@pytest.mark.parametrize("what", WORSE)
def test_what_gets_worse_never_raises_a_status(districts: duckdb.DuckDBPyConnection, what: str) -> None:
    world = districts
    before = statuses(world)
    verdicts = "select indicator_code, unit_code, period, numerator from marts.indicator_values where is_primary"
    figures = set(world.execute(verdicts).fetchall())
    for seed in ("a", "b"):
        world.execute(WORSE[what].replace("$seed", f"'{seed}'"))
        after = statuses(world)
        assert risen(before, after) == []
        before = after
    assert figures != set(world.execute(verdicts).fetchall())


@pytest.mark.parametrize("verdicts", [("not_reached", "declined"), ("reached", "unchanged", "no_previous", "small")])
def test_holding_figures_back_never_raises_a_status(
    world: duckdb.DuckDBPyConnection, verdicts: tuple[str, ...], tmp_path: Path
) -> None:
    before = statuses(world, is_new=False)
    figures = world.execute(
        "select indicator_code, unit_code, period, numerator from marts.indicator_verdicts"
        " where list_contains(cast(? as varchar[]), verdict) and numerator is not null and period not like '%..%'"
        " and hash(indicator_code || unit_code || period) % 2 = 0 order by all",
        [list(verdicts)],
    ).fetchall()
    assert len(figures) > 50
    held = [
        Correction(
            f"{code} {unit} {period}", "hold", period, "law", "test", date(2024, 7, 1),
            indicator_code=code, unit_code=unit, expected={"numerator": str(numerator)},
        )
        for code, unit, period, numerator in figures
    ]  # fmt: skip
    enter(tmp_path, held)
    bring_corrections(world, tmp_path)
    after = statuses(world)
    assert risen(before, after) == []
    assert before != after
    query = "select count(*) from marts.corrections where state = 'applied'"
    assert world.execute(query).fetchone() == (len(held),)


# --- every status follows from what is published ----------------------------------------------------------------------


class Published:
    """The published tables as plain rows, and the rule of docs/assessment.md written a second time, over them."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.settings = dict(con.execute("select name, value from marts.settings").fetchall())
        self.gate = float(self.settings["coverage_gate_pct"])
        self.province = self.settings["province_code"]
        self.catalogue = {row["indicator_code"]: row for row in self.rows("ref.indicators")}
        self.periods = {row["period"]: row for row in self.rows("marts.periods")}
        self.shares = {
            row["indicator_code"] for row in self.rows("ref.indicator_terms") if row["part"] == "denominator"
        }
        apart = {row["measure"] for row in self.rows("ref.measures") if row["kind"] in {"median", "distinct"}}
        self.not_summed = {row["indicator_code"] for row in self.rows("ref.indicator_terms") if row["measure"] in apart}
        own = [row for row in self.rows("ref.indicator_definitions") if row["is_primary"]]
        self.own = {row["indicator_code"]: row for row in own}
        self.alone = {row["indicator_code"] for row in self.rows("ref.indicator_scopes") if row["stands_alone"]}
        self.counting = {row["indicator_code"] for row in self.rows("ref.indicator_scopes") if row["counts_bodies"]}
        self.targets = defaultdict(list)
        for row in self.rows("ref.targets"):
            self.targets[row["indicator_code"]].append(row)
        self.complete = {
            (row["with_bodies"], row["dataset"], row["span"], row["period"], row["unit_code"]): row
            for row in self.rows("marts.completeness")
        }
        self.sums = {
            (row["indicator_code"], row["definition_id"], row["unit_code"], row["period"]): row
            for row in self.rows("intermediate.indicator_sums")
        }
        self.crosswalk = self.rows("ref.unit_crosswalk")
        self.days = {
            row["period"]: (row["first_day"], row["last_day"])
            for row in self.rows("ref.periods")
            if row["regime"] == "CALENDAR"
        }
        self.regimes = {
            (row["dataset"], row["period"]): row["regime"] for row in self.rows("intermediate.dataset_periods")
        }
        self.parents = {
            row["unit_code"]: row["parent_code"] for row in self.rows("ref.units") if row["valid_to"] == BORDER
        }
        self.districts = {self.parents[row["old_code"]] for row in self.crosswalk}
        self.areas = self.grounds()
        self.months: dict[tuple[str, str], set[tuple[int, int]]] = defaultdict(set)
        for row in self.rows("intermediate.reported_parts"):
            first, last = self.days[row["period"]]
            if last < BORDER and first.year == 2025:
                months = {(first.year, month) for month in range(first.month, last.month + 1)}
                self.months[row["dataset"], row["unit_code"]] |= months
        self.values = {
            (row["indicator_code"], row["unit_code"], row["period"]): row
            for row in self.rows("marts.indicator_values")
            if row["is_primary"]
        }

    def grounds(self) -> dict[str, str]:
        """The ground a district or commune belongs to: districts are joined until no commune lies over two grounds."""
        joined = {code: {code} for code in self.districts}
        pairs = [(self.parents[row["old_code"]], row["new_code"]) for row in self.crosswalk]
        drawn: dict[str, set[str]] = defaultdict(set)
        for district, commune in pairs:
            drawn[commune].add(district)
        for districts in drawn.values():
            whole = set().union(*(joined[code] for code in districts))
            for code in whole:
                joined[code] = whole
        names = {code: "+".join(sorted(whole)) for code, whole in joined.items()}
        return names | {commune: names[district] for district, commune in pairs}

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self.con.sql(f"select * from {table}").pl().to_dicts()

    def completeness(self, code: str, unit: str, period: str) -> dict[str, Any] | None:
        span = (self.own.get(code) or {}).get("span") or "period"
        return self.complete.get((code in self.counting, self.catalogue[code]["computed_from"], span, period, unit))

    def is_whole(self, code: str, unit: str, period: str) -> bool:
        found = self.completeness(code, unit, period)
        return found is not None and found["units_reporting"] == found["units_in_scope"]

    def sizes(self, code: str, definition: str, unit: str, period: str) -> tuple[float, float, float]:
        row = self.sums.get((code, definition, unit, period))
        if row is None:
            return 0, 0, 0
        return row["numerator"] or 0, row["denominator"] or 0, row["effective_size"] or row["denominator"] or 0

    def largest(self, code: str, unit: str) -> float | None:
        found = [
            self.sizes(code, self.values[code, unit, period]["definition_id"], unit, period)[
                1 if code in self.shares else 0
            ]
            for period, row in self.periods.items()
            if row["period_kind"] == "quarter"
            and (code, unit, period) in self.values
            and self.is_whole(code, unit, period)
        ]
        return max(found) if found else None

    def missing(self, code: str, definition: str, unit: str, period: str) -> float | None:
        """How much may be missing of a figure; None where nobody knows."""
        if code in self.alone or (self.own.get(code) or {}).get("is_complete_list"):
            return 0
        complete = self.completeness(code, unit, period)
        assert complete is not None
        size = 0.0
        for absent, months in zip(complete["missing_units"], complete["missing_months"], strict=True):
            most = self.largest(code, absent)
            if most is None:
                return None
            size += -(-most * months // 3)
        if complete["rows_missing"]:
            known = self.sizes(code, definition, unit, period)[1 if code in self.shares else 0]
            own = -(-known * complete["rows_missing"] // complete["rows_counted"]) if complete["rows_counted"] else 0
            size += max(complete["rows_missing"], own)
        return size

    def movement(  # noqa: C901, PLR0911, PLR0912 - the rule in one piece, as the page tells it
        self, code: str, value: dict[str, Any], before_period: str | None
    ) -> tuple[str | None, str | None]:
        """Outcome on the common units, and with what is missing at its most adverse."""
        unit, period, definition = value["unit_code"], value["period"], value["definition_id"]
        if before_period is None:
            return None, None
        is_crossed = code not in self.alone and self.crosses(period, before_period)
        if is_crossed and unit != self.province:
            return self.mapped(code, value, before_period)
        before = self.values.get((code, unit, before_period))
        same = ("definition_id", "regime")
        if before is None or before["availability"] != "computed" or any(before[name] != value[name] for name in same):
            return None, None
        now_units, before_units = self.members(code, unit, period), self.members(code, unit, before_period)
        areas = self.areas if is_crossed else {}

        def area(one: str) -> str:
            return areas.get(one, one)

        grounds = {area(one) for one in now_units | before_units}
        inside = {area(one) for one in now_units} & {area(one) for one in before_units} if is_crossed else grounds
        common = {area(one) for one in now_units} & {area(one) for one in before_units}
        if code not in self.alone:
            broken = {area(one) for one in now_units if not self.is_whole(code, one, period)}
            broken |= {area(one) for one in before_units if not self.is_whole(code, one, before_period)}
            common -= broken
        counted = [one for one in now_units | before_units if not (is_crossed and one in self.districts)]
        either = [one for one in counted if area(one) in inside]
        if not either or 100 * len([one for one in counted if area(one) in common]) / len(either) < self.gate:
            return None, None
        if code in self.not_summed and common != inside:
            return None, None
        sides, outside = [], []
        everywhere = now_units | before_units | (set(self.areas) if is_crossed else set())
        for label in (period, before_period):
            hits, size, effective = self.sizes(code, definition, unit, label)
            precision = effective / size if size else 1.0
            beyond = [0.0, 0.0]
            for one in everywhere:
                if area(one) in common or area(one) not in grounds:
                    continue
                left = self.sizes(code, definition, one, label)
                hits, size = hits - left[0], size - left[1]
                if area(one) not in inside:
                    beyond = [beyond[0] + left[0], beyond[1] + left[1]]
            sides.append((hits, size, precision))
            outside.append(beyond)
        if code in self.shares and not (sides[0][1] and sides[1][1]):
            return None, None
        outcome = self.tested(code, *sides)
        bounds = []
        for (label, is_best), beyond in zip(((period, False), (before_period, True)), outside, strict=True):
            size = self.missing(code, definition, unit, label)
            if size is None:
                return outcome, None
            hits, whole, effective = self.sizes(code, definition, unit, label)
            is_lifted = is_best != (self.catalogue[code]["direction"] == "down")
            precision = effective / whole if whole else 1.0
            bounds.append((hits + (size if is_lifted else 0) - beyond[0], whole + size - beyond[1], precision))
        return outcome, self.tested(code, *bounds)

    def crosses(self, period: str, before_period: str) -> bool:
        """Units changed behind the first day of the one and not behind the last of the other."""
        return bool(self.days[before_period][0] < BORDER <= self.days[period][1])

    def mapped(  # noqa: PLR0911 - each line is a condition of its own
        self, code: str, value: dict[str, Any], before_period: str
    ) -> tuple[str | None, str | None]:
        """A commune against the sum of what went over to it whole, where each of them has rows for every month."""
        unit, period, definition = value["unit_code"], value["period"], value["definition_id"]
        own = self.own.get(code) or {}
        key = (code, definition, unit, before_period)
        dataset = self.catalogue[code]["computed_from"]
        is_apart = self.days[before_period][1] < BORDER <= self.days[period][0]
        former = [row for row in self.crosswalk if row["new_code"] == unit]
        if not is_apart or key not in self.sums or own.get("list_code") or own.get("is_complete_list"):
            return None, None
        if code in self.not_summed or any(row["kind"] != "whole" for row in former):
            return None, None
        if self.regimes[dataset, before_period] != value["regime"] or not self.is_whole(code, unit, period):
            return None, None
        least = int(self.settings["small_sample_hidden"]) if own.get("hides_small_samples") else 0
        if (self.sums[key]["sample_size"] or 0) < least:
            return None, None
        span = own.get("span") or "period"
        first, last = self.days[before_period]
        begin = first.replace(month=1) if span == "year_to_date" else first
        wanted = {(last.year, month) for month in range(begin.month, last.month + 1)}
        if any(not wanted <= self.months[dataset, row["old_code"]] for row in former):
            return None, None
        sides = []
        for label in (period, before_period):
            hits, size, effective = self.sizes(code, definition, unit, label)
            sides.append((hits, size, effective / size if size else 1.0))
        if code in self.shares and not (sides[0][1] and sides[1][1]):
            return None, None
        outcome = self.tested(code, *sides)
        size = self.missing(code, definition, unit, period)
        held = any(
            (self.complete.get((False, dataset, span, before_period, self.parents[row["old_code"]])) or {}).get(
                "rows_missing"
            )
            for row in former
        )
        if size is None or held:
            return outcome, None
        hits, whole, precision = sides[0]
        worst = hits + (size if self.catalogue[code]["direction"] == "down" else 0)
        return outcome, self.tested(code, (worst, whole + size, precision), sides[1])

    def members(self, code: str, unit: str, period: str) -> set[str]:
        if unit != self.province or code in self.alone:
            return {unit}
        span = (self.own.get(code) or {}).get("span") or "period"
        dataset = self.catalogue[code]["computed_from"]
        wanted = (code in self.counting, dataset, span, period)
        return {key[4] for key in self.complete if key[:4] == wanted and key[4] != self.province}

    def tested(self, code: str, now: tuple[float, ...], before: tuple[float, ...]) -> str:
        level = float(self.settings["significance_pct"]) / 100
        (a, n, p), (b, m, q) = now, before
        rise = a / n - b / m if code in self.shares else a - b
        # points and days have no law of chance: any difference counts
        if self.catalogue[code]["value_unit"] not in {"%", "count", "persons"}:
            chance = 1.0 if abs(rise) < 1e-9 else 0.0
        elif code in self.shares:
            pooled = (a * p + b * q) / (n * p + m * q)
            spread = pooled * (1 - pooled) * (1 / (n * p) + 1 / (m * q))
            chance = erfc(abs(rise) / sqrt(2 * spread)) if spread > 1e-15 else 1.0
        else:
            total, most = int(a + b), int(max(a, b))
            chance = min(1.0, 2 * sum(comb(total, k) for k in range(most, total + 1)) / 2**total) if total else 1.0
        if chance >= level:
            return "unchanged"
        return "improved" if (rise > 0) == (self.catalogue[code]["direction"] != "down") else "declined"

    def verdict(self, code: str, value: dict[str, Any]) -> str:
        catalogue = self.catalogue[code]
        if catalogue["computed_from"] is None:
            return "no_source"
        if catalogue["direction"] == "context":
            return "context"
        gap = self.gap(code, value)
        if gap:
            return gap
        target = self.target(code, value["period_to"])
        return self.against(code, value, target) if target else self.moved(code, value)

    def gap(self, code: str, value: dict[str, Any]) -> str | None:
        """What keeps the figure itself from being looked at."""
        complete = self.completeness(code, value["unit_code"], value["period"])
        if complete is None or not complete["months_reported"]:
            return "no_data"
        rows = 100.0 if complete["rows_pct"] is None else complete["rows_pct"]
        coverage = complete["coverage_pct"]
        if code in self.alone:  # published for the unit itself: it is there or it is not
            if value["availability"] == "no_data":
                return "no_data"
            rows = coverage = 100.0
        if coverage < self.gate or rows < self.gate:
            return "low_coverage"
        if value["availability"] in {"suppressed", "held", "no_data"}:
            return str(value["availability"])
        return "small" if value["value"] is None else None

    def target(self, code: str, on: Any) -> dict[str, Any] | None:
        found = [
            row
            for row in self.targets[code]
            if (row["target_from"] is None or row["target_from"] <= on)
            and (row["target_to"] is None or on < row["target_to"])
        ]
        deciding = [row for row in found if row["certainty"] != "recalled" or row["confirmed_on"]]
        return deciding[0] if deciding else None

    def against(self, code: str, value: dict[str, Any], target: dict[str, Any]) -> str:
        def reaches(amount: float) -> bool:
            wanted = target["target"]
            compared = {"eq": abs(amount - wanted) < 1e-9, "ge": amount >= wanted - 1e-9, "gt": amount > wanted + 1e-9}
            return compared[target["target_op"]]

        if reaches(value["value"]):
            size = self.missing(code, value["definition_id"], value["unit_code"], value["period"])
            if size is None:
                return "low_coverage"
            hits, whole, _ = self.sizes(code, value["definition_id"], value["unit_code"], value["period"])
            worst = hits + (size if self.catalogue[code]["direction"] == "down" else 0)
            worst = 100 * worst / (whole + size) if code in self.shares else worst
            return "reached" if reaches(worst) else "low_coverage"
        if value["due_on"] and value["period_to"] < value["due_on"]:
            return "not_due"
        return "low_coverage" if value["is_year_known"] is False else "not_reached"

    def moved(self, code: str, value: dict[str, Any]) -> str:
        if code in self.shares and value["denominator"] < int(self.settings["small_denominator"]):
            return "small"
        period = self.periods[value["period"]]
        is_period = self.catalogue[code]["cycle"] == "period"
        before = period["previous_period" if is_period else "last_year_period"]
        outcome, bound = self.movement(code, value, before)
        if outcome is None:
            return "no_previous"
        order = ["declined", "unchanged", "improved"]
        stands = outcome == "declined" or (bound is not None and order.index(bound) >= order.index(outcome))
        return outcome if stands else "low_coverage"


def status(goal: dict[str, Any], said: list[tuple[str, str]]) -> str:
    """The rule of docs/assessment.md in plain words; `said` are (role, verdict)."""
    if goal["measurability"] == "N":
        return "narrative"
    scored = [(role, verdict) for role, verdict in said if role != "context" and verdict != "context"]
    if not scored:
        return "monitored"
    decisive = [verdict for role, verdict in scored if role == "decisive"]
    good, bad = {"reached", "improved"}, {"not_reached", "declined"}
    if any(verdict not in good | bad | {"unchanged"} for verdict in decisive):
        return "not_enough_data"
    supporting = [
        verdict for role, verdict in scored if role == "supporting" and verdict not in {"no_source", "not_due"}
    ]
    against = [verdict for verdict in supporting if verdict not in good | {"unchanged"}]
    if all(verdict == "reached" for verdict in decisive) and (not supporting or 2 * len(against) < len(supporting)):
        return "met"
    half = 0.5 if goal["kind"] == "result" else 0.0
    points = sum(1 if verdict in good else half if verdict == "unchanged" else 0 for verdict in decisive)
    return "partly_met" if 2 * points >= len(decisive) else "not_met"


def test_every_status_follows_from_the_published_figures(sample_home: Path) -> None:
    con = connect(sample_home / WAREHOUSE, read_only=True)
    published = Published(con)
    told = {
        (row["indicator_code"], row["unit_code"], row["period"]): row["verdict"]
        for row in published.rows("marts.indicator_verdicts")
    }
    found = {key: published.verdict(key[0], value) for key, value in published.values.items()}
    assert {key: (verdict, found[key]) for key, verdict in told.items() if found[key] != verdict} == {}
    goals = {row["goal_id"]: row for row in published.rows("ref.goals")}
    asked = defaultdict(list)
    for row in published.rows("ref.goal_indicators"):
        asked[row["goal_id"]].append((row["indicator_code"], row["role"]))
    wrong = []
    rows = con.execute("select goal_id, unit_code, period, status from marts.assessment").fetchall()
    for goal, unit, period, published_status in rows:
        said = [(role, found[code, unit, period]) for code, role in asked[goal]]
        if status(goals[goal], said) != published_status:
            wrong.append((goal, unit, period, published_status, said))
    con.close()
    assert len(rows) > 5000
    assert wrong == []
