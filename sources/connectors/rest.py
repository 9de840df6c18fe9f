"""A JSON interface asked page by page; one fetch becomes one delivery of one record a line, or fails as a whole."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx

from expectations.contracts.model import contract as contract_of
from expectations.contracts.periods import CALENDAR, Period, PeriodError
from expectations.contracts.private_files import new_private_file
from expectations.contracts.times import now
from sources.connectors.environment import expand_secrets
from sources.connectors.fetching import CLOSED, Allowance, Change, Course, Former, moment_of_sending, question_of
from sources.connectors.http import Answer, Door, opened
from sources.errors import AnswerError, AnswerIncompleteError, SecretMissingError
from sources.feeds.connectors import (
    CursorPaging,
    LinkPaging,
    NextPaging,
    OAuth2,
    OffsetPaging,
    PagePaging,
    Rest,
)
from sources.fields import at, field_names
from sources.offers import Offer
from sources.places import masked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from pathlib import Path

    from sources.feeds import Feed
    from sources.places import Places

EARLIEST_BEGIN = timedelta(days=31)
"""By so much a regime's window may begin before the calendar's."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its records as they stand there, the total it names, and the document around them."""

    records: list[dict[str, Any]]
    total: int | None
    document: Any
    answer: Answer


@dataclass(slots=True)
class Gathered:
    """The records of one fetch, in canonical lines: by key where the feed names one, else in the order they came."""

    by_key: dict[tuple[str, ...], str] = field(default_factory=dict)
    in_order: list[str] = field(default_factory=list)
    came: int = 0
    """Records received, repeated ones too."""
    pages: list[dict[str, Any]] = field(default_factory=list)
    sent: datetime | None = None
    """When the source closed what it gave, where it says so."""

    @property
    def count(self) -> int:
        """Different records."""
        return len(self.by_key) or len(self.in_order)


class RestSource:
    """A JSON interface as `sources.feeds.connectors.Rest` describes it. Raises the errors of `sources.errors` only.

    A secret that is missing is said when it is needed: a feed that has ended, and whose periods are all closed and
    landed, asks nothing any more.
    """

    def __init__(self, feed: Feed, home: Path, places: Places) -> None:
        assert isinstance(feed.connector, Rest)  # noqa: S101 - said by the caller
        self._feed, self._connector = feed, feed.connector
        self._said = masked(feed.connector.url.partition("?")[0])
        self._places = places
        asked = ("url", "send", "params", "headers", "records", "paging", "key", "window", "incremental")
        self.question = question_of(feed.connector, *asked)
        self._home = home
        with suppress(SecretMissingError):  # said when it is asked
            check_rest(feed.connector, home, places)

    def offers(self) -> list[Offer]:
        """One offer, or one a period where the feed has a window; a period that has closed is asked for once more."""
        name, window = self._feed.feed_key, self._connector.window
        if window is None:
            return [Offer(self._said, f"{name}.ndjson", None, None, None)]
        found = []
        for period, (_, last) in self._windows():
            closes = last + timedelta(days=window.again_days)
            token = f"{CLOSED} {closes}" if closes < now().date() else None
            found.append(Offer(f"{self._said}#{period}", f"{name}.{period}.ndjson", None, None, token))
        return found

    def fetch(self, offer: Offer, target: Path, former: Former | None) -> dict[str, Any]:
        """All records that stand at the offer now, into `target`; see `sources.connectors.fetching.Fetcher`."""
        check_rest(self._connector, self._home, self._places)
        asked, change = dict(expand_secrets(self._connector.params)), None
        asked |= self._days(offer)
        rules = self._connector.incremental
        if rules and rules.by:
            change = Change(self._said, rules.by, rules.format, rules.overlap)
        course = Course.of(self.question, former, rules, change)
        if rules and course.since is not None:
            asked[rules.param] = course.since
        allowance = Allowance(self._said, self._connector.limits)
        with opened(self._connector, self._said, self._places, allowance) as door:
            gathered, last = self._gather(door, asked, allowance, change)
        reached = course.reached
        if change:  # what a record says of itself counts; a token of the source as it is
            reached = change.reached(reached)
        elif rules:
            reached = self._sent_back(at(last.document, rules.cursor), len(gathered.pages)) or reached
        lines = self._lines(gathered, course.former, allowance)
        # half of a surrogate pair is no UTF-8; escaped it stays the JSON that came
        with new_private_file(target, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            stream.writelines(f"{line}\n" for line in lines)
        return course.told(records=len(lines), reached=reached, sent=gathered.sent, pages=gathered.pages)

    def try_first_page(self) -> tuple[int, list[str]]:
        """Ask for the first page only; how many records it has, and their headers. Raises SourceError."""
        check_rest(self._connector, self._home, self._places)
        asked = dict(expand_secrets(self._connector.params))
        if self._connector.window:
            asked |= self._days(self.offers()[-1]) if self.offers() else {}
        allowance = Allowance(self._said, self._connector.limits)
        with opened(self._connector, self._said, self._places, allowance) as door:
            records = self._page(door.ask(None, {**asked, **self._first()}), 1).records
        return len(records), field_names(records)

    # --- asking ----------------------------------------------------------------------------------------------------

    def _windows(self) -> list[tuple[Period, tuple[date, date]]]:
        """The periods to ask for, with their days: those that have ended; the running one where the feed wants it."""
        active, window = self._feed.active, self._connector.window
        if active is None or window is None:
            return []
        regime = self._feed.period.regime or contract_of(self._feed.dataset).service_level.regime
        today = now().date()
        until = Period.parse(active.last).window(CALENDAR)[0] if active.last else today + EARLIEST_BEGIN
        found, period = [], Period.parse(active.first)
        while period.window(CALENDAR)[0] <= until:
            try:
                days = period.window(regime)
            except PeriodError:  # no circular of the regime was in force
                days = None
            if days and (days[0] <= today if window.running else days[1] < today):
                found.append((period, days))
            period = period.following()
        return found

    def _days(self, offer: Offer) -> dict[str, str]:
        window = self._connector.window
        if window is None:
            return {}
        wanted = offer.place.rpartition("#")[2]
        for period, (first, last) in self._windows():
            if str(period) == wanted:
                end = last + timedelta(days=1) if window.last_is == "excluded" else last
                return {window.first: first.strftime(window.format), window.last: end.strftime(window.format)}
        raise AnswerError(f"{self._said}: {wanted} is no period of the feed")

    def _gather(
        self, door: Door, asked: Mapping[str, Any], allowance: Allowance, change: Change | None
    ) -> tuple[Gathered, Page]:
        """Every page until the last. Raises AnswerIncompleteError unless it is sure that nothing is missing."""
        found, shown, total = Gathered(), dict[str, int](), None
        tokens: set[str] = set()
        address, more, before = None, self._first(), None
        while True:
            number = len(found.pages) + 1
            allowance.take(pages=1)
            before = door.ask(address, {} if address else {**asked, **more}, before)
            page = self._page(before, number)
            lines = [_line(record) for record in page.records]
            digest = hashlib.sha256("\n".join(lines).encode("utf-8", "backslashreplace")).hexdigest()
            if lines and digest in shown:
                raise AnswerError(
                    f"{self._said}: page {number} holds the same records as page {shown[digest]}: the source does not"
                    " heed connector.paging; correct its parameter, or leave it out when one page is all"
                )
            shown[digest] = number
            total = self._total(page, total, number)
            found.sent = self._sent(page, found.sent, number)
            self._take(found, page, lines, change)
            allowance.take(rows=len(lines))
            found.pages.append(
                {"page": number, "records": len(lines), "bytes": len(page.answer.body), "total": page.total}
            )
            following = self._following(page, found, total)
            if following is None:
                break
            address, more, token = following
            if token is not None and token in tokens:
                raise AnswerError(f"{self._said}: page {number} leads back to a page that came before")
            if token is not None:
                tokens.add(token)
        if total is not None and found.count != total:
            raise AnswerIncompleteError(
                f"{self._said}: the source speaks of {total} records and gave {found.count}; nothing was landed, it"
                " will be tried again"
            )
        return found, page

    def _first(self) -> dict[str, Any]:
        paging = self._connector.paging
        if isinstance(paging, PagePaging | OffsetPaging):
            begin = paging.first if isinstance(paging, PagePaging) else 0
            return {paging.param: begin, **({paging.size_param: paging.size} if paging.size_param else {})}
        return {}

    def _following(
        self, page: Page, found: Gathered, total: int | None
    ) -> tuple[str | None, dict[str, Any], str | None] | None:
        """The page after this one: its address or its parameters, and what tells it apart; None after the last."""
        paging = self._connector.paging
        if isinstance(paging, PagePaging | OffsetPaging):
            if not page.records or (total is not None and found.count >= total):
                return None
            at_ = paging.first + len(found.pages) if isinstance(paging, PagePaging) else found.came
            return None, {**self._first(), paging.param: at_}, None
        if isinstance(paging, CursorPaging):
            token = self._sent_back(at(page.document, paging.path), len(found.pages))
            return None if token is None else (None, {paging.param: token}, token)
        if isinstance(paging, NextPaging):
            token = self._sent_back(at(page.document, paging.path), len(found.pages))
        elif isinstance(paging, LinkPaging):
            token = _next_link(page.answer.headers)
        else:
            return None
        if token is None:
            return None
        return token, {}, token

    def _sent_back(self, value: Any, number: int) -> str | None:
        """What a page says to ask with next. Raises AnswerError where no question can hold it."""
        token = _text(value)
        try:
            (token or "").encode()
        except UnicodeEncodeError:  # JSON may escape half of a surrogate pair
            raise AnswerError(
                f"{self._said}: page {number} says how to go on with what is no text ({token!a}); tell whoever keeps"
                " the source"
            ) from None
        return token

    # --- reading what came -----------------------------------------------------------------------------------------

    def _page(self, answer: Answer, number: int) -> Page:
        document = self._document(answer.body, number)
        records = at(document, self._connector.records)
        path = self._connector.records or "the page itself"
        if records is None and number > 1:
            records = []
        if not isinstance(records, list):
            raise AnswerError(
                f"{self._said}: page {number} has no list of records at {path}; correct connector.records"
            )
        if not all(isinstance(record, dict) for record in records):
            raise AnswerError(f"{self._said}: page {number} holds a record that is no JSON object at {path}")
        return Page(records, self._number(document, number), document, answer)

    def _document(self, body: bytes, number: int) -> Any:
        if not body.strip():
            return None
        if body.lstrip()[:1] == b"<":
            raise AnswerError(
                f"{self._said}: page {number} is a web page instead of JSON, perhaps one to log in; check url and auth"
            )
        try:
            return json.loads(
                body.decode("utf-8-sig"),
                object_pairs_hook=_without_repeats,
                parse_constant=_no_constant,
                parse_float=_finite,
            )
        except _RepeatedNameError as wrong:
            raise AnswerError(f"{self._said}: page {number} has a record with '{wrong}' twice") from None
        except (ValueError, RecursionError):
            raise AnswerIncompleteError(
                f"{self._said}: page {number} is no whole JSON document ({len(body)} bytes): cut short, or no UTF-8"
            ) from None

    def _number(self, document: Any, number: int) -> int | None:
        path = self._connector.total
        if path is None:
            return None
        said = at(document, path)
        if isinstance(said, str) and said.strip().isdecimal() and len(said) < 19:
            said = int(said)
        if isinstance(said, int) and not isinstance(said, bool):
            return said
        if number > 1:  # some name it on the first page only
            return None
        raise AnswerError(f"{self._said}: page {number} names no total at {path}; correct connector.total")

    def _total(self, page: Page, before: int | None, number: int) -> int | None:
        if page.total is None:
            return before
        if before is not None and page.total < before:
            raise AnswerIncompleteError(
                f"{self._said}: the total shrank from {before} to {page.total} at page {number}: the source changed"
                " while it was asked; nothing was landed, it will be tried again"
            )
        return page.total

    def _sent(self, page: Page, before: datetime | None, number: int) -> datetime | None:
        """When the source closed what it gives, the same on every page that says it."""
        path = self._connector.sent
        if path is None:
            return None
        parent, _, name = path.rpartition(".")
        holder = at(page.document, parent or None)
        if not isinstance(holder, dict) or name not in holder:
            if number > 1:  # some name it on the first page only
                return before
            raise AnswerError(f"{self._said}: page {number} names no moment at {path}; correct connector.sent")
        found = moment_of_sending(self._said, path, holder[name])
        if number > 1 and found != before:
            raise AnswerIncompleteError(
                f"{self._said}: the moment at {path} is another on page {number}: the source was closed anew while it"
                " was asked; nothing was landed, it will be tried again"
            )
        return found

    def _take(self, found: Gathered, page: Page, lines: list[str], change: Change | None) -> None:
        rules, identity = self._connector.incremental, self._connector.identity
        moved = isinstance(self._connector.paging, PagePaging | OffsetPaging) and not identity
        if moved and lines and found.in_order and lines[0] == found.in_order[-1]:
            raise AnswerIncompleteError(
                f"{self._said}: page {len(found.pages) + 1} begins with the last record of the one before: the source"
                " changed while it was asked; name connector.key, or try again"
            )
        for record, line in zip(page.records, lines, strict=True):
            if change and rules and rules.by:
                change.see(at(record, rules.by))
            if identity:
                found.by_key[self._key(record)] = line
            else:
                found.in_order.append(line)
        found.came += len(lines)

    def _key(self, record: dict[str, Any]) -> tuple[str, ...]:
        parts = tuple(_text(at(record, path)) or "" for path in self._connector.identity)
        if not all(parts):
            raise AnswerError(
                f"{self._said}: a record has no {' + '.join(self._connector.identity)}; correct key, or ask the source"
            )
        return parts

    def _lines(self, gathered: Gathered, former: Former | None, allowance: Allowance) -> list[str]:
        """The lines of the delivery: those of the one before under the keys that did not come again, and the new."""
        if not self._connector.identity:
            return gathered.in_order
        merged = dict(gathered.by_key)
        if former:
            with former.path.open(encoding="utf-8") as stream:
                for line in stream:
                    key = self._key(json.loads(line))
                    if key not in gathered.by_key:
                        allowance.take(rows=1, size=len(line.encode()))
                        merged[key] = line.rstrip("\n")
        return [merged[key] for key in sorted(merged)]


def check_rest(connector: Rest, home: Path, places: Places) -> None:
    """Raises PlaceRefusedError, SecretMissingError: where the home may not go, what the environment lacks."""
    addresses = [connector.url]
    if isinstance(connector.auth, OAuth2):
        addresses.append(connector.auth.token_url)
    for address in addresses:
        places.check(address.partition("?")[0], str(expand_secrets(address)), {}, home)
    expand_secrets(connector.model_dump())


class _RepeatedNameError(ValueError):
    """A JSON object has a name twice: one of the two values would be lost."""


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedNameError(next(name for name in names if names.count(name) > 1))
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is no number")
    return value


def _line(record: dict[str, Any]) -> str:
    """A record in its canonical form: names sorted, no spaces. Equal records make equal lines."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _text(value: Any) -> str | None:
    if value is None or value == "" or isinstance(value, bool | dict | list):
        return None
    return str(value)


def _next_link(headers: httpx.Headers) -> str | None:
    found = httpx.Response(200, headers={"Link": headers.get("Link", "")}).links.get("next", {})
    return found.get("url")
