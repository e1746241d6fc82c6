"""How long does it take to say which models saw a document, at a million documents? A real corpus, ledger and evidence store.

A home is filled with a million revisions and what 36 candidates leave that says what they saw; then documents are asked about one
after the other, as ``addendum impact`` does, before and after the corpus was compacted. The same is asked of the lists from which
the sets are made, as it was done before there were any. About fifteen minutes on two cores, and 6 GB of disk while it runs.

Example: python benchmarks/impact.py           (writes docs/benchmarks/impact.md, .json and .svg)

Example: python benchmarks/impact.py --quick   (20,000 documents, four candidates: prints only)
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.impact_page import Asked, build_page
from benchmarks.impact_world import DOMAIN, ROOT, Size, build_world, name_document
from benchmarks.pages import open_parser, report
from flows.histories import read_as_of
from flows.impacts import Sight, trace_document
from flows.places import Place
from flows.sightings import LISTS, Sightings
from pipelines.domain.events import Kind
from pipelines.domain.identities import DocumentId
from pipelines.settings import QUIET

QUICK = Size(documents=20_000, drops=5, candidates=4)
DOCUMENTS, SEARCHED, COMMANDS = 200, 3, 3


def measure(folder: Path, size: Size) -> Asked:
    """Fill ``folder`` and ask; raises ``AssertionError`` where an answer is not what the world was built to give."""
    place = build_world(folder, size)
    chosen = [name_document(number) for number in random.Random(1).sample(range(size.documents), DOCUMENTS)]  # noqa: S311 - a fixed choice
    check_answers(place, size)
    scattered = time_each(chosen, lambda document: trace_document(place, document))
    place.corpus(DOMAIN).compact(hours=0)
    check_answers(place, size)
    return Asked(
        size=size,
        scattered=scattered,
        compacted=time_each(chosen, lambda document: trace_document(place, document)),
        searched=time_each(chosen[:SEARCHED], lambda document: search_lists(place, document)),
        as_of=time_each(chosen[:20], lambda document: read_as_of(place, DOMAIN, date(2026, 6, 1), document=document)),
        commands=time_each(chosen[:COMMANDS], lambda document: run_command(folder, document)),
    )


def check_answers(place: Place, size: Size) -> None:
    """Ask about the first document, which all learned, the tenth, which all were asked about, and the last, which one saw."""
    expected = ((0, Sight.LEARNED, size.candidates), (9, Sight.ASKED, size.candidates), (size.documents - 2, Sight.LEARNED, 1))
    for number, sight, count in expected:
        (found,) = trace_document(place, name_document(number))
        sights = [one.sights for one in found.witnesses]
        if sights != [(sight,)] * count or len(found.snapshots) != count:
            raise AssertionError(f"document {number}: {sights}")


def search_lists(place: Place, document: DocumentId) -> None:
    """Answer as it was done before there were sets: every list is read, checked against its digest, and searched."""
    digests = {entry.digest for entry in place.corpus(DOMAIN).arrived(document)}
    for event in place.ledger.events(DOMAIN, [Kind.CANDIDATE_JUDGED]):
        kept = Sightings.of(place.evidence, event.payload.get("evidence"))
        lists = {name: digest for name, digest in kept.named.items() if name in LISTS.values()}
        for seen in LISTS:
            Sightings(place.evidence, lists).has(seen, digests)


def run_command(folder: Path, document: DocumentId) -> None:
    """Ask by the command, start and imports included."""
    command = [sys.executable, "-m", "flows.cli", "impact", document]
    environment = {
        **QUIET,
        "ADDENDUM_HOME": str(folder),
        "ADDENDUM_WORKSPACE": str(ROOT),
        "PYTHONPATH": str(ROOT),
        "PATH": "/usr/bin:/bin",
    }
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment)


def time_each(documents: Sequence[DocumentId], ask: Callable[[DocumentId], object]) -> tuple[float, ...]:
    """Return the seconds that each question took; the first, which opens and imports, is not among them."""
    ask(documents[0])
    seconds = []
    for document in documents:
        started = time.perf_counter()
        ask(document)
        seconds.append(time.perf_counter() - started)
    return tuple(seconds)


def main() -> None:
    """Measure, print the table, and without ``--quick`` write the page; ends with 1 where a goal is not met."""
    arguments = open_parser(__doc__).parse_args()
    started = time.monotonic()
    with TemporaryDirectory(prefix="impact-") as folder:
        asked = measure(Path(folder), QUICK if arguments.quick else Size())
    status = report(build_page(asked), arguments)
    print(f"{(time.monotonic() - started) / 60:.1f} minutes in all")
    sys.exit(status)


if __name__ == "__main__":
    main()
