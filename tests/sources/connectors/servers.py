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
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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
def postgresql() -> Iterator[int]:
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
        with process([*words, "-c", "fsync=off"], lambda: answers(port)):
            yield port


@contextmanager
def mariadb() -> Iterator[int]:
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
        with process(words, lambda: answers(port)):
            yield port


DOVECOT = """\
base_dir = {folder}/run
log_path = /dev/stderr
protocols = imap
ssl = no
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
    port = 0
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
def dovecot() -> Iterator[int]:
    """An IMAP server without encryption that lets everybody in whose password is `s3cret-value`; its port."""
    server = binary("dovecot")
    user = ACCOUNT or getpass.getuser()
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    with own_folder() as folder:
        port = free_port()
        (folder / "run").mkdir()
        (folder / "mail").mkdir()
        shutil.chown(folder / "mail", user, group)
        settings = folder / "dovecot.conf"
        settings.write_text(DOVECOT.format(folder=folder, user=user, group=group, port=port), encoding="utf-8")
        with process([server, "-F", "-c", str(settings)], lambda: answers(port), user=None):
            yield port
