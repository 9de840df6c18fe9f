"""District-sized groups since 1 July 2025: the area of each former district ("khu vực huyện cũ"), and one of all else.

An area is the communes that lie in one former district wholly, as in `marts.former_district_values`, and that district
itself where a case of its last days still counts. Communes that straddle two former districts, the province's own
register and whatever else lies in none are one further group, so that the province is the sum of its groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.contracts.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

OTHER = "other"
"""Code of the group of what lies in no area."""


@dataclass(frozen=True, slots=True)
class Area:
    """A group of units of one quarter. `missing_units`: those of its communes that did not report."""

    code: str
    district_codes: tuple[str, ...]
    commune_codes: tuple[str, ...]
    missing_units: tuple[str, ...]
    name_vi: str
    name_en: str

    @property
    def is_reported(self) -> bool:
        """Whether one of its communes reported."""
        return len(self.missing_units) < len(self.commune_codes)

    def members(self, others: Iterable[str]) -> tuple[str, ...]:
        """The communes, and those of the `others` that are counted with them."""
        return tuple(sorted({*self.commune_codes, *others}))


@dataclass(frozen=True, slots=True)
class Drawing:
    """The groups of a quarter by code, and the group of each unit that lies in an area."""

    areas: Mapping[str, Area]
    area_of: Mapping[str, str]

    def code_of(self, unit: str) -> str:
        """The code of the group a unit is counted in."""
        return self.area_of.get(unit, OTHER)


def drawings(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, Drawing]:
    """The groups of every quarter on whose last day districts had ended, by period; who reported `dataset` or not."""
    found: dict[str, tuple[dict[str, Area], dict[str, str]]] = {}
    for period, code, districts, communes, missing, name_vi, name_en in con.execute(_query(dataset)).fetchall():
        areas, area_of = found.setdefault(period, ({}, {}))
        areas[code] = Area(code, tuple(districts), tuple(communes), tuple(missing), name_vi, name_en)
        if code != OTHER:
            area_of.update(dict.fromkeys((*communes, code), code))
    return {period: Drawing(*drawn) for period, drawn in found.items()}


def _query(dataset: str) -> str:
    """SELECT of the groups: period, code, district_codes, commune_codes, missing_units, name_vi, name_en."""
    return f"""
      with quarters as (
        select periods.period, periods.last_day, max(drawn.valid_from) as valid_from
        from marts.periods as periods
        join ref.former_districts as drawn on drawn.valid_from <= periods.last_day
        where periods.period_kind = 'quarter'
        group by all
      ),

      communes as (
        select
          quarters.period,
          quarters.valid_from,
          drawn.unit_code,
          list(drawn.district_code order by drawn.district_code) as district_codes,
          if(bool_or(not drawn.is_whole), {literal(OTHER)}, min(drawn.district_code)) as code,
          coalesce(any_value(said.units_reporting = said.units_in_scope), false) as is_reporting
        from quarters
        join ref.former_districts as drawn on drawn.valid_from = quarters.valid_from
        join marts.units as own
          on own.unit_code = drawn.unit_code
          and own.valid_from <= quarters.last_day
          and (own.valid_to is null or quarters.last_day < own.valid_to)
        left join marts.coverage as said
          on said.dataset = {literal(dataset)}
          and said.period = quarters.period
          and said.unit_code = drawn.unit_code
        group by quarters.period, quarters.valid_from, drawn.unit_code
      ),

      groups as (
        select
          period,
          valid_from,
          code,
          list_sort(list_distinct(flatten(list(district_codes)))) as district_codes,
          list(unit_code order by unit_code) as commune_codes,
          coalesce(list(unit_code order by unit_code) filter (where not is_reporting), []) as missing_units
        from communes
        group by all
        union all
        select period, valid_from, {literal(OTHER)}, [], [], []
        from quarters
        where period not in (select period from communes where code = {literal(OTHER)})
      )

      select
        groups.period,
        groups.code,
        groups.district_codes,
        groups.commune_codes,
        groups.missing_units,
        replace(words.text_vi, '{{unit}}', coalesce(lower(former.unit_vi[1]) || former.unit_vi[2:], '')) as name_vi,
        replace(words.text_en, '{{unit}}', coalesce(former.unit_en, '')) as name_en
      from groups
      join intermediate.words as words
        on words.word_key = if(groups.code = {literal(OTHER)}, 'area.other', 'area.former_district')
      left join marts.units as former
        on former.unit_code = groups.code
        and former.valid_from < groups.valid_from
        and groups.valid_from <= former.valid_to
      order by all"""
