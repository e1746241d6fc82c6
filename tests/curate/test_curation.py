"""The stage accounts for every row that it was given, keeps identities, and gives the same bytes for the same rows."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.curate.cards import DataCard, tabulate_card
from pipelines.curate.curation import CHANGED_SCHEMA, DROPPED_SCHEMA, CurationReport, curate, take_steps
from pipelines.curate.deidentifying import Deidentify
from pipelines.curate.params import CurateParams
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.revisions import RETIRING, Entry, Status, resolve_statuses
from pipelines.files import digest_folder, read_json
from pipelines.settings import Settings
from pipelines.tables import CURATED_SCHEMA, read_entries, read_table
from pipelines.workspace import DomainFolder
from tests.builders.curations import build_superseded, invent_words, lay_snapshot, vary
from tests.builders.revisions import build_entry

TEXT = " ".join(invent_words(1))
NEAR = " ".join(vary(invent_words(1), 5))


def some_entries() -> list[Entry]:
    return [
        build_entry("gone", status=Status.WITHDRAWN),
        build_entry("wrong", status=Status.RETRACTED),
        build_entry("forgotten", status=Status.ERASED),
        build_superseded("amended", text="The limit  is $500 under Doc. 2024–02801."),
        build_entry("amended", text="The limit  is $600 under Doc. 2024–02801.", ingest_seq=2),
        build_entry("first", title="", text=TEXT, ingest_seq=1),
        build_entry("second", title="", text=NEAR, ingest_seq=2),
        build_entry("short", title="", text="No."),
        build_entry("closed", licence="publisher abstract"),
    ]


def read_documents(folder: DomainFolder) -> list[Entry]:
    return read_entries(read_table(folder.curated / "documents.parquet", CURATED_SCHEMA))


def test_accounts_for_every_row(tmp_path: Path) -> None:
    folder = lay_snapshot(tmp_path, some_entries())
    report = curate(folder, CurateParams(licences=("public domain",)))
    assert report.dropped_by_reason == {
        "erased": 1,
        "licence not allowed: publisher abstract": 1,
        "near-duplicate": 1,
        "retracted": 1,
        "too short": 1,
        "withdrawn": 1,
    }
    assert report.received == report.kept + sum(report.dropped_by_reason.values())
    assert report.kept_by_status == {"active": 2, "superseded": 1}
    assert report.changed_by_reason == {"folded dashes of identifiers": 2, "repaired encoding or white space": 2}
    assert read_json(folder.curated / "report.json", CurationReport) == report
    card = read_json(folder.card / "card.json", DataCard)
    assert card.rows == report.kept_by_status["active"]
    assert (folder.card / "composition.csv").read_text(encoding="utf-8") == tabulate_card(card)


def test_documents_are_cleaned_and_known_by_the_digest_they_came_with(tmp_path: Path) -> None:
    entries = some_entries()
    folder = lay_snapshot(tmp_path, entries)
    curate(folder, CurateParams())
    kept = {entry.digest: entry for entry in read_documents(folder)}
    assert set(kept) <= {entry.digest for entry in entries}
    amended = next(entry for entry in entries if entry.revision.document_id == "amended" and entry.ingest_seq == 2)
    assert kept[amended.digest].revision.text == "The limit is $600 under Doc. 2024-02801."


def test_what_left_and_what_changed_is_on_record_by_digest(tmp_path: Path) -> None:
    folder = lay_snapshot(tmp_path, some_entries())
    report = curate(folder, CurateParams())
    dropped = read_table(folder.curated / "dropped.parquet", DROPPED_SCHEMA)
    changed = read_table(folder.curated / "changed.parquet", CHANGED_SCHEMA)
    assert Counter(dropped["reason"].to_pylist()) == report.dropped_by_reason
    assert Counter(changed["reason"].to_pylist()) == report.changed_by_reason
    assert dropped["digest"].to_pylist() == sorted(dropped["digest"].to_pylist())


def test_the_same_rows_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    entries = some_entries()
    curate(lay_snapshot(tmp_path / "a", entries), CurateParams())
    random.Random(3).shuffle(entries)
    curate(lay_snapshot(tmp_path / "b", entries), CurateParams())
    assert digest_folder(tmp_path / "a" / "curated") == digest_folder(tmp_path / "b" / "curated")


def test_rows_are_ordered_by_source_document_and_arrival(tmp_path: Path) -> None:
    folder = lay_snapshot(tmp_path, some_entries()[::-1])
    curate(folder, CurateParams())
    places = [(e.revision.source, e.revision.document_id, e.ingest_seq, e.digest) for e in read_documents(folder)]
    assert places == sorted(places)


def test_an_empty_snapshot_curates_to_nothing(tmp_path: Path) -> None:
    folder = lay_snapshot(tmp_path, [])
    assert curate(folder, CurateParams()).kept == 0
    assert read_documents(folder) == []


def test_names_the_missing_snapshot(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"revisions\.parquet is missing"):
        curate(DomainFolder(tmp_path), CurateParams())


def test_refuses_a_step_that_does_not_exist() -> None:
    with pytest.raises(ValidationError):
        CurateParams.model_validate({"steps": [{"kind": "repair_everything"}]})


def test_nothing_is_deidentified_unless_asked() -> None:
    assert not any(isinstance(step, Deidentify) for step in CurateParams().plan)


def test_reading_the_parameters_loads_no_heavy_library() -> None:
    code = "import sys, pipelines.curate.params as p; p.CurateParams(); print([m for m in sys.modules if m in %r])"
    heavy = ("daft", "ftfy", "presidio_analyzer", "spacy", "torch", "pyarrow")
    loaded = subprocess.run([sys.executable, "-c", code % (heavy,)], check=True, capture_output=True, text=True).stdout
    assert loaded.strip() == "[]"


WORDS = st.lists(st.sampled_from(["rule", "§ 5", "2020–21", "“a”", "&amp;", "  ", "\n", "Ã©", "limit", "is", "five"]), max_size=9)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3), WORDS, st.sampled_from(Status)), max_size=8))
def test_curating_what_was_curated_changes_nothing(drawn: list[tuple[int, int, list[str], Status]]) -> None:
    entries = {
        entry.digest: entry
        for document, seq, words, status in drawn
        for entry in [build_entry(f"d{document}", ingest_seq=seq, text=" ".join(words), status=status)]
    }
    once = take_steps(resolve_statuses(entries.values()), CurateParams().plan)
    twice = take_steps([row.entry for row in once.rows], CurateParams().plan)
    assert [row.entry for row in twice.rows] == [row.entry for row in once.rows]
    assert twice.removals == ()
    assert all(row.changes == () for row in twice.rows)
    assert all(row.entry.revision.status not in RETIRING for row in once.rows)
    assert len(once.rows) + len(once.removals) == len(entries)


STORIES = {story: invent_words(story, 61) for story in range(3)}
ARRIVALS = st.lists(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2), st.integers(0, 4), st.sampled_from(Status)), max_size=8),
    min_size=2,
    max_size=5,
)


def build_story(drawn: tuple[int, int, int, Status], ingest_seq: int) -> Entry:
    document, story, swaps, status = drawn
    text = " ".join(vary(STORIES[story], swaps, swaps))
    return build_entry(f"d{document}", family_id=f"f{document // 2}", title="", text=text, status=status, ingest_seq=ingest_seq)


@settings(max_examples=20, deadline=None)
@given(ARRIVALS, st.lists(st.integers(0, 9), max_size=3))
def test_what_earlier_runs_signed_changes_no_byte(drawn: list[list[tuple[int, int, int, Status]]], erased: list[int]) -> None:
    """A corpus grows, loses documents, and is curated after each change: with a memory, and with none."""
    entries: dict[str, Entry] = {}
    with TemporaryDirectory() as name:
        root = Path(name)
        for number, arrivals in enumerate(drawn):
            entries |= {entry.digest: entry for entry in (build_story(one, number) for one in arrivals)}
            gone = {f"d{document}" for document in erased[: number + 1]} if number % 2 else set()
            left = [entry for entry in entries.values() if entry.revision.document_id not in gone]
            folders = [lay_snapshot(root / f"{number}" / kind, resolve_statuses(left)) for kind in ("with", "without")]
            reports = [curate(folders[0], CurateParams(), root / "memory"), curate(folders[1], CurateParams())]
            assert reports[0] == reports[1]
            assert digest_folder(folders[0].root) == digest_folder(folders[1].root)


def test_what_is_signed_is_remembered_where_the_stage_is_told(tmp_path: Path) -> None:
    folder = lay_snapshot(tmp_path / "domain", some_entries())
    curate(folder, CurateParams(), tmp_path / "memory")
    assert [file.suffix for file in (tmp_path / "memory").iterdir()] == [".arrow"]
    assert not list(folder.root.rglob("*.arrow"))


@pytest.mark.data
@pytest.mark.parametrize(
    ("series", "family"), [("fda_recalls/recall_class", "event_id"), ("regulatory_titles/agency", "docket_id")]
)
def test_curates_ten_thousand_real_rows_within_seconds(tmp_path: Path, series: str, family: str) -> None:
    entries = _read_series(series, family, 10_000)
    folder = lay_snapshot(tmp_path, entries)
    report = curate(folder, CurateParams())
    assert report.received == len(entries)
    assert report.kept > 0.7 * len(entries)
    again = take_steps(read_documents(folder), CurateParams().plan)
    assert [row.entry for row in again.rows] == read_documents(folder)


def _read_series(series: str, family: str, count: int) -> list[Entry]:
    path = Settings().data / f"{series}.jsonl.gz"
    if not path.is_file():
        pytest.skip("the folder of real data is absent")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        lines = [json.loads(line) for line, _ in zip(stream, range(count), strict=False)]
    entries = [
        build_entry(
            line["id"],
            family_id=line[family] or line["id"],
            title="",
            text=line["text"],
            labels=(line["label"],),
            published_at=date.fromisoformat(line["date"]),
        )
        for line in lines
    ]
    return list({entry.revision.document_id: entry for entry in entries}.values())
