"""Feeds: the model of `feeds/<source>.yaml`, the only place where a district's own layout is written down."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from expectations.contracts.periods import Period, PeriodError, regimes
from expectations.contracts.text import key as text_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

    from expectations.contracts.model import Contract

READING_VERSION = "2"
"""Raise it when the readers or layouts read the same bytes differently: deliveries are then read again."""

JOIN = " › "
"""Between the rows of a merged header: `Số hồ sơ nhận giải quyết › Tổng số`."""

SHEET_FORMATS = ("xlsx", "xls", "ods")
Format = Literal["csv", "xlsx", "xls", "ods", "json", "ndjson", "parquet"]
Cadence = Literal["month", "quarter", "half_year", "year"]
Scalar = bool | int | float | str | None


class FeedProblem(BaseModel):
    """One mistake in a feed file: where it stands and what to do."""

    model_config = ConfigDict(frozen=True)

    file: str
    key: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class FeedError(ValueError):
    """Raised by `load_feeds` and `check_against_contract`; `.problems` holds every mistake found."""

    def __init__(self, problems: list[FeedProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


def _as_word(value: Any) -> Any:
    """YAML reads `unit: 323` as a number; a code is text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Word = Annotated[str, Field(min_length=1), BeforeValidator(_as_word, json_schema_input_type=str | int)]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | int) else value


Words = Annotated[tuple[Word, ...], BeforeValidator(_as_list, json_schema_input_type=str | int | list[str | int])]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class SourceInfo(_Strict):
    """Who sends."""

    id: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="Short name of the source; feeds are called `<id>.<key>`."
    )
    name: Word = Field(description="Name as people know it.")
    unit: Word | None = Field(None, description="Code of the unit that answers for the source.")
    contact: Word | None = Field(None, description="Whom to call when a file is wrong.")


class Connector(_Strict):
    """Where the files lie."""

    kind: Literal["files"] = Field(
        "files", description="How the source is reached. `files`: a folder, local or any fsspec URL."
    )
    path: Word = Field(description="Folder relative to the home folder, or a URL such as `sftp://host/folder`.")
    glob: Word = Field(
        "*", description="Which files of the folder belong to the feed, e.g. `hoso_*.csv`; `**/` goes into sub-folders."
    )
    storage_options: dict[str, Any] = Field(
        default_factory=dict,
        description="Options of the file system (host, username …). Secrets only as `${env:NAME}`.",
    )

    @field_validator("storage_options")
    @classmethod
    def _no_secret(cls, options: dict[str, Any]) -> dict[str, Any]:
        for name, value in options.items():
            if re.search(r"pass|secret|token|key$", name) and isinstance(value, str) and "${env:" not in value:
                raise ValueError(f"'{name}' looks like a secret; write ${{env:NAME}} and set NAME in the environment")
        return options


class PeriodSource(_Strict):
    """Where the period of a delivery is written. Exactly one of `from` and `fixed`."""

    origin: Literal["name", "cell", "column", "field"] | None = Field(
        None,
        alias="from",
        description="`name`: in the file name (group `period` of `name`); `cell`: in a sentence above the table; "
        "`column`: each row has its own date; `field`: a field of the JSON envelope.",
    )
    fixed: Word | None = Field(None, description="One period for every file, e.g. `2024-Q1`.")
    sheet: Word | None = Field(
        None, description="With `cell`: the sheet that holds the sentence (default: the sheet read)."
    )
    contains: Word | None = Field(None, description="With `cell`: words of the sentence, e.g. `Số liệu tính từ ngày`.")
    column: Word | None = Field(
        None, description="With `column`: the canonical date column that decides the period of a row."
    )
    regime: Word | None = Field(
        None, description="Reporting regime, when it is not the contract's (`CALENDAR`, `TTCP`, `VPCP_II06`)."
    )
    path: Word | None = Field(None, description="With `field`: dotted path in the JSON document, e.g. `meta.period`.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.origin is None) == (self.fixed is None):
            raise ValueError("write either from: name|cell|column|field, or fixed: 2024-Q1")
        needs = {"cell": "contains", "column": "column", "field": "path"}
        if self.origin in needs and getattr(self, needs[self.origin]) is None:
            raise ValueError(f"from: {self.origin} also needs '{needs[self.origin]}'")
        owners = {"contains": "cell", "sheet": "cell", "column": "column", "path": "field"}
        for name, owner in owners.items():
            if getattr(self, name) is not None and self.origin != owner:
                raise ValueError(f"'{name}' belongs to from: {owner}; remove it")
        if self.fixed:
            _period(self.fixed)
        if self.regime and self.regime not in regimes():
            raise ValueError(f"unknown regime '{self.regime}'; known: {', '.join(regimes())}")
        return self


class Header(_Strict):
    """Where the header stands: by row number or by a text in it."""

    row: int | None = Field(
        None, ge=1, description="Number of the first header row, as the spreadsheet shows it (from 1)."
    )
    find: Word | None = Field(
        None, description="Text of a cell in the first header row; letterheads of any height are skipped."
    )
    rows: int = Field(1, ge=1, le=8, description="How many rows the header has; merged rows are joined by ` › `.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.row is None) == (self.find is None):
            raise ValueError('write either row: 7 or find: "Mã hồ sơ"')
        return self


class Totals(_Strict):
    """A total row the layout is known to have."""

    column: Word = Field(description="Header of the column in which the text stands.")
    text: Words = Field(("Tổng cộng",), description="Text (or texts) by which the row is known.")
    check: bool = Field(True, description="Compare the total with the sum of the rows (Q32).")
    subtotals: Words = Field((), description="Texts of subtotal rows inside the table, left out of data and sums.")


class Layout(_Strict):
    """What the file looks like inside."""

    format: Format = Field(description="Kind of file.")
    encoding: Word = Field("utf-8", description="Text files: `utf-8` (with or without BOM), `utf-16`, `cp1258` …")
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        None, description='CSV: character between fields (default `,`; a tab is `"\\t"`).'
    )
    quote: Annotated[str, Field(max_length=1)] = Field('"', description="CSV: quoting character; empty for none.")
    sheet: Word | None = Field(
        None, description="Sheet by name (default: the first). Accents, case and spaces are forgiven."
    )
    header: Header | None = Field(None, description="Header of a text file or sheet (default: row 1).")
    skip_after_header: int = Field(0, ge=0, description="Rows between header and data that are never data.")
    control_row: bool = Field(False, description="A row (1) (2) (3) or `MS` stands under the header.")
    data_from: int | None = Field(None, ge=1, description="First data row, when it does not follow the header.")
    records: Word | None = Field(
        None, description="JSON: dotted path of the list of records (default: the document is the list)."
    )
    totals: Totals | None = Field(None, description="The total row, when the layout has one.")
    notes: Words = Field((), description="Reading stops at a row that begins with one of these texts.")
    blanks: Words = Field((), description="Cell texts that mean: no value (e.g. `NULL`, `-`), in every column.")
    blank_is_zero: bool = Field(False, description="Official forms: an empty count is 0.")
    number: Literal["vi", "en", "plain"] = Field(
        "plain", description="How numbers are written unless a column says otherwise."
    )
    fill_down: Words = Field(
        (), description="Headers whose empty cells repeat the cell above (cells merged downwards)."
    )
    dates_1904: bool = Field(False, description="Workbook counts its days from 1904.")
    other_sheets: dict[Word, Word] = Field(
        default_factory=dict, description="Sheets that are known and not read: name → reason."
    )
    round_count: bool = Field(True, description="Report a round number of rows (1000, 10000) as a suspected cut (Q11).")

    @model_validator(mode="after")
    def _fits_format(self) -> Self:
        owners: dict[str, tuple[str, ...]] = {
            "delimiter": ("csv",),
            "quote": ("csv",),
            "encoding": ("csv", "json", "ndjson"),
            "sheet": SHEET_FORMATS,
            "other_sheets": SHEET_FORMATS,
            "dates_1904": SHEET_FORMATS,
            "records": ("json",),
            "header": ("csv", *SHEET_FORMATS),
            "skip_after_header": ("csv", *SHEET_FORMATS),
            "control_row": ("csv", *SHEET_FORMATS),
            "data_from": ("csv", *SHEET_FORMATS),
        }
        for name, formats in owners.items():
            if name in self.model_fields_set and self.format not in formats:
                raise ValueError(
                    f"'{name}' means nothing for format {self.format}; remove it (it is for {', '.join(formats)})"
                )
        try:
            "".encode(self.encoding)
        except LookupError:
            raise ValueError(f"encoding '{self.encoding}' is unknown; use utf-8, utf-16 or cp1258") from None
        return self


class UnitSource(_Strict):
    """Which unit a row belongs to: always the same, by code, by name, or by code and name (they must agree)."""

    fixed: Word | None = Field(None, description="Unit code of every row.")
    code: Word | None = Field(None, description="Header of the column with the unit code.")
    name: Word | None = Field(None, description="Header of the column with the unit name.")
    level: Literal["province", "district", "commune"] | None = Field(
        None, description="With `name`: only units of this level."
    )
    parent: Word | None = Field(None, description="With `name`: only this unit and the units under it.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.fixed is None) == (self.code is None and self.name is None):
            raise ValueError('write fixed: "323", or code: / name: with the header of the column')
        if self.name is None and (self.level or self.parent):
            raise ValueError("'level' and 'parent' narrow a search by name; add name: or remove them")
        return self


class ColumnSource(_Strict):
    """How a canonical column is read. A plain text is short for `{from: text}`."""

    headers: Words = Field(
        alias="from",
        min_length=1,
        description="Header text; a list when files differ (the first one present is read). "
        "Merged header rows are joined by ` › `, JSON levels by dots.",
    )
    format: Words = Field((), description="Dates: one or more strptime formats; default: the usual day-first forms.")
    map: dict[str, Scalar] | Word | None = Field(
        None, description="Value map, or the name of one under `maps`. A value without an entry is a finding."
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

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str | int) and not isinstance(value, bool) else value

    @field_validator("map", mode="before")
    @classmethod
    def _map_keys(cls, value: Any) -> Any:
        return _value_map(value) if isinstance(value, dict) else value

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


class Part(_Strict):
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


class RuleException(_Strict):
    """A reasoned exception: this feed's rule has another severity."""

    severity: Literal["error", "warning", "gate"] = Field(description="Severity for this feed.")
    reason: Annotated[str, Field(min_length=10)] = Field(description="Why, for the next person who reads it.")


class Active(_Strict):
    """Periods in which the feed is expected to deliver."""

    first: Word = Field(alias="from", description="First period expected, e.g. `2023-Q4`.")
    last: Word | None = Field(None, alias="to", description="Last period expected; open when left out.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        first = _period(self.first)
        if self.last and _period(self.last).window("CALENDAR")[0] < first.window("CALENDAR")[0]:
            raise ValueError(f"'to: {self.last}' lies before 'from: {self.first}'")
        return self


class FeedEntry(_Strict):
    """One dataset from one source."""

    dataset: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Dataset, the name of a contract.")
    active: Active | None = Field(None, description="Periods expected; without it nothing is ever missing.")
    cadence: Cadence | None = Field(None, description="How often a file is due (default: the contract's).")
    schedule: str | None = Field(None, description="Cron line, Asia/Ho_Chi_Minh (default: from the cadence).")
    connector: Connector = Field(description="Where the files lie.")
    name: str | None = Field(
        None,
        description="Regular expression over the file name; groups `period` (2024Q1, q1_2024 …) and `sent` (20240316, "
        "20240316T0930). A file that does not match is not part of the feed.",
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
    def _five_fields(cls, schedule: str | None) -> str | None:
        if schedule is not None and not re.fullmatch(r"(?:[\d*,/\-A-Za-z]+\s+){4}[\d*,/\-A-Za-z#L]+", schedule.strip()):
            raise ValueError('is no cron line; write five fields such as "0 6 * * 1-5"')
        return schedule

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.period.origin == "name" and "(?P<period>" not in (self.name or ""):
            raise ValueError("period: {from: name} needs a group (?P<period>…) in 'name'")
        if self.period.origin == "field" and self.layout.format != "json":
            raise ValueError("period: {from: field} is for format json")
        if self.period.origin == "cell" and self.layout.format not in ("csv", *SHEET_FORMATS):
            raise ValueError("period: {from: cell} is for sheets and csv")
        if self.parts and self.layout.format not in SHEET_FORMATS:
            raise ValueError(f"'parts' are sheets; format {self.layout.format} has none")
        if not self.columns and not any(part.columns for part in self.parts):
            raise ValueError("'columns' is empty; map at least one canonical column to a header")
        entries: list[FeedEntry | Part] = [self, *self.parts]
        for entry in entries:
            both = sorted(set(entry.columns) & set(entry.constants))
            if both:
                raise ValueError(f"{', '.join(both)}: both a constant and a column; keep one")
        return self


_SHAPES_A_READING = {
    *("dataset", "name", "period", "supersedes", "layout", "unit"),
    *("constants", "columns", "ignore", "parts", "rules"),
}


class Feed(FeedEntry):
    """A feed as the rooms use it: the YAML entry, its source, and value maps by name put in their place."""

    key: str
    source: str
    source_name: str
    source_unit: str | None = None
    contact: str | None = None
    file: str

    @property
    def feed_id(self) -> str:
        """`<source>.<key>`, e.g. `d323.dossiers`."""
        return f"{self.source}.{self.key}"

    @property
    def fingerprint(self) -> str:
        """Hash of everything that shapes a reading; a feed file edited elsewhere (contact, schedule) keeps it."""
        shape = self.model_dump(
            mode="json",
            by_alias=True,
            include=_SHAPES_A_READING,
        )
        text = json.dumps([READING_VERSION, self.feed_id, shape], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class FeedFile(_Strict):
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
        return {name: _value_map(value) if isinstance(value, dict) else value for name, value in maps.items()}


def load_feeds(folder: Path) -> list[Feed]:
    """Every feed of `folder/*.yaml`, ordered by feed id. Raises FeedError with all mistakes of all files."""
    feeds, problems = read_feeds(folder)
    if problems:
        raise FeedError(problems)
    return feeds


def read_feeds(folder: Path) -> tuple[list[Feed], list[FeedProblem]]:
    """The feeds that can be used and the mistakes of the others: one bad file does not stop the rest."""
    feeds: dict[str, Feed] = {}
    problems: list[FeedProblem] = []
    if not folder.is_dir():
        return [], [FeedProblem(file=str(folder), key="", line=None, message="the folder does not exist; create it")]
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            for feed in load_feed_file(path):
                if feed.feed_id in feeds:
                    message = f"feed {feed.feed_id} also stands in {feeds[feed.feed_id].file}; rename one"
                    problems.append(FeedProblem(file=path.name, key="source.id", line=None, message=message))
                else:
                    feeds[feed.feed_id] = feed
        except FeedError as wrong:
            problems.extend(wrong.problems)
    return [feeds[feed_id] for feed_id in sorted(feeds)], problems


def load_feed_file(path: Path) -> list[Feed]:
    """The feeds of one file, in its order. Raises FeedError."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise FeedError(
            [FeedProblem(file=path.name, key="", line=None, message="is not UTF-8; save it as UTF-8")]
        ) from None
    try:
        node = yaml.compose(text, Loader=_Yaml)
        raw = yaml.load(text, Loader=_Yaml)  # noqa: S506 - a SafeLoader with fewer surprises
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else None
        message = f"is no valid YAML: {wrong.problem}; check indentation and quotes"
        raise FeedError([FeedProblem(file=path.name, key="", line=line, message=message)]) from None
    if not isinstance(raw, dict):
        raise FeedError(
            [FeedProblem(file=path.name, key="", line=1, message="is empty; it needs 'source' and 'feeds'")]
        )
    try:
        document = FeedFile.model_validate(raw)
    except ValidationError as wrong:
        raise FeedError([_problem(path, node, error) for error in wrong.errors()]) from None
    return list(_feeds(document, path, node))


def check_against_contract(feed: Feed, contract: Contract) -> None:
    """Names and values a feed uses that its contract does not know. Raises FeedError with every one of them.

    For a survey pass the contract already expanded by its questionnaire.
    """
    places: list[tuple[str, FeedEntry | Part]] = [("", feed)]
    places += [(f"parts.{number}.", part) for number, part in enumerate(feed.parts)]
    found = [*_required_unmapped(feed, contract), *_period_column(feed, contract)]
    for prefix, entry in places:
        found += [(prefix + key, message) for key, message in (*_names(entry, contract), *_values(entry, contract))]
    if found:
        raise FeedError(
            [FeedProblem(file=feed.file, key=f"feeds.{feed.key}.{key}", line=None, message=text) for key, text in found]
        )


def _names(entry: FeedEntry | Part, contract: Contract) -> Iterator[tuple[str, str]]:
    stored = [column.name for column in contract.stored_columns]
    personal = {column.name for column in contract.columns} - set(stored)
    for kind, names in (("columns", set(entry.columns)), ("constants", set(entry.constants))):
        for name in sorted(names - set(stored)):
            if name in personal:
                yield f"{kind}.{name}", "is personal and never read; remove the line, its header is recognised"
            else:
                yield f"{kind}.{name}", f"{contract.dataset} has no such column; known: {', '.join(stored)}"


def _values(entry: FeedEntry | Part, contract: Contract) -> Iterator[tuple[str, str]]:
    for column in contract.stored_columns:
        values: list[tuple[str, Scalar]] = []
        if column.name in entry.constants:
            values.append((f"constants.{column.name}", entry.constants[column.name]))
        source = entry.columns.get(column.name)
        if source and source.format and column.type not in ("date", "timestamp"):
            yield f"columns.{column.name}.format", f"is for dates, and {column.name} is {column.type}; remove it"
        if source and isinstance(source.map, dict):
            values += [(f"columns.{column.name}.map", value) for value in source.map.values()]
        allowed = [code.value for code in column.codes]
        for key, value in values:
            try:
                read = typed(value, column.type)
            except ValueError:
                yield key, f"{value!r} is no {column.type}; {column.name} needs one"
                continue
            if allowed and read is not None and str(read) not in allowed:
                yield key, f"'{value}' is no code of {column.name}; codes: {', '.join(allowed)}"


def _required_unmapped(feed: Feed, contract: Contract) -> Iterator[tuple[str, str]]:
    needed = [column.name for column in contract.stored_columns if column.required]
    own = {*feed.columns, *feed.constants}
    places: list[tuple[str, set[str]]] = [
        (f"parts.{number}.columns", own | {*part.columns, *part.constants}) for number, part in enumerate(feed.parts)
    ]
    for place, given in places or [("columns", own)]:
        for name in needed:
            if name not in given:
                yield f"{place}.{name}", "is required; map it to a header or give a constant"


def _period_column(feed: Feed, contract: Contract) -> Iterator[tuple[str, str]]:
    name = feed.period.column
    column = next((one for one in contract.stored_columns if one.name == name), None)
    if name and column is None:
        yield "period.column", f"{contract.dataset} has no column '{name}'"
    elif column and column.type not in ("date", "timestamp"):
        yield "period.column", f"'{name}' is no date; name a date column"


def typed(value: Any, kind: str) -> Any:
    """A value of a map or a constant in a column's type. Raises ValueError when it is of another."""
    if value is None:
        return None
    if isinstance(value, bool) != (kind == "boolean"):
        raise ValueError(f"{value!r} is no {kind}")
    return _READ_AS[kind](value)


_READ_AS: dict[str, Callable[[Any], Any]] = {
    "text": str,
    "boolean": bool,
    "integer": int,
    "decimal": float,
    "date": lambda value: date.fromisoformat(str(value)),
    "timestamp": lambda value: datetime.fromisoformat(str(value)),
}


class _Yaml(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML without the traps of version 1.1: `no`, `010`, `12:30` and dates stay text; a key twice is an error."""


_Yaml.yaml_implicit_resolvers = {}
_Yaml.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Yaml.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_Yaml.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9]\d*)$"), list("-0123456789"))
_Yaml.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^-?(?:0|[1-9]\d*)\.\d+$"), list("-0123456789"))


def _mapping_without_doubles(loader: _Yaml, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        name = loader.construct_object(key_node, deep=True)
        if name in seen:
            raise yaml.constructor.ConstructorError(None, None, f"key '{name}' stands twice", key_node.start_mark)
        seen.add(name)
    found: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return found


_Yaml.add_constructor("tag:yaml.org,2002:map", _mapping_without_doubles)


def _value_map(raw: dict[Any, Any]) -> dict[str, Any]:
    """Keys as text; two keys that read the same must say the same."""
    found: dict[str, Any] = {}
    seen: dict[str, tuple[str, Any]] = {}
    for name, value in raw.items():
        if isinstance(name, bool) or name is None:
            raise ValueError(f"the entry '{str(name).lower()}' is not read as text by YAML; put it in quotes")
        other = seen.setdefault(text_key(str(name)), (str(name), value))
        if other[1] != value or type(other[1]) is not type(value):
            raise ValueError(f"'{other[0]}' and '{name}' read the same but mean different values; keep one")
        found[str(name)] = value
    return found


def _period(text: str) -> Period:
    try:
        return Period.parse(text)
    except PeriodError as wrong:
        raise ValueError(str(wrong)) from None


def _feeds(document: FeedFile, path: Path, node: yaml.Node | None) -> Iterator[Feed]:
    problems: list[FeedProblem] = []
    feeds: list[Feed] = []
    for key, entry in document.feeds.items():
        missing: list[tuple[str, str]] = []

        def resolved(
            columns: Mapping[str, ColumnSource], prefix: str, missing: list[tuple[str, str]] = missing
        ) -> dict[str, Any]:
            placed: dict[str, Any] = {}
            for name, column in columns.items():
                body = column.model_dump(by_alias=True, exclude_unset=True)
                if isinstance(column.map, str):
                    if column.map not in document.maps:
                        missing.append((f"{prefix}columns.{name}.map", column.map))
                        continue
                    body["map"] = document.maps[column.map]
                placed[name] = body
            return placed

        body = entry.model_dump(by_alias=True, exclude_unset=True)
        body["columns"] = resolved(entry.columns, f"feeds.{key}.")
        if entry.parts:
            body["parts"] = [
                {
                    **part.model_dump(by_alias=True, exclude_unset=True),
                    "columns": resolved(part.columns, f"feeds.{key}.parts.{n}."),
                }
                for n, part in enumerate(entry.parts)
            ]
        for place, name in missing:
            known = ", ".join(document.maps) or "none"
            message = f"no map '{name}' under maps (there: {known}); add it or write the entries here"
            problems.append(FeedProblem(file=path.name, key=place, line=_line(node, place.split(".")), message=message))
        if missing:
            continue
        feeds.append(
            Feed.model_validate(
                {
                    **body,
                    "key": key,
                    "source": document.source.id,
                    "source_name": document.source.name,
                    "source_unit": document.source.unit,
                    "contact": document.source.contact,
                    "file": path.name,
                }
            )
        )
    if problems:
        raise FeedError(problems)
    yield from feeds


def _problem(path: Path, node: yaml.Node | None, error: Any) -> FeedProblem:
    place = [str(part) for part in error["loc"] if not str(part).startswith("function-") and part != "[key]"]
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = f"unknown key; {_known_keys(place)}"
    elif error["type"] == "missing":
        message = "is missing; add it"
    return FeedProblem(file=path.name, key=".".join(place), line=_line(node, place), message=message)


_SECTIONS: dict[str, type[BaseModel]] = {
    "source": SourceInfo,
    "feeds": FeedEntry,
    "active": Active,
    "connector": Connector,
    "period": PeriodSource,
    "layout": Layout,
    "header": Header,
    "totals": Totals,
    "unit": UnitSource,
    "columns": ColumnSource,
    "parts": Part,
    "rules": RuleException,
}


def _known_keys(place: list[str]) -> str:
    model: type[BaseModel] = FeedFile
    for part in place[:-1]:
        model = _SECTIONS.get(part, model)
    names = [field.alias or name for name, field in model.model_fields.items()]
    return f"known here: {', '.join(names)}"


def _line(node: yaml.Node | None, place: list[str]) -> int | None:
    """Line of the deepest node on the way to `place`."""
    if node is None:
        return None
    line = node.start_mark.line + 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
            if not found:
                return line
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            line = node.start_mark.line + 1
        else:
            return line
    return line
