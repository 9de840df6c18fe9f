"""What an e-mail address looks like."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")


def is_address(text: str) -> bool:
    """Whether a text is one e-mail address and nothing else."""
    return _ADDRESS.fullmatch(text) is not None
