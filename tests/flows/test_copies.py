"""Two copies of one publication, a wide CSV and a wide workbook that spell provinces differently, are reconciled."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]
import yaml

from flows.command import main
from sources import feed_docs
from warehouse.store import WAREHOUSE, connect

if TYPE_CHECKING:
    from pathlib import Path

PROVINCES = {
    "01": ("Thành phố Hà Nội", "Hà Nội", "thanh_pho"),
    "46": ("Tỉnh Thừa Thiên - Huế", "Thừa Thiên - Huế", "tinh"),
    "77": ("Tỉnh Bà Rịa - Vũng Tàu", "Bà Rịa - Vũng Tàu", "tinh"),
    "79": ("Thành phố Hồ Chí Minh", "Hồ Chí Minh", "thanh_pho"),
}
IN_CSV = {"Hưng Yên": 1, "Thái Bình": 2, "Hà Nội": 3, "TT Huế": 4, "BRVT": 5, "TP.HCM": 6}
IN_SHEET = {
    "TỈNH THÁI BÌNH": 2,
    "Tỉnh Hưng Yên": 1,
    "TP. Hồ Chí Minh": 6,
    "Thừa Thiên-Huế": 4,
    "Bà Rịa  – Vũng Tàu": 5,
    "TP Hà Nội": 3,
}
ALIASES = {
    "Hưng Yên": "33",
    "TT Huế": "46",
    "BRVT": "77",
    "Bà Rịa – Vũng Tàu": "77",
    "TP.HCM": "79",
}
YEARS = (2022, 2023, 2024)
INDICES = ("SIPAS", "PAR_INDEX")
METHODS = {"SIPAS": "SIPAS_NEW", "PAR_INDEX": "PAR_876"}


def score(number: int, year: int, index: str) -> float:
    """What was published, with two decimals."""
    return round(60 + 3.17 * number + 0.29 * (year - 2020) + (5.5 if index == "SIPAS" else 0), 2)


def feed(index: str, folder: str, layout: dict[str, Any], name: str) -> dict[str, Any]:
    return {
        "dataset": "index_scores",
        "cadence": "year",
        "connector": {"path": f"inbox/{folder}", "glob": f"{index}*"},
        "period": {"from": "header", "header": "Năm"},
        "supersedes": "feed",
        "layout": {**layout, "wide": {"columns": ["20??"], "header": "Năm", "value": "Điểm"}},
        "unit": {"name": name, "level": "province"},
        "constants": {"index_code": index, "method_code": METHODS[index]},
        "columns": {"score": "Điểm"},
    }


@pytest.fixture
def home(tiny_home: Any) -> Path:
    """Both copies of both indices in their inboxes, and the feeds that read them."""
    path: Path = tiny_home.path
    lines = {"csv": {"format": "csv", "delimiter": ";", "number": "vi"}, "book": {"format": "xlsx"}}
    for source, layout in lines.items():
        header = "Tỉnh" if source == "csv" else "Địa phương"
        where = {**layout, **({"header": {"find": header}} if source == "book" else {})}
        feeds = {index.lower(): feed(index, source, where, header) for index in INDICES}
        document = {"source": {"id": source, "name": source}, "feeds": feeds}
        (path / "feeds" / f"{source}.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        (path / "inbox" / source).mkdir(parents=True)
    for index in INDICES:
        write_csv(path, index)
        write_book(path, index)
    (path / "reference").mkdir()
    rows = [
        f"{code},{name},{short},province,{kind},,2019-05-01,,shipped for the test,practice"
        for code, (name, short, kind) in PROVINCES.items()
    ]
    header = "unit_code,name_vi,short_name,level,kind,parent_code,valid_from,valid_to,legal_basis,certainty"
    (path / "reference" / "units.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    said = [f"{alias},{code},2019-05-01,,exact" for alias, code in ALIASES.items()]
    (path / "reference" / "unit_aliases.csv").write_text(
        "\n".join(["alias,unit_code,valid_from,valid_to,match", *said]) + "\n", encoding="utf-8"
    )
    return path


def write_csv(home: Path, index: str, changed: float = 0.0) -> None:
    """The copy of the portal, with the decimals of Vietnam; of Huế in 2023 it may say something else."""
    lines = ["Tỉnh;" + ";".join(map(str, YEARS))]
    for name, number in IN_CSV.items():
        cells = [score(number, year, index) + (changed if (name, year) == ("TT Huế", 2023) else 0) for year in YEARS]
        lines.append(";".join([name, *(f"{cell:.2f}".replace(".", ",") for cell in cells)]))
    (home / "inbox" / "csv" / f"{index}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_book(home: Path, index: str) -> None:
    """The copy of the institute: true numbers under a letterhead, the latest year first."""
    with xlsxwriter.Workbook(home / "inbox" / "book" / f"{index}.xlsx") as book:
        sheet = book.add_worksheet("Kết quả")
        sheet.write(0, 0, "BỘ NỘI VỤ")
        sheet.write_row(2, 0, ["Địa phương", *(str(year) for year in reversed(YEARS))])
        for row, (name, number) in enumerate(IN_SHEET.items(), start=3):
            sheet.write(row, 0, name)
            for place, year in enumerate(reversed(YEARS), start=1):
                sheet.write_number(row, place, score(number, year, index) + 1e-12)


def reconciled(home: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What the query of the page says of the release."""
    page = (feed_docs.DOCS / feed_docs.PAGE_FILE).read_text(encoding="utf-8")
    [query] = [
        one for one in re.findall(r"^```sql\n(.*?)^```", page, re.DOTALL | re.MULTILINE) if "score_copies" in one
    ]
    capsys.readouterr()
    assert main(["sql", query, "--home", str(home), "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def differences(home: Path) -> list[tuple[Any, ...]]:
    with connect(home / WAREHOUSE, read_only=True) as con:
        return con.execute(
            "select unit_code, period, feed, other_feed, left_value, right_value, message_vi from ops.check_findings"
            " where rule_id = 'C16' order by all"
        ).fetchall()


@pytest.mark.slow
def test_two_copies_spelled_differently_are_reconciled_and_a_changed_one_is_told(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--home", str(home), "--direct"]) == 0
    with connect(home / WAREHOUSE, read_only=True) as con:
        counted = con.execute("select count(*), count(distinct unit_code) from core.index_scores_current").fetchone()
        assert con.execute("select count(*) from ops.quarantine").fetchone() == (0,)
    assert counted == (2 * 2 * 6 * 3, 6)
    for row in (found := reconciled(home, capsys)):
        assert {row["feed"], row["other_feed"]} == {
            f"{source}.{row['index_code'].lower()}" for source in ("csv", "book")
        }
        assert (row["keys"], row["figures"], row["differing"]) == (18, 18, 0)
    assert {row["index_code"] for row in found} == set(INDICES)
    assert differences(home) == []

    write_csv(home, "SIPAS", changed=0.02)
    assert main(["run", "--home", str(home), "--direct"]) in {0, 3}
    again = {row["index_code"]: (row["keys"], row["differing"]) for row in reconciled(home, capsys)}
    assert again == {"SIPAS": (18, 1), "PAR_INDEX": (18, 0)}
    [told] = differences(home)
    assert told[:2] == ("46", "2023")
    assert {told[2], told[3]} == {"csv.sipas", "book.sipas"}
    true = score(4, 2023, "SIPAS")
    assert sorted(told[4:6]) == pytest.approx([true, true + 0.02])
    assert "Tỉnh Thừa Thiên - Huế, năm 2023" in told[6]
    assert "SIPAS.csv" in told[6]
    assert "SIPAS.xlsx" in told[6]
