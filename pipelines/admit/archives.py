"""The archive: every drop exactly as it landed, so that what the source said can be shown years later.

One folder a drop: ``responses/`` (the bodies, numbered) with ``index.json``, ``revisions.parquet`` (all that was read from
them), ``checks.html`` and ``admission.json``. The last is written last: a drop has landed when it is there. It holds digests,
counts and reasons, never text, so it may be shown to anybody. Where a document was erased, ``erased.json`` says what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data_checks.docs import render_docs
from data_checks.findings import DropFailure, RowFailure, Tally
from pipelines.admit.admission import Admission
from pipelines.domain.drops import Cursor, Drop, RawResponse, identify_drop
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest, DomainName, DropId, SourceName
from pipelines.files import read_json, write_bytes, write_json
from pipelines.tables import REVISION_SCHEMA, read_revisions, read_table, tabulate_revisions, write_table
from pipelines.workspace import Home

EXTENSIONS = {"json": ".json", "xml": ".xml", "html": ".html", "plain": ".txt", "csv": ".csv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedDigest:
    """A quarantined row by its digest alone, and why it waits."""

    digest: Digest
    reasons: tuple[RowFailure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionRecord:
    """What ``admission.json`` says: the decision, by digest. ``rows`` are the new, distinct ones that were checked."""

    drop_id: DropId
    domain: DomainName
    source: SourceName
    cursor: Cursor
    rows: int
    admitted: tuple[Digest, ...]
    quarantined: tuple[QuarantinedDigest, ...]
    refusals: tuple[DropFailure, ...]
    tallies: tuple[Tally, ...]
    already_known: int
    repeated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedDrop:
    """A drop as it was received, and what was decided about it."""

    drop: Drop
    record: AdmissionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedResponse:
    """Where one response's body lies in the archive, and what it is."""

    file: str
    url: str
    media_type: str
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedParts:
    """What ``erased.json`` says of a drop of which a part is gone: all revisions that it brought, in order; lost responses."""

    revisions: tuple[Digest, ...]
    responses: tuple[Digest, ...]


def write_received(drop: Drop, folder: Path) -> None:
    """Write what the source said and what was read from it; writing it again changes nothing."""
    index: list[IndexedResponse] = []
    for number, response in enumerate(drop.responses, start=1):
        file = f"{number:05d}{_extension(response.media_type)}"
        write_bytes(folder / "responses" / file, response.body)
        index.append(IndexedResponse(file=file, url=response.url, media_type=response.media_type, digest=response.digest))
    write_json(folder / "responses" / "index.json", tuple(index))
    write_table(folder / "revisions.parquet", tabulate_revisions(drop.revisions))


def write_decision(drop: Drop, admission: Admission, folder: Path) -> AdmissionRecord:
    """Write the page of checks and then the decision, which completes the archive; return the decision as written."""
    record = _record(drop, admission)
    write_bytes(folder / "checks.html", render_docs(admission.findings, f"Checks of a drop from {drop.source}").encode())
    write_json(folder / "admission.json", record)
    return record


def read_decision(home: Home, domain: DomainName, drop_id: DropId) -> AdmissionRecord | None:
    """Return what was decided about a drop that has landed, ``None`` for one that has not (or not wholly)."""
    path = home.drop(domain, drop_id) / "admission.json"
    return read_json(path, AdmissionRecord) if path.is_file() else None


def read_archived_drop(home: Home, domain: DomainName, drop_id: DropId) -> ArchivedDrop:
    """Read a landed drop back, every byte checked against its digest; without what was erased of it.

    Raises:
        WorkspaceError: the drop has not landed, or a file is not what it was.
    """
    folder = home.drop(domain, drop_id)
    record = read_decision(home, domain, drop_id)
    if record is None:
        raise WorkspaceError(f"no drop {drop_id} of domain {domain} has landed: watch its source again")
    drop = Drop(
        domain=record.domain,
        source=record.source,
        revisions=tuple(read_revisions(read_table(folder / "revisions.parquet", REVISION_SCHEMA))),
        responses=_read_responses(folder),
        cursor=record.cursor,
    )
    if not _is_what_came(drop, drop_id, read_erased(folder)):
        raise WorkspaceError(f"{folder / 'revisions.parquet'} is not what drop {drop_id} brought: restore it from a backup")
    return ArchivedDrop(drop=drop, record=record)


def read_erased(folder: Path) -> ErasedParts | None:
    """Return what was erased of the drop in ``folder``; ``None`` where nothing was."""
    path = folder / "erased.json"
    return read_json(path, ErasedParts) if path.is_file() else None


def _is_what_came(drop: Drop, drop_id: DropId, erased: ErasedParts | None) -> bool:
    """Tell whether the archived rows are those of the drop, in order, but for those that were erased."""
    if erased is None:
        return drop.drop_id == drop_id
    came = iter(erased.revisions)
    is_in_order = all(revision.digest in came for revision in drop.revisions)
    return is_in_order and identify_drop(drop.domain, drop.source, erased.revisions) == drop_id


def _read_responses(folder: Path) -> tuple[RawResponse, ...]:
    erased = read_erased(folder)
    gone = set(erased.responses) if erased else set()
    index = read_json(folder / "responses" / "index.json", list[IndexedResponse])
    there = [(folder / "responses" / entry.file, entry) for entry in index]
    return tuple(_read_response(path, entry) for path, entry in there if path.is_file() or entry.digest not in gone)


def _read_response(path: Path, entry: IndexedResponse) -> RawResponse:
    if not path.is_file():
        raise WorkspaceError(f"{path} is missing: restore it from a backup")
    response = RawResponse(url=entry.url, media_type=entry.media_type, body=path.read_bytes())
    if response.digest != entry.digest:
        raise WorkspaceError(f"{path} is not what its digest says: restore it from a backup")
    return response


def _extension(media_type: str) -> str:
    kind = media_type.partition(";")[0].rpartition("/")[2].rpartition("+")[2].strip().lower()
    return EXTENSIONS.get(kind, ".bin")


def _record(drop: Drop, admission: Admission) -> AdmissionRecord:
    return AdmissionRecord(
        drop_id=admission.drop_id,
        domain=drop.domain,
        source=drop.source,
        cursor=drop.cursor,
        rows=admission.volume,
        admitted=tuple(revision.digest for revision in admission.admitted),
        quarantined=tuple(QuarantinedDigest(digest=row.revision.digest, reasons=row.reasons) for row in admission.quarantined),
        refusals=admission.refusals,
        tallies=admission.findings.tallies,
        already_known=admission.already_known,
        repeated=admission.repeated,
    )
