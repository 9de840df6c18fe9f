"""Keys of rows that could be a person's number: hashed before anything is written, or left for a rule to refuse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from expectations.contracts.findings import Finding
from expectations.contracts.model import HASHED
from expectations.contracts.privacy import MAY_HOLD_NUMBER, holds_number, spelled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expectations.contracts.hash_keys import HashKeys
    from expectations.contracts.model import Column, Contract

_NOT_ASCII_DIGIT = re.compile(r"[^0-9]")
_YEAR = re.compile(r"[0-9]{4}")


class PersonKeys:
    """Replaces numbers of persons in the key columns of one file, slice by slice.

    The year is that of the row's period, so that reading the same bytes again, in whatever year, gives the same hash.
    """

    def __init__(self, contract: Contract, keys: HashKeys | None) -> None:
        self.contract, self.keys = contract, keys
        self.columns = [column for column in contract.stored_columns if column.classification == HASHED]
        self._hashed: dict[str, int] = {}
        self._left: dict[str, int] = {}

    def hide(self, columns: dict[str, pl.Series], periods: pl.Series) -> None:
        """Hash in place; a key whose row names no period, or a denunciation's, stays as it is and is refused later."""
        for column in self.columns:
            cells = columns.get(column.name)
            if cells is None or cells.dtype != pl.String:
                continue
            suspects = cells.str.contains(MAY_HOLD_NUMBER).fill_null(value=False)
            if suspects.any():
                columns[column.name] = self._without_numbers(column, cells, suspects, columns, periods)

    def findings(self) -> list[Finding]:
        """What was done, once a column."""
        found = []
        for name, rows in self._hashed.items():
            label = self.contract.column(name).label_vi
            message = (
                f"{rows} ô “{label}” giống số giấy tờ hoặc số điện thoại của một người,"
                " đã được thay bằng mã băm. Đề nghị dùng mã hồ sơ, mã đơn, mã phiếu."
            )
            found.append(Finding("Q80", "keys_hashed", "warning", message, column_name=name))
        if self.keys is None:
            for name, rows in self._left.items():
                label = self.contract.column(name).label_vi
                message = (
                    f"{rows} ô “{label}” giống số giấy tờ hoặc số điện thoại của một người,"
                    " và tỉnh chưa có khóa băm (danvan doctor): các dòng này bị giữ lại."
                )
                found.append(Finding("Q80", "keys_not_hashed", "warning", message, column_name=name))
        return found

    def _without_numbers(
        self,
        column: Column,
        cells: pl.Series,
        suspects: pl.Series,
        columns: Mapping[str, pl.Series],
        periods: pl.Series,
    ) -> pl.Series:
        spoken_for = self._may_be_hashed(column, columns)
        texts, labels = cells.to_list(), periods.to_list()
        for place in suspects.arg_true().to_list():
            text = texts[place]
            if not holds_number(text):
                continue
            hashed = self._hash(column.name, text, labels[place]) if spoken_for is None or spoken_for[place] else None
            counts = self._left if hashed is None else self._hashed
            counts[column.name] = counts.get(column.name, 0) + 1
            texts[place] = hashed or text
        return pl.Series(cells.name, texts, dtype=pl.String)

    def _may_be_hashed(self, column: Column, columns: Mapping[str, pl.Series]) -> list[bool] | None:
        """A denouncer gets no key at all, nor does a row that may be a denunciation; None: every row may be hashed."""
        allowed: list[bool] | None = None
        for name, values in column.not_hashed_when.items():
            known = columns[name].to_list()
            here = [value is not None and value not in values for value in known]
            allowed = here if allowed is None else [one and other for one, other in zip(allowed, here, strict=True)]
        return allowed

    def _hash(self, column: str, text: str, period: str | None) -> str | None:
        year = _YEAR.match(period or "")
        if self.keys is None or year is None:
            return None
        return self.keys.hashed(self.contract.dataset, column, int(year[0]), _one_spelling(text))


def _one_spelling(text: str) -> str:
    """A number alone by its digits, +84 as 0: spellings of one number meet. A code that holds one is as written."""
    plain = spelled(text).strip()
    if re.search(r"[^0-9+ .()-]", plain):
        return plain
    digits = _NOT_ASCII_DIGIT.sub("", plain)
    if len(digits) > 9 and (plain.lstrip("( ").startswith("+") or digits.startswith("0084")):
        digits = "0" + re.sub(r"^(?:00)?84", "", digits)
    elif len(digits) == 11 and digits.startswith("84"):
        digits = "0" + digits[2:]
    return digits
