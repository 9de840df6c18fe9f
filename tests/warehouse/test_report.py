"""The assessment document and its page: complete, in two languages, self-contained, safe with hostile texts."""

from __future__ import annotations

import json
import re
import shutil
from functools import lru_cache
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from expectations.contracts.documents import read_yaml
from expectations.contracts.periods import PeriodError
from expectations.contracts.words.wording import (
    Words,
    both,
    change,
    number,
    percent,
    period_name,
    quantity,
    texts,
    words,
)
from tests.warehouse.report_release import HOSTILE
from tests.warehouse.report_release import release as sample_release
from warehouse.reports.assessment import STATUSES, AssessmentError, Letterhead, assess, render_html
from warehouse.reports.charts import Axis, shares
from warehouse.reports.outline import outline
from warehouse.reports.page import CompiledTemplates, environment

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def release() -> Iterator[duckdb.DuckDBPyConnection]:
    with sample_release() as con:
        yield con


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("release") / "warehouse.duckdb"
    sample_release(path).close()
    return path


@pytest.fixture
def changed(stored: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A release of its own, for tests that change it."""
    with duckdb.connect(shutil.copy(stored, tmp_path)) as con:
        yield con


@pytest.fixture(scope="module")
def document(release: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return assess(release, "2024-Q1")


@pytest.fixture(scope="module")
def page(document: dict[str, Any]) -> str:
    return render_html(document)


class _Reader(HTMLParser):
    """Text of a page by language (None: both), and every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str | None, list[str]] = {"vi": [], "en": [], None: []}
        self._open: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "input", "br", "img", "link", "html"}:
            kept = "keep" in (dict(attrs).get("class") or "")
            self._open.append((tag, None if kept else dict(attrs).get("lang")))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] == "style":
            return
        language = next((lang for _, lang in reversed(self._open) if lang), None)
        self.texts[language].append(data)

    def seen(self, language: str) -> str:
        """What a reader of that language can see, roughly."""
        return " ".join(self.texts[language] + self.texts[None])


@lru_cache(maxsize=4)
def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


# The document


def test_document_has_all_goals_once_with_a_status_and_a_reason(document: dict[str, Any]) -> None:
    goals = [goal for section in document["sections"] for goal in section["goals"]]
    assert len({goal["goal_id"] for goal in goals}) == len(goals) == document["summary"]["total"] == 56
    assert all(goal["status"] in STATUSES and goal["reason_vi"] and goal["quote_vi"] for goal in goals)
    assert sum(document["summary"]["by_status"].values()) == 56
    assert [section["section"] for section in document["sections"]] == [
        "1-results", "1-limitations", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6",
    ]  # fmt: skip


def test_narrative_goals_have_a_place_for_text_author_and_date(document: dict[str, Any]) -> None:
    narrative = [goal for section in document["sections"] for goal in section["goals"] if goal["narrative"]]
    assert len(narrative) == 7
    assert all(goal["narrative"] == {"text": None, "author": None, "entered_on": None} for goal in narrative)


def test_document_is_json_and_the_same_at_every_call(
    release: duckdb.DuckDBPyConnection, document: dict[str, Any]
) -> None:
    again = assess(release, "2024-Q1")
    assert json.dumps(again, sort_keys=True) == json.dumps(document, sort_keys=True)


def test_windows_follow_each_regime(document: dict[str, Any]) -> None:
    windows = {row["regime"]: (row["from"], row["to"]) for row in document["period"]["windows"]}
    assert windows["TTCP"] == ("2023-12-15", "2024-03-14")
    assert windows["CALENDAR"] == ("2024-01-01", "2024-03-31")


def test_districts_stand_in_customary_order(document: dict[str, Any]) -> None:
    units = [unit["unit_code"] for unit in document["side_by_side"]["units"]]
    assert units == ["33", "323", "328", "325", "326", "327", "329", "330", "331", "332", "333"]


def test_more_units_than_a_page_holds_are_said_to_be_left_out(changed: duckdb.DuckDBPyConnection) -> None:
    changed.execute(
        "insert into ref.units select units.* replace (unit_code || '0' || n as unit_code, 'Huyện ' || n as name_vi)"
        " from ref.units, range(1, 3) as numbers(n) where level = 'district' and parent_code = '33'"
    )
    changed.execute(
        "insert into marts.assessment select assessment.* replace (unit_code || '0' || n as unit_code)"
        " from marts.assessment, range(1, 3) as numbers(n) where unit_code <> '33'"
    )
    document = assess(changed, "2024-Q1")
    assert len(document["side_by_side"]["units"]) == 17
    assert document["side_by_side"]["left_out_count"] == 14
    assert "14 đơn vị còn lại" in render_html(document)


def test_shares_with_an_interval_of_their_own_chapter_stand_not_bare_beside_each_other(
    changed: duckdb.DuckDBPyConnection,
) -> None:
    """Which these are is said by their definitions: answers of one respondent that are pooled."""

    def side_by_side() -> set[str]:
        streams = assess(changed, "2024-Q1")["side_by_side"]["streams"]
        return {one["indicator_code"] for stream in streams for one in stream["indicators"]}

    shares = side_by_side()
    assert "AR01" in shares
    changed.execute(
        "create table ref.indicator_definitions (indicator_code varchar, interval varchar);"
        "insert into ref.indicator_definitions values ('AR01', 'clustered'), ('SA03', 'wilson')"
    )
    assert side_by_side() == shares - {"AR01"}


def test_figures_are_compared_with_the_period_before(document: dict[str, Any]) -> None:
    figure = _figure(document, "AR01")
    assert figure["definition_id"] == "OT_FORM06"
    assert figure["previous"]["period"] == "2023-Q4"
    assert figure["previous"]["change_kind"] == "points"
    assert figure["previous"]["change"] == pytest.approx(figure["value"] - figure["previous"]["value"])


@pytest.mark.parametrize(
    ("column", "value", "reason"), [("units_reporting", 7, "units"), ("regime", "CALENDAR", "regime")]
)
def test_unlike_periods_are_not_compared(
    changed: duckdb.DuckDBPyConnection, column: str, value: object, reason: str
) -> None:
    changed.execute(f"update marts.indicator_values set {column} = ? where period = '2023-Q4'", [value])
    past = _figure(assess(changed, "2024-Q1"), "AR01")["previous"]
    assert past["not_comparable"] == reason
    assert past["change"] is None


def test_a_definition_is_named_in_words(page: str) -> None:
    """The id of a definition is a word of ours; a reader sees `AR01 · biểu II.06a`."""
    assert re.search(r'<span class="code">AR01 · <span lang="vi">biểu II\.06a</span>', page)
    assert not re.search(r"OT_(FORM06|766|ANNUAL)\b", page)


def test_other_definitions_are_never_compared(changed: duckdb.DuckDBPyConnection) -> None:
    changed.execute("update marts.indicator_values set definition_id = 'OT_OLD' where period = '2023-Q4'")
    assert _figure(assess(changed, "2024-Q1"), "AR01")["previous"] is None


def test_the_report_names_the_bodies_of_its_period(changed: duckdb.DuckDBPyConnection) -> None:
    """Ban Dân vận is Ban Tuyên giáo và Dân vận since 2025: a report of 2024 names the one, a later one the other."""

    def named() -> set[str]:
        goals = [goal for section in assess(changed, "2024-Q1")["sections"] for goal in section["goals"]]
        return {part for goal in goals for part in goal["responsible"].split("; ")}

    assert "Ban Dân vận" in named()
    assert "UBND huyện" in named()
    changed.execute("update ref.responsible_bodies set valid_from = date '2024-01-01' where valid_from is not null")
    changed.execute("update ref.responsible_bodies set valid_to = date '2024-01-01' where valid_to is not null")
    assert {"Ban Tuyên giáo và Dân vận", "Đảng ủy UBND tỉnh"} <= named()
    assert not {"Ban Dân vận", "Ban Cán sự Đảng UBND tỉnh", "UBND huyện"} & named()
    page = render_html(assess(changed, "2024-Q1"))
    assert "Ban Tuyên giáo và Dân vận" in page
    assert "propaganda and mass-mobilization commission" in page


@pytest.mark.parametrize(
    ("verdict", "outcome", "change", "expected"),
    [
        ("unchanged", "unchanged", 1.5, "not_significant"),
        ("unchanged", "unchanged", 0.01, "same"),
        ("declined", "declined", -1.5, "worse"),
        ("improved", "improved", 1.5, "better"),
        ("low_coverage", None, None, None),
    ],
)
def test_the_verdict_and_the_comparison_of_the_warehouse_stand(
    changed: duckdb.DuckDBPyConnection, verdict: str, outcome: str | None, change: float | None, expected: str | None
) -> None:
    changed.execute(
        "create table marts.indicator_verdicts as"
        " select 'AR01' as indicator_code, '33' as unit_code, '2024-Q1' as period, 'period' as cycle,"
        " ?::varchar as verdict, 3 as months_known, 6 as months_in_span, 67 as rows_counted, 3 as rows_missing",
        [verdict],
    )
    changed.execute(
        "create table marts.indicator_comparisons as"
        " select 'AR01' as indicator_code, '33' as unit_code, '2024-Q1' as period, 'previous' as comparison,"
        " '2023-Q4' as before_period, 90.0 as before_value, 81 as before_numerator, 90 as before_denominator,"
        " ?::double as change, ?::varchar as outcome, 9 as common_units, 10 as either_units where ? is not null",
        [change, outcome, outcome],
    )
    document = assess(changed, "2024-Q1")
    figure = _figure(document, "AR01")
    assert figure["verdict"] == verdict
    assert figure["previous"]["is"] == expected
    assert (figure["previous"]["change"] is None) == (change is None)
    page = render_html(document)
    assert "mới có số liệu 3/6 tháng" in page
    assert "thiếu 3/70 dòng bị cách ly" in page
    assert ("so sánh trên 9/10 đơn vị" in page) == (outcome is not None)


def test_the_report_prints_the_rule_of_the_statuses(changed: duckdb.DuckDBPyConnection) -> None:
    changed.execute(
        "create table ref.status_rules as select 1 as position, 'monitored' as status,"
        " 'Mọi chỉ số chỉ để theo dõi.' as rule_vi, 'All is context.' as rule_en"
    )
    page = render_html(assess(changed, "2024-Q1"))
    assert "Quy tắc xếp mức của một nội dung" in page
    assert "Mọi chỉ số chỉ để theo dõi." in page


def test_duties_of_the_whole_year_are_not_compared_between_periods(changed: duckdb.DuckDBPyConnection) -> None:
    changed.execute("alter table marts.indicator_values add column due_on date")
    changed.execute("update marts.indicator_values set due_on = '2024-12-31' where indicator_code = 'MM06'")
    assert _figure(assess(changed, "2024-Q1"), "MM06")["previous"]["not_comparable"] == "yearly"


def test_a_reason_is_the_sentence_of_the_warehouse_however_many_figures_it_has(
    changed: duckdb.DuckDBPyConnection,
) -> None:
    changed.execute("update marts.assessment set reason_vi = 'Đạt một phần: câu của kho.' where goal_id = 'R1-g'")
    assert "Đạt một phần: câu của kho." in render_html(assess(changed, "2024-Q1"))


def test_refused_files_without_a_period_are_named_apart(changed: duckdb.DuckDBPyConnection) -> None:
    changed.execute(
        "insert into ops.deliveries (delivery_id, feed, dataset, file_name, periods, state)"
        " values ('x', 'd329.dossiers', 'dossiers', 'hong.xlsx', [], 'refused')"
    )
    before = sum(assess(changed, "2023-Q4")["quality"]["deliveries"].values())
    document = assess(changed, "2024-Q1")
    assert before == 0
    assert [file["file_name"] for file in document["quality"]["unplaced"]] == ["hong.xlsx"]
    assert "hong.xlsx" in render_html(document)


def test_a_missing_delivery_points_to_refused_files_of_its_feed(changed: duckdb.DuckDBPyConnection) -> None:
    changed.execute(
        "insert into ops.deliveries (delivery_id, feed, dataset, file_name, periods, state)"
        " values ('x', 'd331.petitions', 'petitions', 'hong.xlsx', [], 'refused')"
    )
    seen = _read(render_html(assess(changed, "2024-Q1"))).seen("vi")
    assert "nguồn này có tệp bị từ chối chưa rõ kỳ: hong.xlsx" in seen


def test_only_the_definition_that_is_assessed_stands_in_the_goals(changed: duckdb.DuckDBPyConnection) -> None:
    changed.execute("alter table marts.indicator_values add column is_primary boolean default true")
    changed.execute(
        "insert into marts.indicator_values select * replace ('OT_ANNUAL' as definition_id, false as is_primary)"
        " from marts.indicator_values where indicator_code = 'AR01'"
    )
    document = assess(changed, "2024-Q1")
    assert _figure(document, "AR01")["definition_id"] == "OT_FORM06"
    assert "AR01 · OT_ANNUAL" not in render_html(document)


def test_lower_is_better_where_the_catalogue_says_so(changed: duckdb.DuckDBPyConnection) -> None:
    changed.execute(
        "update marts.indicator_values set value = if(period = '2024-Q1', 10, 20) where indicator_code = 'AR02'"
    )
    past = _figure(assess(changed, "2024-Q1"), "AR02")["previous"]
    assert (past["change"], past["is"]) == (-10, "better")


def test_targets_carry_their_source_and_recalled_ones_are_unconfirmed(document: dict[str, Any]) -> None:
    assert _figure(document, "MM01")["target"]["is_stated_in_notice"]
    recalled = _figure(document, "PE04")["target"]
    assert not recalled["is_stated_in_notice"]
    assert not recalled["is_confirmed"]
    assert _figure(document, "AR01")["target"] is None, "its target begins in 2025"


def test_unpublished_samples_leave_no_figure_in_the_document(changed: duckdb.DuckDBPyConnection) -> None:
    changed.execute("update marts.satisfaction_by_factor set value = 12.34 where unit_code = '332'")
    document = assess(changed, "2024-Q1")
    point = document["satisfaction"][0]["factors"][0]["by_unit"]["332"]
    assert (point["value"], point["low"], point["satisfied_count"], point["is_publishable"]) == (
        None,
        None,
        None,
        False,
    )
    assert "không công bố vì số nhỏ" in _read(render_html(document)).seen("vi")


def test_missing_deliveries_say_why(document: dict[str, Any]) -> None:
    found = {(row["unit_code"], row["dataset"]): row for row in document["missing"]["obligations"]}
    assert found["331", "petitions"]["status"] == "missing"
    assert found["329", "dossiers"]["status"] == "late"
    assert found["327", "petitions"]["status"] == "refused"
    assert "Ngày tiếp nhận" in found["327", "petitions"]["reason_vi"]


def test_quality_counts_every_row(document: dict[str, Any]) -> None:
    rows = document["quality"]["rows"]
    assert rows["rows_read"] == sum(rows[f"rows_{fate}"] for fate in ("loaded", "unchanged", "quarantined", "ignored"))
    assert document["quality"]["findings"][0]["severity"] == "gate"


def test_a_district_stands_beside_its_province(release: duckdb.DuckDBPyConnection) -> None:
    document = assess(release, "2024-Q1", "325")
    assert [unit["unit_code"] for unit in document["side_by_side"]["units"]] == ["325", "33"]
    assert {row["unit_code"] for row in document["missing"]["obligations"]} <= {"325"}
    assert "HUYỆN VĂN LÂM" in render_html(document)


def test_one_district_only(changed: duckdb.DuckDBPyConnection) -> None:
    for table in ("assessment", "indicator_values", "satisfaction_by_factor", "petition_backlog", "dossier_timeliness"):
        changed.execute(f"delete from marts.{table} where unit_code <> '325'")
    document = assess(changed, "2024-Q1", "325")
    assert [unit["unit_code"] for unit in document["side_by_side"]["units"]] == ["325"]
    assert render_html(document)


def test_release_without_its_other_tables_still_gives_a_page(changed: duckdb.DuckDBPyConnection) -> None:
    for table in ("indicator_values", "satisfaction_by_factor", "petition_backlog", "dossier_timeliness", "coverage"):
        changed.execute(f"drop table marts.{table}")
    for table in ("releases", "deliveries", "receipts", "findings", "obligations"):
        changed.execute(f"drop table ops.{table}")
    seen = _read(render_html(assess(changed, "2024-Q1"))).seen("vi")
    assert "Kỳ này không có số liệu khảo sát." in seen
    assert "chưa phát hành" in seen


def test_goal_without_a_row_is_not_enough_data(changed: duckdb.DuckDBPyConnection) -> None:
    changed.execute("delete from marts.assessment where goal_id = 'R1-b'")
    document = assess(changed, "2024-Q1")
    [goal] = [goal for section in document["sections"] for goal in section["goals"] if goal["goal_id"] == "R1-b"]
    assert goal["status"] == "not_enough_data"
    assert document["summary"]["total"] == 56


def test_errors_name_what_the_release_can_give(release: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(AssessmentError, match=r"2030.*available: 2023-Q4, 2024-Q1"):
        assess(release, "2030")
    with pytest.raises(AssessmentError, match=r"unit 999 for 2024-Q1; units: .*323"):
        assess(release, "2024-Q1", "999")
    with pytest.raises(PeriodError, match="write 2024"):
        assess(release, "Q1/2024")
    with duckdb.connect() as empty, pytest.raises(AssessmentError, match="no assessment yet"):
        assess(empty, "2024-Q1")


# The page


def test_page_shows_every_goal_in_both_languages(document: dict[str, Any], page: str) -> None:
    ids = {attributes.get("id") for _, attributes in _read(page).tags}
    english = re.sub(r"\s+", " ", _read(page).seen("en"))
    for section in document["sections"]:
        for goal in section["goals"]:
            assert f"goal-{goal['goal_id']}" in ids
            assert goal["gloss_en"] in english


def test_page_is_one_file_without_scripts(page: str) -> None:
    tags = _read(page).tags
    assert not {name for name, _ in tags} & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    for name, attributes in tags:
        for attribute, value in attributes.items():
            assert not attribute.startswith("on"), (name, attribute)
            if attribute in {"src", "href", "xlink:href", "action", "srcset"}:
                assert (value or "").startswith("#"), (name, attribute, value)
    style = page[page.index("<style>") : page.index("</style>")]
    assert "@import" not in style
    assert re.findall(r"url\((?!#)", style) == []
    assert not re.findall(r"https?://", page)
    assert len(page.encode()) < 1_000_000


def test_links_inside_the_page_have_their_targets(page: str) -> None:
    tags = _read(page).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    pointed = {value[1:] for _, attributes in tags for name, value in attributes.items() if name == "href" and value}
    labels = {part for _, attributes in tags for part in (attributes.get("aria-labelledby") or "").split()} | {
        attributes["for"] for name, attributes in tags if name == "label"
    }
    assert pointed | labels <= set(ids)


def test_numbers_are_written_as_each_language_writes_them(document: dict[str, Any], page: str) -> None:
    figure = _figure(document, "AR01")
    reader = _read(page)
    assert percent(figure["value"], "vi") in reader.seen("vi")
    assert percent(figure["value"], "en") in reader.seen("en")
    assert not re.search(r"\d\.\d\d?%", reader.seen("vi"))
    assert not re.search(r"\d,\d\d? ?%", reader.seen("en"))


def test_page_names_borrowed_and_absent_targets(page: str) -> None:
    seen = _read(page).seen("vi")
    assert "mục tiêu: không nêu trong Thông báo" in seen
    assert "chưa xác nhận" in seen


def test_every_table_is_labelled_for_a_screen_reader(page: str) -> None:
    tags = _read(page).tags
    heads = [attributes for name, attributes in tags if name == "th"]
    assert all(attributes.get("scope") in {"col", "row", "colgroup"} for attributes in heads)
    assert sum(name == "table" for name, _ in tags) == sum(name == "caption" for name, _ in tags)
    pictures = [attributes for name, attributes in tags if name == "svg"]
    assert all(attributes.get("role") == "img" or attributes.get("aria-hidden") for attributes in pictures)


def test_headings_never_skip_a_level(page: str) -> None:
    levels = [int(name[1]) for name, _ in _read(page).tags if re.fullmatch(r"h[1-6]", name)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels) if before != 1)


def test_hostile_texts_are_escaped(changed: duckdb.DuckDBPyConnection) -> None:
    changed.execute("update ref.units set name_vi = ?, short_name = ? where unit_code = '333'", [HOSTILE] * 2)
    changed.execute("update ref.goals set quote_vi = ?, gloss_en = ? where goal_id = 'R1-a'", [HOSTILE] * 2)
    changed.execute("update marts.assessment set reason_vi = ?, reason_en = ?", [HOSTILE] * 2)
    changed.execute("update ops.findings set message_vi = ?, rule_id = ?", [HOSTILE, "<script>"])
    changed.execute("update ref.indicators set name_vi = ?, name_en = ?", ['"><script>', "'><script>"])
    changed.execute("update marts.satisfaction_by_factor set factor_vi = ?, factor_en = ?", [HOSTILE] * 2)
    hostile = Letterhead(issuing_body=HOSTILE, recipients=(HOSTILE,), signer_name=HOSTILE)
    page = render_html(assess(changed, "2024-Q1", letterhead=hostile))
    assert "<script" not in page.lower()
    assert "&lt;script&gt;" in page
    assert not [name for name, _ in _read(page).tags if name == "script"]


def test_letterhead_follows_the_settings(release: duckdb.DuckDBPyConnection) -> None:
    letterhead = Letterhead(parent_body="Ủy ban nhân dân tỉnh", issuing_body="Sở Nội vụ", signed_for="KT. GIÁM ĐỐC")
    chosen = {"release_id": "20240420-abc", "created_at": "2024-04-20T13:15:00"}
    seen = _read(render_html(assess(release, "2024-Q1", letterhead=letterhead, release=chosen))).seen("vi")
    assert "SỞ NỘI VỤ" in seen
    assert "KT. GIÁM ĐỐC" in seen
    assert "20240420-abc" in seen


def _figure(document: dict[str, Any], code: str) -> dict[str, Any]:
    return next(
        figure
        for section in document["sections"]
        for goal in section["goals"]
        for figure in goal["figures"]
        if figure["indicator_code"] == code
    )


# Words, numbers, charts


@pytest.mark.parametrize(
    ("written", "vi", "en"),
    [
        (both(number, 1234), "1.234", "1,234"),
        (both(number, 1234.5), "1.234,5", "1,234.5"),
        (both(number, -0.04), "0,0", "0.0"),
        (both(number, None), "–", "–"),
        (both(percent, 98.53), "98,5 %", "98.5%"),
        (both(change, 1.24, "points"), "+1,2 điểm %", "+1.2 pp"),
        (both(change, -12.34, "percent"), "−12,3 %", "−12.3%"),
        (both(change, 0.01, "points"), "0,0 điểm %", "0.0 pp"),
        (both(quantity, 1, "yes_no"), "có", "yes"),
        (both(quantity, 88.336, "points"), "88,34", "88.34"),
        (period_name("2024"), "năm 2024", "the year 2024"),
        (period_name("2024-H1"), "6 tháng đầu năm 2024", "first half of 2024"),
        (period_name("2024-07"), "tháng 7 năm 2024", "July 2024"),
    ],
)
def test_wording(written: Words, vi: str, en: str) -> None:
    assert (written.vi.replace("\u00a0", " "), written.en.replace("\u00a0", " ")) == (vi, en)


def test_every_text_has_both_languages_and_the_same_places() -> None:
    for key, (vi, en) in texts().items():
        assert set(re.findall(r"{(\w+)}", vi)) <= set(re.findall(r"{(\w+)}", en)) | {"gloss", "text"}, key
        assert en, key


def test_texts_are_worded_as_an_official_would() -> None:
    """The glossary of what is not written, against every text of the catalogue, the templates and the reference."""
    glossary = read_yaml(files("expectations.contracts.words").joinpath("glossary.yaml").read_text(encoding="utf-8"))
    texts_of = {key: vi for key, (vi, _) in texts().items()}
    folders = (Path("warehouse/reports/templates"), Path("warehouse/reference"))
    root = Path(__file__).parents[2]
    for path in (one for folder in folders for one in sorted((root / folder).rglob("*.*")) if one.suffix != ".pyc"):
        texts_of[path.name] = path.read_text(encoding="utf-8")
    found = {(place, wrong) for place, text in texts_of.items() for wrong in glossary if wrong.lower() in text.lower()}
    assert not found


def test_every_text_named_in_a_template_exists() -> None:
    folder = Path(__file__).parents[2] / "warehouse" / "reports" / "templates"
    for path in folder.rglob("*.j2"):
        for key in re.findall(r"\b(?:t|words)\(\"([\w.-]+)\"[,)]", path.read_text(encoding="utf-8")):
            assert key in texts(), f"{path.name}: {key}"


def test_an_unknown_text_is_an_error() -> None:
    with pytest.raises(KeyError):
        words("no.such.text")


def test_axis_begins_at_the_tens_below_and_ends_at_hundred() -> None:
    axis = Axis.around([63.2, None, 98])
    assert (axis.ticks[0], axis.ticks[-1]) == (60, 100)
    assert (axis.at(60), axis.at(80), axis.at(100), axis.at(10)) == ("0%", "50%", "100%", "0%")
    assert Axis.around([]).ticks[0] == 0
    assert Axis.around([100]).ticks[0] == 90


def test_every_axis_has_few_whole_ticks() -> None:
    for low in range(101):
        ticks = Axis.around([low]).ticks
        assert len(ticks) <= 6
        assert ticks[-1] == 100


def test_stacked_shares_fill_the_bar() -> None:
    assert shares([1, 1, 2]) == [(0.0, 25.0), (25.0, 25.0), (50.0, 50.0)]
    assert shares([0, 0]) == [(0.0, 0.0), (0.0, 0.0)]
    assert shares([1, 1], whole=4) == [(0.0, 25.0), (25.0, 25.0)]


def test_the_page_says_which_of_form_and_cases_it_prints_and_what_the_other_says(
    changed: duckdb.DuckDBPyConnection,
) -> None:
    changed.execute(
        "create or replace table marts.reconciliations as select * from (values"
        " ('AR01', '33', '2024-Q1', 'form', 98.0, 91.5, 6.5, 1.0, true, false),"
        " ('AR01', '326', '2024-Q1', 'form', 98.0, 88.0, 10.0, 1.0, true, false),"
        " ('AR01', '325', '2024-Q1', 'form', 98.0, 98.0, 0.0, 1.0, true, true),"
        " ('PE05', '33', '2024-Q1', 'register', 80.0, 80.0, 0.0, 1.0, true, true),"
        " ('PE06', '33', '2024-Q1', 'form', 80.0, null, null, 1.0, false, null)"
        ") as made (indicator_code, unit_code, period, printed, form_value, register_value, difference, tolerance,"
        " is_comparable, is_reconciled)"
    )
    document = assess(changed, "2024-Q1")
    rows = {row["indicator_code"]: row for row in document["reconciliations"]}
    assert list(rows) == ["AR01", "PE05", "PE06"]
    assert [len(row["differing_units"]) for row in rows.values()] == [1, 0, 0]
    seen = _read(render_html(document)).seen("vi")
    assert "lệch 6,5 điểm" in seen
    assert f"(1 đơn vị lệch: {rows['AR01']['differing_units'][0]})" in seen
    assert "chỉ một bên có số liệu" in seen
    assert "91,5" in seen
    table = outline(document).annexes[-1]
    assert [row[0].text for row in table.rows] == [row["name_vi"] for row in document["reconciliations"]]
    assert table.rows[0][4].text.startswith("lệch 6,5 điểm")


def test_templates_are_compiled_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = CompiledTemplates()
    kept.directory = "/proc/nowhere"
    monkeypatch.setattr(environment("vi"), "bytecode_cache", kept)
    monkeypatch.setattr(environment("vi"), "cache", None)
    assert environment("vi").get_template("letterhead.html.j2").render is not None
    assert not Path(kept.directory).exists()
