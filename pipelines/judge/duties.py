"""A duty to change: the champion was trained on what has been retracted, withdrawn or taken out since it was made.

Read from the champion's own list of what it saw and from the snapshot, so that the judge stays a function of files.
"""

from __future__ import annotations

from pipelines.domain.identities import Digest
from pipelines.domain.models import Lineage
from pipelines.domain.revisions import RETIRING
from pipelines.files import read_json
from pipelines.tables import ENTRY_SCHEMA, read_entries, read_table
from pipelines.workspace import DomainFolder


def count_duties(folder: DomainFolder) -> int:
    """Return how many revisions the champion saw that were retired after its cut-off, or are no longer in the corpus at all."""
    seen_file = folder.champion / "seen.json"
    if not seen_file.is_file():
        return 0
    seen = set(read_json(seen_file, tuple[Digest, ...]))
    cut_off = read_json(folder.champion / "lineage.json", Lineage).ingest_seq
    entries = read_entries(read_table(folder.snapshot / "revisions.parquet", ENTRY_SCHEMA))
    retired_since = {
        (entry.revision.source, entry.revision.document_id)
        for entry in entries
        if entry.ingest_seq > cut_off and entry.revision.status in RETIRING
    }
    kept = {entry.digest for entry in entries if (entry.revision.source, entry.revision.document_id) not in retired_since}
    return len(seen - kept)
