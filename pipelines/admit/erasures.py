"""Takes an erased document out of what admission keeps: the quarantine, and the archive of drops as they were received.

Rows leave one by one. A response cannot be cut without becoming something that the source never said, so one that speaks of the
document leaves whole; its digest stays in the index, and the rows that were read from it stay too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.admit.archives import ErasedParts, IndexedResponse, read_erased
from pipelines.admit.quarantines import mark_erased
from pipelines.corpus.erasures import name_document
from pipelines.domain.drops import Detection
from pipelines.domain.identities import Digest, DocumentId, DomainName
from pipelines.domain.revisions import Revision
from pipelines.erase.traces import Traces, find_traces
from pipelines.files import read_json, write_json
from pipelines.tables import REVISION_SCHEMA, read_revisions, read_table, tabulate_revisions, write_table
from pipelines.workspace import Home

LEAST_NAME = 6
"""Characters of an id: a shorter one stands in many a text by chance."""

IsTold = Callable[[bytes], bool]
"""Whether a response speaks of the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionErasure:
    """What left: rows of archives, rows of the quarantine, and whole responses."""

    archived: int
    quarantined: int
    responses: int


def find_received(home: Home, domain: DomainName, document: DocumentId) -> list[Revision]:
    """Return every revision of a document that an archive or the quarantine holds, whatever source it is from, once each."""
    return list({one.digest: one for one in list_received(home, domain) if one.document_id == document}.values())


def list_received(home: Home, domain: DomainName) -> Iterator[Revision]:
    """Yield every row of a domain's archives and quarantine."""
    for path in (*_list_archives(home, domain), *_list_quarantines(home, domain)):
        yield from read_revisions(read_table(path, REVISION_SCHEMA))


def erase_received(home: Home, domain: DomainName, digests: frozenset[Digest], is_told: IsTold) -> AdmissionErasure:
    """Take the rows of ``digests`` and the responses that tell of them out of a domain's archives and quarantine.

    Done again it finds nothing more. A file is rewritten whole or not at all.
    """
    mark_erased(home, domain, digests)
    waiting = ((path, read_revisions(read_table(path, REVISION_SCHEMA))) for path in _list_quarantines(home, domain))
    quarantined = sum(_keep_others(path, rows, digests) for path, rows in waiting)
    archived = [_erase_archived(folder, digests, is_told) for folder in _list_folders(home, domain)]
    return AdmissionErasure(
        archived=sum(rows for rows, _ in archived), quarantined=quarantined, responses=sum(bodies for _, bodies in archived)
    )


def leave_out_erased(detection: Detection, tombstones: frozenset[str]) -> Detection:
    """Return a detection without the documents that were erased, and without the responses that tell of them.

    Whatever the source goes on to say of an erased document reaches no archive.
    """
    erased = [revision for revision in detection.revisions if name_document(revision).tombstone in tombstones]
    if not erased:
        return detection
    kept = tuple(revision for revision in detection.revisions if name_document(revision).tombstone not in tombstones)
    others = [text for revision in kept for text in (revision.title, revision.text)]
    traces = find_traces((text for revision in erased for text in (revision.title, revision.text)), others)
    is_told = watch_for(traces, (revision.document_id for revision in erased))
    return replace(detection, revisions=kept, responses=tuple(one for one in detection.responses if not is_told(one.body)))


def watch_for(traces: Traces, documents: Iterable[DocumentId]) -> IsTold:
    """Return what tells whether a response speaks of documents: by their traces, or by an id that is long enough to be a sign."""
    names = spell_names(documents)
    return lambda body: traces.are_surely_in(body) or any(name in body for name in names)


def spell_names(documents: Iterable[DocumentId]) -> tuple[bytes, ...]:
    """Return the ids that are long enough to be a sign of the document wherever they stand, as bytes."""
    return tuple(document.encode() for document in sorted(set(documents)) if len(document) >= LEAST_NAME)


def _list_folders(home: Home, domain: DomainName) -> list[Path]:
    return sorted(path for path in (home.root / "drops" / domain).glob("*") if path.is_dir())


def _list_archives(home: Home, domain: DomainName) -> list[Path]:
    files = (folder / "revisions.parquet" for folder in _list_folders(home, domain))
    return [file for file in files if file.is_file()]


def _list_quarantines(home: Home, domain: DomainName) -> list[Path]:
    return sorted(home.quarantine(domain).glob("*.parquet"))


def _erase_archived(folder: Path, digests: frozenset[Digest], is_told: IsTold) -> tuple[int, int]:
    """Take rows and responses out of one drop's archive, once it is noted what will be missing; return how many of each."""
    table, index = folder / "revisions.parquet", folder / "responses" / "index.json"
    rows = read_revisions(read_table(table, REVISION_SCHEMA)) if table.is_file() else []
    brought = [revision.digest for revision in rows]
    responses = read_json(index, list[IndexedResponse]) if index.is_file() else []
    paths = {entry.digest: folder / "responses" / entry.file for entry in responses}
    told = {digest: path for digest, path in paths.items() if path.is_file() and is_told(path.read_bytes())}
    if told or not digests.isdisjoint(brought):
        before = read_erased(folder) or ErasedParts(revisions=tuple(brought), responses=())
        gone = sorted({*before.responses, *told})
        write_json(folder / "erased.json", replace(before, responses=tuple(gone)))
    for entry in responses:
        if entry.digest in told:
            (folder / "responses" / entry.file).unlink(missing_ok=True)
    return _keep_others(table, rows, digests), len(told)


def _keep_others(path: Path, rows: Sequence[Revision], digests: frozenset[Digest]) -> int:
    """Write a table without the rows of ``digests``, where it has any; return how many it had."""
    kept = [revision for revision in rows if revision.digest not in digests]
    if len(kept) < len(rows):
        write_table(path, tabulate_revisions(kept))
    return len(rows) - len(kept)
