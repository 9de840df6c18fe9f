"""Official forms of both circulars in every kind of file: recognised, refused, read cell by cell, checked by totals."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.generate import writers
from examples.generate.official_forms import Line, Style, added, figures, form_of, form_sheet
from expectations.contracts.forms import DATASET, TEXT, Form, FormError, equations, forms, parse
from expectations.contracts.model import contract
from expectations.contracts.windows import AdHoc, read_window
from sources.feeds import FeedError, check_against_contract
from sources.forms.recognition import Match, recognise
from tests.expectations.one import judge_one

if TYPE_CHECKING:
    from collections.abc import Callable

    from sources.feeds import Feed
    from tests.sources.conftest import Result

BLANK_FORMS = Path(__file__).parents[2].parent / "shared" / "forms"
FORMS = forms(DATASET)
NAMES = [one.name for one in FORMS]
OLD, NEW = "TT02/2021", "TT01/2024"
WINDOWS = {
    "TT02/2021/TT-TTCP": (date(2023, 9, 15), date(2023, 12, 14)),
    "TT01/2024/TT-TTCP": (date(2024, 3, 15), date(2024, 6, 14)),
}
KINDS: dict[str, Callable[[list[Any]], bytes]] = {
    "xlsx": lambda pages: writers.xlsx_bytes(pages, "test"),
    "ods": writers.ods_bytes,
    "xls": writers.xls_bytes,
    "html": writers.html_bytes,
}  # fmt: skip
FEED = """
source: {id: d329, name: Huyện Ân Thi}
feeds:
  forms:
    dataset: petition_forms
    connector: {kind: files, path: inbox}
    period: {from: form}
    layout: {format: form}
    unit: {name: "Đơn vị", parent: "33"}
"""
UNITS = ("UBND huyện Ân Thi", "Thị trấn Ân Thi", "Xã Đa Lộc")
FOOT = ("Ân Thi, ngày 20 tháng 6 năm 2024", "Người lập biểu", "Nguyễn Văn Mẫu")


def filled(form: Form, seed: int = 1) -> list[Line]:
    """Three units, with groups and a total that add up."""
    rng = Random(seed)
    units = [Line(name, figures(form, rng)) for name in UNITS]
    return [
        Line("Cấp huyện", added(units[:1]), "group"),
        units[0],
        Line("Cấp xã", added(units[1:]), "group"),
        *units[1:],
        Line("TỔNG CỘNG", added(units), "total"),
    ]


@pytest.fixture
def feed(make_feed: Callable[..., Feed]) -> Feed:
    return make_feed(FEED)


@pytest.fixture
def read_form(read_text: Callable[..., Result], feed: Feed) -> Callable[..., Result]:
    """Lay a form out, write it in a kind of file, read it."""

    def read(
        form: Form, lines: list[Line], kind: str = "xlsx", *, by: Feed = feed, window: Any = None, **layout: Any
    ) -> Result:
        sheet = form_sheet(form, lines, window or WINDOWS[form.circular], **layout)
        return read_text(KINDS[kind]([sheet]), by, f"bieu.{kind}")

    return read  # fmt: skip


# --- the tables -----------------------------------------------------------------------------------------------------


def test_the_tables_know_seventeen_forms_and_read_every_equation() -> None:
    assert len(FORMS) == 17
    assert {len(one.columns) for one in FORMS if one.form_code == "02/XLD"} == {30, 26}
    assert len(equations()) == 184
    assert all(one.left and one.right for one in equations())


@pytest.mark.parametrize("wrong", ["c1 + c2", "c1 = c2 = c3", "c1 = x2", "c1 = c2 c3", "c1 = 02/XLD.x"])
def test_what_is_no_equation_is_told_with_its_place(wrong: str) -> None:
    with pytest.raises(FormError, match="line 7"):
        parse(wrong, "line 7")


@pytest.mark.parametrize("form", FORMS, ids=NAMES)
def test_every_form_is_told_apart_from_every_other(form: Form) -> None:
    """No header of one form is that of a form with another code; circulars that share a form are both named."""
    whole = [one for one in recognise(headers(form)) if one.is_whole]
    assert {one.form.form_code for one in whole} == {form.form_code}
    assert form in [one.form for one in whole]
    assert whole[0].sureness == 1.0


# --- every form, circular and kind of file --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "style", [Style(), Style(slips=True, texts=True, tags=True, numbered=True)], ids=["neat", "real"]
)
@pytest.mark.parametrize("form", FORMS, ids=NAMES)
def test_every_figure_of_every_form_is_read(
    form: Form, style: Style, kind: str, read_form: Callable[..., Result]
) -> None:
    lines = filled(form)
    result = read_form(form, lines, kind, style=style, above=("UBND HUYỆN ÂN THI",), below=FOOT)
    assert [one.check for one in result.findings if one.severity == "gate"] == []
    assert result.frame["form_code"].to_list() == [form.form_code] * 3
    assert result.frame["circular"].unique().to_list() == [form.circular]
    assert result.frame["unit_code"].to_list() == ["329", "12142", "12187"]
    units = [line for line in lines if line.kind == "unit"]
    for line, row in zip(units, result.frame.to_dicts(), strict=True):
        assert {f"c{n}": float(value) for n, value in line.figures.items()} == {
            f"c{one.column_no}": row[f"c{one.column_no}"] for one in form.columns if one.counts_in != TEXT
        }
        assert row["_row"] == (line.place or ("", 0))[1]
    assert [row[f"c{n}"] for row in result.frame.to_dicts() for n in range(len(form.columns) + 1, 34)] == [None] * (
        3 * (33 - len(form.columns))
    )
    assert result.reading.ignored == {"control_row": 1, "subtotal_row": 2, "total_row": 1, "note": 1, "signature": 3}
    assert result.reading.rows_read == 3 + 8


def test_the_letters_of_the_cells_are_kept(read_form: Callable[..., Result]) -> None:
    form = form_of("02/XLD", NEW)
    plain = read_form(form, filled(form)).frame.row(0, named=True)
    assert plain["cell_columns"].split(" ")[:3] == ["B", "C", "D"]
    slipped = read_form(form, filled(form), style=Style(slips=True, numbered=True)).frame.row(0, named=True)
    assert slipped["cell_columns"].split(" ")[:2] == ["C", "D"]
    # past the column left over they move one on: number 19 stands where the row MS prints 20
    assert slipped["cell_columns"].split(" ")[18] == "V"
    assert slipped["window_from"] == date(2024, 3, 15)


@pytest.mark.parametrize("path", sorted(BLANK_FORMS.rglob("*.xlsx")) or [None], ids=str)
def test_the_blank_forms_of_the_districts_are_recognised(path: Path | None) -> None:
    """Templates nobody here made: each is the form its folder and name say, slips and all."""
    from sources.forms.grids import read_grids  # noqa: PLC0415
    from sources.forms.headers import find_header  # noqa: PLC0415

    if path is None:
        pytest.skip("the blank official forms are not here")
    [grid] = read_grids(path)
    header = find_header(grid)
    assert header is not None
    match = recognise(header.paths)[0]
    assert match.is_whole
    stem = path.stem
    assert match.form.form_code == f"{stem[-2:]}/{stem[:-2]}"
    year = path.parent.name[-4:]
    assert year in {one.form.circular[5:9] for one in recognise(header.paths) if one.is_whole}
    assert not match.slips
    misnumbered = [number for number, n in match.places.items() if header.control[n] != number]
    assert bool(misnumbered) == bool(match.leftovers)


# --- slips, and what is no slip -------------------------------------------------------------------------------------


def headers(form: Form) -> dict[int, str]:
    return {one.column_no: one.headers[0] for one in form.columns}


def best(paths: dict[int, str]) -> Match:
    return recognise(paths)[0]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORMS), st.data())
def test_a_letter_too_many_too_few_or_another_is_a_slip(form: Form, data: st.DataObject) -> None:
    paths = headers(form)
    column = data.draw(st.sampled_from(sorted(paths)))
    words = paths[column].split(" ")
    long = [place for place, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
    if not long:
        return
    place = data.draw(st.sampled_from(long))
    word = words[place]
    at = data.draw(st.integers(1, len(word) - 2))
    words[place] = data.draw(
        st.sampled_from([word[:at] + word[at + 1 :], word[:at] + "w" + word[at:], word[:at] + "w" + word[at + 1 :]])
    )
    match = best({**paths, column: " ".join(words)})
    assert match.is_whole
    assert match.form.form_code == form.form_code
    assert list(match.slips) == [column]
    assert 0.9 < match.sureness < 1.0  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORMS), st.data())
def test_accents_case_spaces_and_marks_are_no_difference(form: Form, data: st.DataObject) -> None:
    change = data.draw(
        st.sampled_from([str.upper, str.lower, lambda text: text.replace(" ", "  "), lambda text: text + ":"])
    )
    match = best({n: " › ".join(change(part) for part in text.split(" › ")) for n, text in headers(form).items()})
    assert match.is_whole
    assert match.form.form_code == form.form_code
    assert not match.slips  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORMS), st.data())
def test_two_columns_that_changed_places_are_never_read(form: Form, data: st.DataObject) -> None:
    """Or they are called alike: then nothing in the header tells them apart, and the circular's order is right."""
    paths = headers(form)
    one, other = data.draw(st.lists(st.sampled_from(sorted(paths)), min_size=2, max_size=2, unique=True))
    swapped = {**paths, one: paths[other], other: paths[one]}
    for match in recognise(swapped):
        assert not match.is_whole


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FORMS), st.data())
def test_a_column_left_out_or_put_in_is_another_form(form: Form, data: st.DataObject) -> None:
    paths = headers(form)
    numbers = [one.column_no for one in form.columns if one.counts_in != TEXT]
    gone = data.draw(st.sampled_from(numbers))
    less = best({n: text for n, text in paths.items() if n != gone})
    assert not less.is_whole
    more = {n if n < gone else n + 1: text for n, text in paths.items()} | {gone: "Số vụ việc của năm trước nữa"}
    assert not any(match.is_whole for match in recognise(more))
    # without any value such a column says nothing
    assert any(match.is_whole for match in recognise(more, empty=frozenset({gone})))


def test_words_that_turn_the_meaning_are_no_slip() -> None:
    paths = headers(form_of("01/KQGQ", NEW))
    paths[25], paths[26] = paths[26], paths[25]
    assert not best(paths).is_whole


def test_a_changed_form_is_refused_with_what_differs(read_form: Callable[..., Result]) -> None:
    form = form_of("01/XLD", NEW)
    result = read_form(form, filled(form), without_column=5)
    [finding] = [one for one in result.findings if one.severity == "gate"]
    assert (finding.rule_id, finding.check) == ("Q60", "form_unknown")
    assert "gần nhất là 01/XLD (TT01/2024/TT-TTCP)" in finding.message_vi
    assert "thiếu cột 5 “Số đơn chưa xử lý (Chuyển kỳ sau xử lý)”" in finding.message_vi
    assert result.frame.is_empty()
    assert result.reading.ignored == {"not_read": 7}


def test_an_unknown_table_is_refused_and_named(read_text: Callable[..., Result], feed: Feed) -> None:
    from examples.generate.sheets import Sheet  # noqa: PLC0415

    grid = Sheet("Sheet1", [["Đơn vị", "Số hộ nghèo", "Số hộ cận nghèo", "Ghi chú"], ["Xã Đa Lộc", 1, 2, None]])
    result = read_text(KINDS["xlsx"]([grid]), feed, "la.xlsx")
    [finding] = result.findings
    assert finding.check == "form_unknown"
    assert "Không nhận ra biểu mẫu" in finding.message_vi
    no_form = Sheet("Sheet1", [["Mã hồ sơ", "Ngày"], ["1", "2"]])
    result = read_text(KINDS["xlsx"]([no_form]), feed, "khac.xlsx")
    assert [one.rule_id for one in result.findings if one.severity == "gate"] == ["Q03"]


def test_a_form_the_feed_does_not_hold_is_refused(
    make_feed: Callable[..., Feed], read_form: Callable[..., Result]
) -> None:
    narrow = make_feed(FEED, layout="{format: form, forms: [01/TCD]}")
    form = form_of("01/XLD", NEW)
    result = read_form(form, filled(form), by=narrow)
    [finding] = result.findings
    assert finding.check == "form_not_expected"
    assert "01/XLD" in finding.message_vi  # fmt: skip


def test_the_circular_of_a_shared_form_is_the_one_in_force(read_form: Callable[..., Result]) -> None:
    form = form_of("01/TCD", OLD)
    before = read_form(form, filled(form), window=WINDOWS[form.circular])
    after = read_form(form, filled(form), window=(date(2024, 3, 15), date(2024, 6, 14)))
    assert before.frame["circular"][0] == "TT02/2021/TT-TTCP"
    assert after.frame["circular"][0] == "TT01/2024/TT-TTCP"
    assert not before.findings
    assert not after.findings


def test_a_form_of_an_ended_circular_is_read_and_said(read_form: Callable[..., Result]) -> None:
    form = form_of("01/XLD", OLD)
    result = read_form(form, filled(form), window=(date(2024, 3, 15), date(2024, 6, 14)))
    assert [one.check for one in result.findings] == ["circular_not_in_force"]
    assert result.frame["circular"][0] == "TT02/2021/TT-TTCP"


def test_a_column_left_over_with_figures_is_said(read_text: Callable[..., Result], feed: Feed) -> None:
    form = form_of("02/XLD", NEW)
    sheet = form_sheet(form, filled(form), WINDOWS[form.circular], style=Style(slips=True))
    place = next(n for n, cell in enumerate(sheet.rows[3]) if cell == "Đang giải quyết")
    sheet.rows[7][place] = 4
    result = read_text(KINDS["xlsx"]([sheet]), feed, "thua.xlsx")
    assert [one.check for one in result.findings] == ["column_left_over"]


# --- the window -----------------------------------------------------------------------------------------------------

TCD = form_of("01/TCD", NEW)


@pytest.mark.parametrize(
    ("sentence", "period"),
    [
        ("Số liệu tính từ ngày 15/03/2024 đến ngày 14/06/2024", "2024-Q2"),
        ("(Số liệu tính từ ngày 15 tháng 3 năm 2024 đến ngày 14 tháng 6 năm 2024)", "2024-Q2"),
        ("Kỳ báo cáo: Quý III/2024", "2024-Q3"),
        ("Quý 2 năm 2024", "2024-Q2"),
        ("Số liệu từ ngày 15/12/2023 đến ngày 14/6/2024", "2024-H1"),
        ("6 tháng đầu năm 2024", "2024-H1"),
        ("Số liệu tính từ ngày 15/12/2023 đến ngày 14/09/2024", "2024-9M"),
        ("9 tháng đầu năm 2024", "2024-9M"),
        ("Số liệu tính từ ngày 15/12/2023 đến ngày 14/12/2024", "2024"),
        ("Năm 2024", "2024"),
    ],
)
def test_the_window_stands_in_the_sentence(read_form: Callable[..., Result], sentence: str, period: str) -> None:
    result = read_form(TCD, filled(TCD), window=sentence)
    assert result.reading.periods == (period,)
    assert result.frame["period"].unique().to_list() == [period]
    assert result.frame["window_to"][0] == read_window(period).window("TTCP")[1]


@pytest.mark.parametrize(
    ("sentence", "rule", "check"),
    [
        ("SO_LIEU_TINH_TU_NGAY_DEN_NGAY", "Q66", "period_placeholder"),
        ("Số liệu tính từ ngày … đến ngày …", "Q66", "period_placeholder"),
        ("Số liệu tính từ ngày ....../....../2024 đến ngày ....", "Q66", "period_placeholder"),
        (" ", "Q66", "period_missing"),
        ("Số liệu tính từ ngày 15/03/2024", "Q04", "period_unreadable"),
        ("Số liệu tính từ ngày 31/02/2024 đến ngày 14/06/2024", "Q04", "period_unreadable"),
        ("Số liệu tính từ ngày 14/06/2024 đến ngày 15/03/2024", "Q04", "period_unreadable"),
        ("Số liệu tính từ ngày 04/05/2024 đến ngày 29/06/2024", "Q04", "period_no_window"),
        ("Số liệu tính từ ngày 01/04/2024 đến ngày 30/06/2024", "Q04", "period_no_window"),
        ("Quý I năm 2019", "Q04", "period_no_window"),
    ],
)
def test_without_a_window_of_the_regime_a_form_is_refused(
    read_form: Callable[..., Result], sentence: str, rule: str, check: str
) -> None:
    result = read_form(TCD, filled(TCD), window=sentence)
    [finding] = result.findings
    assert (finding.rule_id, finding.check, finding.severity) == (rule, check, "gate")
    assert "Đề nghị" in finding.message_vi
    assert result.frame.is_empty()
    assert sum(result.reading.ignored.values()) == result.reading.rows_read > 0


def test_declared_ad_hoc_windows_load_as_themselves(
    make_feed: Callable[..., Feed], read_form: Callable[..., Result]
) -> None:
    open_feed = make_feed(FEED, period="{from: form, ad_hoc: true}")
    result = read_form(TCD, filled(TCD), by=open_feed, window=(date(2024, 5, 4), date(2024, 6, 29)))
    assert result.reading.periods == ("2024-05-04..2024-06-29",)
    assert not result.findings
    assert result.frame["unit_code"].to_list() == ["329", "12142", "12187"]
    official = read_form(TCD, filled(TCD), by=open_feed)
    assert official.reading.periods == ("2024-Q2",)


def test_the_name_of_the_file_must_say_the_same_window(
    make_feed: Callable[..., Feed], read_text: Callable[..., Result]
) -> None:
    named = make_feed(FEED.replace("    period:", "    name: 'bieu_(?P<period>\\d{4}Q\\d)\\.xlsx'\n    period:"))
    data = KINDS["xlsx"]([form_sheet(TCD, filled(TCD), WINDOWS[TCD.circular])])
    assert read_text(data, named, "bieu_2024Q2.xlsx").findings == []
    [finding] = read_text(data, named, "bieu_2024Q1.xlsx").findings
    assert (finding.rule_id, finding.check) == ("Q04", "period_disagrees")  # fmt: skip


def test_windows_are_written_and_read_alike() -> None:
    assert read_window("2024-05-04..2024-06-29") == AdHoc(date(2024, 5, 4), date(2024, 6, 29))
    assert str(AdHoc(date(2024, 5, 4), date(2024, 6, 29))) == "2024-05-04..2024-06-29"
    assert str(read_window("2024-Q2")) == "2024-Q2"
    for wrong in ("2024-06-29..2024-05-04", "2024-13-01..2024-14-01", "x"):
        with pytest.raises(ValueError, match=wrong.split(".")[0]):
            read_window(wrong)


# --- rows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 2, 5], ids=["Cấp huyện", "Cấp xã", "TỔNG CỘNG"])
def test_a_total_that_is_not_the_sum_of_its_units_refuses(read_form: Callable[..., Result], which: int) -> None:
    lines = filled(TCD)
    lines[which].figures[4] += 1
    result = read_form(TCD, lines)
    [finding] = result.findings
    assert (finding.rule_id, finding.severity, finding.column_name) == ("Q32", "gate", "c4")
    assert lines[which].label in finding.message_vi
    assert finding.row == (lines[which].place or ("", 0))[1]


@pytest.mark.parametrize("label", ["Toàn tỉnh", "Tổng cộng", "TỔNG CỘNG:", "Tổng số", "Toàn huyện"])
def test_what_a_total_may_be_called(read_form: Callable[..., Result], label: str) -> None:
    lines = filled(TCD)
    lines[-1].label = label
    assert read_form(TCD, lines).reading.ignored["total_row"] == 1


@pytest.mark.parametrize(
    "label", ["Cấp tỉnh", "Cấp sở, ngành", "UBND cấp huyện", "II. Sở, ban, ngành", "Các xã, phường, thị trấn"]
)
def test_what_a_group_may_be_called(read_form: Callable[..., Result], label: str) -> None:
    lines = filled(TCD)
    lines[2].label = label
    result = read_form(TCD, lines)
    assert result.reading.ignored["subtotal_row"] == 2
    assert result.frame.height == 3  # fmt: skip


def test_a_commune_short_for_xa_is_no_roman_ten(read_form: Callable[..., Result]) -> None:
    lines = filled(TCD)
    lines[4].label = "X. Đa Lộc"
    assert read_form(TCD, lines).frame["unit_code"].to_list() == ["329", "12142", "12187"]


def test_a_group_may_end_with_its_sum_too(read_form: Callable[..., Result]) -> None:
    lines = filled(TCD)
    result = read_form(TCD, [lines[1], lines[0], *lines[3:5], lines[2], lines[5]])
    assert not result.findings
    assert result.frame.height == 3


def test_half_a_reception_an_x_and_an_error_cell_are_defects(read_form: Callable[..., Result]) -> None:
    lines = filled(TCD)
    lines[1].raw = {8: "x", 9: 1.5, 10: "#DIV/0!"}
    result = read_form(TCD, lines[1:2])
    assert result.defects["column_name"].to_list() == ["c8", "c9", "c10"]
    assert set(result.defects["kind"]) == {"unreadable"}
    assert result.frame["_defects"][0] == "|c8:unreadable|c9:unreadable|c10:unreadable|"


def test_a_true_number_is_not_read_as_a_text_with_dots(read_form: Callable[..., Result]) -> None:
    form = form_of("02/KQGQ", NEW)
    lines = filled(form)
    lines[1].raw = {3: 1.234, 4: "1.234"}
    lines = lines[1:2]
    frame = read_form(form, lines).frame
    assert frame.row(0, named=True)["c3"] == 1.234
    assert frame.row(0, named=True)["c4"] == 1234


def test_blanks_are_zero_or_unknown_as_the_feed_says(
    make_feed: Callable[..., Feed], read_form: Callable[..., Result]
) -> None:
    line = Line(UNITS[0], {1: 2, 4: 2})
    assert read_form(TCD, [line]).frame.row(0, named=True)["c2"] == 0
    unknown = make_feed(FEED, layout="{format: form, blank_is_zero: false}")
    assert read_form(TCD, [line], by=unknown).frame.row(0, named=True)["c2"] is None  # fmt: skip


def test_the_unit_may_stand_in_a_cell_above_or_be_the_feeds_own(
    make_feed: Callable[..., Feed], read_form: Callable[..., Result]
) -> None:
    lines = [Line("Tại trụ sở", figures(TCD, Random(3)))]
    cell = make_feed(FEED, unit='{cell: "Đơn vị báo cáo", parent: "33"}')
    said = read_form(TCD, lines, by=cell, above=("Đơn vị báo cáo: UBND huyện Ân Thi",))
    assert said.frame["unit_code"].to_list() == ["329"]
    lacking = read_form(TCD, lines, by=cell)
    assert [(one.rule_id, one.check) for one in lacking.findings] == [("Q05", "unit_missing")]
    fixed = make_feed(FEED, unit='{fixed: "329"}')
    assert read_form(TCD, lines, by=fixed).frame["unit_code"].to_list() == ["329"]  # fmt: skip


def test_the_total_may_be_the_units_own_row(make_feed: Callable[..., Feed], read_form: Callable[..., Result]) -> None:
    own = make_feed(
        FEED.replace('{name: "Đơn vị", parent: "33"}', '{fixed: "329"}'), layout="{format: form, rows: total}"
    )
    lines = filled(TCD)
    result = read_form(TCD, lines, by=own)
    assert result.frame.height == 1
    assert result.frame.row(0, named=True)["c1"] == lines[-1].figures[1]
    assert result.reading.ignored["line_of_total"] == 3
    without = read_form(TCD, lines[:-1], by=own)
    assert [(one.rule_id, one.check) for one in without.findings] == [("Q32", "total_missing")]  # fmt: skip


def test_a_nil_statement_says_that_nothing_occurred(
    make_feed: Callable[..., Feed], read_form: Callable[..., Result]
) -> None:
    nil = make_feed(FEED, layout='{format: form, nil: ["Không phát sinh"]}')
    result = read_form(TCD, [Line("Không phát sinh trong kỳ")], by=nil)
    assert result.reading.is_nil
    assert result.reading.periods == ("2024-Q2",)
    empty = read_form(TCD, [])
    assert [one.rule_id for one in empty.findings] == ["Q08"]
    assert not empty.reading.is_nil  # fmt: skip


# --- several forms in a workbook ------------------------------------------------------------------------------------


def test_a_workbook_holds_several_forms_and_says_which_is_missing(
    make_feed: Callable[..., Feed], read_text: Callable[..., Result]
) -> None:
    several = make_feed(FEED, layout="{format: form, forms: [01/TCD, 01/XLD, 03/KQGQ]}")
    pages = [
        form_sheet(one, filled(one), WINDOWS[TCD.circular], name=f"b{n}")
        for n, one in enumerate((TCD, form_of("01/XLD", NEW)))
    ]
    result = read_text(KINDS["ods"](pages), several, "ca.ods")
    assert result.frame["form_code"].to_list() == ["01/TCD"] * 3 + ["01/XLD"] * 3
    assert result.frame["_sheet"].unique(maintain_order=True).to_list() == ["b0", "b1"]
    assert [(one.rule_id, one.check) for one in result.findings] == [("Q20", "form_missing")]
    assert "03/KQGQ" in result.findings[0].message_vi  # fmt: skip


def test_forms_of_one_file_speak_for_one_window_and_stand_once(read_text: Callable[..., Result], feed: Feed) -> None:
    other = form_sheet(
        form_of("01/XLD", NEW), filled(form_of("01/XLD", NEW)), (date(2023, 12, 15), date(2024, 3, 14)), name="b"
    )
    first = form_sheet(TCD, filled(TCD), WINDOWS[TCD.circular], name="a")
    result = read_text(KINDS["xlsx"]([first, other]), feed, "hai_ky.xlsx")
    assert [(one.rule_id, one.check) for one in result.findings] == [("Q04", "period_disagrees")]
    twice = form_sheet(TCD, filled(TCD), WINDOWS[TCD.circular], name="c")
    result = read_text(KINDS["xlsx"]([first, twice]), feed, "hai_lan.xlsx")
    assert [(one.rule_id, one.check) for one in result.findings] == [("Q23", "form_twice")]
    assert result.frame.is_empty()  # fmt: skip


# --- the feed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layout": "{format: form, forms: [09/XYZ]}"}, "no form 09/XYZ"),
        ({"period": "{from: name}"}, "belong together"),
        ({"period": '{from: cell, contains: "x", ad_hoc: true}'}, "ad_hoc"),
        ({"unit": "{code: Mã}"}, "names its units"),
        ({"dataset": "petitions"}, "feeds the dataset petition_forms"),
    ],
)
def test_a_feed_that_cannot_be_is_explained(
    make_feed: Callable[..., Feed], changes: dict[str, str], words: str
) -> None:
    with pytest.raises(FeedError) as wrong:
        make_feed(FEED, **changes)
    assert words in str(wrong.value)  # fmt: skip


def test_a_form_feed_maps_no_columns(make_feed: Callable[..., Feed], feed: Feed) -> None:
    check_against_contract(feed, contract(DATASET))
    with pytest.raises(FeedError, match="its columns are known"):
        make_feed(FEED + '    columns: {c1: "Tổng số"}\n')


# --- judged by the printed equations --------------------------------------------------------------------------------

UNIT_TABLE = pl.DataFrame(
    {"unit_code": ["329", "12142", "12187"], "valid_from": ["2019-05-01"] * 3, "valid_to": [None] * 3}
)


@pytest.mark.parametrize("form", FORMS, ids=NAMES)
def test_each_printed_equation_of_a_form_is_judged(
    form: Form, read_form: Callable[..., Result], tmp_path: Path
) -> None:
    """Every hard equation of one row, broken alone, quarantines its row, with both sides in the message."""
    own = [one for one in equations() if (one.circular, one.form_code) == (form.circular, form.form_code)]
    hard = [one for one in own if one.severity == "hard" and one.is_of_one_row]
    sound = filled(form)[1]
    lines = [Line(UNITS[0], dict(sound.figures)) for _ in (None, *hard)]
    for line, equation in zip(lines[1:], hard, strict=True):
        line.figures[equation.left[0].column_no] += 1000
    read = read_form(form, lines)
    told = judge_one(
        read.reading.frame_path, contract(DATASET), reference={"units": UNIT_TABLE}, work_dir=tmp_path / "w"
    )
    assert told.failing()["equations_hold"] == len(hard)
    found = told.findings.filter(pl.col("check") == "equations_hold")
    messages = dict(zip(found["row"].to_list(), found["message_vi"].to_list(), strict=True))
    for line, equation in zip(lines[1:], hard, strict=True):
        message = messages[(line.place or ("", 0))[1]]
        assert f"Đơn vị 329, biểu {form.form_code}" in message
        assert f"{equation.expression} (" in message
        assert " so với " in message


def test_a_relation_only_warns(read_form: Callable[..., Result], tmp_path: Path) -> None:
    lines = [Line(UNITS[0], {1: 3, 2: 2, 3: 3, 4: 3, 5: 2, 6: 3})]
    result = read_form(TCD, lines)
    judged = judge_one(
        result.reading.frame_path, contract(DATASET), reference={"units": UNIT_TABLE}, work_dir=tmp_path / "w"
    )
    assert judged.failing()["relations_hold"] == 1
    assert judged.accepted is not None
    [message] = judged.findings.filter(pl.col("check") == "relations_hold")["message_vi"].to_list()
    assert "c2 >= c1 (2 so với 3)" in message  # fmt: skip
