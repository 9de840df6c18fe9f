"""The third walk of `docs/walks.md`: a broken workbook comes back by mail, is mended, and its alert closes."""

from __future__ import annotations

import json
import zipfile
from email import message_from_string, policy
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter
import yaml

from flows.command import main
from sources.returns.marks import RED, YELLOW
from tests.conftest import HEADERS
from tests.expectations.channels import mail_server
from tests.sources.marked import look
from tests.walks import walk
from warehouse.query import sql

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import TinyHome

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SHEET = "Biểu II.06a"
CONTACT = "motcua@tphungyen.example"


def workbook(path: Path) -> None:
    """Form II.06a as an office keeps it: a title, formats, a note, a total by formula; B5 and G6 are wrong."""
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet(SHEET)
    bold, money = book.add_format({"bold": True, "border": 1}), book.add_format({"border": 1, "num_format": "#,##0"})
    page.merge_range("A1:L1", "TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH", bold)
    page.write_row(2, 0, list(HEADERS.values()), bold)
    page.write_row(3, 0, ["Đất đai", 12, 6, 4, 2, 9, 3, 5, 1, 3, 3, 0], money)
    page.write_row(4, 0, ["Hộ tịch", -10, 3, 7, 0, 8, 4, 4, 0, 2, 2, 0], money)
    page.write_row(5, 0, ["Y tế", 10, 3, 7, 0, 8, "bốn", 4, 0, 2, 2, 0], money)
    page.write_string(6, 0, "Ghi chú: số liệu lấy từ phần mềm một cửa")
    page.write_formula("N4", "=SUM(B4:B6)", money, 12)
    book.close()


def mend(marked: Path, target: Path) -> None:
    """What the clerk does in the return file: types other values into the marked cells and saves under a new name."""
    with zipfile.ZipFile(marked) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            part = old.read(name).decode() if name == "xl/worksheets/sheet1.xml" else None
            for at, value in (("B5", "10"), ("G6", "4")) if part else ():
                head, _, rest = part.partition(f'<c r="{at}"')  # type: ignore[union-attr]
                style = rest.partition('s="')[2].partition('"')[0]
                part = f'{head}<c r="{at}" s="{style}"><v>{value}</v>{rest[rest.index("</c>") :]}'
            new.writestr(name, old.read(name) if part is None else part)


def with_workbooks(home: TinyHome, port: int) -> Path:
    """One district that sends XLSX, with a contact, and a home with a mail server."""
    inbox = home.add_feed(
        "323",
        connector={"kind": "files", "path": "inbox/323", "glob": "*.xlsx"},
        name=r"ii06a_(?P<period>\d{4}Q\d)_(?P<sent>\d{8})\.xlsx",
        layout={"format": "xlsx", "sheet": SHEET, "header": {"row": 3}},
        ignore={"#14": "a total of the office's own"},
    )
    path = home.path / "feeds" / "d323.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["source"]["contact"] = [CONTACT]
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    with (home.path / "danvan.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'[returns]\nmail = "mailto://127.0.0.1:{port}/?from=danvan@tinh.example&mode=insecure"\n')
    return inbox


def asked(home: TinyHome, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = main([*arguments, "--json", "--home", str(home.path)])
    return code, json.loads(capsys.readouterr().out)


def test_a_broken_workbook_comes_back_marked_is_mended_and_its_alert_closes(
    tiny_home: TinyHome, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    broken, mended = walk(3)
    with mail_server() as mail:
        inbox = with_workbooks(tiny_home, mail.port)
        workbook(inbox / "ii06a_2024Q1_20240318.xlsx")

        # the first run: two rows are held back, its workbook is marked, the unit gets it
        broken.go(tiny_home.path, capsys)
        code, [alert] = asked(tiny_home, capsys, "alerts")
        assert (code, alert["kind"], alert["state"]) == (3, "quarantine_above_threshold", "open")
        code, [listed] = asked(tiny_home, capsys, "quarantine", "list")
        assert (code, listed["state"], listed["rows_quarantined"]) == (3, "booked", 2)
        assert str(listed["sent"]).startswith("sent ")
        [taken] = mail.taken
        letter = message_from_string(taken.body, policy=policy.default)
        assert letter["To"] == CONTACT
        assert str(letter["Subject"]).startswith("Đề nghị sửa và gửi lại: ")
        [enclosed] = letter.iter_attachments()  # type: ignore[union-attr]
        received = tmp_path / "received.xlsx"
        received.write_bytes(enclosed.get_content())

        # what the clerk sees
        sheets = look(received)
        assert [name.startswith("Việc cần sửa") for name in sheets] == [True, False]
        summary, page = sheets.values()
        assert summary.texts["A1"].startswith("Sửa 2 dòng chưa được nhận và gửi lại cả tệp trước hết ngày ")
        assert {f"'{SHEET}'!B5", f"'{SHEET}'!G6"} <= set(summary.links.values())
        assert page.fills == {"B5": RED, "G6": RED, "A7": YELLOW}  # A7: a note under the data
        assert page.comments.keys() == page.fills.keys()
        assert "nhỏ hơn 0" in page.comments["B5"]
        assert "bốn" in page.comments["G6"]
        assert page.texts["N4"].endswith("12")

        # mended in the marked workbook itself, which still holds the province's sheet
        mend(received, inbox / "ii06a_2024Q1_20240321.xlsx")
        mended.go(tiny_home.path, capsys)
        assert asked(tiny_home, capsys, "quarantine", "list") == (0, [])
        assert asked(tiny_home, capsys, "alerts") == (0, [])
        code, [closed] = asked(tiny_home, capsys, "alerts", "list", "--all")
        assert (code, closed["alert_id"], closed["state"]) == (0, alert["alert_id"], "resolved")
        assert list((tiny_home.path / "returns").iterdir()) == []
        assert len(mail.taken) == 1
    [standing] = sql(tiny_home.path, "select sum(received_total) as n from core.service_reports_current").to_dicts()
    assert standing["n"] == 32
    found = sql(tiny_home.path, "select check_name from ops.findings where check_name = 'sheet_unknown'").to_dicts()
    assert found == []
