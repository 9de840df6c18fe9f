"""The structure of the SDMX-CSV export as an SDMX-ML 3.0 message: data flow, what each column is, all code lists.

A tool that reads SDMX learns from `structure.xml` which columns of `figures.csv` are dimensions, measure and
attributes, and what their codes mean, in Vietnamese and English. The lists are of this agency, with those codes of the
cross-domain lists of SDMX (CL_FREQ, CL_OBS_STATUS, CL_CONF_STATUS) that are used; indicators and units are those of
the release.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from expectations.contracts.times import TIME_ZONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from warehouse.published import Release

    Codes = Sequence[tuple[str, str, str]]
    """Code, Vietnamese name, English name."""

AGENCY, FLOW, VERSION = "DANVAN", "FIGURES", "1.0"
FLOW_NAME = ("Số liệu đánh giá theo chỉ tiêu, đơn vị, kỳ", "Figures by indicator, unit and period")

DIMENSIONS = {"FREQ": "CL_FREQ", "REF_AREA": "CL_REF_AREA", "INDICATOR": "CL_INDICATOR"}
TIME, MEASURE = "TIME_PERIOD", "OBS_VALUE"
ATTRIBUTES = {
    "UNIT_MEASURE": "CL_UNIT_MEASURE",
    "OBS_STATUS": "CL_OBS_STATUS",
    "CONF_STATUS": "CL_CONF_STATUS",
    "DEFINITION": "String",
    "NUMERATOR": "Decimal",
    "DENOMINATOR": "Decimal",
    "LOWER": "Double",
    "UPPER": "Double",
    "COVERAGE": "Double",
    "PERIOD_FROM": "GregorianDay",
    "PERIOD_TO": "GregorianDay",
    "COMMENT_OBS": "String",
}
"""Column by its code list, or by the type of its text."""

MANDATORY = frozenset({"UNIT_MEASURE", "OBS_STATUS", "CONF_STATUS", "DEFINITION", "PERIOD_FROM", "PERIOD_TO"})
"""Attributes that no row leaves empty."""

_BASE = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0"
_MES, _STR, _COM = (f"{{{_BASE}/{name}}}" for name in ("message", "structure", "common"))
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_MODEL = "urn:sdmx:org.sdmx.infomodel"
_CONCEPTS, _STRUCTURE = f"{AGENCY}:CONCEPTS({VERSION})", f"{AGENCY}:{FLOW}({VERSION})"


@lru_cache(maxsize=1)
def fixed_lists() -> Mapping[str, Codes]:
    """The code lists that are the same in every release, and CONCEPTS: the columns with their names."""
    text = files("warehouse").joinpath("sdmx.csv").read_text(encoding="utf-8")
    found: dict[str, list[tuple[str, str, str]]] = {}
    for row in csv.DictReader(text.splitlines()):
        found.setdefault(row["list"], []).append((row["code"], row["name_vi"], row["name_en"]))
    return found


def structure(release: Release, lists: Mapping[str, Codes]) -> bytes:
    """The message. `lists` are the code lists of the release: CL_REF_AREA and CL_INDICATOR."""
    for prefix, name in (("mes", _MES), ("str", _STR), ("com", _COM)):
        register_namespace(prefix, name.strip("{}"))
    root = Element(f"{_MES}Structure")
    header = SubElement(root, f"{_MES}Header")
    SubElement(header, f"{_MES}ID").text = f"{FLOW}_{release.release_id}"
    SubElement(header, f"{_MES}Test").text = "false"
    SubElement(header, f"{_MES}Prepared").text = release.created_at.replace(tzinfo=TIME_ZONE).isoformat()
    SubElement(header, f"{_MES}Sender", {"id": AGENCY})
    told = SubElement(root, f"{_MES}Structures")
    fixed = dict(fixed_lists())
    concepts = fixed.pop("CONCEPTS")
    codelists = SubElement(told, f"{_STR}Codelists")
    for name, codes in {**fixed, **lists}.items():
        _scheme(codelists, ("Codelist", "codelist", name, "Code"), (name, name), codes)
    schemes = SubElement(told, f"{_STR}ConceptSchemes")
    _scheme(schemes, ("ConceptScheme", "conceptscheme", "CONCEPTS", "Concept"), ("Khái niệm", "Concepts"), concepts)
    flow = _artefact(SubElement(told, f"{_STR}Dataflows"), "Dataflow", "datastructure", FLOW)
    _names(flow, FLOW_NAME)
    SubElement(flow, f"{_STR}Structure").text = f"{_MODEL}.datastructure.DataStructure={_STRUCTURE}"
    _columns(SubElement(told, f"{_STR}DataStructures"))
    indent(root)
    body: bytes = tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"


def _columns(parent: Element) -> None:
    made = _artefact(parent, "DataStructure", "datastructure", FLOW)
    _names(made, FLOW_NAME)
    parts = SubElement(made, f"{_STR}DataStructureComponents")
    dimensions = _part(parts, "DimensionList", "DimensionDescriptor")
    for place, (name, kind) in enumerate(DIMENSIONS.items(), 1):
        _component(dimensions, "Dimension", name, kind).set("position", str(place))
    _component(dimensions, "TimeDimension", TIME, "ObservationalTimePeriod")
    attributes = _part(parts, "AttributeList", "AttributeDescriptor")
    for name, kind in ATTRIBUTES.items():
        one = _component(attributes, "Attribute", name, kind)
        one.set("usage", "mandatory" if name in MANDATORY else "optional")
        related = SubElement(one, f"{_STR}AttributeRelationship")
        if name == "UNIT_MEASURE":
            SubElement(related, f"{_STR}Dimension").text = "INDICATOR"
        else:
            SubElement(related, f"{_STR}Observation")
    measures = _part(parts, "MeasureList", "MeasureDescriptor")
    _component(measures, "Measure", MEASURE, "Double").set("usage", "optional")


_CLASSES = {"Attribute": "DataAttribute"}


def _part(parent: Element, tag: str, name: str) -> Element:
    urn = f"{_MODEL}.datastructure.{name}={_STRUCTURE}.{name}"
    return SubElement(parent, f"{_STR}{tag}", {"id": name, "urn": urn})


def _component(parent: Element, tag: str, name: str, kind: str) -> Element:
    urn = f"{_MODEL}.datastructure.{_CLASSES.get(tag, tag)}={_STRUCTURE}.{name}"
    made = SubElement(parent, f"{_STR}{tag}", {"id": name, "urn": urn})
    SubElement(made, f"{_STR}ConceptIdentity").text = f"{_MODEL}.conceptscheme.Concept={_CONCEPTS}.{name}"
    shown = SubElement(made, f"{_STR}LocalRepresentation")
    if kind.startswith("CL_"):
        SubElement(shown, f"{_STR}Enumeration").text = f"{_MODEL}.codelist.Codelist={AGENCY}:{kind}({VERSION})"
    else:
        SubElement(shown, f"{_STR}TextFormat", {"textType": kind})
    return made


def _scheme(
    parent: Element, kind: tuple[str, str, str, str], names: tuple[str, str], codes: Iterable[tuple[str, str, str]]
) -> None:
    tag, package, name, item = kind
    made = _artefact(parent, tag, package, name)
    _names(made, names)
    for code, *said in codes:
        urn = f"{_MODEL}.{package}.{item}={AGENCY}:{name}({VERSION}).{code}"
        _names(SubElement(made, f"{_STR}{item}", {"id": code, "urn": urn}), said)


def _artefact(parent: Element, tag: str, package: str, name: str) -> Element:
    urn = f"{_MODEL}.{package}.{tag}={AGENCY}:{name}({VERSION})"
    return SubElement(parent, f"{_STR}{tag}", {"id": name, "agencyID": AGENCY, "version": VERSION, "urn": urn})


def _names(parent: Element, names: Sequence[str]) -> None:
    for language, text in zip(("vi", "en"), names, strict=True):
        SubElement(parent, f"{_COM}Name", {_LANG: language}).text = text
