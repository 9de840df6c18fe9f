"""`danvan feeds new`: from a file to a feed that the home can use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from flows.command import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ho_so_2024Q1_20240318.csv"
    path.write_text(
        "Mã hồ sơ;Lĩnh vực;Kênh nộp;Ngày tiếp nhận;Ngày hẹn trả;Ngày xử lý xong;Trạng thái\n"
        "000.00.10.H31-240105-000001;Đất đai;Trực tuyến;05/01/2024 08:00:00;25/01/2024 17:00:00;"
        "20/01/2024 09:00:00;Đã trả kết quả\n",
        encoding="utf-8",
    )
    return path


def test_a_file_becomes_a_feed_that_the_next_check_takes(
    tiny_home: Any, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(tiny_home.path)
    assert main(["feeds", "new", str(file), "--unit", "329", "--home", home]) == 0
    said = capsys.readouterr()
    assert "feed d329.dossiers, dataset dossiers" in said.out
    assert f"danvan check {file} --feed d329.dossiers" in said.err
    assert main(["feeds", "check", "--home", home]) == 0
    assert main(["check", str(file), "--feed", "d329.dossiers", "--home", home, "--json"]) in {0, 3}
    told = json.loads(capsys.readouterr().out.split("mistakes\n")[-1])
    assert (told["verdict"], told["rows_read"], told["rows_accepted"]) == ("accepted", 1, 1)


def test_what_stands_is_never_overwritten(tiny_home: Any, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = ["feeds", "new", str(file), "--unit", "329", "--home", str(tiny_home.path)]
    assert main(order) == 0
    before = (tiny_home.path / "feeds" / "d329.yaml").read_text(encoding="utf-8")
    assert main(order) == 2
    assert "exists; name another file with --output, or another --source" in capsys.readouterr().err
    assert (tiny_home.path / "feeds" / "d329.yaml").read_text(encoding="utf-8") == before
    assert main([*order, "--source", "d329b", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["feed"] == "d329b.dossiers"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.csv"], "is not there; name one file"),
        (["{file}", "--dataset", "dosiers"], "did you mean dossiers?"),
        (["{torn}"], "Tệp bị cắt cụt hoặc hỏng"),
    ],
)
def test_mistakes_are_explained(
    tiny_home: Any, file: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    torn = file.with_name("torn.xlsx")
    torn.write_bytes(b"PK\x03\x04")
    order = [one.format(file=file, torn=torn) for one in arguments]
    assert main(["feeds", "new", *order, "--home", str(tiny_home.path)]) == 2
    assert message in capsys.readouterr().err
    assert not list((tiny_home.path / "feeds").glob("d*.yaml"))


def test_a_required_column_without_a_header_is_said_and_ends_with_2(
    tiny_home: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "don_2024Q1.csv"
    path.write_text("Mã đơn,Lĩnh vực\nD1,Đất đai\n", encoding="utf-8")
    order = ["feeds", "new", str(path), "--unit", "329", "--dataset", "petitions", "--home", str(tiny_home.path)]
    assert main(order) == 2
    said = capsys.readouterr().err
    assert "is required and no header matches it" in said
    assert "not usable yet" in said
