"""A writer in a process of its own: ``python -m tests.builders.writers URI NAME DROPS [kill]`` appends drops as fast as it can.

Every drop brings one document of the writer's own and one that all writers share. With ``kill`` the process dies after its first
commit and before it could tell anybody. Storage options come as JSON on standard input.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pipelines.corpus import logs
from pipelines.corpus.tables import Corpus
from pipelines.domain.identities import DropId
from pipelines.domain.revisions import Revision
from tests.builders.revisions import build_revision

ROOT = Path(__file__).parents[2]


def drop_of(writer: str, number: int) -> tuple[DropId, tuple[Revision, ...]]:
    return DropId(f"{writer}-{number}"), (build_revision(f"{writer}-{number}"), build_revision(f"shared-{number}"))


def start_writer(
    uri: str, writer: str, drops: int, *, options: Mapping[str, str] | None = None, is_killed: bool = False
) -> subprocess.Popen[bytes]:
    """Start the process; ``finish`` waits for it."""
    command = [sys.executable, "-m", "tests.builders.writers", uri, writer, str(drops), *(["kill"] if is_killed else [])]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(dict(options or {})).encode())
    process.stdin.close()
    process.stdin = None
    return process


def finish(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Return the exit status and what it complained of."""
    _, complaints = process.communicate(timeout=120)
    return process.returncode, complaints.decode()


def _die_after_commit() -> None:
    commit = logs.commit_rows

    def commit_and_die(*arguments: object) -> bool:
        if commit(*arguments):  # type: ignore[arg-type]
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    logs.commit_rows = commit_and_die


def main() -> None:
    uri, writer, drops = sys.argv[1:4]
    if "kill" in sys.argv[4:]:
        _die_after_commit()
    corpus = Corpus.open(uri, json.load(sys.stdin))
    for number in range(int(drops)):
        corpus.append(*drop_of(writer, number))


if __name__ == "__main__":
    main()
