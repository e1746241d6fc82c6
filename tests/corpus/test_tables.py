"""The laws of the corpus, against a real Delta table in a folder."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.corpus import logs
from pipelines.corpus.arrivals import list_digests
from pipelines.corpus.tables import Compacted, Corpus
from pipelines.domain.errors import CorpusError
from pipelines.domain.identities import Digest, DropId, digest_set
from pipelines.domain.revisions import Status
from tests.builders.corpora import build_corpus
from tests.builders.revisions import build_revision
from tests.builders.writers import drop_of, finish, start_writer

ONE, TWO, THREE = (build_revision(name) for name in ("one", "two", "three"))
A, B, C = (DropId(name) for name in ("drop a", "drop b", "drop c"))


def present(corpus: Corpus) -> list[str]:
    return [entry.revision.document_id for entry in corpus.read()]


def test_opening_twice_gives_the_same_empty_table(tmp_path: Path) -> None:
    first, second = build_corpus(tmp_path), build_corpus(tmp_path)
    assert first.pin() == second.pin()
    assert (first.read(), first.drops(), first.known_digests(), first.pin().ingest_seq) == ([], [], set(), 0)


def test_gives_back_every_field_of_a_revision_as_it_was_appended(tmp_path: Path) -> None:
    revision = build_revision(
        "§ 1026.43(a)",
        text="Räume\u2028und „Zitate“\r\n\x0b – 10 mg/kg ≤ µ",
        labels=("b", "a"),
        effective_to=date(2027, 1, 1),
        recorded_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        status=Status.WITHDRAWN,
    )
    (entry,) = build_corpus(tmp_path, (revision,)).read()
    assert entry.revision == revision
    assert (entry.digest, entry.drop_id, entry.ingest_seq) == (revision.digest, "drop-1", 1)


def test_numbers_drops_in_the_order_of_their_arrival(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path)
    arrivals = [corpus.append(drop, [revision]).ingest_seq for drop, revision in ((B, ONE), (A, TWO), (C, THREE))]
    assert arrivals == [1, 2, 3]
    assert corpus.drops() == [B, A, C]
    assert corpus.pin().ingest_seq == 3


def test_appending_the_same_drop_twice_is_once(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path)
    first, second = (corpus.append(A, [ONE, TWO]) for _ in range(2))
    assert (first.added, first.held, first.is_repeat) == (2, 2, False)
    assert (second.added, second.held, second.is_repeat) == (0, 2, True)
    assert (first.version, first.ingest_seq) == (second.version, second.ingest_seq)
    assert len(corpus.read()) == 2


def test_a_repeat_still_says_where_the_drop_arrived_first(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path)
    corpus.append(A, [ONE])
    corpus.append(B, [TWO])
    assert corpus.append(A, [ONE]).ingest_seq == 1


def test_a_known_revision_in_another_drop_is_not_added_again(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path)
    corpus.append(A, [ONE, TWO])
    later = corpus.append(B, [replace(TWO, recorded_at=datetime(2030, 1, 1, tzinfo=UTC)), THREE])
    assert later.added == 1
    assert present(corpus) == ["one", "two", "three"]


def test_a_revision_that_comes_twice_in_one_drop_is_added_once(tmp_path: Path) -> None:
    assert build_corpus(tmp_path).append(A, [ONE, ONE]).added == 1


def test_a_drop_with_nothing_new_writes_nothing(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,))
    before = corpus.pin()
    for revisions in ([], [ONE]):
        appended = corpus.append(B, revisions)
        assert (appended.added, appended.held, appended.is_repeat, appended.ingest_seq) == (0, 0, False, 1)
    assert corpus.pin() == before


def test_withdrawing_a_drop_takes_out_its_revisions_and_no_others(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO), (THREE,))
    corpus.withdraw_drop(DropId("drop-1"))
    assert present(corpus) == ["three"]
    assert corpus.drops() == ["drop-2"]
    assert corpus.known_digests() == {ONE.digest, TWO.digest, THREE.digest}


def test_what_ever_arrived_is_remembered_of_all_documents_and_of_one(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO), (THREE,))
    corpus.withdraw_drop(DropId("drop-1"))
    assert {entry.digest for entry in corpus.arrived()} == corpus.known_digests()
    assert [entry.digest for entry in corpus.arrived(TWO.document_id)] == [TWO.digest]


def test_withdrawing_twice_is_once(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,))
    assert corpus.withdraw_drop(DropId("drop-1")) == corpus.withdraw_drop(DropId("drop-1")) == 2


def test_refuses_to_withdraw_a_drop_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="holds no drop nobody"):
        build_corpus(tmp_path).withdraw_drop(DropId("nobody"))


@pytest.mark.parametrize("drop", ["drop-1", "the same under another name"])
def test_what_a_withdrawn_drop_brought_does_not_come_back_by_sending_it_again(tmp_path: Path, drop: str) -> None:
    corpus = build_corpus(tmp_path, (ONE,))
    corpus.withdraw_drop(DropId("drop-1"))
    assert corpus.append(DropId(drop), [ONE]).added == 0
    assert present(corpus) == []


def test_an_old_pin_gives_the_old_rows_after_later_appends_and_withdrawals(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,), (TWO,))
    pin, then = corpus.pin(), corpus.read()
    corpus.append(C, [THREE])
    corpus.withdraw_drop(DropId("drop-1"))
    assert corpus.read(pin) == then
    assert present(corpus) == ["two", "three"]


def test_an_old_pin_still_reads_when_its_files_were_compacted_and_vacuumed(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,), (TWO,))
    corpus.withdraw_drop(DropId("drop-1"))
    pin, then = corpus.pin(), corpus.read()
    corpus.append(C, [THREE])
    table = DeltaTable(corpus.uri)
    table.optimize.compact()
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
    with pytest.raises(FileNotFoundError):
        DeltaTable(corpus.uri, version=pin.version).to_pyarrow_table()
    assert corpus.read(pin) == then


def count_files(corpus: Corpus) -> int:
    return len(list(Path(corpus.uri).glob("*.parquet")))


def test_a_compaction_merges_files_and_changes_no_row_no_pin_and_no_arrival(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,), (TWO,), (THREE,))
    corpus.withdraw_drop(DropId("drop-2"))
    pin, then, ever = corpus.pin(), corpus.read(), corpus.arrived()
    done = corpus.compact()
    assert (done.merged, done.made, done.removed) == (4, 1, 0)
    assert (corpus.read(), corpus.arrived(), corpus.read(pin)) == (then, ever, then)
    assert corpus.pin().manifest_digest == pin.manifest_digest
    assert corpus.append(DropId("drop-1"), [ONE]).is_repeat
    assert corpus.append(A, [build_revision("new")]).ingest_seq == pin.ingest_seq + 1


def test_a_compacted_corpus_is_left_alone_and_its_log_does_not_grow(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,), (TWO,))
    corpus.compact(hours=0)
    corpus.compact(hours=0)
    before = sorted(Path(corpus.uri, "_delta_log").iterdir())
    assert corpus.compact(hours=0) == Compacted(merged=0, made=0, removed=0)
    assert sorted(Path(corpus.uri, "_delta_log").iterdir()) == before


def test_the_files_of_a_version_that_is_pinned_stay_and_others_go(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,), (TWO,))
    pin = corpus.pin()
    corpus.append(C, [THREE])
    assert corpus.compact([pin.version], hours=0).removed == 1
    assert len(DeltaTable(corpus.uri, version=pin.version).to_pyarrow_table()) == 2
    assert count_files(corpus) == 3
    assert corpus.compact(hours=0).removed == 2
    assert count_files(corpus) == 1
    assert [entry.revision for entry in corpus.read(pin)] == [ONE, TWO], "from the newest version, by the order of arrival"


def test_a_pin_of_a_version_that_is_not_there_is_no_reason_to_fail(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,), (TWO,))
    assert corpus.compact([999], hours=0).removed == 2


def test_is_not_compacted_where_writing_is_not_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(uri: str, options: object) -> None:
        raise CorpusError(f"{uri}: no conditional writes")

    corpus = build_corpus(tmp_path, (ONE,), (TWO,))
    monkeypatch.setattr("pipelines.corpus.tables.check_conditional_writes", refuse)
    with pytest.raises(CorpusError, match="no conditional writes"):
        corpus.compact()
    assert count_files(corpus) == 2


def test_what_was_replaced_just_now_may_still_be_read_by_somebody(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,), (TWO,))
    unfinished = Path(corpus.uri, "part-00000-of-a-writer-that-has-not-committed.parquet")
    unfinished.write_bytes(b"half")
    assert corpus.compact().removed == 0
    assert count_files(corpus) == 4
    assert unfinished.exists()


def test_refuses_a_pin_whose_digest_was_tampered_with(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,))
    with pytest.raises(CorpusError, match="tampered"):
        corpus.read(replace(corpus.pin(), manifest_digest=Digest("0" * 64)))


def test_refuses_a_pin_after_a_row_was_taken_out_of_the_table(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO))
    pin = corpus.pin()
    DeltaTable(corpus.uri).delete(f"digest = '{ONE.digest}'")
    with pytest.raises(CorpusError, match="pin again"):
        corpus.read(replace(pin, version=pin.version + 1))


def test_an_old_pin_reads_the_old_files_while_they_are_there(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO))
    pin, then = corpus.pin(), corpus.read()
    DeltaTable(corpus.uri).delete(f"digest = '{ONE.digest}'")
    assert present(corpus) == ["two"]
    assert corpus.read(pin) == then


def test_refuses_the_pin_of_another_corpus(tmp_path: Path) -> None:
    here, there = build_corpus(tmp_path / "here", (ONE,)), build_corpus(tmp_path / "there", (ONE,))
    with pytest.raises(CorpusError, match="table id"):
        here.read(there.pin())


def test_the_manifest_digest_is_that_of_what_is_present(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO), (THREE,))
    assert corpus.pin().manifest_digest == digest_set([THREE.digest, TWO.digest, ONE.digest])
    corpus.withdraw_drop(DropId("drop-1"))
    assert corpus.pin().manifest_digest == digest_set([THREE.digest])


def test_changes_since_an_arrival_are_those_after_it_that_are_still_present(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,), (TWO,), (THREE,))
    assert [entry.revision for entry in corpus.changes_since(1)] == [TWO, THREE]
    corpus.withdraw_drop(DropId("drop-2"))
    assert [entry.revision for entry in corpus.changes_since(1)] == [THREE]
    assert corpus.changes_since(3) == []


def test_no_title_and_no_text_lands_in_the_log(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (build_revision(title="SECRET-TITLE", text="SECRET-TEXT", url="SECRET-URL"),))
    DeltaTable(corpus.uri).create_checkpoint()
    log = Path(corpus.uri, "_delta_log")
    assert {path.suffix for path in log.iterdir()} >= {".json", ".parquet"}
    assert not [path.name for path in log.iterdir() if path.is_file() and b"SECRET" in path.read_bytes()]
    stats = json.loads(DeltaTable(corpus.uri).history(1)[0].get("stats", "{}"))
    assert "text" not in stats


def test_old_versions_are_kept_for_the_pins_that_name_them(tmp_path: Path) -> None:
    configuration = DeltaTable(build_corpus(tmp_path).uri).metadata().configuration
    assert configuration["delta.enableExpiredLogCleanup"] == "false"


def test_refuses_a_table_of_other_columns(tmp_path: Path) -> None:
    import pyarrow as pa

    DeltaTable.create(str(tmp_path / "corpus"), pa.schema([pa.field("ingest_seq", pa.int64())]))
    with pytest.raises(CorpusError, match="migration"):
        build_corpus(tmp_path).pin()


def test_refuses_rows_that_would_be_cast(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,))
    table = logs.load_head(corpus.uri, {})
    with pytest.raises(CorpusError, match="cast silently"):
        logs.commit_rows(table, logs.read_rows(table).drop_columns("entry"), 2, "drop:x")


def test_of_two_writers_on_the_same_version_one_commits_and_the_other_is_told(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,))
    first, second = logs.load_head(corpus.uri, {}), logs.load_head(corpus.uri, {})
    rows = logs.read_rows(first)
    assert logs.commit_rows(first, rows, 2, "drop:a")
    assert not logs.commit_rows(second, rows, 2, "drop:b")


def test_an_append_that_lost_a_race_looks_again_at_what_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus, rival = build_corpus(tmp_path), build_corpus(tmp_path)
    look, raced = list_digests, []

    def look_and_be_overtaken(rows: object) -> set[Digest]:
        known = look(rows)
        if not raced:
            raced.append(True)
            rival.append(B, [ONE, TWO])
        return known

    monkeypatch.setattr("pipelines.corpus.tables.list_digests", look_and_be_overtaken)
    appended = corpus.append(A, [ONE, THREE])
    assert (appended.ingest_seq, appended.added) == (2, 1)
    assert sorted(present(corpus)) == ["one", "three", "two"]


def test_gives_up_with_a_clear_error_when_it_never_gets_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = build_corpus(tmp_path)
    monkeypatch.setattr("pipelines.corpus.tables._ATTEMPTS", 3)
    monkeypatch.setattr(logs, "commit_rows", lambda *_: False)
    with pytest.raises(CorpusError, match="try again later"):
        corpus.append(A, [ONE])


def test_four_writers_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    uri = str(tmp_path / "corpus")
    writers = [start_writer(uri, f"w{number}", 6) for number in range(4)]
    assert [finish(writer) for writer in writers] == [(0, "")] * 4
    entries = Corpus.open(uri).read()
    counts = Counter(entry.revision.document_id for entry in entries)
    assert set(counts) == {f"w{writer}-{n}" for writer in range(4) for n in range(6)} | {f"shared-{n}" for n in range(6)}
    assert set(counts.values()) == {1}
    assert {entry.ingest_seq for entry in entries} == set(range(1, 25))
    assert all(len({entry.drop_id for entry in entries if entry.ingest_seq == seq}) == 1 for seq in range(1, 25))


def test_a_writer_killed_after_its_commit_and_run_again_adds_nothing(tmp_path: Path) -> None:
    uri = str(tmp_path / "corpus")
    assert finish(start_writer(uri, "w", 1, is_killed=True))[0] == -9
    before = Corpus.open(uri).read()
    assert len(before) == 2
    again = Corpus.open(uri).append(*drop_of("w", 0))
    assert (again.added, again.is_repeat) == (0, True)
    assert Corpus.open(uri).read() == before


STEPS = st.tuples(st.sampled_from("abc"), st.none() | st.lists(st.sampled_from(["one", "two", "three", "four"]), max_size=3))
"""A drop with its documents, or (``None``) the withdrawal of one."""


def foretell(history: list[tuple[str, list[str] | None]]) -> dict[str, str]:
    """Say, by plain sets, which documents a history leaves present and by which drop: what the table must agree with."""
    brought_by: dict[str, str] = {}
    landed: set[str] = set()
    withdrawn: set[str] = set()
    for drop, documents in history:
        if documents is None:
            withdrawn |= {drop} & landed
        elif drop not in landed:
            new = [document for document in documents if document not in brought_by]
            brought_by |= dict.fromkeys(new, drop)
            landed |= {drop} if new else set()
    return {document: drop for document, drop in brought_by.items() if drop not in withdrawn}


def replay(corpus: Corpus, history: list[tuple[str, list[str] | None]]) -> None:
    for drop, documents in history:
        if documents is not None:
            corpus.append(DropId(drop), [build_revision(document) for document in documents])
        elif DropId(drop) in corpus.drops():
            corpus.withdraw_drop(DropId(drop))


@settings(max_examples=20, deadline=None)
@given(history=st.lists(STEPS, max_size=7))
def test_any_history_leaves_what_plain_sets_foretell_and_sending_it_again_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, list[str] | None]]
) -> None:
    corpus = build_corpus(tmp_path_factory.mktemp("history"))
    replay(corpus, history)
    pin = corpus.pin()
    assert {entry.revision.document_id: entry.drop_id for entry in corpus.read()} == foretell(history)
    assert len({entry.digest for entry in corpus.read()}) == len(corpus.read(pin))
    replay(corpus, [step for step in history if step[1] is not None])
    assert corpus.pin() == pin
