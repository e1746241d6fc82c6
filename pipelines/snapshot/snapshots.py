"""A snapshot is the corpus as it stood at the pin, with every document's status resolved: all that the later stages ever read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.corpus.tables import Corpus
from pipelines.domain.counts import count_values
from pipelines.domain.errors import StageError
from pipelines.domain.identities import Digest, digest_bytes
from pipelines.domain.pins import CorpusPin, Pin
from pipelines.domain.revisions import Entry, Status, resolve_statuses
from pipelines.files import read_json, write_json
from pipelines.tables import tabulate_entries, write_table
from pipelines.workspace import DomainFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotManifest:
    """What a snapshot holds: where it is from, its entries by resolved status and by source, and its table's digest."""

    corpus: CorpusPin
    entries: int
    by_status: Mapping[str, int]
    by_source: Mapping[str, int]
    table_digest: Digest


def take_snapshot(folder: DomainFolder, corpus: Corpus) -> SnapshotManifest:
    """Write ``snapshot/revisions.parquet`` and ``snapshot/manifest.json`` for the pin in ``folder``: the same bytes each time.

    Raises :class:`~pipelines.domain.errors.WorkspaceError` without a pin, :class:`~pipelines.domain.errors.CorpusError` when the
    corpus is not what the pin says, and :class:`StageError` when an entry is not what its own digest says.
    """
    pin = read_json(folder.pin, Pin).corpus
    received = corpus.read(pin)
    check_digests(received)
    entries = sorted(resolve_statuses(received), key=_order)
    path = folder.snapshot / "revisions.parquet"
    write_table(path, tabulate_entries(entries))
    manifest = SnapshotManifest(
        corpus=pin,
        entries=len(entries),
        by_status={status.value: 0 for status in Status} | count_values(entry.revision.status.value for entry in entries),
        by_source=count_values(entry.revision.source for entry in entries),
        table_digest=digest_bytes(path.read_bytes()),
    )
    write_json(folder.snapshot / "manifest.json", manifest)
    return manifest


def check_digests(received: Iterable[Entry]) -> None:
    """Refuse an entry whose content is not what its digest says; what was erased has no content left to check."""
    for entry in received:
        if entry.revision.status is not Status.ERASED and entry.revision.digest != entry.digest:
            raise StageError(
                f"corpus: source {entry.revision.source}: document {entry.revision.document_id}: its content is not what its "
                f"digest says (arrival {entry.ingest_seq}): withdraw the drop that brought it, and pin again"
            )


def _order(entry: Entry) -> tuple[str, str, int, Digest]:
    return entry.revision.source, entry.revision.document_id, entry.ingest_seq, entry.digest
