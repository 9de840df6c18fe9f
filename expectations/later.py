"""Modules that a library names when it is imported and we never use: imported when they are first asked for, or not.

Great Expectations imports SciPy and Altair for expectations that no contract has, and the clients of clouds where they
are installed: 1 s of its 2.8.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.machinery import PathFinder
from importlib.util import LazyLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from importlib.machinery import ModuleSpec


@contextmanager
def imported_later(later: Collection[str], never: Collection[str]) -> Iterator[None]:
    """Within the block an import of a module of `later` names it and no more, and `never` are as if not installed.

    A module of `later` is imported by whoever asks it for anything, also after the block.
    """
    finder = _Finder(later, never)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder:
    def __init__(self, later: Collection[str], never: Collection[str]) -> None:
        self.later, self.never = later, never

    def find_spec(self, fullname: str, path: Sequence[str] | None, _target: object = None) -> ModuleSpec | None:
        if fullname in self.never:
            raise ModuleNotFoundError(f"{fullname} is not imported here", name=fullname)
        spec = PathFinder.find_spec(fullname, path) if fullname in self.later else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec
