"""The command `danvan`: what it is called with, what it prints, how it ends.

Exit codes: 0 fine · 1 failed · 2 wrong usage or configuration · 3 finished, but something needs a person.
"""

# ruff: noqa: PLC0415 (`danvan --help` stays under half a second: what is heavy is imported by the command that needs it)
from __future__ import annotations

import gc
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from expectations.contracts.words.wording import Language
    from flows.home import Home

FINE, FAILED, WRONG, NEEDS_A_PERSON = 0, 1, 2, 3

_Command = TypeVar("_Command", bound="Callable[..., int | None]")


class _NoPandas(MetaPathFinder):
    """This process has no use for pandas: DuckDB and pyarrow would import it (half a second) to ask of the first value
    they are given whether it is one of pandas' own.

    `sys.modules["pandas"] = None` would do for DuckDB; pyarrow, compiled by Cython, takes that None for the module.
    """

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> None:
        """Raises ModuleNotFoundError for pandas, as where it is not installed; everything else is others' business."""
        if fullname == "pandas":
            raise ModuleNotFoundError("danvan imports no pandas", name=fullname)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; a traceback is shown only with --debug."""
    if arguments is None:
        sys.meta_path.insert(0, _NoPandas())
        # Hundreds of feed files are many small objects that all stay: looking for garbage among them every 700 new ones
        # costs a third of reading them.
        gc.set_threshold(50_000, 20, 100)
    from flows.access import keep_private

    keep_private()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = cli.main(given, prog_name="danvan", standalone_mode=False)
        return FINE if code is None else int(code)
    except click.ClickException as wrong:
        wrong.show()
        return WRONG
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return FAILED
    except BrokenPipeError:
        return FAILED
    except Exception as fault:
        if "--debug" in given:
            raise
        return _explain(fault)


def _explain(fault: Exception) -> int:
    """Say what happened and return the exit code of its kind."""
    from expectations.contracts.hash_keys import HashKeyError
    from expectations.contracts.model import ContractError
    from expectations.contracts.periods import PeriodError
    from expectations.contracts.secrets import discreet, hide
    from flows.home import HomeError
    from flows.mistakes import ExplainedError
    from flows.server import ServerError
    from sources.errors import SourceError
    from sources.feeds import FeedError
    from warehouse.explain import NoSuchFigureError
    from warehouse.query import QueryError
    from warehouse.reference.tables import ReferenceDataError
    from warehouse.signatures import SignatureError
    from warehouse.store import WarehouseError

    wrong = (
        HomeError,
        HashKeyError,
        FeedError,
        ContractError,
        PeriodError,
        ReferenceDataError,
        QueryError,
        NoSuchFigureError,
        SignatureError,
    )
    if isinstance(fault, ExplainedError):
        click.echo(discreet(f"Error: {fault}"), err=True)
        return WRONG if fault.is_usage else FAILED
    if isinstance(fault, wrong):
        click.echo(hide(f"Error: {fault}"), err=True)
        return WRONG
    if isinstance(fault, ServerError | SourceError | WarehouseError):
        click.echo(discreet(f"Error: {fault}"), err=True)
        return FAILED
    click.echo(
        f"Error: {type(fault).__name__}: {discreet(str(fault))}\n"
        "This was not foreseen; run the same command with --debug for the place in the code.",
        err=True,
    )
    return FAILED


def _shared(*, prints: bool = True, home: bool = True) -> Callable[[_Command], _Command]:
    """The options every command has: --home, --json where results are printed, --debug."""

    def wrap(function: _Command) -> _Command:
        wrapped = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")(
            function
        )
        if prints:
            wrapped = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(wrapped)
        if home:
            wrapped = click.option(
                "--home", "home_path", metavar="DIR", help="Home folder (else $DANVAN_HOME, else the current folder)."
            )(wrapped)
        return wrapped

    return wrap


def _home(given: str | None) -> Home:
    from flows.home import locate, open_home

    context = click.get_current_context()
    return open_home(locate(given or context.find_root().params.get("home_path")))


_FEED = click.option("--feed", "feeds", multiple=True, metavar="FEED", help="Only this feed or source; repeatable.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", "home_path", metavar="DIR", help="Home folder (else $DANVAN_HOME, else the current folder).")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
@click.version_option(package_name="danvan")
def cli(home_path: str | None) -> None:
    """From what districts send to an assessment that can be signed.

    \b
    Exit codes: 0 fine, 1 failed, 2 wrong usage or configuration,
    3 finished, but something needs a person.
    """


@cli.command()
@click.argument("directory", type=click.Path(path_type=Path), default=Path("demo-home"))
@_shared(home=False)
def demo(directory: Path, as_json: bool) -> int:
    """Make a home from the sample province and run the whole cycle there.

    A former demo in DIRECTORY (default ./demo-home) is replaced; anything else is left alone.
    """
    from flows.demo import run_demo

    return run_demo(directory, as_json=as_json)


@cli.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--name", default="Tỉnh Hưng Yên", show_default=True, help="Name of the province.")
@_shared(home=False)
def init(directory: Path, name: str, as_json: bool) -> None:
    """Make a new home folder: danvan.toml, feeds/ and the rest, commented."""
    from expectations.contracts.hash_keys import make as make_key
    from flows.home import SETTINGS, create
    from flows.terminal import say, show_json

    create(directory, name)
    made_key = make_key()
    if as_json:
        show_json({"home": directory.absolute(), "settings": directory.absolute() / SETTINGS})
        return
    say(f"Made {directory}: settings in {directory / SETTINGS}, a sample feed in {directory / 'feeds'}.")
    if made_key:
        say(f"Made {made_key}: the secret that hashes numbers of persons. Keep it, apart from backups of homes.")
    say(f"Next: write a feed, then  danvan feeds check --home {directory}  and  danvan run --home {directory}")


@cli.command()
@click.option("--period", metavar="P", help="Only deliveries of this period or range: 2024-Q1, 2023-Q4..2024-Q2.")
@_FEED
@click.option("--accept", "accepted", multiple=True, metavar="ID", help="A held delivery that a person has chosen.")
@click.option("--verify", is_flag=True, help="Fetch what is known too, and hash everything that ever landed.")
@click.option("--direct", is_flag=True, help="Without Prefect, even when a server answers.")
@_shared()
def run(
    home_path: str | None,
    *,
    period: str | None,
    feeds: tuple[str, ...],
    accepted: tuple[str, ...],
    verify: bool,
    direct: bool,
    as_json: bool,
) -> int:
    """One whole cycle now: land, read, judge, book, build, release, tell.

    Under Prefect when a server answers ($PREFECT_API_URL or the home's own `danvan serve`), else directly.
    """
    from flows.running import run_once

    home = _home(home_path)
    return run_once(home, feeds=feeds, period=period, accepted=accepted, verify=verify, direct=direct, as_json=as_json)


@cli.command("plan")
@click.option("--period", metavar="P", help="Only files that claim this period or range: 2024-Q1, 2023-Q4..2024-Q2.")
@_FEED
@_shared()
def plan_command(home_path: str | None, *, period: str | None, feeds: tuple[str, ...], as_json: bool) -> int:
    """What a run would fetch and read, and which file stands now; nothing is fetched or written.

    \b
    Example: danvan plan --feed d323
    """
    from flows.foresight import show_plan

    return show_plan(_home(home_path), period=period, feeds=feeds, as_json=as_json)


@cli.command()
@click.option("--into", type=click.Path(path_type=Path), metavar="DIR", help="Make it in another, new home folder.")
@_shared()
def rebuild(home_path: str | None, into: Path | None, as_json: bool) -> int:
    """The warehouse again, from the landing zone and the decisions alone.

    Ends in the same release fingerprint as the home that grew day by day. A home of an older version is brought over.
    """
    from flows.rebuilding import rebuild_home

    return rebuild_home(_home(home_path), into, as_json=as_json)


@cli.group("decide", invoke_without_command=True)
@_shared()
@click.pass_context
def decide_group(context: click.Context, home_path: str | None, as_json: bool) -> int:
    """What people decided: list it (default), accept or withdraw a delivery, waive a duty."""
    if context.invoked_subcommand:
        context.ensure_object(dict).update(home_path=home_path, as_json=as_json)
        return FINE
    from flows.deciding import list_decisions

    return list_decisions(_home(home_path), as_json=as_json)


_WHY = click.option("--why", "reason", required=True, metavar="TEXT", help="The reason; it is kept with the decision.")
_BY = click.option("--by", metavar="NAME", help="Who says so (default: the user of this machine).")


@decide_group.command("accept")
@click.argument("delivery_id")
@_WHY
@_BY
@_shared()
@click.pass_obj
def decide_accept(
    outer: dict[str, Any], home_path: str | None, delivery_id: str, *, reason: str, by: str | None, as_json: bool
) -> int:
    """A held delivery counts; an empty one means that nothing occurred."""
    from flows.deciding import decide_delivery

    home = _home(home_path or outer["home_path"])
    return decide_delivery(home, "accept", delivery_id, reason=reason, by=by, as_json=as_json or outer["as_json"])


@decide_group.command("withdraw")
@click.argument("delivery_id")
@_WHY
@_BY
@_shared()
@click.pass_obj
def decide_withdraw(
    outer: dict[str, Any], home_path: str | None, delivery_id: str, *, reason: str, by: str | None, as_json: bool
) -> int:
    """A delivery counts no more; what stood before it stands again."""
    from flows.deciding import decide_delivery

    home = _home(home_path or outer["home_path"])
    return decide_delivery(home, "withdraw", delivery_id, reason=reason, by=by, as_json=as_json or outer["as_json"])


@decide_group.command("waive")
@click.argument("feed")
@click.argument("period")
@_WHY
@_BY
@_shared()
@click.pass_obj
def decide_waive(
    outer: dict[str, Any],
    home_path: str | None,
    feed: str,
    period: str,
    *,
    reason: str,
    by: str | None,
    as_json: bool,
) -> int:
    """A feed owes nothing for a period."""
    from flows.deciding import decide_duty

    home = _home(home_path or outer["home_path"])
    return decide_duty(home, "waive", feed, period, reason=reason, by=by, as_json=as_json or outer["as_json"])


@cli.command()
@click.argument("feed")
@click.argument("period")
@click.option("--waive", "is_waived", is_flag=True, help="It owes nothing for the period, whatever occurred.")
@_WHY
@_BY
@_shared()
def confirm(
    home_path: str | None, feed: str, period: str, *, is_waived: bool, reason: str, by: str | None, as_json: bool
) -> int:
    """Nothing occurred in a period: a nil return without a file, which counts as a report.

    A file with rows that comes later says otherwise, and stands.

    Example: danvan confirm d323.petitions 2024-Q2 --why "Công văn 12 của huyện" --by "Trần Thị Bình"
    """
    from flows.deciding import decide_duty

    kind: Literal["waive", "confirm"] = "waive" if is_waived else "confirm"
    return decide_duty(_home(home_path), kind, feed, period, reason=reason, by=by, as_json=as_json)


@cli.command()
@_shared()
def corrections(home_path: str | None, as_json: bool) -> int:
    """The corrections register (corrections/*.yaml): its mistakes, and what became of each correction.

    A correction acts with the next `danvan run`; it lapses where the source has mended itself.
    """
    from flows.correcting import list_corrections

    return list_corrections(_home(home_path), as_json=as_json)


_ASKED = (
    click.option("--unit", "units", multiple=True, metavar="CODE", help="Only this unit's; repeatable."),
    click.option("--dataset", "datasets", multiple=True, metavar="NAME", help="Only this dataset; repeatable."),
    click.option("--period", "periods", multiple=True, metavar="P", help="Only this period; repeatable."),
    _FEED,
    click.option("--rule", "rules", multiple=True, metavar="ID", help="Only with this rule; repeatable."),
)
_DELIVERIES = click.argument("deliveries", nargs=-1, metavar="[DELIVERY]...")
_EVERYTHING = click.option("--all", "everything", is_flag=True, help="Those too that a later file replaced.")


def _narrowed(first: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """The options that say which deliveries of the quarantine are meant, after a first one."""

    def wrap(function: _Command) -> _Command:
        for option in reversed((first, *_ASKED)):
            function = option(function)
        return function

    return wrap


@cli.group("quarantine", invoke_without_command=True)
@_shared()
@click.pass_context
def quarantine_group(context: click.Context, home_path: str | None, as_json: bool) -> int:
    """What was held back, and the files that go back to the units: list it (default), export it, or judge it again."""
    if context.invoked_subcommand:
        context.ensure_object(dict).update(home_path=home_path, as_json=as_json)
        return FINE
    from flows.quarantine import Wanted, list_quarantine

    return list_quarantine(_home(home_path), Wanted(), everything=False, as_json=as_json)


@quarantine_group.command("list")
@_narrowed(_EVERYTHING)
@_shared()
@click.pass_obj
def quarantine_list(
    outer: dict[str, Any], /, home_path: str | None, *, everything: bool, as_json: bool, **which: tuple[str, ...]
) -> int:
    """Deliveries that stand with rows in quarantine, were refused or are held, with rules, return file and letter.

    What a later delivery replaced is not listed.

    \b
    Example: danvan quarantine list --unit 325 --rule Q30
    """
    from flows.quarantine import Wanted, list_quarantine

    home = _home(home_path or outer["home_path"])
    return list_quarantine(home, Wanted(**which), everything=everything, as_json=as_json or outer["as_json"])


@quarantine_group.command("export")
@_narrowed(_DELIVERIES)
@click.option("--format", "form", default="xlsx", show_default=True, help="xlsx: return files; csv: a list a source.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder (default: returns/ of the home).")
@_shared()
@click.pass_obj
def quarantine_export(
    outer: dict[str, Any],
    /,
    home_path: str | None,
    *,
    form: str,
    output: Path | None,
    as_json: bool,
    **which: tuple[str, ...],
) -> int:
    """Write the return files of DELIVERY (ids, or how they begin; default: all). They quote cells.

    \b
    Example: danvan quarantine export --unit 325 --output to-send
    """
    from flows.quarantine import Wanted, export_quarantine

    home = _home(home_path or outer["home_path"])
    return export_quarantine(home, Wanted(**which), form=form, folder=output, as_json=as_json or outer["as_json"])


@quarantine_group.command("replay")
@_narrowed(_DELIVERIES)
@_shared()
@click.pass_obj
def quarantine_replay(
    outer: dict[str, Any], /, home_path: str | None, *, as_json: bool, **which: tuple[str, ...]
) -> int:
    """Read and judge DELIVERY (ids, or how they begin; default: all) again, after a map, rule or table was mended.

    What passes now is loaded, with a receipt of its own. What was judged by the same before is left as it is.

    \b
    Example: danvan quarantine replay --feed d325.dossiers
    """
    from flows.quarantine import Wanted, replay_quarantine

    home = _home(home_path or outer["home_path"])
    return replay_quarantine(home, Wanted(**which), as_json=as_json or outer["as_json"])


@cli.group("alerts", invoke_without_command=True)
@_shared()
@click.pass_context
def alerts_group(context: click.Context, home_path: str | None, as_json: bool) -> int:
    """What needs a person and who was told: list it (default), take note, waive it for a time, explain a finding."""
    if context.invoked_subcommand:
        context.ensure_object(dict).update(home_path=home_path, as_json=as_json)
        return FINE
    from flows.alerts import list_alerts

    return list_alerts(_home(home_path), everything=False, as_json=as_json)


@alerts_group.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that are over or acknowledged too.")
@_shared()
@click.pass_obj
def alerts_list(outer: dict[str, Any], home_path: str | None, *, everything: bool, as_json: bool) -> int:
    """Alerts, the most urgent first: where, what, for how many days, in what state, which channel lacks it.

    Example: danvan alerts list --all
    """
    from flows.alerts import list_alerts

    home = _home(home_path or outer["home_path"])
    return list_alerts(home, everything=everything, as_json=as_json or outer["as_json"])


@alerts_group.command("ack")
@click.argument("alerts", nargs=-1, required=True)
@click.option("--why", "reason", default="acknowledged", metavar="TEXT", help="What is being done; it is kept.")
@_BY
@_shared()
@click.pass_obj
def alerts_ack(
    outer: dict[str, Any],
    home_path: str | None,
    alerts: tuple[str, ...],
    *,
    reason: str,
    by: str | None,
    as_json: bool,
) -> int:
    """A person knows of ALERTS (ids, or how they begin): no run needs anybody for them, no channel is told again.

    They are over when their cause is gone; one whose cause comes back is open again.

    Example: danvan alerts ack 3f9a1c20 --by "Trần Thị Bình"
    """
    from flows.alerts import acknowledge_alerts

    home = _home(home_path or outer["home_path"])
    return acknowledge_alerts(home, alerts, reason=reason, by=by, as_json=as_json or outer["as_json"])


@alerts_group.command("waive")
@click.argument("alerts", nargs=-1, required=True)
@_WHY
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    metavar="DAY",
    help="The last day on which they need nobody (2024-06-30).",
)
@_BY
@_shared()
@click.pass_obj
def alerts_waive(
    outer: dict[str, Any],
    home_path: str | None,
    alerts: tuple[str, ...],
    *,
    reason: str,
    until: datetime,
    by: str | None,
    as_json: bool,
) -> int:
    """ALERTS (ids, or how they begin) need nobody until a day; after it they are open again, if their cause is there.

    Example: danvan alerts waive 3f9a1c20 --until 2024-07-15 --why "Phần mềm của huyện đang nâng cấp"
    """
    from flows.alerts import waive_alerts

    home, as_json = _home(home_path or outer["home_path"]), as_json or outer["as_json"]
    return waive_alerts(home, alerts, reason=reason, by=by, until_on=until.date(), as_json=as_json)


_UNTIL = click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="The last day on which it holds (default: no end).",
)


@alerts_group.command("explain")
@click.argument("finding")
@click.option("--text", required=True, metavar="TEXT", help="What the unit answers.")
@_UNTIL
@_BY
@_shared()
@click.pass_obj
def alerts_explain(
    outer: dict[str, Any],
    home_path: str | None,
    finding: str,
    *,
    text: str,
    until: datetime | None,
    by: str | None,
    as_json: bool,
) -> int:
    """Answer a soft finding, or those an alert is about (FINDING: an id, or how it begins). Hard ones must be mended.

    Example: danvan alerts explain 5b0e77d1 --text "Nhập bổ sung hồ sơ tháng 3" --by "UBND huyện Văn Lâm"
    """
    from flows.explaining import explain_finding

    home, until_on = _home(home_path or outer["home_path"]), until.date() if until else None
    return explain_finding(home, finding, text=text, by=by, until_on=until_on, as_json=as_json or outer["as_json"])


@alerts_group.command("review")
@click.argument("finding")
@click.argument("outcome", type=click.Choice(["accepted", "not_accepted", "ask"]))
@_WHY
@_BY
@_shared()
@click.pass_obj
def alerts_review(
    outer: dict[str, Any],
    home_path: str | None,
    finding: str,
    outcome: Literal["accepted", "not_accepted", "ask"],
    *,
    reason: str,
    by: str | None,
    as_json: bool,
) -> int:
    """Say what becomes of an explanation: accepted, not_accepted, or ask for more.

    Example: danvan alerts review 5b0e77d1 accepted --why "Khớp với sổ theo dõi"
    """
    from flows.explaining import review_explanation

    home = _home(home_path or outer["home_path"])
    return review_explanation(home, finding, outcome, reason=reason, by=by, as_json=as_json or outer["as_json"])


@alerts_group.command("explanations")
@_shared()
@click.pass_obj
def alerts_explanations(outer: dict[str, Any], home_path: str | None, as_json: bool) -> int:
    """Every explanation with its finding; those that wait for a reviewer come first.

    Example: danvan alerts explanations --json
    """
    from flows.explaining import list_explanations

    return list_explanations(_home(home_path or outer["home_path"]), as_json=as_json or outer["as_json"])


@cli.command()
@_FEED
@_shared(prints=False)
def serve(home_path: str | None, feeds: tuple[str, ...]) -> None:
    """Prefect server, its UI and the schedules of the feeds, until SIGTERM or Ctrl-C.

    Data of the server: SQLite in the home folder, or PostgreSQL by PREFECT_API_DATABASE_CONNECTION_URL.
    """
    from flows.running import serve_home

    serve_home(_home(home_path), feeds=feeds)


@cli.command()
@click.option("--from", "first", required=True, metavar="P", help="First period, e.g. 2023-Q4.")
@click.option("--to", "last", required=True, metavar="P", help="Last period, e.g. 2024-Q2.")
@_FEED
@click.option("--direct", is_flag=True, help="Without Prefect, even when a server answers.")
@_shared()
def backfill(
    home_path: str | None, first: str, last: str, *, feeds: tuple[str, ...], direct: bool, as_json: bool
) -> int:
    """The same cycle period by period; what stands already is not loaded again."""
    from flows.running import run_backfill

    return run_backfill(_home(home_path), first=first, last=last, feeds=feeds, direct=direct, as_json=as_json)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--feed", "feed_id", required=True, metavar="FEED", help="The feed the file would come from.")
@_shared()
def check(home_path: str | None, file: Path, feed_id: str, as_json: bool) -> int:
    """The verdict on a file, without loading it."""
    from flows.inspection import check_file

    return check_file(_home(home_path), file, feed_id, as_json=as_json)


@cli.group("feeds", invoke_without_command=True)
@_shared()
@click.pass_context
def feeds_group(context: click.Context, home_path: str | None, as_json: bool) -> int:
    """The feeds of the home: list them (default), or check their files."""
    if context.invoked_subcommand:
        context.ensure_object(dict).update(home_path=home_path, as_json=as_json)
        return FINE
    from flows.inspection import list_feeds

    return list_feeds(_home(home_path), as_json=as_json)


@feeds_group.command("list")
@_shared()
@click.pass_obj
def feeds_list(outer: dict[str, Any], home_path: str | None, as_json: bool) -> int:
    """What is configured: feed, dataset, where its files lie, when it is looked at."""
    from flows.inspection import list_feeds

    return list_feeds(_home(home_path or outer["home_path"]), as_json=as_json or outer["as_json"])


@feeds_group.command("new")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dataset", metavar="NAME", help="Which dataset it is (default: what its headers say).")
@click.option("--unit", metavar="CODE", help="Code of the unit whose file it is (default: what the file says).")
@click.option("--source", metavar="ID", help="Id of the source (default: d and the unit's code).")
@click.option("--name", metavar="NAME", help="Name of the source (default: the unit's).")
@click.option("--output", type=click.Path(path_type=Path), help="Where to write it (default: feeds/<source>.yaml).")
@_shared()
@click.pass_obj
def feeds_new(
    outer: dict[str, Any],
    home_path: str | None,
    file: Path,
    *,
    dataset: str | None,
    unit: str | None,
    source: str | None,
    name: str | None,
    output: Path | None,
    as_json: bool,
) -> int:
    """Look at a file and write the feed it needs, commented; what is unsure is said.

    Example: danvan feeds new "Danh sach ho so 2024Q2.xlsx" --unit 329
    """
    from flows.first_feed import propose_feed
    from sources.proposals import Asked

    asked = Asked(source=source, name=name, unit=unit, dataset=dataset)
    home = _home(home_path or outer["home_path"])
    return propose_feed(home, file, asked, output=output, as_json=as_json or outer["as_json"])


@feeds_group.command("check")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@_shared()
@click.pass_obj
def feeds_check(outer: dict[str, Any], home_path: str | None, feeds: tuple[str, ...], as_json: bool) -> int:
    """Every mistake in the feed files, with file, line and what to do.

    With FEED (a feed or a source) it is tried too: its place is asked, a first page or file is read, nothing is loaded.
    """
    from flows.inspection import check_feeds

    return check_feeds(_home(home_path or outer["home_path"]), feeds, as_json=as_json or outer["as_json"])


@cli.command()
@click.option("--period", metavar="P", help="Only this period or range.")
@_FEED
@click.option("--problems", is_flag=True, help="A list of what needs a person, with due days and days late.")
@click.option("--all", "everything", is_flag=True, help="A list of every feed and period.")
@_shared()
def status(
    home_path: str | None,
    period: str | None,
    feeds: tuple[str, ...],
    *,
    problems: bool,
    everything: bool,
    as_json: bool,
) -> int:
    """What arrived and what did not: a grid of units and periods, 100 columns wide, and counts.

    Example: danvan status --period 2024-Q1..2024-Q2 --problems
    """
    from flows.inspection import show_status

    home = _home(home_path)
    return show_status(home, period=period, feeds=feeds, problems=problems, everything=everything, as_json=as_json)


@cli.command()
@_shared()
def doctor(home_path: str | None, as_json: bool) -> int:
    """What could go wrong: versions, permissions, feeds, calendar, disk."""
    from flows.doctor import examine

    return examine(_home(home_path), as_json=as_json)


@cli.command()
@click.argument("query", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
    help="How the rows are written.",
)
@click.option("--output", type=click.Path(path_type=Path), help="File to write; parquet needs one.")
@click.option("--live", is_flag=True, help="Ask the working warehouse instead of the current release.")
@click.option(
    "--raw", "is_raw", is_flag=True, help="CSV as it is: no apostrophe before what a spreadsheet takes for a formula."
)
@click.option(
    "--seconds", type=click.FloatRange(min=0, min_open=True), help="How long it may take (default: [query] seconds)."
)
@_shared()
def sql(
    home_path: str | None,
    query: str | None,
    form: str,
    *,
    output: Path | None,
    live: bool,
    is_raw: bool,
    seconds: float | None,
    as_json: bool,
) -> int:
    """Ask the current release in SQL, read-only, also while a run is writing. Without QUERY: a prompt.

    \b
    Example: danvan sql "from start_here"
    """
    from flows.asking import ask

    form = "json" if as_json else form
    if query is None:
        from flows.mistakes import NoQueryError
        from flows.prompting import Manner, prompt

        if output is not None or form == "parquet":
            raise NoQueryError("a file holds the answer to one question: write it, or leave --output and parquet out")
        return prompt(_home(home_path), Manner(form, live, is_raw, seconds))
    return ask(_home(home_path), query, form=form, output=output, live=live, is_raw=is_raw, seconds=seconds)


@cli.command()
@click.option("--schema", metavar="NAME", help="Only this schema: main, marts, core, measures, ref, ops, intermediate.")
@_shared()
def tables(home_path: str | None, schema: str | None, as_json: bool) -> int:
    """Tables and views of the current release, with rows and meaning; steps in between only by --schema intermediate.

    Example: danvan tables --schema marts
    """
    from flows.browsing import list_tables

    return list_tables(_home(home_path), schema=schema, as_json=as_json)


@cli.command()
@click.argument("table")
@_shared()
def describe(home_path: str | None, table: str, as_json: bool) -> int:
    """What the columns of a table mean.

    Example: danvan describe marts.assessment
    """
    from flows.browsing import describe_table

    return describe_table(_home(home_path), table, as_json=as_json)


@cli.command("open")
@_shared()
def open_release(home_path: str | None, as_json: bool) -> int:
    """How to open the current release in DuckDB, Python, R, DBeaver, Excel.

    Example: danvan open
    """
    from flows.browsing import say_how_to_open

    return say_how_to_open(_home(home_path), as_json=as_json)


@cli.command()
@click.argument("indicator")
@click.option("--unit", required=True, metavar="CODE", help="Code of the unit, e.g. 331.")
@click.option("--period", required=True, metavar="P", help="2024, 2024-H1 or 2024-Q2.")
@click.option("--definition", metavar="ID", help="Another definition than the one assessed, e.g. OT_ANNUAL.")
@click.option(
    "--language",
    "--lang",
    type=click.Choice(["vi", "en"]),
    default="vi",
    show_default=True,
    help="Language of the text; JSON holds both.",
)
@click.option("--rows", "with_rows", is_flag=True, help="Each row with what it adds, too.")
@click.option(
    "--live", is_flag=True, help="Ask the working warehouse instead of the current release: it has every row."
)
@_shared()
def explain(
    home_path: str | None,
    indicator: str,
    *,
    unit: str,
    period: str,
    definition: str | None,
    language: Literal["vi", "en"],
    with_rows: bool,
    live: bool,
    as_json: bool,
) -> int:
    """From a figure back to file, sheet, row and cell: what adds up to it, what could move it, what follows from it.

    \b
    Example: danvan explain AR01 --unit 326 --period 2024-Q2 --lang en
    """
    from flows.asking import explain_figure

    return explain_figure(
        _home(home_path),
        indicator,
        unit=unit,
        period=period,
        definition=definition,
        language=language,
        live=live,
        with_rows=with_rows,
        as_json=as_json,
    )


@cli.command()
@click.option("--period", required=True, metavar="P", help="2024, 2024-H1 or 2024-Q2.")
@click.option(
    "--format",
    "forms",
    default="html,json",
    show_default=True,
    help="Which: html (one page), site (a folder of pages), json, docx, xlsx, pdf, csv.",
)
@click.option("--unit", metavar="CODE", help="Of a district or commune (326) instead of the province.")
@click.option(
    "--language",
    "--lang",
    type=click.Choice(["vi", "en"]),
    default="vi",
    show_default=True,
    help="Of docx, xlsx and pdf; the other forms hold both.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Folder (default: reports/ of the home).")
@click.option(
    "--as-known",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="With what was known at the end of this day (2024-06-30): without what came or was decided later.",
)
@_shared()
def assess(
    home_path: str | None,
    *,
    period: str,
    forms: str,
    unit: str | None,
    language: Language,
    output: Path | None,
    as_known: datetime | None,
    as_json: bool,
) -> int:
    """Write the assessment of a period from the current release."""
    from flows.asking import write_assessment

    return write_assessment(
        _home(home_path),
        period=period,
        forms=forms,
        folder=output,
        unit=unit,
        language=language,
        known=as_known.date() if as_known else None,
        as_json=as_json,
    )


@cli.command("sign")
@click.argument("period")
@click.option("--by", required=True, metavar="NAME", help="Who signs, or allows; it is not published.")
@click.option("--role", required=True, metavar="TEXT", help="In which office, as it is published: Chánh Văn phòng.")
@click.option("--except", "is_exception", is_flag=True, help="Not a signature: changes need no new one until a day.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Last day of the exception.")
@click.option("--why", "reason", metavar="TEXT", help="Why it is allowed.")
@click.option("--unit", metavar="CODE", help="Only changes of this unit are allowed.")
@click.option("--indicator", metavar="CODE", help="Only changes of this indicator are allowed.")
@_shared()
def sign_command(
    home_path: str | None,
    period: str,
    *,
    by: str,
    role: str,
    is_exception: bool,
    until: datetime | None,
    reason: str | None,
    unit: str | None,
    indicator: str | None,
    as_json: bool,
) -> int:
    """Sign what the current release publishes of PERIOD; later changes are told until somebody signs again.

    With --except: changes of the signed period need no new signature until a day.

    \b
    Example: danvan sign 2024-Q2 --by "Trần Thị B" --role "Chánh Văn phòng UBND tỉnh"
    """
    from flows.signing import allow_changes, sign_period

    home = _home(home_path)
    if not is_exception:
        for option, value in (("--until", until), ("--why", reason), ("--unit", unit), ("--indicator", indicator)):
            if value is not None:
                raise click.UsageError(f"{option} means nothing without --except")
        return sign_period(home, period, by=by, role=role, as_json=as_json)
    if until is None:
        raise click.UsageError("--except needs --until: the last day of the exception")
    return allow_changes(
        home,
        period,
        by=by,
        role=role,
        until=until.date(),
        reason=reason or "",
        unit=unit,
        indicator=indicator,
        as_json=as_json,
    )


@cli.command()
@click.option("--period", metavar="P", help="Only this period, with what changed in it.")
@_shared()
def signatures(home_path: str | None, *, period: str | None, as_json: bool) -> int:
    """Who signed which periods, and what is published otherwise since (exit code 3: a new signature is due).

    \b
    Example: danvan signatures --period 2024-Q2
    """
    from flows.signing import list_signatures

    return list_signatures(_home(home_path), period=period, as_json=as_json)


@cli.group("release", invoke_without_command=True)
@_shared()
@click.pass_context
def release_group(context: click.Context, home_path: str | None, as_json: bool) -> int:
    """Published warehouses: list them (default), publish, verify, export, compare two."""
    if context.invoked_subcommand:
        context.ensure_object(dict).update(home_path=home_path, as_json=as_json)
        return FINE
    from flows.asking import list_releases

    return list_releases(_home(home_path), as_json=as_json)


@release_group.command("list")
@_shared()
@click.pass_obj
def release_list(outer: dict[str, Any], home_path: str | None, as_json: bool) -> int:
    """Releases, newest first; the current one is marked."""
    from flows.asking import list_releases

    return list_releases(_home(home_path or outer["home_path"]), as_json=as_json or outer["as_json"])


@release_group.command("publish")
@_shared()
@click.pass_obj
def release_publish(outer: dict[str, Any], home_path: str | None, as_json: bool) -> int:
    """Build the marts and publish the working warehouse as a new release."""
    from flows.asking import publish_release

    return publish_release(_home(home_path or outer["home_path"]), as_json=as_json or outer["as_json"])


@release_group.command("verify")
@click.argument("release", default="current")
@_shared()
@click.pass_obj
def release_verify(outer: dict[str, Any], home_path: str | None, release: str, *, as_json: bool) -> int:
    """Whether a release is what it was published as: pointer, manifest, hash of the file, every table counted.

    RELEASE is an id or how it begins, `previous` or `current` (the default). Ends with 1 where something is wrong.

    \b
    Example: danvan release verify
    """
    from flows.asking import verify_release

    return verify_release(_home(home_path or outer["home_path"]), release, as_json=as_json or outer["as_json"])


@release_group.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "sdmx-csv", "openlineage"]),
    default="parquet",
    show_default=True,
    help="Every table as Parquet with datapackage.json, the figures as SDMX-CSV, or the lineage as OpenLineage events.",
)
@click.option("--release", default="current", show_default=True, help="Which release: its id, or `previous`.")
@_shared()
@click.pass_obj
def release_export(
    outer: dict[str, Any], home_path: str | None, folder: Path, *, form: str, release: str, as_json: bool
) -> int:
    """Write a release in another form into the new folder FOLDER.

    \b
    Example: danvan release export --format parquet published
    """
    from flows.asking import export_release

    home = _home(home_path or outer["home_path"])
    return export_release(home, release, form=form, folder=folder, as_json=as_json or outer["as_json"])


@release_group.command("diff")
@click.argument("older", default="previous")
@click.argument("newer", default="current")
@click.option("--indicator", "indicators", multiple=True, metavar="CODE", help="Only this indicator; repeatable.")
@click.option("--unit", "units", multiple=True, metavar="CODE", help="Only this unit; repeatable.")
@click.option("--period", "periods", multiple=True, metavar="P", help="Only this period; repeatable.")
@_shared()
@click.pass_obj
def release_diff(
    outer: dict[str, Any],
    home_path: str | None,
    older: str,
    newer: str,
    *,
    indicators: tuple[str, ...],
    units: tuple[str, ...],
    periods: tuple[str, ...],
    as_json: bool,
) -> int:
    """Which figures and statuses two releases publish differently, and the deliveries that caused it.

    OLDER and NEWER are release ids or how they begin, `previous` and `current` (the default).

    \b
    Example: danvan release diff previous current --unit 323
    """
    from flows.asking import compare_releases

    return compare_releases(
        _home(home_path or outer["home_path"]),
        older,
        newer,
        indicators=indicators,
        units=units,
        periods=periods,
        as_json=as_json or outer["as_json"],
    )


if __name__ == "__main__":
    sys.exit(main())
