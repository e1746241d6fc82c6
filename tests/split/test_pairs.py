"""A currency pair is the text in force against the one before it, of a document that was trained on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pipelines.domain.identities import Digest
from pipelines.domain.revisions import Entry, resolve_statuses
from pipelines.split.pairs import Amendment, find_amendments, tabulate_pairs
from tests.builders.revisions import build_entry
from tests.builders.splits import find_family, separate_all


def amend(*texts: str, split: str = "train", **fields: Any) -> list[Entry]:
    """Return one document's revisions, a year apart."""
    return [
        build_entry("doc", family_id=find_family(split), text=text, ingest_seq=n, effective_from=date(2020 + n, 1, 1), **fields)
        for n, text in enumerate(texts, start=1)
    ]


def find(entries: list[Entry], *currency_from: str, clusters: list[Digest] | None = None) -> list[Amendment]:
    resolved = resolve_statuses(entries)
    separation = separate_all(resolved, clusters or [entry.digest for entry in resolved])
    return find_amendments(separation, currency_from or ("train",))


def test_pairs_the_text_in_force_with_the_one_just_before_it() -> None:
    (amendment,) = find(amend("the limit is one", "the limit is two", "the limit is three"))
    assert amendment.before.revision.text == "the limit is two"
    assert amendment.in_force.revision.text == "the limit is three"


def test_a_document_that_was_never_amended_asks_nothing() -> None:
    assert find(amend("the limit is one")) == []


def test_a_revision_that_changes_neither_text_nor_labels_asks_nothing() -> None:
    assert find(amend("the limit is one", "the limit is one")) == []


def test_changed_labels_alone_make_a_pair() -> None:
    before, now = amend("a text", "a text")
    relabelled = build_entry(
        "doc", family_id=find_family("train"), text="a text", labels=("Class I",), ingest_seq=2, effective_from=date(2022, 1, 1)
    )
    (amendment,) = find([before, relabelled])
    assert tabulate_pairs([amendment])["label"].to_pylist() == ["Class I"]
    assert now.digest != relabelled.digest


@pytest.mark.parametrize("split", ["dev", "holdout", "anchor"])
def test_families_kept_back_ask_nothing_unless_asked_to(split: str) -> None:
    entries = amend("one text", "another text", split=split)
    assert find(entries) == []
    assert len(find(entries, "train", split)) == 1


def test_a_row_that_a_bridge_keeps_out_of_training_asks_nothing() -> None:
    entries = amend("one text", "another text")
    earlier = build_entry("other", family_id=find_family("holdout"), ingest_seq=0)
    resolved = resolve_statuses([*entries, earlier])
    is_bridge = [entry.revision.text == "another text" or entry.revision.document_id == "other" for entry in resolved]
    clusters = [Digest("c") if bridge else entry.digest for bridge, entry in zip(is_bridge, resolved, strict=True)]
    assert find(resolved, clusters=clusters) == []


def test_a_pair_is_known_by_its_revision_in_force_and_asked_by_its_title() -> None:
    entries = amend("one text", "another text", title="Limits")
    (row,) = tabulate_pairs(find(entries)).to_pylist()
    assert row["row_id"] == entries[1].digest
    assert (row["question"], row["text_before"], row["text_in_force"]) == ("Limits", "one text", "another text")
    assert (row["effective_from"], row["ingest_seq"], row["label"]) == (date(2022, 1, 1), 2, "")


def test_equal_document_ids_of_two_sources_are_two_documents() -> None:
    one = build_entry("doc", family_id=find_family("train"), text="one text", source="folder")
    other = build_entry("doc", family_id=find_family("train"), text="another text", source="ecfr", ingest_seq=2)
    assert find([one, other]) == []
