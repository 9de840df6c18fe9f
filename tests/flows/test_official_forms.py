"""Official forms through the whole cycle: an official window and an ad hoc one of the same feed, side by side."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import TYPE_CHECKING

import pytest

from examples.generate import writers
from examples.generate.official_forms import Line, figures, form_of, form_sheet
from flows.command import main
from warehouse.store import WAREHOUSE, connect

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

FEED = """
source: {id: d326, name: Huyện Văn Giang, unit: "326"}
feeds:
  forms:
    dataset: petition_forms
    active: {from: 2024-Q2, to: 2024-Q2}
    connector: {kind: files, path: inbox, glob: "*.xlsx"}
    period: {from: form, ad_hoc: true}
    layout: {format: form, forms: ["01/TCD"]}
    unit: {name: "Đơn vị", parent: "33"}
"""


def test_an_ad_hoc_window_is_kept_and_no_official_figure_knows_of_it(tmp_path: Path) -> None:
    for name in ("feeds", "inbox"):
        (tmp_path / name).mkdir()
    (tmp_path / "danvan.toml").write_text("", encoding="utf-8")
    (tmp_path / "feeds" / "d326.yaml").write_text(FEED, encoding="utf-8")
    form, rng = form_of("01/TCD", "TT01/2024"), Random(4)
    windows = ((date(2024, 3, 15), date(2024, 6, 14)), (date(2024, 5, 4), date(2024, 6, 29)))
    lines = [Line("UBND huyện Văn Giang", figures(form, rng)) for _ in windows]
    for line, window in zip(lines, windows, strict=True):
        data = writers.xlsx_bytes([form_sheet(form, [line], window)], "test")
        (tmp_path / "inbox" / f"{window[0]}.xlsx").write_bytes(data)
    assert main(["run", "--home", str(tmp_path), "--direct"]) in {0, 3}
    with connect(tmp_path / WAREHOUSE, read_only=True) as con:
        kept = con.sql("select period, c1 from core.petition_forms_current order by period").fetchall()
        assert kept == [("2024-05-04..2024-06-29", lines[1].figures[1]), ("2024-Q2", lines[0].figures[1])]
        told = con.sql(
            "select period, numerator from marts.indicator_values"
            " where indicator_code = 'PE01' and unit_code = '326' and availability = 'computed' order by period"
        ).fetchall()
        assert told == [(period, lines[0].figures[1]) for period in ("2024", "2024-9M", "2024-H1", "2024-Q2")]
        assert con.sql("select count(*) from marts.periods where period like '%-%..%'").fetchall() == [(0,)]
