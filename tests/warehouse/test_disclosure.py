"""What a release gives away to one who reads all of it: nothing of a denunciation, and no small count, by any sum."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import lil_array
from scipy.sparse.csgraph import connected_components

from expectations.contracts.model import contract, datasets
from expectations.contracts.periods import Period
from tests.warehouse.rows import DISTRICTS, PROVINCE, empty_warehouse, insert
from tests.warehouse.site_reading import read
from warehouse import disclosure, guarded, models, releases, suppression
from warehouse.comparison import compare
from warehouse.corrections import Correction, bring_corrections, enter, raise_lapsed
from warehouse.journal import carry_journal
from warehouse.measures import contributions, known_measures
from warehouse.published import find_release
from warehouse.releases import current, publish, write_published
from warehouse.reports.assessment import assess, render_html
from warehouse.reports.site import site
from warehouse.reports.site_pages import pages
from warehouse.store import connect
from warehouse.suppression import Choice, DisclosureError
from warehouse.withheld import AS_THEY_ARE, MADE, built_again

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb

pytestmark = pytest.mark.slow

QUARTERS = ("2023-Q4", "2024-Q1", "2024-Q2")
THRESHOLD = 5
CODE = "TC-MAT-"
"""Begins the code of every denunciation."""

WITHIN = {
    "petitions_eligible": "petitions_received",
    "petitions_passed_round": "petitions_eligible",
    "petitions_transferred_once": "petitions_eligible",
    "petitions_duplicate": "petitions_received",
    "petitions_upper_level": "petitions_eligible",
    "petitions_above_level": "petitions_upper_level",
    "petitions_processed_in_term": "petitions_process_due",
    "petitions_overdue_intake": "petitions_open",
    "petitions_overdue_resolution": "petitions_open",
    "petitions_long_running": "petitions_open",
}
"""What anybody may know of the measures: a part is at most its whole."""


def petitions(seed: int) -> list[dict[str, Any]]:
    """A register of three quarters: in each district some denunciations among the petitions, one of them turned."""
    chance = random.Random(seed)
    rows = []
    for unit in DISTRICTS:
        for quarter in QUARTERS:
            first, last = Period.parse(quarter).window("TTCP")
            kinds = ["denunciation"] * chance.choice([0, 1, 2, 3, 4, 6, 9]) + ["complaint", "feedback"] * 6 + [None]
            for number, kind in enumerate(kinds):
                received = first + timedelta(days=chance.randrange((last - first).days - 30))
                code = f"{CODE if kind in {'denunciation', None} else 'D'}{unit}-{quarter}-{number:03}"
                rows.append(
                    {
                        "_delivery_id": f"p-{unit}-{quarter}",
                        "_row": len(rows) + 2,
                        "period": quarter,
                        "unit_code": unit,
                        "petition_code": code,
                        "kind_code": kind,
                        "received_on": received,
                        "processed_on": received + timedelta(days=chance.choice([3, 8, 25])),
                        "accepted_on": received + timedelta(days=9) if chance.random() < 0.7 else None,
                        "resolved_on": received + timedelta(days=28) if chance.random() < 0.6 else None,
                        "is_eligible": chance.random() < 0.8,
                        "transfer_count": chance.choice([0, 0, 1, 2]),
                        "is_duplicate": chance.random() < 0.1,
                        "is_disliked": kind == "feedback" and chance.random() < 0.3,
                    }
                )
    # a complaint of one quarter is a denunciation in the next: its first row would say which
    turned = next(row for row in rows if row["kind_code"] == "complaint" and row["period"] == "2023-Q4")
    turned["petition_code"] = f"{CODE}TURNED"
    rows.append(
        turned
        | {"period": "2024-Q1", "kind_code": "denunciation", "_row": 999}
        | {"_delivery_id": f"p-{turned['unit_code']}-2024-Q1"}
    )
    return rows


def forms(seed: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    rows = []
    for unit in DISTRICTS:
        for quarter in QUARTERS:
            first, last = Period.parse(quarter).window("TTCP")
            resolved, still_open, in_term = (chance.randrange(7) for _ in range(3))
            for code, values in {
                "03/KQGQ": {"c4": resolved + still_open, "c6": resolved, "c30": min(in_term, resolved)},
                "04/KQGQ": {"c1": chance.randrange(4, 9), "c2": chance.randrange(4)},
            }.items():
                rows.append(
                    {
                        "_delivery_id": f"f-{unit}-{quarter}-{code}",
                        "_sheet": code,
                        "_row": 9,
                        "period": quarter,
                        "unit_code": unit,
                        "circular": "TT02/2021/TT-TTCP",
                        "form_code": code,
                        "window_from": first,
                        "window_to": last,
                        "cell_columns": " ".join(chr(66 + n) if n < 25 else f"A{chr(40 + n)}" for n in range(33)),
                        **{f"c{n}": float(values.get(f"c{n}", 0)) for n in range(1, 34)},
                    }
                )
    return rows


HOME = "7130098"
"""Where respondents live: a code that no unit has."""


def answers(seed: int) -> list[dict[str, Any]]:
    """A survey in which two districts asked too few; nobody else's answers make them up."""
    chance = random.Random(seed)
    return [
        {
            "_delivery_id": f"s-{unit}-{quarter}",
            "_row": number + 2,
            "period": quarter,
            "unit_code": unit,
            "response_code": f"PHIEU-{unit}-{quarter}-{number}",
            "questionnaire_id": "SIPAS_2022",
            "harassment_code": chance.choice("1111111123"),
            "residence_unit_code": HOME,
            "answers": {f"{item:02}": chance.choice([1, 2, 3, 4, 4, 5, 5, 5]) for item in range(1, 34)},
        }
        for place, unit in enumerate(DISTRICTS)
        for quarter in QUARTERS
        for number in range(12 if place == seed % 10 else 33 + place)
    ]


def world(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    fill(con, seed)
    models.build(con)


def fill(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    """The rows of a generated province and their books; no marts yet."""
    insert(con, "petitions", petitions(seed))
    insert(con, "petition_forms", forms(seed))
    insert(con, "survey_responses", answers(seed))
    count_rows(con)


def count_rows(con: duckdb.DuckDBPyConnection) -> None:
    """The books say how many rows each reading brought, as a release needs it."""
    con.execute(
        "update ops.readings set rows_read = held.rows, rows_accepted = held.rows, rows_loaded = held.rows from ("
        + " union all ".join(f"select _reading_id, count(*) as rows from core.{name} group by 1" for name in datasets())
        + ") as held where held._reading_id = reading_id"
    )
    con.execute(
        "update ops.reading_periods set rows_accepted = reading.rows_accepted from ops.readings as reading"
        " where reading.reading_id = reading_periods.reading_id"
    )


@pytest.fixture(
    scope="module",
    params=[(1, None), *(pytest.param(one, marks=pytest.mark.slow) for one in ((2, None), (1, 0)))],
    ids=["1", "2", "by quarter"],
)
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A generated province, published; the writer's connection and the folder of the release."""
    home = tmp_path_factory.mktemp("exit")
    seed, most = request.param
    con = empty_warehouse()
    world(con, seed)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(disclosure, "MOST_FIGURES", disclosure.MOST_FIGURES if most is None else most)
        made = publish(home, con)
    yield con, made.path
    con.close()


# --- an attacker who has the release and nothing else ---


class Attacker:
    """Solves everything a release publishes for what it hides; knows the models, not the choice."""

    def __init__(self) -> None:
        self.place: dict[tuple[Any, ...], int] = {}
        self.rows: list[tuple[dict[int, float], float]] = []
        self.fixed: dict[int, float] = {}
        self.limit: dict[int, float] = {}
        self.slacks = 0

    def at(self, *key: Any) -> int:
        return self.place.setdefault(key, len(self.place))

    def equal(self, terms: dict[int, float], value: float) -> None:
        self.rows.append((terms, value))

    def at_most(self, terms: dict[int, float], value: float) -> None:
        self.slacks += 1
        self.rows.append(({**terms, self.at("slack", self.slacks): 1.0}, value))

    def interval(self, places: list[int], wide: float) -> dict[int, tuple[float, float]]:
        """By linear programmes, one group of unknowns that hang together at a time.

        A place that two solutions show to be `wide` is asked no further: its ends are those of the solutions so far,
        and the true ones lie beyond them.
        """
        free = [place for place in range(len(self.place)) if place not in self.fixed]
        column = {place: number for number, place in enumerate(free)}
        matrix, right = lil_array((len(self.rows), len(free))), np.zeros(len(self.rows))
        for number, (terms, value) in enumerate(self.rows):
            right[number] = value
            for place, factor in terms.items():
                if place in self.fixed:
                    right[number] -= factor * self.fixed[place]
                else:
                    matrix[number, column[place]] += factor
        system = matrix.tocsr()
        _, group = connected_components(abs(system).T @ abs(system))
        limits = np.array([self.limit.get(place, np.inf) for place in free])
        low, high = np.full(len(free), np.inf), np.full(len(free), -np.inf)

        def solve(members: Any, aim: Any, most: Any) -> Any:
            """The solution of one group that is least by its aim; None where there is no least one."""
            own = system[:, members].tocsr()
            lines = np.flatnonzero(np.diff(own.indptr))
            bounds = np.column_stack([np.zeros(len(members)), most[members]])
            result = linprog(aim, A_eq=own[lines], b_eq=right[lines], bounds=bounds)
            assert result.status in {0, 3}, result.message
            if result.status == 3:
                return None
            low[members] = np.minimum(low[members], result.x)
            high[members] = np.maximum(high[members], result.x)
            return result.x

        asked = np.array(sorted({column[place] for place in places}), dtype=int)
        for one in np.unique(group[asked]):
            members = np.flatnonzero(group == one)
            # each solution shows something of every place; an unknown without a limit gets one, which only narrows
            held = np.minimum(limits, 1e5)
            for sign in (1.0, -1.0):
                solve(members, sign * np.isin(members, asked).astype(float), held)
            for place in asked[group[asked] == one]:
                aim = (members == place).astype(float)
                for sign in (1.0, -1.0):
                    if high[place] - low[place] < wide and solve(members, sign * aim, limits) is None:
                        high[place] = np.inf
        return {place: (float(low[column[place]]), float(high[column[place]])) for place in places}


def published(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[tuple[str, str, str, str, str], int | None]:
    """Every sum a release tells of a dataset, by measure, detail, unit, period, span; None where it is hidden."""
    return {
        (measure, detail or "", unit, period, span): amount
        for measure, detail, unit, period, span, amount in con.execute(
            "select measure, detail, unit_code, period, span, amount from marts.measure_sums where dataset = ?",
            [dataset],
        ).fetchall()
    }


def quarters_in(period: str, span: str, told: set[str]) -> list[str]:
    asked = Period.parse(period)
    first, last = asked.window("CALENDAR")
    if span == "year_to_date":
        first = date(last.year, 1, 1)
    return [one for one in sorted(told) if first <= Period.parse(one).window("CALENDAR")[0] <= last and "-Q" in one]


def besiege(
    con: duckdb.DuckDBPyConnection, dataset: str, *, own: dict[tuple[str, ...], int]
) -> dict[Any, tuple[float, float]]:
    """What every hidden figure of a dataset can be, from … to, at least; exactly where that is less than the threshold.

    `own`: what the rows of the release add to it.
    """
    told = published(con, dataset)
    attacker = Attacker()
    present = {(unit, period, span) for _, _, unit, period, span in told}
    series = sorted({(measure, detail) for measure, detail, *_ in told})
    for measure, detail in series:
        for unit, period, span in present:
            key = (measure, detail, unit, period, span)
            place = attacker.at(*key)
            if (amount := told.get(key, 0)) is not None:
                attacker.fixed[place] = float(amount - own.get(key, 0))
    kinds = {one.measure: one.kind for one in known_measures(con) if one.dataset == dataset}
    _use_ends(con, attacker, [key for key in told if kinds[key[0]] == "flow"])
    for measure, detail in series:
        _use_sums(attacker, measure, detail, kinds[measure], present)
    _use_wholes(attacker, told, {name for name, _ in series}, present)
    _use_indicators(con, attacker, present, own)
    hidden = [attacker.at(*key) for key, amount in told.items() if amount is None and key[0] not in NEVER]
    if dataset == "petitions":
        _use_marts(con, attacker, own)
        hidden += _use_areas(con, attacker, present)
    names = {place: key for key, place in attacker.place.items()}
    return {names[place]: ends for place, ends in attacker.interval(hidden, THRESHOLD + 1).items()}


def _use_ends(con: duckdb.DuckDBPyConnection, attacker: Attacker, flows: list[tuple[str, ...]]) -> None:
    """Nothing came to a district after it had ended."""
    ended = dict(
        con.execute("select unit_code, max(valid_to) from ref.units where level = 'district' group by 1").fetchall()
    )
    days = dict(con.execute("select period, first_day from marts.periods").fetchall())
    for key in flows:
        _, _, unit, period, span = key
        if span == "period" and unit in ended and ended[unit] <= days[period]:
            attacker.limit[attacker.at(*key)] = 0.0


def _use_sums(attacker: Attacker, measure: str, detail: str, kind: str, present: set[tuple[str, str, str]]) -> None:
    """The province is the sum of its districts; a span the sum of its quarters, a stock what stood after the last."""
    quarters = {period for _, period, _ in present}
    for unit, period, span in sorted(present):
        place = attacker.at(measure, detail, unit, period, span)
        if unit == PROVINCE:
            members = [one for one in present if one[1:] == (period, span) and one[0] != PROVINCE]
            attacker.equal({place: 1.0} | {attacker.at(measure, detail, *one): -1.0 for one in members}, 0)
        parts = [one for one in quarters_in(period, span, quarters) if (unit, one, "period") in present]
        if ("-Q" in period and span == "period") or not parts or (kind == "own_last_stock" and unit == PROVINCE):
            continue
        chosen = parts if kind == "flow" else parts[-1:]
        attacker.equal({place: 1.0} | {attacker.at(measure, detail, unit, one, "period"): -1.0 for one in chosen}, 0)


def _use_wholes(
    attacker: Attacker, told: dict[Any, int | None], measures: set[str], present: set[tuple[str, str, str]]
) -> None:
    """A part is at most its whole, protected or published."""
    for measure, whole in WITHIN.items():
        if {measure, whole} <= measures:
            for one in sorted(present):
                attacker.at_most({attacker.at(measure, "", *one): 1.0, attacker.at(whole, "", *one): -1.0}, 0)
    for key, place in list(attacker.place.items()):
        whole = {"answers_satisfied": "answers_valid", "harassment_none": "harassment_asked"}.get(key[0], "")
        if whole:
            attacker.limit[place] = float(told.get((whole, *key[1:])) or 0)


def _use_marts(con: duckdb.DuckDBPyConnection, attacker: Attacker, own: dict[tuple[str, ...], int]) -> None:
    """Counts that stand in other tables too."""
    for unit, period, count in con.execute(
        "select unit_code, period, case_count from marts.denunciation_counts"
        " where case_count is not null and unit_code is not null"
    ).fetchall():
        attacker.equal({attacker.at("petitions_received", "", unit, period, "period"): 1.0}, count)
    for unit, period, *amounts in con.execute(
        "select unit_code, period, open_count, received_count, process_due_count from marts.petition_timeliness"
    ).fetchall():
        for measure, amount in zip(("open", "received", "process_due"), amounts, strict=True):
            key = (f"petitions_{measure}", "", unit, period, "period")
            if amount is not None:
                attacker.equal({attacker.at(*key): 1.0}, amount - own.get(key, 0))


def _use_areas(con: duckdb.DuckDBPyConnection, attacker: Attacker, present: set[tuple[str, str, str]]) -> list[int]:
    """An area is the sum of its units, and the province that of its areas; the places of those that are hidden."""
    hidden = []
    parts: dict[str, dict[int, float]] = defaultdict(dict)
    for area, period, count, units in con.execute(
        "select area_code, period, case_count, unit_codes from marts.denunciation_counts where area_code is not null"
    ).fetchall():
        place = attacker.at("petitions_received", "area", area, period, "period")
        members = [one for one in units if (one, period, "period") in present]
        terms = {attacker.at("petitions_received", "", one, period, "period"): -1.0 for one in members}
        attacker.equal({place: 1.0} | terms, 0)
        parts[period][place] = -1.0
        if count is None:
            hidden.append(place)
        else:
            attacker.fixed[place] = float(count)
    for period, terms in parts.items():
        attacker.equal({attacker.at("petitions_received", "", PROVINCE, period, "period"): 1.0} | terms, 0)
    return hidden


NEVER = {name for name, one in guarded.concerns().items() if one.rule == "never"}


def _use_indicators(
    con: duckdb.DuckDBPyConnection,
    attacker: Attacker,
    present: set[tuple[str, str, str]],
    own: dict[tuple[str, ...], int],
) -> None:
    """Every published numerator and denominator is an equation over the sums."""
    rows = con.execute(
        """
        select figure.indicator_code, figure.definition_id, figure.unit_code, figure.period, term.part,
          coalesce(own.span, 'period'), coalesce(own.breakdown is not null, false),
          any_value(figure.numerator), any_value(figure.denominator),
          list({'measure': term.measure, 'factor': term.factor})
        from marts.indicator_values as figure
        join ref.indicator_definitions as own
          on own.indicator_code = figure.indicator_code
          and (own.definition_id = figure.definition_id or own.breakdown is not null)
        join ref.indicator_terms as term
          on term.indicator_code = own.indicator_code
          and term.definition_id = own.definition_id
        where term.part in ('numerator', 'denominator')
          and not coalesce(own.is_floored, false)
        group by all
        """
    ).fetchall()
    for _, definition, unit, period, part, span, is_broken, numerator, denominator, terms in rows:
        told = numerator if part == "numerator" else denominator
        detail = definition if is_broken else ""
        keys = [((one["measure"], detail, unit, period, span), one["factor"]) for one in terms]
        if told is None or not all(key in attacker.place for key, _ in keys) or (unit, period, span) not in present:
            continue
        known = sum(factor * own.get(key, 0) for key, factor in keys)
        attacker.equal({attacker.place[key]: float(factor) for key, factor in keys}, told - known)


def sums_of_rows(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[tuple[str, ...], int]:
    """What the rows that a release holds add to each sum."""
    found: dict[tuple[str, ...], int] = defaultdict(int)
    for one in (one for one in known_measures(con) if one.dataset == dataset):
        asked = contributions(con, [one], one.belongs_to)  # one by one: together they want more memory than there is
        for measure, detail, unit, period, span, amount in con.execute(
            f"select measure, detail, reporting_code, period, span, sum(amount)::bigint from ({asked}) group by all"
        ).fetchall():
            for code in {unit, PROVINCE}:
                found[measure, detail or "", code, period, span] += amount
    return found


CONCERNED = ("petitions", "form_kqgq03", "form_kqgq04", "survey_responses")


@pytest.mark.parametrize("dataset", CONCERNED)
def test_no_hidden_figure_follows_from_all_that_is_published(release: Any, dataset: str) -> None:
    _, folder = release
    with connect(folder / "warehouse.duckdb", read_only=True) as con:
        own = sums_of_rows(con, dataset) if dataset == "petitions" else {}
        found = besiege(con, dataset, own=own)
    assert found
    narrow = {key: ends for key, ends in found.items() if ends[1] - ends[0] < THRESHOLD + 1 - 1e-6}
    assert narrow == {}


@pytest.mark.slow
def test_without_complements_the_attacker_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same attack on a release that hides small figures only: so the attack is worth something."""

    def only_small(figures: Any, is_small: Any, _threshold: int) -> Choice:
        return Choice(is_small & figures.is_published)

    con = empty_warehouse()
    world(con, 1)
    monkeypatch.setattr(suppression, "choose", only_small)
    with pytest.raises(DisclosureError, match="nothing is published"):
        publish(tmp_path, con)
    assert current(tmp_path) is None
    monkeypatch.setattr(suppression, "prove", lambda *_: None)
    folder = publish(tmp_path, con).path
    con.close()
    with connect(folder / "warehouse.duckdb", read_only=True) as reader:
        found = besiege(reader, "survey_responses", own={})
    assert min(high - low for low, high in found.values()) < 1


def test_small_counts_and_few_respondents_are_hidden_and_said(release: Any) -> None:
    con, folder = release
    truth = {
        (unit, period): count
        for unit, period, count in con.execute(
            "select unit_code, period, case_count from marts.denunciation_counts"
        ).fetchall()
    }
    with connect(folder / "warehouse.duckdb", read_only=True) as reader:
        told = reader.execute(
            "select unit_code, period, case_count, is_hidden from marts.denunciation_counts"
        ).fetchall()
        assert {(unit, period) for unit, period, _, _ in told} == truth.keys()
        for unit, period, count, is_hidden in told:
            assert (count is None) == is_hidden
            assert is_hidden or count == truth[unit, period]
            assert is_hidden or count == 0 or count >= THRESHOLD
        reasons = dict(reader.execute("select distinct dataset, reason from marts.hidden_figures").fetchall())
        assert reasons == {
            "petitions": "small_count",
            "form_kqgq03": "small_count",
            "form_kqgq04": "small_count",
            "survey_responses": "few_respondents",
        }
        hidden = reader.execute(
            "select count(*), count(numerator), count(value), count(low), count(beside), min(availability)"
            " from marts.indicator_values semi join ("
            "   select distinct indicator_code, definition_id, unit_code, period from marts.indicator_values"
            "   where availability = 'suppressed') using (indicator_code, definition_id, unit_code, period)"
        ).fetchone()
        assert hidden
        assert hidden[0] > 50
        assert hidden[1:] == (0, 0, 0, 0, "suppressed")
        verdicts = reader.execute(
            "select distinct verdict from marts.indicator_verdicts where availability = 'suppressed'"
        ).fetchall()
        assert {one for (one,) in verdicts} <= {"suppressed", "low_coverage", "no_data", "context"}
        [worded] = reader.execute(
            "select count(*) from marts.assessment where reason_vi like '%không công bố vì số nhỏ%'"
        ).fetchone() or (0,)
        assert worded > 0


def test_the_warehouse_itself_keeps_the_true_figures(release: Any) -> None:
    con, folder = release
    before = con.execute("select * from marts.indicator_values order by all").fetchall()
    models.build(con)
    assert con.execute("select * from marts.indicator_values order by all").fetchall() == before
    assert con.execute("select count(*) from marts.measure_sums where amount is null").fetchone() == (0,)
    with connect(folder / "warehouse.duckdb", read_only=True) as reader:
        assert reader.execute("select count(*) from marts.measure_sums where amount is null").fetchone() > (100,)


def test_no_denunciation_is_in_any_byte_of_what_leaves(release: Any) -> None:
    con, folder = release
    searched = {path.name: path.read_bytes() for path in folder.iterdir()}
    with connect(folder / "warehouse.duckdb", read_only=True) as reader:
        document = assess(reader, "2024-Q1")
        searched |= {"page": render_html(document).encode(), "document": repr(document).encode()}
        searched |= pages(site(reader, document))
        cells = []
        for schema, name in reader.execute("select schema_name, table_name from duckdb_tables()").fetchall():
            cells += map(str, reader.execute(f'select * from {schema}."{name}"').fetchall())
        searched["cells"] = "\n".join(cells).encode()
        rows = reader.execute("select count(*) from core.petitions").fetchone()
        kinds = reader.execute("select distinct kind_code from core.petitions").fetchall()
        assert reader.execute("select count(*) from core.survey_responses").fetchone() == (0,)
        assert reader.execute("select count(*) from core.survey_answers").fetchone() == (0,)
        forms_told = reader.execute("select distinct form_code from core.petition_forms").fetchall()
        numbers = reader.execute("select min(_row), max(_row) from core.petitions").fetchone()
        sizes = reader.execute(
            "select count(size_bytes) from ops.landed where dataset in ('petitions', 'survey_responses')"
        ).fetchone()
    stays = con.execute(
        "select count(*) from core.petitions where petition_code not in"
        " (select petition_code from core.petitions where kind_code is distinct from 'complaint'"
        " and kind_code is distinct from 'feedback')"
    ).fetchone()
    assert rows == stays
    assert sorted(kinds) == [("complaint",), ("feedback",)]
    assert forms_told == []
    assert numbers[1] < 0  # no gap between rows of a file tells of one that is missing
    assert sizes == (0,)
    needles = [CODE.encode(), b"PHIEU-", b"D323-2024-Q1-00"]
    assert [(place, one) for place, held in searched.items() for one in needles if one in held] == []


def test_no_hidden_figure_stands_on_a_page_or_in_a_table_file(release: Any) -> None:
    con, folder = release
    with connect(folder / "warehouse.duckdb", read_only=True) as reader:
        made = pages(site(reader, assess(reader, "2024-Q2")))
        hidden = set(
            reader.execute(
                "select indicator_code, definition_id, unit_code, period from marts.indicator_values"
                " where availability = 'suppressed'"
            ).fetchall()
        )
        primary = {
            (code, unit)
            for code, unit in reader.execute(
                "select indicator_code, unit_code from marts.indicator_values"
                " where availability = 'suppressed' and is_primary and period = '2024-Q2'"
            ).fetchall()
        }
    true = {
        (*key, value)
        for *key, value in con.execute(
            "select indicator_code, definition_id, unit_code, period, value from marts.indicator_values"
            " where value is not null"
        ).fetchall()
    }
    assert len({key[:4] for key in true} & hidden) > 50, "the writer's own warehouse knows what is hidden"
    told = set()
    for path, content in made.items():
        kind, _, name = path.removesuffix(".html").removeprefix("en/").partition("/")
        if path.endswith(".html") and kind == "units":
            told |= {(row, name) for row, _ in read(content).figures}
        if path.endswith(".html") and kind == "indicators":
            told |= {
                (name or row, row.removeprefix("unit-") if row.startswith("unit-") else PROVINCE)
                for row, _ in read(content).figures
            }
        if path.startswith("data/") and not path.endswith("-files.csv"):
            for row in csv.DictReader(content.decode("utf-8-sig").splitlines()):
                if row.get("definition_id"):
                    key = tuple(row[one] for one in ("indicator_code", "definition_id", "unit_code", "period"))
                    told_of = [row[one] for one in ("value", "numerator", "denominator", "low", "high", "mark")]
                    assert key not in hidden or not any(told_of), (path, row)
    assert len(told) > 50
    assert not told & primary


def test_the_books_count_only_what_leaves(release: Any) -> None:
    _, folder = release
    with connect(folder / "warehouse.duckdb", read_only=True) as reader:
        rows = reader.execute(
            """
            select receipt.delivery_id, receipt.rows_loaded, count(*) as held
            from ops.receipts as receipt
            join core.petitions_current as row on row._delivery_id = receipt.delivery_id
            where receipt.dataset = 'petitions'
            group by all
            """
        ).fetchall()
        counted = reader.execute(
            "select rows_counted from marts.completeness where dataset = 'petitions' and period = '2024-Q1'"
            " and span = 'period' and unit_code = '33'"
        ).fetchone()
        held = reader.execute("select count(*) from core.petitions_current where period = '2024-Q1'").fetchone()
        parts = reader.execute(
            "select sum(row_count) from intermediate.row_parts where dataset = 'petitions'"
        ).fetchone()
        all_held = reader.execute("select count(*) from core.petitions_current").fetchone()
    assert len(rows) == len(DISTRICTS) * len(QUARTERS)
    assert all(loaded == held_rows for _, loaded, held_rows in rows)
    assert (counted, parts) == (held, all_held)


@pytest.mark.slow
def test_a_case_that_becomes_a_denunciation_leaves_no_block_behind(tmp_path: Path) -> None:
    con = empty_warehouse()
    world(con, 1)
    first = publish(tmp_path, con)
    [(code, unit)] = con.execute(
        "select petition_code, unit_code from core.petitions_current"
        " where kind_code = 'complaint' and unit_code = '326' limit 1"
    ).fetchall()
    with connect(first.path / "warehouse.duckdb", read_only=True) as reader:
        known = {row[0] for row in reader.execute("select distinct petition_code from core.petitions").fetchall()}
    insert(
        con,
        "petitions",
        [{"period": "2024-Q2", "unit_code": unit, "petition_code": code, "kind_code": "denunciation", "_row": 7,
          "received_on": date(2024, 4, 2)}],
    )  # fmt: skip
    models.build(con)
    second = publish(tmp_path, con)
    with connect(second.path / "warehouse.duckdb", read_only=True) as reader:
        left = {row[0] for row in reader.execute("select distinct petition_code from core.petitions").fetchall()}
    [gone] = known - left
    assert left < known
    assert gone.encode() in (first.path / "warehouse.duckdb").read_bytes()
    assert gone.encode() not in (second.path / "warehouse.duckdb").read_bytes()


@pytest.mark.slow
def test_what_was_hidden_and_did_not_change_stays_hidden(tmp_path: Path) -> None:
    """Two releases side by side tell no more than each: a complement does not move from one district to another."""
    con = empty_warehouse()
    world(con, 2)
    feed = "p-323-2024-Q2-b.petitions"
    con.execute(
        "insert into ops.obligations (feed, dataset, unit_code, period, status)"
        " values (?, 'petitions', '323', '2024-Q2', 'late')",
        [feed],
    )
    publish(tmp_path, con)
    ask = "select * exclude (reason) from marts.hidden_figures"
    before = set(con.execute(ask).fetchall())
    amounts = "select measure, detail, unit_code, period, span, amount from ops.protected_figures"
    amounts_before = set(con.execute(amounts).fetchall())
    more = [
        {"_delivery_id": "p-323-2024-Q2-b", "_row": 700 + number, "period": "2024-Q2", "unit_code": "323",
         "petition_code": f"{CODE}MORE-{number}", "kind_code": "denunciation", "received_on": date(2024, 4, 5)}
        for number in range(8)
    ]  # fmt: skip
    insert(con, "petitions", more)
    con.execute(
        "update ops.readings set rows_read = 8, rows_accepted = 8, rows_loaded = 8 where reading_id = 'p-323-2024-Q2-b'"
    )
    models.build(con)
    publish(tmp_path, con)
    after = set(con.execute(ask).fetchall())
    older, newer = find_release(tmp_path, "previous"), find_release(tmp_path, "current")
    changed = [one for one in compare(older, newer).figures if one.indicator_code == "PE04" and one.unit_code == "33"]
    assert changed
    assert all((one.cause, one.came) == ("deliveries", ("p-323-2024-Q2-b",)) for one in changed)
    same = {key[:5] for key in amounts_before & set(con.execute(amounts).fetchall())}
    assert same
    assert {one[1:] for one in before if one[1:] in same} <= {one[1:] for one in after}


def test_corrections_act_in_a_release_and_tell_nothing_of_rows_that_stay(tmp_path: Path) -> None:
    con = empty_warehouse()
    fill(con, 1)

    def about(name: str, action: Any, kind: str, where: dict[str, str | None], **changes: str) -> Correction:
        """A correction of petitions of district 323 in 2024-Q1, whose guard is their kind."""
        return Correction(
            name, action, "2024-Q1", "nhập nhầm", "Ban Tiếp công dân", date(2024, 5, 2), "p-323-2024-Q1.petitions",
            "petitions", selector=where, expected={"kind_code": kind}, changes=changes,
        )  # fmt: skip

    rows = con.execute(
        "select kind_code, petition_code from core.petitions where unit_code = '323' and period = '2024-Q1'"
        " order by 2 desc"
    ).fetchall()
    codes: dict[str, list[str]] = defaultdict(list)
    for kind, code in rows:
        codes[kind].append(code)
    register = [
        about("1-leaves", "replace", "complaint", {"petition_code": codes["complaint"][0]}, transfer_count="77"),
        about("2-stays", "replace", "denunciation", {"petition_code": codes["denunciation"][0]}, transfer_count="88"),
        about("3-goes", "exclude", "feedback", {"petition_code": codes["feedback"][0]}),
        about("4-both", "replace", "complaint", {"unit_code": "323"}, due_on="2024-12-31"),
        about("5-nowhere", "exclude", "complaint", {"petition_code": "X"}),
    ]
    enter(tmp_path, register)
    bring_corrections(con, tmp_path)
    models.build(con)
    raise_lapsed(con)
    made = publish(tmp_path, con)
    with connect(made.path / "warehouse.duckdb", read_only=True) as reader:

        def asked(query: str) -> list[Any]:
            return reader.execute(query).fetchall()

        assert asked("select count(*) from core.petitions_current where transfer_count = 77") == [(1,)]
        assert asked("select count(*) from core.petitions where transfer_count = 77") == [(0,)]
        assert asked("select count(*) from core.petitions_current where transfer_count = 88") == [(0,)]
        [(held,), (current_rows,)] = asked(
            "select count(*) from core.petitions union all select count(*) from core.petitions_current"
        )
        assert current_rows == held - 1
        counted = asked("select sum(case_count) from marts.petition_counts")
        assert counted == asked("select count(distinct petition_code) from core.petitions_current")
        complaints = len(codes["complaint"])
        assert asked("select count(*) from core.petitions_current where due_on = '2024-12-31'") == [(complaints,)]
        told = asked("select correction_id, row_count, applied_count, state from marts.corrections order by 1")
        leaving = complaints + len(codes["feedback"])
        assert told == [
            ("1-leaves", 1, 1, "applied"),
            ("3-goes", 1, 1, "applied"),
            ("4-both", leaving, complaints, "mended"),
            ("5-nowhere", 0, 0, "no_row"),
        ]
        assert asked("select count(expected), count(sheet), count(row) from ops.correction_entries") == [(0, 0, 0)]
        assert asked("select entry_no from ops.correction_entries order by 1") == [(1,), (2,), (3,), (4,)]
        assert asked('select count(*) from ops.corrected_rows where sheet is not null or "row" >= 0') == [(0,)]
        assert asked("select count(*) from ops.alerts where kind = 'correction_lapsed'") == [(0,)]
    held_bytes = (made.path / "warehouse.duckdb").read_bytes()
    assert [one.correction_id for one in register if one.entry_id.encode() in held_bytes] == []
    assert b"2-stays" not in held_bytes
    assert con.execute("select count(*) from ops.alerts where kind = 'correction_lapsed'").fetchone() == (2,)
    con.close()


@pytest.mark.slow
def test_a_rebuilt_warehouse_hides_what_the_old_one_hid(tmp_path: Path) -> None:
    con = empty_warehouse()
    world(con, 2)
    first = publish(tmp_path / "old", con)
    file = con.execute("select path from duckdb_databases() where database_name = current_database()").fetchone()
    con.close()
    again = empty_warehouse()
    carry_journal(again, Path(file[0]))
    world(again, 2)
    second = publish(tmp_path / "new", again)
    again.close()
    told = []
    for made in (first, second):
        with connect(made.path / "warehouse.duckdb", read_only=True) as reader:
            told.append(
                [
                    reader.execute(f"select * from {name} order by all").fetchall()
                    for name in ("marts.hidden_figures", "core.petitions")
                ]
            )
    (hidden, rows), (hidden_again, rows_again) = told
    assert hidden
    assert set(hidden) <= set(hidden_again)
    assert rows == rows_again  # under the same codes


@pytest.mark.slow
def test_nothing_is_chosen_again_when_nothing_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    con = empty_warehouse()
    world(con, 3)
    publish(tmp_path, con)
    asked = []
    choose = suppression.choose
    monkeypatch.setattr(suppression, "choose", lambda *told: asked.append(told) or choose(*told))
    assert not publish(tmp_path, con).is_new
    assert asked == []
    con.execute("update marts.settings set value = '6' where name = 'small_cell'")
    publish(tmp_path, con)
    assert len(asked) == 1


def test_where_a_respondent_lives_is_in_no_byte_of_what_leaves(release: Any) -> None:
    con, folder = release
    assert con.execute(
        f"select count(*) > 0 from core.survey_responses where residence_unit_code = '{HOME}'"
    ).fetchone() == (True,)
    assert [path.name for path in folder.iterdir() if HOME.encode() in path.read_bytes()] == []
    with connect(folder / "warehouse.duckdb", read_only=True) as reader:
        for schema, name in reader.execute("select schema_name, table_name from duckdb_tables()").fetchall():
            assert HOME not in str(reader.execute(f'select * from {schema}."{name}"').fetchall()), name


@pytest.mark.parametrize("dataset", [name for name in datasets() if contract(name).leaves_when == {}])
def test_no_model_reads_a_place_of_rows_that_stay(dataset: str) -> None:
    """A count by place would be a second way to make up a hidden figure, and no rule of disclosure.csv covers it."""
    places = [column.name for column in contract(dataset).stored_columns if column.is_place]
    assert places
    texts = {model.name: model.query for model in models.models()}
    assert [(name, one) for name, text in texts.items() for one in places if one in text] == []


def test_survey_answers_leave_as_counts_of_at_least_five(release: Any) -> None:
    con, folder = release
    with connect(folder / "warehouse.duckdb", read_only=True) as reader:
        rows = reader.execute(
            "select unit_code, period, item_code, factor_code, answer_from, answer_to, answer_count, valid_count"
            " from marts.survey_answer_counts order by all"
        ).fetchall()
        hidden = set(
            reader.execute(
                "select unit_code, period, regexp_extract(detail, '[^.]*$') from marts.hidden_figures"
                " where measure = 'answers_satisfied'"
            ).fetchall()
        )
    assert rows
    truth: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0] * 6)
    for unit, period, item, answer in con.execute(
        "select unit_code, period, item_code, answer::integer from core.survey_answers"
    ).fetchall():
        truth[unit, period, item][answer] += 1
    said = defaultdict(list)
    for unit, period, item, factor, first, last, count, valid in rows:
        own = truth[unit, period, item]
        assert (unit, period, factor) not in hidden
        assert count == 0 or count >= THRESHOLD
        assert (count, valid) == (sum(own[first : last + 1]), sum(own))
        said[unit, period, item].append((first, last))
    # the groups of an item are the scale, once each
    assert all(
        [level for first, last in groups for level in range(first, last + 1)] == [1, 2, 3, 4, 5]
        for groups in said.values()
    )


def test_no_count_crosses_denunciation_unit_month_and_field(release: Any) -> None:
    _, folder = release
    with connect(folder / "warehouse.duckdb", read_only=True) as reader:
        kinds = reader.execute("select distinct kind_code from marts.petition_counts").fetchall()
        backlog = reader.execute("select distinct kind_code from marts.petition_backlog").fetchall()
        counted = reader.execute("select sum(case_count) from marts.petition_counts").fetchone()
        cases = reader.execute("select count(distinct petition_code) from core.petitions_current").fetchone()
        columns = reader.execute(
            "select column_name from duckdb_columns() where table_name = 'denunciation_counts'"
        ).fetchall()
    assert sorted(kinds) == [("complaint",), ("feedback",)]
    assert {one for (one,) in backlog} <= {"complaint", "feedback"}
    assert counted == cases
    assert [one for (one,) in columns] == list(disclosure.TABLES[disclosure.COUNTS][0])
    assert not {"month", "received_month", "field_name"} & {one for (one,) in columns}


def test_cases_by_field_and_place_are_counted_from_the_rows_that_left(release: Any) -> None:
    _, folder = release
    query = (
        "select unit_code, period, sum(open_count) from {table} group by all having sum(open_count) > 0 order by all"
    )
    with connect(folder / "warehouse.duckdb", read_only=True) as reader:
        told = reader.execute(query.format(table="marts.case_counts")).fetchall()
        backlog = reader.execute(query.format(table="marts.petition_backlog")).fetchall()
        named = reader.execute("select * from marts.problems where detail_vi like ?", [f"%{CODE}%"]).fetchall()
    assert told == backlog
    assert told
    assert named == []


# --- every measure, contract and form that there is ------------------------------------------------------------------


def test_every_measure_over_rows_that_stay_says_how_it_is_protected() -> None:
    text = files("warehouse.reference").joinpath("measures.csv").read_text(encoding="utf-8")
    told = guarded.concerns()
    assert guarded.guarded_series() == {"petitions", "survey_responses", "form_kqgq03", "form_kqgq04"}
    measures = {row["measure"]: row for row in csv.DictReader(text.splitlines())}
    assert {name for name, row in measures.items() if row["dataset"] in guarded.guarded_series()} == told.keys()
    for name, one in told.items():
        assert one.within is None or one.within in told, name
        assert one.sample_measure is None or one.sample_measure in told, name
        assert (one.rule == "sample") == (one.sample_measure is not None), name


def test_a_rule_nobody_follows_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2: rule 'case'; write one of cases, count, sample, never, open"):
        guarded.parse("measure,rule,within,apart,sample_measure\npetitions_received,case,,,\n")


def test_forms_that_count_denunciations_stay(release: Any) -> None:
    con, _ = release
    allowed = (contract("petition_forms").leaves_when or {})["form_code"]
    counting = con.execute(
        "select distinct form_code from ref.form_columns where header_path ilike '%tố cáo%'"
        " union select form_code from ref.forms where title_vi ilike '%tố cáo%'"
    ).fetchall()
    assert not {one for (one,) in counting} & set(allowed)
    known = con.execute("select distinct form_code from ref.forms where dataset = 'petition_forms'").fetchall()
    assert {one for (one,) in known} == set(allowed) | {one for (one,) in counting}


def test_every_model_that_leads_back_to_rows_that_stay_is_decided_upon() -> None:
    """One that nobody thought of is made from the release itself; those listed hold no count of such rows."""
    assert set(built_again()) == {
        "marts.petition_backlog",
        "marts.petition_counts",
        "marts.corrections",
        "marts.former_district_values",
        "marts.reconciliations",
        "marts.indicator_bounds",
        "marts.indicator_verdicts",
        "marts.assessment",
        "marts.goal_summary",
        "marts.restatements",
    }
    known = {one.name for one in models.models()}
    assert known >= AS_THEY_ARE
    made = {f"{schema}.{table}" for schema, table in MADE if schema != "ops"} - disclosure.TABLES.keys()
    assert known >= made


# --- models that nothing hidden touches are copied ------------------------------------------------------------------


def no_petitions(con: duckdb.DuckDBPyConnection) -> None:
    insert(con, "dossiers", [row | {"period": "2024-Q1"} for row in one_dossier()])


def no_denunciation(con: duckdb.DuckDBPyConnection) -> None:
    insert(con, "petitions", [row for row in petitions(1) if row["kind_code"] == "feedback"])


def one_dossier() -> list[dict[str, Any]]:
    days = {"received_at": datetime(2024, 1, 8, 9)}  # noqa: DTZ001 - local time, as everywhere
    return [
        {"unit_code": unit, "dossier_code": f"H.{unit}", "status_code": "in_progress", "channel_code": "online", **days}
        for unit in DISTRICTS
    ]


def with_a_narrative(con: duckdb.DuckDBPyConnection) -> None:
    no_petitions(con)
    [(goal,)] = con.execute("select min(goal_id) from ref.goals where measurability = 'N'").fetchall()
    con.execute(
        "insert into ref.narratives values (?, ?, '2024-Q1', ?, 'Văn phòng UBND tỉnh', date '2024-04-05')",
        [goal, PROVINCE, f"Ông Nguyễn Văn Tám gọi số {PHONE}."],
    )


PHONE = "0912345678"


@pytest.mark.parametrize(
    ("fills", "copied"),
    [
        pytest.param(no_petitions, set(built_again()), id="no petitions"),
        pytest.param(
            no_denunciation,
            set(built_again()) - {"marts.petition_counts", "marts.petition_backlog", "marts.restatements"},
            id="no denunciation",
        ),
        pytest.param(
            with_a_narrative, set(built_again()) - {"marts.assessment", "marts.goal_summary", "marts.restatements"},
            id="a covered text",
        ),
        pytest.param(lambda con: fill(con, 1), set(), id="denunciations"),
    ],
)  # fmt: skip
def test_what_is_copied_into_a_release_is_what_would_be_made_there(
    fills: Callable[[duckdb.DuckDBPyConnection], None],
    copied: set[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    con = empty_warehouse()
    fills(con)
    count_rows(con)
    models.build(con)
    disclosure.decide(con)
    made: list[list[str]] = []
    bring = releases.bring_unconcerned

    def noted(*arguments: Any) -> list[str]:
        made.append(bring(*arguments))
        return made[-1]

    monkeypatch.setattr(releases, "bring_unconcerned", noted)
    write_published(con, tmp_path / "copied.duckdb")
    monkeypatch.setattr(releases, "bring_unconcerned", lambda *_: list(built_again()))
    write_published(con, tmp_path / "made.duckdb")
    assert set(built_again()) - set(made[0]) == copied
    assert contents(tmp_path / "copied.duckdb") == contents(tmp_path / "made.duckdb")


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of a file, and what the tables and columns are called."""
    with connect(path, read_only=True) as con:
        tables = con.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
        told = (
            "select schema_name, table_name, column_name, data_type, comment from duckdb_columns() where not internal"
        )
        return {
            f"{schema}.{name}": sorted(con.execute(f'from {schema}."{name}"').fetchall(), key=repr)
            for schema, name in tables
        } | {"columns": con.execute(f"{told} order by schema_name, table_name, column_index").fetchall()}


def test_a_text_covered_in_an_earlier_release_stays_covered_where_nothing_else_changed(tmp_path: Path) -> None:
    con = empty_warehouse()
    with_a_narrative(con)
    count_rows(con)
    models.build(con)
    first = publish(tmp_path, con)
    more = [row | {"period": "2024-Q1", "dossier_code": f"T.{row['unit_code']}"} for row in one_dossier()]
    insert(con, "dossiers", [row | {"_delivery_id": f"more-{row['unit_code']}"} for row in more])
    count_rows(con)
    models.build(con)
    second = publish(tmp_path, con)
    assert second.is_new
    for release in (first, second):
        assert PHONE.encode() not in (release.path / "warehouse.duckdb").read_bytes()
        with connect(release.path / "warehouse.duckdb", read_only=True) as reader:
            told = reader.execute(f"select count(*) from marts.assessment where narrative_vi like '%{PHONE}%'")
            assert told.fetchone() == (0,)
            said = reader.execute("select count(*) from marts.assessment where narrative_vi is not null").fetchone()
            assert said == (1,)
