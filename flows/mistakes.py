"""What a person at the command can get wrong or meet: a class a situation; messages say what, where, what next."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP = "in the step: "


@contextmanager
def during(step: str) -> Iterator[None]:
    """Note in whatever is raised which step of a run it was raised in; the innermost one stays."""
    try:
        yield
    except BaseException as fault:
        if not any(note.startswith(STEP) for note in getattr(fault, "__notes__", ())):
            fault.add_note(f"{STEP}{step}")
        raise


def step_of(fault: BaseException) -> str | None:
    """The step of a run that a fault was raised in, when it is known."""
    notes = (note for note in getattr(fault, "__notes__", ()) if note.startswith(STEP))
    return next((note.removeprefix(STEP) for note in notes), None)


class ExplainedError(Exception):
    """Anything the command explains in a sentence instead of a traceback."""

    is_usage = True


class UnknownFeedError(ExplainedError):
    """Raised when --feed names neither a feed nor a source of the home."""


class NoFeedsError(ExplainedError):
    """Raised when a home has no feed that can be used."""


class NotHeldError(ExplainedError):
    """Raised when a decision names a delivery that nobody knows of."""


class NotInQuarantineError(ExplainedError):
    """Raised when `danvan quarantine` is asked for a delivery that is none of those held back, or for several."""


class NotOwedError(ExplainedError):
    """Raised when a confirmation names a period that the feed does not owe."""


class ReportedError(ExplainedError):
    """Raised when a person says that nothing occurred, and a file that stands says otherwise."""


class UnknownAlertError(ExplainedError):
    """Raised when `danvan alerts ack` names no alert, or several."""


class NoQueryError(ExplainedError):
    """Raised by `danvan sql` without a question where no person sits at a terminal, or with a file but no question."""


class UnknownFindingError(ExplainedError):
    """Raised when an explanation names no finding, or several."""


class HardFindingError(ExplainedError):
    """Raised when a person explains what can only be mended: a row held back, a file refused."""


class NotExplainedError(ExplainedError):
    """Raised when an explanation is reviewed that nobody has given."""


class MissingFileError(ExplainedError):
    """Raised by `danvan check` when the file does not exist or is a folder."""


class NotJudgedError(ExplainedError):
    """Raised by `danvan check` when a file cannot be judged through a fault of ours."""

    is_usage = False


class NotProposedError(ExplainedError):
    """Raised by `danvan feeds new` when nothing can be proposed, or a file stands where it would be written."""


class UnknownFormatError(ExplainedError):
    """Raised when --format names something a command cannot write."""


class NothingPublishedError(ExplainedError):
    """Raised when the current release is asked and none has been published."""


class NoTableError(ExplainedError):
    """Raised when a release holds no table or schema of that name."""


class NoWarehouseError(ExplainedError):
    """Raised when the working warehouse is asked before the first run made it."""


class PeriodNotAssessedError(ExplainedError):
    """Raised when an assessment is asked for a period the release does not hold."""


class NotEmptyError(ExplainedError):
    """Raised by `danvan rebuild --into` when the folder holds something already."""


class NotADemoError(ExplainedError):
    """Raised when `danvan demo` would have to delete something that it did not make."""


class SampleMissingError(ExplainedError):
    """Raised when the sample province does not stand beside the installed packages."""

    is_usage = False


class StillWritingError(ExplainedError):
    """Raised when another process kept the warehouse longer than this one may wait."""

    is_usage = False


class RunBrokenError(ExplainedError):
    """Raised when a cycle could not go on at all (not when single feeds failed)."""

    is_usage = False


class NoRoomError(ExplainedError):
    """Raised when a run could not go on because a disk took no more."""

    is_usage = False
