"""What is promised about faults, how it is tested, and which figures say so: the rows of `docs/reliability.md`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """A row of the page. `figures` names the figures a test writes down; None: it has no more to say than green."""

    what: str
    how: str
    test: str
    figures: str | None = None


PROMISES = (
    Promise(
        "A run that is killed at any moment loses nothing, doubles nothing, leaves nothing lying, and the next run goes"
        " on; every alert reaches every channel, and none twice",
        "SIGKILL at named failpoints before, within and after each of the eight steps, at file operations and at random"
        " moments, SIGTERM and SIGINT at random moments; after every twelve killed runs one is let through and compared"
        " with a home that was told the same and never disturbed (fingerprint of the release, receipts, rows, alerts by"
        " channel, files)",
        "tests/faults/test_kills.py::test_killed_runs_lose_nothing_double_nothing_and_leave_nothing",
        "kills",
    ),
    Promise(
        "A file that cannot grow stops a run with words (step, path, reason, what is free), never a release or a file"
        " of a district; the next run mends all",
        "RLIMIT_FSIZE from a failpoint of each step on, in the run and in its workers; then the oracle",
        "tests/faults/test_disk_full.py::test_files_that_cannot_grow",
        "disk_full_by_limit",
    ),
    Promise(
        "The same on a file system without room",
        "a tmpfs of its own, filled at a failpoint of each step (where a file system can be mounted, else skipped)",
        "tests/faults/test_disk_full.py::test_a_file_system_without_room",
        "disk_full_by_room",
    ),
    Promise(
        "Several runs on one home end, and leave what one run would",
        "three runs begun at the same moment, round after round, then the oracle",
        "tests/faults/test_two_runs.py::test_runs_at_once_leave_what_one_would",
        "runs_at_once",
    ),
    Promise(
        "A home survives its Prefect server: a taken port, a schedule beside a run, a server killed under a run, an"
        " address where nobody answers",
        "a real server and real runs of `danvan serve` and `danvan run`, then the oracle",
        "tests/faults/test_prefect.py::test_a_home_survives_its_prefect_server",
        "prefect",
    ),
    Promise(
        "Readers never wait, never meet an error, and never an answer out of two releases",
        "eight readers (the function of `danvan sql`, the command itself, DuckDB on the file behind the pointer) over"
        " fifty publications (twelve in `make test`), two releases kept",
        "tests/faults/test_readers.py::test_readers_never_meet_an_error_or_two_releases_at_once",
        "readers",
    ),
    Promise(
        "Every torn, flipped or hostile file ends in a verdict within the bounds; nothing short passes for whole where"
        " the format or the source can show it (a CSV cut exactly at a line end, without a declared count, cannot)",
        "files of ten formats cut, flipped and overwritten by seed; ten hostile ones (bombs, ragged megabytes, endless"
        " lines and numbers) in `test_hostile_files_end_in_a_verdict_within_the_bounds`",
        "tests/faults/test_corpus.py::test_every_damaged_file_ends_in_a_verdict",
        "damaged_files",
    ),
    Promise(
        "Every failpoint stands where it says",
        "each names a function that exists, and one run passes all of them",
        "tests/faults/test_failpoints.py::test_a_run_passes_every_failpoint",
    ),
)
