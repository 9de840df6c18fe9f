"""A department that sends its own file: owed, received, held back, returned, told and shown as a district's is."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from flows.command import main
from tests.warehouse.rows import one
from warehouse.store import WAREHOUSE, connect

FEED: dict[str, Any] = {
    "dataset": "activities",
    "active": {"from": "2024-Q1", "to": "2024-Q2"},
    "connector": {"kind": "files", "path": "inbox/snv", "glob": "*.csv"},
    "name": r"dan_van_(?P<period>\d{4}Q\d)_(?P<sent>\d{8})\.csv",
    "period": {"from": "name"},
    "layout": {"format": "csv", "delimiter": ";"},
    "unit": {"fixed": "33-SNV"},
    "columns": {
        "activity_code": "Mã",
        "kind_code": {"from": "Loại", "map": {"Kế hoạch": "plan", "Tập huấn": "training"}},
        "year": "Năm",
        "document_on": "Ngày văn bản",
        "happened_on": "Ngày tổ chức",
    },
}


@pytest.mark.slow
def test_a_department_reports_as_a_district_does(tiny_home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    home = tiny_home.path
    document = {"source": {"id": "snv", "name": "Sở Nội vụ", "unit": "33-SNV"}, "feeds": {"activities": FEED}}
    (home / "feeds" / "snv.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    (home / "reference").mkdir()
    (home / "reference" / "reporting_bodies.csv").write_text(
        "unit_code,valid_from\n33-SNV,2024-01-01\n33-STC,2024-01-01\n", encoding="utf-8"
    )
    inbox = home / "inbox" / "snv"
    inbox.mkdir(parents=True)
    rows = ("Mã;Loại;Năm;Ngày văn bản;Ngày tổ chức", "1;Kế hoạch;2024;15/01/2024;", "2;Tập huấn;2024;;")
    (inbox / "dan_van_2024Q1_20240405.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")

    assert main(["run", "--home", str(home), "--direct"]) == 3

    con = connect(home / WAREHOUSE, read_only=True)
    owed = con.execute("select period, unit_code, status from ops.obligations order by 1").fetchall()
    assert owed == [("2024-Q1", "33-SNV", "reported"), ("2024-Q2", "33-SNV", "missing")]
    # the course without its day waits in quarantine, under the department's name
    assert one(con, "select unit_code, rule_ids from ops.quarantine") == ("33-SNV", ["C01"])
    assert one(con, "select rows_read, rows_loaded, rows_quarantined from ops.receipts") == (2, 1, 1)
    told = "select numerator, denominator, missing_units from marts.indicator_values where indicator_code = 'MM01'"
    numerator, denominator, missing = one(con, f"{told} and unit_code = '33' and period = '2024-Q1' and is_primary")
    assert (numerator, denominator) == (1, 10 + 161 + 2)
    assert "33-STC" in missing
    assert "33-SNV" not in missing
    con.close()
    assert [path for path in (home / "returns").rglob("*") if path.is_file() and "snv" in str(path).lower()]

    for asked in (["status", "--problems"], ["alerts", "list"]):
        capsys.readouterr()
        assert main([*asked, "--home", str(home)]) in {0, 3}
        assert "Sở Nội vụ" in capsys.readouterr().out
