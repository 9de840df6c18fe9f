"""The keys with which a person's number is hashed: from the environment or a file outside the home, one a year.

Text of a key file, or of `$DANVAN_HASH_KEY` (there `;` may stand for a line end): one secret, or lines `2024: secret`,
each from that year on until the next. The key of a year is derived from the secret in force, so that hashes of two
years never meet (decision 88). A secret is never printed, written into a home, or kept beside the data.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from expectations.contracts.private_files import make_private_folder, new_private_file

VARIABLE = "DANVAN_HASH_KEY"
LEAST = 32
"""Characters a secret needs: a telephone number is found by trying when its key can be guessed."""
_FIRST_YEAR = 0


class HashKeyError(ValueError):
    """The hash key cannot be used; the message says where it was looked for and what to do, never what was found."""


@dataclass(frozen=True)
class HashKeys:
    """Secrets by the year from which they hold; `origin` says where they come from, without them."""

    secrets: tuple[tuple[int, bytes], ...] = field(repr=False)
    origin: str

    def hashed(self, dataset: str, column: str, year: int, number: str) -> str | None:
        """The hash of a number in a year: `person-2024-…`, 32 letters a to p; None before the first secret's year."""
        key = self._of(year)
        if key is None:
            return None
        said = "\x1f".join((dataset, column, number)).encode()
        digest = hmac.new(key, said, hashlib.sha256).digest()[:16]
        letters = "".join(chr(97 + half) for byte in digest for half in divmod(byte, 16))
        return f"person-{year:04d}-{letters}"

    @property
    def mark(self) -> str:
        """Tells one set of keys from another without betraying either: part of how a delivery was read."""
        digest = hashlib.sha256(b"danvan: which keys")
        for year, secret in self.secrets:
            digest.update(f"{year}:".encode() + hmac.new(secret, b"danvan: which key", hashlib.sha256).digest())
        return digest.hexdigest()[:16]

    def _of(self, year: int) -> bytes | None:
        held = [secret for since, secret in self.secrets if since <= year]
        return hmac.new(held[-1], f"danvan: year {year}".encode(), hashlib.sha256).digest() if held else None


def default_file() -> Path:
    """Where the key lies unless something else is said: `$XDG_CONFIG_HOME/danvan/hash.key`, outside of every home."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "danvan" / "hash.key"


def load(home: Path, key_file: str | None = None) -> HashKeys | None:
    """The keys of the environment, else of `key_file` (as `danvan.toml` names it), else of the default file; else None.

    Raises HashKeyError for a file that lies in the home, that others may read, or that is named and not there, and for
    a secret that is too short.
    """
    told = os.environ.get(VARIABLE)
    if told:
        return HashKeys(_parsed(told, f"${VARIABLE}"), f"environment variable {VARIABLE}")
    path = Path(key_file).expanduser() if key_file else default_file()
    if not path.exists():
        if key_file:
            raise HashKeyError(f"[privacy] key_file names {path}, which is not there; put it back, or remove the line")
        return None
    if path.resolve().is_relative_to(home.resolve()):
        raise HashKeyError(f"{path} lies in the home: a key beside the data protects nothing; move it elsewhere")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise HashKeyError(f"{path} may be read by others: chmod 600 {path}")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise HashKeyError(f"{path} cannot be read ({type(wrong).__name__}); check its rights") from None
    return HashKeys(_parsed(text, str(path)), f"file {path}")


def make(path: Path | None = None) -> Path | None:
    """Write a new secret for its owner only, where no file is yet; the path, or None where there was one."""
    target = path or default_file()
    make_private_folder(target.parent)
    try:
        with new_private_file(target, "w", encoding="utf-8") as stream:
            stream.write(f"{secrets.token_hex(32)}\n")
    except FileExistsError:
        return None
    return target


def _parsed(text: str, where: str) -> tuple[tuple[int, bytes], ...]:
    lines = [line.strip() for line in re.split(r"[;\n]", text) if line.strip() and not line.strip().startswith("#")]
    found: dict[int, bytes] = {}
    for line in lines:
        since, mark, secret = line.partition(":")
        year, said = (int(since), secret.strip()) if mark and re.fullmatch(r"\d{4}", since) else (_FIRST_YEAR, line)
        if len(said) < LEAST:
            raise HashKeyError(f"{where}: a secret has fewer than {LEAST} characters; make one: openssl rand -hex 32")
        if year in found:
            raise HashKeyError(f"{where}: two secrets for {year or 'all years'}; write the year before each: 2026: …")
        found[year] = said.encode()
    if not found:
        raise HashKeyError(f"{where} holds no secret; make one: openssl rand -hex 32")
    return tuple(sorted(found.items()))
