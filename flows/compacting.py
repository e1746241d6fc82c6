"""The corpus stays fast to read however many drops it came in, and the home small however many trainings were given up."""

from __future__ import annotations

import math
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter

from flows.places import Place
from pipelines.corpus.tables import Compacted
from pipelines.domain.identities import DomainName
from pipelines.domain.pins import Pin
from pipelines.ledger.retrainings import open_retraining

GIVEN_UP_DAYS = 14
DAY_S = 86_400


def compact_corpus(place: Place, domain: DomainName) -> Compacted:
    """Merge a domain's small files and remove what they were merged from, once nobody reads it any more.

    Raises:
        ParamsError: for a domain that is not in ``params.yaml``.
        CorpusError: where other writers kept committing, or the store fails.
    """
    place.of(domain)
    return place.corpus(domain).compact(list_pinned(place, domain))


def list_pinned(place: Place, domain: DomainName) -> frozenset[int]:
    """Return the version of the corpus that the open retraining reads, where one is open and reads this corpus.

    Other pins need no version of their own: what they name is read from the newest, by the order of arrival.
    """
    unfinished = open_retraining(place.ledger, domain)
    if unfinished is None:
        return frozenset()
    pin = TypeAdapter(Pin).validate_python(unfinished.payload["pin"]).corpus
    return frozenset({pin.version} if pin.id == place.corpus(domain).pin().id else ())


def tidy_domain(place: Place, domain: DomainName) -> str:
    """Compact a domain's corpus, remove what is left of trainings that were given up, and say what was done; raises as above."""
    said = describe_compacted(compact_corpus(place, domain))
    # files are dated by the machine, whatever the time of a rehearsal
    count = remove_attempts(place.home.checkpoints, time.time() - GIVEN_UP_DAYS * DAY_S)
    return f"{said}; trainings of any domain that were given up, and whose checkpoints are gone: {count}" if count else said


def remove_attempts(checkpoints: Path, before: float) -> int:
    """Remove each unfinished training to which nothing was written since ``before`` (seconds since 1970); return how many.

    A training that is at work writes every minute or so. All that is lost with its checkpoints is time.
    """
    old = [path for path in _list_folders(checkpoints) if _last_written(path) < before]
    for path in old:
        # another worker of the same home may be at the same work
        shutil.rmtree(path, ignore_errors=True)
    return sum(not path.exists() for path in old)


def _list_folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _last_written(folder: Path) -> float:
    """Return when anything in ``folder`` was last written; infinitely late where it has gone since."""
    try:
        times = [folder.stat().st_mtime]
    except FileNotFoundError:
        return math.inf
    for root, folders, files in os.walk(folder):  # passes over what a training at work has removed since
        for name in (*folders, *files):
            with suppress(FileNotFoundError):
                times.append(Path(root, name).stat().st_mtime)
    return max(times)


def describe_compacted(done: Compacted) -> str:
    """Say in a sentence what was done."""
    if not done.merged and not done.removed:
        return "its files are few already: nothing to do"
    return f"{done.merged} files became {done.made}, and {done.removed} that nobody reads any more are gone"
