"""The report as PDF by Typst: the outline of the DOCX with embedded fonts, tagged for screen readers (PDF/UA-1)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typst

from expectations.contracts.words.wording import Language, words
from warehouse.reports.outline import Block, Heading, Items, Outline, Table, Text, ToWrite, outline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PREAMBLE = """
#set document(title: {title}, author: {author})
#set page(paper: "a4", margin: (top: 20mm, bottom: 20mm, left: 30mm, right: 15mm), header: context {{
  if counter(page).get().first() > 1 {{ align(center, counter(page).display()) }}
}})
#set text(font: "Libertinus Serif", size: 13pt, lang: {language})
#set par(justify: true, leading: 0.55em, spacing: 0.8em)
#set heading(numbering: none)
#show heading: set text(size: 13pt)
#set table(stroke: 0.4pt, inset: 3pt)
"""


def write_pdf(document: Mapping[str, Any], language: Language = "vi") -> bytes:
    """The assessment document (see `warehouse.reports.assessment`) as the bytes of a PDF file."""
    source = "\n".join(_Source(document, outline(document, language), language).lines())
    # no clock in the file: one document gives the same bytes
    made = typst.compile(source.encode(), format="pdf", pdf_standards=["ua-1"], timestamp=_moment(document))
    if not isinstance(made, bytes):
        raise TypeError("typst gave no PDF")
    return made


def _moment(document: Mapping[str, Any]) -> int:
    created = document["release"].get("created_at")
    return int(datetime.fromisoformat(str(created)).timestamp()) if created else 0


def _text(text: object) -> str:
    """A text as Typst's string, which holds no markup."""
    return json.dumps(str(text), ensure_ascii=False)


class _Source:
    """The lines of a Typst file; every text is a string, never markup."""

    def __init__(self, document: Mapping[str, Any], told: Outline, language: Language) -> None:
        self.told, self.language, self.head = told, language, document["letterhead"]
        self.is_party = self.head["style"] == "party"

    def _words(self, key: str, **values: Any) -> str:
        return words(key, **values).to(self.language)

    def lines(self) -> Iterator[str]:
        yield _PREAMBLE.format(
            title=_text(f"{self.told.title}: {self.told.subject}"),
            author=_text(self.told.issuer),
            language=_text(self.language),
        )
        yield self._letterhead()
        yield f"#align(center, strong({_text(self.told.title)}))"
        yield f"#align(center, strong({_text(self.told.subject)}))"
        if not self.is_party:  # NĐ 30/2020: a short line under what the report is about
            yield "#align(center, line(length: 50mm, stroke: 0.5pt))"
        yield f"#align(center, strong({_text(self.told.period)}))"
        for window in self.told.windows:
            yield f"#align(center, emph({_text(window)}))"
        for block in (*self.told.briefing, *self.told.body):
            yield from self._block(block)
        yield self._signature()
        for place, table in enumerate(self.told.annexes):
            yield from self._annex(place, table)

    def _letterhead(self) -> str:
        left = [f"strong({_text(self.told.issuer.upper())})"]
        if self.head["parent_body"]:
            left.insert(0, _text(str(self.head["parent_body"]).upper()))
        if self.is_party:
            left.append(_text("*"))
            right = [f"strong(underline({_text(self._words('head.party'))}))"]
        else:
            left.append("box(height: 2mm, line(length: 24mm, stroke: 0.5pt))")
            right = [
                f"text(size: 11pt, strong({_text(self._words('head.nation'))}))",
                f"strong(underline({_text(self._words('head.motto'))}))",
            ]
        left.append(_text(f"{self._words('head.number')} ……………{self.head['number_suffix']}"))
        right.append(f"emph({_text(self.told.dateline)})")
        return self._two_columns("5fr, 7fr", left, right)

    def _two_columns(self, columns: str, left: list[str], right: list[str], side: str = "center") -> str:
        cells = [
            f"align({at}, {{ {' ; linebreak() ; '.join(lines)} }})" for at, lines in ((side, left), ("center", right))
        ]
        return f"#{{ set par(justify: false); grid(columns: ({columns}), gutter: 4mm, {', '.join(cells)}) }}"

    def _block(self, block: Block) -> Iterator[str]:
        match block:
            case Heading(level, text):
                yield f"#heading(level: {level}, {_text(text)})"
            case Text(text):
                yield f"#par({_text(text)})"
            case Items(texts):
                if texts:
                    yield f"#list({', '.join(map(_text, texts))})"
            case ToWrite(what):
                shown = self._words("outline.to_write", what=what)
                yield f"#par(text(fill: rgb(128, 64, 0), emph({_text(shown)})))"
            case Table():
                yield self._table(block)

    def _signature(self) -> str:
        names = [f"- {name}" for name in self.head["recipients"]]
        left = [
            f"strong(emph({_text(self._words('foot.recipients'))}))",
            *(f"text(size: 11pt, {_text(n)})" for n in names),
        ]
        right = [
            f"strong({_text(self.head['signed_for'])})",
            f"strong({_text(self.head['signer_title'])})",
            "v(20mm)",
            f"strong({_text(self.head['signer_name'])})",
        ]
        return "#v(8mm)\n#block(breakable: false)[" + self._two_columns("1fr, 1fr", left, right, "left") + "]"

    def _annex(self, place: int, table: Table) -> Iterator[str]:
        yield f"#set page(flipped: {str(table.is_wide).lower()})"
        yield "#pagebreak(weak: true)"
        title = f"{self._words('annex.number', number=self.told.numeral(place))}. {table.title}"
        yield f"#align(center, heading(level: 1, {_text(title)}))"
        yield f"#align(center, text(size: 11pt, emph({_text(self.told.attached)})))"
        if table.unit_line:
            yield f"#align(right, text(size: 11pt, emph({_text(table.unit_line)})))"
        yield self._table(table)
        left, right = (f"strong({_text(self._words(f'annex.{who}'))})" for who in ("made_by", "head_of"))
        yield "#v(4mm)\n" + self._two_columns("1fr, 1fr", [left], [right])

    def _table(self, table: Table) -> str:
        aligned = ", ".join("right" if table.is_numeric(place) else "left" for place in range(len(table.head)))
        widths = ", ".join(f"{weight:.1f}fr" for weight in table.weights())
        head = ", ".join(f"strong({_text(text)})" for text in table.head)
        cells = ",\n".join(_text(cell.text) for row in table.rows for cell in row)
        return (
            f"#text(size: 9pt)[#set par(justify: false)\n#table(columns: ({widths}), align: ({aligned}),"
            f" table.header({head}),\n{cells})]"
        )
