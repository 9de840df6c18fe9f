"""The forms an assessment is written in: one document, so that all of them hold the same figures and sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb

    from expectations.contracts.words.wording import Language

FORMS = ("html", "json", "docx", "xlsx", "pdf", "csv")
USUAL = ("html", "json")
"""What a run writes."""
SITE = "site"
"""The pages of a folder (`warehouse.reports.site`), which a run makes of the latest quarter."""
ONE_LANGUAGE = ("docx", "xlsx", "pdf")
"""Forms that hold one language."""


def written(document: Mapping[str, Any], form: str, language: Language = "vi", *, site: str | None = None) -> bytes:
    """The bytes of the assessment document in one of `FORMS`; HTML, JSON and CSV hold both languages.

    `site`: the folder beside the HTML page to which it leads. Raises KeyError for another form.
    """
    # each brings a library of its own, which only those pay who ask for it
    match form:
        case "html":
            from warehouse.reports.page import render_html  # noqa: PLC0415

            return render_html(document, site).encode()
        case "json":
            import json  # noqa: PLC0415

            return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
        case "csv":
            from warehouse.reports.tables import write_csv  # noqa: PLC0415

            return write_csv(document)
        case "docx":
            from warehouse.reports.docx import write_docx  # noqa: PLC0415

            return write_docx(document, language)
        case "xlsx":
            from warehouse.reports.xlsx import write_xlsx  # noqa: PLC0415

            return write_xlsx(document, language)
        case "pdf":
            from warehouse.reports.pdf import write_pdf  # noqa: PLC0415

            return write_pdf(document, language)
    raise KeyError(form)


def write_site(con: duckdb.DuckDBPyConnection, document: Mapping[str, Any], folder: Path) -> Path:
    """Make the folder the site of an assessment document of the release `con` is connected to; gives its first page."""
    from warehouse.reports.folders import replace_folder  # noqa: PLC0415 - as above
    from warehouse.reports.site import site  # noqa: PLC0415
    from warehouse.reports.site_pages import START, pages  # noqa: PLC0415

    replace_folder(folder, pages(site(con, document)))
    return folder / START
