"""Files that are short, torn, changed on the way or misdated: a gate or a finding, and silence where all is well."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
import zlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from expectations.contracts.deliveries import Delivery, Reading
from sources.errors import SidecarMissingError
from sources.feeds import FeedError
from sources.landing import Landing, landed
from sources.moments import misdated
from tests.sources.conftest import DOSSIERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sources.feeds import Feed

CSV = "Mã hồ sơ;Trạng thái;Ngày tiếp nhận;Lệ phí\n" + "".join(f"A{n};10;0{n}/01/2024;{n}.000\n" for n in range(1, 9))
NAMED = "    name: '{}'\n    columns:"


def feed_with(make_feed: Callable[..., Feed], *, whole: str = "", name: str = "", **changes: str) -> Feed:
    text = DOSSIERS
    if whole:
        text = text.replace("    columns:", f"    whole: {whole}\n    columns:")
    if name:
        text = text.replace("    columns:", NAMED.format(name))
    return make_feed(text, **changes)


def checks(result: Any) -> list[tuple[str, str, str]]:
    return [(one.rule_id, one.check, one.severity) for one in result.findings]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1258"])
def test_a_missing_final_newline_is_a_finding(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], encoding: str
) -> None:
    layout = f'{{format: csv, delimiter: ";", encoding: {encoding}'
    text = CSV if encoding != "cp1258" else CSV.replace("Mã hồ sơ", "Ma").replace("Trạng thái", "Trang")
    text = text.replace("Ngày tiếp nhận", "Ngay").replace("Lệ phí", "Phi") if encoding == "cp1258" else text
    feed = make_feed(layout=layout + "}")
    if encoding == "cp1258":
        plain = DOSSIERS.replace("Mã hồ sơ", "Ma").replace("Trạng thái", "Trang").replace("Lệ phí", "Phi")
        feed = make_feed(plain.replace("Ngày tiếp nhận", "Ngay"), layout=layout + "}")
    whole = read_text(text.encode(encoding), feed)
    cut = read_text(text.encode(encoding)[: -len("\n".encode(encoding.replace("utf-16", "utf-16-le")))], feed)
    assert checks(whole) == []
    assert not whole.reading.may_be_cut
    assert checks(cut) == [("C10", "final_newline_missing", "warning")]
    assert cut.reading.may_be_cut
    assert cut.frame.equals(whole.frame)


def test_a_source_that_never_writes_it_says_so(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    feed = make_feed(layout='{format: csv, delimiter: ";", final_newline: false}')
    assert checks(read_text(CSV.rstrip("\n"), feed)) == []


TRAILERS = [
    ("#HET;8\n", r"'#HET;(?P<rows>\d+)'", None),
    ("#HET;7\n", r"'#HET;(?P<rows>\d+)'", "row_count_differs"),
    ("", r"'#HET;(?P<rows>\d+)'", "file_incomplete"),
    (f"EOF {zlib.crc32(CSV.encode()):08x}\n", r"'EOF (?P<crc32>[0-9a-f]{8})'", None),
    ("EOF 01234567\n", r"'EOF (?P<crc32>[0-9a-f]{8})'", "file_incomplete"),
    (f"Tổng số: 8;{hashlib.md5(CSV.encode()).hexdigest().upper()}", r"'Tổng số: (?P<rows>\d+);(?P<md5>\w+)'", None),  # noqa: S324
]


@pytest.mark.parametrize(("last", "pattern", "wanted"), TRAILERS)
def test_a_declared_trailer(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], last: str, pattern: str, wanted: str | None
) -> None:
    feed = feed_with(make_feed, whole=f"{{trailer: {pattern}}}")
    result = read_text(CSV + last, feed)
    gates = [check for _, check, severity in checks(result) if severity == "gate"]
    assert gates == ([wanted] if wanted else [])
    if wanted is None:
        assert result.frame.height == 8
        assert result.reading.ignored == {}


def test_every_prefix_of_a_file_with_a_trailer_is_refused(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    feed = feed_with(make_feed, whole=r"{trailer: '#HET;(?P<rows>\d+)'}")
    whole = (CSV + "#HET;8\n").encode()
    for length in range(1, len(whole) - 1):
        result = read_text(whole[:length], feed)
        assert [one for one in result.findings if one.severity == "gate"], whole[:length]


def test_what_the_name_says_of_the_file(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    sha = hashlib.sha256(CSV.encode()).hexdigest()
    feed = feed_with(make_feed, name=r"hs_(?P<rows>\d+)_(?P<sha256>[0-9a-f]{64})\.csv")
    assert checks(read_text(CSV, feed, f"hs_8_{sha}.csv")) == []
    assert checks(read_text(CSV, feed, f"hs_9_{sha}.csv")) == [("C10", "row_count_differs", "gate")]
    flipped = CSV.replace("3.000", "8.000")
    assert checks(read_text(flipped, feed, f"hs_8_{sha}.csv")) == [("C10", "file_incomplete", "gate")]
    counted = feed_with(make_feed, name=r"hs_(?P<rows>\d+)\.csv")
    assert checks(read_text(flipped, counted, "hs_8.csv")) == []  # without a checksum nothing tells


def test_the_number_of_records_in_the_envelope(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    feed = feed_with(make_feed, whole="{field: meta.total}", layout="{format: json, records: items}")
    records = [{"Mã hồ sơ": f"A{n}", "Trạng thái": "10", "Ngày tiếp nhận": None, "Lệ phí": n} for n in range(3)]
    for total, wanted in (
        (3, []),
        (4, ["row_count_differs"]),
        ("ba", ["row_count_missing"]),
        (True, ["row_count_missing"]),
    ):
        body = json.dumps({"meta": {"total": total}, "items": records})
        assert [check for _, check, _ in checks(read_text(body, feed, "a.json"))] == wanted


def test_a_file_is_not_fetched_before_the_one_beside_it(make_feed: Callable[..., Feed], tmp_path: Path) -> None:
    feed = feed_with(make_feed, whole="{sidecar: .sha256}", connector="{kind: files, path: inbox, glob: '*.csv'}")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.csv").write_text(CSV, encoding="utf-8")
    landing = Landing(feed, tmp_path)
    [offer] = landing.offers()
    with pytest.raises(SidecarMissingError, match=r"no a\.csv\.sha256 beside it yet"):
        landing.land(offer)
    assert list(landed(tmp_path)) == []
    (inbox / "a.csv.sha256").write_text("0" * 64 + "  a.csv\n", encoding="utf-8")
    [offer] = landing.offers()
    wrong = landing.land(offer)
    assert wrong.beside == "0" * 64 + "  a.csv\n"
    assert landing.is_known(landing.offers()[0])
    (inbox / "a.csv.sha256").write_text(hashlib.sha256(CSV.encode()).hexdigest() + "  a.csv\n", encoding="utf-8")
    [offer] = Landing(feed, tmp_path).offers()
    assert not Landing(feed, tmp_path).is_known(offer)
    right = landing.land(offer)
    assert right.delivery_id != wrong.delivery_id
    assert {one.delivery_id: one.beside for one in landed(tmp_path)} == {
        one.delivery_id: one.beside for one in (wrong, right)
    }


def test_the_checksum_beside_the_file(make_feed: Callable[..., Feed], tmp_path: Path, units: Any) -> None:
    from expectations.contracts.model import contract  # noqa: PLC0415
    from sources.reading import read_here  # noqa: PLC0415

    feed = feed_with(make_feed, whole="{sidecar: .md5}")
    path = tmp_path / "a.csv"
    path.write_text(CSV, encoding="utf-8")
    md5 = hashlib.md5(CSV.encode()).hexdigest()  # noqa: S324
    for beside, wanted in (
        (f"{md5} *a.csv\n", []),
        (f"{'0' * 32} *b.csv\n{md5} *a.csv\n", []),
        ("8\n", []),
        ("7\n", ["row_count_differs"]),
        (f"{'0' * 32} *a.csv\n", ["file_incomplete"]),
        ("", ["file_incomplete"]),
        (None, ["file_incomplete"]),
    ):
        reading = read_here(path, "a.csv", feed, contract("dossiers"), units, tmp_path / "work", beside)
        assert [one.check for one in reading.findings] == wanted, beside


def packed(kind: str, body: bytes) -> bytes:
    if kind == "gzip":
        return gzip.compress(body)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("hs.csv", body)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["gzip", "zip"])
def test_packed_files_are_checked_to_their_end(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], tmp_path: Path, kind: str
) -> None:
    feed = make_feed(layout=f'{{format: csv, delimiter: ";", packed: {kind}}}')
    whole = packed(kind, CSV.encode())
    wanted = read_text(whole, feed, "hs.packed").frame
    assert wanted.height == 8
    for length in range(len(whole)):
        assert checks(read_text(whole[:length], feed, "hs.packed"))[0][2] == "gate", length
    body = whole.index(b"hs.csv") + 6 if kind == "zip" else 10
    end = whole.index(b"PK\x01\x02") if kind == "zip" else len(whole)
    for place in range(body, end):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        result = read_text(bytes(flipped), feed, "hs.packed")
        if not any(severity == "gate" for _, _, severity in checks(result)):  # a bit that says nothing
            assert result.frame.equals(wanted), place
    assert not list((tmp_path / "work").glob("*.unpacked"))


def test_what_is_not_packed_as_declared_is_refused(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    feed = make_feed(layout='{format: csv, delimiter: ";", packed: zip}')
    two = io.BytesIO()
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a.csv", CSV)
        archive.writestr("b.csv", CSV)
    for body, words in (
        (CSV.encode(), "hỏng hoặc bị cắt cụt"),
        (two.getvalue(), "có 2 tệp bên trong"),
        (packed("zip", b"0" * (64 << 20)), "Tệp nén bất thường"),
    ):
        [finding] = read_text(body, feed, "a.zip").findings
        assert (finding.rule_id, finding.severity) == ("Q01", "gate")
        assert words in finding.message_vi


@pytest.mark.parametrize(
    ("whole", "words"),
    [
        ("{}", "is empty"),
        ("{trailer: '('}", "no regular expression"),
        ("{field: a.b}", "is for format json"),
        ("{sidecar: sha256}", "pattern"),
    ],
)
def test_mistakes_in_whole_are_said(make_feed: Callable[..., Feed], whole: str, words: str) -> None:
    with pytest.raises(FeedError, match=words):
        feed_with(make_feed, whole=whole)


SENT = [
    ("hs_20240403.csv", "2024-04-05 08:00", None),
    ("hs_20240406T0759.csv", "2024-04-05 08:00", None),
    ("hs_20240406T0801.csv", "2024-04-05 08:00", "sent_after_landing"),
    ("hs_20990101.csv", "2024-04-05 08:00", "sent_after_landing"),
    ("hs_20231231.csv", "2024-04-05 08:00", "sent_before_period"),
    ("hs_20240101.csv", "2024-04-05 08:00", None),
    ("hs_20241350.csv", "2024-04-05 08:00", "sent_unreadable"),
]


@pytest.mark.parametrize(("name", "landed_at", "wanted"), SENT)
def test_moments_of_sending(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], name: str, landed_at: str, wanted: str | None
) -> None:
    feed = feed_with(make_feed, name=r"hs_(?P<sent>[\dT]+)\.csv")
    reading = read_text(CSV, feed, name).reading
    delivery = Delivery(
        "a", "d.f", "d", "dossiers", name, "0", 1, None, reading.extracted_at, None, datetime.fromisoformat(landed_at)
    )
    found = misdated(feed, delivery, reading, "CALENDAR")
    assert [one.check for one in found] == ([wanted] if wanted else [])
    assert [one.severity for one in found] == (
        ["gate" if wanted == "sent_after_landing" else "warning"] if wanted else []
    )
    assert misdated(feed, delivery, Reading(periods=("nonsense",), extracted_at=delivery.sent_at), "CALENDAR") == [
        one for one in found if one.check != "sent_before_period"
    ]
