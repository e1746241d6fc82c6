"""How much personal data do the recognisers find, what do they touch in vain, and how fast do they read?

The gold set (ASQ-PHI: synthetic clinical queries) is halved by a keyed hash of each query's id. The rules were written on one
half; the other is what is reported here, and nobody looks into it. Recall is told by class with its exact one-sided 95% lower
bound (Clopper and Pearson). The rate is that of reading and inventing surrogates, as ``deidentify`` does it, on notes of
1.5 kB of ours, with one process and with two.

Example: python benchmarks/privacy.py           (needs ADDENDUM_DATA; writes docs/benchmarks/privacy.md, .json and .svg)

Example: python benchmarks/privacy.py --quick   (notes of ours only: shows the machinery; prints only)

Example: python benchmarks/privacy.py --gold notes.jsonl --report privacy/recall.json   (your own gold set, all of it: what
`phi:` in params.yaml names)
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.pages import open_parser, report
from benchmarks.privacy_notes import invent_clean, invent_notes
from benchmarks.privacy_page import Measured, Rate, build_page, tell_report
from pipelines.domain.identities import Digest
from pipelines.files import digest_file, write_json
from pipelines.privacy.ensemble import Passage, find_mentions
from pipelines.privacy.inventing import Inventor
from pipelines.privacy.measuring import GoldText, read_gold, read_with, summarise
from pipelines.privacy.reports import RecallReport
from pipelines.settings import Settings

HALVING = b"addendum: the half that rules are written on"
NOTES, FEW, STARTING = 800, 60, 10
OURS = Digest("0" * 64)
"""In the place of a file's digest where the texts are invented here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many notes the rate is measured on, and by how many processes."""

    notes: int = NOTES
    processes: Sequence[int] = (1, 2)


def is_for_writing(name: str) -> bool:
    """Return whether rules may be written on the query of this id: half of them, for ever the same."""
    return hmac.new(HALVING, name.encode(), hashlib.sha256).digest()[0] < 128


def measure(gold: Sequence[GoldText], digest: Digest, size: Size) -> Measured:
    """Measure recall on the half that no rule was written on, the same on the other half, and the rate."""
    kept = [one for one in gold if not is_for_writing(one.id)]
    seen = [one for one in gold if is_for_writing(one.id)]
    rates = tuple(time_reading(size.notes, processes) for processes in size.processes)
    return Measured(kept=_summarise(kept, digest), seen=_summarise(seen, digest), rates=rates)


def time_reading(count: int, processes: int) -> Rate:
    """Return how fast ``count`` notes are read and rewritten, and how long as many processes take to start and read a few."""
    passages = [Passage(one.text, one.year) for one in invent_notes(count)]
    find_mentions(passages[:20], 1)
    started = time.perf_counter()
    find_mentions(passages[:STARTING], processes)
    starting = time.perf_counter() - started
    started, worked = time.perf_counter(), time.process_time()
    found = find_mentions(passages, processes)
    inventor = Inventor(b"a key of the benchmark", "a family", 2024)
    for passage, mentions in zip(passages, found, strict=True):
        for mention in mentions:
            inventor.invent(mention.kind, passage.text[mention.start : mention.end])
    seconds, work = time.perf_counter() - started, time.process_time() - worked
    letters = sum(len(one.text) for one in passages)
    return Rate(processes=processes, notes=count, seconds=seconds, starting=starting, work=work, letters=letters)


def measure_own(gold: Path, output: Path, *, screen: bool) -> RecallReport:
    """Measure recall on all texts of ``gold`` and write the report that ``phi:`` in params.yaml names."""
    measured = summarise(read_with(read_gold(gold), screen=screen), screen=screen, gold=digest_file(gold))
    write_json(output, measured)
    return measured


def main() -> None:
    """Measure, print the table, and without ``--quick`` write the page; ends with 1 where a goal is not met."""
    arguments = _parse()
    if arguments.report is not None:
        print(tell_report(measure_own(arguments.gold, arguments.report, screen=not arguments.no_screen)))
        print(f"\nphi: {{report: {arguments.report.name}, sha256: {digest_file(arguments.report)}}}")
        return
    if arguments.quick:
        measured = measure([*invent_notes(FEW), *invent_clean(FEW)], OURS, Size(notes=FEW, processes=(1,)))
    else:
        file = arguments.gold or Settings().data / "phi_queries" / "spans.jsonl.gz"
        if not file.is_file():
            raise SystemExit(f"{file} is missing: set ADDENDUM_DATA to the folder of real records, or run with --quick")
        measured = measure(read_gold(file), digest_file(file), Size())
    sys.exit(report(build_page(measured), arguments))


def _parse() -> argparse.Namespace:
    parser = open_parser(__doc__)
    parser.add_argument("--gold", type=Path, help="a gold set of your own: JSON lines with id, text and spans")
    parser.add_argument("--report", type=Path, help="measure all of --gold and write the report for `phi:` here")
    parser.add_argument("--no-screen", action="store_true", help="for a step with `screen: false`")
    arguments = parser.parse_args()
    if arguments.report is not None and arguments.gold is None:
        parser.error("--report needs a gold set: --gold FILE")
    return arguments


def _summarise(gold: Sequence[GoldText], digest: Digest) -> RecallReport:
    return summarise(read_with(gold), screen=True, gold=digest)


if __name__ == "__main__":
    main()
