"""What each candidate saw, as sets of digests in its evidence: so that a document is looked up in them and not searched for."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter

from flows.worktrees import Worktree
from pipelines.domain.identities import Digest
from pipelines.files import write_bytes
from pipelines.ledger.digest_sets import holds_any, pack_digests
from pipelines.ledger.evidence import EvidenceStore


class Seen(StrEnum):
    """The sets that are kept: what the snapshot held, what was learned (by ancestors too), what the candidate was asked about."""

    SNAPSHOT = "snapshot"
    LEARNED = "learned"
    ASKED = "asked"

    @property
    def index_name(self) -> str:
        """The name of the set's index in the evidence."""
        return f"{self}.index"

    @property
    def body_name(self) -> str:
        """The name of the set's digests in the evidence."""
        return f"{self}.digests"


LISTS = {Seen.LEARNED: "seen.json", Seen.ASKED: "outcomes.parquet"}
"""The evidence in which a digest can be searched for where no set was kept, as of candidates of earlier versions."""


def write_sets(tree: Worktree, folder: Path) -> dict[str, Path]:
    """Write the sets of a finished run into ``folder``; return where, by the name that the ledger gives each file.

    What the run did not make has no set. Done again it gives the same bytes.
    """
    made = tree.folder
    sources: dict[Seen, tuple[Path, Callable[[bytes], Iterable[str]]]] = {
        Seen.SNAPSHOT: (made.snapshot / "revisions.parquet", lambda content: _read_column(content, "digest")),
        Seen.LEARNED: (made.model / "seen.json", TypeAdapter(tuple[str, ...]).validate_json),
        Seen.ASKED: (made.scores / "outcomes.parquet", lambda content: _read_column(content, "row_id")),
    }
    files: dict[str, Path] = {}
    for seen, (path, read) in sources.items():
        if path.is_file():
            packed = pack_digests(read(path.read_bytes()))
            for name, content in ((seen.index_name, packed.index), (seen.body_name, packed.body)):
                write_bytes(folder / name, content)
                files[name] = folder / name
    return files


@dataclass(frozen=True, slots=True)
class Sightings:
    """What is kept of one candidate: pieces of evidence by their names."""

    store: EvidenceStore
    named: Mapping[str, Digest]

    @classmethod
    def of(cls, store: EvidenceStore, named: object) -> Sightings:
        """Return what is still there of the evidence that a judged event names."""
        files = {str(name): Digest(str(digest)) for name, digest in named.items()} if isinstance(named, Mapping) else {}
        return cls(store, {name: digest for name, digest in files.items() if store.has(digest)})

    def has(self, seen: Seen, digests: AbstractSet[Digest]) -> bool | None:
        """Tell whether one of ``digests`` was seen so; ``None`` where nothing is left that says.

        Raises:
            LedgerError: where the evidence was altered.
        """
        if {seen.index_name, seen.body_name} <= self.named.keys():
            return holds_any(self.store, self.named[seen.index_name], self.named[seen.body_name], digests)
        listed = LISTS.get(seen)
        if listed is None or listed not in self.named:
            return None
        content = self.store.get(self.named[listed])
        if seen is Seen.ASKED:
            return not digests.isdisjoint(_read_column(content, "row_id"))
        # the list of digests is searched as it is, without being read as JSON
        return any(digest.encode() in content for digest in digests)


def _read_column(content: bytes, name: str) -> set[str]:
    import pyarrow.parquet as pq

    return set(pq.read_table(io.BytesIO(content), columns=[name])[name].unique().to_pylist())
