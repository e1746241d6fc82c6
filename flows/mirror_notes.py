"""What this home remembers of setting the registry's aliases: a look without news need not open MLflow to find them right.

Forgetting it costs some seconds, and trusting it at most an hour: nothing is decided by an alias.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flows.places import Place
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import DomainName
from pipelines.files import read_json, write_json

TRUSTED_FOR = timedelta(hours=1)
"""How long a model that somebody pointed an alias at by hand may be served where no news comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """When the aliases were last set, and by which word of the ledger: the hash of its event, empty before the first."""

    word: str
    at: datetime


def note_mirrored(place: Place, domain: DomainName, word: str) -> None:
    """Note that the aliases are as ``word`` has them; call it when all of them are set."""
    write_json(_file(place, domain), Note(word=word, at=place.clock.now()))


def is_mirrored(place: Place, domain: DomainName, word: str) -> bool:
    """Say whether the aliases were set as ``word`` has them less than an hour ago; a note that cannot be read says nothing."""
    file = _file(place, domain)
    try:
        note = read_json(file, Note) if file.is_file() else None
    except WorkspaceError:
        return False
    return note is not None and note.word == word and abs(place.clock.now() - note.at) < TRUSTED_FOR


def _file(place: Place, domain: DomainName) -> Path:
    return place.home.root / "mirrored" / f"{domain}.json"
