"""Whatever an interface answers, the fetch lands something whole, or fails with an error that says what to do."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.connectors import http
from sources.errors import SourceError
from sources.feeds import Rest
from sources.landing import Landing, landed, landed_path
from tests.sources.connectors.interfaces import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sources.feeds import Feed
    from tests.sources.connectors.interfaces import Interface

NAMES = st.sampled_from(["items", "a", "total", "next"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
    max_leaves=8,
)
RECORDS = st.lists(st.fixed_dictionaries({"code": JSON, "changed": JSON}), max_size=4)
PAGES = st.fixed_dictionaries({"items": RECORDS | JSON, "total": st.integers(0, 4) | JSON, "next": JSON})
BODIES = st.binary(max_size=40) | (PAGES | JSON).map(lambda page: json.dumps(page).encode())
WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Link": WORDS.map(lambda word: f'<{word}>; rel="next"'),
        "Retry-After": WORDS,
        "Location": WORDS,
        "Content-Encoding": st.sampled_from(["gzip", "deflate", "x", "identity"]),
        "Content-Type": WORDS,
    },
)
STATUSES = st.sampled_from([200] * 8 + [204, 301, 307, 401, 404, 429, 500, 503])
PAGINGS: list[dict[str, Any] | None] = [
    None,
    {"kind": "page"},
    {"kind": "offset"},
    {"kind": "cursor", "param": "c", "from": "next"},
    {"kind": "next", "from": "next"},
    {"kind": "link"},
]


@pytest.fixture(scope="module")
def server() -> Iterator[Interface]:
    with serving() as found:
        yield found


@pytest.mark.parametrize("paging", PAGINGS, ids=lambda paging: paging["kind"] if paging else "one page")
def test_no_answer_breaks_a_fetch(server: Interface, make_feed: Callable[..., Feed], paging: Any) -> None:
    told = {
        "kind": "rest",
        "url": f"{server.url}/hoso",
        "records": "items",
        "paging": paging,
        "incremental": {"key": "code", "by": "changed", "param": "since"},
        "limits": {"pages": 6, "seconds": 5, "mib": 1},
    }
    feed = make_feed().model_copy(update={"connector": Rest.model_validate(told)})

    @settings(max_examples=40, deadline=None)
    @given(answers=st.lists(st.tuples(STATUSES, HEADERS, BODIES), min_size=1, max_size=5))
    def holds(answers: list[Any]) -> None:
        left = list(answers)
        server.answer = lambda _: left.pop(0) if left else (200, {}, b'{"items": []}')
        home = Path(tempfile.mkdtemp(prefix="danvan-any-"))
        try:
            landing = Landing(feed, home, server.places)
            with patch.object(http.time, "sleep"):
                delivery = landing.land(landing.offers()[0])
        except SourceError:
            assert not list(landed(home))
        else:
            for line in landed_path(home, delivery.sha256).read_bytes().splitlines():
                assert isinstance(json.loads(line.decode("utf-8")), dict)
        finally:
            shutil.rmtree(home)

    holds()
