"""`danvan feeds new`: from a file to a feed that reads it, with what the proposal is unsure of."""

# ruff: noqa: PLC0415 (the rooms are imported only when the command runs)
from __future__ import annotations

from typing import TYPE_CHECKING

from expectations.contracts.model import datasets
from expectations.contracts.text import did_you_mean
from expectations.contracts.times import now
from flows.inspection import reference
from flows.mistakes import MissingFileError, NotProposedError
from flows.planning import contract_of, read_home_feeds
from flows.terminal import say, show_json, tell

if TYPE_CHECKING:
    from pathlib import Path

    from flows.home import Home
    from sources.proposals import Asked, Proposal


def propose_feed(home: Home, file: Path, asked: Asked, *, output: Path | None, as_json: bool) -> int:
    """Write the feed file a delivery seems to need to `output` (default: feeds/<source>.yaml), and say the doubts.

    Returns 2 when the proposal cannot be used yet: a required column found no header. Raises MissingFileError and
    NotProposedError.
    """
    if not file.is_file():
        raise MissingFileError(f"{file} is {'a folder' if file.is_dir() else 'not there'}; name one file of the unit's")
    if asked.dataset and asked.dataset not in datasets():
        hint = did_you_mean(asked.dataset, datasets())
        raise NotProposedError(f"no dataset '{asked.dataset}'; {hint}known: {', '.join(datasets())}")
    proposal = _proposed(home, file, asked)
    target = output or home.feeds / f"{proposal.source}.yaml"
    if target.exists():
        raise NotProposedError(f"{target} exists; name another file with --output, or another --source")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(proposal.text, encoding="utf-8")
    mistakes = _mistakes(home, target)
    feed = proposal.feed_id
    if as_json:
        show_json(
            {
                "file": target,
                "feed": feed,
                "dataset": proposal.dataset,
                "columns_mapped": proposal.columns_mapped,
                "columns_left": proposal.columns_left,
                "doubts": proposal.doubts,
                "mistakes": mistakes,
            }
        )
        return 2 if mistakes else 0
    tell(f"{target}: feed {feed}, dataset {proposal.dataset}, {proposal.columns_mapped} columns mapped")
    for doubt in proposal.doubts:
        say(f"to check: {doubt}")
    for mistake in mistakes:
        say(f"not usable yet: {mistake}")
    if not mistakes:
        say(f"Next: danvan check {file} --feed {feed}")
    return 2 if mistakes else 0


def _proposed(home: Home, file: Path, asked: Asked) -> Proposal:
    from flows.workers import readers
    from sources.child import PanicError
    from sources.errors import SourceError
    from sources.proposals import Heard, propose
    from sources.units import UnitIndex

    known = reference(home)
    units = UnitIndex(known["units"], known["unit_aliases"])
    feeds, _ = read_home_feeds(home)
    try:
        told = (file, file.name, units, now().date(), home.settings.province, asked, Heard.of(feeds))
        return readers(home).workers.run(propose, *told)
    except (SourceError, MemoryError, PanicError) as wrong:
        raise NotProposedError(f"{file}: {wrong or 'it needs more memory than a reader may have'}") from wrong


def _mistakes(home: Home, target: Path) -> list[str]:
    """What `danvan feeds check` says of the new file."""
    from expectations.contracts.model import ContractError
    from sources.feeds import FeedError
    from sources.feeds.loading import load_feed_file

    try:
        for feed in load_feed_file(target):
            contract_of(feed, home)
    except (FeedError, ContractError) as wrong:
        return str(wrong).splitlines()
    return []
