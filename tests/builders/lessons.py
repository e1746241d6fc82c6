"""Lessons that any learner can learn in a moment: two classes told apart by their words, and rules with a number in them."""

from __future__ import annotations

import random
from typing import Any

from pipelines.domain.identities import Digest, digest_value
from pipelines.learners.protocols import Document, Lesson, Pair, Step

LABELS = ("recall", "notice")
_WORDS = {
    "recall": ("contaminated", "tablets", "salmonella", "withdrawn", "lot", "hazard"),
    "notice": ("meeting", "committee", "agenda", "public", "comment", "hearing"),
    "licence": ("permit", "granted", "holder", "annual", "fee", "renewal"),
}


class Watcher:
    """Keeps the steps that it was shown."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def observe(self, step: Step) -> None:
        self.steps.append(step)


def build_document(number: int, label: str = "recall", **fields: Any) -> Document:
    words = random.Random(f"{label} {number}").choices(_WORDS.get(label, _WORDS["recall"]), k=8)
    defaults = {"row_id": Digest(digest_value([label, number])), "text": " ".join(words), "label": label}
    return Document(**{**defaults, **fields})


def build_documents(count: int, labels: tuple[str, ...] = LABELS, start: int = 0) -> list[Document]:
    return [build_document(number, labels[number % len(labels)]) for number in range(start, start + count)]


def build_lesson(count: int = 40, **fields: Any) -> Lesson:
    labels = fields.get("labels", LABELS)
    defaults: dict[str, Any] = {
        "news": build_documents(count, labels),
        "history": [],
        "dev": build_documents(8, labels, start=1000),
        "labels": labels,
        "champion": None,
        "checkpoints": None,
        "seed": 7,
        "threads": 1,
    }
    return Lesson(**{**defaults, **fields})


def build_pair(number: int = 1, before: str = "seven days", in_force: str = "thirty days") -> Pair:
    return Pair(
        row_id=Digest(digest_value(["pair", number])),
        question=f"Rule {number}. A report is due within",
        text_before=f" {before}.",
        text_in_force=f" {in_force}.",
    )
