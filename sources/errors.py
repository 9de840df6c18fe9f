"""What can go wrong outside: one class per situation, each marked transient (try again) or terminal (do not)."""

from __future__ import annotations


class SourceError(Exception):
    """Anything that keeps a source from being read. Catch this one in a flow; `transient` says whether to retry."""

    transient: bool = False


class ConnectorUnreachableError(SourceError):
    """Raised by a connector when the other side does not answer: network, time-out, server busy, broken pipe."""

    transient = True


class FileVanishedError(SourceError):
    """Raised by `landing.land` when a listed file is gone before its bytes were copied."""

    transient = True


class FileChangingError(SourceError):
    """Raised by `landing.land` when a file changes while it is copied: someone is still writing it."""

    transient = True


class SidecarMissingError(SourceError):
    """Raised by `landing.land` when a feed names a checksum file beside each file and it is not there yet."""

    transient = True


class DiskFullError(SourceError):
    """Raised by `ReadingPool.verdict_of` when the disk took no more while a file was read: no fault of the file."""

    transient = True


class LandingFullError(DiskFullError):
    """Raised by `landing.land` when the disk of the home folder takes no more bytes."""


class DamagedLandingError(SourceError):
    """Raised by `landing.check_landed` when landed bytes are gone or cut: somebody or a disk touched landing/."""


class WorkerError(SourceError):
    """Raised by `WorkerPool.run`, as one of those below, when a worker failed at a task, and again with it alone."""

    transient = True


class WorkerDiedError(WorkerError):
    """Raised by `WorkerPool.run` when the worker was killed, crashed or ended under a task; the message says how."""


class WorkerKilledError(WorkerDiedError):
    """Raised by `WorkerPool.run` when somebody else killed or stopped the workers of a task, time and again."""


class WorkerTimeoutError(WorkerError):
    """Raised by `WorkerPool.run` when a task did not end within its seconds."""


class ConnectorRefusedError(SourceError):
    """Raised by a connector when the other side says no: wrong password, no permission, host key unknown."""


class PlaceRefusedError(SourceError):
    """Raised by a connector when a feed leads to a folder, host or protocol that danvan.toml does not allow."""


class FolderMissingError(SourceError):
    """Raised by a connector when the folder a feed names does not exist."""


class ConnectorMissingError(SourceError):
    """Raised by a connector when the protocol of a feed's path needs a package that is not installed."""


class SecretMissingError(SourceError):
    """Raised by a connector when a feed names `${env:NAME}` and the environment has no NAME."""


class AnswerError(SourceError):
    """Raised by a connector when what the other side answers is not what the feed says: no records there, no key."""


class AnswerIncompleteError(SourceError):
    """Raised by a connector when a fetch is not whole: cut short, another number than the total, changed meanwhile."""

    transient = True


class FetchLimitError(SourceError):
    """Raised by a connector when a fetch takes more rows, bytes, pages or time than connector.limits allow."""


class UnreadableFileError(SourceError):
    """Raised by a reader when the bytes are not what the layout says (Q01). The unit gets the message: Vietnamese."""

    rule_id = "Q01"
    check = "file_unreadable"


class WrongEncodingError(UnreadableFileError):
    """Raised by the text readers when the bytes are not in the encoding of the layout (Q02)."""

    rule_id = "Q02"
    check = "encoding_wrong"


class HeaderMissingError(UnreadableFileError):
    """Raised by the sheet and text readers when the header, the sheet or the record list is not found (Q03)."""

    rule_id = "Q03"
    check = "header_missing"
