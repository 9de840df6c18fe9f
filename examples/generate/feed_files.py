"""The feed files of the sample: written from the same layouts as the data, with comments for the reader."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from examples.generate import petition_forms
from examples.generate.layouts import SHEETS
from examples.generate.sheets import JOIN
from expectations.contracts.model import DROPPED, contract, header_index
from expectations.contracts.text import key as text_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from examples.generate.fields import Field
    from examples.generate.layouts import Layout
    from examples.generate.places import District


def feed_file(district: District, layouts: Sequence[Layout]) -> str:
    """Text of `feeds/d<code>.yaml`."""
    office = f"Văn phòng HĐND và UBND {district.name[:1].lower()}{district.name[1:]}"
    source = {"id": f"d{district.code}", "name": district.name, "unit": district.code, "contact": office}
    lines = [
        f"# {district.name} (synthetic sample): {district.note}.",
        "# Every key is explained in docs/adding-a-district.md.",
        f"source: {_flow(source)}",
        "",
    ]
    maps = [f"  {name}: {_flow(entries)}" for name, entries in _maps(layouts).items()]
    lines += ["maps:", *maps] if maps else []
    lines.append("feeds:")
    for layout in layouts:
        lines += ["", *_feed(district, layout)]
    return "\n".join(lines) + "\n"


def _maps(layouts: Sequence[Layout]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for item in (item for layout in layouts for item in layout.all_fields):
        name = item.shape.read.get("map")
        if item.column and name and found.setdefault(name, item.shape.value_map) != item.shape.value_map:
            raise ValueError(f"two maps named {name}")
    return dict(sorted(found.items()))


def _feed(district: District, layout: Layout) -> list[str]:
    lines = [
        f"  # {layout.remark}",
        f"  {layout.feed_name}:",
        f"    dataset: {layout.dataset}",
        f"    active: {{from: {_text(layout.active[0])}, to: {_text(layout.active[1])}}}",
        *([f"    cadence: {layout.cadence}"] if layout.cadence else []),
        *_connector(district, layout),
        f"    period: {_flow(layout.period)}",
        f"    layout: {_flow(_layout(district, layout))}",
        f"    unit: {_flow(layout.unit)}",
    ]
    if layout.format == "form":
        return lines
    if layout.constants:
        lines.append(f"    constants: {_flow(layout.constants)}")
    if layout.parts:
        lines.append("    parts:")
        for part in layout.parts:
            lines.append(f"      - sheet: {_text(part.sheet)}")
            if _depth(part.fields) != _depth(layout.all_fields):
                lines.append(f"        layout: {_flow({'format': layout.format, 'header': _header(part.fields)})}")
            lines.append(f"        constants: {_flow({'kind_code': part.kind_code})}")
            lines += _columns(layout.dataset, part.fields, "        ", {})
    else:
        lines += _columns(layout.dataset, layout.fields, "    ", layout.added)
    return lines


def _connector(district: District, layout: Layout) -> list[str]:
    """How the feed is reached: a folder of the inbox and the names of its files, or a system, an entry a line."""
    if layout.connector:
        supersedes = ["    supersedes: feed"] if layout.period["from"] == "header" else []
        entries = [f"      {_key(name)}: {_flow(entry)}" for name, entry in layout.connector.items()]
        return ["    connector:", *entries, *supersedes]
    return [
        f"    connector: {{kind: files, path: inbox/{district.code}/{layout.feed_name}, glob: {_text(layout.glob)}}}",
        f"    name: '{layout.pattern}'",
    ]


def _layout(district: District, layout: Layout) -> dict[str, Any]:
    entry: dict[str, Any] = {"format": layout.format}
    if layout.format == "form":
        return entry | {"forms": list(petition_forms.codes_of(district.code))}
    if layout.format == "csv":
        entry |= {"encoding": layout.encoding, "delimiter": layout.delimiter}
    if layout.format == "json":
        entry["records"] = "data.items"
    if layout.format in SHEETS:
        entry["header"] = _header(layout.all_fields)
    if layout.sheet:
        entry["sheet"] = layout.sheet
    if layout.control_row:
        entry["control_row"] = True
    if layout.total:
        entry["totals"] = {"column": layout.all_fields[0].header, "text": layout.total, "check": layout.checks_total}
    if layout.signed:
        entry["notes"] = [f"{district.seat}, ngày", "Người lập biểu"]
    if layout.blank_is_zero:
        entry["blank_is_zero"] = True
    if layout.number:
        entry["number"] = layout.number
    return entry


def _header(fields: Sequence[Field]) -> dict[str, Any]:
    return {"find": fields[0].header, "rows": _depth(fields)}


def _depth(fields: Sequence[Field]) -> int:
    return max(len(item.header.split(JOIN)) for item in fields)


def _is_recognised(dataset: str, header: str) -> bool:
    """The contract knows the header, or its last level, as a personal one: it needs no entry."""
    personal = header_index(tuple(item for item in contract(dataset).columns if item.classification == DROPPED))
    last_level = header.rsplit(JOIN, maxsplit=1)[-1].rsplit(".", maxsplit=1)[-1]
    return text_key(header) in personal or text_key(last_level) in personal


def _columns(dataset: str, fields: Sequence[Field], indent: str, also: Mapping[str, str]) -> list[str]:
    """The entries of `columns` and `ignore`; `also`: what a system adds to the rows, and why it is not read."""
    lines = [f"{indent}columns:"]
    for item in fields:
        if item.column and item.shape.read:
            lines.append(f"{indent}  {item.column}: {_flow({'from': item.header, **item.shape.read})}")
        elif item.column:
            lines.append(f"{indent}  {item.column}: {_text(item.header)}")
    ignored = {item.header: item.ignore for item in fields if item.ignore} | dict(also)
    for item in fields:
        is_personal = not item.column and not item.ignore and not item.source.startswith("unit_")
        if is_personal and not _is_recognised(dataset, item.header):
            ignored[item.header] = "thông tin cá nhân, không nạp"
    if ignored:
        lines.append(f"{indent}ignore: {_flow(ignored)}")
    return lines


def _flow(value: Any) -> str:
    """YAML flow style; texts are quoted unless they are plain words."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(name)}: {_flow(entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(entry) for entry in value) + "]"
    return _text(value)


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").isalpha() and name not in {"x", "y", "n"} else _text(name)


def _text(value: Any) -> str:
    if isinstance(value, str) and value.isascii() and value.replace("_", "").replace("-", "").isalnum():
        is_word = value[0].isalpha() and value not in {"true", "false", "null", "y", "n", "yes", "no", "on", "off"}
        return value if is_word else json.dumps(value)
    return json.dumps(value, ensure_ascii=False)
