"""A corpus without some documents, as of every arrival that a pin names: all else is where it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.corpus.branches import branch_corpus
from pipelines.corpus.tables import Corpus
from pipelines.domain.identities import DropId
from tests.builders.corpora import build_corpus
from tests.builders.revisions import build_revision

ONE, TWO, THREE, FOUR = (build_revision(name) for name in ("one", "two", "three", "four"))


def test_each_cut_holds_what_had_arrived_by_then_less_what_is_left_out(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO), (THREE,), (FOUR,))
    allowed = {one.digest for one in (ONE, THREE, FOUR)}
    pins = branch_corpus(corpus, str(tmp_path / "branch"), allowed, [1, 3])
    branch = Corpus.open(str(tmp_path / "branch"))
    held = {cut: [entry.revision.document_id for entry in branch.read(pin)] for cut, pin in pins.items()}
    assert held == {1: ["one"], 3: ["one", "three", "four"]}
    assert {cut: pin.ingest_seq for cut, pin in pins.items()} == {1: 1, 3: 3}
    assert [(entry.ingest_seq, entry.drop_id) for entry in branch.read()] == [(1, "drop-1"), (2, "drop-2"), (3, "drop-3")]


def test_what_a_withdrawn_drop_brought_is_left_out(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,), (TWO,))
    corpus.withdraw_drop(DropId("drop-2"))
    pins = branch_corpus(corpus, str(tmp_path / "branch"), {ONE.digest, TWO.digest}, [2])
    assert [entry.revision for entry in Corpus.open(str(tmp_path / "branch")).read(pins[2])] == [ONE]


def test_a_cut_at_which_nothing_is_left_still_has_a_pin(tmp_path: Path) -> None:
    pins = branch_corpus(build_corpus(tmp_path, (ONE,)), str(tmp_path / "branch"), set(), [1])
    assert Corpus.open(str(tmp_path / "branch")).read(pins[1]) == []


def test_a_corpus_that_holds_arrivals_is_not_written_over(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,))
    with pytest.raises(ValueError, match="no new corpus"):
        branch_corpus(corpus, corpus.uri, {ONE.digest}, [1])


@settings(max_examples=10, deadline=None)
@given(gone=st.sets(st.sampled_from("abcdef")), cuts=st.sets(st.integers(1, 3), min_size=1))
def test_it_is_the_corpus_that_would_have_been(gone: set[str], cuts: set[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    drops = [[build_revision(name) for name in names] for names in ("ab", "cd", "ef")]
    folder = tmp_path_factory.mktemp("any")
    allowed = {one.digest for drop in drops for one in drop if one.document_id not in gone}
    pins = branch_corpus(build_corpus(folder, *map(tuple, drops)), str(folder / "branch"), allowed, sorted(cuts))
    branch = Corpus.open(str(folder / "branch"))
    for cut, pin in pins.items():
        expected = [one for drop in drops[:cut] for one in drop if one.digest in allowed]
        assert [entry.revision for entry in branch.read(pin)] == expected
