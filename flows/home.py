"""The home folder: where it is, its settings (`danvan.toml`), its places, never a secret."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from expectations.contracts.addresses import is_address
from expectations.contracts.periods import PeriodError, lay_over
from expectations.contracts.secrets import has_password
from sources.places import Host, Places

if TYPE_CHECKING:
    from collections.abc import Sequence

SETTINGS = "danvan.toml"
SIZE = r"^\d+(\.\d+)?\s?([KMGT]i?B)$"
TEMPLATE = """\
# danvan.toml: settings of one home folder. Every key may be left out; the values below are the ones used then.
# Secrets never stand here: write ${{env:NAME}} and set NAME in the environment of the process.

name = "{name}"                 # how the province is called in reports and alerts
province = "33"                 # code of the province's unit (reference table `units`)

[places]                        # what feeds may reach; all else is refused, also after a redirect or through a link
roots = ["inbox"]               # folders, relative to this one or absolute
hosts = []                      # servers with their port, e.g. "sftp.vanlam.example.org:22", "10.30.1.5:5432"
networks = []                   # inner networks (private, loopback …) that a host may lead to, e.g. "10.30.0.0/16"

[warehouse]
memory_limit = "1GB"            # what DuckDB may take before it spills to disk
threads = 2                     # of DuckDB; with few rows (200,000 at most) it takes one, which is faster then

[query]                         # what one question by `danvan sql` may take
memory_limit = "1GB"
temp_limit = "4GB"              # on the disk, in a folder of its own that is removed afterwards
seconds = 300

[reading]                       # limits of the child process that opens a foreign file
memory_mib = 1024               # beyond what it has after its imports; a file refused at a bound is read again under
seconds = 300                   # other ones

[run]
workers = 2                     # feeds read and judged at the same time
retries = 3                     # for faults that pass (network, locks); a wrong password is never retried
retry_seconds = [2, 10, 60]     # pause before each retry
lock_seconds = 900              # how long a run waits for another one that is writing

[assessment]
coverage_gate_pct = 90          # below this share of reporting units a goal is "not enough data"
material_points = 0.5           # a signed share that moves by so many percentage points asks for a new signature
material_pct = 1                # and any other signed figure that moves by so many percent of itself

[alerts]
channels = ["terminal", "file"] # besides: apprise addresses, e.g. "mailto://${{env:MAIL_USER}}:${{env:MAIL_PASSWORD}}@example.org"
remind_days = 3                 # what nobody took care of is told again after so many days, and so on; 0: never
escalate_days = 7               # open for so long, it is told to these channels too
escalate_to = []                # addresses as above
# quarantine_pct = 5            # alert above this share of quarantined rows, when they are
# quarantine_rows = 2           # so many at least; unset: what the dataset's contract says

[returns]                       # files that go back to the units that sent them (docs/runbook.md)
days = 3                        # working days a unit is given to send a mended file
# mail = "mailtos://${{env:MAIL_USER}}:${{env:MAIL_PASSWORD}}@example.org"   # unset: nobody is written to
# routes = [{{unit = "323", dataset = "dossiers", severity = "gate", to = ["contact", "motcua@example.org"]}}]
                                # the first that fits a file decides; what is left out fits all. gate: refused or held,
                                # error: rows in quarantine. `to`: other addresses than the contact of the feed file
                                # need a unit; [] is nobody. Where no route fits, it goes to the contact

[privacy]                       # numbers of persons in keys are hashed (docs/security.md); $DANVAN_HASH_KEY comes first
# key_file = "/etc/danvan/hash.key"   # outside the home, for its owner only; unset: ~/.config/danvan/hash.key

[letterhead]                    # head and foot of the report; what is left out is printed as dotted lines
# style = "state"               # layout of state bodies (NĐ 30/2020/NĐ-CP), or "party" (HD 36-HD/VPTW)
# parent_body = "TỈNH ỦY HƯNG YÊN"
# issuing_body = "ỦY BAN NHÂN DÂN TỈNH HƯNG YÊN"
# number_suffix = "/BC-UBND"
# place = "Hưng Yên"
# signed_for = "TM. ỦY BAN NHÂN DÂN"
# signer_title = "CHỦ TỊCH"
# signer_name = ""
# recipients = ["Thường trực Tỉnh ủy (để báo cáo)", "Ban Dân vận Tỉnh ủy", "Lưu: VT"]

[report]
pages = true                    # a run writes the newest quarter as pages too (12 to 50 MB); false: only when asked

[release]
keep = 10                       # older releases are removed after a publication
group = false                   # true: the group of the home folder may read the releases (analysts), and nothing else

[server]                        # the Prefect server that `danvan serve` starts
host = "127.0.0.1"
port = 4200                     # the next free port is taken when this one is in use
startup_seconds = 120
"""


class HomeError(ValueError):
    """The home folder or its settings cannot be used; the message says what, where and what to do."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WarehouseSettings(_Section):
    """What the writer may take of the machine."""

    memory_limit: Annotated[str, Field(pattern=SIZE)] = "1GB"
    threads: Annotated[int, Field(ge=1, le=256)] = 2


class PlacesSettings(_Section):
    """What feeds may reach, as it is written."""

    roots: list[str] = ["inbox"]
    hosts: list[str] = []
    networks: list[str] = []

    @field_validator("roots")
    @classmethod
    def _folders(cls, roots: list[str]) -> list[str]:
        for root in roots:
            if not root or ".." in Path(root).parts or "://" in root:
                raise ValueError(f"'{root}' is no folder; write it from the home folder, or from /, without '..'")
        return roots

    @field_validator("hosts")
    @classmethod
    def _servers(cls, hosts: list[str]) -> list[str]:
        for host in hosts:
            Host.parse(host)
        return hosts

    @field_validator("networks")
    @classmethod
    def _ranges(cls, networks: list[str]) -> list[str]:
        for network in networks:
            ip_network(network)
        return networks


class QuerySettings(_Section):
    """What one question in SQL may take of the machine."""

    memory_limit: Annotated[str, Field(pattern=SIZE)] = "1GB"
    temp_limit: Annotated[str, Field(pattern=SIZE)] = "4GB"
    seconds: Annotated[float, Field(gt=0, le=86_400)] = 300


class ReadingSettings(_Section):
    """Limits of the bounded child process that opens foreign files."""

    memory_mib: Annotated[int, Field(ge=256)] = 1024
    seconds: Annotated[int, Field(ge=1)] = 300


class RunSettings(_Section):
    """How a cycle runs."""

    workers: Annotated[int, Field(ge=1, le=32)] = 2
    retries: Annotated[int, Field(ge=0, le=20)] = 3
    retry_seconds: Annotated[list[Annotated[float, Field(ge=0)]], Field(min_length=1)] = [2, 10, 60]
    lock_seconds: Annotated[float, Field(ge=0)] = 900


class AssessmentSettings(_Section):
    """Gates of the assessment, by the names of `ref.settings`."""

    coverage_gate_pct: Annotated[float, Field(ge=0, le=100)] = 90
    material_points: Annotated[float, Field(ge=0, le=100)] = 0.5
    material_pct: Annotated[float, Field(ge=0)] = 1


class AlertSettings(_Section):
    """Whom a run tells, and from when on."""

    channels: list[str] = ["terminal", "file"]
    remind_days: Annotated[int, Field(ge=0)] = 3
    escalate_days: Annotated[int, Field(ge=1)] = 7
    escalate_to: list[str] = []
    quarantine_pct: Annotated[float, Field(ge=0, le=100)] | None = None
    quarantine_rows: Annotated[int, Field(ge=1)] | None = None

    @field_validator("channels", "escalate_to")
    @classmethod
    def _no_password(cls, channels: list[str]) -> list[str]:
        if any(has_password(one) for one in channels):
            raise ValueError(
                "a channel holds a password; write ${env:NAME} in its place and set NAME in the environment"
            )
        return channels


CONTACT = "contact"
"""Stands in a route for the addresses that the feed file names."""


class Route(_Section):
    """To whom return files go: of a unit, a dataset, a severity, or of all where one is left out."""

    unit: str | None = None
    dataset: str | None = None
    severity: Literal["gate", "error"] | None = None
    to: tuple[str, ...]

    @model_validator(mode="after")
    def _stays_with_the_unit(self) -> Route:
        others = [one for one in self.to if one != CONTACT]
        for one in others:
            if not is_address(one):
                raise ValueError(f"'{one}' is no e-mail address; write NAME@HOST, or contact for the feed's own")
        if others and self.unit is None:
            raise ValueError(
                f"{', '.join(others)} would get the files of every unit: name the unit, or write contact alone"
            )
        return self

    def fits(self, unit: str | None, dataset: str, severity: str) -> bool:
        """Whether it decides about a file."""
        asked = ((self.unit, unit), (self.dataset, dataset), (self.severity, severity))
        return all(wanted is None or wanted == there for wanted, there in asked)


class ReturnSettings(_Section):
    """Return files: until when a mended file is expected, and by which mail server to whom they go."""

    days: Annotated[int, Field(ge=1, le=60)] = 3
    mail: str | None = None
    routes: tuple[Route, ...] = ()

    @field_validator("mail")
    @classmethod
    def _is_a_mailbox(cls, mail: str | None) -> str | None:
        if mail is None:
            return None
        if not mail.startswith(("mailto://", "mailtos://")):
            raise ValueError("return files go by mail: write mailto://… or mailtos://…")
        if has_password(mail):
            raise ValueError("holds a password; write ${env:NAME} in its place and set NAME in the environment")
        return mail

    def wanted(self, unit: str | None, dataset: str, severity: str) -> tuple[str, ...]:
        """What the first route that fits says, else the contact; nothing: on purpose nobody."""
        route = next((one for one in self.routes if one.fits(unit, dataset, severity)), None)
        return (CONTACT,) if route is None else route.to

    def addresses(self, unit: str | None, dataset: str, severity: str, contact: Sequence[str]) -> tuple[str, ...]:
        """Who gets a return file; `contact` is what the feed file says, of which e-mail addresses count."""
        wanted = self.wanted(unit, dataset, severity)
        own = [one for one in contact if is_address(one)]
        found = [address for one in wanted for address in (own if one == CONTACT else [one])]
        return tuple(dict.fromkeys(found))


class PrivacySettings(_Section):
    """Where the secret lies with which numbers of persons are hashed; the secret itself never stands here."""

    key_file: str | None = None


_MARKS_OF_STYLE: dict[str, dict[str, tuple[str, ...]]] = {
    "state": {"number_suffix": ("/",), "signed_for": ("TM.", "KT.", "TL.")},
    "party": {"number_suffix": ("-",), "signed_for": ("T/M", "K/T", "T/L")},
}
"""How the numbers and signatures of each kind of body begin."""


class LetterheadSettings(_Section):
    """Who issues the report; what is not said keeps the report's own default or stays a dotted line.

    `style` is that of state bodies (NĐ 30/2020/NĐ-CP) or of Party bodies (HD 36-HD/VPTW); the two are never mixed.
    """

    style: Literal["state", "party"] | None = None
    parent_body: str | None = None
    issuing_body: str | None = None
    number_suffix: str | None = None
    place: str | None = None
    signed_for: str | None = None
    signer_title: str | None = None
    signer_name: str | None = None
    recipients: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _is_of_one_style(self) -> LetterheadSettings:
        style = self.style or "state"
        other = "state" if style == "party" else "party"
        for name, marks in _MARKS_OF_STYLE[other].items():
            if str(getattr(self, name) or "").startswith(marks):
                right = (
                    "bodies of the Party write -BC/TU and T/M"
                    if style == "party"
                    else "state bodies write /BC-UBND and TM."
                )
                raise ValueError(f"{name} is of the other style than '{style}': {right}")
        return self


class ReportSettings(_Section):
    """What a run writes besides the report in one file."""

    pages: bool = True


class ReleaseSettings(_Section):
    """How many publications are kept, and whether the home's group may read them."""

    keep: Annotated[int, Field(ge=1)] = 10
    group: bool = False


class ServerSettings(_Section):
    """Where the Prefect server of `danvan serve` listens."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 4200
    startup_seconds: Annotated[float, Field(ge=5)] = 120


class Settings(_Section):
    """`danvan.toml`, key by key."""

    name: str = "Tỉnh Hưng Yên"
    province: str = "33"
    places: PlacesSettings = PlacesSettings()
    warehouse: WarehouseSettings = WarehouseSettings()
    query: QuerySettings = QuerySettings()
    reading: ReadingSettings = ReadingSettings()
    run: RunSettings = RunSettings()
    assessment: AssessmentSettings = AssessmentSettings()
    alerts: AlertSettings = AlertSettings()
    returns: ReturnSettings = ReturnSettings()
    privacy: PrivacySettings = PrivacySettings()
    letterhead: LetterheadSettings = LetterheadSettings()
    report: ReportSettings = ReportSettings()
    release: ReleaseSettings = ReleaseSettings()
    server: ServerSettings = ServerSettings()


@dataclass(frozen=True, slots=True)
class Home:
    """A home folder with its settings. Places are properties; nothing is created by naming them."""

    path: Path
    settings: Settings

    @property
    def places(self) -> Places:
        """What feeds may reach."""
        said = self.settings.places
        return Places(
            tuple(self.path / root for root in said.roots),
            tuple(map(Host.parse, said.hosts)),
            tuple(map(ip_network, said.networks)),
        )

    @property
    def feeds(self) -> Path:
        """One YAML file a source."""
        return self.path / "feeds"

    @property
    def reference(self) -> Path:
        """Overlays of the reference tables."""
        return self.path / "reference"

    @property
    def questionnaires(self) -> Path:
        """Questionnaires of this home, besides those that are shipped."""
        return self.path / "questionnaires"

    @property
    def landing(self) -> Path:
        """Every byte received, content-addressed."""
        return self.path / "landing"

    @property
    def work(self) -> Path:
        """Readings and verdicts of running cycles; may be deleted when nothing runs."""
        return self.path / "work"

    @property
    def warehouse(self) -> Path:
        """The one file that the one writer writes."""
        return self.path / "warehouse.duckdb"

    @property
    def releases(self) -> Path:
        """Published, immutable warehouses."""
        return self.path / "releases"

    @property
    def reports(self) -> Path:
        """Assessments as HTML and JSON."""
        return self.path / "reports"

    @property
    def returns(self) -> Path:
        """Files that go back to the units that sent them; they quote cells."""
        return self.path / "returns"

    @property
    def logs(self) -> Path:
        """Logs of the server and digests of alerts."""
        return self.path / "logs"

    @property
    def prefect(self) -> Path:
        """Data of the home's own Prefect server."""
        return self.path / ".prefect"


def locate(given: str | None) -> Path:
    """The home folder: `given` (`--home`), else $DANVAN_HOME, else the current folder if it holds `danvan.toml`.

    Raises HomeError when there is none.
    """
    for place, origin in ((given, "--home"), (os.environ.get("DANVAN_HOME"), "$DANVAN_HOME")):
        if not place:
            continue
        path = Path(place).expanduser().absolute()
        if not path.is_dir():
            raise HomeError(f"{origin} names {path}, which is no folder; make one with: danvan init {path}")
        if not (path / SETTINGS).is_file():
            raise HomeError(f"{origin} names {path}, which holds no {SETTINGS}; make one with: danvan init {path}")
        return path
    here = Path.cwd()
    if (here / SETTINGS).is_file():
        return here
    raise HomeError(
        f"no home folder: {here} holds no {SETTINGS}, and neither --home nor $DANVAN_HOME is set; "
        "go to a home folder, name one with --home DIR, or make one with: danvan init DIR"
    )


def open_home(path: Path) -> Home:
    """Read the settings of a home folder; from then on this process reckons periods by the home's own regimes, too.

    Raises HomeError naming file, key, and what is expected there.
    """
    file = path / SETTINGS
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise HomeError(f"{path} holds no {SETTINGS}; make one with: danvan init {path}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise HomeError(f"{file}: not readable as TOML: {fault}; mend the file") from None
    except OSError as fault:
        raise HomeError(f"{file}: {fault.strerror or fault}; check its permissions") from None
    home = Home(path, _settings(raw, file))
    _reckon_by(home.reference / "regimes.csv")
    return home


def _reckon_by(own: Path) -> None:
    try:
        lay_over(own.read_text(encoding="utf-8-sig") if own.exists() else None)
    except (PeriodError, UnicodeDecodeError, OSError) as fault:
        raise HomeError(f"{own}: {fault}; mend the file") from None


def create(path: Path, name: str = "Tỉnh Hưng Yên") -> None:
    """Lay out a new home folder with commented settings and a sample feed. Raises HomeError where one is."""
    if (path / SETTINGS).exists():
        raise HomeError(f"{path} is a home folder already ({SETTINGS} exists); choose another folder")
    if path.exists() and not path.is_dir():
        raise HomeError(f"{path} is a file; choose another folder")
    if not path.exists() or not any(path.iterdir()):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    for folder in (
        "feeds",
        "reference",
        "questionnaires",
        "corrections",
        "inbox",
        "landing",
        "reports",
        "returns",
        "logs",
        "work",
    ):
        (path / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    (path / SETTINGS).write_text(TEMPLATE.format(name=name), encoding="utf-8")
    (path / ".gitignore").write_text(
        "landing/\nwork/\nreleases/\nreports/\nreturns/\nlogs/\n.prefect/\ninbox/\nwarehouse.duckdb*\n.danvan.*\n",
        encoding="utf-8",
    )
    (path / "feeds" / "example.yaml.txt").write_text(FEED_TEMPLATE, encoding="utf-8")


def _settings(raw: dict[str, Any], file: Path) -> Settings:
    try:
        return Settings.model_validate(raw)
    except ValidationError as fault:
        lines = []
        for error in fault.errors(include_url=False, include_input=False):
            place = ".".join(str(part) for part in error["loc"])
            if error["type"] == "extra_forbidden":
                lines.append(f"{place}: unknown key; {_known(error['loc'])}")
            else:
                lines.append(f"{place}: {error['msg'][:1].lower()}{error['msg'][1:]}")
        raise HomeError(f"{file}: " + "; ".join(lines) + f"; mend {SETTINGS}") from None


def _known(location: tuple[int | str, ...]) -> str:
    """The keys that may stand where an unknown one stood."""
    model: Any = Settings
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        if field is None:
            break
        model = field.annotation
    return "known here: " + ", ".join(model.model_fields)


FEED_TEMPLATE = """\
# A source is one YAML file in this folder. Rename this one to <source>.yaml and change it; every key is explained in
# docs/adding-a-district.md. `danvan feeds check` says what is wrong with it, `danvan check FILE --feed F` tries a file.
source:
  id: d323
  name: Thành phố Hưng Yên
  unit: "323"
maps:
  yes_no: {"Có": true, "Không": false}
feeds:
  service_reports:
    dataset: service_reports
    active: {from: 2024-Q1}
    connector: {kind: files, path: inbox/323, glob: "ii06a_*.csv"}
    name: 'ii06a_(?P<period>\\d{4}Q\\d)_(?P<sent>\\d{8})\\.csv'
    period: {from: name}
    layout: {format: csv, encoding: utf-8-sig, delimiter: ";"}
    unit: {fixed: "323"}
    columns:
      field_name: "Lĩnh vực"
      received_total: "Tổng số tiếp nhận"
      resolved_total: "Tổng số đã giải quyết"
    ignore: {"STT": "ordinal number"}
"""
