"""Which counts may leave: of figures over rows that stay, small ones are hidden, and others so that none follows.

What is concerned, and how it hangs together, says `warehouse.guarded`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from expectations.contracts.model import contract
from expectations.contracts.sql import identifier, literal
from warehouse.catalogue import columns_of, database
from warehouse.former_areas import OTHER, Drawing, drawings
from warehouse.guarded import CASES, COUNT, SAMPLE, concerns, may_leave
from warehouse.handing import fill
from warehouse.measures import UNSUMMED, contributions, known_measures
from warehouse.transactions import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    import duckdb
    import numpy as np
    from numpy.typing import NDArray

    from warehouse.measures import Measure
    from warehouse.suppression import Choice, Equation, Figures

_NO_LIMIT = 1 << 40

MOST_FIGURES = 4000
"""A larger system falls apart into its quarters: a longer span is then published only where all its quarters are."""

HIDDEN = "marts.hidden_figures"
COUNTS = "marts.denunciation_counts"
PROTECTED = "ops.protected_figures"
"""Every protected amount and whether it was hidden when it was last published; it never leaves."""
TABLES: Mapping[str, tuple[Mapping[str, str], str, Mapping[str, str]]] = {
    HIDDEN: (
        {
            "dataset": "VARCHAR",
            "measure": "VARCHAR",
            "detail": "VARCHAR",
            "unit_code": "VARCHAR",
            "period": "VARCHAR",
            "span": "VARCHAR",
            "reason": "VARCHAR",
        },
        (
            "Số liệu không công bố vì số nhỏ, và lý do · figures that stay because they, or what would give them"
            " away, are small"
        ),
        {},
    ),
    COUNTS: (
        {
            "unit_code": "VARCHAR",
            "period": "VARCHAR",
            "case_count": "BIGINT",
            "is_hidden": "BOOLEAN",
            "area_code": "VARCHAR",
            "is_straddling": "BOOLEAN",
            "district_codes": "VARCHAR[]",
            "unit_codes": "VARCHAR[]",
            "missing_units": "VARCHAR[]",
            "name_vi": "VARCHAR",
            "name_en": "VARCHAR",
        },
        (
            "Số đơn tố cáo theo quý của tỉnh, của từng huyện (đến 30/06/2025) và từng khu vực huyện cũ (từ 01/07/2025)"
            " · denunciations (or of unknown kind) received in a quarter by the province, by each district until June"
            " 2025 and in the area of each former district since, which the province is the sum of; empty where the"
            " number is small, or would give a small one away"
        ),
        {
            "unit_code": "Mã tỉnh hoặc mã huyện; trống nếu là khu vực · the province or a district; null: an area",
            "area_code": (
                "Khu vực: mã huyện cũ; other: nhóm còn lại; trống nếu là tỉnh, huyện · area: the former district;"
                " other: what lies in no area; null: a unit"
            ),
            "is_straddling": (
                "Nhóm các xã thuộc nhiều huyện cũ và đơn vị khác, không tính vào khu vực nào · the group of communes"
                " over several former districts and of other units, counted in no area"
            ),
            "district_codes": "Các huyện cũ; trống nếu là tỉnh, huyện · former districts; empty: a unit",
            "unit_codes": "Các đơn vị được cộng · units that are summed: of an area its communes",
            "missing_units": "Xã chưa báo cáo · communes of the area that did not report",
            "name_vi": "Tên tỉnh, huyện hoặc khu vực · name of the unit or area, in Vietnamese",
            "name_en": "Tên bằng tiếng Anh · name of the unit or area, in English",
        },
    ),
}
"""Tables that `decide` fills; they stand, empty, from the first build on. Columns with their types, the comment, and
what columns mean here that mean another thing elsewhere."""

COUNTED = "petitions_received"
"""The measure whose protected part is published as a count of its own."""

AREA = "area"
"""The detail of a figure that is the count of an area (`warehouse.former_areas`), and of no unit."""

_QUARTER_COST, _SPAN_COST, _AREA_COST, _PROVINCE_COST, _KNOWN_COST = 1.0, 3.0, 10.0, 40.0, 1000.0
"""What hiding costs: a unit's quarter least, areas and the province more, what was published before most."""


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """The tables that `decide` fills, empty where they are missing or of an older shape."""
    for name, (columns, *_) in TABLES.items():
        standing = columns_of(con, name)
        if standing and list(standing.items()) != list(columns.items()):
            con.execute(f"drop table {name}")
        listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        con.execute(f"create table if not exists {name} ({listed})")


def decide(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `marts.hidden_figures` and `marts.denunciation_counts` from the sums as they stand, and prove the choice.

    What was hidden before and is the same today stays hidden: two releases side by side must not tell more than each.
    Raises DisclosureError when the proof fails.
    """
    # numbers and solvers are for publishing alone: whoever asks a release a question need not wait for them
    from warehouse import suppression  # noqa: PLC0415

    if not columns_of(con, "marts.measure_sums"):
        return
    book = _Book(con)
    figures, small = book.figures()
    threshold = book.least
    asked = _digest(figures, small, threshold)
    if _stands(con, asked):  # chosen and proved for these very figures
        if not con.execute(f"select 1 from {COUNTS} limit 1").fetchone():  # made anew in the shape of today
            _write(con, COUNTS, book.counts(book.remembered()))
        return
    choice = suppression.choose(figures, small, threshold)
    suppression.prove(figures, choice, threshold)
    with transaction(con):
        _write(con, HIDDEN, book.hidden(choice))
        _write(con, COUNTS, book.counts(choice))
        _write(con, PROTECTED, book.protected(choice))
        secret(con)
        con.execute("update ops.release_salt set decided_for = ?", [_digest(*book.settled(choice), threshold)])


def _stands(con: duckdb.DuckDBPyConnection, asked: str) -> bool:
    """Whether what was decided last is for these figures, and is here (a rebuilt warehouse knows of it, no more)."""
    found = con.execute(
        f"select count(*) filter (where is_hidden and detail is distinct from {literal(AREA)}),"
        f" (select count(*) from {HIDDEN}), (select count(*) from ops.release_salt where decided_for = ?)"
        f" from {PROTECTED}",
        [asked],
    ).fetchone()
    return bool(found and found[2] == 1 and found[0] == found[1])


def secret(con: duckdb.DuckDBPyConnection) -> str:
    """The secret of this warehouse that replaced keys and digests are made with; it never leaves."""
    found = con.execute("select salt from ops.release_salt").fetchone()
    if found is None:
        con.execute("insert into ops.release_salt values (?, null)", [secrets.token_hex(32)])
        found = con.execute("select salt from ops.release_salt").fetchone()
    return str(found[0]) if found else ""


def _digest(figures: Figures, small: NDArray[np.bool_], threshold: int) -> str:
    told = (
        figures.values.tobytes(),
        figures.limits.tobytes(),
        small.tobytes(),
        repr(list(figures.equations)),
        threshold,
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()


Key = tuple[str, str | None, str, str, str]
"""Measure, detail, unit, period, span."""


class _Book:
    """The protected amounts of a warehouse as figures with equations."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        create_tables(con)
        settings = dict(con.execute("select name, value from marts.settings").fetchall())
        self.province = str(settings["province_code"])
        self.least = int(settings["small_cell"])
        self.least_sample = int(settings["small_sample_hidden"])
        self.measures = {one.measure: one for one in known_measures(con) if one.measure in concerns()}
        self.amounts: dict[Key, int] = {}
        self.samples: dict[Key, int] = {}
        self.wholes: dict[Key, int] = {}
        self._read(con)
        self.spans: dict[tuple[str, str, str], tuple[date, date, date]] = {
            (str(dataset), str(period), str(span)): (first, last, seen)
            for dataset, period, span, first, last, seen in con.execute(
                "select dataset, period, span, first_day, last_day, seen_on from intermediate.dataset_spans"
            ).fetchall()
        }
        self.quarters = {
            str(row[0])
            for row in con.execute("select period from marts.periods where period_kind = 'quarter'").fetchall()
        }
        self.blocks = con.execute(
            "select distinct questionnaire_id, block, factor_code from ref.questionnaire_items order by all"
        ).fetchall()
        self.drawn = drawings(con, self.measures[COUNTED].dataset) if COUNTED in self.measures else {}
        self.names = _names(con)
        self.ended_on: dict[str, date] = dict(
            con.execute(
                "select unit_code, max(valid_to) from ref.units group by all having count(*) = count(valid_to)"
            ).fetchall()
        )
        self.joined = {str(row[0]) for row in con.execute("select unit_code from intermediate.joined_units").fetchall()}
        self.before: dict[Key, tuple[int, bool]] = {
            (row[0], row[1], row[2], row[3], row[4]): (row[5], row[6])
            for row in con.execute(
                f"select measure, detail, unit_code, period, span, amount, is_hidden from {PROTECTED}"
            ).fetchall()
        }
        self.quarters_of: dict[tuple[str, str, str], list[tuple[str, date]]] = {}
        self.is_by_quarter = False
        self._clear()

    def _clear(self) -> None:
        self.place_of: dict[Key, int] = {}
        self.values: list[int] = []
        self.costs: list[float] = []
        self.told: list[bool] = []
        self.small: list[bool] = []
        self.limits: list[int] = []
        self.spared: list[int] = []
        self.spans_of: dict[tuple[str, str | None, str, tuple[int, ...]], int] = {}
        self.composed: dict[Key, tuple[list[int], bool]] = {}

    # --- what is protected ---------------------------------------------------------------------------------------

    def _read(self, con: duckdb.DuckDBPyConnection) -> None:
        sums = con.execute(
            "select dataset, measure, detail, unit_code, period, span, amount from marts.measure_sums"
            " where list_contains(?, measure)",
            [sorted(concerns())],
        ).fetchall()
        present: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
        said: dict[Key, int] = {}
        for dataset, measure, detail, unit, period, span, amount in sums:
            present[dataset].add((unit, period, span))
            said[measure, detail, unit, period, span] = int(amount or 0)
        withheld = self._withheld(con)
        for name, one in self.measures.items():
            concern = concerns()[name]
            if concern.rule in {CASES, COUNT}:
                source = withheld if concern.rule == CASES else said
                for unit, period, span in present[one.dataset]:
                    place: Key = (name, None, unit, period, span)
                    self.amounts[place] = source.get(place, 0)
            elif concern.rule == SAMPLE:
                whole = concern.within or ""
                for key, amount in said.items():
                    if key[0] != name or ((name, key[1]) == (name, None) and one.detail is None and amount == 0):
                        continue
                    self.amounts[key] = amount
                    self.samples[key] = said.get((concern.sample_measure or "", *key[1:]), 0)
                    self.wholes[key] = said.get((whole, *key[1:]), 0)

    def _withheld(self, con: duckdb.DuckDBPyConnection) -> dict[Key, int]:
        """What the rows that stay here add to each measure, by the law that made the sums."""
        found: dict[Key, int] = defaultdict(int)
        wanted: dict[str, list[Measure]] = defaultdict(list)
        for name, one in self.measures.items():
            if concerns()[name].rule == CASES and one.kind not in UNSUMMED:
                wanted[one.dataset].append(one)
        for dataset, measures in wanted.items():
            [key] = map(identifier, contract(dataset).key)
            table = f"withheld_{dataset}"
            staying = f"from core.{dataset} where not ({may_leave(database(con), dataset)})"
            if not con.execute(f"select 1 {staying} limit 1").fetchone():
                continue  # planning twenty questions about nothing costs more than answering them
            con.execute(
                f"create or replace temp table {table} as select * from measures.{dataset}"
                f" where {key} in (select {key} {staying})"
            )
            for one in measures:  # each by itself: all in one statement want memory by their number
                rows = con.execute(
                    "select measure, reporting_code, period, span, cast(sum(amount) as bigint)"
                    f" from ({contributions(con, [one], one.belongs_to, {dataset: table})}) group by all"
                ).fetchall()
                for measure, unit, period, span, amount in rows:
                    for code in {str(unit), self.province}:
                        found[measure, None, code, period, span] += int(amount)
            con.execute(f"drop table {table}")
        return found

    # --- figures and equations -----------------------------------------------------------------------------------

    def figures(self) -> tuple[Figures, NDArray[np.bool_]]:
        """The protected amounts, and which of them must be hidden whatever else is."""
        import numpy as np  # noqa: PLC0415 - as in `decide`

        from warehouse.suppression import Figures  # noqa: PLC0415

        equations = self._placed()
        if self._is_too_large():
            self._clear()
            self.is_by_quarter = True
            equations = self._placed()
        parts = (self._sums_of_units(), self._sums_of_areas(), self._parts_of_wholes(), self._sums_of_factors())
        for equation in chain.from_iterable(parts):
            equations[equation] = None
        figures = Figures(
            values=np.array(self.values, np.int64),
            costs=np.array(self.costs, np.float64),
            limits=np.array(self.limits, np.int64),
            is_published=np.array(self.told, np.bool_),
            equations=list(equations),
            is_spared=np.isin(np.arange(len(self.values)), self.spared),
        )
        return figures, np.array(self.small, np.bool_)

    def _placed(self) -> dict[Equation, None]:
        equations: dict[Equation, None] = {}
        # What nobody filed anywhere is published as 0 and hides nothing.
        found = {key[0] for key, amount in self.amounts.items() if amount}
        wanted = (key for key in self.amounts if key[0] in found and key[1] != AREA)
        for key in sorted(wanted, key=self._order):
            self._place(key, equations)
            if self._is_too_large():
                break
        return equations

    def _is_too_large(self) -> bool:
        """Whether there are too many figures to solve them all at once."""
        return len(self.values) > MOST_FIGURES and not self.is_by_quarter

    def _order(self, key: Key) -> tuple[object, ...]:
        """Quarters first: longer spans are made of them."""
        measure, detail, unit, period, span = key
        is_quarter = period in self.quarters and span == "period"
        return (not is_quarter, measure, detail or "", unit, self._span(key)[2], period, span)

    def _span(self, key: Key) -> tuple[date, date, date]:
        return self.spans[self.measures[key[0]].dataset, key[3], key[4]]

    def _place(self, key: Key, equations: dict[Equation, None]) -> None:
        """Give a figure its place; a longer span that equals one quarter shares its place."""
        measure, detail, unit, period, span = key
        amount = self.amounts[key]
        parts = [] if period in self.quarters and span == "period" else self._quarters_in(key)
        if parts and self.is_by_quarter:
            # It tells nothing new where all its quarters are told, and nothing at all where it is hidden.
            is_sum = sum(self.values[place] for place in parts) == amount
            self.composed[key] = (parts, not is_sum or self.before.get(key) == (amount, True))
            return
        # A longer span that equals its one quarter, or another span of the same quarters, is the same figure.
        same = (measure, detail, unit, tuple(parts))
        known = parts[0] if len(parts) == 1 else self.spans_of.get(same)
        # a unit that ended with its province stands in no quarter of ours, so that its longer spans say the same figure
        if known is not None and (parts or unit in self.joined) and self.values[known] == amount:
            self.place_of[key] = known
            self.costs[known] += 0.1
            self.small[known] |= self._is_small(key)
            return
        cost = _QUARTER_COST if not parts else _SPAN_COST
        if self._was_told(key):
            cost *= _KNOWN_COST  # who kept the release before knows it: hiding it now protects little
        cost *= _PROVINCE_COST if unit == self.province else 1.0
        weight = self.samples.get(key, 10 * amount)
        limit = 0 if self._has_ended(key) else self.wholes.get(key, _NO_LIMIT)
        self.place_of[key] = self._add(amount, cost * (1 + weight / 200), self._is_small(key), limit=limit)
        if self._was_told(key):
            self.spared.append(self.place_of[key])
        if parts or unit in self.joined:
            self.spans_of.setdefault(same, self.place_of[key])
        if self.measures[measure].kind == "flow" and parts:
            self._sum(self.place_of[key], parts, equations)

    def _has_ended(self, key: Key) -> bool:
        """Whether everybody knows that nothing can have come: what a district received after it ended is no secret."""
        measure, _, unit, *_ = key
        ended = self.ended_on.get(unit)
        return self.measures[measure].kind == "flow" and ended is not None and ended <= self._span(key)[0]

    def _quarters_in(self, key: Key) -> list[int]:
        """The quarters a longer span is made of; for a stock the one whose last day it is seen on."""
        measure, detail, unit, period, span = key
        found = []
        for quarter, seen_then in self._quarters_of(self.measures[measure].dataset, period, span):
            own = (measure, detail, unit, quarter, "period")
            if own in self.place_of and own != key:
                found.append((seen_then, self.place_of[own]))
        if self.measures[measure].kind == "flow":
            return sorted(place for _, place in found)
        return [place for _, place in sorted(found, reverse=True)[:1]]

    def _quarters_of(self, dataset: str, period: str, span: str) -> list[tuple[str, date]]:
        """The quarters that lie in a span of a dataset, and the day each is seen on."""
        asked = (dataset, period, span)
        if asked not in self.quarters_of:
            first, last, _ = self.spans[asked]
            own = {quarter: self.spans.get((dataset, quarter, "period")) for quarter in sorted(self.quarters)}
            self.quarters_of[asked] = [
                (quarter, days[2]) for quarter, days in own.items() if days and first <= days[0] and days[1] <= last
            ]
        return self.quarters_of[asked]

    def _sum(self, whole: int, parts: list[int], equations: dict[Equation, None]) -> None:
        """The whole is its parts and what no published figure tells apart; that remainder is protected when small."""
        rest = self.values[whole] - sum(self.values[place] for place in parts)
        terms = [(whole, 1), *((place, -1) for place in parts)]
        if rest > 0:
            terms.append((self._add(rest, 1.0, rest < self.least, is_told=rest < self.least), -1))
        equations[tuple(terms)] = None

    def _add(self, value: int, cost: float, is_small: bool, *, is_told: bool = True, limit: int = _NO_LIMIT) -> int:
        self.values.append(value)
        self.limits.append(max(limit, value))
        self.costs.append(cost)
        self.small.append(is_small)
        self.told.append(is_told)
        return len(self.values) - 1

    def _was_told(self, key: Key) -> bool:
        """Whether the release before said this very amount."""
        return self.before.get(key) == (self.amounts[key], False)

    def _is_small(self, key: Key) -> bool:
        amount = self.amounts[key]
        if self.before.get(key) == (amount, True):
            return True
        if key in self.samples:
            return 0 < self.samples[key] < self.least_sample
        return 0 < amount < self.least

    def _sums_of_units(self) -> list[Equation]:
        groups: dict[tuple[str, str | None, str, str], list[int]] = defaultdict(list)
        wholes: dict[tuple[str, str | None, str, str], int] = {}
        for (measure, detail, unit, period, span), place in self.place_of.items():
            if unit == self.province:
                wholes[measure, detail, period, span] = place
            else:
                groups[measure, detail, period, span].append(place)
        found: dict[Equation, None] = {}
        seen = set()
        for group, whole in wholes.items():
            parts = sorted(groups.get(group, ()))
            if parts and (whole, tuple(parts)) not in seen:
                seen.add((whole, tuple(parts)))
                self._sum(whole, parts, found)
        return list(found)

    def _sums_of_areas(self) -> list[Equation]:
        """An area is the sum of its units; the group of what lies in none is the province less the areas."""
        found: list[Equation] = []
        for period, drawing in self.drawn.items():
            own = self._counted(period)
            whole = own.pop(self.province, None)
            if whole is None:
                continue
            self.spared.append(whole)
            # one of which some commune reported stands, be it that nothing occurred in any
            groups: dict[str, list[int]] = {code: [] for code, area in drawing.areas.items() if area.is_reported}
            for unit, place in own.items():
                groups.setdefault(drawing.code_of(unit), []).append(place)
            groups.pop(OTHER, None)
            areas = [
                self._area(code, period, [(place, 1) for place in sorted(places)], found)
                for code, places in sorted(groups.items())
            ]
            self._area(OTHER, period, [(whole, 1), *((place, -1) for place in areas)], found)
        return found

    def _counted(self, period: str) -> dict[str, int]:
        """The places of the counts of a quarter, by unit."""
        return {
            unit: place
            for (measure, detail, unit, own, span), place in self.place_of.items()
            if (measure, detail, own, span) == (COUNTED, None, period, "period")
        }

    def _area(self, code: str, period: str, terms: list[tuple[int, int]], equations: list[Equation]) -> int:
        key: Key = (COUNTED, AREA, code, period, "period")
        amount = sum(factor * self.values[place] for place, factor in terms)
        self.amounts[key] = amount
        cost = _AREA_COST * (_KNOWN_COST if self._was_told(key) else 1.0)
        self.place_of[key] = self._add(amount, cost * (1 + amount / 20), self._is_small(key))
        self.spared.append(self.place_of[key])
        equations.append(((self.place_of[key], 1), *((place, -factor) for place, factor in terms)))
        return self.place_of[key]

    def _parts_of_wholes(self) -> list[Equation]:
        """A part is at most its whole; parts that exclude each other are so together."""
        groups: dict[tuple[str, str, Key], list[Key]] = defaultdict(list)
        for key in self.place_of:
            concern = concerns()[key[0]]
            if concern.within:
                groups[concern.within, concern.apart or key[0], ("", *key[1:])].append(key)
        left: dict[Equation, int] = {}
        for (whole, _, rest), parts in groups.items():
            places = sorted({self.place_of[key] for key in parts})
            owner = self.place_of.get((whole, *rest[1:]))
            if owner is None:
                continue  # a whole that everybody knows is the limit of its part
            terms = ((owner, 1), *((place, -1) for place in places))
            left.setdefault(terms, self.values[owner] - sum(self.values[place] for place in places))
        return [
            (*terms, (self._add(rest, 1.0, is_small=False, is_told=False), -1))
            for terms, rest in left.items()
            if rest >= 0  # else the rows contradict each other, and nobody can rely on it
        ]

    def _sums_of_factors(self) -> list[Equation]:
        """The answers over a block are those over its factors, those over all items are those over the blocks."""
        parts: dict[str, set[str]] = defaultdict(set)
        for questionnaire, block, factor in self.blocks:
            parts[f"{questionnaire}.ALL"].add(f"{questionnaire}.{factor if block == 'ALL' else block}")
            if block != "ALL":
                parts[f"{questionnaire}.{block}"].add(f"{questionnaire}.{factor}")
        found: dict[Equation, None] = {}
        for key, place in self.place_of.items():
            measure, detail, *rest = key
            keys = [(measure, one, *rest) for one in sorted(parts.get(detail or "", ()))]
            places = [self.place_of[one] for one in keys if one in self.place_of]
            if places and sum(self.values[one] for one in places) == self.values[place]:
                found[(place, 1), *((one, -1) for one in places)] = None
        return list(found)

    def remembered(self) -> Choice:
        """What is hidden as it was decided last; it was proved then."""
        import numpy as np  # noqa: PLC0415 - as in `decide`

        from warehouse.suppression import Choice  # noqa: PLC0415

        is_hidden = np.zeros(len(self.values), np.bool_)
        for key, place in self.place_of.items():
            is_hidden[place] |= self.before.get(key, (0, False))[1]
        return Choice(is_hidden)

    # --- what is written -----------------------------------------------------------------------------------------

    def decided(self, choice: Choice) -> dict[Key, bool]:
        """Every protected figure, and whether it is hidden."""
        found = {key: bool(choice.is_hidden[place]) for key, place in self.place_of.items()}
        for key, (parts, is_hidden) in self.composed.items():
            found[key] = is_hidden or bool(choice.is_hidden[parts].any())
        return found

    def hidden(self, choice: Choice) -> list[tuple[object, ...]]:
        """Rows of `marts.hidden_figures`; a hidden count of an area is no figure of a unit, and its row says so."""
        return sorted(
            (
                (self.measures[key[0]].dataset, *key, _REASONS[concerns()[key[0]].rule])
                for key, is_hidden in self.decided(choice).items()
                if is_hidden and key[1] != AREA
            ),
            key=repr,
        )

    def protected(self, choice: Choice) -> list[tuple[object, ...]]:
        """Rows of `ops.protected_figures`."""
        return [(*key, self.amounts[key], is_hidden) for key, is_hidden in self.decided(choice).items()]

    def settled(self, choice: Choice) -> tuple[Figures, NDArray[np.bool_]]:
        """What `figures` gives next time, if nothing changes: what is hidden now is hidden from the beginning."""
        self.before = {key: (self.amounts[key], is_hidden) for key, is_hidden in self.decided(choice).items()}
        self._clear()
        return self.figures()

    def counts(self, choice: Choice) -> list[tuple[object, ...]]:
        """Rows of `marts.denunciation_counts`: units while districts report, then the province and its areas."""
        found: list[tuple[object, ...]] = []
        for period in sorted(self.quarters):
            drawing = self.drawn.get(period)
            own = self._counted(period)
            for unit, place in sorted(own.items()):
                if drawing is None or unit == self.province:
                    name = self.names.get((unit, period), (None, None))
                    told = (int(self.values[place]), bool(choice.is_hidden[place]))
                    found.append((unit, period, *told, None, False, [], [unit], [], *name))
            if drawing and self.province in own:
                found += self._counts_of_areas(choice, period, drawing, sorted(own.keys() - {self.province}))
        return found

    def _counts_of_areas(
        self, choice: Choice, period: str, drawing: Drawing, units: list[str]
    ) -> Iterator[tuple[object, ...]]:
        for code, area in sorted(drawing.areas.items()):
            place = self.place_of.get((COUNTED, AREA, code, period, "period"))
            if place is None:
                continue  # nobody in it reported, or nobody filed a denunciation anywhere
            members = area.members(unit for unit in units if drawing.code_of(unit) == code)
            yield (
                None,
                period,
                int(self.values[place]),
                bool(choice.is_hidden[place]),
                code,
                code == OTHER,
                list(area.district_codes),
                list(members),
                list(area.missing_units),
                area.name_vi,
                area.name_en,
            )


def _names(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple[str, str]]:
    """The names that units had on the last day of each quarter, Vietnamese and English, by unit and period."""
    rows = con.execute(
        "select units.unit_code, periods.period, units.unit_vi, units.unit_en from marts.periods as periods"
        " join marts.units as units on units.valid_from <= periods.last_day"
        " and (units.valid_to is null or periods.last_day < units.valid_to)"
        " where periods.period_kind = 'quarter'"
    ).fetchall()
    return {(unit, period): (name_vi, name_en) for unit, period, name_vi, name_en in rows}


_REASONS = {CASES: "small_count", COUNT: "small_count", SAMPLE: "few_respondents"}
"""Why a figure is hidden: the rule of its measure, the same for what is small and for what had to be hidden with it."""


def _write(con: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[object, ...]]) -> None:
    con.execute(f"delete from {table}")
    fill(con, table, rows)
