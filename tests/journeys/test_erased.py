"""A document is erased from an installation that learned from it, and every byte that the project owns is read afterwards.

The commands are the real ones, as somebody at a terminal would give them.
"""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow.parquet as pq
import pytest

from flows.places import Place
from flows.worktrees import run_git
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, DomainName
from pipelines.files import read_json
from pipelines.lessons.planning import read_seen
from tests.builders.installations import Installation, build_installation, build_params, build_records
from tests.builders.news import build_news
from tests.builders.retrainings import retrain_by_steps

DOMAIN = DomainName("clinical")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True, slots=True)
class Held:
    """An installation with two champions, a DVC remote that all was pushed to, and the document that both learned from."""

    installation: Installation
    place: Place
    document: str
    text: str
    digest: Digest


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    root = tmp_path_factory.mktemp("held")
    params = build_params(root / "inbox", train={"threads": 1, "learner": {"kind": "linear", "strength": 10.0}})
    with build_installation(root, params) as installation:
        config = installation.workspace / ".dvc" / "config"
        config.write_text(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {root / 'remote'}\n")
        run_git(installation.workspace, "commit", "--all", "--quiet", "--message", "a remote")
        for name, records in (("first", build_records(120)), ("second", build_news(120, first=120))):
            installation.drop(name, records)
            tree = retrain_by_steps(installation.place(), DOMAIN)
            subprocess.run([sys.executable, "-m", "dvc", "push", "--quiet"], cwd=tree.root, check=True)
        place = installation.place()
        learned = set(read_seen(tree.folder.model))
        entry = next(one for one in place.corpus(DOMAIN).read() if one.digest in learned)
        yield Held(installation, place, entry.revision.document_id, entry.revision.text, entry.digest)


def read_everything(held: Held) -> list[str]:
    """Every file of home, remote and workspace that holds the text, as it is or in a table; read without the code under test.

    The inbox is the user's own.
    """
    found = []
    for folder in ("home", "remote", "workspace"):
        for path in sorted((held.installation.root / folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
                if content[:4] == b"PAR1":
                    content += str(pq.read_table(io.BytesIO(content)).to_pylist()).encode()
                if held.text.encode() in content:
                    found.append(str(path.relative_to(held.installation.root)))
    return found


def test_a_document_is_erased_and_the_way_back_to_who_learned_from_it_is_barred(held: Held) -> None:
    stores = {path.split("/")[1] for path in read_everything(held) if path.startswith("home/")}
    assert {"corpus", "drops", "dvc", "runs"} <= stores
    assert any(path.startswith("remote/") for path in read_everything(held))

    done = held.installation.call("erase", held.document, "--reason", "request 17")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "version 1 learned from it, and served" in done.stdout
    assert "version 2 learned from it, and serves now" in done.stdout
    assert done.stdout.splitlines()[-1] == "searched again, every file of every store: nothing of it is left"
    assert held.document not in done.stdout
    assert read_everything(held) == []

    verified = held.installation.call("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    barred = held.installation.call("rollback", DOMAIN, "--reason", "it was better before")
    assert (barred.returncode, "erased by event" in barred.stderr) == (1, True)

    told = held.installation.call("recreate", DOMAIN, "1")
    (event,) = held.place.ledger.events(DOMAIN, [Kind.DOCUMENT_ERASED])
    assert f"a document that the run read was erased since (ledger event {event.seq})" in told.stdout, told.stdout + told.stderr

    tree = retrain_by_steps(held.place, DOMAIN)
    assert held.digest not in read_seen(tree.folder.model)
    assert read_json(tree.folder.verdict / "verdict.json", dict)["decision"] == "promote"
    assert read_everything(held) == []

    again = held.installation.call("erase", held.document, "--reason", "request 17")
    assert again.returncode == 0, again.stdout + again.stderr
    assert f"{DOMAIN}: erased before" in again.stdout
