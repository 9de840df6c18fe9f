"""Feed files: every mistake a person can make is said with file, line, key and what to do."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args, get_origin

import pytest
import yaml

from expectations.contracts.model import contract
from sources.feeds import (
    FeedError,
    KnownDocuments,
    check_against_contract,
    load_feed_file,
    load_feeds,
    loading,
    read_feeds,
    typed,
)
from sources.feeds.keys import branches, keys_of, told_apart_by
from sources.feeds.model import FeedFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic import BaseModel

GOOD = """\
source: {id: d323, name: Thành phố Hưng Yên, unit: 323}
maps:
  yes_no: {"Có": true, x: true, Không: false}
feeds:
  dossiers:
    dataset: dossiers
    active: {from: 2023-Q4, to: 2024-Q2}
    schedule: "0 6 * * 1-5"
    connector: {kind: files, path: inbox/323, glob: "hoso_*.csv"}
    name: 'hoso_(?P<period>\\d{4}Q\\d)_(?P<sent>\\d{8})\\.csv'
    period: {from: name}
    layout: {format: csv, encoding: cp1258, delimiter: ";"}
    unit: {fixed: 323}
    columns:
      dossier_code: Mã hồ sơ
      status_code: {from: [Trạng thái, Tình trạng], map: {Xong: 10, no: "8"}}
      has_complaint: {from: KN, map: yes_no}
"""

MISTAKES = [
    ("feeds:\n", "feds:\n", "feds", "unknown key; did you mean feeds? known here: source, maps, feeds"),
    ("id: d323", "id: D 323", "source.id", "pattern"),
    ("    dataset: dossiers\n", "", "feeds.dossiers.dataset", "is missing; add it"),
    ("from: 2023-Q4", "from: 2023Q4", "feeds.dossiers.active", "'2023Q4' is not a period"),
    ("to: 2024-Q2", "to: 2022-Q2", "feeds.dossiers.active", "lies before"),
    ('"0 6 * * 1-5"', '"6 am"', "feeds.dossiers.schedule", "no cron line"),
    ('"0 6 * * 1-5"', '"99 99 99 99 99"', "feeds.dossiers.schedule", "no cron line (Bad minute"),
    ('"0 6 * * 1-5"', '"0 6 LW * *"', "feeds.dossiers.schedule", "(LW is of another kind of cron)"),
    ('"0 6 * * 1-5"', '"0 6 * * 5L"', "feeds.dossiers.schedule", "(5L is of another kind of cron)"),
    ('"0 6 * * 1-5"', '"0 6 30 feb 1"', "feeds.dossiers.schedule", "no cron line"),
    ('"0 6 * * 1-5"', '"0 6 31 2 *"', "feeds.dossiers.schedule", "no cron line"),
    ('"0 6 * * 1-5"', '"0 0 6 * * 1-5"', "feeds.dossiers.schedule", "no cron line"),
    ("columns:", "key: rows\n    columns:", "feeds.dossiers.key", "'row' or 'content'"),
    ("kind: files", "kind: ftp", "feeds.dossiers.connector.kind", "'files'"),
    ("path: inbox/323, ", "", "feeds.dossiers.connector.path", "is missing"),
    (
        "glob:",
        "storage_options: {password: geheim}, glob:",
        "feeds.dossiers.connector.storage_options",
        "${env:NAME}",
    ),
    ("(?P<period>", "(", "feeds.dossiers", "needs a group (?P<period>"),
    ("(?P<period>\\d{4}Q\\d)", "(?P<period>", "feeds.dossiers.name", "no regular expression"),
    ("{from: name}", "{}", "feeds.dossiers.period", "write either from:"),
    ("{from: name}", "{from: name, fixed: 2024-Q1}", "feeds.dossiers.period", "write either from:"),
    ("{from: name}", "{from: column}", "feeds.dossiers.period", "also needs 'column'"),
    ("{from: name}", "{fixed: 2024-Q7}", "feeds.dossiers.period", "not a period"),
    ("{from: name}", "{from: name, path: a.b}", "feeds.dossiers.period", "'path' belongs to from: field"),
    ("{from: name}", "{from: name, regime: TT99}", "feeds.dossiers.period", "unknown regime"),
    ("{from: name}", "{from: field, path: a}", "feeds.dossiers", "is for format json"),
    ("format: csv", "format: cvs", "feeds.dossiers.layout.format", "'cvs' is unknown; did you mean csv? known: 'csv'"),
    (
        "delimiter:",
        "delimitr:",
        "feeds.dossiers.layout.delimitr",
        "unknown key; did you mean delimiter? known here: format, ",
    ),
    ('delimiter: ";"', 'delimiter: ";;;;;;;;;"', "feeds.dossiers.layout.delimiter", "at most 8 characters"),
    (
        'delimiter: ";"',
        "header: {names: [Mã], row: 1}",
        "feeds.dossiers.layout.header",
        "names: [Mã, …] where",
    ),
    ('delimiter: ";"', "header: {names: [Mã], rows: 2}", "feeds.dossiers.layout.header", "says that there is none"),
    ("{from: name}", "{from: header}", "feeds.dossiers.period", "from: header also needs 'header'"),
    ("{from: name}", "{from: name, header: Năm}", "feeds.dossiers.period", "'header' belongs to from: header"),
    (
        "encoding: cp1258",
        "wide: {columns: [a], header: x, value: x}",
        "feeds.dossiers.layout.wide",
        "give them two names",
    ),
    (
        "encoding: cp1258",
        "totals: {column: a}, wide: {columns: [a], header: x, value: y}",
        "feeds.dossiers.layout",
        "'wide' turns these into rows; write check: false",
    ),
    (
        "encoding: cp1258",
        "wide: {columns: [a], header: x, value: y}}\n    key: row\n    ignore: {a: b",
        "feeds.dossiers",
        "write content",
    ),
    ("cp1258", "tcvn9", "feeds.dossiers.layout", "encoding 'tcvn9' is unknown"),
    ("format: csv", "format: parquet", "feeds.dossiers.layout.encoding", "means nothing for format parquet"),
    ("encoding: cp1258", "header: {row: 3, find: Mã}", "feeds.dossiers.layout.header", "write either row: 7 or find:"),
    ("encoding: cp1258", "header: {rows: 2}", "feeds.dossiers.layout.header", "write either row: 7 or find:"),
    ("{fixed: 323}", "{}", "feeds.dossiers.unit", "write fixed:"),
    ("{fixed: 323}", "{fixed: 323, name: Đơn vị}", "feeds.dossiers.unit", "write fixed:"),
    ("{fixed: 323}", "{code: Mã, parent: 33}", "feeds.dossiers.unit", "narrow a search by name"),
    (
        "map: yes_no",
        "map: yesno",
        "feeds.dossiers.columns.has_complaint.map",
        "no map 'yesno' under maps (there: yes_no)",
    ),
    (
        "map: yes_no",
        "as: presense",
        "feeds.dossiers.columns.has_complaint.as",
        "did you mean presence? known: 'presence'",
    ),
    ("map: yes_no", "map: {x: [1]}", "feeds.dossiers.columns.has_complaint.map.x", "is no single value; write a text"),
    ("map: yes_no", "frm: KN", "feeds.dossiers.columns.has_complaint.frm", "did you mean from? known here: from, "),
    (
        "{from: name}",
        "{from: name, regime: TTPC}",
        "feeds.dossiers.period",
        "unknown regime 'TTPC'; did you mean TTCP?",
    ),
    ("map: yes_no", "map: yes_no, as: length", "feeds.dossiers.columns.has_complaint", "exclude each other"),
    ("map: yes_no", "map: {true: 1}", "feeds.dossiers.columns.has_complaint.map", "put it in quotes"),
    ("Xong: 10", "Xong: 10, XONG: 9", "feeds.dossiers.columns.status_code.map", "read the same but mean different"),
    ("from: KN, ", "", "feeds.dossiers.columns.has_complaint.from", "is missing"),
    (
        "    columns:\n",
        "    constants: {dossier_code: A}\n    columns:\n",
        "feeds.dossiers",
        "both a constant and a column",
    ),
    ("    columns:\n", "    parts: [{sheet: A}]\n    columns:\n", "feeds.dossiers", "'parts' are sheets"),
    (
        "    columns:\n",
        "    rules: {Q45: {severity: warning, reason: no}}\n    columns:\n",
        "feeds.dossiers.rules.Q45.reason",
        "at least 10 characters",
    ),
    ("    columns:\n", "    dataset: petitions\n    columns:\n", "", "key 'dataset' stands twice"),
    ("{kind: files", "{kind: files]", "", "is no valid YAML"),
    ("Xong: 10", "[Xong]: 10", "", "a key is a text or a number"),
    ("Xong: 10", "Xong: !!python/name:os.system 10", "", "unknown tag tag:yaml.org,2002:python/name:os.system"),
    ("Xong: 10", "Xong: !!int mười", "", "'mười' is no int"),
    ("Xong: 10", "Xong: &a [*a]", "", "an alias lies within what it stands for"),
]


def write(folder: Path, text: str, name: str = "d323.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


Put = Callable[[dict[str, Any]], Any]


def entries(annotation: Any, put: Put, seen: set[type[BaseModel]]) -> Iterator[tuple[type[BaseModel], Put]]:
    """Every entry that may stand in a feed file, and how it is put in its place in one."""
    for tag, model in branches(annotation).items():
        if model in seen:
            continue
        seen.add(model)
        head = {told_apart_by(model): tag} if tag else {}
        yield model, lambda own, head=head: put(head | own)  # type: ignore[misc]
        for name, told in model.model_fields.items():
            key = told.alias or name
            yield from entries(told.annotation, lambda own, head=head, key=key: put(head | {key: own}), seen)  # type: ignore[misc]
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        yield from entries(arguments[1], lambda own: put({"x": own}), seen)
    if get_origin(annotation) is tuple:
        yield from entries(arguments[0], lambda own: put([own]), seen)  # type: ignore[arg-type]


ENTRIES = list(entries(FeedFile, lambda own: own, set()))


@pytest.mark.parametrize(("model", "put"), ENTRIES, ids=[model.__name__ for model, _ in ENTRIES])
def test_a_misspelt_key_is_known_for_what_it_is_wherever_it_stands(
    tmp_path: Path, model: type[BaseModel], put: Put
) -> None:
    for key in keys_of(model):
        if key != told_apart_by(model):
            text = yaml.safe_dump(put({key + key[-1]: None}), allow_unicode=True)
            with pytest.raises(FeedError) as caught:
                load_feed_file(write(tmp_path, text))
            said = [one.message for one in caught.value.problems if one.key.rpartition(".")[2] == key + key[-1]]
            assert len(said) == 1
            assert said[0].startswith(f"unknown key; did you mean {key}? known here: {keys_of(model)[0]}")


def test_a_good_file(tmp_path: Path) -> None:
    [feed] = load_feed_file(write(tmp_path, GOOD))
    assert feed.feed_id == "d323.dossiers"
    assert (feed.source, feed.source_name, feed.source_unit, feed.file) == (
        "d323",
        "Thành phố Hưng Yên",
        "323",
        "d323.yaml",
    )
    assert feed.unit.fixed == "323"
    assert feed.columns["status_code"].headers == ("Trạng thái", "Tình trạng")
    assert feed.columns["status_code"].map == {"Xong": 10, "no": "8"}
    assert feed.columns["has_complaint"].map == {"Có": True, "x": True, "Không": False}
    assert pickle.loads(pickle.dumps(feed)) == feed  # noqa: S301 - our own
    check_against_contract(feed, contract("dossiers"))


@pytest.mark.parametrize(
    ("old", "new", "key", "message"), MISTAKES, ids=[f"{m[2]}-{n}" for n, m in enumerate(MISTAKES)]
)
def test_every_mistake_is_told(tmp_path: Path, old: str, new: str, key: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(FeedError) as caught:
        load_feed_file(write(tmp_path, GOOD.replace(old, new, 1)))
    problems = [problem for problem in caught.value.problems if problem.key == key and message in problem.message]
    assert problems, [str(problem) for problem in caught.value.problems]
    assert problems[0].file == "d323.yaml"
    assert problems[0].line is not None


def test_all_mistakes_at_once_and_the_rest_still_works(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(
        tmp_path,
        GOOD.replace("d323", "d325").replace("format: csv", "format: cvs").replace("kind: files", "kind: x"),
        "a.yaml",
    )
    write(tmp_path, GOOD, "z.yaml")
    write(tmp_path, "", "empty.yaml")
    (tmp_path / "latin.yaml").write_bytes("source: Hưng".encode("utf-16"))
    feeds, problems = read_feeds(tmp_path)
    assert [feed.feed_id for feed in feeds] == ["d323.dossiers"]
    texts = "\n".join(str(problem) for problem in problems)
    assert "a.yaml:10: feeds.dossiers.connector.kind" in texts or "a.yaml:9: feeds.dossiers.connector.kind" in texts
    assert "layout.format" in texts
    assert "feed d323.dossiers also stands in d323.yaml" in texts
    assert "empty.yaml:1: is empty" in texts
    assert "latin.yaml: is not UTF-8" in texts
    with pytest.raises(FeedError):
        load_feeds(tmp_path)
    assert "does not exist" in str(read_feeds(tmp_path / "nowhere")[1][0])


def test_a_file_that_was_read_before_is_parsed_again_only_when_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "feeds.json"
    feeds, other = tmp_path / "feeds", GOOD.replace("d323", "d325").replace("Hưng Yên", "Mỹ Hào")
    feeds.mkdir()
    write(feeds, GOOD)
    write(feeds, other, "d325.yaml")
    first = KnownDocuments(kept)
    before = read_feeds(feeds, first)
    first.save()
    assert kept.stat().st_mode & 0o777 == 0o600
    parsed = []
    parse = loading.read_document
    monkeypatch.setattr(loading, "read_document", lambda path: parsed.append(path.name) or parse(path))
    assert read_feeds(feeds, KnownDocuments(kept)) == before == read_feeds(feeds)
    assert parsed == ["d323.yaml", "d325.yaml"]  # by the last one, which knows nothing
    parsed.clear()
    left = kept.with_name("feeds.json.part")
    left.write_text("{", encoding="utf-8")
    write(feeds, other.replace("Mỹ Hào", "Kim Động"), "d325.yaml")
    again = KnownDocuments(kept)
    [_, changed], _ = read_feeds(feeds, again)
    again.save()
    assert (parsed, changed.source_name) == (["d325.yaml"], "Thành phố Kim Động")
    assert not left.exists()
    assert len(json.loads(kept.read_text(encoding="utf-8"))) == 2  # what is in no file any more is let go


def test_what_is_kept_of_a_file_hides_no_mistake_and_is_none_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, path = tmp_path / "feeds.json", write(tmp_path, GOOD)
    expected = load_feed_file(path)
    mark = KnownDocuments(kept).mark(path)
    for damaged in ("", "{", "[]", '{"a": 1}', json.dumps({mark: {"feeds": {}}}), "[" * 100_000):
        kept.write_text(damaged, encoding="utf-8")
        assert load_feed_file(path, KnownDocuments(kept)) == expected
    known = KnownDocuments(kept)
    wrong = write(tmp_path, GOOD.replace("kind: files", "kind: x"), "wrong.yaml")
    for _ in range(2):
        with pytest.raises(FeedError, match=r"wrong\.yaml:\d+: "):
            load_feed_file(wrong, known)
    numbered = {"feeds": {1: "a key that JSON has not"}}
    known.keep(path, mark, numbered)
    known.keep(wrong, mark, {"feeds": {}})  # another file than the one that was marked
    assert known.of(mark) is None
    assert known.mark(tmp_path / "nowhere.yaml") is None
    known.keep(path, mark, {"feeds": {}})
    known.save()
    assert KnownDocuments(kept).of(mark) == {"feeds": {}}
    monkeypatch.setattr("sources.feeds.known._parser", lambda: b"another")
    assert KnownDocuments(kept).mark(path) != mark


def test_yaml_has_no_surprises(tmp_path: Path) -> None:
    text = GOOD.replace("Xong: 10, no:", "no: 9, 12:30: 7, 010: 3, 2024-01-05: 4, off:")
    [feed] = load_feed_file(write(tmp_path, text))
    assert feed.columns["status_code"].map == {"no": 9, "12:30": 7, "010": 3, "2024-01-05": 4, "off": "8"}


def test_parts_inherit_and_override_the_layout(tmp_path: Path) -> None:
    text = GOOD.replace(
        'layout: {format: csv, encoding: cp1258, delimiter: ";"}',
        "layout: {format: xlsx, header: {row: 5}, number: vi}",
    ).replace(
        "    columns:\n",
        "    parts:\n      - {sheet: Một}\n      - {sheet: Hai, layout: {header: {row: 7}}}\n    columns:\n",
    )
    [feed] = load_feed_file(write(tmp_path, text))
    assert feed.parts[0].layout is None
    second = feed.parts[1].layout
    assert second is not None
    assert second.header is not None
    assert (second.format, second.number, second.header.row) == ("xlsx", "vi", 7)


def test_the_fingerprint_follows_what_shapes_a_reading(tmp_path: Path) -> None:
    [feed] = load_feed_file(write(tmp_path, GOOD))

    def changed(old: str, new: str) -> str:
        assert old in GOOD
        [other] = load_feed_file(write(tmp_path, GOOD.replace(old, new)))
        return other.fingerprint

    assert changed("schedule", "# schedule") == feed.fingerprint
    assert changed("inbox/323", "sftp://x/323") == feed.fingerprint
    assert changed("to: 2024-Q2", "to: 2025-Q2") == feed.fingerprint
    assert changed("unit: 323}", "unit: 323, contact: 0221}") == feed.fingerprint
    for old, new in (("Mã hồ sơ", "Mã HS"), ("x: true", "x: false"), ("cp1258", "utf-8"), ("fixed: 323", "fixed: 325")):
        assert changed(old, new) != feed.fingerprint


PROSE = GOOD.replace(
    "    columns:\n",
    "    ignore: {Ghi chú: not wanted here}\n"
    "    rules: {Q40: {severity: warning, reason: the old numbering goes on until May}}\n    columns:\n",
)


@pytest.mark.parametrize(
    ("old", "new", "is_another"),
    [
        ("not wanted here", "nobody needs it", False),
        ("the old numbering goes on until May", "the old numbering goes on until June", False),
        ("feeds:\n", "feeds:\n  # what comes every quarter\n", False),
        ("name: ", "name: Văn phòng ", False),
        ("dossiers:\n", "dossiers:\n    cadence: month\n", False),
        ("severity: warning", "severity: gate", True),
        ("Ghi chú: not", "Ghi chép: not", True),
        ("    columns:", "    key: row\n    columns:", True),
    ],
)
def test_reasons_comments_and_prose_are_no_part_of_the_fingerprint(
    tmp_path: Path, old: str, new: str, is_another: bool
) -> None:
    assert old in PROSE
    [feed] = load_feed_file(write(tmp_path, PROSE))
    [other] = load_feed_file(write(tmp_path, PROSE.replace(old, new, 1)))
    assert (other.fingerprint != feed.fingerprint) is is_another


def test_the_cadence_is_part_of_it_only_where_it_decides_the_period_of_a_row(tmp_path: Path) -> None:
    text = GOOD.replace("{from: name}", "{from: column, column: received_at}")
    [feed] = load_feed_file(write(tmp_path, text))
    [other] = load_feed_file(write(tmp_path, text.replace("dossiers:\n", "dossiers:\n    cadence: month\n", 1)))
    assert other.fingerprint != feed.fingerprint


@pytest.mark.parametrize("way", ["row", "content"])
def test_a_source_without_a_key_needs_no_key_column(tmp_path: Path, way: str) -> None:
    text = GOOD.replace("      dossier_code: Mã hồ sơ\n", "").replace("    columns:", f"    key: {way}\n    columns:")
    [feed] = load_feed_file(write(tmp_path, text))
    check_against_contract(feed, contract("dossiers"))
    [feed] = load_feed_file(write(tmp_path, GOOD.replace("    columns:", f"    key: {way}\n    columns:")))
    with pytest.raises(FeedError, match=f"columns.dossier_code: is made by key: {way}; remove one of the two"):
        check_against_contract(feed, contract("dossiers"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "has_complaint:",
            "has_complain:",
            "columns.has_complain: dossiers has no such column; did you mean has_complaint? known: ",
        ),
        ("has_complaint:", "applicant_name:", "columns.applicant_name: is personal and never read"),
        ("has_complaint: {from: KN, map: yes_no}", "fee_amount: {from: P, format: '%d'}", "format: is for dates"),
        ("Xong: 10", "Xong: 77", "columns.status_code.map: '77' is no code of status_code; codes: 1, 2"),
        ("x: true", "x: 1", "columns.has_complaint.map: 1 is no boolean"),
        (
            "      dossier_code: Mã hồ sơ\n",
            "",
            "columns.dossier_code: is required; map it to a header or give a constant",
        ),
        ("{from: name}", "{from: column, column: procedure_code}", "'procedure_code' is no date"),
        ("{from: name}", "{from: column, column: nope}", "dossiers has no column 'nope'; known: "),
        ("{from: name}", "{from: column, column: recieved_at}", "no column 'recieved_at'; did you mean received_at?"),
        (
            "    columns:\n      dossier_code: Mã hồ sơ\n",
            "    constants: {dossier_code: H1}\n    columns:\n",
            "constants.dossier_code: gives every row of 323 one key",
        ),
        ("    columns:\n", "    constants: {supplement_count: two}\n    columns:\n", "'two' is no integer"),
    ],
)
def test_feeds_are_checked_against_their_contract(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    [feed] = load_feed_file(write(tmp_path, GOOD.replace(old, new)))
    with pytest.raises(FeedError) as caught:
        check_against_contract(feed, contract("dossiers"))
    assert message in str(caught.value)


def test_a_code_that_is_nearly_right_is_known_for_what_it_is(tmp_path: Path) -> None:
    text = GOOD.replace("dataset: dossiers", "dataset: petitions").partition("    columns:")[0]
    text += "    columns:\n      kind_code: {from: Loại đơn, map: {Tố cáo: denuncation}}\n"
    [feed] = load_feed_file(write(tmp_path, text))
    with pytest.raises(FeedError, match=r"'denuncation' is no code of kind_code; did you mean denunciation\? codes: "):
        check_against_contract(feed, contract("petitions"))


def test_typed_values() -> None:
    assert [typed("1", "integer"), typed(2, "text"), typed(None, "date"), typed(True, "boolean")] == [
        1,
        "2",
        None,
        True,
    ]
    assert str(typed("2024-01-05", "date")) == "2024-01-05"
    assert str(typed("2024-01-05T07:00", "timestamp")) == "2024-01-05 07:00:00"
    for value, kind in ((True, "text"), ("x", "integer"), ("05/01/2024", "date"), ("true", "boolean")):
        with pytest.raises(ValueError, match=r".*"):
            typed(value, kind)
