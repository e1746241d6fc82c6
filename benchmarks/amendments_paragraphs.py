"""What is learned before and with an amendment: paragraphs of real regulations by version, or a few rules of our own.

The amendment is the rule of 2015 that rewrote Regulation C (home mortgage disclosure), in force on 2018-01-01. Earlier ones are
those of Regulation E (electronic transfers) of 2013-10-28, whose texts in force must still be preferred afterwards. Untouched are
paragraphs of which no second version is on record.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.domain.identities import Digest, FamilyId, SourceName, digest_value
from pipelines.domain.reading import compose_text
from pipelines.evaluate.contrasts import divide
from pipelines.learners.protocols import Document
from pipelines.learners.rows import Row

AMENDMENT = ("2015-26607", "2018-01-01")
EARLIER = "2013-10-28"
FEWEST_WORDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """A paragraph whose text was changed on the day ``effective``."""

    title: str
    before: str
    in_force: str
    effective: date

    @property
    def key(self) -> Digest:
        """What it is known by, and drawn by: of its content alone."""
        return digest_value([self.title, self.before, self.in_force])

    @property
    def old_row(self) -> Row:
        """The text that the amendment replaced."""
        return build_row(self.title, self.before, self.effective)

    @property
    def new_row(self) -> Row:
        """The text in force."""
        return build_row(self.title, self.in_force, self.effective)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraphs:
    """All that one benchmark reads. ``replayable`` and ``untouched`` are alike, but the latter are in no update at all."""

    amended: tuple[Amended, ...]
    earlier: tuple[Amended, ...]
    replayable: tuple[Row, ...]
    untouched: tuple[Row, ...]

    @property
    def known(self) -> tuple[Row, ...]:
        """What was in force before the amendment, all of which the model has learned."""
        settled = (*(one.new_row for one in self.earlier), *self.replayable, *self.untouched)
        return (*(one.old_row for one in self.amended), *settled)

    @property
    def history(self) -> tuple[Row, ...]:
        """What may be shown again: learned before, and still in force."""
        return (*(one.new_row for one in self.earlier), *self.replayable)

    @property
    def digest(self) -> Digest:
        """Of every text, in order."""
        texts = [row.document.text for row in (*self.known, *(one.new_row for one in self.amended))]
        return digest_value([*texts, *(one.before for one in self.earlier)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """How many of each are drawn, and how long they may be: all words of a paragraph must fit into what a model reads."""

    amended: int = 40
    earlier: int = 16
    replayable: int = 32
    untouched: int = 32
    longest: int = 80


def build_row(title: str, text: str, published: date) -> Row:
    """Return a paragraph as the row of a split, known by its content."""
    whole = compose_text(title, text)
    return Row(
        document=Document(row_id=digest_value(["paragraph", whole]), text=whole),
        family_id=FamilyId(title),
        source=SourceName("paragraphs"),
        published_at=published,
        ingest_seq=0,
    )


def read_paragraphs(folder: Path, numbers: Numbers) -> Paragraphs:
    """Read ``revision_pairs.jsonl.gz`` and ``paragraph_versions.jsonl.gz`` and draw by digest, so that no order matters.

    Raises:
        SystemExit: the files are not there, or hold too few paragraphs.
    """
    pairs = [_amended(row) for row in _read(folder / "revision_pairs.jsonl.gz") if _is_of_use(row, numbers)]
    versions = _read(folder / "paragraph_versions.jsonl.gz")
    amended = [one for document, one in pairs if (document, one.effective.isoformat()) == AMENDMENT]
    earlier = [one for _, one in pairs if one.effective.isoformat() == EARLIER]
    single = _draw_rows(_find_single(versions, numbers), numbers.replayable + numbers.untouched)
    return _check(
        Paragraphs(
            amended=_draw(amended, numbers.amended),
            earlier=_draw(earlier, numbers.earlier),
            replayable=single[: numbers.replayable],
            untouched=single[numbers.replayable :],
        ),
        numbers,
    )


def invent_paragraphs(numbers: Numbers) -> Paragraphs:
    """Return rules of our own, which only show that the machinery works: permits whose fee or term an amendment changes."""
    day = date(2026, 1, 1)
    permits = [
        Amended(title=f"Permit {n}", before=f"The fee is {w} dollars.", in_force=f"The fee is {v} dollars.", effective=day)
        for n, (w, v) in enumerate((("seven", "thirty"), ("twelve", "ninety")) * ((numbers.amended + 1) // 2))
    ]
    terms = [
        Amended(title=f"Licence {n}", before="It ends after one year.", in_force="It ends after five years.", effective=day)
        for n in range(numbers.earlier)
    ]
    rows = [
        build_row(f"Notice {n}", "A meeting is announced in the gazette.", day)
        for n in range(numbers.replayable + numbers.untouched)
    ]
    return Paragraphs(
        amended=tuple(permits[: numbers.amended]),
        earlier=tuple(terms),
        replayable=tuple(rows[: numbers.replayable]),
        untouched=tuple(rows[numbers.replayable :]),
    )


def _read(file: Path) -> list[dict[str, str]]:
    if not file.is_file():
        raise SystemExit(f"{file} is missing: set ADDENDUM_DATA to the folder of real records, or run with --quick")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _is_of_use(row: dict[str, str], numbers: Numbers) -> bool:
    if row["change"] != "modified" or not all(_fits(row[name], numbers) for name in ("old_text", "new_text")):
        return False
    _, before, in_force, _ = divide(row["old_text"], row["new_text"])
    return before.split() != in_force.split()


def _fits(text: str, numbers: Numbers) -> bool:
    return FEWEST_WORDS <= len(text.split()) <= numbers.longest


def _amended(row: dict[str, str]) -> tuple[str, Amended]:
    effective = date.fromisoformat(row["new_effective"])
    one = Amended(title=_name(row), before=row["old_text"], in_force=row["new_text"], effective=effective)
    return row["new_document"], one


def _name(row: dict[str, str]) -> str:
    return f"12 CFR {row['label']}"


def _find_single(versions: Sequence[dict[str, str]], numbers: Numbers) -> list[Row]:
    """Return the paragraphs with one version, of the parts that the amendments are of: the likeliest to be disturbed."""
    times = Counter(_name(row) for row in versions)
    parts = {"1003", "1005"}
    return [
        build_row(_name(row), row["text"], date.fromisoformat(row["effective"]))
        for row in versions
        if row["part"] in parts and row["effective"] < EARLIER and times[_name(row)] == 1 and _fits(row["text"], numbers)
    ]


def _draw(found: Iterable[Amended], count: int) -> tuple[Amended, ...]:
    """Return ``count`` of them, of each title the first by key: a paragraph amended twice on a day has one text in force."""
    by_title = {one.title: one for one in sorted(found, key=lambda one: one.key, reverse=True)}
    return tuple(sorted(by_title.values(), key=lambda one: one.key)[:count])


def _draw_rows(found: Iterable[Row], count: int) -> tuple[Row, ...]:
    return tuple(sorted({row.document.row_id: row for row in found}.values(), key=lambda row: row.document.row_id)[:count])


def _check(found: Paragraphs, wanted: Numbers) -> Paragraphs:
    for name in ("amended", "earlier", "replayable", "untouched"):
        have, want = len(getattr(found, name)), getattr(wanted, name)
        if have < want:
            raise SystemExit(f"there are {have} {name} paragraphs, and {want} are wanted: allow longer ones, or want fewer")
    return found
