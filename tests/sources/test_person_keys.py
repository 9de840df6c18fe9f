"""Keys that could be a person's number: hashed by year, alike in every spelling, never for a denunciation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl
import pytest

from expectations.contracts import hash_keys
from expectations.contracts.hash_keys import HashKeyError, HashKeys
from expectations.contracts.model import HASHED, contract, datasets
from expectations.contracts.privacy import HASHED_PATTERN, holds_number, looks_personal
from sources.person_keys import PersonKeys

if TYPE_CHECKING:
    from pathlib import Path

SECRET = b"0123456789abcdef0123456789abcdef"
KEYS = HashKeys(((0, SECRET),), "a test")
NUMBERS = ["033204001234", "145678901", "0912345678", "+84 912 345 678", "0912.345.678", "CCCD033204001234"]


def hidden(
    dataset: str, texts: list[str | None], keys: HashKeys | None, period: str = "2024-Q1", **others: str
) -> list:
    source = contract(dataset)
    columns = {source.key[0]: pl.Series(texts, dtype=pl.String)}
    columns |= {name: pl.Series([value] * len(texts), dtype=pl.String) for name, value in others.items()}
    PersonKeys(source, keys).hide(columns, pl.Series([period] * len(texts)))
    return columns[source.key[0]].to_list()


@pytest.mark.parametrize("dataset", datasets())
def test_every_dataset_hashes_numbers_and_nothing_else(dataset: str) -> None:
    kept = ["000.00.33.H31-240105-0001", "2024-000123", "Đất đai", None]
    found = hidden(dataset, [*NUMBERS, *kept], KEYS, kind_code="complaint")
    assert found[len(NUMBERS) :] == kept
    for text in found[: len(NUMBERS)]:
        assert re.fullmatch(HASHED_PATTERN, text)
        assert not holds_number(text)
        assert not looks_personal(text)
    assert all(column.classification == HASHED for column in contract(dataset).columns if column.is_key)


def test_a_hash_meets_itself_in_every_spelling_of_a_year_and_never_in_another_year_or_dataset() -> None:
    spellings = ["0912345678", "+84 912 345 678", "0912.345.678", "84912345678", "０９１２３４５６７８"]
    [first, *others] = hidden("survey_responses", [*spellings], KEYS)
    assert set(others) == {first}
    assert first == hidden("survey_responses", ["0912345678"], KEYS, "2024-12")[0]
    assert first != hidden("survey_responses", ["0912345678"], KEYS, "2025-Q1")[0]
    assert first != hidden("activities", ["0912345678"], KEYS)[0]
    assert first != hidden("survey_responses", ["0912345678"], HashKeys(((0, SECRET[::-1]),), "another"))[0]


def test_a_denouncer_gets_no_key_nor_does_who_may_be_one() -> None:
    assert hidden("petitions", ["033204001234"], KEYS, kind_code="denunciation") == ["033204001234"]
    source, numbers = contract("petitions"), pl.Series(["033204001234"])
    columns = {"petition_code": numbers, "kind_code": pl.Series([None], dtype=pl.String)}
    PersonKeys(source, KEYS).hide(columns, pl.Series(["2024-Q1"]))
    assert columns["petition_code"].to_list() == ["033204001234"]  # and the contract refuses the row


def test_what_was_done_is_said_without_the_number() -> None:
    for keys, check in ((KEYS, "keys_hashed"), (None, "keys_not_hashed")):
        persons = PersonKeys(contract("survey_responses"), keys)
        columns = {"response_code": pl.Series(["0912345678", "17", "0912345679"])}
        persons.hide(columns, pl.Series(["2024-Q1"] * 3))
        [found] = persons.findings()
        assert (found.check, found.severity, found.message_vi[:4]) == (check, "warning", "2 ô ")
        assert "0912" not in found.message_vi


def test_where_a_key_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, config = tmp_path / "home", tmp_path / "config"
    home.mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))
    assert hash_keys.load(home) is None
    made = hash_keys.make()
    assert made
    assert made.stat().st_mode & 0o777 == 0o600
    assert hash_keys.make() is None
    own = hash_keys.load(home)
    assert own
    assert own.origin == f"file {made}"
    assert made.read_text(encoding="utf-8").strip() not in repr(own)
    assert own.mark == hash_keys.load(home).mark  # type: ignore[union-attr]
    monkeypatch.setenv(hash_keys.VARIABLE, f"2024: {'a' * 32}; 2026: {'b' * 32}")
    dated = hash_keys.load(home)
    assert dated
    assert dated.mark != own.mark
    assert dated.hashed("d", "c", 2023, "1") is None
    assert dated.hashed("d", "c", 2026, "1") == HashKeys(((0, b"b" * 32),), "").hashed("d", "c", 2026, "1")
    assert dated.hashed("d", "c", 2025, "1") == HashKeys(((0, b"a" * 32),), "").hashed("d", "c", 2025, "1")


@pytest.mark.parametrize(
    ("text", "place", "mode", "expected"),
    [
        ("short", "outside", 0o600, "fewer than 32"),
        ("# nothing", "outside", 0o600, "holds no secret"),
        (f"{'a' * 32}\n{'b' * 32}", "outside", 0o600, "two secrets"),
        ("a" * 32, "outside", 0o644, "chmod 600"),
        ("a" * 32, "home", 0o600, "beside the data"),
        (None, "outside", 0o600, "not there"),
    ],
)
def test_a_key_that_cannot_be_used_is_said(
    text: str | None, place: str, mode: int, expected: str, tmp_path: Path
) -> None:
    for folder in ("home", "outside"):
        (tmp_path / folder).mkdir()
    file = tmp_path / place / "hash.key"
    if text is not None:
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)
    with pytest.raises(HashKeyError, match=expected) as raised:
        hash_keys.load(tmp_path / "home", str(file))
    assert "aaaa" not in str(raised.value)
