"""Corpora in a folder, filled by drops, and the pin that a stage finds beside its data."""

from __future__ import annotations

from pathlib import Path

from pipelines.corpus.tables import Corpus
from pipelines.domain.identities import DropId
from pipelines.domain.pins import CorpusPin, Pin
from pipelines.domain.revisions import Revision
from pipelines.files import write_json
from pipelines.workspace import DomainFolder


def build_corpus(folder: Path, *drops: tuple[Revision, ...]) -> Corpus:
    """Return a corpus below ``folder`` with ``drop-1``, ``drop-2`` … in it."""
    corpus = Corpus.open(str(folder / "corpus"))
    for number, revisions in enumerate(drops, start=1):
        corpus.append(DropId(f"drop-{number}"), revisions)
    return corpus


def lay_pin(folder: Path, pin: CorpusPin) -> DomainFolder:
    """Write a pin of the corpus alone into ``folder/data`` and return that domain's folder."""
    domain = DomainFolder(folder / "data")
    write_json(domain.pin, Pin(corpus=pin, champion=None, anchor=None, look=None, reason="a test"))
    return domain
