"""Modules that are named when a library is imported and used by nobody are imported by who asks them for something."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from expectations.later import imported_later

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package `library_of_test` that imports another, which it does not need, and does without a third."""
    (tmp_path / "heavy_of_test").mkdir()
    (tmp_path / "heavy_of_test" / "__init__.py").write_text("print('imported')\nvalue = 7\n")
    (tmp_path / "absent_of_test.py").touch()
    text = "import heavy_of_test\ntry:\n    import absent_of_test\nexcept ImportError:\n    absent_of_test = None\n"
    (tmp_path / "library_of_test.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("library_of_test", "heavy_of_test", "absent_of_test"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return "library_of_test"


def test_a_module_is_imported_when_it_is_asked_for_something(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = list(sys.meta_path)
    with imported_later(["heavy_of_test"], ["absent_of_test"]):
        loaded = import_module(library)
    assert sys.meta_path == before
    assert (capsys.readouterr().out, loaded.absent_of_test) == ("", None)
    assert (loaded.heavy_of_test.value, capsys.readouterr().out) == (7, "imported\n")


def test_whatever_is_raised_within_the_finder_goes() -> None:
    before = list(sys.meta_path)
    with pytest.raises(ModuleNotFoundError, match="nothing_of_test"), imported_later([], ["nothing_of_test"]):
        import_module("nothing_of_test")
    assert sys.meta_path == before


@pytest.mark.slow
def test_great_expectations_is_loaded_without_what_no_contract_needs() -> None:
    code = (
        "import sys; from expectations import suites; suites.preload();"
        "print([one for one in sys.modules if one.startswith(('altair.', 'scipy.stats.', 'boto3', 'botocore'))]);"
        "from scipy import stats; import altair; print(round(stats.norm.cdf(0), 3), altair.Chart.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "0.5 Chart"]
