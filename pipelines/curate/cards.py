"""The data card: what the rows that a model may learn from are made of, in counts that show no text.

Two cards are compared attribute by attribute, so that a corpus which became another one is seen before a model is blamed.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.curate.rows import Row
from pipelines.domain.counts import count_values
from pipelines.privacy.mentions import SURROGATE

UNLABELLED = "without a label"
COLUMNS = ("group", "rows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Words of a row, title included: the least, the percentiles 5, 50 and 95 by nearest rank, and the most."""

    least: int
    low: int
    middle: int
    high: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCard:
    """The rows in force after curation. A row counts under its first label, and under the year that it was published in.

    ``clusters`` counts clusters of near-duplicates that keep two rows or more; ``surrogates`` what stands in the place of
    personal data, by kind. ``lengths`` is ``None`` where no row is left.
    """

    rows: int
    families: int
    by_source: Mapping[str, int]
    by_year: Mapping[str, int]
    by_label: Mapping[str, int]
    by_licence: Mapping[str, int]
    clusters: int
    surrogates: Mapping[str, int]
    lengths: Lengths | None

    @property
    def composition(self) -> Mapping[str, Mapping[str, int]]:
        """The counts by attribute: what is plotted and compared."""
        return {"source": self.by_source, "year": self.by_year, "label": self.by_label, "licence": self.by_licence}


def draw_card(rows: Sequence[Row]) -> DataCard:
    """Return the card of those ``rows`` that are in force."""
    active = [row for row in rows if row.is_active]
    revisions = [row.entry.revision for row in active]
    clusters = Counter(row.cluster for row in rows)
    marks = (found.group(0) for row in active for found in SURROGATE.finditer(row.reading))
    return DataCard(
        rows=len(active),
        families=len({revision.family_id for revision in revisions}),
        by_source=count_values(revision.source for revision in revisions),
        by_year=count_values(f"{revision.published_at.year:04d}" for revision in revisions),
        by_label=count_values(revision.labels[0] if revision.labels else UNLABELLED for revision in revisions),
        by_licence=count_values(revision.licence for revision in revisions),
        clusters=sum(size > 1 for size in clusters.values()),
        surrogates=count_values(mark[1:].split("-")[0] for mark in marks),
        lengths=_measure([len(row.reading.split()) for row in active]),
    )


def tabulate_card(card: DataCard) -> str:
    """Return the composition as CSV: a line for each group, named ``<attribute>: <group>``, largest first within an attribute."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for attribute, groups in card.composition.items():
        ordered = sorted(groups.items(), key=lambda group: group[0] if attribute == "year" else (-group[1], group[0]))
        writer.writerows((f"{attribute}: {name}", count) for name, count in ordered)
    return file.getvalue()


def measure_drift(before: Mapping[str, int], after: Mapping[str, int]) -> float:
    """Return the population stability index of two counts: 0 for equal shares; above .25 is usually called a shift.

    Sum over groups of (q - p) ln(q / p), the symmetric divergence of Kullback and Leibler (1951, *Annals of Mathematical
    Statistics* 22:79); the name and the bound are of credit scoring (Siddiqi, *Credit Risk Scorecards*, 2006). Half a row is
    added to every group, so that one which is new has a finite weight.
    """
    groups = sorted(before.keys() | after.keys())
    old, new = (_share(counts, groups) for counts in (before, after))
    return math.fsum((q - p) * math.log(q / p) for p, q in zip(old, new, strict=True))


def _share(counts: Mapping[str, int], groups: Sequence[str]) -> list[float]:
    total = sum(counts.values()) + 0.5 * len(groups)
    return [(counts.get(group, 0) + 0.5) / total for group in groups]


def _measure(words: Sequence[int]) -> Lengths | None:
    if not words:
        return None
    ordered = sorted(words)
    low, middle, high = (ordered[max(math.ceil(share * len(ordered)), 1) - 1] for share in (0.05, 0.5, 0.95))
    return Lengths(least=ordered[0], low=low, middle=middle, high=high, most=ordered[-1])
