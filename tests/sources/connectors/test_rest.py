"""REST: every way of paging and of saying who one is, every fault; a fetch is whole, or nothing lands."""

# ruff: noqa: PLR0917 (fixtures and parameters)
from __future__ import annotations

import gzip
import json
import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from expectations.contracts.times import now
from sources import errors
from sources.connectors import http
from sources.landing import Landing, landed, landed_path, sidecar_path
from sources.places import Places
from tests.sources.connectors.interfaces import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from expectations.contracts.deliveries import Delivery
    from sources.feeds import Feed
    from tests.sources.connectors.interfaces import Asked, Interface

PAGES = "records: data.items\ntotal: data.total\npaging: {kind: page, size_param: size, size: 2}\n"
OFFSETS = "records: data.items\npaging: {kind: offset, size_param: size, size: 2}\n"


def rows(*codes: str, changed: str = "2024-01-01T08:00:00") -> list[dict[str, Any]]:
    return [{"code": code, "status": "1", "changed": changed} for code in codes]


@pytest.fixture
def pull(tmp_path: Path, interface: Interface) -> Callable[..., list[Delivery]]:
    """Land everything a feed offers that is not known, as a run does."""

    def act(feed: Feed, *, anew: bool = False) -> list[Delivery]:
        landing = Landing(feed, tmp_path / "home", interface.places, anew=anew)
        return [landing.land(offer) for offer in landing.offers() if not landing.is_known(offer)]

    return act


def codes(tmp_path: Path, delivery: Delivery) -> list[str]:
    lines = landed_path(tmp_path / "home", delivery.sha256).read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["code"] for line in lines]


def note(tmp_path: Path, delivery: Delivery) -> dict[str, Any]:
    path = sidecar_path(tmp_path / "home", delivery.sha256, delivery.delivery_id)
    return json.loads(path.read_text(encoding="utf-8"))["fetched"]


# --- paging ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("connector", [PAGES, OFFSETS, OFFSETS + "total: data.total\nkey: code\n", PAGES + "key: code"])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_pages_and_offsets_are_read_to_the_end(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path, connector: str, count: int
) -> None:
    interface.records = rows(*(f"h{number}" for number in range(count)))
    [delivery] = pull(rest_feed(connector))
    assert codes(tmp_path, delivery) == [f"h{number}" for number in range(count)]
    assert sum(page["records"] for page in note(tmp_path, delivery)["pages"]) == count


@pytest.mark.parametrize("connector", [PAGES, OFFSETS])
def test_a_server_that_caps_its_pages_is_asked_for_the_rest(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path, connector: str
) -> None:
    interface.records = rows(*(f"h{number}" for number in range(7)))
    capped = interface.answer

    def answer(asked: Asked) -> Any:
        asked.query["size"] = "3"  # whatever was asked for
        assert capped is not None
        return capped(asked)

    interface.answer = answer
    [delivery] = pull(rest_feed(connector.replace("size: 2", "size: 500")))
    assert len(codes(tmp_path, delivery)) == 7


def test_a_cursor_leads_from_page_to_page(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    pages = {"": ("a", "x1"), "x1": ("b", "x2"), "x2": ("c", None)}

    def answer(asked: Asked) -> Any:
        code, following = pages[asked.query.get("after", "")]
        return {"items": rows(code), "meta": {"next": following}}

    interface.answer = answer
    [delivery] = pull(rest_feed("records: items\npaging: {kind: cursor, param: after, from: meta.next}"))
    assert codes(tmp_path, delivery) == ["a", "b", "c"]


@pytest.mark.parametrize("kind", ["next", "link"])
@pytest.mark.parametrize("is_relative", [True, False])
def test_the_address_of_the_next_page_is_followed(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path, kind: str, is_relative: bool
) -> None:
    def answer(asked: Asked) -> Any:
        number = int(asked.query.get("p", 1))
        address = f"/hoso?p={number + 1}&of=3" if number < 3 else None
        if address and not is_relative:
            address = interface.url + address
        document = {"items": rows(f"h{number}"), "links": {"next": address if kind == "next" else None}}
        headers = {"Link": f'<{address}>; rel="next", </hoso>; rel="first"'} if address and kind == "link" else {}
        return 200, headers, json.dumps(document).encode()

    interface.answer = answer
    paging = "{kind: next, from: links.next}" if kind == "next" else "{kind: link}"
    [delivery] = pull(rest_feed(f"records: items\npaging: {paging}\nparams: {{unit: '329'}}"))
    assert codes(tmp_path, delivery) == ["h1", "h2", "h3"]
    assert [asked.query for asked in interface.asked] == [{"unit": "329"}, {"p": "2", "of": "3"}, {"p": "3", "of": "3"}]


def test_a_page_of_another_server_gets_no_credentials(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any
) -> None:
    interface.answer = lambda _: {"items": rows("a"), "next": "https://elsewhere.example.org/hoso?p=2"}
    with pytest.raises(errors.AnswerError, match=r"leads on to https://elsewhere\.example\.org, another server"):
        pull(rest_feed("records: items\npaging: {kind: next, from: next}"))


# --- whole or nothing -----------------------------------------------------------------------------------------------


def nothing_landed(tmp_path: Path) -> bool:
    files = [path for path in (tmp_path / "home" / "landing").rglob("*") if path.is_file()]
    return not files and not list(landed(tmp_path / "home"))


def refused(tmp_path: Path, pull: Any, feed: Feed, kind: type[errors.SourceError], text: str) -> None:
    with pytest.raises(kind, match=text):
        pull(feed)
    assert nothing_landed(tmp_path)


def test_a_page_that_repeats_is_no_short_load(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    interface.answer = lambda _: {"data": {"items": rows("a", "b")}}  # whatever page is asked for
    refused(tmp_path, pull, rest_feed(OFFSETS), errors.AnswerError, "page 2 holds the same records as page 1")


def test_a_cursor_that_leads_back_is_found(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    def answer(_: Asked) -> Any:
        return {"items": rows(f"h{len(interface.asked)}"), "next": "same"}

    interface.answer = answer
    feed = rest_feed("records: items\npaging: {kind: cursor, param: after, from: next}")
    refused(tmp_path, pull, feed, errors.AnswerError, "leads back to a page that came before")


@pytest.mark.parametrize(
    "connector",
    [
        "records: items\npaging: {kind: cursor, param: after, from: next}",
        "records: items\npaging: {kind: next, from: next}",
        "records: items\nincremental: {key: code, cursor: next, param: sync}",
    ],
)
def test_what_no_question_can_hold_is_said(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path, connector: str
) -> None:
    """JSON may escape half of a surrogate pair, which is no text that could be sent back."""
    interface.answer = lambda _: (200, {}, b'{"items": [{"code": "a"}], "next": "x\\ud800"}')
    text = r"page 1 says how to go on with what is no text \('x\\ud800'\)"
    refused(tmp_path, pull, rest_feed(connector), errors.AnswerError, text)


@pytest.mark.parametrize(("totals", "text"), [([5, 4], "shrank from 5 to 4"), ([9, 9, 9], "speaks of 9 records")])
def test_a_total_that_shrinks_or_is_not_reached_lands_nothing(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path, totals: list[int], text: str
) -> None:
    interface.records = rows("a", "b", "c", "d")
    usual = interface.answer

    def answer(asked: Asked) -> Any:
        assert usual is not None
        found = usual(asked)
        found["data"]["total"] = totals[len(interface.asked) - 1]
        return found

    interface.answer = answer
    refused(tmp_path, pull, rest_feed(PAGES), errors.AnswerIncompleteError, text)


def test_one_page_of_many_is_no_whole(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    interface.records = rows("a", "b", "c")
    feed = rest_feed("records: data.items\ntotal: data.total")
    refused(tmp_path, pull, feed, errors.AnswerIncompleteError, "speaks of 3 records and gave 2")


def test_rows_that_move_while_they_are_asked_for_are_found(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    """Newest first: a dossier filed between two pages pushes one back, so that it comes twice and the new one never."""
    interface.records = rows("d", "c", "b", "a")
    usual = interface.answer

    def answer(asked: Asked) -> Any:
        if len(interface.asked) == 2:
            interface.records = rows("e", "d", "c", "b", "a")
        assert usual is not None
        return usual(asked)

    interface.answer = answer
    for connector, text in (
        (PAGES + "key: code", "speaks of 5 records and gave 4"),
        (OFFSETS, "begins with the last record of the one before"),
    ):
        interface.asked.clear()
        interface.records = rows("d", "c", "b", "a")
        refused(tmp_path, pull, rest_feed(connector), errors.AnswerIncompleteError, text)


def test_a_page_cut_short_is_asked_for_again(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    interface.records = rows("a", "b", "c")
    interface.faults = ["cut", "drop"]
    [delivery] = pull(rest_feed(PAGES))
    assert codes(tmp_path, delivery) == ["a", "b", "c"]
    assert len(interface.asked) == 4


BAD_BODIES = {
    "cut": (b'{"data": {"items": [{"code": "a"', errors.AnswerIncompleteError, "is no whole JSON document"),
    "page of a login": (b"<html>login</html>", errors.AnswerError, "is a web page instead of JSON"),
    "error envelope": (b'{"error": "-1"}', errors.AnswerError, "has no list of records at data.items"),
    "nothing": (b"", errors.AnswerError, "has no list of records"),
    "no objects": (b'{"data": {"items": [1], "total": 1}}', errors.AnswerError, "no JSON object"),
    "no total": (b'{"data": {"items": []}}', errors.AnswerError, "names no total at data.total"),
    "a name twice": (b'{"data": {"items": [{"a": 1, "a": 2}], "total": 1}}', errors.AnswerError, "with 'a' twice"),
    "NaN": (b'{"data": {"items": [{"a": NaN}], "total": 1}}', errors.AnswerIncompleteError, "no whole JSON"),
    "1e999": (b'{"data": {"items": [{"a": 1e999}], "total": 1}}', errors.AnswerIncompleteError, "no whole JSON"),
    "no UTF-8": (b'{"data": "\xff"}', errors.AnswerIncompleteError, "or no UTF-8"),
    "deep": (b"[" * 200_000, errors.AnswerIncompleteError, "no whole JSON"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_what_is_no_page_is_said(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path, name: str
) -> None:
    body, kind, text = BAD_BODIES[name]
    interface.answer = lambda _: (200, {}, body)
    refused(tmp_path, pull, rest_feed(PAGES), kind, text)


def test_a_record_without_its_key_is_refused(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    interface.records = [{"code": None, "status": "1"}]
    refused(tmp_path, pull, rest_feed(PAGES + "key: code"), errors.AnswerError, "a record has no code")


LIMITS = {
    "rows": ("{rows: 3}", "more than 3 rows"),
    "pages": ("{pages: 1}", "more than 1 pages"),
    "mib": ("{mib: 0.0001}", r"more than 0\.0001 mib"),
    "page": ("{page_mib: 0.0001}", r"a page has more than 0\.0001 MiB"),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits_end_a_fetch_and_land_nothing(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path, name: str
) -> None:
    limits, text = LIMITS[name]
    interface.records = rows("a", "b", "c", "d")
    refused(tmp_path, pull, rest_feed(f"{PAGES}limits: {limits}"), errors.FetchLimitError, text)


def test_a_small_answer_that_unpacks_to_much_is_stopped(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    bomb = gzip.compress(b"[" + b" " * (64 << 20) + b"]")
    interface.answer = lambda _: (200, {"Content-Encoding": "gzip"}, bomb)
    feed = rest_feed(PAGES + "limits: {page_mib: 8}")
    refused(tmp_path, pull, feed, errors.FetchLimitError, "a page has more than 8 MiB")


# --- patience -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path, status: int
) -> None:
    interface.records = rows("a")
    interface.faults = [(status, {}, b""), (status, {"Retry-After": "0"}, b"")]
    [delivery] = pull(rest_feed(PAGES))
    assert codes(tmp_path, delivery) == ["a"]
    assert len(interface.asked) == 3


def test_as_long_as_the_server_says(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(http.time, "sleep", slept.append)
    interface.records = rows("a")
    moment = datetime.now(UTC).replace(microsecond=0)
    monkeypatch.setattr(http, "datetime", type("Stopped", (datetime,), {"now": staticmethod(lambda _: moment)}))
    date = format_datetime(moment + timedelta(seconds=90), usegmt=True)
    interface.faults = [(429, {"Retry-After": "7"}, b""), (503, {"Retry-After": date}, b"")]
    pull(rest_feed(PAGES))
    assert slept == [7, 90]


def test_a_wait_beyond_the_time_of_the_fetch_ends_it(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    interface.faults = [(429, {"Retry-After": "3600"}, b"")]
    feed = rest_feed(PAGES + "limits: {seconds: 60}")
    refused(tmp_path, pull, feed, errors.ConnectorUnreachableError, "waiting 3600 s would take longer")


def test_patience_ends(interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path) -> None:
    interface.faults = [(503, {}, b"")] * 20
    refused(tmp_path, pull, rest_feed(PAGES), errors.ConnectorUnreachableError, "answers 503; it will be tried again")
    assert len(interface.asked) == http.ATTEMPTS


@pytest.mark.parametrize(("status", "kind"), [(404, errors.AnswerError), (400, errors.AnswerError)])
def test_a_no_is_not_tried_again(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path, status: int, kind: Any
) -> None:
    interface.answer = lambda _: (status, {}, b"secret details")
    refused(tmp_path, pull, rest_feed(PAGES), kind, f"answers {status}; check connector.url and params$")
    assert len(interface.asked) == 1


def test_redirects_stay_at_the_server(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    interface.records = rows("a")
    interface.faults = [(307, {"Location": "/moved?size=2&page=1"}, b"")]
    [delivery] = pull(rest_feed(PAGES))
    assert codes(tmp_path, delivery) == ["a"]
    assert interface.asked[1].path == "/moved"
    for place in ("http://10.0.0.1/", "https://127.0.0.1/", "http://169.254.169.254/latest/"):
        interface.faults = [(302, {"Location": place}, b"")]
        with pytest.raises(errors.AnswerError, match="another server"):
            pull(rest_feed(PAGES))
    interface.answer = lambda _: (302, {"Location": "/hoso"}, b"")
    with pytest.raises(errors.AnswerError, match="redirects in a circle"):
        pull(rest_feed(PAGES))


@pytest.mark.parametrize("send", ["form", "json"])
@pytest.mark.parametrize("status", [303, 307, 308])
def test_a_redirected_post_is_asked_again_whole_or_its_answer_is_fetched(
    interface: Interface,
    rest_feed: Callable[..., Feed],
    pull: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    send: str,
    status: int,
) -> None:
    monkeypatch.setenv("API_SECRET", "s3cret-value")
    interface.faults = [(status, {"Location": "/moved"}, b"")]
    interface.answer = lambda _: {"items": rows("a")}
    key = 'auth: {kind: api_key, name: apikey, value: "${env:API_SECRET}", in: query}'
    [delivery] = pull(
        rest_feed(f"send: {send}\nrecords: items\nparams: {{don_vi: '329'}}\nheaders: {{X-Tinh: HY}}\n{key}")
    )
    assert codes(tmp_path, delivery) == ["a"]
    first, second = interface.asked
    body = b"don_vi=329" if send == "form" else b'{"don_vi":"329"}'
    assert (first.method, first.body) == ("POST", body)
    assert (second.method, second.path, second.body) == (
        ("GET", "/moved", b"") if status == 303 else ("POST", "/moved", body)
    )
    assert [(one.headers["x-tinh"], one.query) for one in interface.asked] == [("HY", {"apikey": "s3cret-value"})] * 2


@pytest.mark.parametrize("status", [301, 302])
def test_a_redirect_that_would_lose_what_a_post_asks_is_refused(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path, status: int
) -> None:
    interface.faults = [(status, {"Location": "/hoso/"}, b"")]
    interface.answer = lambda _: {"items": rows("a")}  # of every unit
    feed = rest_feed("send: json\nrecords: items\nparams: {don_vi: '329'}")
    text = f"leads on to /hoso/ by {status}, on whose way the parameters of a POST are lost; correct connector.url"
    refused(tmp_path, pull, feed, errors.AnswerError, text)
    assert len(interface.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("send", ["query", "json"])
def test_no_redirect_takes_credentials_to_another_server(
    interface: Interface,
    rest_feed: Callable[..., Feed],
    pull: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    send: str,
) -> None:
    monkeypatch.setenv("API_SECRET", "s3cret-value")
    with serving() as other:
        interface.faults = [(status, {"Location": f"{other.url}/hoso"}, b"")]
        feed = rest_feed(f'send: {send}\nrecords: items\nauth: {{kind: bearer, token: "${{env:API_SECRET}}"}}')
        both = Places((), (*interface.places.hosts, *other.places.hosts))
        landing = Landing(feed, tmp_path / "home", both)
        with pytest.raises(errors.AnswerError, match="another server, which would get the credentials"):
            landing.land(landing.offers()[0])
        assert other.asked == []


# --- who asks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ('{kind: bearer, token: "${env:API_SECRET}"}', "authorization", "Bearer s3cret-value"),
        (
            '{kind: basic, user: tinh, password: "${env:API_SECRET}"}',
            "authorization",
            "Basic dGluaDpzM2NyZXQtdmFsdWU=",
        ),
        ('{kind: api_key, name: X-Api-Key, value: "${env:API_SECRET}"}', "x-api-key", "s3cret-value"),
        ('{kind: api_key, name: apikey, value: "${env:API_SECRET}", in: query}', None, "s3cret-value"),
    ],
)
def test_credentials_are_sent_with_every_page_and_never_told(
    interface: Interface,
    rest_feed: Callable[..., Feed],
    pull: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    auth: str,
    header: str | None,
    value: str,
) -> None:
    caplog.set_level(logging.INFO)
    feed = rest_feed(PAGES + f"auth: {auth}")
    with pytest.raises(errors.SecretMissingError, match="the environment has no API_SECRET"):
        pull(feed)
    monkeypatch.setenv("API_SECRET", "s3cret-value")
    interface.records = rows("a", "b", "c")
    [delivery] = pull(feed)
    assert [asked.headers[header] if header else asked.query["apikey"] for asked in interface.asked] == [value] * 2
    assert "s3cret" not in json.dumps(note(tmp_path, delivery)) + caplog.text
    interface.answer = lambda _: (401, {}, b"")
    with pytest.raises(errors.ConnectorRefusedError, match=r"answers 401; check connector\.auth"):
        pull(feed)


OAUTH = 'auth: {kind: oauth2, token_url: "URL/token", client_id: tinh33, client_secret: "${env:API_SECRET}"}'


def test_a_token_is_fetched_once_kept_and_renewed_when_it_is_refused(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_SECRET", "s3cret-value")
    tokens: list[str] = []
    usual = interface.answer

    def answer(asked: Asked) -> Any:
        if asked.path == "/token":
            assert asked.headers["authorization"] == "Basic dGluaDMzOnMzY3JldC12YWx1ZQ=="
            assert asked.body == b"grant_type=client_credentials"
            tokens.append(f"token-{len(tokens)}")
            return {"access_token": tokens[-1], "expires_in": 3600}
        if asked.headers.get("authorization") != f"Bearer {tokens[-1]}":
            return 401, {}, b""
        assert usual is not None
        return usual(asked)

    interface.answer = answer
    interface.records = rows("a", "b", "c")
    feed = rest_feed(PAGES + OAUTH.replace("URL", interface.url))
    [delivery] = pull(feed)
    pull(feed)
    assert tokens == ["token-0"]
    tokens.append("another one, which ours is not")
    pull(feed)
    assert len(tokens) == 3
    assert codes(tmp_path, delivery) == ["a", "b", "c"]
    interface.answer = lambda asked: {"error": "invalid_client"} if asked.path == "/token" else (401, {}, b"")
    with pytest.raises(errors.ConnectorRefusedError, match="gives no token"):
        pull(feed)


def test_only_listed_places_are_asked(
    interface: Interface, rest_feed: Callable[..., Feed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_SECRET", "s3cret-value")
    with pytest.raises(errors.PlaceRefusedError, match=r"api\.example\.org:443 is none of the hosts"):
        Landing(rest_feed(PAGES, url="https://api.example.org/hoso"), tmp_path / "home", interface.places)
    feed = rest_feed(PAGES + OAUTH.replace("URL", "https://login.example.org"))
    with pytest.raises(errors.PlaceRefusedError, match=r"login\.example\.org:443 is none of the hosts"):
        Landing(feed, tmp_path / "home", interface.places)
    assert interface.asked == []


# --- incremental ----------------------------------------------------------------------------------------------------

CHANGES = PAGES + "incremental: {key: code, by: changed, param: since, overlap: 0}"


def test_only_what_changed_is_asked_for_and_the_delivery_is_whole(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    feed = rest_feed(CHANGES)
    interface.records = rows("a", "b", "c")
    [first] = pull(feed)
    interface.records[1] |= {"status": "10", "changed": "2024-01-05T09:30:00"}
    interface.records += rows("d", changed="2024-01-06T00:00:00")
    interface.asked.clear()
    [second] = pull(feed)
    assert interface.asked[0].query["since"] == "2024-01-01T08:00:00"
    assert codes(tmp_path, second) == ["a", "b", "c", "d"]
    told = note(tmp_path, second)
    assert told["merged_with"] == first.delivery_id
    assert told["state"]["reached"] == "2024-01-06T00:00:00"
    lines = landed_path(tmp_path / "home", second.sha256).read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[1])["status"] == "10"
    [third] = pull(feed)
    assert third == second
    assert interface.asked[-1].query["since"] == "2024-01-06T00:00:00"


def test_what_came_counts_once_and_what_stays_counts_too(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    """12,000 bytes fit into 0.012 MiB when they come and when they stay, but not with 700 beside them."""
    feed = rest_feed(CHANGES + "\nlimits: {mib: 0.012}")
    for code, changed, text in (("a", "01", ""), ("b", "02", "ố" * 4_000), ("c", "03", "")):
        interface.records += [rows(code, changed=f"2024-{changed}-01T00:00:00")[0] | {"note": text}]
        [delivery] = pull(feed)
    assert codes(tmp_path, delivery) == ["a", "b", "c"]
    interface.records += [rows("d", changed="2024-04-01T00:00:00")[0] | {"note": "x" * 700}]
    with pytest.raises(errors.FetchLimitError, match=r"more than 0\.012 mib"):
        pull(feed)


@pytest.mark.parametrize("when", ["before the note", "before the list"])
def test_a_kill_neither_skips_nor_doubles(
    interface: Interface,
    rest_feed: Callable[..., Feed],
    pull: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    feed = rest_feed(CHANGES)
    interface.records = rows("a")
    [first] = pull(feed)
    interface.records += rows("b", changed="2024-02-01T00:00:00")

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        target = "sources.landing.keep_sidecar" if when == "before the note" else "sources.offers.Seen.remember"
        patched.setattr(target, killed)
        with pytest.raises(KeyboardInterrupt):
            pull(feed)
    interface.records += rows("c", changed="2024-03-01T00:00:00")
    interface.asked.clear()
    [delivery] = pull(feed)
    # without a note nothing was landed, and the question is the one of before; with it, it goes on from there
    asked = {"before the note": "2024-01-01T08:00:00", "before the list": "2024-02-01T00:00:00"}[when]
    assert interface.asked[0].query["since"] == asked
    assert codes(tmp_path, delivery) == ["a", "b", "c"]
    assert len(list(landed(tmp_path / "home"))) == (2 if when == "before the note" else 3)
    assert first.delivery_id in {one.delivery_id for one in landed(tmp_path / "home")}


def test_without_the_list_of_offers_the_note_says_where_to_go_on(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    feed = rest_feed(CHANGES)
    interface.records = rows("a")
    [first] = pull(feed)
    (tmp_path / "home" / "landing" / "offers" / "d329.dossiers.jsonl").unlink()
    [second] = pull(feed)
    assert second == first
    assert interface.asked[-1].query["since"] == "2024-01-01T08:00:00"


@pytest.mark.parametrize("how", ["verify", "time", "damage"])
def test_everything_is_asked_for_again_now_and_then(
    interface: Interface,
    rest_feed: Callable[..., Feed],
    pull: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    """Only then what was deleted there goes: a source that tells of changes does not tell of what is no more."""
    feed = rest_feed(CHANGES)
    interface.records = rows("a", "b")
    [first] = pull(feed)
    del interface.records[0]
    [kept] = pull(feed)
    assert codes(tmp_path, kept) == ["a", "b"]
    if how == "time":
        moment = now() + timedelta(days=31)
        for place in ("sources.connectors.fetching.now", "sources.connectors.rest.now"):
            monkeypatch.setattr(place, lambda: moment)
    if how == "damage":
        landed_path(tmp_path / "home", first.sha256).write_bytes(b"x")
    [fresh] = pull(feed, anew=how == "verify")
    assert "since" not in interface.asked[-1].query
    assert codes(tmp_path, fresh) == ["b"]


def test_a_moment_in_the_future_does_not_hide_what_changes_until_then(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    interface.records = rows("a", changed="2999-01-01T00:00:00")
    [delivery] = pull(rest_feed(CHANGES))
    assert note(tmp_path, delivery)["state"]["reached"] < (now() + timedelta(minutes=1)).isoformat()


@pytest.mark.parametrize(
    ("written", "format_", "overlap", "since"),
    [
        ("20240105093000", '"%Y%m%d%H%M%S"', 3600, "20240105083000"),
        ("05/01/2024 09:30", '"%d/%m/%Y %H:%M"', 60, "05/01/2024 09:29"),
        ("2024-01-05T09:30:00+07:00", "null", 1800, "2024-01-05T09:00:00+07:00"),
        (4711, "number", 10, "4701"),
    ],
)
def test_moments_are_written_as_the_source_writes_them(
    interface: Interface,
    rest_feed: Callable[..., Feed],
    pull: Any,
    written: Any,
    format_: str,
    overlap: int,
    since: str,
) -> None:
    rules = f"{{key: code, by: t, param: from, format: {format_}, overlap: {overlap}}}"
    feed = rest_feed(PAGES + f"incremental: {rules}")
    interface.records = [{"code": "a", "status": "1", "t": written}]
    pull(feed)
    pull(feed)
    assert interface.asked[-1].query["from"] == since
    interface.records = [{"code": "a", "status": "1", "t": "hôm qua"}]
    with pytest.raises(errors.AnswerError, match="'t' holds a value that is not written as"):
        pull(feed)


@pytest.mark.parametrize("change", ["params: {don_vi: '330'}", "url", "limits: {seconds: 77}"])
def test_another_question_is_no_part_of_the_answer_before(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path, change: str
) -> None:
    """A feed that is mended to ask for another unit must not go on carrying the rows of the wrong one."""
    interface.records = rows("a")
    pull(rest_feed(CHANGES))
    interface.records = rows("b")
    other = rest_feed(CHANGES, url=f"{interface.url}/khac") if change == "url" else rest_feed(f"{CHANGES}\n{change}")
    [delivery] = pull(other)
    is_same = change.startswith("limits")
    assert ("since" in interface.asked[-1].query) == is_same
    assert codes(tmp_path, delivery) == (["a", "b"] if is_same else ["b"])


def test_a_token_of_the_source_says_where_to_go_on(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path
) -> None:
    def answer(asked: Asked) -> Any:
        since = asked.query.get("sync")
        return {
            "items": {None: rows("a", "b"), "s1": rows("c"), "s2": []}[since],
            "sync": {None: "s1"}.get(since, "s2"),
        }

    interface.answer = answer
    feed = rest_feed("records: items\nincremental: {key: code, cursor: sync, param: sync}")
    found = [codes(tmp_path, pull(feed)[0]) for _ in range(3)]
    assert found == [["a", "b"], ["a", "b", "c"], ["a", "b", "c"]]
    pull(feed)
    assert [asked.query.get("sync") for asked in interface.asked] == [None, "s1", "s2", "s2"]


# --- deliveries -----------------------------------------------------------------------------------------------------


def test_the_same_records_are_the_same_delivery_in_whatever_order_they_come(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any
) -> None:
    feed = rest_feed(PAGES + "key: code")
    interface.records = rows("a", "b", "c")
    [first] = pull(feed)
    interface.records = [dict(reversed(row.items())) for row in reversed(interface.records)]
    [second] = pull(feed)
    assert second == first


def test_what_stood_before_and_stands_again_is_a_delivery_of_its_own(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any
) -> None:
    feed, found = rest_feed(PAGES), []
    for code in ("a", "b", "a"):
        interface.records = rows(code)
        found += pull(feed)
    assert found[0].sha256 == found[2].sha256
    assert len({one.delivery_id for one in found}) == 3
    assert [one.sent_at for one in found] == sorted(one.sent_at for one in found)


def test_a_window_makes_one_delivery_a_period_and_asks_for_old_ones_once(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any
) -> None:
    interface.records = rows("a")
    active = now().date()
    first = f"{active.year - 1}-Q{(active.month - 1) // 3 + 1}"
    feed = rest_feed(
        PAGES + 'window: {from: tu, to: den, format: "%d/%m/%Y", last_is: excluded}',
        f"active: {{from: {first}}}\nperiod: {{from: name, regime: CALENDAR}}",
    )
    found = pull(feed)
    assert found[0].period_claimed == first
    assert len(found) == 4  # not the one that runs
    assert found[0].file_name == f"dossiers.{first}.ndjson"
    month = 3 * ((active.month - 1) // 3) + 1
    assert interface.asked[0].query["tu"] == f"01/{month:02d}/{active.year - 1}"
    end = (f"{month + 3:02d}/{active.year - 1}") if month < 10 else f"01/{active.year}"
    assert interface.asked[0].query["den"] == f"01/{end}"
    interface.asked.clear()
    again = pull(feed)
    assert 1 <= len(again) <= 2
    assert again == found[-len(again) :]
    connector = feed.connector.model_copy(update={"window": feed.connector.window.model_copy(update={"running": True})})
    running = pull(feed.model_copy(update={"connector": connector}))
    assert len(running) == 5  # another question: those that closed are asked for once more
    assert running[-1].period_claimed == f"{active.year}-Q{(active.month - 1) // 3 + 1}"


def test_a_period_is_asked_for_once_more_after_it_closed_whatever_was_missed_before(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = rest_feed(
        PAGES + "window: {from: tu, to: den, again_days: 30}",
        "active: {from: 2024-01, to: 2024-01}\nperiod: {from: name, regime: CALENDAR}",
    )
    asked = []
    for day in ("2024-01-20", "2024-02-05", "2024-06-01", "2024-06-02", "2024-09-01"):
        moment = datetime.fromisoformat(f"{day}T06:00:00")
        for place in ("sources.connectors.fetching.now", "sources.connectors.rest.now"):
            monkeypatch.setattr(place, lambda moment=moment: moment)
        interface.records = rows(day)
        asked += [day] * len(pull(feed))
    assert asked == ["2024-02-05", "2024-06-01"]


def test_a_feed_that_has_ended_needs_no_secret_once_its_periods_are_closed(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = rest_feed(
        PAGES + 'auth: {kind: bearer, token: "${env:API_SECRET}"}\nwindow: {from: tu, to: den}',
        "active: {from: 2024-01, to: 2024-02}\nperiod: {from: name, regime: CALENDAR}",
    )
    with pytest.raises(errors.SecretMissingError, match="the environment has no API_SECRET"):
        pull(feed)
    monkeypatch.setenv("API_SECRET", "s3cret-value")
    interface.records = rows("a")
    assert [one.period_claimed for one in pull(feed)] == ["2024-01", "2024-02"]
    monkeypatch.delenv("API_SECRET")
    assert pull(feed) == []


# --- the moment of sending ------------------------------------------------------------------------------------------


def closing(interface: Interface, *moments: Any) -> None:
    """Each page tells one of the moments, the last of them from then on."""
    page, said = interface.answer, list(moments)

    def answer(asked: Asked) -> Any:
        told = page(asked)
        moment = said.pop(0) if len(said) > 1 else said[0]
        return {**told, "meta": {"closed": moment} if moment != "nothing" else {}}

    interface.answer = answer


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-06-17T10:09:00", "2024-06-17T10:09:00"),
        ("20240617100900", "2024-06-17T10:09:00"),
        ("2024-06-17T03:09:00Z", "2024-06-17T10:09:00"),
        ("2024-06-17", "2024-06-17T00:00:00"),
    ],
)
def test_what_a_source_closed_was_sent_then_and_not_when_it_was_asked(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, tmp_path: Path, written: str, read: str
) -> None:
    interface.records = rows("a", "b", "c")
    closing(interface, written)
    feed = rest_feed(PAGES + "sent: meta.closed")
    [delivery] = pull(feed)
    assert delivery.sent_at == datetime.fromisoformat(read)
    assert [one.delivery_id for one in landed(tmp_path / "home")] == [delivery.delivery_id]
    # told anew in another home it is the same delivery, which it would not be by the moment of asking
    again = Landing(feed, tmp_path / "other", interface.places)
    assert [again.land(offer).delivery_id for offer in again.offers()] == [delivery.delivery_id]


def test_what_is_not_closed_yet_is_sent_when_it_is_asked(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any
) -> None:
    interface.records = rows("a")
    closing(interface, None)
    [delivery] = pull(rest_feed(PAGES + "sent: meta.closed"))
    assert abs(delivery.sent_at - now()) < timedelta(minutes=1)


def test_a_moment_that_one_page_names_and_the_others_do_not_is_that_of_all(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any
) -> None:
    interface.records = rows("a", "b", "c")
    closing(interface, "2024-06-17T10:09:00", "nothing")
    [delivery] = pull(rest_feed(PAGES + "sent: meta.closed"))
    assert delivery.sent_at == datetime(2024, 6, 17, 10, 9)  # noqa: DTZ001 - local time, as everywhere


@pytest.mark.parametrize(
    ("moments", "kind", "text"),
    [
        (["nothing"], errors.AnswerError, "page 1 names no moment at meta.closed"),
        (["hôm qua"], errors.AnswerError, "'meta.closed' holds a value that is no moment"),
        ([["2024"]], errors.AnswerError, "'meta.closed' holds a value that is no moment"),
        (["2024-06-17", "2024-06-18"], errors.AnswerIncompleteError, "is another on page 2"),
    ],
)
def test_a_moment_of_sending_that_is_none_lands_nothing(
    interface: Interface,
    rest_feed: Callable[..., Feed],
    pull: Any,
    tmp_path: Path,
    moments: list[Any],
    kind: type[errors.SourceError],
    text: str,
) -> None:
    interface.records = rows("a", "b", "c")
    closing(interface, *moments)
    refused(tmp_path, pull, rest_feed(PAGES + "sent: meta.closed"), kind, text)


@pytest.mark.parametrize("send", ["form", "json"])
def test_parameters_go_into_the_body(
    interface: Interface, rest_feed: Callable[..., Feed], pull: Any, send: str
) -> None:
    interface.answer = lambda _: {"items": []}
    pull(rest_feed(f"records: items\nsend: {send}\nparams: {{unit: '329', page: 1}}"))
    [asked] = interface.asked
    assert asked.query == {}
    body = asked.body.decode()
    assert body == "unit=329&page=1" if send == "form" else json.loads(body) == {"unit": "329", "page": 1}


@pytest.mark.parametrize(("count", "rules"), [(0, []), (1000, ["Q11"]), (1001, [])])
def test_a_round_number_of_records_is_a_finding_and_none_states_nothing(
    interface: Interface,
    rest_feed: Callable[..., Feed],
    pull: Any,
    tmp_path: Path,
    read_text: Any,
    count: int,
    rules: list[str],
) -> None:
    """A source that gives one page and no total, at most a thousand records: nothing else would show it."""
    items = [{"code": f"000.00.18.H31-240105-{number:06d}", "status": "1"} for number in range(count)]
    interface.answer = lambda _: {"items": items}
    feed = rest_feed("records: items")
    [delivery] = pull(feed)
    landed_text = landed_path(tmp_path / "home", delivery.sha256).read_text(encoding="utf-8")
    result = read_text(landed_text, feed, name=delivery.file_name)
    assert result.reading.rows_read == count
    assert [rule for rule in result.rules if rule == "Q11"] == rules
