"""The assessment as a report to be signed: headings, sentences and tables in the order of a báo cáo sơ kết.

One outline, from which the DOCX, the PDF and the sheets of the XLSX are written, so that all say the same. Every
sentence is made from the figures of the document; where only a person can write, a marked place says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from expectations.contracts.documents import read_yaml
from expectations.contracts.words.reasons import deciding
from expectations.contracts.words.wording import Language, both, day, percent, quantity, regime_words, words
from warehouse.reports.briefing import why_lacking
from warehouse.reports.corrections import action_words, place_of
from warehouse.reports.figures import absence, sentence
from warehouse.reports.page import both_sides, responsible, short_name, target_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_WIDE, _LONG = 6, 200
"""More columns than this, or a longer text in a cell, want a page turned sideways."""
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; level 1 is a part of the report, 2 a section of it, 3 a paragraph's own title."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """One paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """Sentences that stand one under the other."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToWrite:
    """A place where only a person can write: what belongs there."""

    what: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: what a reader sees, and the number behind it with its unit of measure."""

    text: str
    value: float | None = None
    value_unit: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """An annex: name, title, unit of measure; a head and rows of cells. `name` is short enough for a sheet."""

    name: str
    title: str
    unit_line: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def is_wide(self) -> bool:
        """Whether it wants a page turned sideways."""
        return len(self.head) > _WIDE or any(len(cell.text) > _LONG for row in self.rows for cell in row)

    def is_numeric(self, place: int) -> bool:
        """Whether a column holds numbers."""
        return any(row[place].value is not None for row in self.rows)

    def weights(self) -> list[float]:
        """How much room each column wants: what its cells hold on average, a head's longest word at least."""
        found = []
        for place, head in enumerate(self.head):
            mean = sum(len(row[place].text) for row in self.rows) / max(len(self.rows), 1)
            found.append(min(max(mean**0.75, max(map(len, head.split()), default=1), 5), 45))
        return found


Block = Heading | Text | Items | ToWrite | Table


@dataclass(frozen=True, slots=True)
class Outline:
    """The report: its head, the briefing that is signed, the body and the annexes.

    `issuer` is the body that issues it, `dateline` place and day, `attached` what every annex says it belongs to.
    """

    issuer: str
    dateline: str
    title: str
    subject: str
    period: str
    windows: tuple[str, ...]
    briefing: tuple[Block, ...]
    body: tuple[Block, ...]
    attached: str
    annexes: tuple[Table, ...]

    @staticmethod
    def numeral(place: int) -> str:
        """The number of an annex by its place, the first being 0."""
        return _ROMAN[place] if place < len(_ROMAN) else str(place + 1)


def outline(document: Mapping[str, Any], language: Language = "vi") -> Outline:
    """The outline of an assessment document (see `warehouse.reports.assessment`) in one language."""
    told = _Told(document, language)
    head, unit = document["letterhead"], document["unit"]
    issuer = str(head["issuing_body"] or f"{told.words('head.body')} {unit['name_vi']}")
    place = head["place"] or unit["short_name"] or unit["name_vi"]
    return Outline(
        issuer=issuer,
        dateline=f"{place}, {told.words('head.dateline')}",
        title=told.words("head.title"),
        subject=told.words("head.subject"),
        period=told.words("head.period", period=document["period"][f"name_{language}"]),
        windows=tuple(told.windows()),
        briefing=tuple(told.briefing()),
        body=tuple(told.body()),
        attached=told.words("annex.attached", suffix=head["number_suffix"], body=issuer),
        annexes=tuple(told.annexes()),
    )


@lru_cache(maxsize=1)
def parts() -> dict[str, list[str]]:
    """The parts that hold results and their indicators, in order."""
    found: dict[str, list[str]] = read_yaml(files(__package__).joinpath("outline.yaml").read_text(encoding="utf-8"))
    return found


class _Told:
    """One document in one language."""

    def __init__(self, document: Mapping[str, Any], language: Language) -> None:
        self.document, self.language = document, language
        self.goals = [goal for section in document["sections"] for goal in section["goals"]]
        self.figures: dict[str, dict[str, Any]] = {}
        for goal in self.goals:
            for figure in goal["figures"]:
                if figure["is_primary"]:
                    self.figures.setdefault(figure["indicator_code"], figure)

    def words(self, key: str, **values: Any) -> str:
        return words(key, **values).to(self.language)

    def named(self, row: Mapping[str, Any], stem: str = "name") -> str:
        return str(row[f"{stem}_{self.language}"] or row[f"{stem}_vi"] or "")

    def windows(self) -> Iterator[str]:
        by_days: dict[tuple[str, str], list[str]] = {}
        for window in self.document["period"]["windows"]:
            by_days.setdefault((window["from"], window["to"]), []).append(
                regime_words(window["regime"]).to(self.language)
            )
        for (first, last), regimes in by_days.items():
            said = self.words("head.window", first=both(day, first), last=both(day, last))
            yield f"{said} ({', '.join(regimes)})"

    # --- what is signed ------------------------------------------------------------------------------------------

    def briefing(self) -> Iterator[Block]:
        told = self.document["briefing"]
        yield Heading(1, self.words("briefing.title"))
        yield Text(str(told[f"conclusion_{self.language}"]))
        yield Heading(2, self.words("briefing.figures"))
        if told["key_figures"]:
            yield Items(tuple(self.statement(figure) for figure in told["key_figures"]))
        else:
            yield Text(self.words("briefing.no_figures"))
        yield Heading(2, self.words("briefing.problems"))
        if told["problems"]:
            yield Items(tuple(self.problem(problem) for problem in told["problems"]))
        else:
            yield Text(self.words("briefing.no_problems"))
        yield Heading(2, self.words("briefing.improved"))
        if told["improved"]:
            yield Items(tuple(self.statement(figure) for figure in told["improved"]))
        else:
            yield Text(self.words("briefing.no_improved"))
        yield Heading(2, self.words("briefing.owed"))
        if told["owed"]:
            yield Items(tuple(self.owed(row) for row in told["owed"]))
            if told["owed_more_count"]:
                yield Text(self.words("briefing.more_owed", count=told["owed_more_count"]))
        else:
            yield Text(self.words("briefing.no_owed"))
        if told["lacking_count"]:
            values = {"count": told["lacking_count"], "why": why_lacking(told), "annex": self.reasons_annex()}
            yield Text(self.words("briefing.lacking.annex", **values))

    def statement(self, figure: Mapping[str, Any]) -> str:
        """One figure that has a value as a sentence: value, comparison, target, and on how many units it rests."""
        said = [sentence(dict(figure)).to(self.language)]
        if (figure["previous"] or {}).get("is") == "not_significant":
            said[0] += f" ({self.words('direction.not_significant')})"
        past = figure["same_period_last_year"]
        if past and past["value"] is not None:
            said.append(self.words("figure.last_year", value=both(quantity, past["value"], figure["value_unit"])))
        if figure["target"]:
            said.append(self.target(figure))
        scope, reporting = figure["units_in_scope"], figure["units_reporting"]
        if scope and reporting is not None and reporting < scope:
            said.append(self.words("figure.units", reporting=reporting, scope=scope))
        return f"{self.named(figure)}: {'; '.join(said)}."

    def absent(self, figure: Mapping[str, Any]) -> str:
        """A figure without a value: its name, and why it has none where that is not for want of data."""
        is_plain = figure["availability"] in {"no_data", "no_source_yet"}
        return self.named(figure) + ("" if is_plain else f" ({absence(dict(figure)).to(self.language)})")

    def target(self, figure: Mapping[str, Any]) -> str:
        target = figure["target"]
        shown = f"{self.words('figure.target').lower()} {target_text(figure).to(self.language)}"
        if not target["is_confirmed"]:
            return f"{shown} ({self.words('figure.unconfirmed')})"
        if figure["verdict"] == "not_due":
            return f"{shown} ({self.words('verdict.not_due').lower()})"
        if target["is_reached"] is None:
            return shown
        return f"{shown} ({self.words('figure.reached' if target['is_reached'] else 'figure.not_reached')})"

    def problem(self, problem: Mapping[str, Any]) -> str:
        figure = problem["figure"]
        said = [self.statement(figure)]
        if problem["units"]:
            units = [
                self.words(
                    "briefing.unit",
                    name=unit["name_vi"],
                    value=both(percent, unit["value"]),
                    numerator=unit["numerator"],
                    denominator=unit["denominator"],
                )
                for unit in problem["units"]
            ]
            said.append(f"{self.words('briefing.units')}: {'; '.join(units)}.")
        cause = problem["cause"]
        if cause:
            key, name = f"briefing.cause.{cause['kind']}", self.named(cause)
            where = self.words(key, name=name, count=cause["count"], total=cause["total"])
            said.append(f"{self.words('briefing.cause')} {where}.")
        said.append(f"{self.words('goal.responsible')}: {responsible(problem['responsible']).to(self.language)}.")
        goals = ", ".join(goal["goal_id"] for goal in problem["goals"])
        said.append(self.words("briefing.keeps.annex", goals=goals, annex=self.reasons_annex()))
        return " ".join(said)

    def owed(self, row: Mapping[str, Any]) -> str:
        items = [
            self.words(
                f"briefing.item.{item['status']}",
                label=self.named(item, "label"),
                due=both(day, item["due_on"]),
            )
            for item in row["items"]
        ]
        return f"{row['unit_vi']}: {'; '.join(items)}."

    # --- the body ------------------------------------------------------------------------------------------------

    def body(self) -> Iterator[Block]:
        for key, codes in parts().items():
            if key == "part_1":
                yield Heading(1, self.words("outline.part_1"))
                yield ToWrite(self.words("outline.situation"))
            elif key == "part_2_1":
                yield Heading(1, self.words("outline.part_2"))
            if key != "part_1":
                yield Heading(2, self.words(f"outline.{key}"))
            shown = [self.figures[code] for code in codes if code in self.figures]
            known = [figure for figure in shown if figure["value"] is not None]
            yield Items(tuple(self.statement(figure) for figure in known))
            lacking = [self.absent(figure) for figure in shown if figure["value"] is None]
            if lacking:
                yield Text(self.words("outline.lacking", names="; ".join(lacking)))
        yield from self.conclusions()

    def conclusions(self) -> Iterator[Block]:
        yield Heading(1, self.words("outline.part_3"))
        yield Text(self.words("outline.reasons", annex=self.reasons_annex()))
        for status, key in (("met", "strong"), ("partly_met", "partly"), ("not_met", "weak")):
            yield Heading(2, self.words(f"outline.{key}"))
            found = [goal for goal in self.goals if goal["status"] == status]
            yield Items(tuple(self.goal(goal) for goal in found)) if found else Text(self.words("outline.none"))
        yield Heading(2, self.words("outline.unknown"))
        lacking = [goal for goal in self.goals if goal["status"] == "not_enough_data"]
        yield Items(tuple(self.goal(goal) for goal in lacking)) if lacking else Text(self.words("outline.none"))
        yield Heading(2, self.words("outline.narrative"))
        for goal in self.goals:
            if goal["status"] == "narrative":
                yield from self.narrative(goal)
        for key in ("causes", "lessons"):
            yield Heading(2, self.words(f"outline.{key}"))
            yield ToWrite(self.words(f"outline.{key}.write"))
        yield Heading(1, self.words("outline.part_4"))
        for section in self.document["sections"]:
            unmet = [goal for goal in section["goals"] if goal["status"] in {"not_met", "partly_met"}]
            if section["section"].startswith("2.") and unmet:
                yield Heading(2, self.words(f"section.{section['section']}"))
                yield Items(tuple(self.task(goal) for goal in unmet))
        yield ToWrite(self.words("outline.measures.write"))
        yield Heading(1, self.words("outline.part_5"))
        yield ToWrite(self.words("outline.proposals.write"))

    def goal(self, goal: Mapping[str, Any]) -> str:
        reason = deciding(self.named(goal, "reason"), self.language)
        status = f"{self.words('status.' + goal['status'])}: "  # the heading above has said it
        reason = reason.removeprefix(status)
        return f"{self.quote(goal)}: {reason[:1].lower() + reason[1:]}".rstrip(". ") + "."

    def quote(self, goal: Mapping[str, Any]) -> str:
        return f"{goal['goal_id']} “{self.entry(goal)}”"

    def entry(self, goal: Mapping[str, Any]) -> str:
        return str((goal["gloss_en"] if self.language == "en" else None) or goal["quote_vi"] or goal["goal_id"])

    def task(self, goal: Mapping[str, Any]) -> str:
        bodies = responsible(goal["responsible"]).to(self.language)
        return f"{self.quote(goal)}" + (f" ({self.words('goal.responsible').lower()}: {bodies})." if bodies else ".")

    def narrative(self, goal: Mapping[str, Any]) -> Iterator[Block]:
        told = goal["narrative"] or {}
        if not told.get("text"):
            yield ToWrite(self.words("outline.narrative.write", goal=self.quote(goal)))
            return
        by = ", ".join(part for part in (told["author"], told["entered_on"] and self.day(told["entered_on"])) if part)
        yield Text(f"{self.quote(goal)}: {told['text']}" + (f" ({by})" if by else ""))

    def day(self, value: str) -> str:
        return day(value, self.language)

    # --- annexes -------------------------------------------------------------------------------------------------

    def annexes(self) -> Iterator[Table]:
        yield self.goals_table()
        yield self.figures_table()
        for stream in self.document["side_by_side"]["streams"]:
            yield self.units_table(stream)
        yield self.missing_table()
        if self.document["signature"]:
            yield self.signature_table(self.document["signature"])
        if self.document["corrections"]:
            yield self.corrections_table()
        if self.document["reconciliations"]:
            yield self.reconciliations_table()

    def reasons_annex(self) -> str:
        """Where the goals stand with their whole reasons: the first annex."""
        return self.words("annex.number", number=Outline.numeral(0))

    def goals_table(self) -> Table:
        head = ("goal", "entry", "status", "previous", "reason", "responsible")
        return Table(
            self.words("annex.goals"),
            self.words("annex.goals.title"),
            "",
            tuple(self.words(f"annex.head.{name}") for name in head),
            tuple(
                (
                    Cell(goal["goal_id"]),
                    Cell(self.entry(goal)),
                    Cell(self.words(f"status.{goal['status']}")),
                    Cell(self.words(f"status.{goal['previous_status']}") if goal["previous_status"] else "–"),
                    Cell(self.named(goal, "reason")),
                    Cell(responsible(goal["responsible"]).to(self.language)),
                )
                for goal in self.goals
            ),
        )

    def figures_table(self) -> Table:
        head = ("code", "indicator", "value", "numerator", "denominator", "target", "previous", "last_year", "units")
        return Table(
            self.words("annex.figures"),
            self.words("annex.figures.title"),
            "",
            tuple(self.words(f"annex.head.{name}") for name in head),
            tuple(self.figure_row(figure) for figure in self.figures.values()),
        )

    def figure_row(self, figure: Mapping[str, Any]) -> tuple[Cell, ...]:
        unit = figure["value_unit"]
        previous, year_before = figure["previous"] or {}, figure["same_period_last_year"] or {}
        scope = figure["units_in_scope"]
        return (
            Cell(figure["indicator_code"]),
            Cell(self.named(figure)),
            self.amount(figure["value"], unit),
            self.amount(figure["numerator"] if unit == "%" else None, "count"),
            self.amount(figure["denominator"] if unit == "%" else None, "count"),
            Cell(target_text(figure).to(self.language) if figure["target"] else "–"),
            self.amount(previous.get("value"), unit),
            self.amount(year_before.get("value"), unit),
            Cell(f"{figure['units_reporting']}/{scope}" if scope else "–"),
        )

    def amount(self, value: float | None, unit: str) -> Cell:
        return Cell(quantity(value, unit, self.language), value, unit)

    def units_table(self, stream: Mapping[str, Any]) -> Table:
        names = {unit["unit_code"]: unit for unit in self.document["side_by_side"]["units"]}
        name = self.words(f"stream.{stream['stream']}")
        return Table(
            name,
            self.words("annex.units.title", stream=name),
            self.words("units.unit_of_measure"),
            (
                self.words("units.unit"),
                *(f"{self.named(one)} ({one['indicator_code']})" for one in stream["indicators"]),
            ),
            tuple(
                (
                    Cell(short_name(names[row["unit_code"]])),
                    *(self.amount(cell["value"] if cell else None, "%") for cell in row["cells"]),
                )
                for row in stream["rows"]
            ),
        )

    def missing_table(self) -> Table:
        return Table(
            self.words("annex.missing"),
            self.words("annex.missing.title"),
            "",
            tuple(self.words(f"missing.{name}") for name in ("dataset", "reporting", "share", "units")),
            tuple(
                (
                    Cell(self.named(row, "label")),
                    Cell(f"{row['units_reporting']}/{row['units_in_scope']}"),
                    self.amount(row["coverage_pct"], "%"),
                    Cell("; ".join(unit["name_vi"] for unit in row["missing_units"]) or self.words("missing.nobody")),
                )
                for row in self.document["coverage"]
                if row["coverage_pct"] is not None
            ),
        )

    def signature_table(self, signed: Mapping[str, Any]) -> Table:
        """Who signed the period, and what is published otherwise since."""
        when = {"role": signed["role"], "day": self.day(signed["signed_at"])}
        said = self.words("signature.said", **when)
        key = "changed" if signed["changes"] else "unchanged"
        counts = {"count": len(signed["changes"]), "material": signed["material_count"]}
        return Table(
            self.words("signature.annex"),
            self.words("signature.title"),
            f"{said} {self.words(f'signature.{key}', **counts)}",
            tuple(self.words(f"signature.{name}") for name in ("unit", "about", "old", "new", "files", "weight")),
            tuple(
                tuple(
                    map(
                        Cell,
                        (
                            row["unit_vi"],
                            row[f"about_{self.language}"],
                            row[f"old_{self.language}"],
                            row[f"new_{self.language}"],
                            "; ".join(row["files"]),
                            self.words(f"signature.{'material' if row['is_material'] else 'slight'}"),
                        ),
                    )
                )
                for row in signed["changes"]
            ),
        )

    def corrections_table(self) -> Table:
        heads = ("id", "where", "what", "why", "who", "state")
        return Table(
            self.words("correction.annex"),
            self.words("correction.title"),
            "",
            tuple(self.words(f"correction.{name}") for name in heads),
            tuple(
                tuple(
                    map(
                        Cell,
                        (
                            row["correction_id"],
                            place_of(row),
                            action_words(row).to(self.language),
                            row["reason"],
                            self.words("correction.said", who=row["decided_by"], day=self.day(row["decided_on"])),
                            self.words(f"correction.state.{row['state']}"),
                        ),
                    )
                )
                for row in self.document["corrections"]
            ),
        )

    def reconciliations_table(self) -> Table:
        """What the forms say, what the cases say, and which of them the report prints."""
        return Table(
            self.words("reconcile.sheet"),
            self.words("reconcile.title"),
            "",
            tuple(self.words(f"reconcile.{name}") for name in ("indicator", "form", "register", "printed", "said")),
            tuple(
                (
                    Cell(self.named(row)),
                    self.amount(row["form_value"], "%"),
                    self.amount(row["register_value"], "%"),
                    Cell(self.words(f"reconcile.{row['printed']}")),
                    Cell(self.compared(row)),
                )
                for row in self.document["reconciliations"]
            ),
        )

    def compared(self, row: Mapping[str, Any]) -> str:
        """Whether form and cases agree, and how many units of the province differ."""
        units = row["differing_units"]
        own = both_sides(row).to(self.language)
        if not units:
            return own
        return f"{own} {self.words('reconcile.units', count=len(units), units=', '.join(units))}"
