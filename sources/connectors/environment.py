"""`${env:NAME}` in a feed: what the environment says in its place, remembered so that nothing prints it."""

from __future__ import annotations

import os
import re
from typing import Any

from expectations.contracts.secrets import remember
from sources.errors import SecretMissingError

_SECRET = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")


def expand_secrets(value: Any) -> Any:
    """Replace `${env:NAME}` in texts (also inside lists and objects). Raises SecretMissingError naming NAME only."""
    if isinstance(value, dict):
        return {name: expand_secrets(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [expand_secrets(inner) for inner in value]
    if not isinstance(value, str):
        return value

    def found(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise SecretMissingError(f"the environment has no {match[1]}; set it before running")
        return remember(os.environ[match[1]])

    return _SECRET.sub(found, value)


def unset_names(value: Any) -> list[str]:
    """The names that a value asks of the environment, and the environment does not have."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return list(dict.fromkeys(name for inner in value for name in unset_names(inner)))
    return [name for name in _SECRET.findall(value) if name not in os.environ] if isinstance(value, str) else []
