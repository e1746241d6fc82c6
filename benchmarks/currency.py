"""Does the recipe keep a model current, at a fraction of the cost, on real drift, through the product's own loop?

Three real series are replayed in drops of a year: appended to the corpus, pinned, snapshot, curated, split, trained, scored and
judged. Every arm's model is scored on the next year's documents before it is trained on them.

Example: python benchmarks/currency.py                    (see below; writes docs/benchmarks/currency.md, .json and .svg)

Example: python benchmarks/currency.py --full-size        (all documents, for a GPU; the same code)

Example: python benchmarks/currency.py --quick            (a minute; a synthetic series of ours and a tiny network; prints only)

What is done stays under ``--work`` (default: ``currency`` in ``ADDENDUM_HOME``), so a run that was cut goes on where it was.

What the default size takes, a seed, in thousands of tokens of training (reading a token takes a third of it). A document has 22,
39 and 31 tokens (cut at 32, 40 and 32), and a third of 240, 200 and 240 documents a year is trained on, thrice from scratch:

- regulatory titles, 13 years after the first: 3 full retrainings 182, the recipe 80, naive 48, the first 16, scores 100
- recalls, 9 years: 2 full retrainings 134, the recipe 84, naive 50, the first 16, scores 100
- abstracts, 6 years: 3 full retrainings 140, the recipe 52, naive 31, the first 23, scores 75

The first seed has the whole matrix and the judge too: 430, 440 and 250 more. That is 4.5 million for three seeds, or 50 minutes
with ``--workers 2`` on two cores at 750 tokens a second each. Every full retraining would be four times the rest.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.currency_arms import FULL_SIZES, QUICK, SHARES, SIZES, Size
from benchmarks.currency_page import Board, compose_page
from benchmarks.matrices import read_track
from benchmarks.pages import open_parser, report
from benchmarks.replays import Outcome, Replay, prepare, read_outcome, run_replay
from benchmarks.series import ORIGINS, SYNTHETIC, Series, build_series, make_drifting_items, read_items
from pipelines.domain.identities import DomainName, digest_value
from pipelines.settings import QUIET, Settings, bind_threads

SYNTHETIC_YEARS = 5


def main() -> int:
    """Replay, print the table, and write the page; ends with 1 where a full run misses a goal."""
    arguments = read_arguments()
    os.environ.update({**QUIET, **bind_threads(arguments.threads)})
    with TemporaryDirectory() as scratch:
        work = arguments.work or (Path(scratch) if arguments.quick else Settings().place.root / "currency")
        replays = plan_replays(arguments, work)
        run_all(replays, arguments.workers)
        return report(compose_page(read_board(replays, arguments)), arguments)


def read_arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = open_parser(__doc__)
    parser.add_argument("--full-size", action="store_true", help="all documents, long texts, every full retraining: for a GPU")
    parser.add_argument("--series", nargs="+", choices=list(ORIGINS), default=list(ORIGINS), help="which of the real series")
    parser.add_argument("--seeds", type=int, default=None, help="how many seeds (3; --quick: 1)")
    parser.add_argument("--rows-per-year", type=int, default=None, help="documents a year, instead of the size's own")
    parser.add_argument("--max-tokens", type=int, default=None, help="tokens a text, instead of the size's own")
    parser.add_argument("--epochs", type=int, default=None, help="epochs from scratch, instead of the size's own")
    parser.add_argument("--full-every", type=int, default=None, help="years between full retrainings, instead of the size's own")
    parser.add_argument("--threads", type=int, default=1, help="threads of one training")
    parser.add_argument("--workers", type=int, default=1, help="series and seeds replayed at the same time")
    parser.add_argument("--work", type=Path, default=None, help="where models and scores lie, and are found again")
    return parser.parse_args(words)


def plan_replays(arguments: argparse.Namespace, work: Path) -> list[Replay]:
    """Return a replay of each series and seed, those of one series side by side; whatever changes a result has its own folder."""
    sizes = QUICK if arguments.quick else FULL_SIZES if arguments.full_size else SIZES
    chosen = [SYNTHETIC] if arguments.quick else [DomainName(name) for name in arguments.series]
    seeds = arguments.seeds or (1 if arguments.quick else 3)
    replays = []
    for name in chosen:
        size = adjust(sizes[name], arguments)
        series = read_series(name, size)
        root = work / f"{name}-{digest_value([series.digest, size.similarity, SHARES])[:12]}"
        replays += [Replay(series=series, size=size, seed=seed, threads=arguments.threads, root=root) for seed in range(seeds)]
    return replays


def adjust(size: Size, arguments: argparse.Namespace) -> Size:
    """Return the size with what the command line says instead."""
    given = {
        "rows": arguments.rows_per_year,
        "max_tokens": arguments.max_tokens,
        "epochs": arguments.epochs,
        "full_every": arguments.full_every,
    }
    return replace(size, **{name: value for name, value in given.items() if value is not None})


def read_series(name: DomainName, size: Size) -> Series:
    """Read a series, or make the synthetic one; raises :class:`WorkspaceError` where the folder of real data lacks it."""
    if name == SYNTHETIC:
        return build_series(name, make_drifting_items(SYNTHETIC_YEARS, size.rows or 60), 2, size.rows)
    origin = ORIGINS[name]
    return build_series(name, read_items(origin, Settings().data), origin.first, size.rows)


def run_all(replays: Sequence[Replay], workers: int) -> None:
    """Run all replays, ``workers`` at a time, each in a process of its own where there are several."""
    for replay in {replay.root: replay for replay in replays}.values():
        prepare(replay)
    if workers == 1:
        for replay in replays:
            run_replay(replay)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for _ in pool.map(run_replay, replays):
            pass


def read_board(replays: Sequence[Replay], arguments: argparse.Namespace) -> Board:
    """Read what all replays came to."""
    outcomes: dict[DomainName, list[Outcome]] = {}
    sizes: dict[DomainName, Size] = {}
    for replay in replays:
        outcomes.setdefault(replay.series.name, []).append(read_outcome(replay))
        sizes[replay.series.name] = replay.size
    tracks = {
        name: [{arm: read_track(one, arm) for arm in dict.fromkeys(cell.arm for cell in one.cells)} for one in of_series]
        for name, of_series in outcomes.items()
    }
    lead = describe_input(is_quick=arguments.quick)
    return Board(outcomes=outcomes, tracks=tracks, sizes=sizes, command=name_command(arguments), lead=lead)


def describe_input(*, is_quick: bool) -> str:
    """Say what was replayed in a sentence."""
    if is_quick:
        return "A synthetic series of ours and a tiny network: it shows that the machinery works, and no figure that counts."
    return "Real documents and MiniLM (22.7M parameters), sampled as told below."


def name_command(arguments: argparse.Namespace) -> str:
    """Return the command that gives these figures again: whatever changes one of them is in it."""
    said: Mapping[str, object] = {"--full-size": arguments.full_size, "--quick": arguments.quick}
    flags = [flag for flag, is_given in said.items() if is_given]
    if not arguments.quick and arguments.series != list(ORIGINS):
        flags.append(f"--series {' '.join(arguments.series)}")
    for name in ("seeds", "rows_per_year", "max_tokens", "epochs", "full_every"):
        value = getattr(arguments, name)
        flags += [f"--{name.replace('_', '-')} {value}"] if value is not None else []
    return " ".join(["python benchmarks/currency.py", *flags])


if __name__ == "__main__":
    sys.exit(main())
