"""The door of a JSON interface: credentials, patience, limits, redirects; every byte through the guarded network."""

from __future__ import annotations

import json
import logging
import random
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx
import tenacity

from expectations.contracts.secrets import hide, remember
from sources.connectors.environment import expand_secrets
from sources.connectors.fetching import MIB
from sources.connectors.network import guarded
from sources.errors import (
    AnswerError,
    AnswerIncompleteError,
    ConnectorRefusedError,
    ConnectorUnreachableError,
    FetchLimitError,
)
from sources.feeds.connectors import BasicAuth, BearerAuth, KeyAuth, OAuth2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sources.connectors.fetching import Allowance
    from sources.feeds.connectors import Rest
    from sources.places import Places

log = logging.getLogger(__name__)
# by itself it writes every address with its query into the log
logging.getLogger("httpx").setLevel(logging.WARNING)

ATTEMPTS = 5
"""Tries of one page, before the fetch has failed for now."""
FIRST_PAUSE = 1.0
"""Seconds before the second try; doubled each time, where the server does not say how long to wait."""
LONGEST_PAUSE = 60.0
REDIRECTS = 5
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_UNCLEAR = frozenset({httpx.codes.MOVED_PERMANENTLY, httpx.codes.FOUND})
_EARLY_SECONDS = 30
"""A token is renewed so long before its end."""


class _BusyError(Exception):
    """The server asks for patience, or the connection broke; `after`: seconds it wants us to wait."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whole: body unpacked, headers, and the address it came from."""

    body: bytes
    headers: httpx.Headers
    url: httpx.URL


class Door:
    """A client for one fetch. Use `opened`."""

    def __init__(self, client: httpx.Client, connector: Rest, said: str, allowance: Allowance) -> None:
        self._client = client
        self._connector = connector
        self._said = said
        self._allowance = allowance
        self._home = httpx.URL(str(expand_secrets(connector.url)))

    def ask(self, address: str | None, params: Mapping[str, Any], page: Answer | None = None) -> Answer:
        """The answer to one request, tried again while the server is busy. Raises SourceError.

        `address`: where the `page` before points to, perhaps relative to itself; it must be the same server, since it
        gets the credentials.
        """
        url = self._joined(page.url if page else self._home, address) if address else self._home
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=self._pause,
            retry=tenacity.retry_if_exception_type(_BusyError),
            sleep=time.sleep,
            reraise=True,
        )
        try:
            return retrying(self._authorised, url, params)
        except _BusyError as busy:
            raise ConnectorUnreachableError(f"{self._said}: {busy}; it will be tried again") from busy

    def _pause(self, state: tenacity.RetryCallState) -> float:
        busy = state.outcome.exception() if state.outcome else None
        after = busy.after if isinstance(busy, _BusyError) else None
        if after is None:
            after = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (state.attempt_number - 1)) * random.uniform(0.8, 1.2)  # noqa: S311
        if after > self._allowance.seconds_left:
            raise ConnectorUnreachableError(
                f"{self._said}: {busy}; waiting {after:.0f} s would take longer than connector.limits.seconds"
            )
        log.info("%s: %s; again in %.1f s", self._said, busy, after)
        return after

    def _authorised(self, url: httpx.URL, params: Mapping[str, Any]) -> Answer:
        """Asks with credentials; a token that is refused is renewed once."""
        response = self._followed(url, params)
        if isinstance(response, Answer):
            return response
        if response == httpx.codes.UNAUTHORIZED and isinstance(self._connector.auth, OAuth2):
            _forget_token(self._connector.auth)
            response = self._followed(url, params)
            if isinstance(response, Answer):
                return response
        raise ConnectorRefusedError(f"{self._said}: answers {response}; check connector.auth and the rights it gives")

    def _followed(self, url: httpx.URL, params: Mapping[str, Any]) -> Answer | int:
        """An answer, or the status by which credentials are refused; redirects within the same server are followed.

        A redirect of a GET names everything in its address. One of a POST is asked the same again (307, 308), or is
        where its answer stands (303); by 301 and 302, which are followed in either way, the question could be lost.
        """
        in_query = self._connector.send == "query"
        for _ in range(REDIRECTS + 1):
            request = self._request(url, params, in_query=in_query)
            with self._sent(request) as response:
                status = response.status_code
                if response.has_redirect_location:
                    url = self._joined(url, response.headers["Location"])
                    if not in_query and status in _UNCLEAR:
                        raise AnswerError(
                            f"{self._said}: leads on to {url.path} by {status}, on whose way the parameters of a POST"
                            " are lost; correct connector.url"
                        )
                    if in_query or status == httpx.codes.SEE_OTHER:
                        in_query, params = True, {}
                    continue
                if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
                    return status
                self._check(response)
                return Answer(self._body(response), response.headers, url)
        raise AnswerError(f"{self._said}: redirects in a circle; correct connector.url")

    def _request(self, url: httpx.URL, params: Mapping[str, Any], *, in_query: bool) -> httpx.Request:
        connector = self._connector
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", **expand_secrets(connector.headers)}
        query: dict[str, Any] = {}
        auth = connector.auth
        if isinstance(auth, BearerAuth):
            headers["Authorization"] = f"Bearer {expand_secrets(auth.token)}"
        elif isinstance(auth, KeyAuth):
            (headers if auth.place == "header" else query)[auth.name] = expand_secrets(auth.value)
        elif isinstance(auth, OAuth2):
            headers["Authorization"] = f"Bearer {self._token(auth)}"
        elif isinstance(auth, BasicAuth):
            login = httpx.BasicAuth(expand_secrets(auth.user), expand_secrets(auth.password))
            headers["Authorization"] = remember(login._auth_header)  # noqa: SLF001 - what it sends, kept from logs
        if in_query:
            asked = url.copy_merge_params({**params, **query}) if params or query else url
            return self._client.build_request("GET", asked, headers=headers)
        asked = url.copy_merge_params(query) if query else url
        if connector.send == "form":
            return self._client.build_request("POST", asked, headers=headers, data=dict(params))
        return self._client.build_request("POST", asked, headers=headers, json=dict(params))

    @contextmanager
    def _sent(self, request: httpx.Request) -> Iterator[httpx.Response]:
        try:
            response = self._client.send(request, stream=True)
        except httpx.TransportError as wrong:
            raise _broken(wrong) from wrong
        except (httpx.InvalidURL, ValueError):  # it reads where a redirect leads before it is asked to
            raise AnswerError(f"{self._said}: leads on to what is no address; correct connector.url") from None
        try:
            yield response
        finally:
            response.close()

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in _BUSY:
            raise _BusyError(f"answers {status}", _retry_after(response.headers))
        if not response.is_success:
            raise AnswerError(f"{self._said}: answers {status}; check connector.url and params")

    def _body(self, response: httpx.Response) -> bytes:
        found, most = bytearray(), self._connector.limits.page_mib * MIB
        try:
            for piece in response.iter_bytes():
                found += piece
                self._allowance.take(size=len(piece))
                if len(found) > most:
                    raise FetchLimitError(
                        f"{self._said}: a page has more than {most / MIB:g} MiB; ask for fewer records a page, or raise"
                        " connector.limits.page_mib"
                    )
        except httpx.DecodingError as wrong:
            raise AnswerIncompleteError(f"{self._said}: a packed answer is damaged ({wrong})") from wrong
        except httpx.TransportError as wrong:
            raise _broken(wrong) from wrong
        return bytes(found)

    def _joined(self, base: httpx.URL, address: str) -> httpx.URL:
        """Where an address leads that a page or a redirect names. Raises AnswerError unless to the same server."""
        try:
            url = base.join(address)
        except (httpx.InvalidURL, ValueError):
            raise AnswerError(f"{self._said}: leads on to what is no address; correct connector.paging") from None
        if (url.scheme, url.host, url.port) != (self._home.scheme, self._home.host, self._home.port):
            raise AnswerError(
                f"{self._said}: leads on to {url.scheme}://{url.host}, another server, which would get the credentials;"
                " correct connector.url if the source has moved"
            )
        return url

    def _token(self, auth: OAuth2) -> str:
        known = _kept_token(auth)
        if known:
            return known
        identity, secret = expand_secrets(auth.client_id), expand_secrets(auth.client_secret)
        form = {"grant_type": "client_credentials", **({"scope": auth.scope} if auth.scope else {})}
        if auth.in_body:
            form |= {"client_id": identity, "client_secret": secret}
        headers = {"Accept": "application/json"}
        if not auth.in_body:
            headers["Authorization"] = remember(httpx.BasicAuth(identity, secret)._auth_header)  # noqa: SLF001
        request = self._client.build_request("POST", expand_secrets(auth.token_url), data=form, headers=headers)
        with self._sent(request) as response:
            status = response.status_code
            if status in _BUSY:
                raise _BusyError(f"the address of the token answers {status}", _retry_after(response.headers))
            body = self._body(response)
        try:
            told = json.loads(body)
            token = remember(str(told["access_token"]))
            seconds = float(told.get("expires_in", 300))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ConnectorRefusedError(
                f"{self._said}: {hide(auth.token_url)} gives no token (answers {status}); check client_id,"
                " client_secret and scope"
            ) from None
        _keep_token(auth, token, seconds)
        return token


@contextmanager
def opened(connector: Rest, said: str, places: Places, allowance: Allowance) -> Iterator[Door]:
    """A door to the interface; nothing but `places` is reached through it. Raises SourceError."""
    with (
        guarded(said, places, "https"),
        httpx.Client(
            trust_env=False,  # no proxy: the address that was checked is the one that is connected to
            follow_redirects=False,
            timeout=connector.limits.request_seconds,
            verify=ssl.create_default_context(),  # what the system believes, or $SSL_CERT_FILE
        ) as client,
    ):
        yield Door(client, connector, said, allowance)


def _broken(wrong: Exception) -> _BusyError:
    return _BusyError(hide(f"{type(wrong).__name__}: {wrong}"))


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds a server asks to wait, as a number or a date."""
    said = headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds()) if moment.tzinfo else None


_tokens: dict[tuple[str, str, str | None], tuple[str, float]] = {}
_tokens_lock = threading.Lock()


def _kept_token(auth: OAuth2) -> str | None:
    with _tokens_lock:
        token, ends = _tokens.get((auth.token_url, auth.client_id, auth.scope), ("", 0.0))
    return token if time.monotonic() < ends else None


def _keep_token(auth: OAuth2, token: str, seconds: float) -> None:
    with _tokens_lock:
        ends = time.monotonic() + max(0.0, seconds - min(_EARLY_SECONDS, seconds / 10))
        _tokens[auth.token_url, auth.client_id, auth.scope] = token, ends


def _forget_token(auth: OAuth2) -> None:
    with _tokens_lock:
        _tokens.pop((auth.token_url, auth.client_id, auth.scope), None)
