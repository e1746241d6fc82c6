"""How long curation takes with nothing remembered and with all but the news remembered, and where the time goes.

Both are measured on the very same corpus, in turn, in one process whose libraries are loaded; what is remembered is laid out
anew for each run. A full run writes what it signs, as the product does.
"""

from __future__ import annotations

import resource
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.curation_corpora import SyntheticCorpus
from pipelines.curate.bands import band, find_near_within
from pipelines.curate.curation import curate, take_steps
from pipelines.curate.duplicates import RemoveNearDuplicates
from pipelines.curate.params import CurateParams
from pipelines.curate.rows import enter
from pipelines.curate.segments import Resemblance
from pipelines.curate.signatures import digest_texts, normalise, sign
from pipelines.curate.similarity import MOST_SEGMENTS, find_kin
from pipelines.domain.revisions import Entry
from pipelines.tables import ENTRY_SCHEMA, read_entries, read_table, tabulate_entries, write_table
from pipelines.workspace import DomainFolder

STEP = RemoveNearDuplicates()
RESEMBLANCE = Resemblance(shingle=STEP.shingle, bands=STEP.bands, rows=STEP.rows, threshold=STEP.threshold)
MIB = 2**20
Result = TypeVar("Result")

Work = Callable[[Path], object]
"""Something that is timed, and is lent a folder of what is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Seconds of each round: everything anew, and only the news."""

    full: tuple[float, ...]
    incremental: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Shares of the planted pairs that were found: of the near ones, of those below .88 among them, of the hard ones."""

    near: float
    edge: float
    hard: float
    edges: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a benchmark works: ``domain`` holds the snapshot, ``base`` what a run without the news remembered."""

    root: Path

    @property
    def domain(self) -> DomainFolder:
        """The stage's folder."""
        return DomainFolder(self.root / "data" / "synthetic")

    @property
    def base(self) -> Path:
        """What is remembered of the corpus before the news."""
        return self.root / "base"


def lay_out(place: Place, corpus: SyntheticCorpus, news: int) -> None:
    """Write the snapshot of the whole corpus, and have all but the last ``news`` documents signed."""
    write_table(place.domain.snapshot / "revisions.parquet", tabulate_entries(corpus.entries))
    STEP.apply([enter(entry) for entry in corpus.entries[: len(corpus.entries) - news]], place.base)


def time_all(place: Place, entries: Sequence[Entry], rounds: int) -> Mapping[str, Timed]:
    """Time the search, all steps and the whole stage, ``rounds`` times in turn."""
    rows, params = [enter(entry) for entry in entries], CurateParams()
    works: Mapping[str, Work] = {
        "near-duplicates": lambda memory: STEP.apply(rows, memory),
        "all steps": lambda memory: take_steps(entries, params.plan, memory),
        "the whole stage": lambda memory: curate(place.domain, params, memory),
    }
    seconds: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            seconds[name][0].append(_time(work, _lend(place, None)))
            seconds[name][1].append(_time(work, _lend(place, place.base)))
    return {name: Timed(full=tuple(full), incremental=tuple(news)) for name, (full, news) in seconds.items()}


def time_merge(place: Place, entries: Sequence[Entry], news: int) -> float:
    """Return the seconds of a search that merges what is remembered: the last of as many small arrivals as make it do so."""
    rows = [enter(entry) for entry in entries]
    memory = _lend(place, place.base)
    for arrival in range(1, MOST_SEGMENTS):
        STEP.apply(rows[: len(rows) - news + arrival * news // (MOST_SEGMENTS + 1)], memory)
    seconds = _time(lambda memory: STEP.apply(rows, memory), memory)
    if len(list(memory.iterdir())) != 1:
        raise RuntimeError("nothing was merged: this benchmark no longer knows when it is")
    return seconds


def _lend(place: Place, remembered: Path | None) -> Path:
    memory = place.root / "memory"
    if memory.exists():
        shutil.rmtree(memory)
    if remembered is not None:
        shutil.copytree(remembered, memory)
    return memory


def _time(work: Work, memory: Path) -> float:
    started = time.perf_counter()
    work(memory)
    return time.perf_counter() - started


def time_parts(place: Place, entries: Sequence[Entry]) -> Mapping[str, float]:
    """Return the seconds of each part of one full run; what the stage takes beyond them is writing, counting and the card."""
    clock = _Clock()
    clock.run("read the snapshot", lambda: read_entries(read_table(place.domain.snapshot / "revisions.parquet", ENTRY_SCHEMA)))
    rows = clock.run("make rows", lambda: tuple(enter(entry) for entry in entries))
    for step in CurateParams().plan:
        if not isinstance(step, RemoveNearDuplicates):
            rows = clock.run(f"step {step.kind}", lambda step=step, rows=rows: step.apply(rows).rows)  # type: ignore[misc]
    forms = clock.run("search: take case and punctuation away", lambda: [normalise(row.reading) for row in rows])
    signatures = clock.run("search: sign", lambda: sign(forms, STEP.shingle, RESEMBLANCE.permutations))
    bands = clock.run("search: sort the bands", lambda: band(signatures, STEP.bands))
    clock.run("search: compare candidates", lambda: find_near_within(bands, signatures, STEP.threshold))
    return clock.seconds


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def run(self, name: str, work: Callable[[], Result]) -> Result:
        started = time.perf_counter()
        result = work()
        self.seconds[name] = time.perf_counter() - started
        return result


def check(corpus: SyntheticCorpus) -> Found:
    """Return which of the planted pairs are found."""
    texts = [entry.revision.text for entry in corpus.entries]
    kinship = find_kin(digest_texts(texts), lambda places: [texts[one] for one in places], RESEMBLANCE)
    pairs = {(int(left), int(right)) for left, right in kinship.pairs}
    groups = kinship.groups.tolist()

    def share(planted: Sequence[tuple[int, int]]) -> float:
        found = [groups[one] == groups[other] or (groups[one], groups[other]) in pairs for one, other in planted]
        return sum(found) / len(found) if found else float("nan")

    near = [(one.original, one.copy) for one in corpus.near]
    edge = [(one.original, one.copy) for one in corpus.near if one.similarity < 0.88]
    return Found(
        near=share(near), edge=share(edge), hard=share([(one.original, one.copy) for one in corpus.hard]), edges=len(edge)
    )


def measure_memory() -> float:
    """Return the greatest memory of this process so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (MIB if sys.platform == "darwin" else 1024)
