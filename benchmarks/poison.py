"""Is poison kept out, and is what is sound let in? Real series in drops through admission, as they came and with poison planted.

Every drop of a quarter and of a year of three series, and every amendment of the CFPB's regulations, is decided as it came. Then
poison is planted into whole years: 250 documents with a trigger, 5% flipped labels; and into amendments: one threshold moved
tenfold. Half an hour on two idle cores, nearly all of it the model of the history that each drop is held against.

Example: python benchmarks/poison.py           (needs ADDENDUM_DATA; writes docs/benchmarks/poison.md, .json and .svg)

Example: python benchmarks/poison.py --quick   (two minutes; a series of ours, few seeds; shows the machinery; prints only)
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.pages import open_parser, report
from benchmarks.poison_amendments import Amendments, invent_amendments, read_amendments
from benchmarks.poison_counts import Attack, Attempt, Measured, Plain, weigh_plain, weigh_planted
from benchmarks.poison_drops import Stream, admit, admit_amendments, build_stream
from benchmarks.poison_page import build_page
from benchmarks.poison_plants import Planted, flip_labels, plant_trigger
from benchmarks.series import ORIGINS, make_drifting_items, read_items
from pipelines.admit.params import AdmitParams, PoisonParams
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.revisions import Revision
from pipelines.settings import QUIET, Settings, bind_threads

SEEDS = 20
QUARTER, YEAR = 3, 12
PARAMS = AdmitParams(min_chars=3)
PLANT: dict[Attack, Callable[[Sequence[Revision], Sequence[str], Random], Planted]] = {
    Attack.TRIGGER: plant_trigger,
    Attack.FLIPS: flip_labels,
}


def open_streams(data: Path, months: int) -> list[Stream]:
    """Return the three real series in drops of so many months; of abstracts only the year is known."""
    streams = []
    for name, origin in ORIGINS.items():
        items = read_items(origin, data)
        is_dated = len({item.published.month for item in items}) > 1
        if is_dated or months == YEAR:
            streams.append(build_stream(name, items, origin.first, months, PARAMS))
    return streams


def invent_streams() -> list[Stream]:
    """Return a series of ours that stands in for the real ones where only the machinery is shown."""
    poison = PoisonParams(min_history=600)
    items = make_drifting_items(years=5, rows=600)
    params = PARAMS.model_copy(update={"poison": poison, "languages": ()})  # its words are of no language
    return [build_stream("drifting_words", items, 2, YEAR, params)]


def replay(streams: Sequence[Stream]) -> Iterator[Plain]:
    """Decide every drop as it came."""
    for stream in streams:
        for drop in stream.drops:
            yield weigh_plain(stream.name, admit(stream, drop))
        print(f"{stream.name}: {len(stream.drops)} drops as they came", flush=True)


def poison(streams: Sequence[Stream], seeds: int) -> Iterator[Attempt]:
    """Plant poison into drops of each series, one after the other and from the beginning again, with so many seeds."""
    for stream in streams:
        for attack, plant in PLANT.items():
            for seed in range(seeds):
                random = Random(f"{stream.name} {attack} {seed}")  # noqa: S311  # a seeded generator is the point
                drop = stream.drops[seed % len(stream.drops)]
                planted = plant(stream.arrive(drop), stream.params.labels, random)
                yield weigh_planted(stream.name, attack, planted, admit(stream, drop, planted.revisions))
            print(f"{stream.name}: {attack} planted {seeds} times", flush=True)


def amend(amendments: Amendments, seeds: int) -> tuple[list[Plain], list[Attempt]]:
    """Decide every amendment as it came, and as many with one figure moved as there are seeds."""
    plain = [weigh_plain(amendments.name, admit_amendments(drop, amendments.in_force)) for drop in amendments.drops]
    attempts = []
    for seed in range(seeds):
        planted, in_force = amendments.plant(seed)
        attempts.append(weigh_planted(amendments.name, Attack.SWAP, planted, admit_amendments(planted.revisions, in_force)))
    print(f"{amendments.name}: {len(plain)} amendments as they came, {seeds} with one figure moved", flush=True)
    return plain, attempts


def measure(*, is_quick: bool, seeds: int) -> Measured:
    """Measure everything; raises :class:`WorkspaceError` where the real data are not there."""
    data = Settings().data
    yearly = invent_streams() if is_quick else open_streams(data, YEAR)
    plain = list(replay([*yearly, *([] if is_quick else open_streams(data, QUARTER))]))
    attempts = list(poison(yearly, seeds))
    amended, moved = amend(invent_amendments() if is_quick else read_amendments(data), 5 * seeds)
    return Measured(plain=(*plain, *amended), attempts=(*attempts, *moved))


def main() -> None:
    """Measure, print the table, and without ``--quick`` write the page; ends with 1 where a goal is not met."""
    parser = open_parser(__doc__)
    parser.add_argument("--seeds", type=int, help=f"how often each attack is tried on each series (default {SEEDS})")
    arguments = parser.parse_args()
    os.environ.update({**QUIET, **bind_threads(1)})
    started = time.monotonic()
    try:
        measured = measure(is_quick=arguments.quick, seeds=arguments.seeds or (3 if arguments.quick else SEEDS))
    except WorkspaceError as error:
        print(f"skipped: {error}")
        return
    status = report(build_page(measured), arguments)
    print(f"{(time.monotonic() - started) / 60:.1f} minutes in all")
    sys.exit(status)


if __name__ == "__main__":
    main()
