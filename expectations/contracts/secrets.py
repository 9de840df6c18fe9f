"""Secrets that must not be printed: what stands before the @ of a URL, and every value of a `${env:NAME}`."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus

HIDDEN = "***"
_SHORTEST = 4
"""A shorter value would be found everywhere; nobody is helped when every "a" is hidden."""
_IN_URL = re.compile(r"(?<=://)[^\s\"'<>]*(?=@)")
_NAMED = re.compile(r"\$\{env:[^}]*\}")
_WRITTEN_OUT = re.compile(r"://[^/\s@:]*:(?:[^/\s]+|(?!\d*(?:[/?#]|$))[^@\n]+)@")
"""Also with a slash, a blank or a quote in it, as a person writes it who does not escape; but no port before a path."""
_known: set[str] = set()


def remember(value: str) -> str:
    """Note a secret, so that `hide` knows it for as long as this process lives; returns it."""
    if len(value) >= _SHORTEST:
        _known.update({value, quote(value, safe=""), quote_plus(value)})
    return value


def hide(text: str) -> str:
    """The text without secrets: `sftp://user:password@host` becomes `sftp://***@host`."""
    found = _IN_URL.sub(HIDDEN, text)
    for value in sorted(_known, key=len, reverse=True):
        found = found.replace(value, HIDDEN)
    return found


def discreet(text: str) -> str:
    """The text without secrets and without what looks like a person: for logs, states and errors."""
    from expectations.contracts.privacy import masked  # noqa: PLC0415 - its patterns take a moment to make

    return masked(hide(text))


def has_password(address: str) -> bool:
    """Whether a password is written out in an address, instead of named as `${env:NAME}`."""
    return bool(_WRITTEN_OUT.search(_NAMED.sub("", address)))
