"""The steps around the pure stages, each idempotent: killed anywhere and started again, a retraining ends the same."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.concluding import digest_verdict
from flows.landing import look_at_source
from flows.places import Place
from flows.promoting import Approval, promote_latest
from flows.retraining import (
    abandon_open,
    abandon_retraining,
    conclude_retraining,
    flatten_params,
    start_retraining,
    track_inputs,
    worktree,
)
from flows.stages import _note_group
from flows.turns import take_turn
from flows.worktrees import run_git
from pipelines.catalog import StageName
from pipelines.clock import SetClock
from pipelines.domain.errors import LedgerError, WorkspaceError
from pipelines.domain.events import Kind
from pipelines.domain.pins import Pin
from pipelines.domain.verdicts import Decision
from pipelines.files import digest_folder, read_json
from pipelines.keys import KeptKey
from pipelines.ledger.retrainings import open_retraining
from tests.builders.installations import build_records
from tests.builders.places import DOMAIN, Shared, build_place, inbox_of, with_section
from tests.builders.revisions import build_revision
from tests.builders.shelves import write_lines

if TYPE_CHECKING:
    from tests.flows.conftest import Retrained


def stock(place: Place, count: int = 30) -> None:
    place.corpus(DOMAIN).append("drop", [build_revision(f"doc-{number}") for number in range(count)])


def kinds(place: Place) -> list[Kind]:
    return [event.kind for event in place.ledger.events(DOMAIN)]


def test_a_hold_is_recorded_once_for_the_same_situation(place: Place) -> None:
    first = start_retraining(place, DOMAIN, None)
    second = start_retraining(place, DOMAIN, None)
    assert first == second
    assert first.run_id is None
    assert kinds(place) == [Kind.RETRAIN_HELD]


def test_a_hold_in_another_situation_is_recorded_again(place: Place) -> None:
    start_retraining(place, DOMAIN, None)
    stock(place, 3)
    assert "only 3 of 20" in start_retraining(place, DOMAIN, None).reason
    assert kinds(place) == [Kind.RETRAIN_HELD] * 2


def test_a_retraining_started_twice_is_one_that_goes_on(place: Place) -> None:
    stock(place)
    first, second = start_retraining(place, DOMAIN, None), start_retraining(place, DOMAIN, "another reason")
    assert not first.is_resumed
    assert second.is_resumed
    assert (second.run_id, second.reason) == (first.run_id, first.reason)
    assert kinds(place).count(Kind.RETRAIN_STARTED) == kinds(place).count(Kind.LOOK_RESERVED) == 1


def test_the_commit_that_a_run_is_made_from_is_recorded(place: Place) -> None:
    stock(place)
    start_retraining(place, DOMAIN, None)
    (started,) = place.ledger.events(DOMAIN, [Kind.RETRAIN_STARTED])
    assert started.payload["commit"] == run_git(place.workspace.root, "rev-parse", "HEAD")


def test_a_run_whose_checkout_was_changed_does_not_go_on(place: Place) -> None:
    stock(place)
    start = start_retraining(place, DOMAIN, None)
    assert start.run_id is not None
    root = worktree(place, DOMAIN, start.run_id).root
    changed = root / "pipelines" / "lessons" / "replay.py"
    changed.write_bytes(changed.read_bytes() + b"\n")
    with pytest.raises(WorkspaceError, match=r"not what the run's look was reserved for: .* checkout -- \."):
        start_retraining(place, DOMAIN, None)
    run_git(root, "checkout", "--", ".")
    assert start_retraining(place, DOMAIN, None).is_resumed


def test_a_run_is_shown_with_its_own_params_though_the_workspace_has_others_now(place: Place) -> None:
    stock(place)
    start = start_retraining(place, DOMAIN, None)
    assert start.run_id is not None
    training = place.of(DOMAIN).train.model_copy(update={"seed": 99})
    mlflow_run = track_inputs(with_section(place, train=training), DOMAIN, start.run_id)
    assert place.tracker.client().get_run(mlflow_run).data.params["train.seed"] == str(place.of(DOMAIN).train.seed)


def test_a_resumed_retraining_keeps_its_pin_although_the_corpus_grew(place: Place) -> None:
    stock(place)
    first = start_retraining(place, DOMAIN, None)
    assert first.run_id is not None
    pin = worktree(place, DOMAIN, first.run_id).folder.pin
    before = pin.read_bytes()
    place.corpus(DOMAIN).append("another", [build_revision("late")])
    pin.unlink()
    assert start_retraining(place, DOMAIN, None).run_id == first.run_id
    assert pin.read_bytes() == before


def test_somebodys_reason_overrides_the_weighing(place: Place) -> None:
    stock(place, 2)
    assert start_retraining(place, DOMAIN, None).run_id is None
    start = start_retraining(place, DOMAIN, "asked for by the safety board")
    assert start.run_id is not None
    assert start.reason == "asked for by the safety board"


def test_an_abandoned_retraining_is_no_longer_open_and_its_run_has_failed(place: Place) -> None:
    stock(place)
    start = start_retraining(place, DOMAIN, None)
    assert start.run_id is not None
    for _ in range(2):
        abandon_retraining(place, DOMAIN, start.run_id, "curate of clinical failed")
    assert open_retraining(place.ledger, DOMAIN) is None
    assert kinds(place).count(Kind.RETRAIN_ENDED) == 1
    run = place.tracker.client().get_run(place.tracker.open_run(DOMAIN, start.run_id))
    assert run.data.tags["addendum.run"] == start.run_id


def test_after_an_abandoned_one_the_same_pin_may_be_tried_again(place: Place) -> None:
    stock(place)
    first = start_retraining(place, DOMAIN, None)
    assert first.run_id is not None
    abandon_retraining(place, DOMAIN, first.run_id, "the disk was full")
    second = start_retraining(place, DOMAIN, None)
    assert second.run_id == first.run_id
    assert not second.is_resumed


def test_somebody_may_give_up_what_is_open_and_nobody_has_to_be_at_work_on_it(place: Place) -> None:
    stock(place)
    with pytest.raises(LedgerError, match="no retraining is open"):
        abandon_open(place, DOMAIN, "stuck")
    start = start_retraining(place, DOMAIN, None)
    with take_turn(place.home, DOMAIN), pytest.raises(LedgerError, match="is running"):
        abandon_open(place, DOMAIN, "stuck")
    assert open_retraining(place.ledger, DOMAIN) is not None
    assert abandon_open(place, DOMAIN, "begun before the upgrade") == start.run_id
    assert open_retraining(place.ledger, DOMAIN) is None
    ended = place.ledger.last(DOMAIN, Kind.RETRAIN_ENDED)
    assert ended is not None
    assert ended.payload["why"] == "begun before the upgrade"


def test_a_run_that_has_its_verdict_is_not_given_up(place: Place) -> None:
    stock(place)
    start = start_retraining(place, DOMAIN, None)
    assert start.run_id is not None
    place.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, {"run": start.run_id})
    with pytest.raises(LedgerError, match="has its verdict: `addendum retrain clinical` concludes it"):
        abandon_open(place, DOMAIN, "stuck")
    assert open_retraining(place.ledger, DOMAIN) is not None


def test_what_a_killed_flow_left_running_ends_with_the_run_that_is_given_up(place: Place) -> None:
    stock(place)
    start = start_retraining(place, DOMAIN, None)
    assert start.run_id is not None
    with subprocess.Popen(["sleep", "300"], start_new_session=True) as left:
        _note_group(worktree(place, DOMAIN, start.run_id), left.pid)
        abandon_open(place, DOMAIN, "stuck")
        assert left.wait(60) != 0


def test_params_are_flattened_to_plain_values(place: Place) -> None:
    flat = flatten_params(place.of(DOMAIN))
    assert flat["train.learner.kind"] == "linear"
    assert flat["judge.gates.0.kind"] == "floor"
    assert flat["curate.steps.0.kind"] == "repair_unicode"
    assert not any(key.startswith(("watch", "admit", "retrain", "promote")) for key in flat)
    assert all(isinstance(value, str) for value in flat.values())


def test_mlflow_is_shown_neither_a_key_nor_the_seal_of_one(place: Place) -> None:
    spelled = flatten_params(place.of(DOMAIN))
    kept = with_section(place, split=place.of(DOMAIN).split.model_copy(update={"key": KeptKey(env="A_KEY", seal="0" * 64)}))
    assert flatten_params(kept.of(DOMAIN)) == spelled
    assert not any("key" in name.split(".") for name in spelled)


def test_a_first_retraining_ends_with_a_judged_candidate(retrained: Retrained) -> None:
    assert [run.stage for run in retrained.stages] == list(StageName)
    assert not any(run.is_cached for run in retrained.stages)
    assert retrained.conclusion.decision is Decision.PROMOTE
    assert retrained.conclusion.version == 1


def test_the_verdict_in_the_ledger_is_the_one_on_disk(retrained: Retrained) -> None:
    (judged,) = retrained.place.ledger.events(DOMAIN, [Kind.CANDIDATE_JUDGED])
    assert judged.payload["verdict"] == digest_verdict(retrained.tree)
    assert judged.payload["digest"] == digest_folder(retrained.tree.folder.model)
    assert judged.payload["against"] is None
    assert judged.payload["commit"] == run_git(retrained.place.workspace.root, "rev-parse", "HEAD")


def test_concluding_again_changes_nothing(retrained: Retrained) -> None:
    before = retrained.place.ledger.head(DOMAIN), run_git(retrained.tree.root, "rev-parse", "HEAD")
    assert retrained.start.run_id is not None
    assert conclude_retraining(retrained.place, DOMAIN, retrained.start.run_id) == retrained.conclusion
    assert (retrained.place.ledger.head(DOMAIN), run_git(retrained.tree.root, "rev-parse", "HEAD")) == before


def test_a_run_leaves_the_users_branch_index_and_files_untouched(retrained: Retrained) -> None:
    from tests.flows.conftest import describe_tree

    assert describe_tree(retrained.place.workspace.root) == retrained.before


def test_the_same_corpus_is_not_judged_again(retrained: Retrained) -> None:
    start = start_retraining(retrained.place, DOMAIN, None)
    assert start.run_id is None
    assert "has been judged (promote" in start.reason
    assert len(retrained.place.ledger.events(DOMAIN, [Kind.LOOK_RESERVED])) == 1


def test_tracking_the_inputs_again_is_the_same_run(retrained: Retrained) -> None:
    assert retrained.start.run_id is not None
    first = track_inputs(retrained.place, DOMAIN, retrained.start.run_id)
    assert track_inputs(retrained.place, DOMAIN, retrained.start.run_id) == first
    run = retrained.place.tracker.client().get_run(first)
    assert run.data.params["train.learner.kind"] == "linear"
    assert {each.dataset.name for each in run.inputs.dataset_inputs} == {
        "clinical corpus",
        "train",
        "dev",
        "holdout",
        "anchor",
    }
    retrained.place.tracker.close_run(first)


def test_a_stage_that_is_done_is_found_done(retrained: Retrained) -> None:
    from tests.flows.conftest import run_stage

    assert run_stage(retrained.place, retrained.tree, StageName.SNAPSHOT).is_cached


def test_a_withdrawn_drop_of_the_champion_makes_a_retraining_a_duty(place: Place) -> None:
    (inbox_of(place) / "a.jsonl").write_bytes(write_lines(*build_records(30)))
    drop = look_at_source(place, DOMAIN, "folder").drop_id
    assert drop is not None
    _crown_from_now(place)
    assert "nothing new" in start_retraining(place, DOMAIN, None).reason
    place.corpus(DOMAIN).withdraw_drop(drop)
    place.ledger.append(DOMAIN, Kind.DROP_WITHDRAWN, {"drop": drop, "ingest_seq": 1, "reason": "bad"})
    start = start_retraining(place, DOMAIN, None)
    assert start.run_id is not None
    assert start.reason.startswith("duty: a drop")


def test_a_champion_too_old_is_retrained_on_the_same_corpus(shared: Shared, tmp_path: Path) -> None:
    place = build_place(shared, tmp_path)
    place = with_section(place, retrain=place.of(DOMAIN).retrain.model_copy(update={"maximum_age_days": 30}))
    stock(place)
    _crown_from_now(place)
    later = build_place(shared, tmp_path)
    aged = later.settings.model_copy(update={"now": later.clock.now() + timedelta(days=31)})
    assert isinstance(aged.clock, SetClock)
    place = type(place)(aged, place.workspace, place.params, place.ledger)
    assert start_retraining(place, DOMAIN, None).reason == "version 1 is 31 days old"


def _crown_from_now(place: Place) -> None:
    """Make a candidate of the present corpus champion, without training one."""
    from tests.builders.places import judge_candidate

    judge_candidate(place, "retraining-1")
    assert promote_latest(place, DOMAIN, Approval(by="R. Okafor", reason="reviewed")).is_promoted


def test_the_run_branch_holds_a_pin_that_reads_back(retrained: Retrained) -> None:
    shown = run_git(retrained.place.workspace.root, "show", f"{retrained.tree.branch}:data/{DOMAIN}/pin.json")
    pin = read_json(retrained.tree.folder.pin, Pin)
    assert json.loads(shown)["corpus"]["manifest_digest"] == pin.corpus.manifest_digest
    assert pin.run_id == retrained.start.run_id
