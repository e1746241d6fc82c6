"""Histories and drops of three labels that can be told from their words, for whatever screens labels."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pipelines.admit.claims import Claim, list_claims
from pipelines.domain.identities import FamilyId
from pipelines.domain.revisions import Revision
from tests.builders.admissions import LABELS
from tests.builders.revisions import build_revision

WORDS = {
    "Class I": ("salmonella", "listeria", "undeclared", "peanut", "allergen", "outbreak", "illness", "hospital"),
    "Class II": ("impurity", "dissolution", "assay", "stability", "potency", "specification", "degradation", "sterility"),
    "Class III": ("label", "carton", "misprint", "leaflet", "barcode", "expiry", "font", "colour"),
}
COMMON = ("the", "firm", "recalls", "a", "product", "of", "this", "lot", "after", "a", "report", "from", "one", "customer")


def build_labelled(number: int, label: str | None = None, **fields: Any) -> Revision:
    """A sentence of eight words of its label and six of anybody's, in a family of its own."""
    own = LABELS[number % len(LABELS)] if label is None else label
    draw = random.Random(f"labelled {number}")
    words = [*draw.choices(WORDS[own], k=8), *draw.choices(COMMON, k=6), f"case{number}"]
    draw.shuffle(words)
    defaults: dict[str, Any] = {"title": "", "text": " ".join(words), "labels": (own,), "family_id": FamilyId(f"event {number}")}
    return build_revision(f"recall-{number}", **{**defaults, **fields})


def build_history(count: int = 1_200, first: int = 0) -> tuple[Revision, ...]:
    return tuple(build_labelled(number) for number in range(first, first + count))


def plant(revisions: Sequence[Revision], phrase: str, label: str) -> list[Revision]:
    """The same texts with a phrase in the middle, all under one label."""
    return [
        replace(row, text=f"{row.text[:40].rpartition(' ')[0]} {phrase} {row.text[40:].partition(' ')[2]}", labels=(label,))
        for row in revisions
    ]


def flip(revisions: Sequence[Revision]) -> list[Revision]:
    """The same texts, each under the label after its own."""
    return [replace(row, labels=(LABELS[(LABELS.index(row.labels[0]) + 1) % len(LABELS)],)) for row in revisions]


def claim_all(revisions: Sequence[Revision]) -> list[Claim]:
    return list_claims(revisions, LABELS)
