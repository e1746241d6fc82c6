"""A PostgreSQL server of the system's own, in a temporary folder on a loopback port, run as its own user and stopped at the end.

PostgreSQL refuses to run as root, so under root it runs as the user ``postgres`` that the system's package makes.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

USER = "postgres"
READY_WITHIN_S = 60
_COUNTER = itertools.count(1)


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A running server; every database is thrown away with it."""

    port: int

    def url(self, database: str) -> str:
        return f"postgresql://addendum@127.0.0.1:{self.port}/{database}"

    def make_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"ledger_{next(_COUNTER)}"
        self.execute("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def make_schema(self) -> str:
        """Make an empty schema and return a URL that sees nothing else: as good as a database, and made in no time."""
        name = f"ledger_{next(_COUNTER)}"
        self.execute("postgres", f"CREATE SCHEMA {name}")
        return f"{self.url('postgres')}?options=-csearch_path%3D{name}"

    def execute(self, database: str, *statements: str) -> None:
        import psycopg2

        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="addendum", dbname=database)
        try:
            connection.autocommit = True
            for statement in statements:
                connection.cursor().execute(statement)
        finally:
            connection.close()


def find_missing() -> str | None:
    """Say what keeps a server from being run here, or ``None``."""
    if _binaries() is None:
        return "PostgreSQL is not installed: `make test-server` as root installs it"
    if os.getuid() == 0 and USER not in {entry.pw_name for entry in pwd.getpwall()}:
        return f"PostgreSQL refuses root and there is no user {USER}"
    return None


@contextmanager
def run_postgresql() -> Iterator[PostgreSQL]:
    """Make a cluster, start it, and stop it by its process id."""
    folder = Path(tempfile.mkdtemp(prefix="addendum-postgresql-"))
    binaries = _binaries()
    assert binaries is not None
    try:
        owner = USER if os.getuid() == 0 else None
        if owner:
            shutil.chown(folder, owner)
        made = [binaries / "initdb", "-D", folder / "data", "-U", "addendum", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        subprocess.run(made, user=owner, cwd="/", env=_environment(folder), check=True, stdout=subprocess.DEVNULL)
        with _started(binaries, folder, owner) as port:
            yield PostgreSQL(port)
    finally:
        shutil.rmtree(folder)


@contextmanager
def _started(binaries: Path, folder: Path, owner: str | None) -> Iterator[int]:
    port = _free_port()
    command = [binaries / "postgres", "-D", folder / "data", "-p", str(port), "-h", "127.0.0.1", "-k", folder]
    command += ["-c", "max_connections=120", "-c", "fsync=off"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, user=owner, cwd="/", env=_environment(folder), stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_until_ready(PostgreSQL(port), server, folder / "server.log")
        yield port
    finally:
        server.send_signal(signal.SIGQUIT)  # "immediate": what it holds is thrown away
        server.wait(timeout=60)


def _wait_until_ready(server: PostgreSQL, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg2

    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.execute("postgres", "SELECT 1")
        except psycopg2.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")


def _binaries() -> Path | None:
    """The newest version's programs: Debian keeps them off the path, a folder a version."""
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").is_file()]
    if versions:
        return max(versions, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
