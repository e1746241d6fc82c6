"""A model before the amendment and every way to update it, each through the product's own learner, replay and scoring.

What an arm gave is kept on disk under a digest of all that it depends on: a run that was interrupted goes on where it was.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pyarrow as pa

from benchmarks.amendments_paragraphs import Amended, Paragraphs
from benchmarks.kept import digest_learners, keep
from pipelines.domain.identities import Digest, digest_value
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.evaluate.contrasts import read_contrasts
from pipelines.evaluate.material import Material, read_general
from pipelines.evaluate.metrics import bits_per_byte
from pipelines.evaluate.params import EvaluateParams
from pipelines.evaluate.scoring import score_model
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.monitors import Unwatched
from pipelines.learners.predictors import load_predictor
from pipelines.learners.protocols import Lesson, Step
from pipelines.learners.rows import Row
from pipelines.lessons.params import ReplayParams
from pipelines.lessons.replay import count_replayed, sample_history
from pipelines.tables import PAIR_SCHEMA, write_table

Way = Literal["full", "LoRA"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The three learners: of the first training, and of an update by full fine-tuning and by LoRA."""

    cold: CausalLm
    full: CausalLm
    lora: CausalLm
    seed: int = 0
    threads: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way to update; ``share`` of its lesson is history."""

    way: Way
    share: float

    @property
    def name(self) -> str:
        """As people read it."""
        return f"{self.way}, replay {self.share:.0%}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one model knows. ``amended`` and ``earlier`` are 1 where it prefers the text in force; the rest is bits per byte.

    ``rows`` is how many paragraphs are untouched.
    """

    amended: tuple[float, ...]
    earlier: tuple[float, ...]
    untouched: float
    replayable: float
    general: float
    rows: int
    steps: int
    replayed: int
    seconds: float

    @property
    def currency(self) -> float:
        """The share of amended paragraphs whose text in force is preferred."""
        return sum(self.amended) / len(self.amended)

    @property
    def currency_of_earlier(self) -> float:
        """The same of what was amended earlier."""
        return sum(self.earlier) / len(self.earlier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The paragraphs, the recipe, and the folder where models and results are kept."""

    paragraphs: Paragraphs
    recipe: Recipe
    folder: Path

    @property
    def key(self) -> Digest:
        """Of all that the first training depends on, the learners' code included."""
        recipe = self.recipe
        return digest_value(
            [*digest_learners(), self.paragraphs.digest, recipe.cold.model_dump_json(), recipe.seed, recipe.threads]
        )

    @property
    def model(self) -> Path:
        """Where the model before the amendment lies."""
        return self.folder / self.key[:16] / "before"


def read_before(bench: Bench) -> Reading:
    """Train the model that all arms start from, and say what it knows before the amendment."""
    return keep(bench.model.with_suffix(".json"), Reading, lambda: _read_before(bench))


def read_arm(bench: Bench, arm: Arm) -> Reading:
    """Update the model with the amendment as the arm does, and say what it knows then."""
    learner = bench.recipe.full if arm.way == "full" else bench.recipe.lora
    name = digest_value([learner.model_dump_json(), f"{arm.share:g}"])[:16]
    return keep(bench.model.with_name(f"{name}.json"), Reading, lambda: _read_arm(bench, arm, learner))


def plan_update(paragraphs: Paragraphs, share: float, seed: int) -> tuple[list[Row], list[Row]]:
    """Return the news and what is replayed beside them, drawn as a retraining draws it (no minimum)."""
    news = [one.new_row for one in paragraphs.amended]
    count = count_replayed(len(news), len(paragraphs.history), ReplayParams(share=share, minimum=0))
    return news, sample_history(paragraphs.history, count, seed)


def gather_material(paragraphs: Paragraphs, scratch: Path) -> Material:
    """Return what every model is scored on: untouched paragraphs, everyday English, and the pairs as evaluation makes them."""
    pairs = [*_tabulate(paragraphs.amended), *_tabulate(paragraphs.earlier)]
    write_table(scratch / "currency.parquet", pa.Table.from_pylist(pairs, schema=PAIR_SCHEMA))
    contrasts = tuple(read_contrasts(scratch / "currency.parquet"))
    rows = {Slice.HOLDOUT: paragraphs.untouched, Slice.DEV: paragraphs.replayable, Slice.GENERAL: tuple(read_general())}
    return Material(rows=rows, contrasts=contrasts, subgroups={})


def _read_before(bench: Bench) -> Reading:
    started = time.monotonic()
    shutil.rmtree(bench.model, ignore_errors=True)
    curve = _fit(bench, bench.recipe.cold, (list(bench.paragraphs.known), []), bench.model)
    seconds = time.monotonic() - started
    return replace(_score(bench, bench.model), steps=len(curve), seconds=seconds)


def _read_arm(bench: Bench, arm: Arm, learner: CausalLm) -> Reading:
    read_before(bench)
    output = bench.model.with_name("after")
    shutil.rmtree(output, ignore_errors=True)
    news, history = plan_update(bench.paragraphs, arm.share, bench.recipe.seed)
    started = time.monotonic()
    curve = _fit(bench, learner, (news, history), output)
    seconds = time.monotonic() - started
    found = replace(_score(bench, output), steps=len(curve), replayed=len(history), seconds=seconds)
    shutil.rmtree(output)
    return found


def _fit(bench: Bench, learner: CausalLm, rows: tuple[list[Row], list[Row]], output: Path) -> list[Step]:
    news, history = ([row.document for row in part] for part in rows)
    lesson = Lesson(
        news=news,
        history=history,
        dev=(),
        labels=(),
        champion=None if output == bench.model else bench.model,
        checkpoints=None,
        seed=bench.recipe.seed,
        threads=bench.recipe.threads,
    )
    output.mkdir(parents=True)
    return learner.fit(lesson, output, Unwatched())


def _score(bench: Bench, model: Path) -> Reading:
    material = gather_material(bench.paragraphs, bench.model.parent)
    predictor = load_predictor(model, bench.recipe.threads)
    outcomes = score_model(Role.CANDIDATE, predictor, material, EvaluateParams().following_words)
    recent = {one.key for one in bench.paragraphs.amended}
    asked = [one for one in outcomes if one.slice is Slice.CURRENCY]
    return Reading(
        amended=tuple(one.correct or 0.0 for one in asked if one.row_id in recent),
        earlier=tuple(one.correct or 0.0 for one in asked if one.row_id not in recent),
        untouched=_measure_bits(outcomes, Slice.HOLDOUT),
        replayable=_measure_bits(outcomes, Slice.DEV),
        general=_measure_bits(outcomes, Slice.GENERAL),
        rows=len(bench.paragraphs.untouched),
        steps=0,
        replayed=0,
        seconds=0.0,
    )


def _measure_bits(outcomes: Sequence[Outcome], part: Slice) -> float:
    return bits_per_byte([one for one in outcomes if one.slice is part])


def _tabulate(amended: Sequence[Amended]) -> list[dict[str, object]]:
    return [
        {
            "row_id": one.key,
            "document_id": one.title,
            "family_id": one.title,
            "source": "paragraphs",
            "question": one.title,
            "text_before": one.before,
            "text_in_force": one.in_force,
            "label": "",
            "effective_from": one.effective,
            "ingest_seq": 0,
        }
        for one in amended
    ]
