"""Shared by the tests of sources: a small table of units, a feed made of YAML text, a file read in this process."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from expectations.contracts.model import contract
from sources.feeds import Feed, load_feed_file
from sources.reading import Reading, read_here
from sources.units import UnitIndex

if TYPE_CHECKING:
    from collections.abc import Callable

    from expectations.contracts.findings import Finding
    from expectations.contracts.model import Contract

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "real"

UNITS = """unit_code,name_vi,short_name,level,kind,parent_code,valid_from,valid_to
33,Tỉnh Hưng Yên,Hưng Yên,province,tinh,,2019-05-01,2025-07-01
33,Tỉnh Hưng Yên,Hưng Yên,province,tinh,,2025-07-01,
323,Thành phố Hưng Yên,Hưng Yên,district,thanh_pho,33,2019-05-01,2025-07-01
328,Thị xã Mỹ Hào,Mỹ Hào,district,thi_xa,33,2019-05-01,2025-07-01
329,Huyện Ân Thi,Ân Thi,district,huyen,33,2019-05-01,2025-07-01
333,Huyện Phù Cừ,Phù Cừ,district,huyen,33,2019-05-01,2025-07-01
12142,Thị trấn Ân Thi,Ân Thi,commune,thi_tran,329,2019-05-01,2025-07-01
12142,Xã Ân Thi,Ân Thi,commune,xa,33,2025-07-01,
12187,Xã Đa Lộc,Đa Lộc,commune,xa,329,2019-05-01,2024-12-01
12175,Xã Đa Lộc,Đa Lộc,commune,xa,329,2024-12-01,2025-07-01
11947,Phường Hòa Phú,Hòa Phú,commune,phuong,323,2019-05-01,2025-07-01
"""

ALIASES = """alias,unit_code,valid_from,valid_to,match
Hưng Yên,323,2019-05-01,2025-07-01,exact
Hưng Yên,33,2019-05-01,,exact
UBND huyện Ân Thi,329,2019-05-01,2025-07-01,exact
Ân Thi,329,2019-05-01,2025-07-01,exact
TPHY,323,2019-05-01,2025-07-01,exact
An Thi,329,2019-05-01,2025-07-01,suggest
"""


@pytest.fixture(scope="session")
def units() -> UnitIndex:
    """Units of a few districts."""
    return unit_index()


@pytest.fixture(scope="session")
def unit_table() -> Callable[..., UnitIndex]:
    """Makes the small table of units with the rows of other CSV files."""
    return unit_index


@pytest.fixture(scope="session")
def opened() -> Callable[[Reading], Result]:
    """Opens the files of a reading."""
    return open_reading


@pytest.fixture(scope="session")
def real_folder() -> Path:
    """The folder with files nobody here wrote; the test is skipped where it is absent."""
    if not REAL.is_dir():
        pytest.skip("the real files are not here")
    return REAL


def unit_index(*more: Path) -> UnitIndex:
    """The small table of units, with the rows of other CSV files."""
    frames = [pl.read_csv(UNITS.encode(), infer_schema=False)]
    frames += [pl.read_csv(path, infer_schema=False).select(frames[0].columns) for path in more]
    return UnitIndex(pl.concat(frames), pl.read_csv(ALIASES.encode(), infer_schema=False))


@dataclass(frozen=True)
class Result:
    """A reading with its Parquet files opened."""

    reading: Reading
    frame: pl.DataFrame
    defects: pl.DataFrame

    @property
    def findings(self) -> list[Finding]:
        return self.reading.findings

    @property
    def rules(self) -> list[str]:
        return [finding.rule_id for finding in self.findings]


def open_reading(reading: Reading) -> Result:
    """Open the files of a reading; nothing where it has none."""
    empty = pl.DataFrame()
    return Result(
        reading,
        pl.read_parquet(reading.frame_path) if reading.frame_path else empty,
        pl.read_parquet(reading.cell_defects_path) if reading.cell_defects_path else empty,
    )


DOSSIERS = """
source: {id: d329, name: Huyện Ân Thi}
feeds:
  dossiers:
    dataset: dossiers
    connector: {kind: files, path: inbox}
    period: {fixed: 2024-Q1}
    layout: {format: csv, delimiter: ";"}
    unit: {fixed: 329}
    columns:
      dossier_code: Mã hồ sơ
      status_code: Trạng thái
      received_at: {from: Ngày tiếp nhận, optional: true}
      fee_amount: {from: Lệ phí, number: vi, optional: true}
"""


@pytest.fixture
def make_feed(tmp_path: Path) -> Callable[..., Feed]:
    """A feed from YAML text, after replacing some of its lines."""

    def make(text: str = DOSSIERS, **changes: str) -> Feed:
        lines = textwrap.dedent(text).splitlines()
        for name, value in changes.items():
            lines = [f"    {name}: {value}" if line.startswith(f"    {name}:") else line for line in lines]
        path = tmp_path / "feed.yaml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return load_feed_file(path)[0]

    return make


@pytest.fixture
def read_file(tmp_path: Path, units: UnitIndex) -> Callable[..., Result]:
    """Read a file in this process."""

    def read(path: Path, feed: Feed, terms: Contract | None = None, known_units: UnitIndex = units) -> Result:
        terms = terms or contract(feed.dataset)
        return open_reading(read_here(path, path.name, feed, terms, known_units, tmp_path / "work"))

    return read


@pytest.fixture
def read_text(tmp_path: Path, read_file: Callable[..., Result]) -> Callable[..., Result]:
    """Write text or bytes into a file and read it."""

    def read(content: str | bytes, feed: Feed, name: str = "tep.csv", terms: Contract | None = None) -> Result:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_file(path, feed, terms)

    return read
