"""Connectors in feed files: mistakes are said with their line; secrets never stand there; shared layouts are taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from expectations.contracts.model import contract
from sources import feed_docs
from sources.feeds import FeedError, Rest, check_against_contract, load_feed_file
from sources.feeds.sharing import shared_names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sources.feeds import Feed

HEAD = "source: {id: d329, name: Huyện Ân Thi}\nfeeds:\n  dossiers:\n    dataset: dossiers\n"
FOOT = """\
    period: {fixed: 2024-Q1}
    layout: {format: FORMAT}
    unit: {fixed: 329}
    columns: {dossier_code: a, status_code: b}
"""
URL = "url: https://api.example.org/hoso"
SQL = "kind: sql, url: postgresql://db.example.org/mc, key: id"
MAIL = "kind: imap, url: imaps://mail.example.org, user: tinh, senders: a@example.org"

MISTAKES = [
    ("{kind: rest}", "ndjson", "connector.url: is missing"),
    ("{kind: soap, url: x}", "ndjson", "connector.kind: 'soap' is unknown; known: 'files', 'rest', 'sql', 'imap'"),
    (
        f"{{kind: rest, {URL}, glob: x}}",
        "ndjson",
        "connector.glob: 'glob' means nothing for kind rest; remove it (it is for files, imap)",
    ),
    (
        f"{{kind: rest, {URL}, parms: {{a: b}}}}",
        "ndjson",
        "connector.parms: unknown key; did you mean params? known here: kind, url",
    ),
    (
        f"{{kind: rest, {URL}, auth: {{kind: baerer, token: abc}}}}",
        "ndjson",
        "did you mean bearer? known: 'bearer', 'basic'",
    ),
    ("{kind: rest, url: ftp://x}", "ndjson", "is no http"),
    ("{kind: rest, url: https://u:p@x.org/a}", "ndjson", "holds a password"),
    ("{kind: rest, url: https://x.org/a?api_key=abc}", "ndjson", "holds a secret"),
    (f"{{kind: rest, {URL}, headers: {{Authorization: Bearer x}}}}", "ndjson", "'Authorization' of params and headers"),
    (f"{{kind: rest, {URL}, params: {{access_token: x}}}}", "ndjson", "looks like a secret"),
    (f"{{kind: rest, {URL}, auth: {{kind: bearer, token: abc}}}}", "ndjson", "connector.auth.token: is a secret"),
    (f"{{kind: rest, {URL}, auth: {{kind: ntlm}}}}", "ndjson", "connector.auth.kind: 'ntlm' is unknown"),
    (
        f"{{kind: rest, {URL}, paging: {{kind: page, from: x}}}}",
        "ndjson",
        "connector.paging.from: 'from' means nothing for kind page; remove it (it is for cursor, next)",
    ),
    (f"{{kind: rest, {URL}, incremental: {{key: a, param: b}}}}", "ndjson", "write either by: "),
    (f"{{kind: rest, {URL}, key: x, incremental: {{key: a, by: t, param: b}}}}", "ndjson", "differ"),
    (f"{{kind: rest, {URL}, window: {{from: a, to: b}}}}", "ndjson", "write active: {from: 2024-Q1}"),
    (
        f"{{kind: rest, {URL}, limits: {{row: 1}}}}",
        "ndjson",
        "connector.limits.row: unknown key; did you mean rows? known here: rows, pages",
    ),
    (f"{{kind: rest, {URL}}}", "csv", "lands ndjson; write layout: {format: ndjson}"),
    (f"{{{SQL}}}", "parquet", "write either table: or query:"),
    (f"{{{SQL}, table: hs}}", "ndjson", "lands parquet"),
    (f"{{{SQL}, table: hs, user: a, password: b}}", "parquet", "connector.password: is a secret"),
    ("{kind: sql, url: 'mysql://a:b@x/y', key: id, table: hs}", "parquet", "holds a password"),
    (f"{{{MAIL}, password: x}}", "csv", "connector.password: is a secret"),
    (
        f"{{{MAIL}, password: '${{env:X}}', limits: {{seconds: 9}}}}",
        "csv",
        "limits.seconds: unknown key; did you mean request_seconds? known here: mib, request_seconds",
    ),
    (f"{{{MAIL.replace('imaps', 'pop3')}, password: '${{env:X}}'}}", "csv", "is no mailbox"),
]


def load(tmp_path: Path, connector: str, kind: str) -> Feed:
    path = tmp_path / "d329.yaml"
    path.write_text(f"{HEAD}    connector: {connector}\n{FOOT.replace('FORMAT', kind)}", encoding="utf-8")
    return load_feed_file(path)[0]


@pytest.mark.parametrize(("connector", "kind", "text"), MISTAKES)
def test_mistakes_are_said_at_their_line(tmp_path: Path, connector: str, kind: str, text: str) -> None:
    with pytest.raises(FeedError) as wrong:
        load(tmp_path, connector, kind)
    said = str(wrong.value)
    assert text in said
    assert "Bearer x" not in said
    assert said.startswith("d329.yaml:")


def test_what_is_fetched_needs_neither_a_name_nor_a_declaration(tmp_path: Path) -> None:
    for line, text in (("name: 'x.*'", "names its deliveries itself"), ("whole: {sidecar: .md5}", "counts by itself")):
        path = tmp_path / "d329.yaml"
        foot = FOOT.replace("FORMAT", "ndjson")
        path.write_text(f"{HEAD}    connector: {{kind: rest, {URL}}}\n    {line}\n{foot}", encoding="utf-8")
        with pytest.raises(FeedError, match=text):
            load_feed_file(path)


def test_a_connector_without_a_kind_is_one_of_files(tmp_path: Path) -> None:
    assert load(tmp_path, "{path: inbox}", "csv").connector.kind == "files"


# --- shared layouts -------------------------------------------------------------------------------------------------

OWN = """\
source: {id: d329, name: Huyện Ân Thi}
feeds:
  dossiers:
    like: NAME
    connector: {kind: rest, url: https://api.example.org/hoso, paging: {kind: page}}
    unit: {fixed: 329}
"""


@pytest.mark.parametrize("name", shared_names())
def test_every_shared_layout_is_a_feed_but_for_place_and_unit(tmp_path: Path, name: str) -> None:
    path = tmp_path / "d329.yaml"
    path.write_text(OWN.replace("NAME", name), encoding="utf-8")
    [feed] = load_feed_file(path)
    check_against_contract(feed, contract(feed.dataset))
    document = yaml.safe_load(OWN.replace("NAME", name).replace("fixed: 329", "fixed: '329'"))
    jsonschema.validate(json.loads(json.dumps(document)), json.loads(feed_docs.schema()))


def test_what_a_feed_says_stands_over_what_is_shared(tmp_path: Path) -> None:
    path = tmp_path / "d329.yaml"
    more = "    period: {fixed: 2024-Q1}\n    columns: {fee_amount: LePhi, received_at: {from: Nhan}}\n"
    path.write_text(OWN.replace("NAME", "national_dossiers") + more, encoding="utf-8")
    [feed] = load_feed_file(path)
    assert isinstance(feed.connector, Rest)
    assert feed.connector.key == ("MaHoSo",)
    assert feed.period.fixed == "2024-Q1"
    assert feed.period.column is None
    assert feed.columns["received_at"].headers == ("Nhan",)
    assert feed.columns["received_at"].format == ("%Y%m%d%H%M%S",)
    assert feed.columns["fee_amount"].headers == ("LePhi",)
    files = "{kind: files, path: inbox}\n    layout: {format: json, records: data}"
    rest = "{kind: rest, url: https://api.example.org/hoso, paging: {kind: page}}"
    path.write_text(OWN.replace("NAME", "national_dossiers").replace(rest, files), encoding="utf-8")
    [feed] = load_feed_file(path)
    assert feed.connector.model_dump(exclude_defaults=True) == {"path": "inbox"}
    assert feed.layout.model_dump(exclude_defaults=True) == {"format": "json", "records": "data"}


def test_a_shared_layout_that_is_not_there_is_said_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "d329.yaml"
    path.write_text(OWN.replace("NAME", "national_dosiers"), encoding="utf-8")
    with pytest.raises(FeedError, match=r"yaml:4: feeds\.dossiers\.like: .*did you mean national_dossiers\? known: "):
        load_feed_file(path)


NATIONAL = {
    "MaHoSo": "000.00.18.H31-240105-0001",
    "MaTTHC": "1.004227",
    "TenTTHC": "Đăng ký biến động",
    "MaLinhVuc": "G13-DD01",
    "TenLinhVuc": "Đất đai",
    "KenhThucHien": "2",
    "ChuHoSo": "Nguyễn Văn A",
    "SoDienThoai": "+84 912345678",
    "NgayTiepNhan": "20240105083000",
    "NgayHenTra": "20240125170000",
    "NgayKetThucXuLy": "20240120100000",
    "TrangThaiHoSo": "10",
    "DonViXuLy": "Chi nhánh VPĐK đất đai",
    "DanhSachHoSoBoSung": [{"HoSoBoSungId": 1}, {"HoSoBoSungId": 2}],
    "DanhSachGiayToKetQua": [{"TenGiayTo": "GCN"}],
}


def test_dossiers_of_the_national_layout_are_read(tmp_path: Path, read_text: Callable[..., Any]) -> None:
    path = tmp_path / "d329.yaml"
    path.write_text(OWN.replace("NAME", "national_dossiers"), encoding="utf-8")
    [feed] = load_feed_file(path)
    result = read_text(json.dumps(NATIONAL, ensure_ascii=False) + "\n", feed, name="dossiers.ndjson")
    assert [one.rule_id for one in result.findings if one.severity != "warning"] == []
    [row] = result.frame.to_dicts()
    assert (row["supplement_count"], row["has_result_file"], row["status_code"]) == (2, True, "10")
    assert str(row["due_at"]) == "2024-01-25 17:00:00"
    assert "Nguyễn" not in json.dumps(row, default=str, ensure_ascii=False)
