"""How fast does Addendum train beside transformers' Trainer, on the same model and rows? Pace, padding, time to equal dev loss.

Example: python benchmarks/throughput.py           (an hour on two slow cores; writes docs/benchmarks/throughput.md, …)

Example: python benchmarks/throughput.py --quick --output /tmp/pages   (two minutes: few steps, on a tiny decoder)

On a GPU it runs unchanged and writes throughput-cuda.md. Runs are interleaved: each round has every contestant once.
Each run is kept (``--cache``), so that a benchmark that was cut short goes on where it was.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.kept import KEPT, digest_learners, keep
from benchmarks.pages import open_parser, report
from benchmarks.throughput_lessons import SERIES, Series, is_real, read_lesson
from pipelines.domain.identities import digest_value

if TYPE_CHECKING:
    from benchmarks.throughput_contests import Contest, Contestant, Plan, Record

OURS, DEFAULT, GROUPED, BF16, TUNED = "Addendum", "Trainer", "Trainer, grouped", "Trainer, bf16", "Trainer, tuned"
WITH_DROPOUT, WITHOUT_DROPOUT = "Addendum, the base's dropout", "Trainer, tuned, no dropout"
RATE = 5e-5
"""The highest rate of a batch of 8 rows; a larger batch's is raised in proportion, up to ``MOST`` times, for all alike.

Goyal et al. (2017), https://arxiv.org/abs/1706.02677, section 2.1.
"""
MOST = 8.0
LOOKS = 6
TRIAL = -1
"""The place of a run that only chooses a batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is run: timed tokens of text a run after the ``warm`` steps, rounds, learning runs and dev rows.

    ``share`` is how much of each series' rows; what is only told (the part of dropout) has fewer rounds.
    """

    tokens: int = 4_000
    warm: int = 2
    rounds: int = 5
    extra_rounds: int = 2
    learnings: int = 1
    dev: int = 48
    share: float = 1.0
    batches: tuple[int, ...] = (16, 32, 64, 128)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A series: the records of each contestant, those of the learning runs, and the Trainer's best batch."""

    series: Series
    is_real: bool
    paces: dict[str, list[Record]]
    learnings: dict[str, list[Record]]
    rows: int
    flops: float
    warm: int = 1

    def pace(self, name: str) -> float:
        """Return the median of tokens of text a second."""
        return median(record.pace(self.warm) for record in self.paces[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Where contestants run on a series; each run is kept in ``folder``."""

    contest: Contest
    folder: Path

    def run(self, contestant: Contestant, plan: Plan, place: int) -> Record:
        """Return a contestant's run number ``place`` of a plan: as it was kept, else run now."""
        from benchmarks.throughput_contests import Record

        learned = self.contest.lesson
        key = [*digest_learners(), self.contest.series, len(learned.news), len(learned.dev), learned.threads]
        name = digest_value([str(one) for one in (*key, self.contest.device, contestant, plan, place)])
        return keep(self.folder / f"{name[:32]}.json", Record, lambda: run(self.contest, contestant, plan))


def measure(series: Series, size: Size, threads: int, cache: Path) -> Outcome:
    """Run all contestants on a series, but for the runs that are kept in ``cache``."""
    from benchmarks.throughput_contests import Contest
    from benchmarks.throughput_flops import count_flops

    contest = Contest(series, read_lesson(series, max(round(series.rows * size.share), 24), size.dev, threads))
    track = Track(contest=contest, folder=cache)
    contestants = list_contestants(track, size)
    paces: dict[str, list[Record]] = {one.name: [] for one in contestants}
    for place in range(size.rounds):
        for one in contestants:
            if place < size.extra_rounds or one.name not in {WITH_DROPOUT, WITHOUT_DROPOUT}:
                paces[one.name].append(track.run(one, plan_pace(contest, one, size), place))
    racing = [one for one in contestants if one.name in {OURS, DEFAULT, TUNED}]
    learnings: dict[str, list[Record]] = {one.name: [] for one in racing}
    for place in range(size.learnings):
        for one in racing:
            learnings[one.name].append(track.run(one, plan_learning(contest, one), place))
    tuned = next(one.rows for one in contestants if one.name == TUNED)
    return Outcome(
        series=series,
        is_real=is_real(series),
        paces=paces,
        learnings=learnings,
        rows=tuned,
        flops=count_flops(contest.copy(), contest.rows.lengths),
        warm=size.warm,
    )


def list_contestants(track: Track, size: Size) -> list[Contestant]:
    """Return who takes part: bf16 where the device is fast at it (elsewhere it is emulated, and many times slower)."""
    from benchmarks.throughput_contests import Contestant
    from pipelines.learners.devices import is_fast_at_bf16

    contest = track.contest
    is_bf16 = is_fast_at_bf16(contest.device)
    trials = [
        Contestant(name=TUNED, rows=rows, is_grouped=True, is_bf16=is_bf16)
        for rows in size.batches
        if rows * 3 <= len(contest.rows.lengths) or rows == size.batches[0]
    ]
    paces = [0.0]
    if trials[1:]:
        paces = [track.run(one, plan_pace(contest, one, size), TRIAL).pace(size.warm) for one in trials]
    tuned = trials[paces.index(max(paces))]
    is_short = contest.rows.lengths.mean() < 40 or contest.series.kind == "causal_lm"
    tokens = 16_384 if contest.device.type == "cuda" else (1_024 if is_short else 2_048)
    found = [
        Contestant(name=OURS, tokens=tokens, has_dropout=False),
        Contestant(name=DEFAULT),
        Contestant(name=GROUPED, is_grouped=True),
        *([Contestant(name=BF16, is_bf16=True)] if is_bf16 else []),
        tuned,
    ]
    if contest.series.kind == "classifier":
        found.append(Contestant(name=WITH_DROPOUT, tokens=tokens))
        found.append(Contestant(name=WITHOUT_DROPOUT, rows=tuned.rows, is_grouped=True, is_bf16=is_bf16, has_dropout=False))
    return found


def run(contest: Contest, contestant: Contestant, plan: Plan) -> Record:
    """Run one contestant once."""
    from benchmarks.throughput_contests import run_addendum
    from benchmarks.throughput_trainer import run_trainer

    return (run_addendum if contestant.tokens else run_trainer)(contest, contestant, plan)


def plan_pace(contest: Contest, contestant: Contestant, size: Size) -> Plan:
    """Return a run of the steps that warm up and as many as have the tokens to be timed."""
    from benchmarks.throughput_contests import Plan

    steps = size.warm + max(round(size.tokens / _tokens(contest, contestant)), 1)
    return Plan(steps=steps, rate=RATE)


def plan_learning(contest: Contest, contestant: Contestant) -> Plan:
    """Return an epoch, with dev measured ``LOOKS`` times or, where there are fewer steps, after each."""
    from benchmarks.throughput_contests import Plan

    total, batch = int(contest.rows.lengths.sum()), _tokens(contest, contestant)
    rate = RATE * min(batch / (8 * total / len(contest.rows)), MOST)
    return Plan(steps=None, rate=rate, look=max(round(total / batch / LOOKS), 1))


def choose_size(*, is_quick: bool) -> tuple[Size, Sequence[Series]]:
    """Return how much is run, and on what: on a GPU more, since it is soon done."""
    import torch

    if is_quick:
        small = replace(SERIES[-1], base="scratch:tiny", name=f"{SERIES[-1].name} (a tiny network from scratch)")
        return Size(tokens=400, rounds=2, extra_rounds=1, dev=24, share=0.1, batches=(16,)), (SERIES[0], small)
    if torch.cuda.is_available():
        return Size(tokens=200_000, rounds=5, learnings=3, dev=256, share=8.0), SERIES
    return Size(), SERIES


def _tokens(contest: Contest, contestant: Contestant) -> float:
    lengths = contest.rows.lengths
    return min(float(contestant.tokens or contestant.rows * lengths.mean()), float(lengths.sum()))


def main(arguments: argparse.Namespace) -> int:
    """Measure, print the table, and write the page where it belongs; returns the exit status."""
    import torch

    from benchmarks.throughput_page import compose_page

    size, chosen = choose_size(is_quick=arguments.quick)
    outcomes = []
    for series in chosen:
        print(f"{series.name} …", flush=True)
        # a decoder of 135 million weights takes seconds for what an encoder does in one
        slow = series.kind == "causal_lm" and not torch.cuda.is_available()
        here = replace(size, warm=1, tokens=size.tokens // 4, dev=size.dev // 3) if slow else size
        outcomes.append(measure(series, here, arguments.threads, arguments.cache))
    name = "throughput-cuda" if torch.cuda.is_available() else "throughput"
    return report(compose_page(name, outcomes, arguments.threads), arguments)


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = open_parser(__doc__)
    parser.add_argument("--cache", type=Path, default=KEPT / "throughput", help="where runs are kept")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="threads of each run")
    return parser.parse_args()


if __name__ == "__main__":
    given = read_arguments()
    os.environ.setdefault("OMP_NUM_THREADS", str(given.threads))
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    sys.exit(main(given))
