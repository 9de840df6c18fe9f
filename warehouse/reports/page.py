"""The page: the assessment document as one self-contained HTML file in two languages, without scripts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from expectations.contracts.words.phrases import SIGNS
from expectations.contracts.words.wording import (
    Words,
    both,
    change,
    day,
    moment,
    number,
    percent,
    quantity,
    tenths,
    texts,
    words,
)
from warehouse.reports import evidence
from warehouse.reports.charts import Axis, path, shares
from warehouse.reports.corrections import action_words, place_of
from warehouse.reports.figures import absence, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SHORT_KINDS = (("Thành phố ", "TP "), ("Thị xã ", "TX "), ("Huyện ", ""), ("Phường ", "P. "), ("Xã ", ""))


def render_html(document: Mapping[str, Any]) -> str:
    """The document as one HTML page: no external resource, no script, Vietnamese first, English by a switch."""
    return _environment().get_template("page.html.j2").render(doc=document)


def show(text: Words, tag: str = "span") -> Markup:
    """Both languages, each marked with its `lang`; a text that is the same in both stands once, unmarked."""
    if text.vi == text.en:
        return escape(text.vi)
    return Markup('<{0} lang="vi">{1}</{0}><{0} lang="en">{2}</{0}>').format(Markup(tag), text.vi, text.en)  # noqa: S704


def short_name(unit: Mapping[str, Any]) -> str:
    """The unit's name as a table head has room for it: `TP Hưng Yên`, `Văn Lâm`."""
    name = str(unit["name_vi"])
    for long, short in _SHORT_KINDS:
        if name.startswith(long):
            return short + name.removeprefix(long)
    return name


def responsible(text: str | None) -> Words:
    """The responsible bodies of a goal; the register names a few of them in English."""
    parts = [part.strip() for part in (text or "").split(";") if part.strip()]
    known = texts()
    pairs = [known.get(f"body.{part}", (part, part)) for part in parts]
    return Words("; ".join(vi for vi, _ in pairs), "; ".join(en for _, en in pairs))


def target_text(figure: Mapping[str, Any]) -> Words:
    """The target as a comparison: `≥ 90 %`."""
    target = figure["target"]
    sign = SIGNS[target["op"]]
    value = both(quantity, target["value"], figure["value_unit"])
    if figure["value_unit"] == "%" and float(target["value"]).is_integer():
        value = both(_whole_percent, target["value"])
    return Words(f"{sign} {value.vi}", f"{sign} {value.en}")


def both_sides(row: Mapping[str, Any]) -> Words:
    """Whether a form and the cases say the same, of an entry of `reconciliations`."""
    if row["is_reconciled"] is None:
        return words("reconcile.one_side")
    if not row["is_comparable"]:
        return words("reconcile.incomplete")
    if row["is_reconciled"]:
        return words("reconcile.agrees")
    return words("reconcile.differs", points=abs(row["difference"]))


def short_source(target: Mapping[str, Any]) -> Words:
    """The document a target is borrowed from, without what the notes add to it."""
    return Words(*(re.split(r"[:;(]", text)[0].strip() for text in (target["source_vi"], target["source"])))


def _whole_percent(value: float, language: Any) -> str:
    return percent(value, language, 0)


def _shown(write: Callable[..., str]) -> Callable[..., Markup]:
    def marked(value: Any, *more: Any, tag: str = "span") -> Markup:
        return show(both(write, value, *more), tag)

    return marked


def _text(key: str, tag: str = "span", **values: Any) -> Markup:
    return show(words(key, **values), tag)


def _pair(vi: Any, en: Any = None, tag: str = "span") -> Markup:
    return show(Words(str(vi or en or ""), str(en or vi or "")), tag)


def _join_sentences(*parts: str | None) -> str:
    return " ".join(re.sub(r"\s+", " ", part).strip().rstrip(".") + "." for part in parts if part)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("warehouse.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "t": _text,
        "pair": _pair,
        "num": _shown(number),
        "dec": _shown(tenths),
        "pct": _shown(percent),
        "qty": _shown(quantity),
        "delta": _shown(change),
        "date": _shown(day),
        "moment": _shown(moment),
        "words": words,
        "both_words": Words,
        "both_dates": lambda value: both(day, value),
        "both_decimals": lambda value: both(tenths, value),
        "both_quantity": lambda value, unit: both(quantity, value, unit),
        "sentence": lambda figure: show(sentence(figure)),
        "absence": lambda figure: show(absence(figure)),
        "compared": lambda row: show(both_sides(row)),
        "target_text": lambda figure: show(target_text(figure)),
        "responsible": lambda text: show(responsible(text)),
        "short_name": short_name,
        "sentences": _join_sentences,
        "action_words": lambda row: show(action_words(row)),
        "correction_place": place_of,
        "axis": Axis.around,
        "shares": shares,
        "path": path,
        "short_source": short_source,
        "age_bands": evidence.AGE_BANDS,
        "fates": evidence.FATES,
    }
    environment.tests["known_text"] = lambda key: key in texts()
    return environment
