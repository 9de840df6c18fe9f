"""Neither secrets nor persons are printed: log lines, errors, addresses; a written password is refused."""

from __future__ import annotations

import io
import logging

import pytest

from expectations.contracts.secrets import discreet, has_password, hide, remember
from flows.discretion import install, quiet
from flows.terminal import show


@pytest.fixture
def restored() -> object:
    former = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(former)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sftp://hoa:mật-khẩu@host/x is away", "sftp://***@host/x is away"),
        ("https://hoa@host/x", "https://***@host/x"),
        ("mailto://a:b:c/d@e@mail.example.org", "mailto://***@mail.example.org"),
        ("https://host/x?a=b", "https://host/x?a=b"),
    ],
)
def test_what_stands_before_a_host_is_hidden(text: str, expected: str) -> None:
    assert hide(text) == expected


def test_a_secret_of_the_environment_is_hidden_also_as_part_of_a_url() -> None:
    remember("canary/73 a")
    assert hide("got canary/73 a, canary%2F73%20a and canary%2F73+a") == "got ***, *** and ***"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("sftp://hoa:abc@host/x", True),
        ("sftp://hoa:ab/c@host/x", True),
        ("sftp://hoa:1a/c d'e@host/x", True),
        ("https://:abc@host/x", True),
        ("sftp://host:22/a:b@c", False),
        ("https://hoa:${env:PASSWORD}@host/x", False),
        ("json://${env:USER}:${env:PASSWORD}@host/", False),
        ("sftp://hoa@host:22/x", False),
        ("https://host:8443/a@b", False),
        ("inbox/323", False),
    ],
)
def test_a_password_in_an_address_is_seen(address: str, expected: bool) -> None:
    assert has_password(address) == expected


@pytest.mark.parametrize("as_json", [False, True])
def test_no_table_shows_a_secret(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    remember("canary/74 a")
    show([{"what": "sftp://hoa:abc@host/x", "why": ["no canary/74 a"], "rows": 3}], as_json=as_json)
    told = capsys.readouterr().out
    assert "sftp://***@host/x" in told
    assert "no ***" in told
    assert not [one for one in ("abc", "canary") if one in told]


def test_log_lines_of_ours_are_covered_with_their_tracebacks(restored: object) -> None:
    install()
    stream = io.StringIO()
    logger = logging.getLogger("danvan.test")
    logger.addHandler(logging.StreamHandler(stream))
    try:
        int("ông Trần Văn An sftp://a:b@c")
    except ValueError:
        logger.exception("%s: %s", "Q1 0912345678.xlsx", "d323")
    told = stream.getvalue()
    assert "Q1 (đã che).xlsx: d323" in told
    assert "ValueError" in told
    assert not [one for one in ("0912345678", "Trần", "a:b") if one in told]


def test_an_error_keeps_its_kind_and_loses_what_it_quotes() -> None:
    fault = quiet(OSError(5, "no 0912345678"))
    assert isinstance(fault, OSError)
    assert fault.args == (5, discreet("no 0912345678"))
