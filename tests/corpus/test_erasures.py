"""The laws of erasure: nothing of the text stays in any file or version, and all that is counted by digest stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.corpus import logs
from pipelines.corpus.erasures import DocumentName, name_document
from pipelines.corpus.tables import Corpus
from pipelines.domain.identities import DocumentId, DropId, FamilyId
from pipelines.domain.revisions import Revision, Status, resolve_statuses
from pipelines.erase.searching import Wanted
from pipelines.erase.traces import find_traces
from tests.builders.corpora import build_corpus
from tests.builders.revisions import build_revision

AT = datetime(2026, 3, 1, tzinfo=UTC)
ONE, TWO, THREE = (build_revision(name, family_id=FamilyId("shared")) for name in ("one", "two", "three"))
AMENDED = replace(
    ONE, text="A second text of document one, which amends what the first one said.", effective_from=date(2026, 2, 1)
)


def find_left(corpus: Corpus, revision: Revision, *others: Revision) -> list[str]:
    """The files of the corpus, log included, that still hold something of a revision."""
    texts = [text for other in others for text in (other.title, other.text)]
    traces = find_traces([revision.title, revision.text], texts)
    assert traces.needles
    wanted = Wanted(traces, frozenset({revision.digest}))
    needles = [revision.document_id.encode(), revision.url.encode()]
    return [name for name, content in corpus.files() if wanted.is_in(content) or any(one in content for one in needles)]


def test_nothing_of_it_is_left_in_any_file_and_all_else_is(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO), (THREE, AMENDED))
    assert find_left(corpus, ONE, TWO, THREE)
    corpus.erase(name_document(ONE), AT)
    assert find_left(corpus, ONE, TWO, THREE) == []
    assert find_left(corpus, AMENDED, TWO, THREE) == []
    kept = [entry.revision for entry in corpus.read() if entry.revision.status is not Status.ERASED]
    assert kept == [TWO, THREE]


def test_digests_and_their_place_stay_so_that_an_old_pin_names_what_it_named(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO), (AMENDED,))
    pins = [corpus.pin()]
    corpus.append(DropId("drop-3"), [THREE])
    pins.append(corpus.pin())
    before = [[(entry.digest, entry.ingest_seq, entry.drop_id) for entry in corpus.read(pin)] for pin in pins]
    corpus.erase(name_document(ONE), AT)
    after = [[(entry.digest, entry.ingest_seq, entry.drop_id) for entry in corpus.read(pin)] for pin in pins]
    assert [sorted(one) for one in after] == [sorted(one) for one in before]
    statuses = {entry.digest: entry.revision.status for entry in corpus.read(pins[1])}
    assert (statuses[ONE.digest], statuses[AMENDED.digest]) == (Status.ERASED, Status.ERASED)


def test_the_erasure_is_an_arrival_of_its_own_by_which_the_document_is_known_to_be_erased(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO))
    corpus.erase(name_document(ONE), AT)
    (news,) = corpus.changes_since(1)
    assert (news.ingest_seq, news.revision.status, news.revision.recorded_at) == (2, Status.ERASED, AT)
    assert news.revision.document_id == name_document(ONE).tombstone
    resolved = {entry.digest: entry.revision.status for entry in resolve_statuses(corpus.read())}
    assert resolved[ONE.digest] is Status.ERASED
    assert resolved[TWO.digest] is Status.ACTIVE


def test_erasing_twice_is_once(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO))
    versions = [corpus.erase(name_document(ONE), AT) for _ in range(2)]
    assert len([entry for entry in corpus.read() if entry.revision.status is Status.ERASED]) == 2
    assert corpus.pin().ingest_seq == 2
    erased = {entry.revision.document_id for entry in corpus.read() if entry.revision.status is Status.ERASED}
    assert erased == {name_document(ONE).tombstone}
    assert versions[1] >= versions[0]


def test_an_erasure_that_was_cut_short_before_its_files_went_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO))
    with monkeypatch.context() as patch:
        patch.setattr(logs, "remove_traces", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            corpus.erase(name_document(ONE), AT)
    assert find_left(corpus, ONE, TWO)
    corpus.erase(name_document(ONE), AT)
    assert find_left(corpus, ONE, TWO) == []


def test_it_is_not_let_in_again_whatever_revision_of_it_comes(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO))
    corpus.erase(name_document(ONE), AT)
    assert corpus.append(DropId("again"), [ONE, AMENDED]).added == 0
    assert corpus.append(DropId("with another"), [AMENDED, THREE]).added == 1
    assert find_left(corpus, AMENDED, TWO, THREE) == []


def test_a_document_of_the_same_id_from_another_source_stays(tmp_path: Path) -> None:
    other = build_revision("one", source="elsewhere", text="What another source says under the same id, which is its own affair.")
    corpus = build_corpus(tmp_path, (ONE, other))
    corpus.erase(name_document(ONE), AT)
    assert [entry.revision for entry in corpus.read() if entry.revision.status is not Status.ERASED] == [other]


def test_one_that_never_got_in_leaves_a_tombstone_by_which_it_is_kept_out(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (TWO,))
    corpus.erase(name_document(ONE), AT)
    assert corpus.append(DropId("late"), [ONE]).added == 0


def test_what_a_withdrawn_drop_brought_is_erased_too(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO))
    corpus.withdraw_drop(DropId("drop-1"))
    corpus.erase(name_document(ONE), AT)
    assert find_left(corpus, ONE, TWO) == []


def test_a_family_is_named_on_only_while_documents_of_it_are_left(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO))
    first_arrivals = {entry.revision.family_id for entry in corpus.read()}
    corpus.erase(name_document(ONE), AT)
    assert first_arrivals <= {entry.revision.family_id for entry in corpus.read()}
    corpus.erase(name_document(TWO), AT)
    assert FamilyId("shared") not in {entry.revision.family_id for entry in corpus.arrived()}


def test_a_tombstone_tells_nothing_and_differs_by_source() -> None:
    names = [DocumentName(source, DocumentId("one")) for source in ("a", "b")]
    tombstones = {name.tombstone for name in names}
    assert len(tombstones) == 2
    assert all(tombstone.startswith("erased:") and "one" not in tombstone for tombstone in tombstones)


@settings(max_examples=15, deadline=None)
@given(documents=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True), data=st.data())
def test_in_whatever_order_documents_are_erased_the_same_is_left(
    documents: list[str], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    revisions = [build_revision(f"document {name}", family_id=FamilyId(f"family {name < 'd'}")) for name in documents]
    gone = data.draw(st.lists(st.sampled_from(revisions), unique_by=lambda one: one.digest, min_size=1))
    left = []
    for order in (gone, gone[::-1]):
        corpus = build_corpus(tmp_path_factory.mktemp("any"), tuple(revisions))
        for revision in order:
            corpus.erase(name_document(revision), AT)
        entries = corpus.read()
        left.append(sorted((entry.digest, entry.revision.document_id, entry.revision.family_id) for entry in entries))
        expected = {one.digest for one in revisions} - {one.digest for one in gone}
        assert {entry.digest for entry in entries if entry.revision.status is not Status.ERASED} == expected
    assert left[0] == left[1]
