"""Log lines and errors that leave this process hold no secret and no person: one filter for every handler."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from expectations.contracts.secrets import discreet

OURS = ("danvan", "sources", "expectations", "warehouse", "flows", "prefect")
"""Loggers, and all beneath them, whose lines may quote a file, its name or an address."""

_make = logging.getLogRecordFactory()


def install() -> None:
    """Cover log lines where they are made, so that no handler (terminal, file, Prefect) gets to see what they quote."""
    logging.setLogRecordFactory(_record)


def _record(*arguments: Any, **options: Any) -> logging.LogRecord:
    record = _make(*arguments, **options)
    if record.name.partition(".")[0] in OURS:
        record.msg, record.args = discreet(record.getMessage()), None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = discreet("".join(traceback.format_exception(*record.exc_info)).rstrip())
            record.exc_info = None
    return record


def quiet(fault: BaseException) -> BaseException:
    """The same exception with discreet words: Prefect writes them into its database."""
    fault.args = tuple(discreet(one) if isinstance(one, str) else one for one in fault.args)
    return fault
