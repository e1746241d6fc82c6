"""The champion is asked about news that will be trained on, and never about a row that was kept back for the judge."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.prequential import NEVER_TRAINED, Inquiry, Scope, choose_rows
from pipelines.domain.identities import FamilyId
from pipelines.domain.pins import FIRST_GENERATION, Generation
from pipelines.domain.revisions import Entry, Status
from pipelines.params import DomainParams
from pipelines.split.assignments import SplitName, assign_family, place_family
from tests.builders.installations import build_params
from tests.builders.revisions import build_entry

SINCE = 5


def build_scope(tmp: Any = "inbox", generation: Generation = FIRST_GENERATION, sample: int = 1000, **clinical: Any) -> Scope:
    params = DomainParams.model_validate(build_params(tmp, **clinical)["clinical"])
    return Scope(params=params, since=SINCE, generation=generation, sample=sample)


OF_TEXT: dict[str, Any] = {"train": {"threads": 1, "learner": {"kind": "causal_lm"}}, "labels": []}


def build_corpus(count: int = 120, ingest_seq: int = 1, first: int = 0, **fields: Any) -> list[Entry]:
    fields = {"labels": ("Class I",), **fields}
    return [build_entry(f"doc-{number}", ingest_seq=ingest_seq, **fields) for number in range(first, first + count)]


def build_news(count: int = 120, first: int = 500, **fields: Any) -> list[Entry]:
    return build_corpus(count, SINCE + 1, first, **fields)


def list_asked(inquiry: Inquiry) -> set[str]:
    documents, pairs = (*inquiry.known, *inquiry.news), (*inquiry.known_pairs, *inquiry.news_pairs)
    return {document.row_id for document in documents} | {pair.row_id for pair in pairs}


def split_of(entries: list[Entry], scope: Scope) -> dict[str, SplitName]:
    split = scope.params.split
    return {entry.digest: assign_family(split.key, entry.revision.family_id, split.shares) for entry in entries}


@given(key=st.text(min_size=1, max_size=8), seqs=st.lists(st.integers(1, 12), min_size=1, max_size=60))
def test_no_row_of_the_holdout_or_the_anchor_is_ever_asked_about(key: str, seqs: list[int]) -> None:
    """Whatever the key, however the rows arrived, labelled or amended: the look that is not in the ledger does not happen."""
    split = {"key": key, "shares": {"train": 0.4, "dev": 0.1, "holdout": 0.3, "anchor": 0.2}}
    entries = [
        build_entry(f"doc-{number % 40}", ingest_seq=seq, text=f"Text {number} of it.", labels=("Class I",))
        for number, seq in enumerate(seqs)
    ]
    for sections in ({"split": split}, {"split": split, **OF_TEXT}):
        scope = build_scope(**sections)
        places = split_of(entries, scope)
        asked = list_asked(choose_rows(entries, scope))
        assert {places[row] for row in asked} <= {SplitName.TRAIN, SplitName.DEV}


def test_families_that_retired_from_the_holdout_are_not_asked_about_either() -> None:
    scope = build_scope(generation=Generation(number=2, since=99))
    entries = [*build_corpus(), *build_news()]
    retired = {
        entry.digest
        for entry in entries
        if place_family(scope.params.split, entry.revision.family_id, entry.ingest_seq, scope.generation) in NEVER_TRAINED
    }
    assert retired
    assert not retired & list_asked(choose_rows(entries, scope))


def test_known_rows_are_dev_rows_of_the_champions_time_and_news_are_later_ones() -> None:
    scope, entries = build_scope(), [*build_corpus(), *build_news()]
    inquiry, places = choose_rows(entries, scope), split_of(entries, scope)
    arrivals = {entry.digest: entry.ingest_seq for entry in entries}
    assert {places[row.row_id] for row in inquiry.known} == {SplitName.DEV}
    assert {places[row.row_id] for row in inquiry.news} == {SplitName.TRAIN, SplitName.DEV}
    assert {arrivals[row.row_id] > SINCE for row in inquiry.known} == {False}
    assert {arrivals[row.row_id] > SINCE for row in inquiry.news} == {True}


def test_what_would_be_trained_on_is_counted_in_train_families_alone() -> None:
    scope, entries = build_scope(), [*build_corpus(), *build_news()]
    places = split_of(entries, scope)
    trained = [entry.ingest_seq > SINCE for entry in entries if places[entry.digest] is SplitName.TRAIN]
    inquiry = choose_rows(entries, scope)
    assert (inquiry.to_train, inquiry.history) == (sum(trained), len(trained) - sum(trained))


@given(seed=st.integers(0, 9))
def test_the_order_of_arrival_chooses_nothing(seed: int) -> None:
    entries = [*build_corpus(40), *build_news(40)]
    shuffled = random.Random(seed).sample(entries, len(entries))
    assert choose_rows(shuffled, build_scope(sample=10)) == choose_rows(entries, build_scope(sample=10))


@pytest.mark.parametrize("sample", [10, 25])
def test_it_is_bounded_and_a_smaller_sample_is_part_of_a_larger_one(sample: int) -> None:
    entries = [*build_corpus(400), *build_news(400)]
    chosen, all_of_them = choose_rows(entries, build_scope(sample=sample)), choose_rows(entries, build_scope())
    assert len(chosen.news) == len(chosen.known) == sample
    assert set(chosen.news) <= set(all_of_them.news)


def test_a_family_is_asked_about_once_by_its_latest_row() -> None:
    family = FamilyId(next(f"f{number}" for number in range(99) if _is_train(f"f{number}")))
    entries = [build_entry(f"doc-{seq}", ingest_seq=seq, family_id=family, labels=("Class I",)) for seq in (6, 8, 7)]
    (news,) = choose_rows(entries, build_scope()).news
    assert news.row_id == entries[1].digest


def _is_train(family: str) -> bool:
    split = build_scope().params.split
    return assign_family(split.key, FamilyId(family), split.shares) is SplitName.TRAIN


@pytest.mark.parametrize(
    "fields", [{"labels": ()}, {"labels": ("unheard of",)}, {"status": Status.WITHDRAWN}, {"licence": "all rights reserved"}]
)
def test_what_will_not_be_trained_on_is_not_asked_about(fields: dict[str, Any]) -> None:
    scope = build_scope(curate={"licences": ["public domain"], "steps": []})
    inquiry = choose_rows([*build_corpus(), *build_news(**fields)], scope)
    assert (inquiry.news, inquiry.to_train) == ((), 0)


def amend(entries: list[Entry], ingest_seq: int, text: str = "It is due within thirty days of the notice.") -> list[Entry]:
    return [
        build_entry(str(entry.revision.document_id), ingest_seq=ingest_seq, text=text, family_id=entry.revision.family_id)
        for entry in entries
    ]


def test_a_language_model_is_asked_which_text_is_in_force_before_and_after_its_time() -> None:
    first = build_corpus(60, text="It is due within seven days of the notice.", labels=())
    early, late = amend(first[:30], 3), amend(first[30:], SINCE + 1)
    scope = build_scope(**OF_TEXT)
    inquiry = choose_rows([*first, *early, *late], scope)
    assert {pair.row_id for pair in inquiry.known_pairs} <= {entry.digest for entry in early}
    assert {pair.row_id for pair in inquiry.news_pairs} <= {entry.digest for entry in late}
    assert {split_of([*early, *late], scope)[pair.row_id] for pair in (*inquiry.known_pairs, *inquiry.news_pairs)} == {
        SplitName.TRAIN
    }
    pair = inquiry.news_pairs[0]
    assert (pair.text_before.split()[0], pair.text_in_force.split()[0]) == ("seven", "thirty")


def test_an_amendment_that_leaves_the_words_alone_asks_nothing() -> None:
    first = build_corpus(40, labels=())
    same = [build_entry(str(e.revision.document_id), ingest_seq=9, text=e.revision.text, labels=("x",)) for e in first]
    assert choose_rows([*first, *same], build_scope(**OF_TEXT)).news_pairs == ()


def test_a_classifier_is_asked_no_pairs() -> None:
    first = build_corpus(40)
    amended = [build_entry(f"doc-{number}", ingest_seq=9, text="Another text.", labels=("Class I",)) for number in range(40)]
    assert choose_rows([*first, *amended], build_scope()).news_pairs == ()
