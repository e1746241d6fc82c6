"""What differs between the making of two models: documents, sources, labels, parameters, gates, code and library versions.

A difference has a name (``train.learner.rate``, ``code.learners``, ``judge.weaker``) that the rules of an envelope speak about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipelines.domain.identities import shorten
from pipelines.domain.recipes import Recipe
from pipelines.judge.weakenings import compare_judging

NOUNS: Mapping[str, str] = {
    "train.learner": "learner",
    "train.learner.kind": "learner",
    "train.learner.base": "base model",
    "split.key": "key of the split",
}
LONGEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference; ``value`` is the new value of a parameter, and ``None`` for everything else."""

    name: str
    sentence: str
    value: object = None


def compare_recipes(before: Recipe, after: Recipe) -> tuple[Difference, ...]:
    """Return all differences, documents first, in a fixed order; a recipe differs from itself in nothing."""
    return (
        *_compare_documents(before, after),
        *_compare_names("sources", "source", before.sources, after.sources),
        *_compare_labels(before, after),
        *_compare_params(before.params, after.params),
        *(
            Difference(name=f"judge.{shift.direction}", sentence=shift.sentence)
            for shift in compare_judging(before.params, after.params)
        ),
        *_compare_code(before, after),
    )


def _compare_documents(before: Recipe, after: Recipe) -> Iterator[Difference]:
    if (before.corpus, before.ingest_seq) != (after.corpus, after.ingest_seq):
        arrivals = after.ingest_seq - before.ingest_seq
        yield Difference(name="corpus", sentence=f"other documents ({arrivals:+d} arrivals)")


def _compare_labels(before: Recipe, after: Recipe) -> Iterator[Difference]:
    yield from _compare_names("labels", "label", before.labels, after.labels)
    if before.labels != after.labels and sorted(before.labels) == sorted(after.labels):
        yield Difference(name="labels.order", sentence="labels in another order")


def _compare_names(name: str, noun: str, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[Difference]:
    for each in sorted(set(after) - set(before)):
        yield Difference(name=f"{name}.added", sentence=f"{noun} added: {_cut(each)}")
    for each in sorted(set(before) - set(after)):
        yield Difference(name=f"{name}.removed", sentence=f"{noun} removed: {_cut(each)}")


def _compare_params(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was == now or name == "labels" or name.startswith("judge."):
            continue
        sentence = f"{NOUNS.get(name, name)}: {_cut(was or '(none)')} → {_cut(now or '(none)')}"
        yield Difference(name=name, sentence=sentence, value=None if now is None else json.loads(now))


def _compare_code(before: Recipe, after: Recipe) -> Iterator[Difference]:
    for part in sorted(before.code.keys() | after.code.keys()):
        was, now = before.code.get(part), after.code.get(part)
        if was != now:
            yield Difference(name=f"code.{part}", sentence=f"code of {part}: {_tell(was)} → {_tell(now)}")
    if before.constraints != after.constraints:
        told = f"{shorten(before.constraints)} → {shorten(after.constraints)}"
        yield Difference(name="constraints", sentence=f"library versions: {told}")


def _tell(digest: str | None) -> str:
    return shorten(digest) if digest else "(none)"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
