"""However changes, fetches and kills follow each other, what landed last is what the source says, row by row."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sources import landing as zone
from sources.feeds import load_feed_file
from sources.landing import Landing, landed, landed_path
from tests.sources.connectors.interfaces import serving

FEED = """\
source: {{id: d329, name: Huyện Ân Thi}}
feeds:
  dossiers:
    dataset: dossiers
    connector:
      kind: rest
      url: {url}/hoso
      records: data.items
      total: data.total
      paging: {{kind: {paging}, size_param: size, size: 2}}
      incremental: {{key: code, by: changed, param: since, format: number, overlap: {overlap}}}
    period: {{fixed: 2024-Q1}}
    layout: {{format: ndjson}}
    unit: {{fixed: 329}}
    columns: {{dossier_code: code, status_code: status}}
"""


class KilledError(BaseException):
    """The process ends here."""


def killed(*_: Any, **__: Any) -> None:
    raise KilledError


KILLS = {
    "before the bytes are moved": (zone, "_settle"),
    "before the note": (zone, "keep_sidecar"),
    "before the list of offers": (zone.Seen, "remember"),
}


class Source(RuleBasedStateMachine):
    """A source that only ever adds and changes records, numbering its changes, and one feed that follows it."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.server = self.stack.enter_context(serving())
        self.home = Path(tempfile.mkdtemp(prefix="danvan-increments-"))
        self.stack.callback(shutil.rmtree, self.home)
        self.changes = 5000  # of four figures, also less the overlap: the server compares texts
        self.is_pulled = False

    def teardown(self) -> None:
        self.stack.close()

    @initialize(paging=st.sampled_from(["page", "offset"]), overlap=st.integers(0, 3))
    def connect(self, paging: str, overlap: int) -> None:
        path = self.home / "d329.yaml"
        path.write_text(FEED.format(url=self.server.url, paging=paging, overlap=overlap), encoding="utf-8")
        [self.feed] = load_feed_file(path)

    @rule(code=st.integers(0, 6), status=st.sampled_from(["1", "4", "10"]))
    def change(self, code: int, status: str) -> None:
        self.changes += 1
        others = [one for one in self.server.records if one["code"] != f"h{code}"]
        self.server.records = [*others, {"code": f"h{code}", "status": status, "changed": str(self.changes)}]
        self.is_pulled = False

    @rule()
    def pull(self) -> None:
        landing = Landing(self.feed, self.home, self.server.places)
        [landing.land(offer) for offer in landing.offers()]
        self.is_pulled = True

    @rule(where=st.sampled_from(sorted(KILLS)))
    def pull_and_be_killed(self, where: str) -> None:
        try:
            with patch.object(*KILLS[where], killed):
                self.pull()
        except KilledError:
            self.is_pulled = False

    @rule()
    def lose_the_list_of_offers(self) -> None:
        shutil.rmtree(self.home / "landing" / "offers", ignore_errors=True)

    @invariant()
    def what_landed_last_is_what_the_source_says(self) -> None:
        if not self.is_pulled:
            return
        latest = max(landed(self.home), key=lambda one: (one.sent_at, one.landed_at))
        text = landed_path(self.home, latest.sha256).read_text(encoding="utf-8")
        said = sorted(self.server.records, key=lambda one: one["code"])
        assert [json.loads(line) for line in text.splitlines()] == said


TestSource = Source.TestCase
TestSource.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
