"""Models by what they are made from: trained once by the product's own stage, whichever arms want them, and found again on disk.

A model's key is a digest of the documents, the year, its training parameters and its parent. So two arms that come to the same
training share it, and a replay that was cut short goes on where it was.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from benchmarks.currency_splits import Splits
from pipelines.catalog import StageName, run_stage
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest, digest_value
from pipelines.domain.pins import ModelPin, Pin
from pipelines.files import digest_folder, read_json, write_json
from pipelines.learners.batches import plan_batches
from pipelines.learners.predictors import load_predictor
from pipelines.learners.protocols import Document
from pipelines.learners.tokenizers import read_tokenizer, tokenise
from pipelines.lessons.planning import plan_lesson
from pipelines.params import DomainParams
from pipelines.train.training import TrainingReport
from pipelines.workspace import DomainFolder, Workspace

Predictions: TypeAlias = dict[str, dict[str, str]]
"""Row id to predicted label, by the drop that the rows belong to."""

Wanted: TypeAlias = Mapping[int, frozenset[str]]
"""Which rows of each drop are to be predicted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a training took: tokens of text, the same with padding, and seconds of the device (0 where only planned).

    Seconds are the processor's own on a CPU, which other work beside it does not lengthen, and the wall's on an accelerator.
    """

    tokens: int
    padded: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A trained model: ``key`` says what it was made from, ``digest`` what came out."""

    key: str
    digest: Digest
    drop: int
    cost: Cost


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the models of one series and seed lie, and what has been predicted with them.

    Weights are removed when nobody continues from them; the record of a model and its predictions stay.
    """

    splits: Splits
    root: Path

    def folder(self, model: Model) -> Path:
        """Return the model's folder."""
        return self.root / "models" / model.key

    def record(self, key: str) -> Path:
        """Return where it is said what came out of a training."""
        return self.root / "records" / f"{key}.json"

    def predictions(self, model: Model) -> Path:
        """Return where the model's predictions are."""
        return self.root / "predictions" / f"{model.key}.json"

    def has_weights(self, model: Model) -> bool:
        """Tell whether the model's folder is there."""
        return self.folder(model).is_dir()

    def find_missing(self, model: Model, wanted: Wanted) -> dict[int, frozenset[str]]:
        """Return the rows by drop that are ``wanted`` and were not predicted yet; nothing where all were."""
        path = self.predictions(model)
        known = read_json(path, Predictions) if path.is_file() else {}
        missing = {drop: ids - known.get(str(drop), {}).keys() for drop, ids in wanted.items()}
        return {drop: ids for drop, ids in missing.items() if ids}

    def remove_others(self, kept: Sequence[Model], before: int) -> None:
        """Remove the weights of models made before drop ``before``, but for those ``kept``.

        Newer ones stay: whoever goes through years that are done must not remove what the next year continues from.
        """
        needed = {model.key for model in kept}
        for folder in (self.root / "models").glob("*"):
            if folder.name not in needed and read_json(self.record(folder.name), Model).drop < before:
                shutil.rmtree(folder)


def train_model(shelf: Shelf, drop: int, params: DomainParams, parent: Model | None, wanted: Wanted | None) -> Model:
    """Return the model that ``params.train`` makes of the splits of ``drop`` and ``parent``, trained unless that was done.

    A model that was trained and predicted all that is ``wanted`` needs no weights; ``None`` where they are needed anyway.
    Raises :class:`WorkspaceError` where the parent's weights are needed and were removed.
    """
    plain = params.train.model_dump(mode="json", exclude={"threads"})
    key = digest_value([shelf.splits.series.digest, drop, plain, parent.key if parent else ""])[:16]
    if shelf.record(key).is_file():
        model = read_json(shelf.record(key), Model)
        is_enough = wanted is not None and not shelf.find_missing(model, wanted)
        if is_enough or shelf.has_weights(model):
            return model
    folder = lay_out_training(shelf, drop, parent)
    seconds = _time_training(shelf, params, folder)
    model = Model(key=key, digest=digest_folder(folder.model), drop=drop, cost=_account(folder, params, seconds, parent))
    shutil.rmtree(shelf.folder(model), ignore_errors=True)
    shelf.folder(model).parent.mkdir(parents=True, exist_ok=True)
    write_json(shelf.record(key), model)
    os.replace(folder.model, shelf.folder(model))
    return model


def _time_training(shelf: Shelf, params: DomainParams, folder: DomainFolder) -> float:
    """Run the stage and return its seconds; what importing a library takes is nobody's training."""
    from pipelines.learners import classifier_fitting, linear_fitting  # noqa: F401

    started = _read_clock()
    run_stage(StageName.TRAIN, shelf.splits.series.name, params, Workspace(folder.root.parents[1]), shelf.splits.settings)
    return _read_clock() - started


def _account(folder: DomainFolder, params: DomainParams, seconds: float, parent: Model | None) -> Cost:
    tokens = read_json(folder.training / "report.json", TrainingReport).tokens
    planned = plan_cost(folder, params, folder.model / "tokenizer.json", is_warm=parent is not None)
    return Cost(tokens=tokens, padded=planned.padded, seconds=seconds)


def lay_out_training(shelf: Shelf, drop: int, parent: Model | None) -> DomainFolder:
    """Return a fresh domain folder with the pin, the splits of ``drop`` and the parent as champion: what the stage reads."""
    if parent is not None and not shelf.has_weights(parent):
        raise WorkspaceError(f"{shelf.folder(parent)} was removed and is needed again: remove {shelf.root} and replay its seed")
    name = shelf.splits.series.name
    shutil.rmtree(shelf.root / "training", ignore_errors=True)
    folder = Workspace(shelf.root / "training").of(name)
    folder.root.mkdir(parents=True)
    ready = shelf.splits.folder(drop)
    for place in (ready.snapshot, ready.curated, ready.splits):
        (folder.root / place.name).symlink_to(place.resolve())
    if parent is None:
        folder.champion.mkdir()
    else:
        folder.champion.symlink_to(shelf.folder(parent).resolve())
    pinned = ModelPin(version=parent.drop + 1, digest=parent.digest) if parent else None
    pin = Pin(corpus=shelf.splits.pin(drop), champion=pinned, anchor=pinned, look=None, reason="a replay")
    write_json(folder.pin, pin)
    return folder


def plan_cost(folder: DomainFolder, params: DomainParams, tokenizer: Path, *, is_warm: bool) -> Cost:
    """Return what a training would take, by the learner's own plan of batches; nothing of the linear learner, which has none."""
    learner = params.train.learner
    if learner.kind != "classifier":
        return Cost(tokens=0, padded=0, seconds=0.0)
    lesson = plan_lesson(folder, params.train, params.labels, folder.champion if is_warm else None, None).lesson
    schedule = learner.continued() if is_warm else learner
    texts = [row.text for row in (*lesson.news, *lesson.history)]
    lengths = [len(tokens.ids) or 1 for tokens in tokenise(read_tokenizer(tokenizer), texts, learner.max_tokens)]
    epochs = [plan_batches(lengths, learner.batch_tokens, lesson.seed, epoch) for epoch in range(schedule.epochs)]
    padded = sum(len(batch) * max(lengths[place] for place in batch) for batches in epochs for batch in batches)
    return Cost(tokens=sum(lengths) * schedule.epochs, padded=padded, seconds=0.0)


def predict(shelf: Shelf, model: Model, wanted: Wanted, threads: int) -> None:
    """Predict the ``wanted`` rows, as far as that was not done before, and keep what was predicted."""
    path, missing = shelf.predictions(model), shelf.find_missing(model, wanted)
    if not missing:
        return
    known = read_json(path, Predictions) if path.is_file() else {}
    rows = [row for drop, ids in sorted(missing.items()) for row in _list_documents(shelf.splits, drop) if row.row_id in ids]
    found = {one.row_id: one.predicted for one in load_predictor(shelf.folder(model), threads).predict(rows)}
    for drop, ids in missing.items():
        known.setdefault(str(drop), {}).update({row_id: found[Digest(row_id)] for row_id in sorted(ids)})
    write_json(path, known)


def _list_documents(splits: Splits, drop: int) -> list[Document]:
    revisions = splits.series.drops[drop].revisions
    return [Document(row_id=one.digest, text=one.text, label=one.labels[0]) for one in revisions]


def _read_clock() -> float:
    from pipelines.learners.devices import find_device

    return time.process_time() if find_device().type == "cpu" else time.perf_counter()
