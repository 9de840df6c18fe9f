"""Eighteen kinds of a person, planted in every column, header and name of a file, are found nowhere outside.

One province is run under a Prefect server of its own, twice (NFC, then NFD: the second release begins as a copy of the
first); between the runs a person signs and decides in words that name somebody. Then the raw bytes of everything that
leaves are searched: releases, reports, alerts, logs, Prefect's database, exports, letters, and what commands print.
"""

from __future__ import annotations

import io
import logging
import shutil
import unicodedata
import zipfile
from dataclasses import dataclass
from email import message_from_string, policy
from itertools import product
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest
import yaml
from pypdf import PdfReader

from expectations.contracts import hash_keys, questionnaires
from expectations.contracts.model import DROPPED, HASHED, Contract, contract, datasets
from flows import server, workers
from flows.command import main
from flows.home import Home, create, open_home
from flows.planning import writing
from flows.running import cycle_under
from tests.expectations.channels import mail_server
from warehouse.reference import frames
from warehouse.releases import current, publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.expectations.channels import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

KINDS = {
    "ông": ("ông Nguyễn Văn Khuếch", "Khuếch"),
    "anh": ("gặp anh Toảnh", "Toảnh"),
    "chị": ("chị Nguyệch", "Nguyệch"),
    "denouncer": ("người tố cáo: Huểnh", "Huểnh"),
    "comrade": ("đồng chí Quẫnh", "Quẫnh"),
    "capitals": ("ĐƠN CỦA TRẦN THỊ LUỲNH", "LUỲNH"),
    "run together": ("BC_LeVanXuych_Q1", "Xuych"),
    "full name": ("đơn của Phạm Hồng Nguỳnh", "Nguỳnh"),
    "phone": ("0987650123", "0987650123"),
    "+84": ("+84 986 650 124", "986 650 124"),
    "84": ("84985650125", "985650125"),
    "dotted phone": ("0984.650.126", "984.650.126"),
    "CCCD": ("033299650127", "033299650127"),
    "CMND": ("145 650 128", "145 650 128"),
    "full width": ("０９８３６５０１２９", "０９８３６５０１２９"),
    "e-mail": ("khuểnh.trần@thử-nghiệm.vn", "khuểnh.trần"),
    "account": ("STK 19035650130", "19035650130"),
    "address": ("trú tại số 17 ngõ Khuẩy", "Khuẩy"),
}
"""Kind → what is planted, and what of it must not be found."""
FORMS = ("NFC", "NFD")
CANARY = "canary-7f3a9c51"
PLAIN = {"integer": "1", "decimal": "1", "boolean": "Có", "date": "05/02/2024", "timestamp": "05/02/2024 08:00"}
CLEAN_ROWS = 900


@dataclass(frozen=True)
class Closed:
    """A dataset whose keys come out of a list of the law or of a circular: each row is that of another commune.

    `keys` are what identifies a row beside the commune, `others` what a row without a defect has in other columns.
    `clean_rows` as below, fewer where communes run out.
    """

    keys: tuple[dict[str, str], ...]
    others: dict[str, str]
    clean_rows: int = 150


CLOSED = {
    "democracy_items": Closed(
        tuple({"checklist_code": f"25-{number:02d}"} for number in range(1, 10)),
        {"is_done": "Không", "arose_on": "", "published_on": "", "body_count": "", "active_count": ""},
    ),
    "index_scores": Closed(
        (
            {"index_code": "INDEX_766", "method_code": "I766"},
            {"index_code": "SIPAS", "method_code": "SIPAS_NEW"},
            {"index_code": "PAR_INDEX", "method_code": "PAR_876"},
        ),
        {"rank": "", "procedure_count": "", "published_in_term_count": "", "document_no": "12/QĐ-BNV"}
        | {f"part_{number}_score": "" for number in range(1, 10)},
    ),
    "one_stop_ratings": Closed(
        tuple({"scale_code": "five", "field_name": name} for name in ("Đất đai", "Hộ tịch", "Xây dựng", "Giáo dục")),
        {f"{face}_{kind}": "" for face in ("dissatisfied", "content", "delighted") for kind in ("count", "pct")},
    ),
    "petition_forms": Closed(
        tuple(
            {"circular": "TT01/2024/TT-TTCP", "form_code": code}
            for code in ("01/TCD", "01/XLD", "02/XLD", "03/XLD", "04/XLD", "01/KQGQ", "02/KQGQ")
        )
        + tuple({"circular": "TT02/2021/TT-TTCP", "form_code": code} for code in ("03/KQGQ", "04/KQGQ")),
        {"cell_columns": "B C D"} | {f"c{number}": "0" for number in range(1, 34)},
        clean_rows=750,
    ),
}
COMMUNES = [
    row["unit_code"]
    for row in frames()["units"].to_dicts()
    if row["level"] == "commune" and row["valid_from"].isoformat() <= "2024-03-14"
    and (row["valid_to"] is None or row["valid_to"].isoformat() > "2024-03-14")
]  # fmt: skip


def needles() -> set[bytes]:
    found = {unicodedata.normalize(form, needle) for form in FORMS for _, needle in KINDS.values()}
    found |= {"".join(c for c in needle if c.isascii() and c.isdigit()) for _, needle in KINDS.values()}
    return {one.encode() for one in found if len(one) > 4} | {CANARY.encode()}


def terms(dataset: str) -> Contract:
    found = contract(dataset)
    if any(column.name == "questionnaire_id" for column in found.columns):
        return questionnaires.expand(found, questionnaires.load(min(questionnaires.known())))
    return found


def feed(found: Contract, suffix: str) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    dropped = [column.name for column in found.columns if column.classification == DROPPED]
    for column in found.stored_columns:
        if column.derived:
            columns[column.name] = {"from": dropped[-1 if column.derived == "length" else 0], "as": column.derived}
        elif column.name != "questionnaire_id":
            codes = {code.value: _typed(code.value, column.type) for code in column.codes}
            columns[column.name] = {"from": f"c {column.name}", "map": codes} if codes else f"c {column.name}"
    made: dict[str, Any] = {
        "dataset": found.dataset,
        "active": {"from": "2024-Q1", "to": "2024-Q1"},
        "connector": {"kind": "files", "path": f"inbox/{found.dataset}", "glob": f"*.{suffix}"},
        "name": rf"(?P<period>\d{{4}}Q\d)_(?P<sent>\d{{8}}).*\.{suffix}",
        "period": {"from": "name"},
        "layout": {"format": "csv", "encoding": "utf-8", "delimiter": ";"},
        "unit": {"code": "c unit_code"} if found.dataset in CLOSED else {"fixed": "323"},
        "columns": columns,
    }
    if "questionnaire_id" in {column.name for column in found.columns}:
        made["constants"] = {"questionnaire_id": min(questionnaires.known())}
    return made


def _typed(value: str, kind: str) -> Any:
    return {"integer": int, "decimal": float, "boolean": lambda one: one == "true"}.get(kind, str)(value)


def table(found: Contract, form: str) -> tuple[list[str], list[list[str]]]:
    """Headers and rows: clean ones, and one for each kind in each column, also those that are dropped."""
    columns = [column for column in found.columns if not column.derived and column.name != "questionnaire_id"]
    headers = [column.name if column.classification == DROPPED else f"c {column.name}" for column in columns]
    closed = CLOSED.get(found.dataset)
    rows: list[list[str]] = []

    def row() -> list[str]:
        number = len(rows)
        cells = []
        given = closed.others | closed.keys[number % len(closed.keys)] if closed else {}
        for column in columns:
            if column.name in given:
                cells.append(given[column.name])
            elif column.classification == HASHED:
                cells.append(f"000.00.33.H31-240205-{number:04d}")
            elif column.codes:
                values = [code.value for code in column.codes]
                cells.append("10" if "10" in values else values[0])
            elif column.type == "integer":
                cells.append("1" if found.dataset == "survey_responses" else "0")
            else:
                cells.append("" if column.classification == DROPPED else PLAIN.get(column.type, "Đất đai"))
        return cells

    while len(rows) < clean_rows(found.dataset):
        rows.append(row())
    for (planted, _), place in product(KINDS.values(), range(len(columns))):
        made = row()
        if columns[place].name.endswith("_amount") and planted == KINDS["CMND"][0]:
            continue  # nine digits in a column of money are money
        made[place] = unicodedata.normalize(form, planted)  # type: ignore[arg-type]
        rows.append(made)
    extra = [unicodedata.normalize(form, planted) for planted, _ in KINDS.values()]  # type: ignore[arg-type]
    if closed:
        headers.append("c unit_code")
        rows = [[*cells, COMMUNES[number // len(closed.keys)]] for number, cells in enumerate(rows)]
    return headers + extra, [cells + ["x"] * len(extra) for cells in rows]


def clean_rows(dataset: str) -> int:
    """So many rows without a defect that the planted ones do not refuse the file."""
    return CLOSED[dataset].clean_rows if dataset in CLOSED else CLEAN_ROWS


def send(home: Path, found: Contract, form: str, sent: str) -> None:
    inbox = home / "inbox" / found.dataset
    inbox.mkdir(parents=True, exist_ok=True)
    headers, rows = table(found, form)
    text = "\n".join(";".join(cells) for cells in [headers, *rows]) + "\n"
    (inbox / f"2024Q1_{sent}.csv").write_text(text, encoding="utf-8")


def send_named(home: Path, form: str, sent: str) -> None:
    """Small files named after everybody, a broken one, and a workbook with sheets named after everybody."""
    import xlsxwriter  # noqa: PLC0415 - a development package

    inbox = home / "inbox" / "service_reports"
    headers, rows = table(terms("service_reports"), "NFC")
    for number, (planted, _) in enumerate(KINDS.values()):
        name = unicodedata.normalize(form, planted).replace("/", "-")  # type: ignore[arg-type]
        text = "\n".join(";".join(cells) for cells in [headers[:1], rows[number][:1]])
        (inbox / f"2024Q1_{sent}_{number} {name}.csv").write_text(text + "\n", encoding="utf-8")
    sheets = home / "inbox" / "sheets"
    sheets.mkdir(exist_ok=True)
    book = xlsxwriter.Workbook(sheets / f"2024Q1_{sent}.xlsx")
    for number, (planted, _) in enumerate(KINDS.values()):
        sheet = book.add_worksheet(unicodedata.normalize(form, planted).replace(":", "").replace("/", "-")[:31])  # type: ignore[arg-type]
        if not number:
            width = len(terms("service_reports").stored_columns)
            for line, cells in enumerate([headers[:width], *(one[:width] for one in rows[:40])]):
                sheet.write_row(line, 0, cells)
    book.close()


@pytest.fixture
def mail() -> Iterator[Server]:
    """The mailbox of every unit."""
    with mail_server() as listening:
        yield listening


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mail: Server) -> Iterator[Home]:
    monkeypatch.setenv("DANVAN_CANARY", CANARY)
    monkeypatch.setenv(hash_keys.VARIABLE, "0123456789abcdef" * 4)
    create(tmp_path / "home")
    feeds = {dataset: feed(terms(dataset), "csv") for dataset in datasets()}
    sheets = feed(terms("service_reports"), "xlsx")
    sheets["layout"] = {"format": "xlsx", "header": {"row": 1}}
    sheets["connector"]["path"] = "inbox/sheets"
    feeds["sheets"] = sheets
    feeds["secret"] = {
        **feed(terms("service_reports"), "csv"),
        "connector": {"kind": "files", "path": "sftp://hoa:${env:DANVAN_CANARY}@127.0.0.1:1/x", "glob": "*.csv"},
    }
    source = {"id": "d323", "name": "Thành phố Hưng Yên", "unit": "323", "contact": ["motcua@tphungyen.example"]}
    document = {"source": source, "feeds": feeds}
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    (tmp_path / "home" / "feeds" / "d323.yaml").write_text(text, encoding="utf-8")
    settings = (tmp_path / "home" / "danvan.toml").read_text(encoding="utf-8")
    settings = settings.replace("port = 4200", "port = 4377").replace("retries = 3", "retries = 0")
    sender = f"mailto://127.0.0.1:{mail.port}/?from=danvan@tinh.example&mode=insecure"
    settings = settings.replace("[returns]", f'[returns]\nmail = "{sender}"')
    (tmp_path / "home" / "danvan.toml").write_text(settings, encoding="utf-8")
    yield open_home(tmp_path / "home")
    workers.dismiss()


SAYING = (
    ("status",),
    ("status", "--all"),
    ("status", "--problems", "--json"),
    ("plan",),
    ("alerts", "list", "--all"),
    ("alerts", "list", "--all", "--json"),
    ("quarantine", "list", "--all"),
    ("quarantine", "list", "--all", "--json"),
    ("feeds", "check"),
    ("corrections",),
    ("doctor",),
    ("explain", "AR01", "--unit", "323", "--period", "2024-Q1", "--rows"),
    ("explain", "AR01", "--unit", "323", "--period", "2024-Q1", "--json", "--language", "en"),
    ("release", "diff"),
    ("release", "verify"),
    ("sql", "select * from ops.signatures", "--format", "csv"),
    ("sql", "select * from ops.decisions", "--format", "json"),
    ("assess", "--period", "2024-Q1", "--format", "html,json,docx,xlsx,pdf,csv"),
)
"""Commands whose words are searched, as those of a run are."""

JOURNALS = ("decisions.jsonl", "signatures.jsonl")
"""What people of the house said, word for word, for the writer alone."""


def test_nobody_is_found_in_anything_that_leaves(home: Home, mail: Server, capfd: pytest.CaptureFixture[str]) -> None:
    searched: dict[str, bytes] = {}
    running = server.launch(home)
    try:
        running = server.wait_ready(running, home)
        for form, sent in zip(FORMS, ("20240320", "20240321"), strict=True):
            for dataset in datasets():
                send(home.path, terms(dataset), form, sent)
            send_named(home.path, form, sent)
            cycle_under(home, feeds=(), period=None, api_url=running.api_url)
            told = capfd.readouterr()
            searched |= {f"output {sent}": told.out.encode(), f"errors {sent}": told.err.encode()}
            if sent == "20240320":
                _say_and_sign(home)
                capfd.readouterr()  # one's own words come back to oneself
    finally:
        running.stop()
    # a file that waits for the next run
    (home.path / "inbox" / "service_reports" / f"2024Q2_20240620 {KINDS['ông'][0]}.csv").write_text(
        "x\n", encoding="utf-8"
    )
    for words in SAYING:
        main([*words, "--home", str(home.path)])
        told = capfd.readouterr()
        assert told.out + told.err, words
        assert "not foreseen" not in told.err, (words, told.err)
        searched[" ".join(words)] = (told.out + told.err).encode()
    for form in ("parquet", "sdmx-csv", "openlineage"):
        assert (
            main(["release", "export", str(home.path / "exports" / form), "--format", form, "--home", str(home.path)])
            == 0
        )
    # a return file goes back to the unit whose file it is, and to nobody else
    kept = {home.path / name for name in ("inbox", "landing", "work", "feeds", "returns")}
    for path in sorted(home.path.rglob("*")):
        inside = path.parent not in kept and not kept & set(path.parents) and path.name not in JOURNALS
        if path.is_file() and inside and not path.name.startswith("warehouse.duckdb"):
            searched[str(path.relative_to(home.path))] = path.read_bytes() + _unpacked(path)
        if path.is_file() and "releases" in path.parts and not path.is_symlink():
            searched[str(path.relative_to(home.path))] = path.read_bytes()
    assert len(mail.taken) > len(KINDS)
    searched["letters"] = "\n".join(_letter(one.body) for one in mail.taken).encode()
    with writing(home) as con:
        checked = _expect_that_the_files_were_read(con)
        # Compressed texts hide from a search: the release once more as it is, and as one whole.
        shutil.move(home.releases, home.path / "before")
        con.execute("set force_compression = 'uncompressed'")
        made = publish(home.path, con)
        searched["the release, uncompressed"] = (made.path / "warehouse.duckdb").read_bytes()
    # the writer may know what a file said, but no secret
    assert CANARY.encode() not in home.warehouse.read_bytes() + _cells(home.warehouse)
    release = current(home.path)
    assert release
    searched["cells of the release"] = _cells(release.file)
    assert "Chánh Văn phòng".encode() in searched["cells of the release"]
    for place in (
        ".prefect",
        "releases/",
        "exports/parquet/core.",
        "exports/sdmx-csv/",
        "exports/openlineage/",
        "reports/assessment-2024-Q1.pdf",
    ):
        assert any(place in name for name in searched), place
    assert any(name.startswith("reports/") and "/units/" in name for name in searched)
    found = sorted({(place, one.decode()) for place, held in searched.items() for one in needles() if one in held})
    size = sum(map(len, searched.values())) / 2**20
    with capfd.disabled():
        print(f"\n{len(KINDS)} kinds, {checked} planted cells, {size:.0f} MiB searched, found: {len(found)}")  # noqa: T201
    assert found == []


def _say_and_sign(home: Home) -> None:
    """A person signs, allows and decides, and names everybody while doing so."""
    everybody = "; ".join(planted for planted, _ in KINDS.values())
    signing = ["--by", KINDS["ông"][0], "--role", f"Chánh Văn phòng; {everybody}"]
    assert main(["sign", "2024-Q1", *signing, "--home", str(home.path)]) == 0
    excepting = ["--except", "--until", "2099-01-01", "--why", everybody]
    assert main(["sign", "2024-Q1", *signing, *excepting, "--home", str(home.path)]) == 0
    waiving = ["decide", "waive", "d323.secret", "2024-Q1", "--why", everybody, "--by", KINDS["chị"][0]]
    assert main([*waiving, "--home", str(home.path)]) == 0


def _unpacked(path: Path) -> bytes:
    """What a compressed file holds: parts of an office document, rows of a Parquet file, texts of a PDF."""
    if path.suffix in {".docx", ".xlsx"}:
        with zipfile.ZipFile(path) as archive:
            return b"\n".join(archive.read(name) for name in archive.namelist())
    if path.suffix == ".parquet":
        rows = pl.read_parquet(path).rows()
        return "\n".join("\x1f".join(map(str, row)) for row in rows).encode()
    if path.suffix == ".pdf":
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(path.read_bytes())).pages).encode()
    return b""


def _letter(body: str) -> str:
    """Head, text and names of what is enclosed; the return file itself is the unit's own."""
    letter = message_from_string(body, policy=policy.default)
    text = letter.get_body().get_content()  # type: ignore[union-attr]
    names = [str(one.get_filename()) for one in letter.iter_attachments()]  # type: ignore[union-attr]
    return "\n".join([*map(str, letter.values()), text, *names])


def _expect_that_the_files_were_read(con: duckdb.DuckDBPyConnection) -> int:
    """Every planted text of a text column was loaded without it or held back; the writer knows them all."""
    planted = 0
    for dataset in datasets():
        found = terms(dataset)
        # the second time the cells are composed like the first: the same rows, held once
        read, loaded = con.execute(
            "select sum(rows_read), sum(rows_loaded) from ops.readings where dataset = ?", [dataset]
        ).fetchone() or (0, 0)
        columns = [one for one in found.columns if not one.derived and one.name != "questionnaire_id"]
        planted += len(FORMS) * len(KINDS) * len(columns)
        assert read >= len(FORMS) * (clean_rows(dataset) + len(KINDS) * (len(columns) - 1)), dataset
        assert loaded >= clean_rows(dataset), dataset
    swept = con.execute("select count(*) from ops.reading_findings where rule_id = 'Q80'").fetchone() or (0,)
    assert swept[0] > 100
    hashed = con.execute("select count(*) from core.petitions where petition_code like 'person-2024-%'").fetchone()
    assert hashed
    assert hashed[0] > 0
    return planted


def _cells(file: Path) -> bytes:
    """Every text of every table, and nothing else."""
    parts: list[str] = []
    with duckdb.connect(str(file), read_only=True) as con:
        tables = con.execute("select schema_name, table_name from duckdb_tables() where not internal").fetchall()
        for schema, name in tables:
            rows = con.execute(f'select * from {schema}."{name}"').fetchall()
            parts += ["\x1f".join(map(str, row)) for row in rows]
    return "\n".join(parts).encode()


@pytest.fixture(autouse=True)
def _loud() -> None:
    logging.getLogger("danvan").setLevel(logging.DEBUG)
