"""The page: the assessment document as one self-contained HTML file in two languages, without scripts."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined
from jinja2.runtime import Context
from markupsafe import Markup, escape

from expectations.contracts.words.phrases import SIGNS
from expectations.contracts.words.wording import (
    Language,
    Words,
    both,
    catalogue,
    change,
    day,
    moment,
    number,
    percent,
    quantity,
    regime_words,
    tenths,
    texts,
    words,
)
from warehouse.reports import evidence
from warehouse.reports.briefing import why_lacking
from warehouse.reports.charts import Axis, path, shares
from warehouse.reports.corrections import action_words, place_of
from warehouse.reports.figures import absence, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2.bccache import Bucket

_SHORT_KINDS = (("Thành phố ", "TP "), ("Thị xã ", "TX "), ("Huyện ", ""), ("Phường ", "P. "), ("Xã ", ""))


def render_html(document: Mapping[str, Any], site: str | None = None) -> str:
    """The document as one HTML page: no external resource, no script, Vietnamese first, English by a switch.

    `site` is the folder with the pages of the same assessment, as seen from this page; without it there is no link.
    """
    return environment().get_template("page.html.j2").render(doc=document, site=site)


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
    """The responsible bodies of a goal, which the register names, a few of them in English."""
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


def note_words(text: str) -> Words:
    """What stands beside a figure: the warehouse notes it in Vietnamese, in texts the catalogue has in both."""
    english = text
    for said, en in _notes():
        english = said.sub(lambda found, en=en: en.format_map(found.groupdict()), english)  # type: ignore[misc]
    return Words(text, english)


@lru_cache(maxsize=1)
def _notes() -> list[tuple[re.Pattern[str], str]]:
    """The notes of the catalogue as they are found in a text, a longer one before what may stand in it."""
    found = [pair for key, pair in catalogue().items() if key.startswith("note.")]
    pairs = sorted(found, key=lambda pair: -len(pair[0]))
    return [(re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\S+)", re.escape(vi))), en) for vi, en in pairs]


def _whole_percent(value: float, language: Any) -> str:
    return percent(value, language, 0)


def _join_sentences(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().rstrip(".") + "." if text else ""


class CompiledTemplates(FileSystemBytecodeCache):
    """Compiled templates beside their sources, as Python keeps its modules: else they take a second of each process.

    Where nothing can be written, none are kept.
    """

    def __init__(self) -> None:
        super().__init__(str(Path(__file__).with_name("__pycache__")), "%s.j2c")

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


class _Calls(Context):
    """What templates call takes neither their context nor their environment: it is called as it is.

    A site makes half a million calls; to ask of each whether it wants one costs as much as half of them.
    """

    def call(self, called: Callable[..., Any], /, *values: Any, **named: Any) -> Any:
        named.pop("_loop_vars", None)
        named.pop("_block_vars", None)
        return called(*values, **named)


class _Templates(Environment):
    """Templates over plain documents: a name after a dot is first a key, then an attribute.

    Jinja asks the other way round, and a key that is no attribute is found after an error was raised and caught.
    """

    context_class = _Calls

    def getattr(self, obj: Any, attribute: str) -> Any:
        if obj.__class__ is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


@lru_cache(maxsize=3)
def environment(language: Language | None = None) -> Environment:
    """The templates and what they may call. Texts stand in one language, or without one in both (see `show`)."""
    made = _Templates(
        loader=PackageLoader("warehouse.reports"),
        bytecode_cache=CompiledTemplates(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= _figures_and_words(language) | {
        "languages": ("vi", "en") if language is None else (language,),
        "words": words,
        "both_words": Words,
        "both_dates": lambda value: both(day, value),
        "both_moments": lambda value: both(moment, value),
        "both_decimals": lambda value: both(tenths, value),
        "both_quantity": lambda value, unit: both(quantity, value, unit),
        "short_name": short_name,
        "goal_link": lambda goal_id: f"#goal-{goal_id}",
        "indicator_link": lambda code: None,  # noqa: ARG005 - only the site has a page an indicator
        "correction_place": place_of,
        "why_lacking": why_lacking,
        "axis": Axis.around,
        "shares": shares,
        "path": path,
        "short_source": short_source,
        "age_bands": evidence.AGE_BANDS,
        "fates": evidence.FATES,
    }
    made.tests["known_text"] = lambda key: key in texts()

    @cache
    def badge(status: str) -> Markup:  # one of six, on every tile and in every row
        return Markup(made.get_template("marks.html.j2").module.badge(status))  # type: ignore[attr-defined]  # noqa: S704

    made.globals["badge"] = badge
    return made


def _figures_and_words(language: Language | None) -> dict[str, Callable[..., Markup]]:
    """What writes a text, a figure or a sentence into a page."""
    if language is None:
        shown: Callable[..., Markup] = show

        def writing(write: Callable[..., str]) -> Callable[..., Markup]:
            return lambda value, *more, tag="span": show(both(write, value, *more), tag)

    else:  # thousands of cells: what the page does not say is not written either

        def shown(text: Words, tag: str = "span") -> Markup:  # noqa: ARG001 - a tag would mark the language
            return escape(text.to(language))

        def writing(write: Callable[..., str]) -> Callable[..., Markup]:
            return lambda value, *more, tag="span": escape(write(value, *more, language))  # noqa: ARG005

    @cache
    def fixed(key: str, tag: str) -> Markup:
        return shown(words(key), tag)

    @lru_cache(maxsize=20_000)
    def sentences(vi: str, en: str) -> Markup:
        if language is not None:
            return escape(_join_sentences(vi if language == "vi" else en))
        return shown(Words(_join_sentences(vi), _join_sentences(en)))

    return {
        "t": lambda key, tag="span", **values: shown(words(key, **values), tag) if values else fixed(key, tag),
        "pair": lambda vi, en=None, tag="span": shown(Words(str(vi or en or ""), str(en or vi or "")), tag),
        "sentences": lambda vi, en: sentences(str(vi or ""), str(en or vi or "")),
        "num": writing(number),
        "dec": writing(tenths),
        "pct": writing(percent),
        "qty": writing(quantity),
        "delta": writing(change),
        "date": writing(day),
        "moment": writing(moment),
        "sentence": lambda figure: shown(sentence(figure)),
        "absence": lambda figure: shown(absence(figure)),
        "compared": lambda row: shown(both_sides(row)),
        "target_text": lambda figure: shown(target_text(figure)),
        "regime_words": lambda regime: shown(regime_words(regime)),
        "responsible": lambda text: shown(responsible(text)),
        "action_words": lambda row: shown(action_words(row)),
        "note": lambda text: shown(note_words(text)),
    }
