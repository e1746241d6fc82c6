"""Does the gate keep its promises? Measured through the judge's own code, and again with each rule switched off.

Example: python benchmarks/gate.py           (two minutes; writes docs/benchmarks/gate.md, .json and .svg)

Example: python benchmarks/gate.py --quick   (seconds; prints only)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.goals import Line, measure_boundaries, measure_creep, measure_false_promotions, measure_power
from benchmarks.lifetimes import Lives
from benchmarks.policies import Contest, count_false
from pipelines.judge.statistics import Floats

QUICK = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All that was measured: ``policies`` are shares of lifetimes with a false promotion after each retraining."""

    lines: tuple[Line, ...]
    nulls: Mapping[str, Lives]
    creeps: Mapping[str, Lives]
    policies: Mapping[str, Floats]
    contest: Contest


def measure(scale: float = 1.0) -> Measured:
    """Measure everything with ``scale`` times the full number of lifetimes and runs."""
    false, nulls = measure_false_promotions(scale)
    crept, creeps = measure_creep(scale)
    contest = Contest(lifetimes=max(round(4_000 * scale), 1))
    lines = (*false, *measure_boundaries(scale), *measure_power(scale), *crept)
    return Measured(lines=lines, nulls=nulls, creeps=creeps, policies=count_false(contest), contest=contest)


def main() -> None:
    """Measure, print the table, and without ``--quick`` write the page; ends with 1 where a goal is not met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a twentieth of the runs, printed only")
    is_quick = parser.parse_args().quick
    measured = measure(QUICK if is_quick else 1.0)
    from benchmarks.gate_page import tabulate, write_page

    print(tabulate(measured.lines))
    if not is_quick:
        write_page(Path(__file__).parents[1] / "docs" / "benchmarks", measured)
    sys.exit(0 if all(line.is_met for line in measured.lines) else 1)


if __name__ == "__main__":
    main()
