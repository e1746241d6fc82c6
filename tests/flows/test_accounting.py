"""What a run was made from that its champion was not, what was kept out, and what it cost: counted, never quoted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.accounting import (
    FIRST_CARD,
    FIRST_RECIPE,
    NO_CARD,
    account_for_changes,
    account_for_cost,
    account_for_drift,
    account_for_licences,
    account_for_quarantine,
    find_differences,
    sort_movements,
)
from flows.landing import look_at_source, release_from_quarantine
from flows.places import Place
from flows.worktrees import Worktree
from pipelines.curate.cards import draw_card
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, RunId, digest_set
from pipelines.domain.pins import ModelPin
from pipelines.domain.revisions import RETIRING, Entry, Status, resolve_statuses
from pipelines.files import write_json
from pipelines.promote.dossier.accounts import MOVEMENTS, Difference, Drift, Movement
from tests.builders.curations import build_row
from tests.builders.installations import build_records
from tests.builders.outcomes import build_pin
from tests.builders.places import DOMAIN, inbox_of
from tests.builders.revisions import build_entry
from tests.builders.shelves import write_lines

if TYPE_CHECKING:
    from tests.flows.conftest import Retrained

SINCE = 5


def sort(*entries: Entry) -> dict[str, int]:
    moved, _ = sort_movements(resolve_statuses(entries), SINCE)
    return {name: movement.documents for name, movement in moved.items() if movement.documents}


def build(document: str, ingest_seq: int, **fields: Any) -> Entry:
    return build_entry(document, ingest_seq=ingest_seq, text=f"{document} as of {ingest_seq}", **fields)


def test_a_document_that_was_not_known_is_new_however_often_it_came() -> None:
    later = build("a", 8, effective_from=date(2026, 2, 1))
    assert sort(build("a", 6), later, build("b", 7)) == {"new": 2}


def test_a_known_document_with_another_text_is_amended() -> None:
    assert sort(build("a", 2), build("a", 6, effective_from=date(2026, 2, 1))) == {"amended": 1}


@pytest.mark.parametrize("status", sorted(RETIRING))
def test_a_known_document_that_is_gone_is_counted_by_how_it_went(status: Status) -> None:
    assert sort(build("a", 2), build("a", 6, status=status)) == {status.value: 1}


def test_what_came_and_went_in_between_moved_nothing() -> None:
    assert sort(build("a", 6), build("a", 7, status=Status.RETRACTED)) == {}


def test_what_was_there_before_moved_nothing() -> None:
    assert sort(build("a", 2), build("b", 5)) == {}


def test_documents_of_two_sources_are_two_and_counted_by_source() -> None:
    entries = [build("a", 6, source="pubmed"), build("a", 2, source="folder"), build("a", 6, source="folder")]
    _, by_source = sort_movements(resolve_statuses(entries), SINCE)
    assert by_source == {"pubmed": {"new": 1}, "folder": {"amended": 1}}


def test_the_digest_of_a_movement_is_that_of_the_revisions_that_came_late() -> None:
    entries = [build("a", 2), build("a", 6, effective_from=date(2026, 2, 1)), build("b", 7)]
    moved, _ = sort_movements(resolve_statuses(entries), SINCE)
    assert moved["amended"].revisions == digest_set([entries[1].digest])
    assert moved["new"].revisions == digest_set([entries[2].digest])
    assert tuple(moved) == MOVEMENTS
    assert moved["erased"] == Movement(documents=0, revisions=digest_set([]))


VALUES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("123"), max_size=6)


@given(VALUES, VALUES)
def test_applied_to_the_one_the_differences_give_the_other(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    result = dict(before)
    for one in find_differences(before, after):
        assert one.before != one.after
        assert before.get(one.name) == one.before
        result.pop(one.name, None)
        if one.after is not None:
            result[one.name] = one.after
    assert result == after


def test_a_difference_names_both_values() -> None:
    assert find_differences({"train.rate": "0.1", "a": "1"}, {"train.rate": "0.2", "a": "1"}) == (
        Difference(name="train.rate", before="0.1", after="0.2"),
    )


def open_run(place: Place, root: Path) -> Worktree:
    tree = Worktree(root / "run", DOMAIN, RunId("a-run"))
    place.ledger.append(DOMAIN, Kind.RETRAIN_STARTED, {"run": tree.run_id})
    return tree


def test_the_quarantine_is_counted_by_source_and_check_without_a_word_of_text(place: Place, tmp_path: Path) -> None:
    bad = [{**record, "text": "short"} for record in build_records(2, first=50)]
    (inbox_of(place) / "a.jsonl").write_bytes(write_lines(*build_records(40), *bad))
    look_at_source(place, DOMAIN, "folder")
    account = account_for_quarantine(place, open_run(place, tmp_path))
    assert (account.since, account.drops, account.checked, account.rows, account.released) == (0, 1, 42, 2, 0)
    assert {one.source for one in account.held} == {"folder"}
    assert sum(one.rows for one in account.held) >= 2
    assert "short" not in str(account)


def test_only_what_came_between_the_promotion_and_the_start_counts(place: Place, tmp_path: Path) -> None:
    (inbox_of(place) / "a.jsonl").write_bytes(write_lines(*build_records(40)))
    look_at_source(place, DOMAIN, "folder")
    promoted = place.ledger.append(DOMAIN, Kind.PROMOTED, {"version": 1})
    tree = open_run(place, tmp_path)
    (inbox_of(place) / "b.jsonl").write_bytes(write_lines(*build_records(40, first=100)))
    look_at_source(place, DOMAIN, "folder")
    account = account_for_quarantine(place, tree)
    assert (account.since, account.drops, account.checked) == (promoted.seq, 0, 0)


def test_a_row_let_in_by_a_person_is_counted(place: Place, tmp_path: Path) -> None:
    from pipelines.admit.quarantines import list_rows

    bad = [{**record, "text": "short"} for record in build_records(1, first=50)]
    (inbox_of(place) / "a.jsonl").write_bytes(write_lines(*build_records(40), *bad))
    look_at_source(place, DOMAIN, "folder")
    (row,) = list_rows(place.home, DOMAIN)
    release_from_quarantine(place, DOMAIN, row.digest, "short but complete")
    assert account_for_quarantine(place, open_run(place, tmp_path)).released == 1


def test_a_drop_whose_archive_is_gone_is_told_as_unread(place: Place, tmp_path: Path) -> None:
    place.ledger.append(DOMAIN, Kind.DROP_LANDED, {"drop": "f" * 64, "source": "folder", "rows": 3})
    account = account_for_quarantine(place, open_run(place, tmp_path))
    assert (account.drops, account.unread, account.rows) == (1, 1, 0)


def test_a_run_without_a_training_has_a_cost_that_says_so(tmp_path: Path) -> None:
    tree = Worktree(tmp_path / "run", DOMAIN, RunId("a-run"))
    write_json(tree.folder.model / "model.json", {"kind": "linear"})
    cost = account_for_cost(tree)
    assert (cost.steps, cost.tokens, cost.scored, cost.seconds) == (None, None, None, {})
    assert cost.model_bytes == (tree.folder.model / "model.json").stat().st_size


@pytest.mark.slow
def test_a_first_run_is_all_news(retrained: Retrained) -> None:
    changes = account_for_changes(retrained.place, retrained.tree)
    assert (changes.since, changes.until, changes.against) == (0, 1, None)
    assert changes.moved["new"].documents == 90
    assert changes.by_source == {"folder": {"new": 90}}
    assert changes.problem == FIRST_RECIPE


def lay_card(tree: Worktree, *labels: str) -> Path:
    """The data card of a run whose rows have these labels."""
    card = draw_card([build_row(f"d{n}", labels=(label,)) for n, label in enumerate(labels)])
    write_json(tree.folder.card / "card.json", card)
    return tree.folder.card / "card.json"


def judge_with(place: Place, **evidence: str) -> ModelPin:
    """A champion whose verdict stood on this evidence."""
    place.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, {"version": 3, "digest": "d" * 64, "evidence": evidence})
    return ModelPin(version=3, digest=Digest("d" * 64))


def test_drift_is_told_by_attribute_against_the_card_of_the_champion(place: Place, tmp_path: Path) -> None:
    tree = open_run(place, tmp_path)
    theirs = place.evidence.put_file(lay_card(tree, "a", "a", "a", "b"))
    write_json(tree.folder.pin, build_pin(champion=judge_with(place, **{"card.json": theirs})))
    assert account_for_drift(place, tree) == Drift(against=3, shifts=dict.fromkeys(("source", "year", "label", "licence"), 0.0))
    lay_card(tree, "b", "b", "b", "b")
    moved = account_for_drift(place, tree).shifts
    assert moved["label"] > 0.25
    assert (moved["source"], moved["year"]) == (0, 0)


def test_without_two_cards_there_is_no_drift_and_it_says_why(place: Place, tmp_path: Path) -> None:
    tree = open_run(place, tmp_path)
    lay_card(tree, "a")
    write_json(tree.folder.pin, build_pin(champion=None))
    assert account_for_drift(place, tree) == Drift(against=None, shifts={}, problem=FIRST_CARD)
    write_json(tree.folder.pin, build_pin(champion=judge_with(place)))
    assert account_for_drift(place, tree) == Drift(against=3, shifts={}, problem=NO_CARD)


@pytest.mark.slow
def test_a_runs_cost_and_licences_are_its_files_own(retrained: Retrained) -> None:
    cost, licences = account_for_cost(retrained.tree), account_for_licences(retrained.tree)
    assert cost.tokens is not None
    assert cost.tokens > 0
    assert set(cost.seconds) == {run.stage.value for run in retrained.stages}
    assert cost.model_bytes > 0
    assert licences.snapshot == {"folder": {"CC0": 90}}
    assert 0 < licences.train["folder"]["CC0"] < 90
