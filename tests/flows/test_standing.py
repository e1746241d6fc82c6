"""The status screen and the explanation say what the ledger says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.answering import answer_version
from flows.landing import look_at_source
from flows.places import Place
from flows.promoting import Approval, promote_latest, roll_back_domain
from flows.retraining import start_retraining
from flows.standing import describe_domain, explain_version
from pipelines.domain.errors import LedgerError
from pipelines.domain.verdicts import Decision, Finding, Result
from pipelines.promote.approvals import Answer
from tests.builders.installations import build_records
from tests.builders.places import DOMAIN, inbox_of, judge_candidate
from tests.builders.shelves import write_lines

if TYPE_CHECKING:
    from tests.flows.conftest import Retrained

YES = Approval(by="R. Okafor", reason="reviewed")


def test_a_domain_where_nothing_happened_says_so(place: Place) -> None:
    row = describe_domain(place, DOMAIN)
    assert (row.champion, row.since, row.last_drop, row.candidate, row.open) == ("none", "", "none", "none", "nothing")


def test_the_last_drop_and_a_hold_are_shown(place: Place) -> None:
    (inbox_of(place) / "a.jsonl").write_bytes(write_lines(*build_records(6)))
    look_at_source(place, DOMAIN, "folder")
    start_retraining(place, DOMAIN, None)
    row = describe_domain(place, DOMAIN)
    assert row.last_drop == "folder 2026-03-01 (drop landed)"
    assert row.open.startswith("held: no champion yet")


def test_an_unfinished_retraining_is_shown(place: Place) -> None:
    (inbox_of(place) / "a.jsonl").write_bytes(write_lines(*build_records(30)))
    look_at_source(place, DOMAIN, "folder")
    run_id = start_retraining(place, DOMAIN, None).run_id
    assert describe_domain(place, DOMAIN).open == f"retraining {run_id} unfinished"


def test_a_candidate_that_waits_for_approval_is_shown(place: Place) -> None:
    judge_candidate(place, "standing-1")
    promote_latest(place, DOMAIN, None)
    row = describe_domain(place, DOMAIN)
    assert (row.champion, row.candidate, row.open) == (
        "none",
        "version 1: promote",
        "version 1 waits for approval until 2026-03-04 12:00",
    )


def test_a_denial_is_shown(place: Place) -> None:
    judge_candidate(place, "standing-1")
    answer_version(place, DOMAIN, 1, Answer.DENIED, YES)
    assert describe_domain(place, DOMAIN).open == "version 1: approval denied by R. Okafor"


def test_an_override_is_shown_with_the_champion_and_in_its_history(place: Place) -> None:
    too_few = Finding(gate="power", result=Result.UNDECIDABLE, sentence="undecidable")
    judge_candidate(place, "standing-1", decision="hold", findings=(too_few,))
    answer_version(place, DOMAIN, 1, Answer.OVERRIDE, YES)
    assert describe_domain(place, DOMAIN).champion == "version 1 (by override)"
    told = explain_version(place, DOMAIN, 1).history
    assert any("R. Okafor (override, self-declared): reviewed" in line for line in told)
    assert any("by override of R. Okafor" in line for line in told)


def test_a_champion_and_a_freeze_are_shown(place: Place) -> None:
    judge_candidate(place, "standing-1")
    promote_latest(place, DOMAIN, YES)
    judge_candidate(place, "standing-2", against=1)
    promote_latest(place, DOMAIN, YES)
    assert describe_domain(place, DOMAIN).champion == "version 2"
    roll_back_domain(place, DOMAIN, "wrong")
    row = describe_domain(place, DOMAIN)
    assert (row.champion, row.since, row.open) == ("version 1", "2026-03-01 12:00", "frozen by a rollback")


def test_a_verdict_is_explained_with_its_findings_and_what_followed(retrained: Retrained) -> None:
    told = explain_version(retrained.place, DOMAIN, 1)
    assert told.verdict.decision is Decision.PROMOTE
    assert all(finding.result is Result.PASSED for finding in told.verdict.findings if finding.is_blocking)
    assert any("candidate judged" in line for line in told.history)
    assert all("by a test" in line for line in told.history)


def test_a_version_never_judged_is_refused(retrained: Retrained) -> None:
    with pytest.raises(LedgerError, match="no judged version 99: `addendum status`"):
        explain_version(retrained.place, DOMAIN, 99)
