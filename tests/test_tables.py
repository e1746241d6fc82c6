"""Nouns become rows and come back as they were, and the same rows give the same bytes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest, DocumentId, FamilyId, SourceName
from pipelines.domain.models import Role
from pipelines.domain.revisions import Entry, Revision, Status
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.tables import (
    CURATED_SCHEMA,
    ENTRY_SCHEMA,
    OUTCOME_SCHEMA,
    REVISION_SCHEMA,
    read_entries,
    read_outcomes,
    read_revisions,
    read_table,
    tabulate_entries,
    tabulate_outcomes,
    tabulate_revisions,
    write_table,
)
from tests.builders.outcomes import build_outcome
from tests.builders.revisions import build_entry, build_revision

BUSY = settings(deadline=None, max_examples=60)
"""A busy machine says nothing about a law."""

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
DATES = st.dates(min_value=date(1, 1, 1))
TIMES = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
REVISIONS = st.builds(
    Revision,
    source=TEXT.map(SourceName),
    document_id=TEXT.map(DocumentId),
    family_id=TEXT.map(FamilyId),
    title=TEXT,
    text=TEXT,
    labels=st.lists(TEXT, max_size=3).map(tuple),
    published_at=DATES,
    effective_from=DATES,
    effective_to=st.none() | DATES,
    recorded_at=TIMES,
    status=st.sampled_from(Status),
    url=TEXT,
    licence=TEXT,
)
ENTRIES = st.builds(
    lambda revision, drop_id, seq: Entry(revision=revision, digest=revision.digest, drop_id=drop_id, ingest_seq=seq),
    REVISIONS,
    TEXT,
    st.integers(0, 2**63 - 1),
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
OUTCOMES = st.builds(
    Outcome,
    role=st.sampled_from(Role),
    slice=st.sampled_from(Slice),
    row_id=TEXT,
    family_id=TEXT,
    source=TEXT,
    label=TEXT,
    predicted=TEXT,
    correct=st.none() | NUMBERS,
    loss=NUMBERS,
    size=st.integers(0, 2**40),
    confidence=st.none() | NUMBERS,
    year=st.integers(0, 9999),
    subgroups=st.lists(TEXT, max_size=3).map(tuple),
    probabilities=st.none() | st.dictionaries(TEXT, NUMBERS, max_size=4),
)


@BUSY
@given(st.lists(REVISIONS, max_size=4))
def test_revisions_come_back_as_they_were(revisions: list[Revision]) -> None:
    table = tabulate_revisions(revisions)
    assert table.schema.equals(REVISION_SCHEMA)
    assert read_revisions(table) == revisions
    assert table["digest"].to_pylist() == [revision.digest for revision in revisions]


@BUSY
@given(st.lists(ENTRIES, max_size=4))
def test_entries_come_back_through_a_file_as_they_were(tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]) -> None:
    path = tmp_path_factory.mktemp("table") / "entries.parquet"
    write_table(path, tabulate_entries(entries))
    assert read_entries(read_table(path, ENTRY_SCHEMA)) == entries


@BUSY
@given(st.lists(OUTCOMES, max_size=4))
def test_outcomes_come_back_through_a_file_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, outcomes: list[Outcome]
) -> None:
    table = tabulate_outcomes(outcomes)
    assert table.schema.equals(OUTCOME_SCHEMA)
    assert read_outcomes(table) == outcomes
    path = tmp_path_factory.mktemp("table") / "outcomes.parquet"
    write_table(path, table)
    assert read_outcomes(read_table(path, OUTCOME_SCHEMA)) == outcomes


def test_the_same_probabilities_give_the_same_bytes_in_whatever_order_a_model_names_its_labels(tmp_path: Path) -> None:
    for name, probabilities in (("one", {"a": 0.25, "b": 0.75}), ("other", {"b": 0.75, "a": 0.25})):
        write_table(tmp_path / name, tabulate_outcomes([build_outcome(probabilities=probabilities)]))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_the_stored_digest_of_an_entry_is_kept_and_not_computed_anew() -> None:
    entry = Entry(revision=build_revision(), digest=Digest("f" * 64), drop_id="d", ingest_seq=1)
    assert read_entries(tabulate_entries([entry])) == [entry]


def test_columns_that_an_entry_does_not_know_are_left_aside() -> None:
    table = tabulate_entries([build_entry()]).append_column(CURATED_SCHEMA.field("cluster_id"), pa.array(["c"]))
    assert table.schema.equals(CURATED_SCHEMA)
    assert read_entries(table) == [build_entry()]


def test_the_same_rows_give_the_same_bytes_however_they_are_chunked(tmp_path: Path) -> None:
    whole = tabulate_entries([build_entry("one"), build_entry("two")])
    parts = pa.concat_tables([tabulate_entries([build_entry("one")]), tabulate_entries([build_entry("two")])])
    noted = whole.replace_schema_metadata({"pandas": "anything"})
    for name, table in (("whole", whole), ("parts", parts), ("noted", noted)):
        write_table(tmp_path / name, table)
    assert len({(tmp_path / name).read_bytes() for name in ("whole", "parts", "noted")}) == 1


def test_the_order_of_rows_is_kept(tmp_path: Path) -> None:
    entries = [build_entry(name) for name in ("b", "a", "c")]
    write_table(tmp_path / "t", tabulate_entries(entries))
    assert read_entries(read_table(tmp_path / "t", ENTRY_SCHEMA)) == entries


def test_names_the_missing_table_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"t\.parquet is missing: run the stage"):
        read_table(tmp_path / "t.parquet", ENTRY_SCHEMA)


def test_refuses_a_table_of_other_columns(tmp_path: Path) -> None:
    write_table(tmp_path / "t.parquet", tabulate_revisions([build_revision()]))
    with pytest.raises(WorkspaceError, match="its columns are not those this version writes"):
        read_table(tmp_path / "t.parquet", ENTRY_SCHEMA)
