"""A champion is made again from its record alone, bit for bit, after its run's folder and the DVC cache are gone.

The commands are the real ones, as somebody at a terminal would give them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from deltalake import DeltaTable

from flows.places import Place
from flows.worktrees import run_git
from pipelines.domain.events import Kind
from pipelines.domain.identities import DomainName
from pipelines.files import digest_folder
from tests.builders.installations import Installation, build_installation, build_params, build_records
from tests.builders.news import build_news
from tests.builders.retrainings import retrain_by_steps
from tests.flows.conftest import describe_tree

DOMAIN = DomainName("clinical")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True, slots=True)
class Kept:
    """An installation with two versions of which nothing is left but what is recorded: ledger, registry, corpus, branches."""

    installation: Installation
    place: Place
    digests: tuple[str, str]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    root = tmp_path_factory.mktemp("kept")
    params = build_params(root / "inbox", train={"threads": 1, "learner": {"kind": "linear", "strength": 10.0}})
    with build_installation(root, params) as installation:
        digests = []
        for name, records in (("first", build_records(120)), ("second", build_news(120, first=120))):
            installation.drop(name, records)
            digests.append(digest_folder(retrain_by_steps(installation.place(), DOMAIN).folder.model))
        place = installation.place()
        shutil.rmtree(place.home.root / "runs")
        shutil.rmtree(place.home.dvc_cache)
        yield Kept(installation, place, (digests[0], digests[1]))


def list_state(kept: Kept) -> dict[str, int]:
    """Every file of the home with its size, but for what SQLite leaves beside a database that was read."""
    root = kept.installation.home
    files = [path for path in root.rglob("*") if path.is_file() and path.suffix not in {"", ".db-shm", ".db-wal"}]
    return {str(path.relative_to(root)): path.stat().st_size for path in files if not path.name.startswith("ledger.sqlite-")}


@pytest.mark.parametrize("version", [1, 2])
def test_each_version_comes_out_bit_for_bit_and_nothing_of_the_users_is_touched(kept: Kept, version: int) -> None:
    before = describe_tree(kept.installation.workspace), list_state(kept)
    events = len(kept.place.ledger.events(DOMAIN))
    done = kept.installation.call("recreate", DOMAIN, str(version))
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    assert last == f"{DOMAIN} version {version} is bit-identical to the model that was judged: {kept.digests[version - 1]}"
    assert "not the same here" not in done.stdout
    assert "vocabulary.json  (same)" in done.stdout
    assert (describe_tree(kept.installation.workspace), list_state(kept)) == before
    assert len(kept.place.ledger.events(DOMAIN)) == events
    assert not (kept.place.home.root / "runs").exists()


def test_what_is_kept_is_the_model_with_all_that_made_it(kept: Kept, tmp_path: Path) -> None:
    done = kept.installation.call("recreate", DOMAIN, "2", "--into", str(tmp_path / "kept"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert digest_folder(tmp_path / "kept" / "workspace" / "data" / DOMAIN / "model") == kept.digests[1]
    assert (tmp_path / "kept" / "home" / "dvc" / "cache").is_dir()
    again = kept.installation.call("recreate", DOMAIN, "2", "--into", str(tmp_path / "kept"))
    assert (again.returncode, "not an empty folder" in again.stderr) == (1, True)


def test_a_record_that_promises_another_model_is_contradicted_file_by_file(kept: Kept) -> None:
    """Somebody writes into the ledger that version 1 came of the second run."""
    second = kept.place.ledger.events(DOMAIN, [Kind.CANDIDATE_JUDGED])[-1].payload
    kept.place.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, {**second, "version": 1, "digest": kept.digests[0]})
    done = kept.installation.call("recreate", DOMAIN, "1")
    assert done.returncode == 1
    assert "weights.safetensors  (expected" in done.stdout
    assert f"version 1 came out as {kept.digests[1][:12]}, which is NOT {kept.digests[0][:12]}" in done.stdout


def test_a_pin_that_was_altered_on_the_branch_is_refused(kept: Kept, tmp_path: Path) -> None:
    run = kept.place.ledger.events(DOMAIN, [Kind.CANDIDATE_JUDGED])[1].payload["run"]
    root, ref = kept.installation.workspace, f"refs/heads/addendum/run/{run}"
    before = run_git(root, "rev-parse", ref)
    run_git(root, "worktree", "prune")
    run_git(root, "worktree", "add", "--detach", str(tmp_path / "tree"), ref)
    pin = tmp_path / "tree" / "data" / DOMAIN / "pin.json"
    pin.write_text(pin.read_text().replace('"ingest_seq": 2', '"ingest_seq": 1'))
    run_git(tmp_path / "tree", "commit", "--all", "--message", "a little help")
    run_git(root, "update-ref", ref, run_git(tmp_path / "tree", "rev-parse", "HEAD"))
    done = kept.installation.call("recreate", DOMAIN, "2")
    run_git(root, "update-ref", ref, before)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"refused: the pin on the branch addendum/run/{run} is not the one that the ledger recorded")


def test_what_was_erased_since_is_named_as_the_reason(kept: Kept) -> None:
    """Last of this module, since nothing brings the row back."""
    place = kept.place
    table = DeltaTable(place.settings.corpus_address(DOMAIN))
    table.delete("document_id = 'R-00003'")
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
    event = place.ledger.append(DOMAIN, Kind.DOCUMENT_ERASED, {"reason": "a patient asked"})
    done = kept.installation.call("recreate", DOMAIN, "2")
    assert done.returncode == 1
    assert f"documents were erased since (ledger events {event.seq})" in done.stderr
    assert "patient" not in done.stderr
