"""What connectors share that fetch records instead of files: the delivery before, the moment of change, the limits."""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from expectations.contracts.times import TIME_ZONE, now
from sources.errors import AnswerError, FetchLimitError

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

    from sources.feeds.connectors import Incremental, Limits, SqlIncremental
    from sources.offers import Offer

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_COMPACT = "%Y%m%d%H%M%S"

CLOSED = "closed"
"""Token, with the day it closed, of an offer that is not asked for again once it was after that day."""
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Former:
    """The latest delivery of an offer: its bytes, and what its note tells of the fetch (`state`: where to go on)."""

    delivery_id: str
    path: Path
    state: dict[str, Any]


class Fetcher(Protocol):
    """A connector whose deliveries are made here."""

    question: str
    """What is asked for, as `question_of` says; `state` of each delivery holds the one it answers."""

    def offers(self) -> list[Offer]:
        """What can be fetched. Raises SourceError."""

    def fetch(self, offer: Offer, target: Path, former: Former | None) -> dict[str, Any]:
        """Write everything that stands there now into `target`; what the note tells of it, `state` among it.

        The same records make the same bytes. Without `former` everything is asked for. `sent` is there when the
        source says when it closed what it gave. Raises SourceError; then nothing has landed.
        """

    def try_first_page(self) -> tuple[int, list[str]]:
        """Ask for the first records only; how many came, and their headers. Raises SourceError."""


@dataclass
class Allowance:
    """What is left of the limits of one fetch."""

    said: str
    limits: Limits
    began: float = field(default_factory=time.monotonic)
    rows: int = 0
    pages: int = 0
    size: int = 0

    @property
    def seconds_left(self) -> float:
        """Of the time for everything."""
        return self.limits.seconds - (time.monotonic() - self.began)

    def take(self, *, rows: int = 0, pages: int = 0, size: int = 0) -> None:
        """Count. Raises FetchLimitError when it is too much, or took too long."""
        self.rows += rows
        self.pages += pages
        self.size += size
        for taken, most, key in (
            (self.rows, self.limits.rows, "rows"),
            (self.pages, self.limits.pages, "pages"),
            (self.size / MIB, self.limits.mib, "mib"),
            (time.monotonic() - self.began, self.limits.seconds, "seconds"),
        ):
            if taken > most:
                raise FetchLimitError(
                    f"{self.said}: the fetch took more than {most:g} {key}; nothing was landed. Ask for less (a window,"
                    f" incremental), or raise connector.limits.{key}"
                )


class Change:
    """The moments of change of records, read as a feed writes them: `format` (strftime), `number`, or ISO 8601."""

    def __init__(self, said: str, by: str, written: str | None, overlap: float) -> None:
        self._said, self._by, self._format, self._overlap = said, by, written, overlap
        self._latest: datetime | float | None = None
        self._gap = "T"

    def see(self, value: Any) -> None:
        """Take one record's moment. Raises AnswerError for one that is none; a missing one tells nothing."""
        if value is None or value == "":
            return
        read = self._read(value)
        if self._latest is None or read > self._latest:  # type: ignore[operator]
            self._latest = read

    def reached(self, before: str | None) -> str | None:
        """How far the fetch came, never back behind `before`.

        A moment in the future (a wrong clock, a wrong year) does not count further than the present: else all that
        changes until then would never be asked for.
        """
        if before is not None:
            self.see(before)
        if isinstance(self._latest, datetime):
            present = datetime.now(TIME_ZONE) if self._latest.tzinfo else now()
            return self._written(min(self._latest, present))
        return None if self._latest is None else self._written(self._latest)

    def since(self, reached: str) -> str:
        """From where to ask: a little before what was reached."""
        read = self._read(reached)
        if isinstance(read, datetime):
            return self._written(read - timedelta(seconds=self._overlap))
        back = int(self._overlap) if isinstance(read, int) and self._overlap.is_integer() else self._overlap
        return self._written(read - back)

    def _read(self, value: Any) -> datetime | float:
        try:
            if self._format == "number" or (self._format is None and _NUMBER.fullmatch(str(value))):
                return int(value) if str(value).lstrip("-").isdecimal() else float(value)
            if isinstance(value, datetime | int | float):
                return value
            if self._format:
                return datetime.strptime(str(value), self._format)  # noqa: DTZ007 - as the source writes it
            text = str(value)
            if (
                text[10:11] == " "
            ):  # texts are compared as texts by some databases: what is sent looks as what stands there
                self._gap = " "
            return datetime.fromisoformat(text)
        except ValueError:
            how = self._format or "ISO 8601"
            raise AnswerError(
                f"{self._said}: '{self._by}' holds a value that is not written as {how}; correct incremental"
            ) from None

    def _written(self, value: datetime | float) -> str:
        if not isinstance(value, datetime):
            return str(value)
        return value.strftime(self._format) if self._format else value.isoformat(self._gap)


@dataclass(frozen=True, slots=True)
class Course:
    """How a fetch goes: on from the delivery before (`former`) with what changed `since`, or with everything."""

    question: str
    began: datetime
    former: Former | None = None
    reached: str | None = None
    since: str | None = None

    @classmethod
    def of(
        cls, question: str, former: Former | None, rules: Incremental | SqlIncremental | None, change: Change | None
    ) -> Course:
        """On from the delivery before, if there is one that answers the same question and says how far it came.

        Now and then everything is asked for even so. Raises AnswerError for a moment that cannot be read.
        """
        began = now()
        if rules is None or former is None or former.state.get("question") != question:
            return cls(question, began)
        whole_at, reached = former.state.get("whole_at"), former.state.get("reached")
        if reached is None or whole_at is None:
            return cls(question, began)
        if began - datetime.fromisoformat(whole_at) >= timedelta(days=rules.whole_every_days):
            return cls(question, began)
        return cls(question, began, former, reached, change.since(reached) if change else reached)

    def told(self, *, records: int, reached: str | None, sent: datetime | None = None, **beside: Any) -> dict[str, Any]:
        """What the note of the delivery tells of the fetch; its `state` says where the next one goes on.

        `sent` is the moment of sending by the source's own word.
        """
        whole_at = self.former.state["whole_at"] if self.former else self.began.isoformat()
        return {
            "state": {
                "question": self.question,
                "asked_at": self.began.isoformat(),
                "reached": reached,
                "whole_at": whole_at,
            },
            "records": records,
            "since": self.since,
            **({"sent": sent.isoformat()} if sent else {}),
            "merged_with": self.former.delivery_id if self.former else None,
            **beside,
        }


def moment_of_sending(said: str, where: str, value: Any) -> datetime | None:
    """The moment a source says its answer was closed, in local time; None where it says none. Raises AnswerError."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, datetime):
            found = value
        elif isinstance(value, date):
            found = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - local time, as everywhere
        else:
            text = str(value).strip()
            found = datetime.strptime(text, _COMPACT) if len(text) == 14 else datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError:
        raise AnswerError(
            f"{said}: '{where}' holds a value that is no moment; it wants ISO 8601 or yyyyMMddHHmmss: correct"
            " connector.sent"
        ) from None
    return found.astimezone(TIME_ZONE).replace(tzinfo=None) if found.tzinfo else found


def question_of(connector: BaseModel, *parts: str) -> str:
    """A hash of what a connector asks for: with another question, what came to the one before is no part of the answer.

    `parts` are the entries that make the question; how patiently and as whom it is asked are none of them.
    """
    told = connector.model_dump(mode="json", include=set(parts))
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
