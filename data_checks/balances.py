"""What a batch is like as a whole, as a few pure sums: how large, from whom, and which way its labels lean.

These compare a batch with history, which no expectation over a single frame can; they need no engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import median

from data_checks.columns import split_labels
from data_checks.expectations import LabelLimits, VolumeLimits
from data_checks.findings import DropFailure


def check_volume(rows: int, limits: VolumeLimits) -> DropFailure | None:
    """Return a failure when ``rows`` is far from the median of the last drops."""
    recent = limits.previous[-limits.window :]
    if len(recent) < limits.min_drops:
        return None
    usual = median(recent)
    lowest, highest = limits.lowest * usual, limits.highest * usual + limits.slack
    if lowest <= rows <= highest:
        return None
    return DropFailure(expectation="volume is usual", observed=f"{rows} rows", limit=f"{lowest:.0f} to {highest:.0f} rows")


def check_share(name: str, share: float, limit: float) -> DropFailure | None:
    """Return a failure when ``share`` (0 to 1) is above ``limit``."""
    if share <= limit:
        return None
    return DropFailure(expectation=name, observed=f"{share:.1%} of rows", limit=f"at most {limit:.1%}")


def largest_share(counts: Mapping[str, int]) -> float:
    """Return the share of the most frequent key, 0 when nothing was counted."""
    return max(counts.values(), default=0) / max(sum(counts.values()), 1)


def count_by_family(families: Iterable[str], cells: Iterable[str]) -> Counter[str]:
    """Return how many families carry each label; ``cells`` are rows of the ``labels`` column."""
    pairs = {(family, label) for family, cell in zip(families, cells, strict=True) for label in split_labels(cell)}
    return Counter(label for _, label in pairs)


def check_labels(labelled_rows: int, counts: Mapping[str, int], limits: LabelLimits) -> DropFailure | None:
    """Return a failure when one label dominates the drop against the reference; see :class:`LabelLimits`.

    The tail is the exact binomial one, P(X ≥ k) for X ~ Bin(n, p), with n labelled families and p the label's share of the
    reference, smoothed by one (a label that is new to the source is not impossible).

    Args:
        labelled_rows: rows with a label, which decide whether there is enough to judge.
        counts: families by label.
        limits: the reference and how far is too far.
    """
    known, total = sum(limits.reference.values()), sum(counts.values())
    if labelled_rows < limits.min_rows or known < limits.min_reference:
        return None
    from scipy.stats import binom

    kinds = len(set(limits.reference) | set(counts))
    for label in sorted(counts, key=lambda label: (-counts[label], label)):
        usual = (limits.reference.get(label, 0) + 1) / (known + kinds)
        share = counts[label] / total
        is_leaning = share - usual > limits.max_shift or share >= limits.max_share
        if is_leaning and binom.sf(counts[label] - 1, total, usual) < limits.significance:
            return DropFailure(
                expectation="no label dominates",
                observed=f"one label on {share:.1%} of {total} labelled families, {usual:.1%} before",
                limit=f"at most {limits.max_shift:.0%} more than before, and under {limits.max_share:.0%}",
            )
    return None
