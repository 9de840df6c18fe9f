"""The walks of `docs/walks.md`, read for the tests that go them: commands, and the lines they answer with."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.command import main

if TYPE_CHECKING:
    import pytest

PAGE = Path(__file__).parents[1] / "docs" / "walks.md"
ANY = "…"
"""Stands in a line of the page for what is another one each time."""

_BLOCK = re.compile(r"^```(sh|text|docx)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ENDS = re.compile(r"\s+# ends with (\d)$")


@dataclass(frozen=True)
class Step:
    """A block of commands with the codes they end with, the lines they show, and what stands in the DOCX after them."""

    commands: tuple[tuple[str, int], ...]
    shown: tuple[str, ...]
    document: tuple[str, ...]

    def go(self, home: Path, capsys: pytest.CaptureFixture[str]) -> str:
        """Run the commands in a home and compare; all that was shown."""
        capsys.readouterr()
        told = ""
        for command, code in self.commands:
            program, *arguments = shlex.split(command)
            assert program == "danvan"
            ended = main([*arguments, "--home", str(home)])
            said = capsys.readouterr()
            told += f"{said.out}\n{said.err}\n"
            assert ended == code, f"{command} ended with {ended}:\n{told}"
        lines = [_plain(line) for line in told.splitlines()]
        for wanted in self.shown:
            pattern = re.escape(_plain(wanted)).replace(re.escape(ANY), ".*").replace(r"\ .*", ".*")
            assert any(re.fullmatch(pattern, line) for line in lines), f"not shown: {wanted}\n{told}"
        return told


def walk(number: int) -> list[Step]:
    """The steps of the walk with that number on the page, in their order."""
    text = PAGE.read_text(encoding="utf-8").split("\n## ")[number]
    assert text.startswith(f"{number}. ")
    steps: list[dict[str, list[str]]] = []
    for kind, body in _BLOCK.findall(text):
        if kind == "sh":
            steps.append({"sh": [], "text": [], "docx": []})
        steps[-1][kind] += [line.strip() for line in body.splitlines() if line.strip()]
    return [Step(tuple(map(_command, one["sh"])), tuple(one["text"]), tuple(one["docx"])) for one in steps]


def _command(line: str) -> tuple[str, int]:
    found = _ENDS.search(line)
    return (line[: found.start()], int(found[1])) if found else (line, 0)


def _plain(line: str) -> str:
    return re.sub(r"\s+", " ", line).strip()
