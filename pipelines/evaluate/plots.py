"""Tables for ``dvc plots``: which labels are taken for which, and how current each model is."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Scorecard, Slice
from pipelines.files import write_bytes


def write_plots(folder: Path, outcomes: Sequence[Outcome], scorecard: Scorecard) -> None:
    """Write ``confusion.csv`` (candidate; holdout where it was looked at, else dev) and ``currency.csv`` (by role)."""
    write_rows(folder / "confusion.csv", ("label", "predicted", "count"), _count_confusions(outcomes))
    currency = [(score.role.value, repr(score.value), score.rows) for score in scorecard.scores if score.metric == "currency"]
    write_rows(folder / "currency.csv", ("role", "currency", "rows"), currency)


def _count_confusions(outcomes: Sequence[Outcome]) -> list[tuple[str, str, int]]:
    own = [outcome for outcome in outcomes if outcome.role is Role.CANDIDATE and outcome.confidence is not None]
    part = Slice.HOLDOUT if any(outcome.slice is Slice.HOLDOUT for outcome in own) else Slice.DEV
    counts = Counter((outcome.label, outcome.predicted) for outcome in own if outcome.slice is part)
    return [(label, predicted, counts[label, predicted]) for label, predicted in sorted(counts)]


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write comma-separated values atomically, with a header."""
    sink = io.StringIO()
    table = csv.writer(sink, lineterminator="\n")
    table.writerow(header)
    table.writerows(rows)
    write_bytes(path, sink.getvalue().encode())
