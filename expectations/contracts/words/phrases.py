"""What an indicator says of a unit in a period: one clause a language, from the facts of its verdict.

Called once for every figure of a warehouse (a hundred thousand times), so it works on plain mappings and formats
numbers directly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from expectations.contracts.words.wording import catalogue, day, period_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expectations.contracts.words.wording import Language

    Facts = Mapping[str, Any]

MOST_UNITS = 3
"""So many missing units are named; the others are counted."""

SIGNS = {"eq": "=", "ge": "≥", "gt": ">", "le": "≤", "lt": "<"}

_WITHOUT_VALUE = {"context": "clause.context.none", "held": "clause.held"}
"""What is said of a figure that has no value; of any other verdict, that nothing occurred."""

_INDEX_NUMBER = re.compile(r" \((?:766-[\d.]+|[\d.]+|PAR INDEX)\)$")
_SEPARATORS = str.maketrans(",.", ".,")


@dataclass(frozen=True, slots=True)
class Scene:
    """What the clauses of a warehouse need besides the facts.

    `names` of indicators and `datasets` by code, each (Vietnamese, English); `sources` the dataset an indicator would
    come from; `dataset_of` the one it comes from; `unit_name` the name of a unit as of a day; `small_denominator` the
    setting.
    """

    names: Mapping[str, tuple[str, str]]
    datasets: Mapping[str, tuple[str, str]]
    sources: Mapping[str, tuple[str, str]]
    dataset_of: Mapping[str, str]
    unit_name: Callable[[str, Any], str]
    small_denominator: int


class Voice:
    """The clauses of one language."""

    def __init__(self, language: Language, scene: Scene) -> None:
        self.language: Language = language
        self.scene = scene
        self.side = 0 if language == "vi" else 1
        self.phrase = f"phrase_{language}"
        self.texts = {key: pair[self.side] for key, pair in catalogue().items()}
        self.names = {code: inner(plain_name(pair[self.side])) for code, pair in scene.names.items()}
        self.datasets = {code: pair[self.side] for code, pair in scene.datasets.items()}
        self.sources = {code: pair[self.side] for code, pair in scene.sources.items()}

    def say(self, key: str, **values: object) -> str:
        """The text under `key` with its places filled."""
        return self.texts[key].format_map(values)

    def number(self, value: float, decimals: int = 0) -> str:
        """1234.5 → `1.234,5` or `1,234.5`."""
        text = f"{value:,.{decimals}f}"
        return text.translate(_SEPARATORS) if self.side == 0 else text

    def clause(self, facts: Facts) -> str:
        """What the verdict says, as a clause without a full stop."""
        verdict, name = facts["verdict"], self.names[facts["indicator_code"]]
        if verdict == "no_source":
            return self.say("clause.no_source", name=name, need=self.sources.get(facts["indicator_code"], "–"))
        if verdict == "no_data":
            return self.say("clause.no_data", name=name, gap=self._gap(facts, "nothing_came"))
        if verdict == "low_coverage":
            return self.say("clause.low_coverage", name=name, gap=self._gap(facts, facts["gap"] or "units"))
        if verdict == "suppressed" or (facts["value"] is None and facts["availability"] == "suppressed"):
            is_sample = facts["is_small_sample"] and facts["sample_size"]
            said = {"sample": self.number(facts["sample_size"])} if is_sample else {}
            return self.say("clause.suppressed" if is_sample else "clause.withheld", name=name, **said)
        if facts["value"] is None:
            return self.say(_WITHOUT_VALUE.get(verdict, "clause.nothing"), name=name)
        return self._judged(verdict, name, facts)

    def _judged(self, verdict: str, name: str, facts: Facts) -> str:
        places: dict[str, object] = {"name": name, "value": self._value(facts)}
        key = f"clause.{verdict}"
        if facts["value_unit"] == "yes_no" and verdict in {"reached", "not_reached"}:
            return self.say(f"clause.yes_no.{verdict}", name=name, target=self._source(facts), since=self._since(facts))
        match verdict:
            case "reached" | "not_reached":
                key += ".down" if facts["direction"] == "down" else ""
                places |= {"target": self._target(facts), **self._story(facts)}
            case "not_due":
                places |= {"target": self._target(facts), "due": day(facts["due_on"], self.language)}
            case "context":
                pass
            case "small":
                places |= {"least": self.scene.small_denominator, "unconfirmed": self._unconfirmed(facts)}
            case "no_previous":
                key += ".previous" if facts["cycle"] == "period" else ".last_year"
                places["unconfirmed"] = self._unconfirmed(facts)
                if facts["split_units"]:
                    key, changed = "clause.no_previous.split", facts["split_on"]
                    eve = changed - timedelta(days=1)
                    named = [self.scene.unit_name(code, eve) for code in facts["split_units"]]
                    places |= {"units": ", ".join(named), "day": day(changed, self.language)}
            case _:
                places |= {"unconfirmed": self._unconfirmed(facts), **self._story(facts)}
        return self.say(key, **places)

    def _story(self, facts: Facts) -> dict[str, str]:
        """How it moved, since when it is so, and by which unit above all."""
        return {"change": self._change(facts), "since": self._since(facts), "worst": self._worst(facts)}

    def _value(self, facts: Facts) -> str:
        value, note = facts["value"], ""
        if facts["low"] is not None:
            note = self.say("value.interval", low=self.number(facts["low"], 1), high=self.number(facts["high"], 1))
            if facts["is_small_sample"]:
                note += self.texts["value.small_sample"]
        if facts["is_too_good"]:
            note += self.texts["value.too_good"]
        if facts["value_unit"] != "%":
            return self._amount(value, facts["value_unit"]) + note
        share = self.number(value, _decimals(value, facts["target"]))
        counts = {side: self.number(facts[side]) for side in ("numerator", "denominator")}
        return self.say("value.share", value=share, **counts) + note

    def _amount(self, value: float, value_unit: str) -> str:
        """A value that is no share, with its unit where that is more than a number of things."""
        text = self.number(value, 0 if float(value).is_integer() else 1)
        key = f"value.{value_unit}"
        return self.say(key, value=text) if key in self.texts else text

    def _source(self, facts: Facts) -> str:
        """Where a duty without a level stands, in brackets; empty where nothing names it."""
        source = facts["source_vi" if self.side == 0 else "source_en"] or facts["target_source"]
        return f" ({source})" if source else ""

    def _target(self, facts: Facts) -> str:
        wanted, percent = facts["target"], facts["value_unit"] == "%"
        amount = self.number(wanted, 0 if float(wanted).is_integer() else 1)
        text = f"{SIGNS[facts['target_op']]} {amount}" + ((" %" if self.side == 0 else "%") if percent else "")
        if facts["is_target_stated"]:
            return self.say("target.stated", target=text.removeprefix("= "))
        source = facts["source_vi" if self.side == 0 else "source_en"] or facts["target_source"]
        if not source:
            return self.say("target.bare", target=text)
        key = "target.borrowed" if facts["is_target_deciding"] else "target.unconfirmed"
        return self.say(key, target=text, source=source)

    def _unconfirmed(self, facts: Facts) -> str:
        return self._target(facts) if facts["target"] is not None and not facts["is_target_deciding"] else ""

    def _change(self, facts: Facts) -> str:
        if facts["change"] is None:
            return ""
        kind = "year" if facts["period_kind"] in {"year", "years"} else facts["comparison"]
        text = ", " + self._move(facts["change"], facts["previous_value"], facts["value_unit"], kind)
        if facts["border_on"] is not None:
            today = facts["either_units"] + facts["outside_units"]
            key = "change.mapped.one" if facts["units_in_scope"] == 1 else "change.mapped"
            text += self.say(key, common=facts["common_units"], today=today, day=day(facts["border_on"], self.language))
        elif facts["common_units"] < facts["either_units"]:
            text += self.say("change.common", common=facts["common_units"], either=facts["either_units"])
        if facts["movement"] == "same" and not _is_nothing(facts["change"], facts["value_unit"]):
            text += self.texts["change.not_significant"]
        if facts["last_year_change"] is not None and facts["comparison"] == "previous" and kind != "year":
            text += ", " + self._move(
                facts["last_year_change"], facts["last_year_value"], facts["value_unit"], "last_year"
            )
        return text

    def _move(self, change: float, before: float, value_unit: str, kind: str) -> str:
        against = self.texts[f"comparison.{kind}"]
        if _is_nothing(change, value_unit):
            return self.say("change.none", against=against)
        if value_unit == "%":
            size = self.say("change.points", size=self.number(abs(change), _decimals(abs(change), None)))
        elif before:
            size = self.say("change.percent", size=self.number(100 * abs(change) / before, 1))
        else:
            return self.say("change.from_zero", count=self.number(change), against=against)
        return self.say("change.rise" if change > 0 else "change.fall", size=size, against=against)

    def _since(self, facts: Facts) -> str:
        first = facts["since_period"]
        if first is None or first == facts["period"]:
            return ""
        return self.say("since", period=period_name(first).to(self.language))

    def _worst(self, facts: Facts) -> str:
        if facts["worst_unit"] is None:
            return ""
        if facts["value_unit"] == "%":
            value = self.say(
                "value.share",
                value=self.number(facts["worst_unit_value"], 1),
                numerator=self.number(facts["worst_unit_numerator"]),
                denominator=self.number(facts["worst_unit_denominator"]),
            )
        else:
            value = self._amount(facts["worst_unit_value"], facts["value_unit"])
        unit = self.scene.unit_name(facts["worst_unit"], facts["period_to"])
        return self.say("worst.down" if facts["direction"] == "down" else "worst.up", unit=unit, value=value)

    def _gap(self, facts: Facts, gap: str) -> str:
        dataset = self.datasets.get(self.scene.dataset_of.get(facts["indicator_code"], ""), "–")
        if gap == "nothing_came":
            return self.say("gap.nothing_came", dataset=dataset)
        if gap == "months":
            return self.say("gap.months", known=facts["months_known"], all=facts["months_in_span"], dataset=dataset)
        is_alone = facts["units_in_scope"] == 1
        if gap == "units" and is_alone:
            return self.say("gap.own", dataset=dataset)
        held = {
            "missing": self.number(facts["rows_missing"] or 0),
            "held": self.number((facts["rows_missing"] or 0) + (facts["rows_counted"] or 0)),
        }
        reporting = {"reporting": facts["units_reporting"], "scope": facts["units_in_scope"]}
        units = self._units(facts["missing_units"] or (), facts["period_to"])
        if gap == "not_robust":
            part = "units" if facts["missing_units"] else "rows" if facts["rows_missing"] else "before"
            value = self._value(facts)
            claim = self.texts["claim.reached" if facts["is_target_deciding"] else f"claim.{facts['movement']}"]
            return self.say(
                f"gap.not_robust.{part}", dataset=dataset, value=value, units=units, claim=claim, **held, **reporting
            )
        return self.say(f"gap.{gap}", dataset=dataset, units=units, **held, **reporting)

    def _units(self, codes: Sequence[str], on: Any) -> str:
        names = [self.scene.unit_name(code, on) for code in codes[:MOST_UNITS]]
        text = ", ".join(names)
        left = len(codes) - len(names)
        return self.say("gap.more_units", units=text, count=left) if left else text


@lru_cache(maxsize=1024)
def inner(text: str) -> str:
    """A name as it stands within a sentence: its first letter small, unless the word is an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def plain_name(text: str) -> str:
    """The name of an indicator without the number it has in an index."""
    return _INDEX_NUMBER.sub("", text)


def _decimals(amount: float, target: float | None) -> int:
    """One decimal; two where one would hide on which side of the target the figure lies, or that it moved at all."""
    shown = round(amount, 1)
    return 2 if (shown == target and amount != target) or (shown == 0 and amount != 0) else 1


def _is_nothing(change: float, value_unit: str) -> bool:
    return abs(change) < (0.005 if value_unit == "%" else 1e-9)
