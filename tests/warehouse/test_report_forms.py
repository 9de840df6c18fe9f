"""The assessment in every form, read back by another library: all figures and sentences of the document."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import docx
import fastexcel
import polars as pl
import pypdf
import pytest

from expectations.contracts.words.reasons import deciding
from expectations.contracts.words.wording import both, percent, quantity, texts
from tests.warehouse.report_release import KEY_FIGURES
from tests.warehouse.report_release import release as sample_release
from warehouse.reports.assessment import Letterhead, assess
from warehouse.reports.forms import FORMS, ONE_LANGUAGE, written
from warehouse.reports.outline import Heading, Items, Text, ToWrite, outline, parts
from warehouse.reports.pdf import write_pdf

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb


@pytest.fixture(scope="module")
def release() -> Iterator[duckdb.DuckDBPyConnection]:
    with sample_release(key_figures=KEY_FIGURES) as con:
        yield con


@pytest.fixture(scope="module")
def document(release: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return assess(release, "2024-Q1")


def plain(text: str) -> str:
    """A text without the ways of breaking it: spaces of all kinds are one, hyphens at line ends are gone."""
    return re.sub(r"\s+", " ", text.replace("\u00ad", "")).strip()


def docx_text(content: bytes) -> str:
    """All text of a DOCX file in its order, tables too."""
    found = []
    for part in docx.Document(io.BytesIO(content)).iter_inner_content():
        if isinstance(part, docx.table.Table):
            found += [cell.text for row in part.rows for cell in row.cells]
        else:
            found.append(part.text)
    return plain(" ".join(found))


def pdf_text(content: bytes) -> str:
    return plain(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages))


def page_text(content: bytes) -> str:
    return plain(re.sub(r"<[^>]+>", " ", content.decode()))


READERS = {"docx": docx_text, "pdf": pdf_text, "html": page_text}


def figures_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The figures that are assessed, by indicator."""
    return {
        figure["indicator_code"]: figure
        for section in document["sections"]
        for goal in section["goals"]
        for figure in goal["figures"]
        if figure["is_primary"]
    }


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_made_twice_alike(document: dict[str, Any], form: str) -> None:
    first, again = written(document, form), written(document, form)
    if form in {"docx", "xlsx"}:  # archives hold the moment of their making
        with zipfile.ZipFile(io.BytesIO(first)) as one, zipfile.ZipFile(io.BytesIO(again)) as other:
            assert one.namelist() == other.namelist()
            bodies = [name for name in one.namelist() if "docProps" not in name]
            assert all(one.read(name) == other.read(name) for name in bodies)
    else:
        assert first == again
    assert len(first) > 1000


def test_an_unknown_form_is_an_error(document: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        written(document, "odt")


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("form", ["docx", "pdf"])
def test_every_sentence_of_the_outline_stands_in_the_signed_forms(
    document: dict[str, Any], form: str, language: Any
) -> None:
    told = outline(document, language)
    text = READERS[form](written(document, form, language))
    text = text.replace(" ", "")  # where a line breaks is the reader's own affair
    said = [told.title, told.subject, told.period, *told.windows]
    for block in (*told.briefing, *told.body):
        match block:
            case Heading(_, one) | Text(one):
                said.append(one)
            case Items(many):
                said += many
            case ToWrite(what):
                said.append(what)
    for table in told.annexes:
        said += [table.title, *table.head, *(cell.text for row in table.rows for cell in row)]
    missing = [one for one in said if plain(one).replace(" ", "") not in text]
    if form == "pdf":  # a cell that is cut by the end of a page has a head or a page number in its middle
        missing = [one for one in missing if not _stands_in_two(plain(one).replace(" ", ""), text)]
    assert not missing, missing[:3]


def _stands_in_two(said: str, text: str) -> bool:
    return any(said[:cut] in text and said[cut:] in text for cut in range(1, len(said)))


@pytest.mark.parametrize("form", READERS)
def test_key_figures_are_written_alike(document: dict[str, Any], form: str) -> None:
    text = READERS[form](written(document, form))
    assert len(document["briefing"]["key_figures"]) == 5
    for figure in document["briefing"]["key_figures"]:
        shown = quantity(figure["value"], figure["value_unit"], "vi")
        name, value = (re.escape(plain(one)).replace(r"\ ", r"\s*") for one in (figure["name_vi"], shown))
        assert re.search(f"{name}.{{0,200}}?{value}", text), figure["name_vi"]


def test_the_workbook_holds_numbers_that_are_numbers(document: dict[str, Any]) -> None:
    book = fastexcel.read_excel(written(document, "xlsx"))
    assert book.sheet_names[:3] == ["Tóm tắt", "Nội dung", "Chỉ tiêu"]
    assert book.sheet_names[-1] == "Định nghĩa"
    cells = book.load_sheet("Chỉ tiêu", header_row=None, dtypes="string").to_polars().rows()
    start = next(number for number, row in enumerate(cells) if row[0] == "Mã")
    rows = {row[0]: row for row in cells[start + 1 :]}
    assert rows.keys() == figures_of(document).keys()
    for code, figure in figures_of(document).items():
        if figure["value"] is None:
            assert rows[code][2] == "–"
        else:
            assert float(rows[code][2]) == pytest.approx(figure["value"], rel=1e-7)
    typed = book.load_sheet("Cải cách hành chính", header_row=start + 1).to_polars()
    assert typed.height == 11
    assert all(kind == pl.Float64 for kind in typed.dtypes[1:3])


def test_units_stand_in_the_workbook_as_in_the_document(document: dict[str, Any]) -> None:
    book = fastexcel.read_excel(written(document, "xlsx"))
    stream = next(one for one in document["side_by_side"]["streams"] if one["stream"] == "PE")
    rows = book.load_sheet("Tiếp công dân, đơn thư", header_row=None, dtypes="string").to_polars().rows()
    for given, row in zip(stream["rows"], rows[-11:], strict=True):
        for cell, shown in zip(given["cells"], row[1:], strict=True):
            assert (shown == "–") if cell is None else float(shown) == pytest.approx(cell["value"], rel=1e-7)


def test_the_csv_has_a_row_for_every_goal_and_figure(document: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(written(document, "csv").decode("utf-8-sig"))))
    goals = [goal for section in document["sections"] for goal in section["goals"]]
    assert len(rows) == sum(len(goal["figures"]) or 1 for goal in goals)
    assert {row["goal_id"] for row in rows} == {goal["goal_id"] for goal in goals}
    for row in rows:
        figure = figures_of(document).get(row["indicator_code"])
        if figure and row["is_primary"] == "true":
            assert (float(row["value"]) if row["value"] else None) == figure["value"]


def test_every_indicator_of_the_catalogue_has_one_place_in_the_outline(release: duckdb.DuckDBPyConnection) -> None:
    named = [code for codes in parts().values() for code in codes]
    known = {row[0] for row in release.execute("select indicator_code from ref.indicators").fetchall()}
    assert len(named) == len(set(named))
    assert set(named) == known


def test_the_assessment_of_goals_says_what_decides_and_where_the_rest_stands(
    release: duckdb.DuckDBPyConnection,
) -> None:
    whole = (
        "Chưa đạt: tỷ lệ A mới đạt 52,6 % (1/2). Nhiệm vụ không có chuyển biến được coi là chưa thực hiện."
        " Chỉ số bổ trợ: tỷ lệ B 1,0 %. Chưa kết luận được ở chỉ số bổ trợ: tỷ lệ C. Tham khảo: tỷ lệ D: 6."
    )
    release.execute("begin")
    release.execute(
        "update marts.assessment set status = 'not_met', reason_vi = ? where goal_id = 'G2.2-e' and unit_code = '33'",
        [whole],
    )
    told = outline(assess(release, "2024-Q1"))
    release.execute("rollback")
    items = [text for block in told.body if isinstance(block, Items) for text in block.texts]
    [found] = [text for text in items if text.startswith("G2.2-e ") and "52,6" in text]
    assert found.endswith("”: tỷ lệ A mới đạt 52,6 % (1/2). Nhiệm vụ không có chuyển biến được coi là chưa thực hiện.")
    said = "Căn cứ đầy đủ của từng nội dung, gồm cả các chỉ số bổ trợ, ghi ở Phụ lục I."
    assert said in [block.text for block in told.body if isinstance(block, Text)]
    assert whole in [cell.text for row in told.annexes[0].rows for cell in row]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_decides_ends_before_whatever_stands_beside_it(language: Any) -> None:
    beside = ("reason.supporting", "reason.unclear", "reason.sourceless", "reason.context", "target.all_borrowed")
    values = {"clauses": "tỷ lệ B", "names": "tỷ lệ C"}
    for key in beside:
        more = texts()[key][language == "en"].format_map(values)
        assert deciding(f"Đạt: tỷ lệ A. {more}", language) == "Đạt: tỷ lệ A."
    assert deciding("Đạt: tỷ lệ A.", language) == "Đạt: tỷ lệ A."


def test_the_head_of_a_pdf_is_not_stretched(document: dict[str, Any]) -> None:
    """The name of a body over two lines is set in its column, not drawn apart to fill it."""
    told = {**document, "letterhead": {**document["letterhead"], "issuing_body": "Ủy ban nhân dân tỉnh Hưng Yên"}}
    page = pypdf.PdfReader(io.BytesIO(write_pdf(told))).pages[0]
    places: list[float] = []

    def visit(text: str, page_matrix: list[float], text_matrix: list[float], _font: Any, _size: Any) -> None:
        if "ỦY BAN" in plain(text):
            places.append(page_matrix[4] + text_matrix[4])

    page.extract_text(visitor_text=visit)
    [start] = places
    assert start > 30 * 72 / 25.4 + 5  # a stretched line begins at the margin


def test_only_marked_places_wait_for_a_person(document: dict[str, Any]) -> None:
    told = outline(document)
    waiting = [block.what for block in told.body if isinstance(block, ToWrite)]
    narratives = [
        goal for section in document["sections"] for goal in section["goals"] if goal["status"] == "narrative"
    ]
    assert len(waiting) == 5 + len(narratives)


def test_a_statement_by_a_person_stands_with_its_author(document: dict[str, Any]) -> None:
    changed = [{**section, "goals": [dict(goal) for goal in section["goals"]]} for section in document["sections"]]
    goal = next(goal for section in changed for goal in section["goals"] if goal["status"] == "narrative")
    goal["narrative"] = {"text": "Đã làm tốt.", "author": "Nguyễn A", "entered_on": "2024-04-02"}
    body = outline({**document, "sections": changed}).body
    assert any(isinstance(one, Text) and one.text.endswith("Đã làm tốt. (Nguyễn A, 02/04/2024)") for one in body)


@pytest.mark.parametrize("form", ONE_LANGUAGE)
def test_texts_that_begin_like_formulas_or_markup_stay_texts(release: duckdb.DuckDBPyConnection, form: str) -> None:
    hostile = '=HYPERLINK("http://x") #sys.read("/etc/passwd") "); #panic('
    told = assess(release, "2024-Q1", letterhead=Letterhead(issuing_body=hostile, recipients=(hostile,)))
    for section in told["sections"]:
        for goal in section["goals"]:
            goal["quote_vi"] = hostile
    content = written(told, form)
    if form == "xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            sheets = [book.read(name) for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        assert not any(b"<f>" in sheet or b"<hyperlink" in sheet for sheet in sheets)
    else:
        text = READERS[form](content)
        assert plain(hostile).replace(" ", "") in text.replace(" ", "")


def test_party_bodies_have_their_own_head(release: duckdb.DuckDBPyConnection) -> None:
    told = assess(release, "2024-Q1", letterhead=Letterhead(style="party", parent_body="Tỉnh ủy Hưng Yên"))
    for form in ("docx", "pdf", "html"):
        text = written(told, form).decode() if form == "html" else READERS[form](written(told, form))
        assert "ĐẢNG CỘNG SẢN VIỆT NAM" in text
        assert "T/M BAN THƯỜNG VỤ" in text
        assert "-BC/TU" in text
        assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA" not in text


def test_the_docx_is_laid_out_as_the_decree_says(document: dict[str, Any]) -> None:
    made = docx.Document(io.BytesIO(written(document, "docx")))
    first = made.sections[0]
    assert [round(side.mm) for side in (first.page_width, first.page_height)] == [210, 297]
    margins = [first.top_margin, first.bottom_margin, first.left_margin, first.right_margin]
    assert [round(side.mm) for side in margins] == [20, 20, 30, 15]
    assert first.different_first_page_header_footer  # no number on the first page
    assert "PAGE" in first.header._element.xml
    assert (made.styles["Normal"].font.name, made.styles["Normal"].font.size.pt) == ("Times New Roman", 13)


def test_the_pdf_is_tagged_and_its_fonts_are_inside(document: dict[str, Any]) -> None:
    made = pypdf.PdfReader(io.BytesIO(write_pdf(document)))
    assert made.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert made.trailer["/Root"]["/Lang"] == "vi"
    assert made.metadata
    assert str(made.metadata.title).startswith("BÁO CÁO")
    fonts = [font.get_object() for page in made.pages for font in page["/Resources"].get("/Font", {}).values()]
    assert fonts
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & inner.keys()


def test_percent_is_written_as_the_language_writes_it(document: dict[str, Any]) -> None:
    value = document["briefing"]["key_figures"][0]["value"]
    shown = both(percent, value)
    assert plain(shown.en) in pdf_text(write_pdf(document, "en"))
    assert plain(shown.vi) in pdf_text(write_pdf(document, "vi"))
