"""Runs the arms over the years of a series, all of them up to a year before any goes on to the next, and keeps what came out.

What is done is found done: cut short at any place and started again, a replay goes on where it was and ends the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.currency_arms import Arm, Size, build_params, choose_training
from benchmarks.currency_gates import Gate, judge_candidate
from benchmarks.currency_models import Cost, Model, Predictions, Shelf, lay_out_training, plan_cost, predict, train_model
from benchmarks.currency_splits import Splits, prepare_splits
from benchmarks.series import Series
from pipelines.domain.identities import digest_value
from pipelines.domain.verdicts import Decision
from pipelines.files import read_json, write_json
from pipelines.params import DomainParams

CONTINUED = (Arm.FROZEN, Arm.NAIVE, Arm.RECIPE, Arm.JUDGED)
"""The arms whose weights are needed in the years that follow."""

NOTHING = Cost(tokens=0, padded=0, seconds=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One series under one seed: what is to be replayed, how, and where. ``seed`` is a place in the list of seeds, from 0."""

    series: Series
    size: Size
    seed: int
    threads: int
    root: Path

    @property
    def shelf(self) -> Shelf:
        """The models of this seed, beside the splits that all seeds share."""
        return Shelf(Splits(self.series, self.root / "shared"), self.root / f"seed-{self.seed}")

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The arms, the judged one only where the size says so."""
        return tuple(arm for arm in Arm if arm is not Arm.JUDGED or self.seed < self.size.judged_seeds)

    def digest(self, arm: Arm) -> str:
        """Return what tells this arm's results from those under other parameters; other arms' parameters do not matter to it."""
        trainings = [choose_training(arm, self.size, self.seed, self.threads, is_warm=warm) for warm in (False, True)]
        params = [build_params(self.series, self.size, training) for training in trainings]
        plain = [one.model_dump(mode="json", include={"train", "judge", "evaluate"}) for one in params]
        every = self.size.full_every if arm is Arm.FULL else 0
        return digest_value([plain, every, self.size.matrix_rows, self.seed < self.size.matrix_seeds])[:12]

    def cell_file(self, arm: Arm, drop: int) -> Path:
        """Return where the result of an arm after a drop is kept."""
        return self.shelf.root / "cells" / f"{arm.value}-{self.digest(arm)}" / f"{drop:02d}.json"

    @property
    def last(self) -> int:
        """The number of the last drop."""
        return len(self.series.drops) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One arm after one drop: ``model`` is what serves then, ``None`` where it was only planned what training would take.

    ``spent`` is what this year's training took; ``decision`` and ``sentence`` are the judge's, empty where it was not asked.
    """

    arm: Arm
    drop: int
    model: Model | None
    spent: Cost
    decision: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A replay that has ended: all cells, and the predictions of every model by its key."""

    series: Series
    seed: int
    cells: tuple[Cell, ...]
    predictions: dict[str, Predictions]
    held_out: dict[int, frozenset[str]]


def prepare(replay: Replay) -> Splits:
    """Bring the series to its corpus and split every year; done once for all seeds."""
    return prepare_splits(replay.series, _params(replay, Arm.FULL, is_warm=False), replay.root / "shared")


def run_replay(replay: Replay) -> None:
    """Run all arms to the last year; :func:`prepare` must have run."""
    heads: dict[Arm, Cell] = {}
    for drop in range(replay.last + 1):
        for arm in replay.arms:
            heads[arm] = _advance(replay, arm, drop, heads.get(arm))
        serving = [head.model for arm, head in heads.items() if head.model and arm in CONTINUED]
        replay.shelf.remove_others(serving, before=drop)


def read_outcome(replay: Replay) -> Outcome:
    """Read back what :func:`run_replay` kept; raises :class:`WorkspaceError` where it has not ended."""
    cells = tuple(read_json(replay.cell_file(arm, drop), Cell) for arm in replay.arms for drop in range(replay.last + 1))
    models = {cell.model.key: cell.model for cell in cells if cell.model}
    predictions = {key: read_json(replay.shelf.predictions(model), Predictions) for key, model in models.items()}
    held = dict(replay.shelf.splits.find_held_out(replay.size.matrix_rows))
    return Outcome(series=replay.series, seed=replay.seed, cells=cells, predictions=predictions, held_out=held)


def _advance(replay: Replay, arm: Arm, drop: int, head: Cell | None) -> Cell:
    path = replay.cell_file(arm, drop)
    if path.is_file():
        return read_json(path, Cell)
    cell = _step(replay, arm, drop, head)
    if cell.model:
        predict(replay.shelf, cell.model, _choose_rows(replay, arm, drop), replay.threads)
    write_json(path, cell)
    return cell


def _step(replay: Replay, arm: Arm, drop: int, head: Cell | None) -> Cell:
    parent = head.model if head and arm in CONTINUED else None
    if arm is Arm.FROZEN and parent:
        return Cell(arm=arm, drop=drop, model=parent, spent=NOTHING)
    params = _params(replay, arm, is_warm=parent is not None)
    if arm is Arm.FULL and not _is_due(replay, drop):
        return Cell(arm=arm, drop=drop, model=None, spent=_plan(replay, drop, params))
    if arm is Arm.JUDGED:
        return _step_judged(replay, drop, params, parent)
    wanted = _choose_rows(replay, arm, drop)
    candidate = train_model(replay.shelf, drop, params, parent, wanted if drop or arm not in CONTINUED else None)
    return Cell(arm=arm, drop=drop, model=candidate, spent=candidate.cost)


def _step_judged(replay: Replay, drop: int, params: DomainParams, serving: Model | None) -> Cell:
    candidate = train_model(replay.shelf, drop, params, serving, None)
    root = replay.shelf.root / f"judged-{replay.digest(Arm.JUDGED)}"
    verdict = judge_candidate(Gate(replay.shelf, params, drop, root), candidate, serving)
    return Cell(
        arm=Arm.JUDGED,
        drop=drop,
        model=candidate if verdict.decision is Decision.PROMOTE else serving,
        spent=candidate.cost,
        decision=verdict.decision.value,
        sentence=verdict.sentence,
    )


def _is_due(replay: Replay, drop: int) -> bool:
    """Whether a full retraining is made: the first, and counted back from the last whose next year is scored."""
    every = replay.size.full_every
    return drop == 0 or every == 1 or (drop < replay.last and (replay.last - 1 - drop) % every == 0)


def _plan(replay: Replay, drop: int, params: DomainParams) -> Cost:
    # a base from a package has one tokenizer; one from scratch makes its own of each lesson, and any of them is near enough
    first = min((replay.shelf.root / "models").glob("*/tokenizer.json"))
    return plan_cost(lay_out_training(replay.shelf, drop, None), params, first, is_warm=False)


def _choose_rows(replay: Replay, arm: Arm, drop: int) -> dict[int, frozenset[str]]:
    """Return the rows that the model after ``drop`` is scored on: the next drop's, all, and the held-out ones of the matrix."""
    held = replay.shelf.splits.find_held_out(replay.size.matrix_rows)
    is_whole = drop == replay.last or arm in {Arm.FROZEN, Arm.LINEAR} or replay.seed < replay.size.matrix_seeds
    wanted = {number: ids for number, ids in held.items() if is_whole or number == drop}
    if drop < replay.last:
        wanted[drop + 1] = frozenset(revision.digest for revision in replay.series.drops[drop + 1].revisions)
    return wanted


def _params(replay: Replay, arm: Arm, *, is_warm: bool) -> DomainParams:
    training = choose_training(arm, replay.size, replay.seed, replay.threads, is_warm=is_warm)
    return build_params(replay.series, replay.size, training)
