"""The explanation of a figure (`warehouse.walk_back`) as text for a terminal, in Vietnamese or English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.words.phrases import SIGNS
from expectations.contracts.words.wording import change, day, moment, number, period_name, quantity, words
from warehouse.reports.corrections import action_words, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expectations.contracts.words.wording import Language

    Row = Mapping[str, Any]

MOST_PLACES = 12
"""So many deliveries, spans of rows, cells or units are named in a line; the document has all."""

_INDENT = "  "


def render_text(document: Row, language: Language) -> str:
    """The explanation, a paragraph a question, in the order in which an official asks them."""
    return "\n".join(_Text(language, document).lines()) + "\n"


class _Text:
    def __init__(self, language: Language, document: Row) -> None:
        self.language: Language = language
        self.document = document
        self.figure: Row = document["figure"]

    def say(self, key: str, **values: object) -> str:
        return words(f"explain.{key}", **values).to(self.language)

    def either(self, row: Row, name: str) -> str:
        """The text of a column in the language asked for."""
        return str(row[f"{name}_{self.language}"] or row[f"{name}_vi"] or "")

    def value(self, value: float | None) -> str:
        return quantity(value, self.figure["value_unit"], self.language)

    def lines(self) -> Iterator[str]:
        figure = self.figure
        yield f"{figure['indicator_code']} · {self.either(figure, 'name')}"
        window = self.say("window", first=figure["period_from"], last=figure["period_to"])
        period = period_name(figure["period"]).to(self.language)
        yield f"{figure['unit_vi']} ({figure['unit_code']}), {period} · {window}"
        yield ""
        for key, body in (
            ("value", self._value()),
            ("definition", self._definition()),
            *((f"part.{part}", self._terms(part)) for part in ("numerator", "denominator")),
            ("deliveries", self._deliveries()),
            ("quarantine", self._quarantine()),
            ("missing", self._missing()),
            ("corrections", self._corrections()),
            ("explanations", self._explanations()),
            ("target", self._target()),
            ("comparison", self._comparisons()),
            ("verdict", self._verdict()),
        ):
            told = list(body)
            if told:
                yield f"{self.say(key)}: {told[0]}"
                yield from (_INDENT + line for line in told[1:])

    def _value(self) -> Iterator[str]:
        figure = self.figure
        if figure["value"] is None:
            yield self.say(f"no_value.{figure['availability']}")
        else:
            text = self.value(figure["value"])
            if figure["denominator"] is not None:
                counts = [number(figure[name], self.language) for name in ("numerator", "denominator")]
                text += f" = {counts[0]}/{counts[1]}"
            if figure["low"] is not None:
                text += "; " + self.say("interval", low=self.value(figure["low"]), high=self.value(figure["high"]))
            yield text
        if figure["note_vi"]:
            yield figure["note_vi"]

    def _definition(self) -> Iterator[str]:
        said = self.document["definition"]
        name = f" · {self.either(said, 'name')}" if said["name_vi"] else ""
        yield f"{self.figure['definition_id']}{name}"
        # in Vietnamese the labels of the terms say it, just below
        if said["numerator"] and self.language == "en":
            key = "terms.share" if said["denominator"] else "terms"
            yield self.say(key, numerator=said["numerator"], denominator=said["denominator"])
        if said["rule"]:
            yield str(said["rule_vi" if self.language == "vi" else "rule"])

    def _terms(self, part: str) -> Iterator[str]:
        own = [term for term in self.document["terms"] if term["part"] == part]
        if not own:
            return
        yield number(self.figure[part], self.language)
        if self.document["is_withheld"]:
            yield self.say("withheld")
        for term in own:
            name = self.say("floor") if term["measure"] == "floor" else self.either(term, "label")
            amount = "" if term["amount"] is None else self._signed(term["amount"]) + " "
            rows = f" ({self.say('rows', count=term['row_count'])})" if term["row_count"] else ""
            yield f"{amount}{name} [{term['measure']}]{rows}"

    def _signed(self, amount: int) -> str:
        return ("+" if amount >= 0 else "") + number(amount, self.language)

    def _deliveries(self) -> Iterator[str]:
        told = self.document["deliveries"]
        if not told:
            yield self.say("no_deliveries")
            return
        sent = [one for one in told if one["delivery_id"]]
        yield self.say("rows", count=sum(one["row_count"] for one in sent))
        for one in told[:MOST_PLACES]:
            yield from self._delivery(one)
        if len(told) > MOST_PLACES:
            yield self.say("more", count=len(told) - MOST_PLACES)

    def _delivery(self, one: Row) -> Iterator[str]:
        if not one["delivery_id"]:
            yield f"– {self.say('nobody')}{self._added(one)}"
            return
        when = self.say(
            "sent",
            sent=day(one["effective_at"].isoformat(), self.language),
            landed=moment(one["landed_at"], self.language),
        )
        yield f"– {one['feed']} · {one['file_name']} · {when}{self._added(one)}"
        for place in one["places"]:
            sheet = self.say("sheet", sheet=place["sheet"]) + ": " if place["sheet"] else ""
            spans = [str(first) if first == last else f"{first}–{last}" for first, last in place["rows"]]
            cells = "; " + self.say("cells", cells=self._some(place["cells"])) if place["cells"] else ""
            yield f"{_INDENT}{sheet}{self.say('places', rows=self._some(spans))}{cells}"
        if one["rows_not_held"]:
            yield _INDENT + self.say("not_held", count=one["rows_not_held"])

    def _added(self, one: Row) -> str:
        if one["numerator"] is None:
            return ""
        amount = number(one["numerator"], self.language)
        if one["denominator"] is not None:
            amount += f"/{number(one['denominator'], self.language)}"
        return " · " + self.say("adds", amount=amount)

    def _some(self, names: Sequence[str]) -> str:
        text = ", ".join(names[:MOST_PLACES])
        left = len(names) - MOST_PLACES
        return f"{text}, {self.say('more', count=left)}" if left > 0 else text

    def _quarantine(self) -> Iterator[str]:
        held = self.document["quarantine"]
        if not held["row_count"]:
            yield self.say("none")
            return
        yield self.say("rows", count=held["row_count"])
        for one in held["deliveries"][:MOST_PLACES]:
            rules = self.say("rules", rules=", ".join(one["rules"]))
            yield f"– {one['feed']} · {one['file_name']}: {self.say('rows', count=one['row_count'])}, {rules}"
        if len(held["deliveries"]) > MOST_PLACES:
            yield self.say("more", count=len(held["deliveries"]) - MOST_PLACES)
        yield from self._reach(held)

    def _missing(self) -> Iterator[str]:
        missing = self.document["missing"]
        if not missing["units"]:
            yield self.say("none")
            return
        yield self._some(
            [
                self.say("months", unit=one["name_vi"] or one["unit_code"], months=one["months"])
                for one in missing["units"]
            ]
        )
        if missing["is_bounded"]:
            yield from self._reach(missing)
        elif missing["is_bounded"] is False:
            yield self.say("unbounded")

    def _corrections(self) -> Iterator[str]:
        found = self.document["corrections"]
        if not found:
            yield self.say("none")
            return
        yield number(len(found), self.language)
        for one in found:
            state = words(f"correction.state.{one['state']}").to(self.language)
            who = words("correction.said", who=one["decided_by"], day=one["decided_on"]).to(self.language)
            yield f"– {one['correction_id']} · {place_of(one)} · {action_words(one).to(self.language)} · {state}"
            yield f"{_INDENT}{one['reason']} ({who})"

    def _explanations(self) -> Iterator[str]:
        found = self.document["explanations"]
        if not found:
            yield self.say("none")
            return
        yield number(len(found), self.language)
        for one in found:
            who = words("correction.said", who=one["explained_by"], day=one["explained_at"].date())
            state = self.say(f"explanation.{one['state']}")
            yield f"– {one['rule_id']} · {one['message_vi']}"
            yield f"{_INDENT}{one['explanation']} ({who.to(self.language)}) · {state}"

    def _reach(self, part: Row) -> Iterator[str]:
        if part["lowest"] is None:
            yield self.say("no_reach")
        else:
            yield self.say("reach", lowest=self.value(part["lowest"]), highest=self.value(part["highest"]))

    def _target(self) -> Iterator[str]:
        target = self.document["target"]
        if target is None:
            yield self.say("target.none")
            return
        amount = quantity(target["value"], self.figure["value_unit"], self.language)
        law = target[f"source_{self.language}"] or target["legal_basis"]
        marks = [law] if law else []
        if target["is_stated_in_notice"]:
            marks.append(self.say("target.stated"))
        if target["is_confirmed"]:
            marks.append(self.say("target.confirmed"))
        marks.append(self.say("target.deciding" if target["is_deciding"] else "target.open"))
        yield f"{SIGNS[target['op']]} {amount} · {'; '.join(marks)}"

    def _comparisons(self) -> Iterator[str]:
        found = self.document["comparisons"]
        if not found:
            yield self.say("comparison.none")
            return
        for one in found:
            before = period_name(one["before_period"]).to(self.language)
            kind = "points" if self.figure["value_unit"] == "%" else "absolute"
            moved = change(one["change"], kind, self.language)
            outcome = self.say(f"outcome.{one['outcome'] or 'none'}")
            units = ""
            if one["common_units"] < one["either_units"]:
                units = "; " + self.say("comparison.units", common=one["common_units"], either=one["either_units"])
            values = f"{self.value(one['before_value'])} → {self.value(one['now_value'])}"
            yield f"{before}: {values} ({moved}): {outcome}{units}"

    def _verdict(self) -> Iterator[str]:
        verdict = self.document["verdict"]
        if verdict is None:
            yield self.say("verdict.none")
        else:
            name = words(f"verdict.{verdict['verdict']}").to(self.language)
            yield f"{name} · {self.either(verdict, 'phrase')}"
