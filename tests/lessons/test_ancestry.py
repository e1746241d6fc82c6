"""Where to start again: the newest model that saw nothing it may not have seen, and nothing but that."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.identities import Digest
from pipelines.domain.revisions import Status, resolve_statuses
from pipelines.lessons.ancestry import Checkpoint, find_tainted, find_untainted, list_allowed, trace_ancestors
from tests.builders.revisions import build_entry


def build_chain(*arrivals: str) -> list[Checkpoint]:
    """A chain of models, each of which saw its own letters and those of all before it."""
    return [
        Checkpoint(
            digest=Digest(f"model {place}"),
            parent=Digest(f"model {place - 1}") if place else None,
            seen=frozenset(Digest(letter) for letter in "".join(arrivals[: place + 1])),
        )
        for place in range(len(arrivals))
    ]


def allow(letters: str) -> frozenset[Digest]:
    return frozenset(Digest(letter) for letter in letters)


def test_training_starts_again_from_the_last_model_that_never_saw_the_document() -> None:
    chain = build_chain("ab", "c", "d", "e")
    assert find_untainted(chain, allow("abcde")) is chain[3]
    assert find_untainted(chain, allow("abce")) is chain[1]
    assert find_untainted(chain, allow("bcde")) is None
    assert find_untainted([], allow("a")) is None


@given(st.lists(st.text("abcdefgh", max_size=3), min_size=1, max_size=6), st.sets(st.sampled_from("abcdefgh")))
def test_what_is_started_from_is_clean_and_everything_newer_is_not(arrivals: list[str], forgotten: set[str]) -> None:
    chain, allowed = build_chain(*arrivals), allow("".join(set("abcdefgh") - forgotten))
    found = find_untainted(chain, allowed)
    newer = chain[chain.index(found) + 1 :] if found else chain
    assert found is None or not find_tainted(found.seen, allowed)
    assert all(find_tainted(one.seen, allowed) for one in newer)


def test_what_was_retracted_or_erased_may_not_have_been_seen_and_what_was_superseded_or_withdrawn_may() -> None:
    entries = {name: build_entry(name, ingest_seq=1) for name in ("retracted", "erased", "withdrawn", "standing", "amended")}
    later = [
        build_entry("retracted", ingest_seq=2, status=Status.RETRACTED, text=""),
        build_entry("erased", ingest_seq=2, status=Status.ERASED, text=""),
        build_entry("withdrawn", ingest_seq=2, status=Status.WITHDRAWN),
        build_entry("amended", ingest_seq=2, text="The rule as amended, which is another text.", effective_from=date(2026, 2, 1)),
    ]
    allowed = list_allowed(resolve_statuses([*entries.values(), *later]))
    tainted = find_tainted([entry.digest for entry in entries.values()], allowed)
    assert tainted == {entries["retracted"].digest, entries["erased"].digest}


def test_what_the_corpus_holds_no_more_may_not_have_been_seen() -> None:
    kept, gone = build_entry("kept"), build_entry("gone")
    assert find_tainted([kept.digest, gone.digest], list_allowed([kept])) == {gone.digest}


def test_ancestors_are_followed_from_child_to_parent_as_far_as_they_are_known() -> None:
    chain = build_chain("a", "b", "c")
    other = Checkpoint(digest=Digest("other"), parent=None, seen=frozenset())
    assert trace_ancestors([*chain, other], chain[2].digest) == chain
    assert trace_ancestors([chain[2], other], chain[2].digest) == [chain[2]]
    assert trace_ancestors(chain, Digest("nobody")) == []
