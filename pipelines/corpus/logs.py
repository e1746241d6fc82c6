"""The Delta log: opening, creating and committing, with the guards that keep concurrent writers from losing or doubling a row.

An app transaction is a compare-and-swap only when the version is checked and the write goes *through the same handle*: the log
then refuses the commit if anybody else committed under that application's name in between. Every arrival is numbered under the
one name ``ingest``, so that of all racers exactly one gets the next number and the others start again from what it wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.fs import DeltaStorageHandler
from pyarrow.fs import FileSelector, FileType, PyFileSystem

from pipelines.corpus.arrivals import CORPUS_SCHEMA
from pipelines.domain.errors import CorpusError

INGEST = "ingest"
COMMIT_RETRIES = 100
ORPHAN_HOURS = 1
"""What a file that no commit names is given: it may belong to a commit that is being made."""
GROUP_ROWS = 65_536
"""Rows of a row group: what has to be read where one row of it is wanted. Delta's own default is a million."""
PROPERTIES = {
    # titles and texts must not land in the log, where an erasure would not reach them
    "delta.dataSkippingStatsColumns": "source,digest,recorded_at,ingest_seq,drop_id,entry",
    # the default forgets old versions after 30 days, and with them what old pins name
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
}
_UNSAFE = ("allow_unsafe_rename", "aws_s3_allow_unsafe_rename")


def check_options(options: Mapping[str, str]) -> None:
    """Refuse storage options that switch off conditional writes, without which concurrent appends are lost silently."""
    for name, value in options.items():
        if name.lower() in _UNSAFE and value.lower() in {"true", "1"}:
            raise CorpusError(f"storage option {name} switches off conditional writes: remove it")


def load_head(uri: str, options: Mapping[str, str]) -> DeltaTable:
    """Return a handle on the newest version; raises :class:`CorpusError` when there is no table of our columns."""
    try:
        table = DeltaTable(uri, storage_options=dict(options) or None)
    except TableNotFoundError as error:
        raise CorpusError(f"{uri} holds no corpus: open it once, which creates it") from error
    _check_schema(uri, table)
    return table


def load_version(uri: str, options: Mapping[str, str], version: int) -> DeltaTable | None:
    """Return a handle on an old version, or ``None`` where its part of the log is gone."""
    try:
        return DeltaTable(uri, version=version, storage_options=dict(options) or None)
    except (DeltaError, FileNotFoundError):
        return None


def has_table(uri: str, options: Mapping[str, str]) -> bool:
    """Say whether there is a Delta table at ``uri``; one that cannot be reached raises :class:`CorpusError`."""
    try:
        return bool(DeltaTable.is_deltatable(uri, storage_options=dict(options) or None))
    except (DeltaError, OSError) as error:
        raise CorpusError(f"{uri} cannot be reached: check the address and the credentials ({type(error).__name__})") from error


def create_table(uri: str, options: Mapping[str, str]) -> None:
    """Create the table, or leave alone the one that somebody else created first."""
    try:
        DeltaTable.create(uri, CORPUS_SCHEMA, mode="ignore", configuration=PROPERTIES, storage_options=dict(options) or None)
    except DeltaError as error:
        if not has_table(uri, options):
            raise CorpusError(f"{uri}: the corpus cannot be created: {type(error).__name__}") from error


def last_arrival(table: DeltaTable) -> int:
    """Return the highest arrival number given out up to the handle's version; 0 in an empty corpus."""
    return table.transaction_version(INGEST) or 0


def is_claimed(table: DeltaTable, claim: str) -> bool:
    """Say whether the one-time transaction ``claim`` was committed up to the handle's version."""
    return table.transaction_version(claim) is not None


def commit_rows(table: DeltaTable, rows: pa.Table, ingest_seq: int, claim: str) -> bool:
    """Append ``rows`` through the handle under the next arrival number and the one-time transaction ``claim``.

    Returns whether it was committed: ``False`` when somebody else committed first, and the caller must look again. After a
    success the handle stands at the new version. Raises :class:`CorpusError` for rows of other columns, which Delta would cast.
    """
    return _commit(table, rows, ingest_seq, claim, None)


def replace_rows(table: DeltaTable, rows: pa.Table, ingest_seq: int, claim: str) -> bool:
    """Put ``rows`` in the place of those with the same digests, in one commit; otherwise as :func:`commit_rows`.

    The log keeps the condition by which rows were chosen: it names digests and nothing else.
    """
    named = ", ".join(f"'{digest}'" for digest in sorted(set(rows["digest"].to_pylist())))
    return _commit(table, rows, ingest_seq, claim, f"digest IN ({named})")


def _commit(table: DeltaTable, rows: pa.Table, ingest_seq: int, claim: str, replaced: str | None) -> bool:
    if not rows.schema.equals(CORPUS_SCHEMA):
        raise CorpusError("rows do not have the corpus's columns: they would be cast silently")
    _check_schema(table.table_uri, table)
    transactions = [Transaction(INGEST, ingest_seq), Transaction(claim, 1)]
    properties = CommitProperties(max_commit_retries=COMMIT_RETRIES, app_transactions=transactions)
    try:
        if replaced is None:
            write_deltalake(table, rows, mode="append", commit_properties=properties, writer_properties=_group())
        else:
            write_deltalake(
                table, rows, mode="overwrite", predicate=replaced, commit_properties=properties, writer_properties=_group()
            )
    except CommitFailedError:
        return False
    return True


def read_rows(table: DeltaTable, columns: list[str] | None = None, filters: list[tuple[str, str, Any]] | None = None) -> pa.Table:
    """Return the rows at the handle's version; raises ``FileNotFoundError`` where one of its files was vacuumed."""
    return table.to_pyarrow_table(columns=columns or CORPUS_SCHEMA.names, filters=filters)


def find_rows(table: DeltaTable, name: str, values: Sequence[str], columns: list[str] | None = None) -> pa.Table:
    """Return the rows whose text in the column ``name`` is one of ``values``: that column is read first, and alone.

    Then the others are read where it was found, which is quick for a few rows of many.
    """
    asked = columns or CORPUS_SCHEMA.names
    chosen = pc.field(name).isin(list(values))
    parts = (part for fragment in table.to_pyarrow_dataset().get_fragments() for part in fragment.split_by_row_group())
    holding = (part for part in parts if part.count_rows(filter=chosen))
    found = [part.to_table(schema=CORPUS_SCHEMA, columns=asked, filter=chosen) for part in holding]
    return pa.concat_tables([CORPUS_SCHEMA.empty_table().select(asked), *found])


def compact_files(table: DeltaTable) -> tuple[int, int]:
    """Merge small files; return how many were merged and how many they became. No row changes, nor does their order matter.

    Raises :class:`CorpusError` where another writer kept committing, or the store fails.
    """
    properties = CommitProperties(max_commit_retries=COMMIT_RETRIES)
    with _naming(table.table_uri, "compacted"):
        metrics = table.optimize.compact(commit_properties=properties, writer_properties=_group())
    return int(metrics["numFilesRemoved"]), int(metrics["numFilesAdded"])


def remove_files(uri: str, options: Mapping[str, str], hours: int, versions: Collection[int]) -> int:
    """Remove the files that no version of ``versions`` needs and that were replaced ``hours`` ago; return how many there were.

    Raises :class:`CorpusError` where the store fails.
    """
    table = load_head(uri, options)
    kept = sorted(version for version in versions if version <= table.version()) or None
    vacuum = partial(table.vacuum, hours, enforce_retention_duration=False, keep_versions=kept)
    with _naming(uri, "cleared of old files"):
        # the log names files for ever that are long gone, and every vacuum adds to it
        files = PyFileSystem(DeltaStorageHandler(uri, options=dict(options) or None))
        there = [one for one in files.get_file_info(vacuum(dry_run=True)) if one.type is not FileType.NotFound]
        if there:
            vacuum(dry_run=False)
    return len(there)


def remove_traces(uri: str, options: Mapping[str, str]) -> None:
    """Remove every file that the newest version does not need: the replaced ones now, and those that no version ever named.

    The latter may belong to a commit that is being made, and so are given an hour. Raises :class:`CorpusError` where the store
    fails.
    """
    table = load_head(uri, options)
    with _naming(uri, "cleared of what was erased"):
        table.vacuum(0, enforce_retention_duration=False, dry_run=False)
        table.vacuum(ORPHAN_HOURS, enforce_retention_duration=False, dry_run=False, full=True)


def read_files(uri: str, options: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield each file of the table, log included, by its name and content; raises :class:`CorpusError` where the store fails."""
    with _naming(uri, "read"):
        files = PyFileSystem(DeltaStorageHandler(uri, options=dict(options) or None))
        for one in files.get_file_info(FileSelector("", recursive=True)):
            if one.type is FileType.File:
                with files.open_input_file(one.path) as stream:
                    yield one.path, stream.read()


def landing_time(rows: pa.Table) -> datetime:
    """Return the first time of recording among ``rows``."""
    times: list[datetime] = rows["recorded_at"].to_pylist()
    return min(times)


@contextmanager
def _naming(uri: str, what: str) -> Iterator[None]:
    try:
        yield
    except (DeltaError, OSError) as error:
        raise CorpusError(f"{uri} could not be {what}, and no row is lost by it: try again ({type(error).__name__})") from error


def _group() -> WriterProperties:
    return WriterProperties(max_row_group_size=GROUP_ROWS)


def _check_schema(uri: str, table: DeltaTable) -> None:
    if not pa.schema(table.schema().to_arrow()).equals(CORPUS_SCHEMA):
        raise CorpusError(f"{uri}: its columns are not those this version writes: it needs a migration")
