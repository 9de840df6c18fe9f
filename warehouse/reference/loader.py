"""Reading the reference CSVs, and laying the home folder's rows over them."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.contracts import forms, questionnaires
from expectations.contracts.periods import Period, PeriodError, regimes
from expectations.contracts.types import TYPES
from warehouse.reference import geography
from warehouse.reference.calendar import FIRST_YEAR, LAST_YEAR, calendar_frame
from warehouse.reference.checks import check
from warehouse.reference.tables import ReferenceDataError, Table, tables

if TYPE_CHECKING:
    from pathlib import Path

CONFIRMATIONS = "confirmed_targets"
"""Overlay that confirms recalled targets: `indicator_code, target_from, confirmed_by, confirmed_on`."""

REGIMES = "regimes"
"""Overlay of the reporting regimes, by which the whole process reckons (`expectations.contracts.periods.lay_over`)."""

_CONFIRMATION_COLUMNS = ("indicator_code", "target_from", "confirmed_by", "confirmed_on")


def frames(home_overlay: Path | None = None) -> dict[str, pl.DataFrame]:
    """Every table of schema `ref` by name, typed, with the rows of `home_overlay`/<table>.csv laid over.

    A row of the overlay with the natural key of a shipped one replaces it, any other is added.
    Raises ReferenceDataError for an unknown table, an unknown or missing column, or a value that cannot be read.
    """
    found = {table.name: _shipped(table) for table in tables().values() if not table.is_derived}
    for path in sorted(home_overlay.glob("*.csv")) if home_overlay and home_overlay.is_dir() else []:
        if path.stem in {CONFIRMATIONS, REGIMES}:
            continue
        table = tables().get(path.stem)
        if table is None or table.is_derived:
            known = sorted(name for name, one in tables().items() if not one.is_derived)
            raise ReferenceDataError(
                f"{path}: no reference table '{path.stem}'; "
                f"name the file after one of {', '.join(known)}, {CONFIRMATIONS}, {REGIMES}"
            )
        found[table.name] = _laid_over(found[table.name], _overlay(path, table), table)
    if home_overlay and (home_overlay / f"{CONFIRMATIONS}.csv").exists():
        found["targets"] = _confirmed(found["targets"], home_overlay / f"{CONFIRMATIONS}.csv")
    _signed(found["narratives"], home_overlay)
    check(found)
    overrides = {
        row["day"]: (row["is_working_day"], row["legal_basis"]) for row in found["calendar_overrides"].to_dicts()
    }
    found["calendar"] = calendar_frame(overrides)
    found["periods"], found["period_quarters"] = _periods(_spans(found["settings"]))
    found["form_terms"] = _form_terms()
    places = found["units"], found["unit_crosswalk"]
    found["former_districts"] = _derived("former_districts", geography.former_districts(*places))
    found["unit_areas"] = _derived("unit_areas", geography.areas(*places))
    found["mapped_units"] = _derived("mapped_units", geography.mapped_units(*places, found["unit_changes"]))
    found["questionnaire_items"] = _questionnaire_items(home_overlay)
    return found


def _schema(table: Table) -> dict[str, pl.DataType]:
    kinds: dict[str, pl.DataType] = {name: getattr(pl, one.polars)() for name, one in TYPES.items()}
    kinds["integer"] = pl.Int32()
    return {column: kinds[kind] for column, kind in table.columns.items()}


def _shipped(table: Table) -> pl.DataFrame:
    own = table.name not in forms.TABLES  # sources must know the forms too, so their tables stand with the contracts
    text = files(__package__).joinpath(f"{table.name}.csv").read_bytes() if own else forms.table_text(table.name)
    return _typed(_as_text(text, f"{table.name}.csv"), table, f"{table.name}.csv")


def _overlay(path: Path, table: Table) -> pl.DataFrame:
    raw = _as_text(path.read_bytes(), str(path))
    unknown = [column for column in raw.columns if column not in table.columns]
    if unknown:
        raise ReferenceDataError(
            f"{path}: unknown column {', '.join(unknown)}; table {table.name} has {', '.join(table.columns)}"
        )
    missing = [column for column in table.key if column not in raw.columns]
    if missing:
        raise ReferenceDataError(f"{path}: column {', '.join(missing)} is missing; it is part of the table's key")
    return _typed(raw, table, str(path))


def _as_text(content: bytes, where: str) -> pl.DataFrame:
    try:
        return pl.read_csv(content, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise ReferenceDataError(
            f"{where}: not a CSV table in UTF-8 ({error}); save it as UTF-8 with commas"
        ) from error


def _typed(raw: pl.DataFrame, table: Table, where: str) -> pl.DataFrame:
    columns = []
    for name, kind in _schema(table).items():
        column = raw[name] if name in raw.columns else pl.Series(name, [None] * raw.height, dtype=pl.String)
        typed = _cast(column, kind)
        for number, (text, value) in enumerate(zip(column, typed, strict=True), start=2):
            if text is not None and value is None:
                raise ReferenceDataError(
                    f"{where}, line {number}: '{text}' in column {name} is no {table.columns[name]}"
                )
        columns.append(typed)
    frame = pl.DataFrame(columns)
    doubled = frame.filter(frame.select(table.key).is_duplicated())
    if doubled.height:
        raise ReferenceDataError(f"{where}: key {', '.join(table.key)} stands twice: {doubled.row(0, named=True)}")
    return frame


def _cast(column: pl.Series, kind: pl.DataType) -> pl.Series:
    if kind == pl.Boolean():
        words = {"true": True, "1": True, "false": False, "0": False}
        return column.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
    if kind == pl.Date():
        return column.str.to_date("%Y-%m-%d", strict=False)
    return column.cast(kind, strict=False)


def _laid_over(shipped: pl.DataFrame, added: pl.DataFrame, table: Table) -> pl.DataFrame:
    kept = shipped.join(added, on=list(table.key), how="anti", nulls_equal=True, maintain_order="left")
    return pl.concat([kept, added])


def _signed(narratives: pl.DataFrame, home_overlay: Path | None) -> None:
    """A narrative is a person's word: it needs a text, the person and the day (Q93)."""
    for row in narratives.to_dicts():
        lacking = [name for name in ("text_vi", "author", "entered_on") if not row[name]]
        if lacking:
            raise ReferenceDataError(
                f"{home_overlay}/narratives.csv: goal {row['goal_id']}, unit {row['unit_code']}, {row['period']} lacks "
                f"{', '.join(lacking)}; a narrative needs its text, who wrote it and when (2024-06-30)"
            )


def _confirmed(targets: pl.DataFrame, path: Path) -> pl.DataFrame:
    raw = _as_text(path.read_bytes(), str(path))
    if sorted(raw.columns) != sorted(_CONFIRMATION_COLUMNS):
        raise ReferenceDataError(f"{path}: columns must be {', '.join(_CONFIRMATION_COLUMNS)}")
    asked = raw.select(
        "indicator_code", _cast(raw["target_from"], pl.Date()), "confirmed_by", _cast(raw["confirmed_on"], pl.Date())
    )
    for line, row in enumerate(asked.to_dicts(), start=2):
        if not row["confirmed_by"] or row["confirmed_on"] is None:
            raise ReferenceDataError(f"{path}, line {line}: write who confirmed the target, and when (2026-01-31)")
    key = ["indicator_code", "target_from"]
    lost = asked.join(targets, on=key, how="anti", nulls_equal=True)
    if lost.height:
        row = lost.row(0, named=True)
        raise ReferenceDataError(
            f"{path}: no target of {row['indicator_code']} in force from {row['target_from']}; look into table targets"
        )
    joined = targets.join(asked, on=key, how="left", nulls_equal=True, suffix="_new", maintain_order="left")
    return joined.with_columns(
        pl.coalesce("confirmed_by_new", "confirmed_by").alias("confirmed_by"),
        pl.coalesce("confirmed_on_new", "confirmed_on").alias("confirmed_on"),
    ).select(targets.columns)


def _spans(settings: pl.DataFrame) -> list[Period]:
    named = settings.filter(pl.col("name") == "assessed_spans")["value"].to_list()
    found = []
    for text in " ".join(value or "" for value in named).split():
        try:
            span = Period.parse(text)
        except PeriodError as error:
            raise ReferenceDataError(f"settings.csv, assessed_spans: {error}") from error
        if span.kind != "years":
            raise ReferenceDataError(f"settings.csv, assessed_spans: '{text}' is no span of years; write 2021..2025")
        found.append(span)
    return found


def _periods(spans: list[Period]) -> tuple[pl.DataFrame, pl.DataFrame]:
    windows, quarters = [], []
    for period in (*_labels(), *spans):
        for regime in regimes():
            try:
                first, last = period.window(regime)
            except PeriodError:  # no months outside the calendar, no circular in force that year
                continue
            windows.append((str(period), regime, period.kind, first, last, str(period.previous())))
        if not period.month:
            parts = period.quarters()
            quarters += [(str(period), str(part), no, part == parts[-1]) for no, part in enumerate(parts, start=1)]
    return (
        pl.DataFrame(windows, schema=_schema(tables()["periods"]), orient="row"),
        pl.DataFrame(quarters, schema=_schema(tables()["period_quarters"]), orient="row"),
    )


def _labels() -> list[Period]:
    found = []
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        found.append(Period(year))
        found += [Period(year, half=number) for number in (1, 2)]
        found.append(Period(year, nine_months=True))
        found += [Period(year, quarter=number) for number in (1, 2, 3, 4)]
        found += [Period(year, month=number) for number in range(1, 13)]
    return found


def _derived(name: str, rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=_schema(tables()[name]), orient="row")


def _form_terms() -> pl.DataFrame:
    rows = [
        (
            *(one.circular, one.form_code, one.equation_no, position, position <= len(one.left)),
            *(term.factor, term.column_no, term.is_before, term.form_code),
        )
        for one in forms.equations()
        for position, term in enumerate(one.terms, start=1)
    ]
    return pl.DataFrame(rows, schema=_schema(tables()["form_terms"]), orient="row")


def _questionnaire_items(home_overlay: Path | None) -> pl.DataFrame:
    folder = home_overlay.parent / "questionnaires" if home_overlay else None
    rows = []
    for name in questionnaires.known(folder):
        asked = questionnaires.load(name, folder)
        rows += [
            (
                asked.questionnaire_id,
                item.code,
                number,
                item.label_vi,
                item.label_en,
                item.block,
                item.factor.code,
                item.factor.label_vi,
                item.factor.label_en,
                item.scale.minimum,
                item.scale.maximum,
                min(item.scale.satisfied),
            )
            for number, item in enumerate(asked.items, start=1)
        ]
    return pl.DataFrame(rows, schema=_schema(tables()["questionnaire_items"]), orient="row")
