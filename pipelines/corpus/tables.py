"""The corpus of one domain: appended to by drops, read as it stood at any pin, and never overwritten.

Appending is idempotent twice over: a drop is known by its id and a revision by its digest, so that whoever was killed without
learning whether the commit went through just appends again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from pipelines.corpus import logs
from pipelines.corpus.arrivals import (
    list_digests,
    list_withdrawn,
    mark_revisions,
    select_arrived,
    select_present,
    select_revisions,
    tabulate_arrival,
    tabulate_withdrawal,
)
from pipelines.corpus.erasures import DocumentName, list_tombstones, name_document, plan_erasure
from pipelines.corpus.preflight import check_conditional_writes
from pipelines.domain.errors import CorpusError
from pipelines.domain.identities import Digest, DocumentId, DropId, digest_set, shorten
from pipelines.domain.pins import CorpusPin
from pipelines.domain.revisions import Entry, Revision

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

Answer = TypeVar("Answer")

UNREAD_HOURS = 168
"""A file that was replaced a week ago has no reader left."""

_ATTEMPTS = 1000
"""Each failed attempt means that another writer got through, so this bounds a broken store and not a busy one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What an append did.

    ``version`` and ``ingest_seq`` are the table's version afterwards and the drop's place in the order of arrival (the last one
    given out, when the drop held nothing new). ``added`` counts the rows that this call added and ``held`` those that the corpus
    holds of the drop. When ``is_repeat``, the drop was there already: nothing is added, and ``held`` is what the first time did.
    """

    version: int
    ingest_seq: int
    added: int
    held: int
    is_repeat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """What a compaction did: ``merged`` files became ``made``, and ``removed`` old ones that nobody needs are gone."""

    merged: int
    made: int
    removed: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """A Delta table of revisions, at a folder or a URI."""

    uri: str
    storage_options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, uri: str, storage_options: Mapping[str, str] | None = None) -> Corpus:
        """Return the corpus at ``uri``, created when there is none; raises :class:`CorpusError` where it would not be safe."""
        corpus = cls(str(uri), dict(storage_options or {}))
        logs.check_options(corpus.storage_options)
        if not logs.has_table(corpus.uri, corpus.storage_options):
            check_conditional_writes(corpus.uri, corpus.storage_options)
            logs.create_table(corpus.uri, corpus.storage_options)
        return corpus

    def append(self, drop_id: DropId, revisions: Iterable[Revision]) -> Appended:
        """Add the revisions whose digests never arrived before, as one arrival; a drop that is there already adds nothing.

        Nor does a revision of a document that was erased.
        """
        check_conditional_writes(self.uri, self.storage_options)
        received = {revision.digest: revision for revision in revisions}
        return self._retry(lambda: self._try_append(drop_id, received))

    def withdraw_drop(self, drop_id: DropId) -> int:
        """Take a drop out of the present, not out of the history; returns the table's version. Withdrawing twice is once.

        Raises :class:`CorpusError` for a drop that the corpus does not hold.
        """
        check_conditional_writes(self.uri, self.storage_options)
        return self._retry(lambda: self._try_withdraw(drop_id))

    def land(self, entries: Iterable[Entry], ingest_seq: int) -> None:
        """Add entries that arrived elsewhere, up to arrival ``ingest_seq``, as they are: for a copy that nobody else writes to.

        Raises :class:`CorpusError` where somebody else does.
        """
        if not logs.commit_rows(self._head(), mark_revisions(entries), ingest_seq, f"landing:{ingest_seq}"):
            raise CorpusError(f"{self.uri} is being written to by another process: copy to a folder of its own")

    def erase(self, name: DocumentName, at: datetime) -> int:
        """Leave of a document its digests and dates alone, in every version, and let nothing of it in again; return the version.

        The erasure arrives at ``at`` (UTC) as a revision of its own, so that a model made before knows of it. Erasing twice is
        once. No version before stays readable as it was; what it held, the erased texts aside, is read from the newest.

        Raises:
            CorpusError: where other writers kept committing, or the store cannot be reached or is not safe to write to.
        """
        check_conditional_writes(self.uri, self.storage_options)
        version = self._retry(lambda: self._try_erase(name, at))
        logs.remove_traces(self.uri, self.storage_options)
        return version

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield every file of the table by its name and content, the log's among them."""
        return logs.read_files(self.uri, self.storage_options)

    def compact(self, pinned: Collection[int] = (), hours: int = UNREAD_HOURS) -> Compacted:
        """Merge the small files that drops leave; remove what was replaced ``hours`` ago and is in no ``pinned`` version.

        No row changes, and a pin of before is as good as one of after: what an old version held is read from the newest by the
        order of arrival. ``pinned`` spares that to whoever is at work.

        Raises:
            CorpusError: where other writers kept committing, or the store cannot be reached or is not safe to write to.
        """
        check_conditional_writes(self.uri, self.storage_options)
        merged, made = logs.compact_files(self._head())
        return Compacted(merged=merged, made=made, removed=logs.remove_files(self.uri, self.storage_options, hours, pinned))

    def pin(self) -> CorpusPin:
        """Return the pin of the corpus as it stands."""
        table = self._head()
        entries = select_present(logs.read_rows(table))
        return CorpusPin(
            id=str(table.metadata().id),
            version=int(table.version()),
            ingest_seq=logs.last_arrival(table),
            manifest_digest=_digest_manifest(entries),
        )

    def read(self, pin: CorpusPin | None = None) -> list[Entry]:
        """Return the entries as they stood at ``pin`` (now, without one), in the order of arrival, with statuses as received.

        Raises :class:`CorpusError` when the pin is of another table or its digest is not that of the entries.
        """
        if pin is None:
            return select_present(logs.read_rows(self._head()))
        entries = select_present(self._rows_at(pin))
        found = _digest_manifest(entries)
        if found != pin.manifest_digest:
            raise CorpusError(
                f"{self.uri}: the entries at version {pin.version} have the digest {shorten(found)}, and the pin says "
                f"{shorten(pin.manifest_digest)}: something was erased or tampered with since; pin again"
            )
        return entries

    def arrived(self, document: DocumentId | None = None) -> list[Entry]:
        """Return every revision that ever arrived (of one document, where it is named), also of drops that were withdrawn since.

        Statuses are as received; it is in the order of arrival.
        """
        if document is None:
            return select_arrived(logs.read_rows(self._head()))
        return select_arrived(logs.find_rows(self._head(), "document_id", [document]))

    def known_digests(self) -> set[Digest]:
        """Return the digests of all revisions that ever arrived, those of withdrawn drops included."""
        return list_digests(logs.read_rows(self._head(), ["digest", "entry"]))

    def changes_since(self, ingest_seq: int) -> list[Entry]:
        """Return the present entries that arrived after ``ingest_seq``, in the order of arrival."""
        # withdrawals arrive after what they withdraw, so the same filter keeps every one that matters
        return select_present(logs.read_rows(self._head(), filters=[("ingest_seq", ">", ingest_seq)]))

    def drops(self) -> list[DropId]:
        """Return the drops that are present, in the order of arrival."""
        rows = logs.read_rows(self._head(), ["drop_id", "ingest_seq", "entry"])
        withdrawn = list_withdrawn(rows)
        revisions = select_revisions(rows)
        arrivals = dict(zip(revisions["ingest_seq"].to_pylist(), revisions["drop_id"].to_pylist(), strict=True))
        return [DropId(arrivals[seq]) for seq in sorted(arrivals) if arrivals[seq] not in withdrawn]

    def _try_append(self, drop_id: DropId, received: Mapping[Digest, Revision]) -> Appended | None:
        table = self._head()
        if logs.is_claimed(table, _landing_of(drop_id)):
            return _describe_repeat(table, drop_id)
        rows = logs.read_rows(table, ["digest", "entry", "status", "document_id"])
        known, erased = list_digests(rows), list_tombstones(rows)
        fresh = [revision for digest, revision in received.items() if digest not in known]
        new = [revision for revision in fresh if name_document(revision).tombstone not in erased]
        if not new:
            return Appended(version=table.version(), ingest_seq=logs.last_arrival(table), added=0, held=0, is_repeat=False)
        ingest_seq = logs.last_arrival(table) + 1
        if not logs.commit_rows(table, tabulate_arrival(drop_id, ingest_seq, new), ingest_seq, _landing_of(drop_id)):
            return None
        return Appended(version=table.version(), ingest_seq=ingest_seq, added=len(new), held=len(new), is_repeat=False)

    def _try_withdraw(self, drop_id: DropId) -> int | None:
        table = self._head()
        if not logs.is_claimed(table, _landing_of(drop_id)):
            raise CorpusError(f"{self.uri} holds no drop {shorten(drop_id)}: the ledger's list of drops has the ids")
        if not logs.is_claimed(table, _withdrawal_of(drop_id)):
            rows = logs.read_rows(table, ["recorded_at"], [("drop_id", "=", drop_id)])
            ingest_seq = logs.last_arrival(table) + 1
            withdrawal = tabulate_withdrawal(drop_id, ingest_seq, logs.landing_time(rows))
            if not logs.commit_rows(table, withdrawal, ingest_seq, _withdrawal_of(drop_id)):
                return None
        return int(table.version())

    def _try_erase(self, name: DocumentName, at: datetime) -> int | None:
        table = self._head()
        if not logs.is_claimed(table, name.claim):
            ingest_seq = logs.last_arrival(table) + 1
            rows = plan_erasure(logs.read_rows(table), name, at, ingest_seq)
            if not logs.replace_rows(table, rows, ingest_seq, name.claim):
                return None
        return int(table.version())

    def _rows_at(self, pin: CorpusPin) -> pa.Table:
        head = self._head()
        if head.metadata().id != pin.id:
            raise CorpusError(
                f"{self.uri} is not the corpus that the pin names (its table id differs): pin again, or open the other one"
            )
        table = logs.load_version(self.uri, self.storage_options, pin.version)
        if table is not None:
            try:
                return logs.read_rows(table)
            except FileNotFoundError:
                pass  # a file of that version was vacuumed away
        # every row says when it arrived, so the head still knows what the old version held, minus what was erased
        return logs.read_rows(head, filters=[("ingest_seq", "<=", pin.ingest_seq)])

    def _retry(self, attempt: Callable[[], Answer | None]) -> Answer:
        for _ in range(_ATTEMPTS):
            answer = attempt()
            if answer is not None:
                return answer
        raise CorpusError(f"{self.uri}: other writers committed first {_ATTEMPTS} times in a row: try again later")

    def _head(self) -> DeltaTable:
        return logs.load_head(self.uri, self.storage_options)


def _landing_of(drop_id: DropId) -> str:
    return f"drop:{drop_id}"


def _withdrawal_of(drop_id: DropId) -> str:
    return f"withdrawal:{drop_id}"


def _describe_repeat(table: DeltaTable, drop_id: DropId) -> Appended:
    rows = select_revisions(logs.read_rows(table, ["ingest_seq", "entry"], [("drop_id", "=", drop_id)]))
    arrivals = rows["ingest_seq"].to_pylist() or [logs.last_arrival(table)]
    return Appended(version=table.version(), ingest_seq=min(arrivals), added=0, held=len(rows), is_repeat=True)


def _digest_manifest(entries: Iterable[Entry]) -> Digest:
    return digest_set(entry.digest for entry in entries)
