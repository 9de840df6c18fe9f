"""Checks across periods and sources: one SELECT a file beside the models, run after them; their rows are findings.

A rule that needs more than one delivery cannot be judged when a file comes. It stands in `warehouse/models/checks/`,
with a header as every model has, and

    -- rule: Q33                      (the id of the register of rules)
    -- severity: warning              (nothing is held back: the rows are loaded long ago)
    -- datasets: petition_forms …     (what it reads; * where it reads figures of any)
    -- alert: period_restated         (only where a person must be told: a name of ALERTS)

Its SELECT gives facts, no sentence; columns it lacks are empty: check_name, dataset, unit_code, period, about_code,
other_unit_code, other_period, left_value, right_value, is_confidential, feed, and where two files differ delivery_id,
other_feed, other_delivery_id. What is said of them stands in the catalogue of words under `check.<check_name>`. The
findings follow the present state: one whose cause is gone is gone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from expectations.contracts.alerts import Alert, period_restated
from expectations.contracts.findings import Finding, finding_id
from expectations.contracts.model import contract, datasets
from expectations.contracts.sql import literal
from expectations.contracts.times import now
from expectations.contracts.words.wording import Words, number, period_name, texts, words
from warehouse import guarded, sentences
from warehouse.handing import insert
from warehouse.model_files import ModelError, split
from warehouse.outbox import raise_alerts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    import duckdb

    from expectations.contracts.words.wording import Language

FACTS = {
    "check_name": "varchar",
    "dataset": "varchar",
    "unit_code": "varchar",
    "period": "varchar",
    "about_code": "varchar",
    "other_unit_code": "varchar",
    "other_period": "varchar",
    "left_value": "double",
    "right_value": "double",
    "is_confidential": "boolean",
    "feed": "varchar",
    "delivery_id": "varchar",
    "other_feed": "varchar",
    "other_delivery_id": "varchar",
}
"""What the SELECT of a check may give, with its type."""

HEADER = ("vi", "grain", "rule", "severity", "datasets")

ALERTS: Mapping[str, Callable[[str, str, Sequence[str]], Alert]] = {"period_restated": period_restated}
"""What a check may name as its alert: feed, period and the sentences of its findings → one alert."""


@dataclass(frozen=True, slots=True)
class Check:
    """A rule across periods or sources: what its header says, and its SELECT."""

    name: str
    rule_id: str
    severity: str
    alert: str | None
    query: str


@lru_cache(maxsize=1)
def checks() -> tuple[Check, ...]:
    """Every check, in the order of their names. Raises ModelError for a file that is not one described SELECT."""
    folder = files("warehouse").joinpath("models", "checks")
    return tuple(
        parse(entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".sql")
    )


def parse(name: str, text: str) -> Check:
    """Read one file of checks. Raises ModelError when its header or its SELECT is not as the house wants it."""
    import duckdb  # noqa: PLC0415 - heavy

    prose, said, query = split(f"checks.{name}", text, HEADER)
    if not prose.endswith("."):
        raise ModelError(f"checks.{name}: the header says in whole sentences what is checked")
    unknown = [one for one in said["datasets"].split() if one not in {*datasets(), "*"}]
    if unknown:
        raise ModelError(
            f"checks.{name}: no dataset {', '.join(unknown)}; known: {', '.join(datasets())}, or * for all"
        )
    if said.get("alert") not in {None, *ALERTS}:
        raise ModelError(f"checks.{name}: no alert '{said['alert']}'; known: {', '.join(ALERTS)}")
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise ModelError(f"checks.{name}: DuckDB cannot read the SELECT: {error}") from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ModelError(f"checks.{name}: a check is exactly one SELECT")
    return Check(
        name=name,
        rule_id=said["rule"],
        severity=said["severity"],
        alert=said.get("alert"),
        query=query,
    )


def record(con: duckdb.DuckDBPyConnection, run_id: str | None = None) -> int:
    """Run every check over what was just built and put its findings in place of the last; how many there are.

    Runs inside the transaction of the build, the alerts of `ALERTS` too. A finding that was known keeps the moment it
    was found first.
    """
    _ask(con, checks())
    _name_feeds(con)
    facts = con.execute(f"select rule_id, severity, alert, {', '.join(FACTS)} from check_facts order by all").fetchall()
    names = ("rule_id", "severity", "alert", *FACTS)
    found = [dict(zip(names, row, strict=True)) for row in facts]
    tell = _speaker(con)
    known = dict(con.execute("select finding_id, found_at from ops.check_findings").fetchall())
    moment = now()
    rows = []
    for one in found:
        said = tell(one)
        one |= {"message_vi": said.vi, "message_en": said.en, "finding_id": _identity(one)}
        one["found_at"] = known.get(one["finding_id"], moment)
        rows.append(one)
    con.execute("delete from ops.check_findings")
    _insert(con, rows)
    raise_alerts(con, _alerts(rows), run_id)
    con.execute("drop table check_facts")
    return len(rows)


def _ask(con: duckdb.DuckDBPyConnection, asked: Iterable[Check]) -> None:
    """Temporary table `check_facts`: the rows of every check with its rule, severity and alert."""
    import duckdb  # noqa: PLC0415 - imported by whoever holds a connection

    columns = ", ".join(f"{name} {kind}" for name, kind in FACTS.items())
    con.execute(
        f"create or replace temp table check_facts (rule_id varchar, severity varchar, alert varchar, {columns})"
    )
    for one in asked:
        marks = f"{literal(one.rule_id)} as rule_id, {literal(one.severity)} as severity, {literal(one.alert)} as alert"
        try:
            con.execute(f"insert into check_facts by name select {marks}, said.* from ({one.query}) as said")
        except duckdb.Error as error:
            raise ModelError(f"check {one.name} cannot be run: {error}") from error


def _name_feeds(con: duckdb.DuckDBPyConnection) -> None:
    """The feed whose rows a finding speaks of: that of the unit's rows, else the one that owes them."""
    met = {
        str(name) for (name,) in con.execute("select distinct dataset from check_facts where feed is null").fetchall()
    }
    parts = [
        "select dataset, unit_code, period, feed, 2 as choice from ops.obligations",
        *(
            f"select {literal(name)}, said.unit_code, said.period, landed.feed, 1 from core.{name}_current as said"
            " join ops.landed as landed on landed.delivery_id = said._delivery_id"
            " where (said.unit_code, said.period) in"
            f" (select (unit_code, period) from check_facts where dataset = {literal(name)})"
            for name in datasets()
            if name in met
        ),
    ]
    con.execute(
        "update check_facts set feed = named.feed from ("
        " select dataset, unit_code, period, arg_min(feed, (choice, feed)) as feed"
        f" from ({' union all '.join(parts)}) group by all) as named"
        " where check_facts.feed is null and named.dataset = check_facts.dataset"
        " and named.unit_code = check_facts.unit_code and named.period = check_facts.period"
    )
    # how many petitions a unit has, less those a release shows, is how many denunciations it has
    con.execute(
        "update check_facts set is_confidential = coalesce(is_confidential, false) or list_contains(?, dataset)",
        [list(guarded.cases_that_leave())],
    )


def _speaker(con: duckdb.DuckDBPyConnection) -> Callable[[dict[str, Any]], Words]:
    """What is said of a finding, in both languages."""
    unit_name = sentences.unit_names(con)
    labels = {
        str(code): Words(str(vi), str(en))
        for code, vi, en in con.execute(
            "select indicator_code, name_vi, name_en from ref.indicators"
            " union all select dataset, label_vi, label_en from marts.datasets"
        ).fetchall()
    }
    labels |= _score_labels(con)
    file_names: dict[str, str] = dict(
        con.execute(
            "select delivery_id, coalesce(file_name, delivery_id) from ops.landed where delivery_id in"
            " (select unnest([delivery_id, other_delivery_id]) from check_facts)"
        ).fetchall()
    )
    ends: dict[str, date] = dict(
        con.execute("select period, last_day from ref.periods where regime = 'CALENDAR'").fetchall()
    )

    def about(code: str | None) -> Words | str | None:
        if code is None or code in labels:
            return labels.get(code or "")
        key = f"check.about.{code}"
        return words(key) if key in texts() else spelled(code)

    def tell(one: dict[str, Any]) -> Words:
        period, other = one["period"], one["other_period"] or one["period"]
        unit = unit_name(one["unit_code"], ends.get(period, now().date())) if one["unit_code"] else one["feed"]
        other_unit = one["other_unit_code"]
        return words(
            f"check.{one['check_name']}",
            unit=unit,
            period=period_name(period),
            dataset=labels.get(one["dataset"], one["dataset"]),
            about=about(one["about_code"]),
            other_unit=unit_name(other_unit, ends.get(other, now().date())) if other_unit else unit,
            other_period=period_name(other),
            left=_exact(one["left_value"]) if one["delivery_id"] else one["left_value"],
            right=_exact(one["right_value"]) if one["delivery_id"] else one["right_value"],
            gap=abs(one["left_value"] or 0),
            feed=one["feed"],
            other_feed=one["other_feed"],
            file=file_names.get(one["delivery_id"]),
            other_file=file_names.get(one["other_delivery_id"]),
        )

    return tell


def _exact(value: float | None) -> Words | None:
    """A figure as its file prints it: two copies that differ in the third decimal must not look alike."""
    if value is None:
        return None
    decimals = len(f"{value:.6f}".rstrip("0").partition(".")[2])
    return Words(number(value, "vi", decimals), number(value, "en", decimals))


def _score_labels(con: duckdb.DuckDBPyConnection) -> dict[str, Words]:
    """What the figures of a published index are called, by index, column and method."""
    source = contract("index_scores")
    named = con.execute("select method_code, any_value(name_vi), any_value(name_en) from ref.index_methods group by 1")
    methods = {str(code): Words(str(vi), str(en)) for code, vi, en in named.fetchall()}
    return {
        ".".join(filter(None, (index.value, column.name, method))): words(
            "check.of.score" if method else "check.of.count",
            index=Words(index.label_vi, index.label_en),
            figure=Words(column.label_vi.lower(), column.name.replace("_", " ")),
            method=methods.get(method),
        )
        for index in source.column("index_code").codes
        for column in source.stored_columns
        if column.type in {"integer", "decimal"}
        for method in ("", *methods)
    }


def spelled(code: str) -> Words | str:
    """A form and its equation as a person reads them: `01/XLD: c2 = prev(c5)` → `01/XLD: cột 2 = cột 5 kỳ trước`."""
    if not _COLUMN.search(code):
        return code

    def to(language: Language) -> str:
        def column(found: re.Match[str]) -> str:
            kind = "before" if found["before"] else "elsewhere" if found["form"] else "here"
            number = found["before"] or found["number"]
            return words(f"check.column.{kind}", number=number, form=found["form"]).to(language)

        return _COLUMN.sub(column, code)

    return Words(to("vi"), to("en"))


_COLUMN = re.compile(r"prev\(c(?P<before>\d+)\)|(?:(?P<form>\d\d/[A-Z]+)\.)?\bc(?P<number>\d+)\b")


def _identity(one: dict[str, Any]) -> str:
    """The same failure of the same unit, period and matter has the same id for ever, whatever the numbers."""
    finding = Finding(one["rule_id"], one["check_name"], one["severity"], "", column_name=one["about_code"])
    place = (one["dataset"], one["feed"], one["unit_code"], one["period"], *filter(None, (one["other_feed"],)))
    return finding_id("|".join(str(part or "") for part in place), finding)


def _insert(con: duckdb.DuckDBPyConnection, rows: Sequence[dict[str, Any]]) -> None:
    kinds = {
        "finding_id": "varchar", "rule_id": "varchar", "severity": "varchar", "message_vi": "varchar",
        "message_en": "varchar", "found_at": "timestamp", **FACTS,
    }  # fmt: skip
    insert(con, "ops.check_findings", kinds, [tuple(one[name] for name in kinds) for one in rows])


def _alerts(rows: Sequence[dict[str, Any]]) -> Iterator[Alert]:
    """One alert a kind, feed and period, however many of its totals moved."""
    told: dict[tuple[str, str, str], list[str]] = {}
    for one in rows:
        if one["alert"] and one["feed"]:
            told.setdefault((one["alert"], one["feed"], one["period"]), []).append(one["message_vi"])
    for (alert, feed, period), said in told.items():
        yield ALERTS[alert](feed, period, said)
