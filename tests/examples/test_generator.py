"""The generator of the sample: seeded, the committed files are its output, and its clean figures add up."""

from __future__ import annotations

import csv
import re
import sqlite3
import zipfile
from collections import Counter, defaultdict
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from examples.generate import dossiers, petitions
from examples.generate.deliveries import render
from examples.generate.places import DISTRICTS, QUARTERS, communes, district
from examples.generate.places import PROVINCE as OFFICE
from examples.generate.province import SEED, add_later_activities, clean_deliveries, province_deliveries, write
from examples.generate.working_days import after_calendar_days, after_working_days, is_working_day
from examples.generate.writers import cp1258
from expectations.contracts.periods import Period
from tests.examples.conftest import PROVINCE, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from examples.generate.deliveries import Delivery

BUDGET_BYTES = 5_400_000


@pytest.fixture(scope="module")
def clean() -> list[Delivery]:
    return clean_deliveries(SEED)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    write(folder)
    return folder


def test_the_committed_files_are_the_generators_output(written: Path) -> None:
    made = {str(path.relative_to(written)): _content(path) for path in written.rglob("*") if path.is_file()}
    committed = {str(path.relative_to(PROVINCE)): _content(path) for path in PROVINCE.rglob("*") if path.is_file()}
    by_hand = {"README.md", "danvan.toml"}
    assert sorted(committed.keys() - by_hand) == sorted(made)
    differing = [name for name, data in made.items() if committed[name] != data]
    assert not differing, "run `python -m examples.generate`; these differ: " + ", ".join(differing[:5])


def _content(path: Path) -> Any:
    """What a file holds. Workbooks are compared unpacked: zlib packs otherwise on other machines."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return {entry.filename: archive.read(entry) for entry in archive.infolist()}
    if path.suffix == ".db":  # other releases of SQLite may arrange its pages otherwise
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
            return list(con.iterdump())
    return b"" if path.suffix in {".xlsx", ".ods"} else path.read_bytes()


def test_the_same_seed_gives_the_same_bytes(clean: list[Delivery]) -> None:
    again = clean_deliveries(SEED)
    for one, other in zip(clean[:10], again[:10], strict=True):
        assert render(one) == render(other)
    fetched = [[one for one in (*sent, *province_deliveries(SEED)) if one.layout.connector] for sent in (clean, again)]
    assert [one.layout.connector["kind"] for one in fetched[0]] == ["rest", "rest", "rest", "sql"]
    for one, other in zip(*fetched, strict=True):
        assert render(one) == render(other)


def test_another_seed_gives_another_province(clean: list[Delivery]) -> None:
    assert render(clean[0]) != render(clean_deliveries(SEED + 1)[0])


def test_the_sample_is_small_enough_to_commit(written: Path) -> None:
    assert sum(path.stat().st_size for path in written.rglob("*") if path.is_file()) < BUDGET_BYTES


def test_every_district_sends_eight_datasets_each_quarter(clean: list[Delivery]) -> None:
    sent = Counter((one.district.code, str(one.period)) for one in clean)
    assert sent == {(one.code, quarter): 8 for one in DISTRICTS for quarter in QUARTERS}


def test_layouts_are_what_districts_really_send(clean: list[Delivery]) -> None:
    formats = {(one.layout.dataset, one.layout.format) for one in clean}
    assert {kind for _, kind in formats} == {"csv", "xlsx", "xls", "ods", "json", "ndjson", "parquet", "form"}
    assert len({kind for dataset, kind in formats if dataset == "dossiers"}) >= 5
    headers = {tuple(field.header for field in one.layout.all_fields) for one in clean}
    assert len(headers) >= 20


def test_the_later_data_come_in_two_layouts_and_leave_the_others_alone(clean: list[Delivery]) -> None:
    formats: dict[str, set[str]] = defaultdict(set)
    for one in (*clean, *province_deliveries(SEED)):
        formats[one.layout.dataset].add(one.layout.format)
    for dataset in ("activities", "democracy_items", "one_stop_ratings", "index_scores"):
        assert len(formats[dataset]) >= 2, dataset
    again = [one for one in clean_deliveries(SEED) if one.layout.dataset == "activities"]
    before = [list(map(id, one.records)) for one in again]
    add_later_activities(again, SEED)
    for one, old in zip(again, before, strict=True):
        assert [id(record) for record in one.records[: len(old)]] == old
        kinds = {record["kind_code"] for record in one.records[len(old) :]}
        assert kinds >= {"dissemination", "situation_report", "mediation", "clearance"}


def test_scores_and_ratings_add_up(clean: list[Delivery]) -> None:
    for one in (*clean, *province_deliveries(SEED)):
        for row in one.records:
            if row.get("index_code") == "INDEX_766":
                parts = [row[f"part_{number}_score"] for number in range(1, 7)]
                assert row["score"] == pytest.approx(sum(parts), abs=0.005)
            if one.layout.dataset == "one_stop_ratings":
                assert row["rater_count"] == sum(
                    count for name, count in row.items() if name.endswith("_count") and name != "rater_count"
                )
            if row.get("kind_code") == "mediation":
                assert row["case_count"] == row["success_count"] + row["failed_count"] + row["pending_count"]


def test_forms_add_up_and_carry_over(clean: list[Delivery]) -> None:
    left: dict[tuple[str, str], int] = {}
    for one in clean:
        if one.layout.dataset != "service_reports":
            continue
        for row in one.records:
            assert row["received_total"] == row["received_online"] + row["received_direct"] + row["carried_in"]
            assert row["resolved_total"] == row["resolved_early"] + row["resolved_on_time"] + row["resolved_late"]
            assert row["open_total"] == row["open_in_term"] + row["open_overdue"]
            assert row["received_total"] == row["resolved_total"] + row["open_total"]
            place = (one.district.code, row["field_name"])
            if str(one.period) != QUARTERS[0]:
                assert row["carried_in"] == left.get(place, 0)
            left[place] = row["open_total"]


def test_forms_are_counted_from_the_dossiers_that_are_sent(clean: list[Delivery]) -> None:
    by_place = {(one.district.code, str(one.period), one.layout.dataset): one.records for one in clean}
    for (code, period, dataset), rows in by_place.items():
        if dataset != "service_reports":
            continue
        first, last = Period.parse(period).window(dossiers.REGIME)
        figures: dict[str, Counter[str]] = defaultdict(Counter)
        for row in by_place[code, period, "dossiers"]:
            if row["received_at"] is not None:
                figures[row["field_name"]].update(_form06(row, first, last))
        for row in rows:
            assert {name: row[name] for name in figures[row["field_name"]]} == dict(figures[row["field_name"]])


def _form06(row: dict[str, Any], first: date, last: date) -> list[str]:
    """The rule OT_FORM06 once more, from the columns of a sent row instead of from the case."""
    came = row["received_at"].date()
    counted = ["received_total", "carried_in" if came < first else _channel(row)]
    due, ended, status = row["due_at"], row["processed_at"], row["status_code"]
    if ended is None:
        is_overdue = due is not None and due.date() < last and status != "5"
        return [*counted, "open_total", "open_overdue" if is_overdue else "open_in_term"]
    if due is None or status in {"7", "8"} or ended.date() == due.date():
        return [*counted, "resolved_total", "resolved_on_time"]
    return [*counted, "resolved_total", "resolved_late" if ended.date() > due.date() else "resolved_early"]


def _channel(row: dict[str, Any]) -> str:
    return "received_online" if row["channel_code"] == "2" else "received_direct"


def test_dossiers_are_in_order(clean: list[Delivery]) -> None:
    for one in clean:
        if one.layout.dataset != "dossiers":
            continue
        assert len({row["dossier_code"] for row in one.records}) == len(one.records)
        for row in one.records:
            times = [row[name] for name in ("submitted_at", "received_at", "processed_at", "returned_at")]
            known = [moment for moment in times if moment]
            assert known == sorted(known)
            assert (row["received_at"] is None) == (row["status_code"] in {"1", "3"})
            assert row["status_code"] not in {"9", "10"} or row["processed_at"]
            if row["due_at"]:
                assert is_working_day(row["due_at"].date())
                assert row["due_at"] > row["received_at"]


def test_petitions_fall_due_on_the_legal_day() -> None:
    seen = Counter[str]()
    for one in DISTRICTS:
        for petition in petitions.petitions(one, SEED):
            facts = petition.facts
            assert not petition.due_on or is_working_day(petition.due_on)
            if facts["kind_code"] == "feedback":
                assert petition.due_on == after_working_days(petition.received_on, 15)
            elif petition.accepted_on and petition.due_on:
                days = (petition.due_on - petition.accepted_on).days
                assert days >= 30
                assert petition.received_on <= petition.accepted_on
            seen[facts["kind_code"]] += 1
    assert min(seen.values()) > 30


@pytest.mark.parametrize(
    ("day", "working", "end"),
    [
        (date(2024, 2, 7), 1, date(2024, 2, 15)),  # Tết 08–14/02/2024
        (date(2024, 4, 26), 1, date(2024, 5, 2)),  # 29/04 off, 30/04, 01/05
        (date(2024, 5, 3), 1, date(2024, 5, 4)),  # a Saturday worked for 29/04
    ],
)
def test_working_days_know_the_days_off(day: date, working: int, end: date) -> None:
    assert after_working_days(day, working) == end


def test_calendar_terms_roll_to_a_working_day() -> None:
    assert after_calendar_days(date(2024, 1, 10), 30) == date(2024, 2, 15)


def test_districts_have_something_to_say(clean: list[Delivery]) -> None:
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    answers: dict[str, int] = {}
    for one in clean:
        if one.layout.dataset == "service_reports":
            for row in one.records:
                totals[one.district.code].update({name: row[name] for name in ("resolved_total", "resolved_late")})
        if one.layout.dataset == "survey_responses":
            answers[one.district.code] = len(one.records)
    late = {code: found["resolved_late"] / found["resolved_total"] for code, found in totals.items()}
    improving, worsening = _late_by_quarter(clean, "326"), _late_by_quarter(clean, "331")
    assert improving == sorted(improving, reverse=True)
    assert worsening == sorted(worsening)
    assert late["330"] == 0
    assert totals["330"]["resolved_total"] > 1000
    assert late["331"] > 0.1
    assert answers["329"] < 30 < min(count for code, count in answers.items() if code != "329")
    old = [
        row
        for one in clean
        if (one.district.code, one.layout.dataset, str(one.period)) == ("332", "petitions", "2024-Q2")
        for row in one.records
        if row["accepted_on"] and not row["resolved_on"] and (date(2024, 6, 14) - row["accepted_on"]).days > 365
    ]
    assert len(old) == district("332").long_open_count


def _late_by_quarter(clean: list[Delivery], code: str) -> list[float]:
    return [
        sum(row["resolved_late"] for row in one.records) / sum(row["resolved_total"] for row in one.records)
        for one in clean
        if (one.district.code, one.layout.dataset) == (code, "service_reports")
    ]


def test_communes_are_those_of_the_reference_tables() -> None:
    from warehouse.reference import frames  # noqa: PLC0415 (polars)

    day = date(2024, 3, 31)
    valid = {
        (row["unit_code"], row["name_vi"], row["parent_code"])
        for row in frames()["units"].iter_rows(named=True)
        if row["level"] == "commune"
        and row["parent_code"] in {one.code for one in DISTRICTS}
        and _day(row["valid_from"]) <= day
        and (not row["valid_to"] or day < _day(row["valid_to"]))
    }
    assert {(one.code, one.name, one.district) for one in communes()} == valid
    assert len(valid) == 161


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def test_cp1258_writes_tones_as_marks_of_their_own() -> None:
    data = cp1258("Huyện Văn Lâm, thủ tục hành chính")
    assert data.decode("cp1258") != "Huyện Văn Lâm, thủ tục hành chính"
    import unicodedata  # noqa: PLC0415

    assert unicodedata.normalize("NFC", data.decode("cp1258")) == "Huyện Văn Lâm, thủ tục hành chính"


def test_nobody_can_be_called(written: Path) -> None:
    """Telephones and identity numbers are shapes that exist nowhere; addresses of mail end in example.com."""
    for path in written.rglob("*"):
        if path.suffix not in {".csv", ".json", ".ndjson"} or path.name == "ledger.csv":
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        for number in re.findall(r"(?<![\d.\-T_])0\d{9}(?![\d])", text):
            assert number.startswith("0000"), path
        for number in re.findall(r"(?<![\d.\-T_])\d{12}(?![\d])", text):
            assert number.startswith("000"), path
        assert set(re.findall(r"@[\w.]+", text)) <= {"@example.com"}


def test_the_ledger_is_wide_enough(ledger: list[dict[str, str]]) -> None:
    assert len({row["defect_id"] for row in ledger}) >= 40
    assert len({row["kind"] for row in ledger}) >= 28
    assert len({row["rule_id"] for row in ledger if row["rule_id"]}) >= 25
    assert {row["feed"].split(".")[0] for row in ledger} == {f"d{one.code}" for one in (*DISTRICTS, OFFICE)}
    rules = yaml.safe_load((ROOT / "expectations" / "contracts" / "rules.yaml").read_text(encoding="utf-8"))
    assert {row["rule_id"] for row in ledger} - {""} <= {rule["id"] for rule in rules}


def test_the_ledger_points_at_files_that_are_there(ledger: list[dict[str, str]]) -> None:
    for row in ledger:
        code, dataset = row["feed"].removeprefix("d").split(".")
        if row["expected_outcome"] in {"missing", "told"}:
            assert not row["file"]
            continue
        if row["feed"] == "d327.dossiers":  # fetched, and landed under the name of its period
            period = re.fullmatch(r"dossiers\.(.*)\.ndjson", row["file"])
            assert period
            assert (PROVINCE / "systems" / "327" / "hoso" / f"{period[1]}.json").is_file()
            continue
        assert (PROVINCE / "inbox" / code / dataset / row["file"]).is_file()


def test_ledger_rows_of_a_csv_are_lines_a_person_sees(ledger: list[dict[str, str]]) -> None:
    """An editor opened at the ledger's line shows the defect."""
    [row] = [one for one in ledger if one["kind"] == "unknown_status" and one["feed"] == "d326.dossiers"]
    path = PROVINCE / "inbox" / "326" / "dossiers" / row["file"]
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    header, line = next(csv.reader([lines[0]], delimiter=";")), lines[int(row["row"]) - 1]
    assert dict(zip(header, next(csv.reader([line], delimiter=";")), strict=True))["TRANG_THAI"] == "27"


def test_every_feed_file_can_be_used() -> None:
    from expectations.contracts.model import contract  # noqa: PLC0415
    from expectations.contracts.questionnaires import expand, load  # noqa: PLC0415
    from sources.feeds import check_against_contract, load_feeds  # noqa: PLC0415
    from sources.feeds.connectors import Files  # noqa: PLC0415

    feeds = load_feeds(PROVINCE / "feeds")
    assert len(feeds) == 95
    fetched = []
    for feed in feeds:
        terms = contract(feed.dataset)
        if feed.dataset == "survey_responses":
            terms = expand(terms, load("SIPAS_2022"))
        check_against_contract(feed, terms)
        if not isinstance(feed.connector, Files):
            fetched.append((feed.feed_id, feed.connector.kind))
            continue
        files = [path for path in (PROVINCE / feed.connector.path).glob(feed.connector.glob) if path.is_file()]
        assert files
        assert all(re.fullmatch(feed.name or "", path.name) for path in files)
    assert fetched == [("d327.dossiers", "rest"), ("d33.index_scores", "sql")]
