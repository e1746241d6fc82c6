"""How fast does curation find near-duplicates, does it find the right ones, and what does 1% of news cost?

A synthetic corpus of 202,000 documents, of which the last 1% is news, with planted copies of a known similarity; then two real
series, where ADDENDUM_DATA is there. Ten minutes on two cores.

Example: python benchmarks/curation.py           (writes docs/benchmarks/curation.md, .json and .svg)

Example: python benchmarks/curation.py --quick   (3,000 documents: seconds; prints only)
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.curation_corpora import make_corpus
from benchmarks.curation_page import Measured, RealSeries, build_page
from benchmarks.curation_timing import STEP, Place, check, lay_out, measure_memory, time_all, time_merge, time_parts
from benchmarks.pages import open_parser, report
from benchmarks.series import ORIGINS, build_series, read_items
from pipelines.curate.rows import enter
from pipelines.domain.identities import DomainName
from pipelines.domain.revisions import Entry, Revision
from pipelines.settings import QUIET, Settings

SERIES = (DomainName("regulatory_titles"), DomainName("fda_recalls"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Documents that are known, share of them that then comes as news, and rounds of timing."""

    documents: int = 200_000
    news: float = 0.01
    rounds: int = 3


QUICK = Size(documents=3_000, rounds=1)


def measure(folder: Path, size: Size, data: Path) -> Measured:
    """Measure everything, working in ``folder``; real series are read from ``data`` where they are there."""
    news = round(size.documents * size.news)
    corpus = make_corpus(size.documents + news)
    STEP.apply([enter(entry) for entry in corpus.entries[:100]])  # loads the libraries
    before = measure_memory()
    place = Place(root=folder)
    lay_out(place, corpus, news)
    searched = measure_memory()
    timed = time_all(place, corpus.entries, size.rounds)
    return Measured(
        documents=len(corpus.entries),
        news=news,
        planted=(len(corpus.near), len(corpus.hard)),
        timed=timed,
        merge=time_merge(place, corpus.entries, news),
        parts=time_parts(place, corpus.entries),
        found=check(corpus),
        memory=(before, searched, measure_memory()),
        load=os.getloadavg()[1],
        remembered=sum(file.stat().st_size for file in place.base.iterdir()),
        real=tuple(measure_real(name, data) for name in SERIES if (data / ORIGINS[name].file).is_file()),
    )


def measure_real(name: DomainName, data: Path) -> RealSeries:
    """Time the search for near-duplicates in a real series."""
    series = build_series(name, read_items(ORIGINS[name], data), ORIGINS[name].first, None)
    rows = [enter(entry) for entry in list_entries([one for drop in series.drops for one in drop.revisions])]
    started = time.perf_counter()
    curated = STEP.apply(rows)
    seconds = time.perf_counter() - started
    words = sum(len(row.reading.split()) for row in rows) / len(rows)
    return RealSeries(name=name, documents=len(rows), words=words, seconds=seconds, removed=len(curated.removals))


def list_entries(revisions: Sequence[Revision]) -> list[Entry]:
    """Return the revisions as they would have arrived, one after the other."""
    return [Entry(revision=one, digest=one.digest, drop_id="real", ingest_seq=place) for place, one in enumerate(revisions)]


def main() -> None:
    """Measure, print the table, and without ``--quick`` write the page; ends with 1 where a goal is not met."""
    parser = open_parser(__doc__)
    arguments = parser.parse_args()
    os.environ.update(QUIET)
    with TemporaryDirectory(prefix="curation-") as folder:
        measured = measure(Path(folder), QUICK if arguments.quick else Size(), Settings().data)
    sys.exit(report(build_page(measured), arguments))


if __name__ == "__main__":
    main()
