"""Facts come from the ledger and the evidence alone, and say what is not recorded."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path

import grimp
import pytest

from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Kind
from pipelines.domain.identities import digest_value
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Slice
from pipelines.domain.verdicts import Decision
from pipelines.promote.approvals import UNPROVEN
from pipelines.promote.dossier.building import build_facts
from pipelines.promote.dossier.exhibits import Missing
from pipelines.promote.dossier.tables import line_up
from tests.builders.dossiers import (
    APPROVER,
    FIRST,
    KEY_ID,
    OVERRIDDEN,
    PROMOTED,
    REASON,
    REFUSED,
    Record,
    build_files,
    build_scorecard,
    crown,
    grant,
    judge_version,
    name_model,
    name_run,
    open_record,
    tell_story,
)
from tests.builders.findings import PASSING
from tests.builders.ledgers import DOMAIN


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return tell_story(tmp_path_factory.mktemp("story"))


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return open_record(tmp_path)


def find_missing(fact: object, where: str = "") -> dict[str, str]:
    """Return every missing fact by its place in the tree."""
    if isinstance(fact, Missing):
        return {where: fact.why}
    if not is_dataclass(fact):
        return {}
    found: dict[str, str] = {}
    for one in fields(fact):
        found |= find_missing(getattr(fact, one.name), f"{where}.{one.name}".lstrip("."))
    return found


def test_a_full_record_misses_nothing_but_a_signed_head(story: Record) -> None:
    assert set(find_missing(story.facts(PROMOTED))) == {"chain.head"}
    assert set(find_missing(story.facts(FIRST))) == {"chain.head", "learning.champion_curve"}


def test_who_is_judged_is_what_the_event_says(story: Record) -> None:
    facts = story.facts(REFUSED)
    assert (facts.domain, facts.version, facts.digest, facts.run) == ("clinical", REFUSED, name_model(REFUSED), name_run(REFUSED))
    assert facts.decision is Decision.REFUSE
    assert facts.commit == digest_value(REFUSED)[:40]


def test_what_changed_is_counted_from_the_champions_promotion(story: Record) -> None:
    told = story.facts(PROMOTED).changes
    (crowned,) = [e for e in story.events if e.kind is Kind.PROMOTED and e.payload["version"] == OVERRIDDEN]
    assert told.since_version == OVERRIDDEN
    assert told.since is not None
    assert told.since.seq == crowned.seq
    assert told.retrain_reason == REASON


def test_drops_taken_out_since_then_are_told_by_their_reason(story: Record) -> None:
    assert story.facts(PROMOTED).changes.withdrawn_drops == ("labels swapped by the supplier",)
    assert story.facts(OVERRIDDEN).changes.withdrawn_drops == ()


def test_the_champions_curve_is_read_from_its_own_evidence(story: Record) -> None:
    mine, theirs = story.facts(PROMOTED).learning, story.facts(OVERRIDDEN).learning
    assert mine.champion_curve == theirs.curve
    assert mine.curve != theirs.curve


def test_the_approval_tells_who_why_and_by_what_proof(story: Record) -> None:
    asked, granted = story.facts(OVERRIDDEN).approvals.steps
    assert (asked.step, asked.by) == ("asked for", "")
    assert (granted.step, granted.by, granted.proof) == ("granted as an override", APPROVER, "signed")
    assert granted.key == KEY_ID
    assert story.facts(OVERRIDDEN).approvals.started_by == "scheduler"


def test_a_signature_of_other_words_is_shown_as_what_it_is(tmp_path: Path) -> None:
    record = tell_story(tmp_path)
    event = grant(record, PROMOTED, "as signed", proof="signed")
    record.add(Kind.APPROVAL_GRANTED, {**event.payload, "reason": "as altered"}, after=1)
    steps = record.facts(PROMOTED).approvals.steps
    assert [step.proof for step in steps if step.reason == "as signed"] == ["signed"]
    assert [step.proof for step in steps if step.reason == "as altered"] == [UNPROVEN]


def test_the_time_is_taken_from_the_ledger(story: Record) -> None:
    assert story.facts(PROMOTED).cost.elapsed_seconds == pytest.approx(60 * 41.4)


def test_a_clock_that_stood_still_measured_nothing(record: Record) -> None:
    digest = name_model(FIRST)
    record.add(Kind.RETRAIN_STARTED, {"run": name_run(FIRST), "reason": "r"}, after=0)
    judged = {"run": name_run(FIRST), "version": FIRST, "digest": digest, "decision": "hold", "sentence": "s", "against": None}
    record.add(Kind.CANDIDATE_JUDGED, judged, after=0)
    assert record.facts(FIRST).cost.elapsed_seconds is None


def test_a_verdict_of_before_the_evidence_store_has_a_dossier_that_says_what_it_lacks(record: Record) -> None:
    record.add(
        Kind.CANDIDATE_JUDGED,
        {"run": "old", "version": 1, "digest": name_model(1), "decision": "promote", "sentence": "promote: all 2 gates passed"},
    )
    missing = find_missing(record.facts(1))
    assert {"verdict", "scorecard", "slices", "reliability", "currency", "quarantine", "audit", "commit"} <= set(missing)
    assert all("names no " in why for place, why in missing.items() if place not in {"chain.head", "learning.champion_curve"})


@pytest.mark.parametrize("name", sorted(build_files(FIRST, Decision.PROMOTE, None, PASSING)))
def test_any_one_piece_may_be_missing(record: Record, name: str) -> None:
    judge_version(record, FIRST, Decision.PROMOTE, against=None, files={name: None} if name != "verdict.json" else None)
    if name == "verdict.json":
        record.shelf.erase(record.facts(FIRST).chain.evidence[name])
    assert any(name in why for why in find_missing(record.facts(FIRST)).values())


def test_evidence_that_was_erased_is_named_with_its_event(record: Record) -> None:
    judge_version(record, FIRST, Decision.PROMOTE, against=None)
    digest = record.facts(FIRST).chain.evidence["examples.json"]
    record.shelf.erase(digest)
    assert "has been removed since" in find_missing(record.facts(FIRST))["currency"]
    erased = record.add(Kind.DOCUMENT_ERASED, {"document": "d", "erased": [digest]})
    facts = record.facts(FIRST)
    assert find_missing(facts)["currency"].endswith(f"was recorded and was erased by event {erased.seq}")
    assert facts.chain.known.seq == erased.seq


def test_an_erasure_elsewhere_is_none_of_its_business(record: Record) -> None:
    judged = judge_version(record, FIRST, Decision.PROMOTE, against=None)
    record.add(Kind.DOCUMENT_ERASED, {"document": "d", "erased": [digest_value("other")]})
    assert record.facts(FIRST).chain.known.seq == judged.seq


def test_evidence_that_was_altered_makes_no_dossier(record: Record) -> None:
    judge_version(record, FIRST, Decision.PROMOTE, against=None)
    path = record.shelf._path(record.facts(FIRST).chain.evidence["verdict.json"])
    path.chmod(0o644)
    path.write_bytes(b"{}")
    with pytest.raises(LedgerError, match="altered"):
        record.facts(FIRST)


def test_the_chain_place_names_the_last_event_that_matters(story: Record) -> None:
    facts = story.facts(PROMOTED)
    by_seq = {event.seq: event for event in story.events}
    assert by_seq[facts.chain.judged.seq].hash == facts.chain.judged_hash
    assert by_seq[facts.chain.known.seq].kind is Kind.PROMOTED
    assert by_seq[facts.chain.known.seq].hash == facts.chain.known_hash


def test_a_head_is_signed_over_the_last_event_that_matters_and_signed_again_it_is_the_same(story: Record, tmp_path: Path) -> None:
    from pipelines.ledger.heads import SignedHeads, find_forgery
    from pipelines.ledger.keys import KeyRing

    heads = SignedHeads(tmp_path / "heads", KeyRing(tmp_path / "ledger.pem", tmp_path / "keys"))
    facts = build_facts(story.events, story.shelf, PROMOTED, sign=heads.sign)
    assert not isinstance(facts.chain.head, Missing)
    assert (facts.chain.head.seq, facts.chain.head.hash) == (facts.chain.known.seq, facts.chain.known_hash)
    assert find_forgery(facts.chain.head, DOMAIN, heads.keys.read_publics()) is None
    assert build_facts(story.events, story.shelf, PROMOTED, sign=heads.sign) == facts


def test_what_comes_later_and_concerns_another_changes_no_fact(record: Record) -> None:
    judge_version(record, FIRST, Decision.HOLD, against=None)
    before = record.facts(FIRST)
    judge_version(record, OVERRIDDEN, Decision.PROMOTE, against=None)
    crown(record, OVERRIDDEN, None)
    assert record.facts(FIRST) == before


def test_an_earlier_state_can_be_asked_for(story: Record) -> None:
    judged = story.facts(PROMOTED).chain.judged.seq
    then = story.facts(PROMOTED, as_of=judged)
    assert then.standing.outcome == "waits"
    assert then.approvals.steps == ()
    assert then.chain.known.seq == judged


def test_a_domain_without_events_has_no_dossier(record: Record) -> None:
    with pytest.raises(LedgerError, match="no events yet"):
        record.facts(1)


def test_scores_stand_side_by_side() -> None:
    lines = line_up(build_scorecard(OVERRIDDEN))
    assert [line.part for line in lines if line.metric == "accuracy"] == [
        Slice.DEV, Slice.HOLDOUT, Slice.FRESH, Slice.ESTABLISHED, Slice.ANCHOR,
    ]  # fmt: skip
    assert set(lines[0].scores) == set(Role)
    assert {line.rows for line in lines if line.part == Slice.HOLDOUT} == {4212}


def test_a_dossier_reaches_for_no_registry_no_clock_and_no_workspace() -> None:
    graph = grimp.build_graph("pipelines", include_external_packages=True)
    room = {"pipelines.promote.dossier", *graph.find_descendants("pipelines.promote.dossier")}
    imported = {one for module in room for one in graph.find_modules_directly_imported_by(module)}
    assert not imported & {"mlflow", "pipelines.clock", "pipelines.settings", "pipelines.workspace", "pipelines.tracking"}
    assert not any(one.startswith("pipelines.promote.registry") for one in imported)
