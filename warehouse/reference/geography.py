"""Units by code and day, what bodies of a province agree on, and what follows from the crosswalk of communes.

That is former districts, areas comparable over the border, and units mapped whole.

A border is a day on which units end and others begin (`unit_crosswalk.valid_from`). No figure is ever shared out: a
unit that was split belongs to no unit of today, only to the area that holds all its parts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    import polars as pl

    Row = Mapping[str, Any]

WHOLE, PARTIAL = "whole", "partial"
BODY = "body"
"""Level of the departments, Party and Front bodies of a province: units of it that are no territory."""
MERGED = "merged_into"
KINDS = (WHOLE, PARTIAL)
CHANGES = (MERGED, "renamed")
BODY_CODE = re.compile(r"\d{2}-[A-Z]+")


class Units:
    """Units by code and day."""

    def __init__(self, units: pl.DataFrame) -> None:
        """From the rows of `units`."""
        self._rows: dict[str, list[Row]] = defaultdict(list)
        for row in units.iter_rows(named=True):
            self._rows[row["unit_code"]].append(row)

    def on(self, code: str | None, day: date) -> Row | None:
        """The unit of that code valid on `day`."""
        return next((row for row in self._rows.get(code or "", ()) if is_valid(row, day)), None)

    def of_level(self, level: str, day: date) -> set[str]:
        """Codes of a level valid on `day`."""
        return {
            code
            for code, rows in self._rows.items()
            if any(row["level"] == level and is_valid(row, day) for row in rows)
        }

    def parent(self, code: str, day: date) -> str | None:
        """Code of the unit above on `day`."""
        row = self.on(code, day)
        return row["parent_code"] if row else None


def is_valid(row: Row, day: date) -> bool:
    """From `valid_from` on, until the day before `valid_to`."""
    return row["valid_from"] is not None and row["valid_from"] <= day and (not row["valid_to"] or day < row["valid_to"])


def problems(units: pl.DataFrame, crosswalk: pl.DataFrame) -> Iterator[str]:
    """What the crosswalk contradicts (Q25).

    Each old commune maps, whole to one unit or in parts to several; every target is a commune of its day, and each of
    those is a target; none lies over two former provinces; names are those the codes have on the day.
    """
    known = Units(units)
    for border, rows in _borders(crosswalk):
        eve = border - timedelta(days=1)
        targets: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            where = f"unit_crosswalk: {row['old_code']} → {row['new_code']}"
            if row["kind"] not in KINDS:
                yield f"{where} has kind '{row['kind']}'; write one of {', '.join(KINDS)}"
            targets[row["old_code"]].append(row["kind"])
            for side, day in (("old", eve), ("new", border)):
                unit = known.on(row[f"{side}_code"], day)
                if unit is None or unit["level"] != "commune":
                    yield f"{where}: no commune {row[f'{side}_code']} on {day}; mend the code or units.csv"
                elif unit["name_vi"] != row[f"{side}_name"]:
                    yield (
                        f"{where}: {row[f'{side}_code']} is '{unit['name_vi']}' on {day}, "
                        f"not '{row[f'{side}_name']}'; a code is reused, write the name it has that day"
                    )
        for code, kinds in targets.items():
            if kinds.count(WHOLE) > 1 or (WHOLE in kinds and PARTIAL in kinds):
                yield f"unit_crosswalk: {code} goes over whole more than once, its figures would count twice"
            elif kinds == [PARTIAL]:
                yield f"unit_crosswalk: {code} goes over in part to one unit only, the rest of it would be lost"
        for lost in sorted(known.of_level("commune", eve) - targets.keys()):
            yield f"unit_crosswalk: commune {lost} ends or goes on at {border}, and no row says where"
        for new in sorted(known.of_level("commune", border) - {row["new_code"] for row in rows}):
            yield f"unit_crosswalk: no row says what commune {new} of {border} was made of"
        yield from _over_provinces(known, rows, eve)


def problems_of_bodies(units: pl.DataFrame, changes: pl.DataFrame, listed: pl.DataFrame) -> Iterator[str]:
    """What bodies and the changes of units contradict.

    A body's code is that of its province, a hyphen and letters: no code of the statistics office is. It has one name a
    day, without a gap, and where it ends a change says what it was merged into. A change names units by the names they
    have the day before and on the day. Bodies that report are bodies, and what one of them goes over to reports too.
    """
    yield from _codes_and_names(units, changes)
    known = Units(units)
    for row in changes.iter_rows(named=True):
        yield from _change(known, row)
    yield from _listed(known, listed, changes)


def _codes_and_names(units: pl.DataFrame, changes: pl.DataFrame) -> Iterator[str]:
    spans: dict[str, list[Row]] = defaultdict(list)
    for row in units.iter_rows(named=True):
        code, level = row["unit_code"], row["level"]
        if (level == BODY) != (BODY_CODE.fullmatch(code) is not None):
            yield (
                f"units: {code} has level '{level}': the code of a body, and of nothing else, is that of its province,"
                " a hyphen and capital letters (33-SNV)"
            )
        if level == BODY:
            spans[code].append(row)
    merged = {(row["old_code"], row["valid_from"]) for row in changes.filter(changes["change"] == MERGED).to_dicts()}
    for code, rows in spans.items():
        rows.sort(key=lambda row: row["valid_from"])
        for before, after in pairwise(rows):
            if before["valid_to"] != after["valid_from"]:
                yield f"units: {code} has no name, or two, between {before['valid_to']} and {after['valid_from']}"
        end = rows[-1]["valid_to"]
        if end and (code, end) not in merged:
            yield f"unit_changes: body {code} ends on {end}, and no row says what it was merged into"


def _change(known: Units, row: Row) -> Iterator[str]:
    day = row["valid_from"]
    where = f"unit_changes: {row['old_code']} → {row['new_code']} of {day}"
    if row["change"] not in CHANGES:
        yield f"{where} is '{row['change']}'; write one of {', '.join(CHANGES)}"
    for side, on in (("old", day - timedelta(days=1)), ("new", day)):
        unit = known.on(row[f"{side}_code"], on)
        if unit is None or unit["name_vi"] != row[f"{side}_name"]:
            said = f"'{unit['name_vi']}'" if unit else "no unit"
            yield f"{where}: {row[f'{side}_code']} is {said} on {on}, not '{row[f'{side}_name']}'"
    if row["change"] == MERGED and row["old_code"] != row["new_code"] and known.on(row["old_code"], day):
        yield f"{where}: {row['old_code']} goes on after that day, so it was not merged"


def _listed(known: Units, listed: pl.DataFrame, changes: pl.DataFrame) -> Iterator[str]:
    rows = listed.to_dicts()
    for row in rows:
        body = known.on(row["unit_code"], row["valid_from"]) if row["valid_from"] else None
        if body is None or body["level"] != BODY:
            yield f"reporting_bodies: {row['unit_code']} is no body on {row['valid_from']}; see units.csv for its days"
    for change in changes.filter(changes["change"] == MERGED).iter_rows(named=True):
        day = change["valid_from"]
        was_listed = any(
            row["unit_code"] == change["old_code"] and is_valid(row, day - timedelta(days=1)) for row in rows
        )
        if was_listed and not any(row["unit_code"] == change["new_code"] and is_valid(row, day) for row in rows):
            yield (
                f"reporting_bodies: {change['old_code']} was merged into {change['new_code']} on {day}, which is not"
                " listed then: list it, so that what it took over goes on being asked for"
            )


def _over_provinces(known: Units, rows: Iterable[Row], eve: date) -> Iterator[str]:
    provinces: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        district = known.parent(row["old_code"], eve)
        province = known.parent(district, eve) if district else None
        if province:
            provinces[row["new_code"]].add(province)
    for code, found in sorted(provinces.items()):
        if len(found) > 1:
            yield f"unit_crosswalk: commune {code} would lie over two former provinces ({', '.join(sorted(found))})"


def former_districts(units: pl.DataFrame, crosswalk: pl.DataFrame) -> list[tuple[Any, ...]]:
    """unit_code, district_code, valid_from, old_commune_count, whole_count, is_whole: what a commune was made of.

    `is_whole`: every commune it draws on, whole or in part, was of that one district.
    """
    known = Units(units)
    found = []
    for border, rows in _borders(crosswalk):
        parts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for row in rows:
            district = known.parent(row["old_code"], border - timedelta(days=1))
            parts[row["new_code"]][district or ""].append(row["kind"])
        for code, districts in sorted(parts.items()):
            for district, kinds in sorted(districts.items()):
                found.append((code, district, border, len(kinds), kinds.count(WHOLE), len(districts) == 1))
    return found


def areas(units: pl.DataFrame, crosswalk: pl.DataFrame) -> list[tuple[Any, ...]]:
    """unit_code, valid_from, is_former, area_code: the smallest areas that both districts and communes fill whole.

    Districts that a commune of after the border straddles are one area, named after them: 323+331+332.
    """
    known = Units(units)
    found = []
    for border, rows in _borders(crosswalk):
        eve = border - timedelta(days=1)
        above: dict[str, str] = {}

        def root(code: str, above: dict[str, str] = above) -> str:
            while above.setdefault(code, code) != code:
                code = above[code]
            return code

        pairs = {(f"old {known.parent(row['old_code'], eve)}", f"new {row['new_code']}") for row in rows}
        for old, new in sorted(pairs):
            above[root(new)] = root(old)
        members: dict[str, list[str]] = defaultdict(list)
        for code in sorted(above):
            members[root(code)].append(code)
        for codes in members.values():
            name = "+".join(code.removeprefix("old ") for code in codes if code.startswith("old "))
            found += [(code[4:], border, code.startswith("old "), name) for code in codes]
    return sorted(found)


def mapped_units(units: pl.DataFrame, crosswalk: pl.DataFrame, changes: pl.DataFrame) -> list[tuple[Any, ...]]:
    """old_code, new_code, valid_from, known_from: communes whose figures add up to those of a commune after the border.

    Only where that commune is made of whole ones. `known_from` is the day since which the old one has the extent it
    went over with: what it was before it took in a neighbour is another area.
    """
    known = Units(units)
    grown: dict[str, date] = {}
    for change in changes.filter(changes["change"] == MERGED).iter_rows(named=True):
        day = change["valid_from"]
        grown[change["new_code"]] = max(grown.get(change["new_code"], day), day)
    found = []
    for border, rows in _borders(crosswalk):
        split = {row["new_code"] for row in rows if row["kind"] != WHOLE}
        for row in rows:
            unit = known.on(row["old_code"], border - timedelta(days=1))
            if row["new_code"] in split or unit is None:
                continue
            since = max(unit["valid_from"], grown.get(row["old_code"], unit["valid_from"]))
            found.append((row["old_code"], row["new_code"], border, since))
    return sorted(found)


def _borders(crosswalk: pl.DataFrame) -> list[tuple[date, list[Row]]]:
    found: dict[date, list[Row]] = defaultdict(list)
    for row in crosswalk.iter_rows(named=True):
        found[row["valid_from"]].append(row)
    return sorted(found.items())
