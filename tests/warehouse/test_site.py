"""The site of an assessment: every page of it, its links, its charts with their tables, its figures and its words."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.words.wording import both, catalogue, quantity, texts
from tests.warehouse.report_release import DISTRICTS, HOSTILE, KEY_FIGURES
from tests.warehouse.report_release import release as sample_release
from tests.warehouse.rows import built, empty_warehouse, insert, report
from tests.warehouse.site_reading import read, target
from tests.warehouse.test_models import TIMELY
from warehouse import behind
from warehouse.reference import frames
from warehouse.reports.assessment import assess
from warehouse.reports.folders import clear_parts, draft_of, replace_folder
from warehouse.reports.page import environment, note_words
from warehouse.reports.site import VERDICTS, site
from warehouse.reports.site_pages import LANGUAGES, START, pages
from warehouse.reports.site_tables import COLUMNS, state
from warehouse.reports.spread import areas, outliers, tiles
from warehouse.walk_back import walk_back

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb


@pytest.fixture(scope="module")
def release() -> Iterator[duckdb.DuckDBPyConnection]:
    with sample_release(key_figures=KEY_FIGURES) as con:
        yield con


@pytest.fixture(scope="module")
def document(release: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return site(release, assess(release, "2024-Q1"))


@pytest.fixture(scope="module")
def files(document: dict[str, Any]) -> dict[str, bytes]:
    return pages(document)


@pytest.fixture(scope="module")
def html(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: content for path, content in files.items() if path.endswith(".html")}


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


# --- every page ------------------------------------------------------------------------------------------------------


def test_there_is_a_page_of_every_unit_goal_and_indicator_in_both_languages(
    document: dict[str, Any], html: dict[str, bytes]
) -> None:
    wanted = {START, "goals.html", "indicators.html", "quality.html", "dictionary.html"}
    wanted |= {f"units/{code}.html" for code in ("33", *DISTRICTS)}
    wanted |= {f"goals/{goal['goal_id']}.html" for goal in document["goals"]}
    wanted |= {f"indicators/{row['indicator_code']}.html" for row in document["indicators"]}
    assert len(wanted) == 5 + 11 + 56 + 74
    assert html.keys() == wanted | {f"en/{path}" for path in wanted}


def test_every_page_says_what_it_is_in_its_language(html: dict[str, bytes]) -> None:
    titles: Counter[str] = Counter()
    for path, content in html.items():
        page = read(content)
        tags = Counter(tag for tag, _ in page.tags)
        assert page.language == ("en" if path.startswith("en/") else "vi"), path
        assert (tags["h1"], tags["main"], tags["title"]) >= (1, 1, 1), path
        assert tags["h1"] == 1, path
        assert page.title.strip(), path
        assert len(page.ids) == len(set(page.ids)), path
        titles[page.language + page.title] += 1
        other = path.removeprefix("en/") if path.startswith("en/") else f"en/{path}"
        said = [given for tag, given in page.tags if tag == "a" and given.get("hreflang")]
        assert [target(path, str(given["href"]))[0] for given in said] == [other], path
    assert max(titles.values()) == 1, titles.most_common(2)


def test_headings_never_skip_a_level(html: dict[str, bytes]) -> None:
    for path, content in html.items():
        levels = [int(tag[1]) for tag, _ in read(content).tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1, path
        assert all(later <= before + 1 for before, later in pairwise(levels)), path


def test_every_link_leads_to_a_file_of_the_site_and_to_a_place_in_it(
    files: dict[str, bytes], html: dict[str, bytes]
) -> None:
    for path, content in html.items():
        for link in read(content).links:
            assert not re.match(r"[a-z]+:|/", link), (path, link)
            name, place = target(path, link)
            assert name in files, (path, link)
            assert not place or place in read(files[name]).ids, (path, link)


def test_every_page_can_be_reached_from_the_first(html: dict[str, bytes]) -> None:
    found, left = set(), [START]
    while left:
        path = left.pop()
        if path in html and path not in found:
            found.add(path)
            left += [target(path, link)[0] for link in read(html[path]).links]
    assert found == html.keys()


def test_every_table_file_is_linked(files: dict[str, bytes], html: dict[str, bytes]) -> None:
    linked = {target(path, link)[0] for path, content in html.items() for link in read(content).links}
    assert {path for path in files if path.startswith("data/")} <= linked


def test_every_chart_stands_with_its_table_and_a_file(html: dict[str, bytes]) -> None:
    charts = 0
    for path, content in html.items():
        for block in read(content).charts:
            assert block.has_table, path
            assert block.tables, path
            charts += 1
    assert charts > 1000


def test_pages_hold_no_script_and_fetch_nothing(html: dict[str, bytes]) -> None:
    for path, content in html.items():
        tags = read(content).tags
        assert not {"script", "style", "img", "iframe", "object", "form"} & {tag for tag, _ in tags}, path
        named = {name for _, given in tags for name in given}
        assert not {name for name in named if name.startswith("on")} | {"style", "src"} & named, path
        [policy] = [given["content"] for tag, given in tags if given.get("http-equiv")]
        assert policy == "default-src 'none'; style-src 'self' file:"


def test_every_table_names_its_columns_and_rows(html: dict[str, bytes]) -> None:
    for path, content in html.items():
        tags = read(content).tags
        counted = Counter(tag for tag, _ in tags)
        assert counted["caption"] == counted["table"], path
        assert all(given.get("scope") for tag, given in tags if tag == "th"), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_the_other_language_is_left(html: dict[str, bytes], language: str) -> None:
    at, other = (0, 1) if language == "vi" else (1, 0)
    own = {pair[at] for pair in texts().values()}
    foreign = {
        pair[other]
        for pair in texts().values()
        if len(pair[other]) > 10 and "{" not in pair[other] and not any(pair[other] in one for one in own)
    }
    for path, content in html.items():
        if path.startswith("en/") == (language == "en"):
            text = re.sub(r"\s+", " ", " ".join(read(content).own))
            left = {one for one in foreign if one in text} - ({"Tiếng Việt"} if language == "en" else {"English"})
            assert not left, (path, left)


def test_the_site_is_made_twice_alike(document: dict[str, Any], files: dict[str, bytes]) -> None:
    assert pages(document) == files


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    with sample_release(tmp_path / "warehouse.duckdb") as con:
        con.execute("update ref.units set name_vi = ?, short_name = ? where unit_code = '333'", [HOSTILE] * 2)
        con.execute("update ref.goals set quote_vi = ?, gloss_en = ? where goal_id = 'R1-a'", [HOSTILE] * 2)
        con.execute("update marts.assessment set reason_vi = ?, reason_en = ?", [HOSTILE, "=cmd|' /C calc'!A0"])
        made = pages(site(con, assess(con, "2024-Q1")))
    for path, content in made.items():
        if path.endswith(".html"):
            assert b"<script" not in content, path
    reasons = [row["reason_en"] for row in table(made["data/goals/R1-a.csv"])]
    assert reasons[0] == "'=cmd|' /C calc'!A0"


# --- figures ---------------------------------------------------------------------------------------------------------


def test_every_figure_of_every_page_is_that_of_the_document(document: dict[str, Any], html: dict[str, bytes]) -> None:
    for unit in document["units"]:
        wanted = {
            code: figure["value"]
            for code, some in unit["figures"].items()
            for figure in some
            if figure["is_primary"] and figure["value"] is not None
        }
        for language in ("", "en/"):
            told = read(html[f"{language}units/{unit['unit_code']}.html"]).figures
            assert {row: float(value) for row, value in told} == wanted
    for indicator in document["indicators"]:
        wanted = {row["unit_code"]: row["figure"]["value"] for row in indicator["rows"]}
        told = read(html[f"indicators/{indicator['indicator_code']}.html"]).figures
        shown = {row.removeprefix("unit-"): float(value) for row, value in told}
        whole = shown.pop(indicator["indicator_code"], None)
        assert whole == wanted.pop("33")
        assert shown == {unit: value for unit, value in wanted.items() if value is not None}


def test_the_same_sentences_stand_on_the_site_and_in_the_report(
    document: dict[str, Any], html: dict[str, bytes]
) -> None:
    for at, language in enumerate(LANGUAGES):
        write = environment(language).globals
        prefix = "" if language == "vi" else "en/"
        for goal in document["report"]["sections"][4]["goals"]:
            page = html[f"{prefix}goals/{goal['goal_id']}.html"].decode()
            assert str(write["sentences"](goal["reason_vi"], goal["reason_en"])) in page
        conclusion = document["report"]["briefing"][f"conclusion_{language}"]
        assert conclusion in html[prefix + START].decode()
        for figure in document["report"]["briefing"]["key_figures"]:
            page = html[f"{prefix}indicators/{figure['indicator_code']}.html"].decode()
            assert str(write["sentence"](figure)) in page
            assert both(quantity, figure["value"], figure["value_unit"]).to(language) in page
        assert texts()["status.met"][at] in html[prefix + "goals.html"].decode()


def test_a_figure_is_the_same_in_its_table_file(document: dict[str, Any], files: dict[str, bytes]) -> None:
    for indicator in document["indicators"]:
        rows = table(files[f"data/indicators/{indicator['indicator_code']}.csv"])
        now = {row["unit_code"]: row for row in rows if row["period"] == "2024-Q1"}
        assert now.keys() == {row["unit_code"] for row in indicator["rows"]}
        for row in indicator["rows"]:
            said = now[row["unit_code"]]["value"]
            assert (float(said) if said else None) == row["figure"]["value"]
            assert now[row["unit_code"]]["mark"] == (row["mark"] or "")


def test_history_goes_back_over_the_periods(document: dict[str, Any], files: dict[str, bytes]) -> None:
    rows = table(files["data/indicators/AR01.csv"])
    assert Counter(row["period"] for row in rows) == {"2023-Q4": 11, "2024-Q1": 11}
    text = read(files["indicators/AR01.html"]).text
    assert any("quý IV năm 2023" in one for one in text)
    own = next(row for row in document["indicators"] if row["indicator_code"] == "AR01")["rows"][0]["figure"]
    assert [point["period"] for point in own["history"]] == ["2023-Q4", "2024-Q1"]
    assert own["history"][-1]["value"] == own["value"]


def test_every_column_of_every_table_file_is_in_the_dictionary(files: dict[str, bytes]) -> None:
    used = {name for path, content in files.items() if path.endswith(".csv") for name in table(content)[0]}
    assert used <= set(COLUMNS)
    assert {f"site.column.{name}" for name in COLUMNS} <= texts().keys()


def test_what_is_owed_stands_in_the_grid_unit_by_dataset(document: dict[str, Any], files: dict[str, bytes]) -> None:
    rows = table(files["data/duties.csv"])
    states = {(row["unit_code"], row["dataset"]): row["status"] for row in rows}
    assert len(states) == 50
    assert states["331", "petitions"] == "missing"
    assert states["327", "petitions"] == "returned"  # a file came and was refused
    assert states["329", "dossiers"] == "late"
    page = read(files["quality.html"])
    classes = Counter(given["class"] for tag, given in page.tags if (given.get("class") or "").startswith("duty "))
    assert classes == Counter(f"duty {name}" for name in states.values())
    names = {row["dataset"] for row in document["datasets"]}
    assert names == {dataset for _, dataset in states}


def test_a_missing_report_says_whose_fault_it_is() -> None:
    duty = {"status": "missing", "is_ours": False, "is_returned": False}
    assert state(duty) == "missing"
    assert state(duty | {"is_ours": True}) == "ours"
    assert state(duty | {"is_returned": True}) == "returned"
    assert state(duty | {"status": "late", "is_returned": True}) == "late"


def test_what_is_hidden_stands_on_no_page(tmp_path: Path) -> None:
    with sample_release(tmp_path / "warehouse.duckdb") as con:
        con.execute(
            "update marts.indicator_values set value = null, numerator = null, denominator = null,"
            " availability = 'suppressed' where indicator_code = 'AR01' and unit_code = '326' and period = '2024-Q1'"
        )
        made = pages(site(con, assess(con, "2024-Q1")))
    assert ("unit-326", "None") not in read(made["indicators/AR01.html"]).figures
    assert "unit-326" not in dict(read(made["indicators/AR01.html"]).figures)
    assert "AR01" not in dict(read(made["units/326.html"]).figures)
    assert "không công bố vì số nhỏ" in " ".join(read(made["units/326.html"]).text)
    [row] = [
        row
        for row in table(made["data/indicators/AR01.csv"])
        if (row["unit_code"], row["period"]) == ("326", "2024-Q1")
    ]
    assert (row["value"], row["numerator"], row["mark"], row["availability"]) == ("", "", "", "suppressed")


def test_one_unit_has_a_site_of_its_own(release: duckdb.DuckDBPyConnection) -> None:
    made = pages(site(release, assess(release, "2024-Q1", "326")))
    assert {path for path in made if path.startswith("units/")} == {"units/326.html", "units/33.html"}
    for path, content in made.items():
        if path.endswith(".html"):
            assert all(target(path, link)[0] in made for link in read(content).links), path


# --- what stands behind -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> Iterator[duckdb.DuckDBPyConnection]:
    """Dossiers of two districts in two periods, with a warning of one of them that was explained and accepted."""
    con = empty_warehouse()
    insert(con, "dossiers", TIMELY)
    report(con, "dossiers", ["2024-Q1"], ["323", "325"])
    built(con)
    yield con
    con.close()


def test_figures_on_all_pages_are_those_of_the_front_door(world: duckdb.DuckDBPyConnection) -> None:
    assert len(_expect_the_figures_of_the_front_door(world, "2024-Q1")) >= 10


@pytest.mark.slow
@pytest.mark.parametrize(("period", "least"), [("2024-Q2", 450), ("2024-H1", 450), ("2025-Q4", 2000)])
def test_figures_on_all_pages_of_the_sample_are_those_of_the_front_door(
    sample: duckdb.DuckDBPyConnection, period: str, least: int
) -> None:
    assert len(_expect_the_figures_of_the_front_door(sample, period)) > least


def _expect_the_figures_of_the_front_door(con: duckdb.DuckDBPyConnection, period: str) -> dict[tuple[str, str], float]:
    """All figures of a period: on the pages of units, of indicators, and the province's on those of goals."""
    made = pages(site(con, assess(con, period)))
    rows = con.execute(
        "select indicator_code, unit_code, value from marts.figures where period = ? and value is not null", [period]
    ).fetchall()
    figures = {(code, unit): value for code, unit, value in rows}
    on_units, on_indicators, on_goals = {}, {}, {}
    for path, content in made.items():
        kind, _, name = path.removesuffix(".html").partition("/")
        told = [(row, float(value)) for row, value in read(content).figures] if path.endswith(".html") else []
        if kind == "units" and name:
            on_units |= {(row, name): value for row, value in told}
        if kind == "indicators" and name:
            on_indicators |= {(name, "33" if row == name else row.removeprefix("unit-")): value for row, value in told}
        if kind == "goals" and name:
            on_goals |= {(row, "33"): value for row, value in told}
    assert on_units == figures
    assert on_indicators == figures
    asked = {code for (code,) in con.execute("select indicator_code from ref.goal_indicators").fetchall()}
    assert on_goals == {key: value for key, value in figures.items() if key[1] == "33" and key[0] in asked}
    return figures


def test_files_behind_a_figure_are_those_of_its_explanation(world: duckdb.DuckDBPyConnection) -> None:
    found: dict[tuple[str, str, str], dict[str | None, tuple[Any, Any]]] = {}
    for row in behind.files_behind(world, "2024-Q1"):
        place = found.setdefault((row["indicator_code"], row["definition_id"], row["unit_code"]), {})
        before = place.get(row["delivery_id"], (0, None))
        share = None if row["denominator"] is None else row["denominator"] + (before[1] or 0)
        place[row["delivery_id"]] = (row["numerator"] + before[0], share)
    assert len(found) > 10
    for (code, definition, unit), files in found.items():
        told = walk_back(world, code, unit, "2024-Q1", definition)
        assert files == {one["delivery_id"]: (one["numerator"], one["denominator"]) for one in told["deliveries"]}
    names = {one["file_name"] for one in behind.files_behind(world, "2024-Q1")}
    assert names


def test_an_accepted_explanation_stands_beside_the_figures_of_its_unit(world: duckdb.DuckDBPyConnection) -> None:
    con = world.cursor()
    con.execute("begin")
    try:
        con.execute(
            "insert into ops.check_findings by name select 'f1' as finding_id, 'd323.dossiers' as feed,"
            " 'dossiers' as dataset, '323' as unit_code, '2024-Q1' as period, 'Q44' as rule_id,"
            " 'step_change' as check_name, 'warning' as severity, 'AR03' as about_code, 1 as left_value,"
            " 2 as right_value, false as is_confidential, 'Biến động lớn.' as message_vi,"
            " 'A large step.' as message_en, now() as found_at"
        )
        for number, (kind, outcome, said) in enumerate(
            (("explain", None, "Đợt cao điểm cấp đổi."), ("review", "accepted", "Đồng ý."))
        ):
            con.execute(
                "insert into ops.decisions (decision_id, kind, finding_id, outcome, decided_by, reason, decided_at)"
                " values (?, ?, 'f1', ?, 'Trần Văn Giữ', ?, ?::timestamp)",
                [f"d{number}", kind, outcome, said, f"2024-07-0{number + 1}"],
            )
        [row] = behind.accepted_explanations(con, "2024-Q1")
        assert (row["dataset"], row["unit_code"], row["member_code"]) == ("dossiers", "323", "323")
        assert behind.accepted_explanations(con, "2024-Q2") == []
        made = pages(site(con, assess(con, "2024-Q1")))
    finally:
        con.execute("rollback")
    said = [path for path, content in made.items() if "Đợt cao điểm cấp đổi.".encode() in content]
    assert {"quality.html", "units/323.html", "indicators/AR03.html", "en/units/323.html"} <= set(said)
    assert "units/325.html" not in said
    assert "indicators/PE05.html" not in said
    assert "có giải trình được chấp nhận" in " ".join(read(made["units/323.html"]).text)
    assert not [path for path, content in made.items() if "Trần Văn Giữ".encode() in content]


def test_a_release_of_before_has_pages_without_what_it_does_not_hold(document: dict[str, Any]) -> None:
    assert document["explanations"] == []
    assert all(indicator["files"] == [] for indicator in document["indicators"])


# --- where units stand -----------------------------------------------------------------------------------------------


def test_districts_lie_on_places_of_their_own(release: duckdb.DuckDBPyConnection) -> None:
    assert len(set(tiles().values())) == len(tiles()) == 18
    names = {row["unit_code"] for row in frames()["units"].to_dicts() if row["level"] == "district"}
    assert set(tiles()) == names
    assert areas(release, DISTRICTS, date(2024, 3, 31)) == {code: code for code in DISTRICTS}


def test_every_commune_lies_in_a_former_district(world: duckdb.DuckDBPyConnection) -> None:
    day = date(2025, 12, 31)
    communes = [
        row["unit_code"]
        for row in frames()["units"].to_dicts()
        if row["level"] == "commune" and row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])
    ]
    found = areas(world, communes, day)
    assert len(communes) == 104
    assert found.keys() == set(communes)
    assert set(found.values()) == set(tiles())


def test_the_style_has_a_place_for_every_tile(files: dict[str, bytes]) -> None:
    sheet = files["style.css"].decode()
    for column, row in tiles().values():
        assert f".at-{column}-{row} {{" in sheet


def share(numerator: int, denominator: int) -> dict[str, Any]:
    value = 100 * numerator / denominator
    return {"value": value, "numerator": numerator, "denominator": denominator}


def test_a_share_is_marked_by_its_cases_not_by_its_size() -> None:
    whole = share(900, 1000)
    units = {"a": share(10, 20), "b": share(1, 2), "c": share(300, 300), "d": share(88, 100), "e": {"value": None}}
    units["e"] |= {"numerator": None, "denominator": None}
    assert outliers(units, whole, "%") == {"a": "low", "c": "high"}
    assert outliers(units, None, "%") == {}
    assert outliers(units, {**whole, "value": None}, "%") == {}
    assert outliers(units, share(10, 10), "%") == {}


def test_an_amount_is_marked_by_the_distance_of_the_quartiles() -> None:
    units = {str(place): {"value": value} for place, value in enumerate([10, 11, 12, 13, 14, 15, 16, 60, None])}
    assert outliers(units, None, "count") == {"7": "high"}
    assert outliers(dict(list(units.items())[1:7]), None, "count") == {}


@given(st.integers(1, 99), st.lists(st.integers(1, 500), min_size=1, max_size=20))
def test_units_alike_are_never_marked(percent: int, sizes: list[int]) -> None:
    units = {str(place): share(percent * size, 100 * size) for place, size in enumerate(sizes)}
    whole = share(percent * sum(sizes), 100 * sum(sizes))
    assert outliers(units, whole, "%") == {}
    assert outliers({name: {"value": 7} for name in units}, None, "count") == {}


# --- words -----------------------------------------------------------------------------------------------------------


def test_every_note_beside_a_figure_is_in_both_languages() -> None:
    noted = {
        row["note_vi"] for name in ("indicator_definitions", "indicator_scopes") for row in frames()[name].to_dicts()
    }
    for text in noted - {None}:
        assert note_words(text).en != text, text
    vi, en = catalogue()["note.too_good"]
    several = f"{vi.format(quarters=4, volume=50)}; {catalogue()['note.none'][0]}"
    assert note_words(several).en == f"{en.format(quarters=4, volume=50)}; {catalogue()['note.none'][1]}"


def test_every_responsible_body_is_in_both_languages() -> None:
    bodies = {row["name_vi"] for row in frames()["responsible_bodies"].to_dicts()}
    for row in frames()["goals"].to_dicts():
        bodies |= {part for part in (row["responsible"] or "").split("; ") if part}
    assert {f"body.{name}" for name in bodies} <= texts().keys()


def test_every_verdict_has_its_meaning(release: duckdb.DuckDBPyConnection) -> None:
    known = {row["verdict"] for row in frames()["verdicts"].to_dicts()}
    assert set(VERDICTS) == known
    assert {f"site.meaning.{name}" for name in known} | {f"verdict.{name}" for name in known} <= texts().keys()


def test_every_kind_the_catalogue_knows_has_its_words(release: duckdb.DuckDBPyConnection) -> None:
    rows = frames()["indicators"].to_dicts()
    for column, key in (("value_unit", "measure"), ("direction", "direction"), ("cycle", "cycle")):
        assert {f"site.{key}.{row[column]}" for row in rows} <= texts().keys()
    roles = {row["role"] for row in frames()["goal_indicators"].to_dicts()}
    assert {f"site.role.{role}" for role in roles} <= texts().keys()


# --- the folder ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_folder_changes_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool) -> None:
    if not can_exchange:
        monkeypatch.setattr("warehouse.reports.folders._exchanged", lambda *_: False)
    folder = tmp_path / "site"
    replace_folder(folder, {"index.html": b"old", "units/1.html": b"x"})
    left = draft_of(folder)
    left.mkdir()
    (left / "left.html").write_bytes(b"by one that was stopped")
    replace_folder(folder, {"index.html": b"new", "goals/a.html": b"y"})
    assert {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == {
        "index.html": b"new",
        "goals/a.html": b"y",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_folder_that_could_not_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    replace_folder(folder, {"index.html": b"old"})
    with pytest.raises(OSError, match=r"a\.html"):
        replace_folder(folder, {"a.html": b"", "a.html/b.html": b""})
    assert (folder / "index.html").read_bytes() == b"old"


def test_parts_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    gone = psutil.Process().pid + 1
    while psutil.pid_exists(gone):
        gone += 1
    for name in (f".assessment-2024-Q1.{gone}.part", ".assessment-2024-Q1.html.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_bytes(b"half")
    (tmp_path / f".assessment-2024-Q1.json.{gone}.part").write_bytes(b"half")
    own = draft_of(tmp_path / "assessment-2024-Q2")
    own.mkdir()
    clear_parts(tmp_path)
    assert list(tmp_path.iterdir()) == [own]
