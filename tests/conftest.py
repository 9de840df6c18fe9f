"""A tiny home folder that tests fill themselves: a few districts, one form each, as semicolon CSV."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADERS = {
    "field_name": "Lĩnh vực",
    "received_total": "Tổng tiếp nhận",
    "received_online": "Trực tuyến",
    "received_direct": "Trực tiếp",
    "carried_in": "Kỳ trước chuyển qua",
    "resolved_total": "Tổng giải quyết",
    "resolved_early": "Trước hạn",
    "resolved_on_time": "Đúng hạn",
    "resolved_late": "Quá hạn",
    "open_total": "Tổng đang giải quyết",
    "open_in_term": "Trong hạn",
    "open_overdue": "Đã quá hạn",
}


@dataclass
class TinyHome:
    """A home folder and the hands to fill it. Districts are units in force in 2024: 323, 325 … 333."""

    path: Path
    districts: list[str] = field(default_factory=list)

    def add_feed(self, district: str, **changes: object) -> Path:
        """Write `feeds/d<district>.yaml` with one feed of form II.06a; returns its inbox folder."""
        inbox = self.path / "inbox" / district
        inbox.mkdir(parents=True, exist_ok=True)
        feed: dict[str, object] = {
            "dataset": "service_reports",
            "active": {"from": "2024-Q1", "to": "2024-Q1"},
            "connector": {"kind": "files", "path": f"inbox/{district}", "glob": "*.csv"},
            "name": r"ii06a_(?P<period>\d{4}Q\d)_(?P<sent>\d{8})\.csv",
            "period": {"from": "name"},
            "layout": {"format": "csv", "encoding": "utf-8", "delimiter": ";"},
            "unit": {"fixed": district},
            "columns": dict(HEADERS),
        }
        document = {
            "source": {"id": f"d{district}", "name": f"Huyện {district}", "unit": district},
            "feeds": {"service_reports": feed | changes},
        }
        (self.path / "feeds" / f"d{district}.yaml").write_text(
            yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
        self.districts.append(district)
        return inbox

    def add_file(self, district: str, *, period: str = "2024Q1", sent: str = "20240318", late: int = 1) -> Path:
        """Write one correct file: two fields of work, `late` dossiers late in the first."""
        rows = [("Đất đai", 6, 4, 2, 3, 5, late), ("Hộ tịch", 3, 7, 0, 4, 4, 0)]
        lines = [";".join(HEADERS.values())]
        for name, online, direct, carried, early, on_time, overdue in rows:
            received, resolved = online + direct + carried, early + on_time + overdue
            counts = (received, online, direct, carried, resolved, early, on_time, overdue)
            still_open = received - resolved
            lines.append(";".join(map(str, (name, *counts, still_open, still_open, 0))))
        path = self.path / "inbox" / district / f"ii06a_{period}_{sent}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path


WHOLE = ("run_cycle", "built")
"""Who imports one of these runs whole cycles or builds marts, which takes a second a test or more."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """A module that does so is slow, without saying so."""
    if any(hasattr(getattr(item, "module", None), name) for name in WHOLE):
        item.add_marker(pytest.mark.slow)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with slow tests come first: a worker that took one last would be waited for by all others."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True, scope="session")
def no_key_of_this_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither use nor make the hash key of whoever runs them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("DANVAN_HASH_KEY", raising=False)
        patched.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="session")
def sample_address() -> Iterator[str]:
    """Where the system answers that one feed of the sample province asks; what it wants stands in the environment.

    A home copied from the sample reaches it after `flows.demo.allow(home, sample_address)`.
    """
    from flows.demo import sample_system  # noqa: PLC0415 - most tests need no sample

    with sample_system() as address:
        yield address


DEAD_PID = 4194303
"""The number of a process that is not: beyond what the system gives."""


@pytest.fixture
def tiny_home(tmp_path: Path) -> TinyHome:
    """An empty home with short patience and one worker; `add_feed` and `add_file` fill it."""
    return make_tiny_home(tmp_path / "home")


def make_tiny_home(path: Path) -> TinyHome:
    """An empty home at `path`, for fixtures of a wider scope than `tiny_home`."""
    home = TinyHome(path)
    (home.path / "feeds").mkdir(parents=True)
    (home.path / "danvan.toml").write_text(
        'name = "Tỉnh thử"\n[run]\nworkers = 1\nretries = 1\nretry_seconds = [0]\nlock_seconds = 1\n'
        "[warehouse]\nthreads = 1\n[server]\nport = 4310\n[report]\npages = false\n[alerts]\nchannels = ['file']\n",
        encoding="utf-8",
    )
    return home
