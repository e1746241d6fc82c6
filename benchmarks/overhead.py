"""What does the loop cost beside the training? A real installation, its Prefect server running, and a stopwatch in every process.

A first model is trained (20 steps of MiniLM, by which the next training is sized) and approved; cycles without news are timed,
each of them ``addendum watch`` and ``addendum retrain`` as commands; then records arrive and one retraining of ``--minutes`` is
accounted for, second by second. On two idle cores: half a minute to install and start, two for the first model, one for the
cycles, ten for the retraining: about 14 minutes.

Example: python benchmarks/overhead.py           (writes docs/benchmarks/overhead.md, .json and .svg)

Example: python benchmarks/overhead.py --quick   (the linear learner, one cycle: under two minutes; prints only)
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.overhead_accounts import Account, Cycle, Measured, Note, account, clear_notes, read_notes, read_tasks
from benchmarks.overhead_installation import DOMAIN, Installation, Size, count_memory, install
from benchmarks.overhead_page import build_page
from benchmarks.pages import open_parser, report

QUICK = Size(records=300, news=60, base=None, threads=1)
TRIAL_STEPS = 20
CYCLES = 5


def measure(folder: Path, size: Size, minutes: float, cycles: int) -> Measured:
    """Install into ``folder``, and measure the cycles and one retraining of about ``minutes`` (the linear learner's is short)."""
    with install(folder, size) as installation:
        first, _ = _retrain(installation, "first", size.records, 0)
        idle = tuple(_idle(installation) for _ in range(cycles))
        if size.base is not None:
            installation.limit_steps(count_steps(first, minutes))
        measured, notes = _retrain(installation, "second", size.news, size.records)
        return Measured(account=measured, cycles=idle, notes=tuple(notes), server=count_memory(installation.server))


def count_steps(trial: Account, minutes: float) -> int:
    """Return how many steps make a retraining of so many minutes, by a trial of ``TRIAL_STEPS``."""
    others = trial.wall - trial.training
    return max(round((60 * minutes - others) / (trial.training / TRIAL_STEPS)), 1)


def _retrain(installation: Installation, name: str, count: int, first: int) -> tuple[Account, Sequence[Note]]:
    """Land ``count`` records, then retrain as a command and account for it."""
    installation.drop(name, count, first)
    installation.call("watch", DOMAIN)
    clear_notes(installation.notes)
    since = datetime.now(UTC).isoformat()
    wall = installation.call("retrain", DOMAIN, "--approve", "a reviewer")
    notes = read_notes(installation.notes)
    return account(wall, notes, read_tasks(installation.api, since)), notes


def _idle(installation: Installation) -> Cycle:
    clear_notes(installation.notes)
    watch, retrain = installation.call("watch", DOMAIN), installation.call("retrain", DOMAIN)
    imports = sum(one.seconds.get("import", 0.0) for one in read_notes(installation.notes))
    return Cycle(watch=watch, retrain=retrain, imports=imports)


def main() -> None:
    """Measure, print the table, and without ``--quick`` write the page; ends with 1 where a goal is not met."""
    parser = open_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="of the retraining that is accounted for")
    arguments = parser.parse_args()
    started = time.monotonic()
    with TemporaryDirectory(prefix="overhead-") as folder:
        size, cycles = (QUICK, 1) if arguments.quick else (Size(), CYCLES)
        measured = measure(Path(folder) / "place", size, arguments.minutes, cycles)
    status = report(build_page(measured), arguments)
    print(f"{(time.monotonic() - started) / 60:.1f} minutes in all")
    sys.exit(status)


if __name__ == "__main__":
    main()
