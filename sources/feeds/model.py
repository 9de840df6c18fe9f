"""The model of `feeds/<source>.yaml`, the only place where a district's own layout is written down."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from expectations.contracts.addresses import is_address
from expectations.contracts.forms import DATASET
from expectations.contracts.periods import regimes
from expectations.contracts.text import did_you_mean
from sources.feeds.connectors import LANDED_AS, WINDOW_NAME, Connector, Rest
from sources.feeds.fingerprint import fingerprint
from sources.feeds.layouts import SHEET_FORMATS, Layout
from sources.feeds.values import Cadence, Scalar, Strict, Word, Words, cron_line, period_of_text, value_map

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema


class SourceInfo(Strict):
    """Who sends."""

    id: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="Short name of the source; feeds are called `<id>.<key>`."
    )
    name: Word = Field(description="Name as people know it.")
    unit: Word | None = Field(None, description="Code of the unit that answers for the source.")
    contact: Words = Field(
        (),
        description="Whom to call when a file is wrong; e-mail addresses among them get its return file, when "
        "`[returns] mail` is set.",
    )

    @field_validator("contact")
    @classmethod
    def _addresses(cls, contact: tuple[str, ...]) -> tuple[str, ...]:
        for one in contact:
            if "@" in one and not is_address(one):
                raise ValueError(f"'{one}' is no e-mail address; write NAME@HOST alone, other words in an entry apart")
        return contact


class PeriodSource(Strict):
    """Where the period of a delivery is written. Exactly one of `from` and `fixed`."""

    origin: Literal["name", "cell", "column", "header", "field", "form"] | None = Field(
        None,
        alias="from",
        description="`name`: in the file name (group `period` of `name`); `cell`: in a sentence above the table; "
        "`column`: each row has its own date; `header`: a column of the file holds the period of each row as text "
        "(`2021`, `Quý I/2024`); `field`: a field of the JSON envelope; `form`: the sentence of an "
        "official form.",
    )
    fixed: Word | None = Field(None, description="One period for every file, e.g. `2024-Q1`.")
    sheet: Word | None = Field(
        None, description="With `cell`: the sheet that holds the sentence (default: the sheet read)."
    )
    contains: Word | None = Field(None, description="With `cell`: words of the sentence, e.g. `Số liệu tính từ ngày`.")
    column: Word | None = Field(
        None, description="With `column`: the canonical date column that decides the period of a row."
    )
    header: Word | None = Field(None, description="With `header`: header of that column.")
    regime: Word | None = Field(
        None, description="Reporting regime, when it is not the contract's (`CALENDAR`, `TTCP`, `VPCP_II06`)."
    )
    ad_hoc: bool = Field(
        False,
        description="With `form`: windows that are no reporting period are loaded too, as themselves "
        "(`2024-05-04..2024-06-29`); no official figure ever counts them.",
    )
    path: Word | None = Field(None, description="With `field`: dotted path in the JSON document, e.g. `meta.period`.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.origin is None) == (self.fixed is None):
            raise ValueError("write either from: name|cell|column|header|field|form, or fixed: 2024-Q1")
        needs = {"cell": "contains", "column": "column", "header": "header", "field": "path"}
        if self.origin in needs and getattr(self, needs[self.origin]) is None:
            raise ValueError(f"from: {self.origin} also needs '{needs[self.origin]}'")
        owners = {"contains": "cell", "sheet": "cell", "column": "column", "header": "header", "path": "field"}
        for name, owner in owners.items():
            if getattr(self, name) is not None and self.origin != owner:
                raise ValueError(f"'{name}' belongs to from: {owner}; remove it")
        if self.ad_hoc and self.origin != "form":
            raise ValueError("'ad_hoc' belongs to from: form; remove it")
        if self.fixed:
            period_of_text(self.fixed)
        if self.regime and self.regime not in regimes():
            hint = did_you_mean(self.regime, regimes())
            raise ValueError(f"unknown regime '{self.regime}'; {hint}known: {', '.join(regimes())}")
        return self


class Whole(Strict):
    """How the source says that a file is whole. A delivery that fails it is refused (C10)."""

    trailer: Word | None = Field(
        None,
        description="Text files: regular expression for the whole last line, e.g. `#HET;(?P<rows>\\d+)`. A file "
        "without it is cut. Groups `rows`, `sha256`, `md5`, `crc32`: rows of data, checksum of all bytes before "
        "the line.",
    )
    field: Word | None = Field(
        None, description="JSON: dotted path of the number of records in the document, e.g. `meta.total`."
    )
    sidecar: Annotated[str, Field(pattern=r"^\.[A-Za-z0-9_.-]{1,20}$")] | None = Field(
        None,
        description="Ending of a file beside each file, e.g. `.sha256` for `a.csv.sha256`: it holds the SHA-256, MD5 "
        "or number of rows (as `sha256sum` writes it, or alone). A file is not fetched before the one beside it is "
        "there.",
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.trailer or self.field or self.sidecar):
            raise ValueError("is empty; write trailer, field or sidecar")
        try:
            re.compile(self.trailer or "")
        except re.error as wrong:
            raise ValueError(f"'trailer' is no regular expression: {wrong}") from None
        return self


class UnitSource(Strict):
    """Which unit a row belongs to: always the same, by code, by name, or by code and name (they must agree)."""

    fixed: Word | None = Field(None, description="Unit code of every row.")
    code: Word | None = Field(None, description="Header of the column with the unit code.")
    name: Word | None = Field(None, description="Header of the column with the unit name.")
    cell: Word | None = Field(
        None,
        description="Official forms: words of a cell above the table after which the unit's name stands, e.g. "
        "`Đơn vị báo cáo`.",
    )
    level: Literal["province", "district", "commune", "body"] | None = Field(
        None, description="With `name` or `cell`: only units of this level."
    )
    parent: Word | None = Field(None, description="With `name` or `cell`: only this unit and the units under it.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = (self.fixed is not None, self.code is not None or self.name is not None, self.cell is not None)
        if sum(ways) != 1:
            raise ValueError('write fixed: "323", or code: / name: with the header of the column')
        if self.name is None and self.cell is None and (self.level or self.parent):
            raise ValueError("'level' and 'parent' narrow a search by name; add name: or remove them")
        return self


class ColumnSource(Strict):
    """How a canonical column is read. A plain text is short for `{from: text}`."""

    headers: Words = Field(
        alias="from",
        min_length=1,
        description="Header text; a list when files differ (the first one present is read). "
        "Merged header rows are joined by ` › `, JSON levels by dots.",
    )
    format: Words = Field((), description="Dates: one or more strptime formats; default: the usual day-first forms.")
    map: dict[str, Scalar] | Word | None = Field(
        None,
        description="Value map, or the name of one under `maps`. A value without an entry is a finding; in a column "
        "that holds a place it is read as the code or name of a unit, and the map gives codes for other words.",
    )
    number: Literal["vi", "en", "plain"] | None = Field(
        None, description="`vi` 1.234,5 · `en` 1,234.5 · `plain` 1234.5 (default: the layout's)."
    )
    derive: Literal["presence", "length", "count"] | None = Field(
        None,
        alias="as",
        description="Keep only whether there is a text, how long it is, or how many entries a list has; drop the text.",
    )
    blank_is_zero: bool | None = Field(None, description="Overrides the layout's `blank_is_zero`.")
    optional: bool = Field(False, description="The header may be missing without a finding.")
    level: Literal["province", "district", "commune"] | None = Field(
        None, description="A column that holds a place (`residence_unit_code`): only units of this level are meant."
    )
    parent: Word | None = Field(
        None, description="A column that holds a place: only this unit and the units under it are meant."
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str | int) and not isinstance(value, bool) else value

    @field_validator("map", mode="before")
    @classmethod
    def _map_keys(cls, value: Any) -> Any:
        return value_map(value) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _one_reading(self) -> Self:
        chosen = [name for name, value in (("as", self.derive), ("map", self.map), ("format", self.format)) if value]
        if len(chosen) > 1:
            raise ValueError(f"'{chosen[0]}' and '{chosen[1]}' exclude each other; keep one")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core)
        return {"anyOf": [{"type": "string", "description": "Header text."}, schema]}


class Part(Strict):
    """One sheet of a workbook that holds several tables; what it names overrides the feed's own entry."""

    sheet: Word = Field(description="Sheet name.")
    layout: Layout | None = Field(
        None, description="Entries of `layout` that differ (the rest is taken from the feed)."
    )
    unit: UnitSource | None = Field(None, description="Overrides `unit`.")
    constants: dict[str, Scalar] = Field(default_factory=dict, description="Added to the feed's constants.")
    columns: dict[str, ColumnSource] = Field(default_factory=dict, description="Added to the feed's columns.")
    ignore: dict[Word, Word] = Field(default_factory=dict, description="Added to the feed's `ignore`.")
    optional: bool = Field(False, description="The sheet may be missing without a finding.")


class RuleException(Strict):
    """A reasoned exception: this feed's rule has another severity."""

    severity: Literal["error", "warning", "gate"] = Field(description="Severity for this feed.")
    reason: Annotated[str, Field(min_length=10)] = Field(description="Why, for the next person who reads it.")


class Active(Strict):
    """Periods in which the feed is expected to deliver."""

    first: Word = Field(alias="from", description="First period expected, e.g. `2023-Q4`.")
    last: Word | None = Field(None, alias="to", description="Last period expected; open when left out.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        first = period_of_text(self.first)
        if self.last and period_of_text(self.last).window("CALENDAR")[0] < first.window("CALENDAR")[0]:
            raise ValueError(f"'to: {self.last}' lies before 'from: {self.first}'")
        return self


class FeedEntry(Strict):
    """One dataset from one source."""

    like: str | None = Field(
        None,
        description="Name of a layout that many systems share (`national_dossiers`): its entries stand beneath the "
        "feed's own.",
    )
    dataset: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Dataset, the name of a contract.")
    active: Active | None = Field(None, description="Periods expected; without it nothing is ever missing.")
    cadence: Cadence | None = Field(None, description="How often a file is due (default: the contract's).")
    schedule: str | None = Field(None, description="Cron line, Asia/Ho_Chi_Minh (default: from the cadence).")
    connector: Connector = Field(description="How the source is reached.")
    name: str | None = Field(
        None,
        description="Regular expression over the file name; groups `period` (2024Q1, q1_2024 …) and `sent` (20240316, "
        "20240316T0930). A file that does not match is not part of the feed. Groups `rows`, `sha256`, `md5`, `crc32`: "
        "what the name says of a whole file; one that differs is refused (C10).",
    )
    period: PeriodSource = Field(description="Where the period is written.")
    supersedes: Literal["period", "feed"] = Field(
        "period",
        description="`period`: a file replaces the earlier ones of its period; `feed`: one file holds everything.",
    )
    layout: Layout = Field(description="What the file looks like inside.")
    unit: UnitSource = Field(description="Which unit a row belongs to.")
    constants: dict[str, Scalar] = Field(
        default_factory=dict, description="Canonical column → the same value in every row."
    )
    columns: dict[str, ColumnSource] = Field(
        default_factory=dict, description="Canonical column → header, or an object."
    )
    ignore: dict[Word, Word] = Field(
        default_factory=dict,
        description="Known headers that are not wanted, each with a reason; `*` and `?` are allowed.",
    )
    parts: tuple[Part, ...] = Field((), description="Several sheets in one workbook.")
    row_key: Literal["row", "content"] | None = Field(
        None,
        alias="key",
        description="For a source whose rows have no key: `row` makes one of the row's number, `content` one of what "
        "the row says, with the number of its occurrence. The key column is then neither mapped nor a constant.",
    )
    whole: Whole | None = Field(None, description="How the source says that a file is whole.")
    rules: dict[str, RuleException] = Field(
        default_factory=dict, description="Reasoned exceptions: rule id, or `rule id/check` → severity and reason."
    )

    @model_validator(mode="before")
    @classmethod
    def _parts_inherit_layout(cls, raw: Any) -> Any:
        if (
            not isinstance(raw, dict)
            or not isinstance(raw.get("parts"), list)
            or not isinstance(raw.get("layout"), dict)
        ):
            return raw
        parts = [
            {**part, "layout": {**raw["layout"], **part["layout"]}}
            if isinstance(part, dict) and isinstance(part.get("layout"), dict)
            else part
            for part in raw["parts"]
        ]
        return {**raw, "parts": parts}

    @model_validator(mode="before")
    @classmethod
    def _files_unless_said(cls, raw: Any) -> Any:
        """A connector without a kind is one of files; a delivery of one period made here says so in its name."""
        connector = raw.get("connector") if isinstance(raw, dict) else None
        if not isinstance(connector, dict):
            return raw
        if "kind" not in connector:
            return {**raw, "connector": {"kind": "files", **connector}}
        if connector["kind"] in LANDED_AS and "window" in connector and "name" not in raw:
            return {**raw, "name": WINDOW_NAME}
        return raw

    @field_validator("name")
    @classmethod
    def _name_compiles(cls, name: str | None) -> str | None:
        try:
            re.compile(name or "")
        except re.error as wrong:
            raise ValueError(f"is no regular expression: {wrong}") from None
        return name

    @field_validator("schedule")
    @classmethod
    def _cron(cls, schedule: str | None) -> str | None:
        return None if schedule is None else cron_line(schedule)

    @model_validator(mode="after")
    def _fetched(self) -> Self:
        """What a connector fetches record by record lies in the landing zone as a file of one format, and is whole."""
        if self.connector.kind == "imap" and self.whole and self.whole.sidecar:
            raise ValueError("whole: {sidecar: …} is for files; nothing lies beside an attachment")
        landed_as = LANDED_AS.get(self.connector.kind)
        if landed_as is None:
            return self
        if self.layout.format != landed_as:
            raise ValueError(
                f"connector {self.connector.kind} lands {landed_as}; write layout: {{format: {landed_as}}}"
            )
        if self.layout.packed or self.whole:
            raise ValueError(f"'whole' and 'packed' are for files; a connector {self.connector.kind} counts by itself")
        window = self.connector.window if isinstance(self.connector, Rest) else None
        if window and not self.active:
            raise ValueError("connector.window asks period by period; write active: {from: 2024-Q1}")
        if window is None and self.name:
            raise ValueError(f"'name' is for files; a connector {self.connector.kind} names its deliveries itself")
        if window and self.name != WINDOW_NAME:
            raise ValueError("'name' is for files; with connector.window the period stands in the delivery's own name")
        return self

    @model_validator(mode="after")
    def _form_or_not(self) -> Self:
        is_form = self.layout.format == "form"
        if (self.period.origin == "form") != is_form:
            raise ValueError("layout: {format: form} and period: {from: form} belong together")
        if is_form:
            self._check_declaration()
            return self._whole_form()
        if self.unit.cell:
            raise ValueError("unit: {cell: …} is for layout: {format: form}")
        return self

    @model_validator(mode="after")
    def _whole(self) -> Self:
        kind = self.layout.format
        if kind == "form":
            return self
        if self.period.origin == "name" and "(?P<period>" not in (self.name or ""):
            raise ValueError("period: {from: name} needs a group (?P<period>…) in 'name'")
        if self.period.origin == "field" and kind != "json":
            raise ValueError("period: {from: field} is for format json")
        if self.period.origin == "cell" and kind not in ("csv", *SHEET_FORMATS):
            raise ValueError("period: {from: cell} is for sheets and csv")
        self._check_declaration()
        layouts = [self.layout, *(part.layout for part in self.parts if part.layout)]
        if self.row_key == "row" and any(layout.wide for layout in layouts):
            raise ValueError("layout: {wide: …} makes several rows of one, and key: row one key of them; write content")
        if self.parts and kind not in SHEET_FORMATS:
            raise ValueError(f"'parts' are sheets; format {kind} has none")
        if not self.columns and not any(part.columns for part in self.parts):
            raise ValueError("'columns' is empty; map at least one canonical column to a header")
        entries: list[FeedEntry | Part] = [self, *self.parts]
        for entry in entries:
            both = sorted(set(entry.columns) & set(entry.constants))
            if both:
                raise ValueError(f"{', '.join(both)}: both a constant and a column; keep one")
        return self

    def _whole_form(self) -> Self:
        """Columns of a form stand in the tables of forms, its rows are keyed by unit and form."""
        for name in ("columns", "constants", "parts", "ignore", "row_key"):
            if getattr(self, name):
                shown = "key" if name == "row_key" else name
                raise ValueError(f"'{shown}' means nothing for format form: its columns are known; remove it")
        if self.unit.code:
            raise ValueError('a form names its units; write unit: {name: "Đơn vị"}, {cell: …} or {fixed: …}')
        if self.dataset != DATASET:
            raise ValueError(f"format form feeds the dataset {DATASET}, not {self.dataset}")
        return self

    def _check_declaration(self) -> None:
        """What the source declares of its files stands where this kind of file can hold it."""
        kind = self.layout.format
        if self.whole and self.whole.trailer and (kind not in ("csv", "ndjson") or "16" in self._encoding()):
            raise ValueError("whole: {trailer: …} is for csv and ndjson in an encoding of single bytes or UTF-8")
        if self.whole and self.whole.field and kind != "json":
            raise ValueError("whole: {field: …} is for format json")

    def _encoding(self) -> str:
        return getattr(self.layout, "encoding", "")


class Feed(FeedEntry):
    """A feed as the rooms use it: the YAML entry, its source, and value maps by name put in their place."""

    feed_key: str
    source: str
    source_name: str
    source_unit: str | None = None
    contact: tuple[str, ...] = ()
    file: str

    @property
    def feed_id(self) -> str:
        """`<source>.<key>`, e.g. `d323.dossiers`."""
        return f"{self.source}.{self.feed_key}"

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything that shapes a reading; a feed file edited elsewhere (contact, schedule) keeps it."""
        return fingerprint(
            self.feed_id,
            self.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            is_dated_by_rows=self.period.origin == "column",
            is_form=self.layout.format == "form",
        )


class FeedFile(Strict):
    """A whole `feeds/<source>.yaml`."""

    source: SourceInfo = Field(description="Who sends.")
    maps: dict[str, dict[str, Scalar]] = Field(
        default_factory=dict, description="Value maps shared by the feeds of this file."
    )
    feeds: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], FeedEntry] = Field(
        min_length=1, description="The feeds of the source: key → entry."
    )

    @field_validator("maps", mode="before")
    @classmethod
    def _map_keys(cls, maps: Any) -> Any:
        if not isinstance(maps, dict):
            return maps
        return {name: value_map(value) if isinstance(value, dict) else value for name, value in maps.items()}
