"""A mistake in a feed file: where it stands and what to do."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FeedProblem(BaseModel):
    """One mistake in a feed file: where it stands and what to do."""

    model_config = ConfigDict(frozen=True)

    file: str
    key: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class FeedError(ValueError):
    """Raised by `load_feeds` and `check_against_contract`; `.problems` holds every mistake found."""

    def __init__(self, problems: list[FeedProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))
