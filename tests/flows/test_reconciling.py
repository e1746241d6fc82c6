"""Whatever was deleted, altered or moved elsewhere is put back from the ledger and its evidence, and what was wrong is told."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from flows.approving import Approval
from flows.candidates import find_judged
from flows.places import Place
from flows.promoting import project, promote_latest
from flows.reconciling import keep_model, lay_model, reconcile
from flows.returning import restore_version, roll_back_domain
from flows.worktrees import run_git
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest
from pipelines.domain.pins import ModelPin
from pipelines.files import digest_folder
from pipelines.ledger.champions import champion, history, unfreeze
from tests.builders.models import build_key, build_public
from tests.builders.places import DOMAIN, judge_candidate

YES = Approval(by="R. Okafor", reason="reviewed")


def crown(place: Place, name: str, against: int | None = None) -> ModelPin:
    model = judge_candidate(place, name, against=against)
    assert promote_latest(place, DOMAIN, YES).is_promoted
    return model


@pytest.fixture
def reigned(place: Place) -> Place:
    """Two champions, one after the other."""
    crown(place, "reconciling-1")
    crown(place, "reconciling-2", against=1)
    return place


def delete(place: Place, number: int) -> None:
    place.registry.client().delete_model_version(DOMAIN, str(number))


def repaired(place: Place) -> list[Event]:
    return place.ledger.events(DOMAIN, [Kind.ALIAS_REPAIRED])


def alter(place: Place, name: str) -> None:
    """Alter the weights that MLflow keeps of a candidate."""
    for file in (place.home.mlflow / "artifacts").rglob("weights.safetensors"):
        if file.read_bytes().startswith(name.encode()):
            file.write_bytes(b"altered")


def damage(place: Place, digest: Digest) -> None:
    """Alter what the evidence keeps under a digest."""
    path = place.home.evidence / digest[:2] / digest[2:4] / digest
    path.chmod(0o644)
    path.write_bytes(b"altered")


def find_parts(place: Place, digest: Digest) -> dict[str, Digest]:
    """What a model's copy consists of: the list of its files, and a file."""
    return {"list": digest, "file": place.evidence.list_folder(digest)[0].digest}


def test_where_all_agrees_there_is_nothing_to_do(reigned: Place) -> None:
    done = reconcile(reigned, DOMAIN)
    assert (done.repairs, done.losses) == ((), ())
    assert repaired(reigned) == []


def test_a_promotion_keeps_its_weights_before_it_is_one(place: Place) -> None:
    model = judge_candidate(place, "reconciling-1")
    assert not place.evidence.has(model.digest)
    promote_latest(place, DOMAIN, None)
    assert not place.evidence.has(model.digest), "what waits for an approval may never be promoted"
    promote_latest(place, DOMAIN, YES)
    assert place.evidence.has(model.digest)


def test_a_deleted_version_is_registered_again_and_serves_under_its_number_of_the_ledger(reigned: Place) -> None:
    first = history(reigned.ledger, DOMAIN)[0]
    delete(reigned, 1)
    assert len(reconcile(reigned, DOMAIN).repairs) >= 1
    assert reigned.registry.list_versions(DOMAIN)[first.digest] == 3
    assert reigned.registry.aliases(DOMAIN) == {"champion": 2, "previous": 3}
    assert reconcile(reigned, DOMAIN).repairs == ()
    assert [event.payload.get("registered") for event in repaired(reigned)].count(3) == 1


def test_a_rollback_and_a_restoration_work_over_versions_that_were_deleted(reigned: Place) -> None:
    delete(reigned, 1)
    delete(reigned, 2)
    assert roll_back_domain(reigned, DOMAIN, "wrong triage").version == 1
    number = reigned.registry.aliases(DOMAIN)["champion"]
    assert number > 2
    unfreeze(reigned.ledger, DOMAIN, "found")
    assert restore_version(reigned, DOMAIN, 2, YES).version == 2
    assert reigned.registry.aliases(DOMAIN)["previous"] == number


def test_a_whole_model_that_was_deleted_from_the_registry_comes_back(reigned: Place) -> None:
    reigned.registry.client().delete_registered_model(DOMAIN)
    reconcile(reigned, DOMAIN)
    aliases = reigned.registry.aliases(DOMAIN)
    assert set(aliases) == {"champion", "previous"}
    assert reconcile(reigned, DOMAIN).repairs == ()


def test_an_altered_copy_is_put_aside_and_a_whole_one_registered(reigned: Place) -> None:
    alter(reigned, "reconciling-2")
    (said, *_) = reconcile(reigned, DOMAIN).repairs
    assert "version 2 was altered in the registry" in said
    assert reigned.registry.aliases(DOMAIN)["champion"] == 3
    assert reconcile(reigned, DOMAIN).repairs == ()


def test_files_that_cannot_be_fetched_are_told_and_keep_their_name(reigned: Place) -> None:
    before, store = reigned.registry.list_versions(DOMAIN), reigned.home.mlflow / "artifacts"
    store.rename(store.with_name("unmounted"))
    done = reconcile(reigned, DOMAIN)
    assert ["cannot be fetched from MLflow" in loss for loss in done.losses] == [True, True]
    shutil.rmtree(store, ignore_errors=True)
    store.with_name("unmounted").rename(store)
    assert reigned.registry.list_versions(DOMAIN) == before
    again = reconcile(reigned, DOMAIN)
    assert (again.repairs, again.losses, repaired(reigned)) == ((), (), [])


def test_a_key_that_is_not_the_signers_is_told_and_takes_no_name_from_a_whole_model(reigned: Place, tmp_path: Path) -> None:
    public = build_public(build_key(tmp_path / "stranger.pem"))
    stranger = replace(reigned, settings=reigned.settings.model_copy(update={"model_public_key": public}))
    done = reconcile(stranger, DOMAIN)
    assert ["not made by a key that is trusted here" in loss for loss in done.losses] == [True, True]
    again = reconcile(reigned, DOMAIN)
    assert (again.repairs, again.losses, repaired(reigned)) == ((), (), [])


def test_what_no_copy_is_left_of_is_told_as_lost_and_no_alias_points_at_it(reigned: Place) -> None:
    shutil.rmtree(reigned.home.evidence)
    delete(reigned, 1)
    done = reconcile(reigned, DOMAIN)
    assert [loss.partition(",")[0] for loss in done.losses] == ["version 1 was missing in the registry"]
    assert reigned.registry.aliases(DOMAIN) == {"champion": 2}


@pytest.mark.parametrize("part", ["list", "file"])
def test_a_damaged_copy_is_no_copy_it_is_told_as_lost_and_stops_no_rollback(reigned: Place, part: str) -> None:
    judged = find_judged(reigned, DOMAIN)
    damage(reigned, find_parts(reigned, judged.digest)[part])
    delete(reigned, 2)
    shutil.rmtree(reigned.home.run(DOMAIN, judged.run), ignore_errors=True)
    done = reconcile(reigned, DOMAIN)
    assert [loss.partition(",")[0] for loss in done.losses] == ["version 2 was missing in the registry"]
    assert roll_back_domain(reigned, DOMAIN, "wrong triage").version == 1
    assert reigned.registry.aliases(DOMAIN) == {"champion": 1}


@pytest.mark.parametrize("part", ["list", "file"])
def test_a_damaged_copy_is_kept_again_from_good_weights(reigned: Place, part: str) -> None:
    judged = find_judged(reigned, DOMAIN)
    damage(reigned, find_parts(reigned, judged.digest)[part])
    keep_model(reigned, judged)
    assert reigned.evidence.holds_folder(judged.digest)


def test_an_alias_and_a_branch_that_somebody_moved_are_put_back_told_and_recorded_once(reigned: Place) -> None:
    root = reigned.workspace.root
    reigned.registry.point_alias(DOMAIN, "champion", 1)
    elsewhere = run_git(root, "commit-tree", "-m", "elsewhere", run_git(root, "write-tree"))
    run_git(root, "update-ref", "refs/heads/addendum/champion/clinical", elsewhere)
    said = " ".join(reconcile(reigned, DOMAIN).repairs)
    assert "the alias champion was on version 1 (somebody had moved it): set to version 2" in said
    assert "the branch addendum/champion/clinical had been moved by somebody" in said
    assert reconcile(reigned, DOMAIN).repairs == ()
    branch, alias = repaired(reigned)
    assert alias.payload == {"alias": "champion", "found": 1, "expected": 2}
    assert branch.payload["found"] == elsewhere
    assert run_git(root, "rev-parse", "addendum/champion/clinical") == branch.payload["expected"]


def test_what_merely_lagged_behind_is_put_right_and_nobody_is_blamed(reigned: Place) -> None:
    """A rollback in the ledger alone, as a process leaves it that dies right after."""
    from pipelines.ledger.champions import roll_back

    roll_back(reigned.ledger, DOMAIN, "wrong triage")
    said = reconcile(reigned, DOMAIN).repairs
    assert any("(it lagged behind the ledger): set to version 1" in line for line in said)
    assert not any("somebody" in line for line in said)
    assert repaired(reigned) == []


def test_the_scratch_alias_of_a_drill_that_was_cut_short_is_removed(reigned: Place) -> None:
    reigned.registry.point_alias(DOMAIN, "drill", 1)
    (said,) = reconcile(reigned, DOMAIN).repairs
    assert "drill" in said
    assert "drill" not in reigned.registry.aliases(DOMAIN)


def test_a_domain_where_nothing_was_judged_has_nothing_to_reconcile(place: Place) -> None:
    assert reconcile(place, DOMAIN).repairs == ()


def test_a_model_is_laid_out_from_the_registry_or_else_from_its_evidence(
    reigned: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    serving = champion(reigned.ledger, DOMAIN)
    assert serving is not None
    pin = ModelPin(version=serving.version, digest=serving.digest)
    alter(reigned, "reconciling-2")
    with caplog.at_level(logging.WARNING, "addendum.flow"):
        lay_model(reigned, DOMAIN, pin, tmp_path / "altered")
    assert "addendum reconcile clinical" in caplog.text
    delete(reigned, 2)
    lay_model(reigned, DOMAIN, pin, tmp_path / "deleted")
    assert {digest_folder(tmp_path / name) for name in ("altered", "deleted")} == {serving.digest}
    shutil.rmtree(reigned.home.evidence)
    with pytest.raises(WorkspaceError, match="is gone from the registry: `addendum reconcile clinical`"):
        lay_model(reigned, DOMAIN, pin, tmp_path / "nowhere")
    lay_model(reigned, DOMAIN, None, tmp_path / "nobody")
    assert list((tmp_path / "nobody").iterdir()) == []


def test_weights_that_are_kept_already_and_whole_are_kept_once_and_damaged_ones_again(reigned: Place) -> None:
    judged = find_judged(reigned, DOMAIN)
    entry = reigned.evidence.list_folder(judged.digest)[0]
    reigned.evidence.erase(entry.digest)
    keep_model(reigned, judged)
    assert reigned.evidence.find_problem(entry.digest) is None
    delete(reigned, 2)
    keep_model(reigned, judged)


def test_an_alias_of_a_deleted_candidate_is_gone_and_the_rest_stands(reigned: Place) -> None:
    judge_candidate(reigned, "reconciling-3", decision="hold", against=2)
    project(reigned, DOMAIN)
    assert reigned.registry.aliases(DOMAIN)["challenger"] == 3
    delete(reigned, 3)
    project(reigned, DOMAIN)
    assert reigned.registry.aliases(DOMAIN) == {"champion": 2, "previous": 1}
