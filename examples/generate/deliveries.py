"""One file as a district sends it: records, layout and whatever went wrong that day, turned into bytes and places."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from examples.generate import petition_forms, writers
from examples.generate.fields import Field, Record, plain_json
from examples.generate.layouts import SHEETS, Layout
from examples.generate.sheets import Frame, Sheet, build
from expectations.contracts.model import contract

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from examples.generate.places import District
    from expectations.contracts.periods import Period


@dataclass(slots=True)
class Delivery:
    """A file to be sent. The lower half is empty unless a defect was seeded."""

    district: District
    layout: Layout
    period: Period
    sent: datetime
    records: list[Record]
    renamed: dict[str, str] = field(default_factory=dict)
    extra: tuple[Field, ...] = ()
    window_text: str | None = None
    period_word: str | None = None
    encoding: str | None = None
    total_changes: dict[str, int] = field(default_factory=dict)
    mangle: Callable[[bytes], bytes] | None = None
    comment: str = "dữ liệu tổng hợp"
    copy: str = ""
    """What a browser adds to the name of a second download, such as ` (1)`."""
    places: dict[int, tuple[str | None, int]] = field(default_factory=dict)
    """id of a record → sheet and row, once rendered."""
    form_places: dict[tuple[str, str], tuple[str, int | None]] = field(default_factory=dict)
    """(`sheet` or `header`, name of a form's sheet) → sheet and row, once rendered."""

    @property
    def feed(self) -> str:
        """Feed id."""
        return f"d{self.district.code}.{self.layout.feed_name}"

    @property
    def file_name(self) -> str:
        """Name of the file inside the district's inbox."""
        return self.layout.name_for(self.period, self.sent, self.copy)

    @property
    def path(self) -> str:
        """Path below the home folder."""
        if self.layout.held_in:
            return self.layout.held_in.format(period=self.period)
        return f"inbox/{self.district.code}/{self.layout.feed_name}/{self.file_name}"


RAW = "_cells"
"""Key of a record: header → cell text that replaces what the layout would write (a seeded defect)."""

TOTAL_ROW: Record = {}
"""Stands in `Delivery.places` for the total row of a sheet."""

ONLY_RAW = "_only_cells"
"""Key of a record: no other cell of the row is written (a total or note row among the data)."""


def render(delivery: Delivery) -> bytes:
    """The bytes of the file; fills `delivery.places`."""
    layout = delivery.layout
    if layout.format == "form":
        data = petition_forms.workbook(delivery)
    elif layout.format in SHEETS:
        data = _workbook(delivery)
    elif layout.format == "csv":
        data = _csv(delivery)
    elif layout.connector.get("kind") == "rest":
        data = _interface(delivery)
    elif layout.connector.get("kind") == "sql":
        data = _database(delivery)
    else:
        data = _records(delivery)
    return delivery.mangle(data) if delivery.mangle else data


def _cell(item: Field, record: Record, number: int) -> Any:
    raw = record.get(RAW, {})
    if item.header in raw:
        return raw[item.header]
    if record.get(ONLY_RAW):
        return None
    if item.source == "ordinal":
        return number
    return item.shape.write(record.get(item.source), record)


def _distinct(fields: Sequence[Field]) -> list[Field]:
    seen: dict[str, Field] = {}
    for item in fields:
        seen.setdefault(item.header, item)
    return list(seen.values())


def _table(delivery: Delivery, fields: Sequence[Field], records: list[Record]) -> tuple[list[str], list[list[Any]]]:
    chosen = [*_distinct(fields), *delivery.extra]
    headers = [delivery.renamed.get(item.header, item.header) for item in chosen]
    return headers, [[_cell(item, record, number) for item in chosen] for number, record in enumerate(records, start=1)]


def _csv(delivery: Delivery) -> bytes:
    layout = delivery.layout
    headers, rows = _table(delivery, layout.fields, delivery.records)
    line = 2
    for record, row in zip(delivery.records, rows, strict=True):
        delivery.places[id(record)] = (None, line)
        line += 1 + sum(str(cell).count("\n") for cell in row)
    return writers.csv_bytes([headers, *rows], layout.delimiter, delivery.encoding or layout.encoding)


def _workbook(delivery: Delivery) -> bytes:
    layout = delivery.layout
    if layout.parts:
        by_kind: dict[str, list[Record]] = defaultdict(list)
        for record in delivery.records:
            by_kind[record["kind_code"]].append(record)
        sheets = [
            _sheet(delivery, part.sheet, part.title, part.fields, by_kind[part.kind_code]) for part in layout.parts
        ]
    else:
        sheets = [_sheet(delivery, layout.sheet or "Sheet1", layout.title, layout.fields, delivery.records)]
    write: Mapping[str, Callable[[Sequence[Sheet]], bytes]] = {
        "xlsx": lambda pages: writers.xlsx_bytes(pages, delivery.comment),
        "xls": writers.xls_bytes,
        "ods": writers.ods_bytes,
    }
    return write[layout.format](sheets)


def _sheet(delivery: Delivery, name: str, title: str, fields: Sequence[Field], records: list[Record]) -> Sheet:
    layout = delivery.layout
    headers, rows = _table(delivery, fields, records)
    unit = delivery.district.name
    office = (
        unit.upper()
        .replace("HUYỆN", "UBND HUYỆN")
        .replace("THÀNH PHỐ", "UBND THÀNH PHỐ")
        .replace("THỊ XÃ", "UBND THỊ XÃ")
    )
    first, last = delivery.period.window(contract(layout.dataset).service_level.regime)
    window = layout.window_words.format(first=f"{first:%d/%m/%Y}", last=f"{last:%d/%m/%Y}")
    frame = Frame(
        above=("UBND TỈNH HƯNG YÊN", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", office, "Độc lập - Tự do - Hạnh phúc"),
        title=title,
        window=delivery.window_text if delivery.window_text is not None else window,
        remark=layout.note,
        control_row=layout.control_row,
        total=layout.total,
        below=(
            f"{delivery.district.seat}, ngày {delivery.sent:%d} tháng {delivery.sent:%m} năm {delivery.sent:%Y}",
            "NGƯỜI LẬP BIỂU",
        )
        if layout.signed
        else (),
    )
    sheet = build(name, headers, rows, frame, _totals(delivery, fields, records))
    for record, row in zip(records, sheet.places, strict=True):
        delivery.places[id(record)] = (name, row)
    if sheet.total_place:
        delivery.places[id(TOTAL_ROW)] = (name, sheet.total_place)
    return sheet


def _totals(delivery: Delivery, fields: Sequence[Field], records: list[Record]) -> list[Any]:
    """Cells of the total row after its label: sums of the figures of a form, of the amounts of a list."""
    layout = delivery.layout
    summed = {item.column for item in fields if layout.checks_total}
    cells: list[Any] = []
    for item in _distinct(fields)[1:]:
        is_figure = item.column in summed and item.column != "field_name"
        wanted = item.column and (is_figure or item.column == "fee_amount")
        if not wanted:
            cells.append(None)
            continue
        value = sum(record.get(item.source) or 0 for record in records) + delivery.total_changes.get(item.source, 0)
        cells.append(item.shape.write(value, {}))
    return cells


def _records(delivery: Delivery) -> bytes:
    layout = delivery.layout
    fields = [*layout.fields, *delivery.extra]
    objects = []
    for number, record in enumerate(delivery.records, start=1):
        delivery.places[id(record)] = (None, number)
        flat = {delivery.renamed.get(item.header, item.header): _cell(item, record, number) for item in fields}
        objects.append(flat)
    if layout.format == "parquet":
        return writers.parquet_bytes(objects, [delivery.renamed.get(item.header, item.header) for item in fields])
    nested = [_nest(record) for record in objects]
    if layout.format == "ndjson":
        return writers.ndjson_bytes(nested)
    head = {
        "MaDonVi": f"H31.{delivery.district.code}",
        "Ky": delivery.period_word or f"{delivery.period.year}Q{delivery.period.quarter}",
        "NgayTrichXuat": f"{delivery.sent - timedelta(hours=2):%Y%m%d%H%M%S}",
        "GhiChu": delivery.comment,
    }
    return writers.json_bytes({"meta": head, "data": {"items": nested}})


def _interface(delivery: Delivery) -> bytes:
    """What an interface gives for one window: the records by their key, and when the system closed it."""
    layout = delivery.layout
    key = layout.connector["key"]
    objects = [
        (id(record), {item.header: _cell(item, record, number) for item in layout.fields})
        for number, record in enumerate(delivery.records, start=1)
    ]
    objects.sort(key=lambda one: str(one[1][key]))
    for number, (record, _) in enumerate(objects, start=1):
        delivery.places[record] = (None, number)
    first, last = delivery.period.window(contract(layout.dataset).service_level.regime)
    head = {
        "MaDonVi": f"H31.{delivery.district.code}",
        "TuNgay": f"{first:%d/%m/%Y}",
        "DenNgay": f"{last:%d/%m/%Y}",
        "NgayChot": f"{delivery.sent:%Y%m%d%H%M%S}",
    }
    return writers.json_bytes({"meta": head, "data": {"items": [_nest(flat) for _, flat in objects]}})


def _database(delivery: Delivery) -> bytes:
    """The database in which the rows are kept, each with its year and the moment it was typed in."""
    layout = delivery.layout
    headers, rows = _table(delivery, layout.fields, delivery.records)
    typed = f"{delivery.sent:%Y-%m-%d %H:%M:%S}"
    rows = [[delivery.period.year, *row, typed] for row in rows]
    return writers.sqlite_bytes(layout.connector["table"], ["nam", *headers, "cap_nhat"], rows)


def _nest(flat: dict[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for header, value in flat.items():
        *path, last = header.split(".")
        level = nested
        for name in path:
            level = level.setdefault(name, {})
        level[last] = plain_json(value)
    return nested


def spell(record: Record, district: District, number: int, *, decomposed: bool) -> str:
    """How the unit of a row is spelled: the district in its several ways, a commune with or without its office."""
    if record["unit_code"] == district.code:
        name = district.spellings[number % len(district.spellings)]
    else:
        name = str(record["unit_name"])
        short = name.replace("Thị trấn ", "TT. ").replace("Phường ", "P. ")
        name = (name, f"UBND {name[:1].lower()}{name[1:]}", short)[number % 3]
        name = name.replace("Hòa", "Hoà") if number % 2 else name
    return unicodedata.normalize("NFD", name) if decomposed else name
