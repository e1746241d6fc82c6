"""The quarantine: rows that failed a check, until a person releases them. Their text is here and nowhere else.

For each drop one ``<drop>.parquet`` (the revisions) and one ``<drop>.json`` (digests and reasons, safe to show), which is
written last and says that the drop's quarantine is whole. A release is one small file a row, so that two people releasing at
once lose nothing, and releasing twice is releasing once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from data_checks.findings import RowFailure
from pipelines.admit.admission import QuarantinedRow
from pipelines.admit.archives import QuarantinedDigest, read_decision
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest, DocumentId, DomainName, DropId, SourceName, shorten
from pipelines.domain.revisions import Revision
from pipelines.files import read_json, write_json
from pipelines.tables import REVISION_SCHEMA, read_revisions, read_table, tabulate_revisions, write_table
from pipelines.workspace import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """One line of the quarantine's list: which row, from where, why it waits, and whether it still does."""

    digest: Digest
    drop_id: DropId
    source: SourceName
    document_id: DocumentId
    reasons: tuple[RowFailure, ...]
    is_released: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    drop_id: DropId
    row: QuarantinedRow


def write_quarantine(home: Home, domain: DomainName, drop_id: DropId, rows: Sequence[QuarantinedRow]) -> None:
    """Put the rows of one drop into quarantine; writing them again changes nothing, and no rows write no file."""
    if not rows:
        return
    folder = home.quarantine(domain)
    write_table(folder / f"{drop_id}.parquet", tabulate_revisions(row.revision for row in rows))
    reasons = tuple(QuarantinedDigest(digest=row.revision.digest, reasons=row.reasons) for row in rows)
    write_json(folder / f"{drop_id}.json", reasons)


def list_rows(home: Home, domain: DomainName) -> tuple[WaitingRow, ...]:
    """Return every row that was ever quarantined, by drop and in the drop's order, released ones marked."""
    return tuple(
        WaitingRow(
            digest=held.row.revision.digest,
            drop_id=held.drop_id,
            source=held.row.revision.source,
            document_id=held.row.revision.document_id,
            reasons=held.row.reasons,
            is_released=_mark(home, domain, held.row.revision.digest).is_file(),
        )
        for held in _read_held(home, domain)
    )


def find_waiting(home: Home, domain: DomainName, document: DocumentId) -> tuple[Digest, ...]:
    """Return the digests of a document's rows that wait in quarantine, in the order of drops; no text is read."""
    import pyarrow.parquet as pq

    chosen = [("document_id", "=", document)]
    tables = (path.with_suffix(".parquet") for path in _lists(home, domain))
    found = (pq.read_table(table, columns=["digest"], filters=chosen)["digest"].to_pylist() for table in tables)
    return tuple(digest for digest in dict.fromkeys(chain.from_iterable(found)) if not _mark(home, domain, digest).is_file())


def show_row(home: Home, domain: DomainName, digest: str) -> QuarantinedRow:
    """Return one row with its text; ``digest`` may be its beginning, as far as it is unique.

    Raises:
        WorkspaceError: no such row, or more than one begins so.
    """
    return _find(home, domain, digest).row


def release_row(home: Home, domain: DomainName, digest: str) -> Revision:
    """Mark one row as released and return it for re-admission; doing it again returns it again."""
    return release_rows(home, domain, (digest,))[0]


def release_rows(home: Home, domain: DomainName, digests: Sequence[str]) -> tuple[Revision, ...]:
    """Mark rows as released, all or none, and return them in the order asked for.

    Raises:
        WorkspaceError: a digest names no row, or more than one; then nothing is released.
    """
    found = [_find(home, domain, digest) for digest in digests]
    for held in found:
        write_json(_mark(home, domain, held.row.revision.digest), held.drop_id)
    return tuple(held.row.revision for held in found)


def mark_erased(home: Home, domain: DomainName, digests: Iterable[Digest]) -> None:
    """Note which of the quarantine's rows were erased, before they are: that a row is missing is right then."""
    erased = set(digests) & quarantined_digests(home, domain)
    for digest in sorted(erased):
        write_json(_mark_erasure(home, domain, digest), digest)


def quarantined_digests(home: Home, domain: DomainName) -> frozenset[Digest]:
    """Return the digests of all rows that were ever quarantined, so that a later look does not quarantine them again."""
    return frozenset(entry.digest for path in _lists(home, domain) for entry in read_json(path, list[QuarantinedDigest]))


def _lists(home: Home, domain: DomainName) -> list[Path]:
    """Only those of drops that have landed: a landing that a crash cut short is written again, or never heard of again."""
    lists = sorted(home.quarantine(domain).glob("*.json"))
    return [path for path in lists if read_decision(home, domain, DropId(path.stem)) is not None]


def _mark_erasure(home: Home, domain: DomainName, digest: Digest) -> Path:
    return home.quarantine(domain) / "erased" / f"{digest}.json"


def _mark(home: Home, domain: DomainName, digest: Digest) -> Path:
    return home.quarantine(domain) / "released" / f"{digest}.json"


def _read_held(home: Home, domain: DomainName) -> Iterator[_Held]:
    seen: set[Digest] = set()
    for path in _lists(home, domain):
        table = path.with_suffix(".parquet")
        revisions = {revision.digest: revision for revision in read_revisions(read_table(table, REVISION_SCHEMA))}
        for entry in read_json(path, list[QuarantinedDigest]):
            if entry.digest not in revisions:
                if _mark_erasure(home, domain, entry.digest).is_file():
                    continue
                raise WorkspaceError(f"{table} lacks row {shorten(entry.digest)}: restore it from a backup")
            if entry.digest not in seen:
                seen.add(entry.digest)
                row = QuarantinedRow(revision=revisions[entry.digest], reasons=entry.reasons)
                yield _Held(drop_id=DropId(path.stem), row=row)


def _find(home: Home, domain: DomainName, digest: str) -> _Held:
    found = [held for held in _read_held(home, domain) if held.row.revision.digest.startswith(digest)]
    if len(found) == 1:
        return found[0]
    problem = f"{len(found)} rows begin so: give more of it" if found else "there is none: list the quarantine to see its rows"
    raise WorkspaceError(f"quarantine of {domain}: row {shorten(digest)}: {problem}")
