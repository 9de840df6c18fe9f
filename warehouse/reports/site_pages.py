"""The site of an assessment as files: pages in Vietnamese, the same in English under `en/`, tables under `data/`.

Every link is relative and every page holds its figures as text: the folder works from a disk, a share or a web server,
without scripts and offline. The templates speak with the words of the one-page report.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from expectations.contracts.words.wording import Language, Words, words
from warehouse.reports.assessment import MOST_UNITS, STATUSES
from warehouse.reports.page import environment, short_name
from warehouse.reports.site_tables import COLUMNS, state, tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Row = Mapping[str, Any]

START = "index.html"
STYLE = "style.css"
LANGUAGES: tuple[Language, ...] = ("vi", "en")
MENU = {
    START: "overview", "goals.html": "goals", "indicators.html": "indicators", "quality.html": "quality",
    "dictionary.html": "dictionary",
}  # fmt: skip


def pages(site: Row) -> dict[str, bytes]:
    """Every file of the site by its path, to a document of `warehouse.reports.site`."""
    found = {STYLE: _style().encode()}
    for language in LANGUAGES:
        prefix = "" if language == "vi" else f"{language}/"
        for path, text in _Pages(site, language).written():
            found[prefix + path] = text.encode()
    found.update(tables(site))
    return found


@lru_cache(maxsize=1)
def _style() -> str:
    folder = files(__package__).joinpath("templates")
    return "\n".join(
        folder.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "print.css", "site.css")
    )


class _Pages:
    """The pages of one language."""

    def __init__(self, site: Row, language: Language) -> None:
        self.site, self.language = site, language
        self.templates = environment(language)
        self.head = site["units"][0]
        self.shared = {
            "site": site,
            "doc": site["report"],
            "head": self.head,
            "units": {unit["unit_code"]: unit for unit in site["units"]},
            "others": site["units"][1:],
            "goals": {goal["goal_id"]: goal for goal in site["goals"]},
            "indicators": {row["indicator_code"]: row for row in site["indicators"]},
            "statuses": STATUSES,
            "language": language,
            "menu": MENU,
            "columns": COLUMNS,
            "state": state,
            "unit_name": self.unit_name,
            "short": short_name if language == "vi" else self.unit_name,
            "padded": _padded,
            "most_units": MOST_UNITS,
        }

    def unit_name(self, unit: Row) -> str:
        """The unit's name in the language of the page."""
        return str(unit[f"name_{self.language}"])

    def written(self) -> Iterator[tuple[str, str]]:
        yield self.page(START, "overview", words("site.overview"))
        yield self.page("goals.html", "goals", words("site.goals"))
        yield self.page("indicators.html", "indicators", words("site.indicators"))
        yield self.page("quality.html", "quality", words("site.quality"))
        yield self.page("dictionary.html", "dictionary", words("site.dictionary"))
        for unit in self.site["units"]:
            title = Words(unit["name_vi"], unit["name_en"])
            yield self.page(f"units/{unit['unit_code']}.html", "unit", title, unit=unit)
        for goal in self.site["goals"]:
            title = Words(*(f"{goal['goal_id']}: {text}" for text in _entry(goal)))
            yield self.page(f"goals/{goal['goal_id']}.html", "goal", title, goal=goal)
        for indicator in self.site["indicators"]:
            title = Words(indicator["name_vi"], indicator["name_en"])
            yield self.page(f"indicators/{indicator['indicator_code']}.html", "indicator", title, indicator=indicator)

    def page(self, path: str, kind: str, title: Words, **own: Any) -> tuple[str, str]:
        """A page by its path within its language; links are made from where it lies."""
        up = "../" * path.count("/")
        base = up if self.language == "vi" else f"../{up}"
        template = self.templates.get_template(f"site/{kind}.html.j2")
        text = template.render(
            **self.shared,
            **own,
            here=path,
            title=title.to(self.language),
            to=lambda target: up + target,
            goal_link=lambda goal_id: f"{up}goals/{goal_id}.html",
            indicator_link=lambda code: f"{up}indicators/{code}.html",
            data=lambda target: f"{base}data/{target}.csv",
            style=base + STYLE,
            translation=base + ("en/" if self.language == "vi" else "") + path,
        )
        return path, text


def _padded(history: Sequence[Row], periods: Sequence[Row]) -> list[Row]:
    """A line over all these periods: a point without a value where it has none."""
    known = {point["period"]: point for point in history}
    return [known.get(period["period"]) or {**period, "value": None} for period in periods]


def _entry(goal: Row) -> tuple[str, str]:
    """What an entry asks, shortened to what a title has room for."""
    texts = (goal["quote_vi"] or goal["goal_id"], goal["gloss_en"] or goal["quote_vi"] or goal["goal_id"])
    vi, en = (text if len(text) <= _TITLE else text[: text.rfind(" ", 0, _TITLE)] + " …" for text in texts)
    return vi, en


_TITLE = 80
