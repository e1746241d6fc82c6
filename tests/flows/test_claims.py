"""What the ledger says is taken, what it does not say is not guessed, and a branch that says otherwise is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.claims import find_claim, list_erasures, read_lock
from flows.places import Place
from flows.worktrees import run_git
from pipelines.domain.errors import LedgerError, WorkspaceError
from pipelines.domain.events import Kind
from pipelines.domain.identities import RunId
from tests.builders.claims import RUN, judge_run
from tests.builders.outcomes import build_pin
from tests.builders.places import DOMAIN, judge_candidate


def test_a_claim_is_the_ledgers_word(place: Place) -> None:
    model, pin = judge_run(place)
    claim = find_claim(place, DOMAIN, model.version)
    assert (claim.run_id, claim.digest, claim.pin) == (RunId(RUN), model.digest, pin)
    assert claim.commit == run_git(place.workspace.root, "rev-parse", f"addendum/run/{RUN}")
    assert read_lock(place, claim) == {f"train@{DOMAIN}": ["a"]}


def test_the_commit_that_the_ledger_names_wins_over_the_branch(place: Place) -> None:
    head = run_git(place.workspace.root, "rev-parse", "HEAD")
    model, _ = judge_run(place, commit=head)
    assert find_claim(place, DOMAIN, model.version).commit == head


def test_a_branch_whose_pin_was_altered_is_refused(place: Place) -> None:
    pin = build_pin(champion=None, anchor=None)
    other = replace(pin, corpus=replace(pin.corpus, version=2))
    model, _ = judge_run(place, pin, on_branch=other)
    with pytest.raises(
        WorkspaceError, match=rf"the pin on the branch addendum/run/{RUN} is not the one that the ledger recorded"
    ):
        find_claim(place, DOMAIN, model.version)


def test_a_branch_that_is_gone_is_missed_only_where_the_ledger_names_no_commit(place: Place) -> None:
    head = run_git(place.workspace.root, "rev-parse", "HEAD")
    model, _ = judge_run(place)
    run_git(place.workspace.root, "update-ref", "-d", f"refs/heads/addendum/run/{RUN}")
    with pytest.raises(WorkspaceError, match=rf"the branch addendum/run/{RUN} .* is gone: fetch it"):
        find_claim(place, DOMAIN, model.version)
    payload = {**place.ledger.events(DOMAIN, [Kind.CANDIDATE_JUDGED])[-1].payload, "commit": head}
    place.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, payload)
    claim = find_claim(place, DOMAIN, model.version)
    assert claim.commit == head
    assert read_lock(place, claim) == {}


def test_a_version_that_was_never_judged_or_never_started_is_refused(place: Place) -> None:
    with pytest.raises(LedgerError, match="no judged version 7"):
        find_claim(place, DOMAIN, 7)
    model = judge_candidate(place, "by-hand")
    with pytest.raises(LedgerError, match="was not made by a retraining"):
        find_claim(place, DOMAIN, model.version)


def test_erasures_since_the_run_are_listed_and_earlier_ones_are_not(place: Place) -> None:
    place.ledger.append(DOMAIN, Kind.DOCUMENT_ERASED, {"digest": "a"})
    model, _ = judge_run(place)
    later = place.ledger.append(DOMAIN, Kind.DOCUMENT_ERASED, {"digest": "b"})
    assert [event.seq for event in list_erasures(place, find_claim(place, DOMAIN, model.version))] == [later.seq]
