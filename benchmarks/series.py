"""Three real series that drift, read from the optional folder of real data, and one of ours that stands in for them in tests.

A series is documents with a label in the order of their dates; a replay brings it to the corpus in drops, a year at a time.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import DocumentId, DomainName, FamilyId, SourceName, digest_value
from pipelines.domain.revisions import Revision
from pipelines.lessons.replay import share_out

SYNTHETIC = DomainName("drifting_words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a series is read from: ``family`` is the field of what must not straddle a split, ``first`` the years of drop 0."""

    file: str
    family: str
    first: int


ORIGINS: Mapping[DomainName, Origin] = {
    DomainName("regulatory_titles"): Origin(file="regulatory_titles/agency.jsonl.gz", family="docket_id", first=3),
    DomainName("fda_recalls"): Origin(file="fda_recalls/recall_class.jsonl.gz", family="event_id", first=2),
    DomainName("pubmed_drugs"): Origin(file="pubmed_drugs/drug_topic.jsonl.gz", family="id", first=3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One labelled document as published; of some only the year is known, and they count from its first day."""

    document_id: str
    family: str
    published: date
    text: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """What arrives together: the revisions of one year, or of the first years in drop 0. ``last`` is its last year."""

    number: int
    first: int
    last: int
    revisions: tuple[Revision, ...]

    @property
    def name(self) -> str:
        """Its years as people write them."""
        return str(self.last) if self.first == self.last else f"{self.first}–{self.last}"

    @property
    def ends_at(self) -> datetime:
        """The moment at which it has arrived and a model is made from it: the last day of its last year."""
        return datetime(self.last, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A sampled series in drops; ``available`` counts the documents that it was sampled from."""

    name: DomainName
    labels: tuple[str, ...]
    drops: tuple[Drop, ...]
    available: int

    @property
    def digest(self) -> str:
        """Which documents it consists of, in which drops."""
        return digest_value([self.name, [[revision.digest for revision in drop.revisions] for drop in self.drops]])


def read_items(origin: Origin, data: Path) -> tuple[Item, ...]:
    """Read a real series in the order of its dates; raises :class:`WorkspaceError` where the folder of real data lacks it."""
    path = data / origin.file
    if not path.is_file():
        raise WorkspaceError(f"{path} is missing: set ADDENDUM_DATA to the folder of real data, or say --quick")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return tuple(_read_item(json.loads(line), origin) for line in lines)


def build_series(name: DomainName, items: Sequence[Item], first_years: int, rows: int | None) -> Series:
    """Sample at most ``rows`` documents a year (``None``: all) and cut them into drops; the labels are those of all items."""
    sampled = sample_items(items, rows)
    labels = tuple(sorted({item.label for item in items}))
    return Series(name=name, labels=labels, drops=cut_into_drops(name, sampled, first_years), available=len(items))


def sample_items(items: Iterable[Item], rows: int | None) -> tuple[Item, ...]:
    """Return at most ``rows`` items of each year, each label in proportion to its size; it depends on nothing but the items.

    Which of a label's items are drawn is decided by the digests of their ids, so that their order is nothing.
    """
    strata: defaultdict[int, defaultdict[str, list[Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        strata[item.published.year][item.label].append(item)
    chosen: list[Item] = []
    for year in sorted(strata):
        of_year = [sorted(strata[year][label], key=_draw) for label in sorted(strata[year])]
        shares = share_out([len(one) for one in of_year], sum(map(len, of_year)) if rows is None else rows)
        chosen.extend(item for one, share in zip(of_year, shares, strict=True) for item in one[:share])
    return tuple(sorted(chosen, key=lambda item: (item.published, item.document_id)))


def cut_into_drops(name: DomainName, items: Sequence[Item], first_years: int) -> tuple[Drop, ...]:
    """Return one drop of the first ``first_years`` years and one of each year after them."""
    years = sorted({item.published.year for item in items})
    spans = [(years[0], years[first_years - 1]), *((year, year) for year in years[first_years:])]
    return tuple(
        Drop(
            number=number,
            first=first,
            last=last,
            revisions=tuple(_revise(name, item) for item in items if first <= item.published.year <= last),
        )
        for number, (first, last) in enumerate(spans)
    )


def make_drifting_items(years: int, rows: int, seed: int = 0) -> tuple[Item, ...]:
    """Make a series of ours: three labels whose words turn over by a third each year, among words that say nothing.

    A word is letters of a digest: nothing in its spelling tells whose it is.
    """
    random = Random(seed)  # noqa: S311  # a seeded generator is the point
    labels = ("alpha", "beta", "gamma")
    return tuple(
        Item(
            document_id=f"{year}-{number:04d}",
            family=f"family {year}-{number // 2:04d}",
            published=date(2000 + year, 1 + number % 12, 1),
            text=_write_text(labels[number % 3], year, random),
            label=labels[number % 3],
        )
        for year in range(years)
        for number in range(rows)
    )


def _write_text(label: str, year: int, random: Random) -> str:
    words = [digest_value([label, random.randrange(2 * year, 2 * year + 6)])[:4] for _ in range(5)]
    words += [f"filler{random.randrange(9)}" for _ in range(4)]
    random.shuffle(words)
    return " ".join(words)


def _read_item(row: Mapping[str, object], origin: Origin) -> Item:
    day = str(row["date"])
    return Item(
        document_id=str(row["id"]),
        family=str(row[origin.family]),
        published=date.fromisoformat(day) if "-" in day else date(int(day), 1, 1),
        text=str(row["text"]),
        label=str(row["label"]),
    )


def _revise(name: DomainName, item: Item) -> Revision:
    return Revision(
        source=SourceName(name),
        document_id=DocumentId(item.document_id),
        family_id=FamilyId(item.family),
        title="",
        text=item.text,
        labels=(item.label,),
        published_at=item.published,
        effective_from=item.published,
        recorded_at=datetime(item.published.year, 12, 31, tzinfo=UTC),
        licence="for measurement",
    )


def _draw(item: Item) -> str:
    return digest_value(["sample", item.document_id])
