"""Encrypted, and only with a server whose certificate somebody we believe has signed: on real servers of each kind."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from sources import errors
from sources.feeds import Mailbox, Rest, Sql
from sources.landing import Landing
from sources.places import Host, Places
from tests.sources.connectors import servers
from tests.sources.connectors.interfaces import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sources.feeds import Feed
    from tests.sources.connectors.servers import Certificate

LOGIN = {"user": "danvan", "password": "${env:SERVER_SECRET}"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return servers.certificate(tmp_path_factory.mktemp("certificates"))


@contextmanager
def postgresql(certificate: Certificate) -> Iterator[tuple[Any, int]]:
    with servers.postgresql(certificate) as port:
        query = "select 'a' as ma, ssl from pg_stat_ssl where pid = pg_backend_pid()"
        url = f"postgresql://127.0.0.1:{port}/postgres"
        yield Sql.model_validate({"kind": "sql", "url": url, "query": query, "key": "ma", **LOGIN}), port


@contextmanager
def mariadb(certificate: Certificate) -> Iterator[tuple[Any, int]]:
    with servers.mariadb(certificate) as port:
        url, query = f"mariadb://127.0.0.1:{port}/mc", "select 'a' as ma"
        yield Sql.model_validate({"kind": "sql", "url": url, "query": query, "key": "ma", **LOGIN}), port


@contextmanager
def imaps(certificate: Certificate) -> Iterator[tuple[Any, int]]:
    with servers.dovecot(certificate) as (_, port):
        told = {"kind": "imap", "url": f"imaps://127.0.0.1:{port}", "senders": "a@example.org", **LOGIN}
        yield Mailbox.model_validate(told), port


@contextmanager
def starttls(certificate: Certificate) -> Iterator[tuple[Any, int]]:
    with servers.dovecot(certificate) as (port, _):
        told = {"kind": "imap", "url": f"imap://127.0.0.1:{port}", "senders": "a@example.org", **LOGIN}
        yield Mailbox.model_validate(told), port


@contextmanager
def https(certificate: Certificate) -> Iterator[tuple[Any, int]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with serving(context) as interface:
        interface.records = [{"code": "a"}]
        told = {"kind": "rest", "url": f"{interface.url}/hoso", "records": "data.items"}
        yield Rest.model_validate(told), interface.port


@pytest.mark.parametrize("server", [postgresql, mariadb, imaps, starttls, https])
def test_only_a_believed_certificate_lets_a_word_out(
    tmp_path: Path,
    certificate: Certificate,
    make_feed: Callable[..., Feed],
    monkeypatch: pytest.MonkeyPatch,
    server: Any,
) -> None:
    monkeypatch.setenv("SERVER_SECRET", "s3cret-value")
    monkeypatch.setattr("sources.connectors.http.FIRST_PAUSE", 0.01)
    with server(certificate) as (connector, port):
        feed = make_feed().model_copy(update={"connector": connector})
        places = Places((), (Host("127.0.0.1", port),))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
        landing = Landing(feed, tmp_path / "home", places)
        if landing.fetcher:
            assert landing.fetcher.try_first_page()[0] == 1
        else:
            assert landing.offers() == []
        monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
        stranger = Landing(feed, tmp_path / "home", places)
        with pytest.raises(errors.SourceError, match=r"certificate|SSL|root"):
            stranger.fetcher.try_first_page() if stranger.fetcher else stranger.offers()
