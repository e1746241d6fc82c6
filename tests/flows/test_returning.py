"""Nobody serves again who saw what was erased, or who is not what the ledger says; and the way back is known to work."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from flows.approving import Approval
from flows.places import Place
from flows.promoting import promote_latest
from flows.returning import drill_rollback, restore_version, roll_back_domain
from pipelines.domain.errors import ApprovalError, LedgerError, WorkspaceError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, digest_value
from pipelines.files import write_json
from pipelines.learners.linear import Linear
from pipelines.ledger.champions import champion, unfreeze
from pipelines.promote.approvals import is_proven
from tests.builders.approvals import make_approver
from tests.builders.lessons import Watcher, build_lesson
from tests.builders.places import DOMAIN, judge_candidate, with_section

YES = Approval(by="R. Okafor", reason="reviewed")
SEEN, UNSEEN = Digest(digest_value("seen")), Digest(digest_value("not seen"))


def crown(place: Place, name: str, against: int | None = None, *, is_real: bool = False, seen: tuple[Digest, ...] = ()) -> int:
    """Make a champion: of weights that nobody can ask, or (``is_real``) of a model that learned something."""
    folder = place.home.root / "made" / name
    folder.mkdir(parents=True)
    if is_real:
        Linear().fit(build_lesson(30), folder, Watcher())
    write_json(folder / "seen.json", seen)
    version = judge_candidate(place, name, against=against, is_made=is_real).version
    assert promote_latest(place, DOMAIN, YES).is_promoted
    return version


def erase(place: Place, digest: Digest) -> Event:
    return place.ledger.append(DOMAIN, Kind.DOCUMENT_ERASED, {"digest": digest, "reason": "asked for"})


def serving(place: Place) -> int:
    found = champion(place.ledger, DOMAIN)
    assert found is not None
    return found.version


def spoil_registry(place: Place) -> None:
    """Alter every copy of the weights that MLflow keeps."""
    for file in (place.home.mlflow / "artifacts").rglob("weights.safetensors"):
        file.write_bytes(b"altered")


def spoil_evidence(place: Place) -> None:
    shutil.rmtree(place.home.evidence)


def test_a_rollback_to_a_champion_that_saw_an_erased_document_is_refused_by_name(place: Place) -> None:
    crown(place, "returning-1", seen=(SEEN,))
    crown(place, "returning-2", against=1)
    erasure = erase(place, SEEN)
    with pytest.raises(LedgerError, match=f"version 1 was trained on document .*, erased by event {erasure.seq}"):
        roll_back_domain(place, DOMAIN, "wrong triage")
    assert serving(place) == 2
    assert place.ledger.last(DOMAIN, Kind.ROLLED_BACK, Kind.FROZEN) is None


def test_an_erasure_of_what_it_did_not_see_stands_in_nobodys_way(place: Place) -> None:
    crown(place, "returning-1", seen=(SEEN,))
    crown(place, "returning-2", against=1)
    erase(place, UNSEEN)
    assert roll_back_domain(place, DOMAIN, "wrong triage").version == 1


def test_neither_a_restoration_nor_a_promotion_brings_back_what_was_erased(place: Place) -> None:
    crown(place, "returning-1")
    crown(place, "returning-2", against=1, seen=(SEEN,))
    roll_back_domain(place, DOMAIN, "wrong triage")
    unfreeze(place.ledger, DOMAIN, "found")
    erase(place, SEEN)
    with pytest.raises(LedgerError, match="it must not serve"):
        restore_version(place, DOMAIN, 2, YES)
    write_json(place.home.root / "made" / "returning-3" / "seen.json", (SEEN,))
    judge_candidate(place, "returning-3", against=1)
    with pytest.raises(LedgerError, match="version 3 was trained on document"):
        promote_latest(place, DOMAIN, None)
    assert serving(place) == 1


def test_weights_that_are_nowhere_what_the_ledger_says_do_not_serve_again(place: Place) -> None:
    crown(place, "returning-1")
    crown(place, "returning-2", against=1)
    spoil_registry(place)
    spoil_evidence(place)
    with pytest.raises(WorkspaceError, match="is not as it was signed"):
        roll_back_domain(place, DOMAIN, "wrong triage")
    assert serving(place) == 2


def test_one_whole_copy_is_enough_to_go_back(place: Place) -> None:
    crown(place, "returning-1")
    crown(place, "returning-2", against=1)
    spoil_registry(place)
    assert roll_back_domain(place, DOMAIN, "wrong triage").version == 1


def test_the_same_rollback_again_is_the_same_and_goes_no_further(place: Place) -> None:
    for number in (1, 2, 3):
        crown(place, f"returning-{number}", against=number - 1 or None)
    for _ in range(2):
        assert roll_back_domain(place, DOMAIN, "wrong triage").version == 2
    assert roll_back_domain(place, DOMAIN, "still wrong").version == 1


def test_who_started_a_training_does_not_restore_what_came_of_it(place: Place) -> None:
    crown(place, "returning-1")
    place.ledger.append(DOMAIN, Kind.RETRAIN_STARTED, {"run": "returning-2", "as_of": 0})
    crown(place, "returning-2", against=1)
    roll_back_domain(place, DOMAIN, "wrong triage")
    unfreeze(place.ledger, DOMAIN, "found")
    with pytest.raises(ApprovalError, match="started"):
        restore_version(place, DOMAIN, 2, Approval(by=place.ledger.actor, reason="mine is good"))
    assert restore_version(place, DOMAIN, 2, YES).version == 2


def test_a_restoration_needs_an_approval_that_counts(place: Place, tmp_path: Path) -> None:
    crown(place, "returning-1")
    crown(place, "returning-2", against=1)
    roll_back_domain(place, DOMAIN, "wrong triage")
    unfreeze(place.ledger, DOMAIN, "found")
    approver, file = make_approver(tmp_path)
    strict = with_section(place, promote=place.of(DOMAIN).promote.model_copy(update={"approvers": (approver,)}))
    with pytest.raises(ApprovalError, match="a name alone is not enough"):
        restore_version(strict, DOMAIN, 2, YES)
    signed = Approval(by="R. Okafor", reason="reviewed", key_file=file)
    for _ in range(2):
        assert restore_version(strict, DOMAIN, 2, signed).version == 2
    (said,) = [event for event in place.ledger.events(DOMAIN, [Kind.APPROVAL_GRANTED]) if event.payload["answer"] == "restored"]
    assert is_proven(said)


def test_a_drill_loads_and_asks_the_one_before_and_touches_nothing_that_serves(place: Place) -> None:
    crown(place, "returning-1", is_real=True)
    crown(place, "returning-2", against=1)
    before = place.registry.aliases(DOMAIN)
    done = drill_rollback(place, DOMAIN)
    (drilled,) = place.ledger.events(DOMAIN, [Kind.ROLLBACK_DRILLED])
    assert (done.version, drilled.payload["version"], drilled.payload["seconds"]) == (1, 1, done.seconds)
    assert 0 < done.seconds < 10
    assert place.registry.aliases(DOMAIN) == before
    assert serving(place) == 2
    assert not list(place.home.root.glob(".weights.*")), "what was laid out is gone again"


def test_a_drill_registers_again_what_was_deleted_and_no_alias_speaks_of(place: Place) -> None:
    crown(place, "returning-1", is_real=True)
    crown(place, "returning-2", against=1)
    crown(place, "returning-3", against=2)
    roll_back_domain(place, DOMAIN, "wrong triage")
    place.registry.client().delete_model_version(DOMAIN, "1")
    assert drill_rollback(place, DOMAIN).version == 1
    assert 4 in place.registry.list_versions(DOMAIN).values()
    assert "drill" not in place.registry.aliases(DOMAIN)


def test_a_drill_on_a_model_that_cannot_be_loaded_fails_and_records_nothing(place: Place) -> None:
    crown(place, "returning-1")
    crown(place, "returning-2", against=1)
    with pytest.raises(WorkspaceError):
        drill_rollback(place, DOMAIN)
    assert place.ledger.last(DOMAIN, Kind.ROLLBACK_DRILLED) is None
    assert "drill" not in place.registry.aliases(DOMAIN)


def test_where_nobody_served_before_there_is_nothing_to_drill(place: Place) -> None:
    crown(place, "returning-1")
    assert drill_rollback(place, DOMAIN).version is None
    assert "nothing to drill" in drill_rollback(place, DOMAIN).sentence
    assert place.ledger.last(DOMAIN, Kind.ROLLBACK_DRILLED) is None


def test_a_rollback_takes_less_than_ten_seconds_of_cpu(place: Place) -> None:
    crown(place, "returning-1")
    crown(place, "returning-2", against=1)
    started, began = time.process_time(), time.monotonic()
    roll_back_domain(place, DOMAIN, "wrong triage")
    assert time.process_time() - started < 10
    assert time.monotonic() - began < 120, "nor does it wait for anything"
