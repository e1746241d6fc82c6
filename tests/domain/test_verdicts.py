"""An override is for silence: where the numbers say nothing, never where one of them speaks against the candidate."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.identities import Digest
from pipelines.domain.pins import Look
from pipelines.domain.verdicts import Decision, Finding, Result, Verdict

LOOK = Look(generation=1, t=1, alpha=0.03, plan=Digest("plan"))
UNDECIDED = Finding(gate="power", result=Result.UNDECIDABLE, sentence="")


def build_finding(result: Result, **fields: Any) -> Finding:
    return Finding(**{"gate": "x", "result": result, "sentence": "", **fields})


def build_verdict(*findings: Finding, **fields: Any) -> Verdict:
    defaults: dict[str, Any] = {
        "decision": Decision.HOLD,
        "sentence": "",
        "candidate": Digest("candidate"),
        "look": LOOK,
        "findings": findings,
    }
    return Verdict(**{**defaults, **fields})


def test_an_undecidable_candidate_may_be_promoted_by_name() -> None:
    assert build_verdict(UNDECIDED, build_finding(Result.PASSED)).is_overridable
    assert build_verdict(build_finding(Result.NOT_MEASURED)).is_overridable


@pytest.mark.parametrize("decision", [Decision.PROMOTE, Decision.REFUSE])
def test_there_is_nothing_to_override_but_a_hold(decision: Decision) -> None:
    assert not build_verdict(UNDECIDED, decision=decision).is_overridable


@pytest.mark.parametrize(
    "finding",
    [
        build_finding(Result.FAILED),
        build_finding(Result.NOT_MEASURED, is_safety=True),
        build_finding(Result.FAILED, is_safety=True),
        build_finding(Result.FAILED, is_safety=True, is_blocking=False),
    ],
)
def test_not_over_a_failure_nor_over_safety(finding: Finding) -> None:
    assert not build_verdict(UNDECIDED, finding).is_overridable


def test_what_does_not_block_and_is_no_safety_does_not_stand_in_the_way() -> None:
    assert build_verdict(UNDECIDED, build_finding(Result.FAILED, is_blocking=False)).is_overridable
    assert build_verdict(UNDECIDED, build_finding(Result.NOT_MEASURED, is_blocking=False, is_safety=True)).is_overridable


def test_without_a_look_or_without_findings_nobody_can_know_what_they_approve() -> None:
    assert not build_verdict(UNDECIDED, look=None).is_overridable
    assert not build_verdict().is_overridable


@given(
    st.lists(st.builds(build_finding, st.sampled_from(Result), is_blocking=st.booleans(), is_safety=st.booleans()), max_size=5)
)
def test_an_overridable_verdict_has_no_blocking_failure_and_no_failed_safety(findings: list[Finding]) -> None:
    if build_verdict(*findings).is_overridable:
        assert findings
        assert not any(one.result is Result.FAILED and (one.is_blocking or one.is_safety) for one in findings)
