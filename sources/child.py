"""Inside a reading child: limits before the first file, and a net under every reading.

Nothing heavy is imported at the top: the number of threads must be set before polars is imported for the first time.
"""

# ruff: noqa: PLC0415 (see above)
from __future__ import annotations

import os
import resource
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from sources.reading import Reading


def start_child(memory_mib: int, threads: int) -> None:
    """Imports first, then the limit: what the libraries reserve for themselves is not the file's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import fastexcel  # noqa: F401
    import polars as pl

    from sources import layouts, readers  # noqa: F401

    pl.Series([1]).sort()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + memory_mib * (1 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def guarded(task: Callable[..., Reading], *arguments: Any) -> Reading:
    """A panic of a Rust reader is a BaseException; it must not end the child, nor pass for a success."""
    try:
        return task(*arguments)
    except MemoryError:
        return refused("file_needs_too_much_memory", "Tệp cần quá nhiều bộ nhớ khi mở nên không được đọc.")
    except BaseException as wrong:
        if type(wrong).__name__ == "PanicException":
            return refused("reader_panicked", "Tệp hỏng: chương trình đọc không xử lý được cấu trúc bên trong.")
        raise


def refused(check: str, what: str) -> Reading:
    """A reading that is nothing but a gate finding (Q01)."""
    from expectations.contracts.findings import Finding
    from sources.reading import Reading

    message = f"{what} Đề nghị xuất lại tệp từ phần mềm và gửi lại."
    return Reading(findings=[Finding("Q01", check, "gate", message)])
