"""How a source is reached: one model an access pattern, told apart by `kind`. Nothing here opens anything."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from expectations.contracts.secrets import has_password
from sources.feeds.values import Strict, Word, Words

_NAMES_SECRET = re.compile(r"pass|secret|token|key$|authorization", re.IGNORECASE)
_ENVIRONMENT = "${env:"


def _named_only(options: dict[str, Any], where: str) -> None:
    """Raises ValueError for a value that is a secret written out, by its own look or the look of its name."""
    for name, value in options.items():
        if isinstance(value, str) and has_password(value):
            raise ValueError(f"'{name}' of {where} holds a password; write ${{env:NAME}} in its place")
        if _NAMES_SECRET.search(name) and isinstance(value, str) and value and _ENVIRONMENT not in value:
            raise ValueError(
                f"'{name}' of {where} looks like a secret; write ${{env:NAME}} and set NAME in the environment"
            )


def _secret(value: str) -> str:
    if _ENVIRONMENT not in value:
        raise ValueError("is a secret; write ${env:NAME} and set NAME in the environment")
    return value


def _no_password(value: str) -> str:
    if has_password(value):
        raise ValueError("holds a password; write ${env:NAME} in its place and set NAME in the environment")
    return value


class Files(Strict):
    """Where files lie."""

    kind: Literal["files"] = Field(
        "files",
        description="How the source is reached. `files`: a folder, local or by URL (sftp, ftp, https, webdav, s3, smb) "
        "among those that `[places]` of danvan.toml allows.",
    )
    path: Word = Field(description="Folder relative to the home folder, or a URL such as `sftp://host/folder`.")
    glob: Word = Field(
        "*",
        description="Which files of the folder belong to the feed, e.g. `hoso_*.csv`; `**/` goes into sub-folders "
        "(not through links).",
    )
    storage_options: dict[str, Any] = Field(
        default_factory=dict,
        description="Options of the file system (host, username …). Secrets only as `${env:NAME}`.",
    )

    _path_names_no_password = field_validator("path")(_no_password)

    @field_validator("storage_options")
    @classmethod
    def _no_secret(cls, options: dict[str, Any]) -> dict[str, Any]:
        _named_only(options, "storage_options")
        return options

    @property
    def place(self) -> str:
        """Where it leads, for lists."""
        return f"{self.path}/{self.glob}"


class BearerAuth(Strict):
    """A token that is sent with every request."""

    kind: Literal["bearer"] = Field(description="`Authorization: Bearer …`.")
    token: Word = Field(description="`${env:NAME}`.")

    _named = field_validator("token")(_secret)


class BasicAuth(Strict):
    """User and password."""

    kind: Literal["basic"] = Field(description="`Authorization: Basic …`.")
    user: Word = Field(description="Name of the account.")
    password: Word = Field(description="`${env:NAME}`.")

    _named = field_validator("password")(_secret)


class KeyAuth(Strict):
    """An API key under a name of its own."""

    kind: Literal["api_key"] = Field(description="A key in a header or in the query.")
    name: Word = Field(description="Name of the header or parameter, e.g. `X-Api-Key`.")
    value: Word = Field(description="`${env:NAME}`.")
    place: Literal["header", "query"] = Field("header", alias="in", description="Where it is sent.")

    _named = field_validator("value")(_secret)


class OAuth2(Strict):
    """OAuth2 client credentials: a token is fetched, kept in memory, and renewed when it ends or is refused (401)."""

    kind: Literal["oauth2"] = Field(description="Client credentials.")
    token_url: Word = Field(description="Address of the token, listed under `[places]` too.")
    client_id: Word = Field(description="Identity of the province.")
    client_secret: Word = Field(description="`${env:NAME}`.")
    scope: Word | None = Field(None, description="Scope, when the source wants one.")
    in_body: bool = Field(False, description="Send identity and secret in the body instead of as basic auth.")

    _named = field_validator("client_secret")(_secret)
    _url_names_no_password = field_validator("token_url")(_no_password)


Auth = Annotated[BearerAuth | BasicAuth | KeyAuth | OAuth2, Field(discriminator="kind")]


class PagePaging(Strict):
    """Pages by number, until one is empty or the total is reached. A short page ends nothing: a server may cap it."""

    kind: Literal["page"] = Field(description="Pages by number.")
    param: Word = Field("page", description="Parameter of the number.")
    first: int = Field(1, ge=0, description="Number of the first page.")
    size_param: Word | None = Field(None, description="Parameter of the number of records a page.")
    size: int | None = Field(None, ge=1, description="Records a page to ask for.")


class OffsetPaging(Strict):
    """Pages by the number of records before them, until one is empty or the total is reached."""

    kind: Literal["offset"] = Field(description="Pages by the number of records before them.")
    param: Word = Field("offset", description="Parameter of that number.")
    size_param: Word | None = Field(None, description="Parameter of the number of records a page.")
    size: int | None = Field(None, ge=1, description="Records a page to ask for.")


class CursorPaging(Strict):
    """Each page names the next one by a token, which becomes a parameter; the last one names none."""

    kind: Literal["cursor"] = Field(description="Each page gives a token for the next.")
    param: Word = Field(description="Parameter that takes the token.")
    path: Word = Field(alias="from", description="Dotted path of the token in a page, e.g. `meta.next`.")


class NextPaging(Strict):
    """Each page holds the address of the next one, which must lie at the same server; the last one holds none."""

    kind: Literal["next"] = Field(description="Each page holds the address of the next.")
    path: Word = Field(alias="from", description="Dotted path of the address in a page, e.g. `links.next`.")


class LinkPaging(Strict):
    """The `Link` header of each page names the next one (`rel="next"`), at the same server."""

    kind: Literal["link"] = Field(description="The `Link` header names the next page.")


Paging = Annotated[PagePaging | OffsetPaging | CursorPaging | NextPaging | LinkPaging, Field(discriminator="kind")]


class Window(Strict):
    """One delivery a period: each is asked for by its first and last day."""

    first: Word = Field(alias="from", description="Parameter of the first day.")
    last: Word = Field(alias="to", description="Parameter of the last day.")
    format: Word = Field("%Y-%m-%d", description="How a day is written (strftime).")
    last_is: Literal["included", "excluded"] = Field(
        "included", description="`excluded`: the day after the last one is sent."
    )
    running: bool = Field(
        False,
        description="Ask for the running period too. By default only those that have ended are asked for: else the "
        "first days of a period would count as its report.",
    )
    again_days: int = Field(
        92, ge=0, description="A period that ended longer ago is asked for once more, and then not again."
    )


class Incremental(Strict):
    """Ask only for what changed since the last delivery, and land it merged with what that one held.

    Every delivery is whole, so nothing else of the house changes. Where the next fetch goes on is written into the note
    of the delivery itself: it exists with the rows or not at all.
    """

    key: Words = Field(min_length=1, description="Dotted path (or several) of what tells records apart.")
    param: Word = Field(description="Parameter that takes the cursor or moment.")
    by: Word | None = Field(None, description="Dotted path of the moment (or rising number) of change in a record.")
    cursor: Word | None = Field(None, description="Dotted path, in the last page, of the token for the next fetch.")
    format: Word | None = Field(
        None,
        description="How the moment is written (strftime), `number` for a rising number; default: ISO 8601.",
    )
    overlap: float = Field(
        3600, ge=0, description="With `by`: so many seconds (or numbers) before the last one are asked for again."
    )
    whole_every_days: float = Field(
        30, gt=0, description="After so many days everything is asked for again: only then records deleted there go."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.by is None) == (self.cursor is None):
            raise ValueError("write either by: with the field of the moment, or cursor: with the field of the token")
        return self


class Limits(Strict):
    """What one fetch may take; beyond it is a failure, never a shorter delivery."""

    rows: int = Field(2_000_000, ge=1, description="Records.")
    pages: int = Field(10_000, ge=1, description="Pages (`rest`).")
    page_mib: float = Field(16, gt=0, description="MiB of one page, unpacked (`rest`).")
    mib: float = Field(512, gt=0, description="MiB of everything, unpacked.")
    seconds: float = Field(1800, gt=0, description="Time for everything, pauses included.")
    request_seconds: float = Field(60, gt=0, description="Time without a byte until one try has failed.")


class MailLimits(Strict):
    """What one attachment may take; beyond it is a failure, never a shorter delivery."""

    mib: float = Field(512, gt=0, description="MiB of one attachment, as it is sent.")
    request_seconds: float = Field(60, gt=0, description="Time without a byte until one try has failed.")


USUAL_LIMITS = Limits.model_validate({})


class Rest(Strict):
    """A JSON interface, asked page by page; one fetch is one delivery of one record a line (`ndjson`)."""

    kind: Literal["rest"] = Field(description="A JSON interface over HTTP.")
    url: Word = Field(description="Address of the list, e.g. `https://api.example.org/v1/hoso`.")
    send: Literal["query", "form", "json"] = Field(
        "query", description="Where parameters go: `query` asks by GET; `form` and `json` by POST, in the body."
    )
    params: dict[str, Any] = Field(default_factory=dict, description="Parameters of every request.")
    headers: dict[str, str] = Field(default_factory=dict, description="Headers of every request.")
    auth: Auth | None = Field(None, description="How the province says who it is.")
    records: Word | None = Field(None, description="Dotted path of the records in a page (default: the page itself).")
    total: Word | None = Field(
        None, description="Dotted path of the number of all records. A fetch that brings another number fails."
    )
    paging: Paging | None = Field(None, description="How one page leads to the next (default: one page is all).")
    key: Words = Field(
        (),
        description="What tells records apart: one that comes twice in a fetch counts once. Records are sorted by it.",
    )
    window: Window | None = Field(None, description="One delivery a period, asked for by its days.")
    sent: Word | None = Field(
        None,
        description="Dotted path, in a page, of the moment the source closed what it gives (ISO 8601 or "
        "`20240316093000`): that is when it was sent. Default, and where it is empty: the moment of asking.",
    )
    incremental: Incremental | None = Field(None, description="Only what changed since the last delivery.")
    limits: Limits = Field(USUAL_LIMITS, description="What one fetch may take.")

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if not re.match(r"https?://", url, re.IGNORECASE):
            raise ValueError("is no http(s) address; write https://host/path")
        if re.search(r"[?&][^=&]*(?:pass|secret|token|key)=(?!\$\{env:)", url, re.IGNORECASE):
            raise ValueError("holds a secret; use auth, or write ${env:NAME} in its place")
        return _no_password(url)

    @field_validator("params", "headers")
    @classmethod
    def _no_secret(cls, options: dict[str, Any]) -> dict[str, Any]:
        _named_only(options, "params and headers")
        return options

    @model_validator(mode="after")
    def _keys_agree(self) -> Self:
        if self.incremental and self.key and self.key != self.incremental.key:
            raise ValueError("'key' and incremental.key differ; keep the one of incremental")
        return self

    @property
    def identity(self) -> tuple[str, ...]:
        """Paths of what tells records apart; none where the source did not say."""
        return self.incremental.key if self.incremental else self.key

    @property
    def place(self) -> str:
        """Where it leads, for lists."""
        return self.url


class SqlIncremental(Strict):
    """Read only the rows that changed since the last delivery, and land them merged with what that one held."""

    by: Word = Field(description="Column of the moment (or rising number) of change.")
    overlap: float = Field(3600, ge=0, description="So many seconds (or numbers) before the last one are read again.")
    whole_every_days: float = Field(
        30, gt=0, description="After so many days everything is read again: only then rows deleted there go."
    )


class Sql(Strict):
    """A table or a query of a database; one fetch is one delivery, a Parquet file."""

    kind: Literal["sql"] = Field(description="A database.")
    url: Word = Field(
        description="`postgresql://host/database`, `mysql://…`, `mariadb://…`, `mssql://…`, or `sqlite:///inbox/a.db` "
        "(a file among the folders allowed).",
    )
    user: Word | None = Field(None, description="Name of the account; it needs to read, nothing else.")
    password: Word | None = Field(None, description="`${env:NAME}`.")
    tls: Literal["verify", "none"] = Field(
        "verify",
        description="`verify`: encrypted, and the certificate must be the host's; `none`: readable on its way.",
    )
    table: Word | None = Field(None, description="Table or view, with its schema where it has one: `mc.ho_so`.")
    query: Word | None = Field(None, description="One SELECT instead of a table.")
    key: Words = Field(min_length=1, description="Columns that tell rows apart: rows are sorted by them.")
    incremental: SqlIncremental | None = Field(None, description="Only rows that changed since the last delivery.")
    sent: Word | None = Field(
        None,
        description="Column of the moment a row was written or closed; the latest one is when the rows were sent. "
        "Default, and where it is empty: the moment of asking.",
    )
    limits: Limits = Field(USUAL_LIMITS, description="What one fetch may take.")

    _url_names_no_password = field_validator("url")(_no_password)

    @field_validator("password")
    @classmethod
    def _named(cls, password: str | None) -> str | None:
        return password and _secret(password)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("write either table: or query:")
        return self

    @property
    def place(self) -> str:
        """Where it leads, for lists."""
        return f"{self.url} {self.table or 'query'}"


class Mailbox(Strict):
    """A mailbox; each attachment that fits is a delivery. Nothing in it is changed, not even what was read."""

    kind: Literal["imap"] = Field(description="A mailbox.")
    url: Word = Field(description="`imaps://host` or `imap://host:143`.")
    user: Word = Field(description="Name of the account.")
    password: Word = Field(description="`${env:NAME}`.")
    tls: Literal["verify", "none"] = Field(
        "verify", description="With `imap://`: `verify` goes on encrypted or not at all; `none`: readable on its way."
    )
    folder: Word = Field("INBOX", description="Folder of the mailbox.")
    senders: Words = Field(
        min_length=1, description="Addresses whose mail counts, `*@anthi.example.org` for all of a domain."
    )
    glob: Word = Field("*", description="Which attachments belong to the feed, e.g. `*.xlsx`.")
    since_days: int = Field(400, ge=1, description="Mail that came longer ago is not looked at.")
    limits: MailLimits = Field(MailLimits.model_validate({}), description="What one attachment may take.")

    _named = field_validator("password")(_secret)

    @field_validator("url")
    @classmethod
    def _is_imap(cls, url: str) -> str:
        if not re.match(r"imaps?://", url, re.IGNORECASE):
            raise ValueError("is no mailbox; write imaps://host")
        return _no_password(url)

    @property
    def place(self) -> str:
        """Where it leads, for lists."""
        return f"{self.url}/{self.folder}"


Connector = Annotated[Files | Rest | Sql | Mailbox, Field(discriminator="kind")]

LANDED_AS = {"rest": "ndjson", "sql": "parquet"}
"""Kinds of connector that make their own files, and the format of these."""

WINDOW_NAME = r"[a-z0-9_]+\.(?P<period>\d{4}(?:-(?:Q\d|H\d|9M|\d\d)|\.\.\d{4})?)\.ndjson"
"""How a delivery of one period is called."""
