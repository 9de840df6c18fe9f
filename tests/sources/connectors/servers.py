"""Real servers that the tests start themselves, each in a folder of its own, on a free port of this machine."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 90.0
"""Seconds a server may need to start on a busy machine."""
ACCOUNT = "nobody" if getpass.getuser() == "root" else None
"""These servers refuse to run as root."""


def binary(*names: str) -> str:
    """The first of these programs that is there; the test is skipped where none is."""
    places = os.pathsep.join([os.environ["PATH"], "/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))])
    for name in names:
        if found := shutil.which(name, path=places):
            return found
    pytest.skip(f"{names[0]} is not installed here")


@dataclass(frozen=True)
class Certificate:
    """Files of a certificate for this machine's address, its key, and the authority that made it."""

    authority: Path
    certificate: Path
    key: Path

    def copied_to(self, folder: Path) -> tuple[str, str]:
        """Certificate and key in a folder, as the account of a server may read them."""
        found = []
        for path in (self.certificate, self.key):
            shutil.copy(path, folder / path.name)
            if ACCOUNT:
                shutil.chown(folder / path.name, ACCOUNT)
            (folder / path.name).chmod(0o600)
            found.append(str(folder / path.name))
        return found[0], found[1]


def certificate(folder: Path) -> Certificate:
    """An authority of its own, and what it says of 127.0.0.1."""
    now = datetime.now(UTC)

    def made(name: str, signer: tuple[x509.Name, Any] | None, extension: x509.ExtensionType) -> tuple[bytes, Any, Any]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer, signing = signer or (subject, key)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        )
        if signer is None:
            usage = dict.fromkeys(("key_cert_sign", "crl_sign", "digital_signature"), True)
            none = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only")
            builder = builder.add_extension(
                x509.KeyUsage(**usage, **dict.fromkeys((*none, "decipher_only"), False)), critical=True
            )
        return builder.sign(signing, hashes.SHA256()).public_bytes(Encoding.PEM), subject, key

    authority, issuer, signing = made("danvan tests", None, x509.BasicConstraints(ca=True, path_length=None))
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    public, _, key = made("127.0.0.1", (issuer, signing), address)
    found = Certificate(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    found.authority.write_bytes(authority)
    found.certificate.write_bytes(public)
    found.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return found


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder that the account of the servers owns and can reach."""
    folder = Path(tempfile.mkdtemp(prefix="danvan-server-"))
    if ACCOUNT:
        shutil.chown(folder, ACCOUNT)
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(*words: str) -> None:
    """Run a program to its end under the account of the servers."""
    done = subprocess.run(words, user=ACCOUNT, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr


@contextmanager
def process(words: list[str], is_ready: Callable[[], bool], *, user: str | None = ACCOUNT) -> Iterator[None]:
    """A server process while the block runs."""
    with tempfile.TemporaryFile() as log:
        running = subprocess.Popen(words, user=user, stdout=log, stderr=log, cwd="/", start_new_session=True)
        try:
            until = time.monotonic() + PATIENCE
            while not is_ready():
                if running.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    pytest.fail(f"{words[0]} did not start: {log.read()[-2000:].decode(errors='replace')}")
                time.sleep(0.05)
            yield
        finally:
            running.terminate()
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextmanager
def postgresql(tls: Certificate | None = None) -> Iterator[int]:
    """PostgreSQL with the account `danvan`, password `s3cret-value`, database `mc`; its port."""
    initdb, server = binary("initdb"), binary("postgres")
    with own_folder() as folder:
        secret = folder / "password"
        secret.write_text("s3cret-value", encoding="utf-8")
        secret.chmod(0o644)
        data, port = str(folder / "data"), free_port()
        method = "scram-sha-256"
        run(initdb, "-D", data, "-U", "danvan", "-A", method, f"--pwfile={secret}", "-E", "UTF8", "--locale=C")
        words = [server, "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", str(folder)]
        if tls:
            public, key = tls.copied_to(folder)
            words += ["-c", "ssl=on", "-c", f"ssl_cert_file={public}", "-c", f"ssl_key_file={key}"]
        asked = [binary("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]  # it listens before it lets anybody in
        with process([*words, "-c", "fsync=off"], lambda: subprocess.run(asked, check=False).returncode == 0):
            yield port


@contextmanager
def mariadb(tls: Certificate | None = None) -> Iterator[int]:
    """MariaDB with the account `danvan`, password `s3cret-value`, and the database `mc`; its port."""
    install, server = binary("mariadb-install-db"), binary("mariadbd")
    with own_folder() as folder:
        data, port = str(folder / "data"), free_port()
        run(install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db")
        start = folder / "start.sql"
        start.write_text(
            "create database mc character set utf8mb4;\n"
            "create user danvan@'127.0.0.1' identified by 's3cret-value';\n"
            "grant all on mc.* to danvan@'127.0.0.1';\n",
            encoding="utf-8",
        )
        start.chmod(0o644)
        words = [
            server,
            "--no-defaults",
            f"--datadir={data}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--socket={folder / 's'}",
            f"--init-file={start}",
            "--innodb-buffer-pool-size=16M",
            "--skip-name-resolve",
        ]
        if tls:
            public, key = tls.copied_to(folder)
            words += [f"--ssl-cert={public}", f"--ssl-key={key}"]
        with process(words, lambda: answers(port)):
            yield port


DOVECOT = """\
base_dir = {folder}/run
log_path = /dev/stderr
protocols = imap
{tls}
disable_plaintext_auth = no
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{folder}/mail
first_valid_uid = 1
passdb {{
  driver = static
  args = password=s3cret-value
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@contextmanager
def dovecot(tls: Certificate | None = None) -> Iterator[tuple[int, int]]:
    """An IMAP server that lets everybody in whose password is `s3cret-value`; its port, and the one that begins TLS."""
    server = binary("dovecot")
    user = ACCOUNT or getpass.getuser()
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    with own_folder() as folder:
        port, tls_port, told = free_port(), 0, "ssl = no"
        if tls:
            public, key = tls.copied_to(folder)
            tls_port, told = free_port(), f"ssl = yes\nssl_cert = <{public}\nssl_key = <{key}"
        (folder / "run").mkdir()
        (folder / "mail").mkdir()
        shutil.chown(folder / "mail", user, group)
        settings = folder / "dovecot.conf"
        text = DOVECOT.format(folder=folder, user=user, group=group, port=port, tls_port=tls_port, tls=told)
        settings.write_text(text, encoding="utf-8")
        with process([server, "-F", "-c", str(settings)], lambda: answers(port), user=None):
            yield port, tls_port
