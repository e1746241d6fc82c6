"""A replay goes through the product's own stages, shares what is the same, and goes on where it was cut."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.currency_arms import SHARES, Arm, build_params, choose_training
from benchmarks.currency_models import train_model
from benchmarks.matrices import read_track
from benchmarks.replays import Cell, Outcome, Replay, prepare, read_outcome, run_replay
from pipelines.clock import SystemClock
from pipelines.corpus.tables import Corpus
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.events import Kind
from pipelines.ledger.ledgers import Ledger
from pipelines.lessons.planning import read_seen
from pipelines.split.assignments import assign_family
from pipelines.split.params import Shares
from tests.builders.replays import SMALL, build_replay, build_small_series

if TYPE_CHECKING:
    from benchmarks.currency_splits import Splits

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Splits:
    return prepare(build_replay(tmp_path_factory.mktemp("replay")))


@pytest.fixture(scope="module")
def replay(shared: Splits) -> Replay:
    made = build_replay(shared.root.parent, size=replace(SMALL, judged_seeds=1))
    run_replay(made)
    return made


@pytest.fixture(scope="module")
def outcome(replay: Replay) -> Outcome:
    return read_outcome(replay)


def list_cells(outcome: Outcome, arm: Arm) -> list[Cell]:
    return [cell for cell in outcome.cells if cell.arm is arm]


def keys_of(outcome: Outcome, arm: Arm) -> list[str]:
    return [cell.model.key if cell.model else "" for cell in list_cells(outcome, arm)]


def test_every_year_is_an_arrival_of_one_corpus_and_a_pin_of_its_own(shared: Splits) -> None:
    corpus = Corpus.open(shared.settings.corpus_address(shared.series.name))
    assert len(corpus.drops()) == len(shared.series.drops) == 3
    assert [shared.pin(drop.number).ingest_seq for drop in shared.series.drops] == [1, 2, 3]
    arrived = [len(shared.read_entries(drop.number)) for drop in shared.series.drops]
    assert arrived == [72, 108, 144]


def test_prepared_again_nothing_arrives_and_nothing_is_split_anew(shared: Splits) -> None:
    report = shared.folder(2).splits / "report.json"
    before = report.stat().st_mtime_ns
    again = prepare(build_replay(shared.root.parent))
    assert (report.stat().st_mtime_ns, again.pin(2)) == (before, shared.pin(2))


def test_what_is_held_out_is_of_families_that_no_model_is_trained_or_chosen_on(shared: Splits) -> None:
    held = shared.find_held_out(None)
    for drop in shared.series.drops:
        families = {revision.family_id for revision in drop.revisions if revision.digest in held[drop.number]}
        splits = {assign_family("currency", family, Shares.model_validate(SHARES)) for family in families}
        assert families
        assert splits <= {"holdout", "anchor"}


@pytest.mark.parametrize("arm", [Arm.FROZEN, Arm.NAIVE, Arm.RECIPE, Arm.JUDGED])
def test_without_anything_to_continue_from_an_arm_trains_as_a_full_retraining_does(arm: Arm) -> None:
    full = choose_training(Arm.FULL, SMALL, 0, 1, is_warm=False)
    assert choose_training(arm, SMALL, 0, 1, is_warm=False) == full
    assert not full.is_warm


def test_naive_fine_tuning_replays_nothing_and_the_recipe_does() -> None:
    naive, recipe = (choose_training(arm, SMALL, 0, 1, is_warm=True) for arm in (Arm.NAIVE, Arm.RECIPE))
    assert naive.is_warm
    assert (naive.replay.share, naive.replay.minimum) == (0, 0)
    assert recipe.replay.share > 0
    assert choose_training(Arm.JUDGED, SMALL, 0, 1, is_warm=True) == recipe


def test_another_parameter_is_another_result_of_the_arms_that_have_it_alone(tmp_path: Path) -> None:
    one = build_replay(tmp_path)
    rarer = build_replay(tmp_path, size=replace(SMALL, full_every=2))
    assert {arm for arm in Arm if one.digest(arm) != rarer.digest(arm)} == {Arm.FULL}
    longer = build_replay(tmp_path, size=replace(SMALL, epochs=2))
    assert one.digest(Arm.LINEAR) == longer.digest(Arm.LINEAR)
    assert one.digest(Arm.RECIPE) != longer.digest(Arm.RECIPE)


@pytest.mark.slow
def test_all_networks_begin_as_the_same_model_and_the_frozen_one_stays_it(outcome: Outcome) -> None:
    first = keys_of(outcome, Arm.FROZEN)[0]
    assert keys_of(outcome, Arm.FROZEN) == [first] * 3
    assert {keys_of(outcome, arm)[0] for arm in (Arm.NAIVE, Arm.RECIPE, Arm.JUDGED, Arm.FULL)} == {first}
    assert len({keys_of(outcome, arm)[1] for arm in (Arm.NAIVE, Arm.RECIPE, Arm.FULL)}) == 3


@pytest.mark.slow
def test_costs_grow_with_history_for_full_and_with_news_for_the_rest(outcome: Outcome) -> None:
    full, recipe, naive = ([cell.spent for cell in list_cells(outcome, arm)] for arm in (Arm.FULL, Arm.RECIPE, Arm.NAIVE))
    assert full[0].padded < full[1].padded < full[2].padded
    assert 0 < naive[2].padded < recipe[2].padded
    assert naive[2].padded < full[2].padded
    assert all(cost.seconds > 0 and cost.padded >= cost.tokens for cost in full)


@pytest.mark.slow
def test_a_full_retraining_that_is_not_made_costs_about_what_it_would_have_taken(replay: Replay, outcome: Outcome) -> None:
    rarer = replace(replay, size=replace(replay.size, full_every=2, judged_seeds=0))
    run_replay(rarer)
    planned, made = (list_cells(one, Arm.FULL) for one in (read_outcome(rarer), outcome))
    assert [cell.model is None for cell in planned] == [False, False, True]
    # not to a token, since this base is from scratch and makes its tokenizer of the lesson
    assert planned[2].spent.tokens == pytest.approx(made[2].spent.tokens, rel=0.15)
    assert planned[2].spent.padded == pytest.approx(made[2].spent.padded, rel=0.15)
    assert planned[2].spent.seconds == 0


@pytest.mark.slow
def test_every_arm_is_scored_on_the_next_year_and_on_what_was_held_out(outcome: Outcome) -> None:
    for arm in Arm:
        track = read_track(outcome, arm)
        assert ((track.ahead >= 0) & (track.ahead <= 1)).all()
        assert ((track.matrix >= 0) & (track.matrix <= 1)).all()


@pytest.mark.slow
def test_the_judge_has_a_look_a_year_and_what_it_promotes_is_in_the_ledger(replay: Replay, outcome: Outcome) -> None:
    cells = list_cells(outcome, Arm.JUDGED)
    (path,) = replay.shelf.root.glob("judged-*/ledger.sqlite")
    ledger = Ledger.open(f"sqlite:///{path}", SystemClock(), "a test")
    looks = ledger.events(replay.series.name, [Kind.LOOK_RESERVED])
    judged = ledger.events(replay.series.name, [Kind.CANDIDATE_JUDGED])
    promoted = ledger.events(replay.series.name, [Kind.PROMOTED])
    assert [(look.payload["t"], look.recorded_at.year) for look in looks] == [(1, 2001), (1, 2002), (1, 2003)]
    assert [event.payload["decision"] for event in judged] == [cell.decision for cell in cells]
    assert [event.payload["version"] for event in promoted] == [cell.drop + 1 for cell in cells if cell.decision == "promote"]
    assert ledger.verify(replay.series.name) == []


@pytest.mark.slow
def test_what_is_not_promoted_does_not_serve(outcome: Outcome) -> None:
    cells = list_cells(outcome, Arm.JUDGED)
    for before, after in pairwise(cells):
        assert (after.model == before.model) is (after.decision != "promote")


@pytest.mark.slow
def test_the_weights_of_a_model_that_serves_have_seen_no_later_year(replay: Replay, outcome: Outcome) -> None:
    model = list_cells(outcome, Arm.RECIPE)[-1].model
    assert model is not None
    seen = set(read_seen(replay.shelf.folder(model)))
    train = {str(revision.digest) for drop in replay.series.drops for revision in drop.revisions}
    held = set().union(*outcome.held_out.values())
    assert seen <= train - held


@pytest.mark.slow
def test_weights_that_are_gone_and_needed_are_asked_for_by_name(replay: Replay, outcome: Outcome) -> None:
    gone = list_cells(outcome, Arm.NAIVE)[1].model
    assert gone is not None
    assert not replay.shelf.has_weights(gone)
    training = choose_training(Arm.RECIPE, replay.size, 99, 1, is_warm=True)
    with pytest.raises(WorkspaceError, match="was removed and is needed again"):
        train_model(replay.shelf, 2, build_params(replay.series, replay.size, training), gone, None)


@pytest.mark.slow
def test_cut_at_any_place_and_started_again_it_ends_the_same(replay: Replay, outcome: Outcome, tmp_path: Path) -> None:
    shutil.copytree(replay.root / "shared", tmp_path / "shared")
    code = (
        "import sys; from pathlib import Path; from dataclasses import replace; from tests.builders.replays import *;"
        "from benchmarks.replays import run_replay;"
        "run_replay(build_replay(Path(sys.argv[1]), size=replace(SMALL, judged_seeds=1)))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT)
    deadline = time.monotonic() + 240
    while len(list(tmp_path.glob("seed-0/cells/*/*.json"))) < 8 and time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it was cut"
        time.sleep(0.02)
    process.kill()
    process.wait()
    again = replace(replay, root=tmp_path, series=build_small_series())
    run_replay(again)
    cut = read_outcome(again)
    assert cut.predictions == outcome.predictions
    assert [(cell.model and cell.model.digest, cell.decision, cell.sentence) for cell in cut.cells] == [
        (cell.model and cell.model.digest, cell.decision, cell.sentence) for cell in outcome.cells
    ]


@pytest.mark.slow
def test_going_through_years_that_are_done_removes_nothing_that_the_next_year_continues_from(
    replay: Replay, outcome: Outcome
) -> None:
    run_replay(replace(replay, size=replace(replay.size, full_every=3)))
    last = [list_cells(outcome, arm)[-1].model for arm in (Arm.FROZEN, Arm.NAIVE, Arm.RECIPE, Arm.JUDGED)]
    assert all(model and replay.shelf.has_weights(model) for model in last)


@pytest.mark.slow
def test_what_is_done_is_not_done_again(replay: Replay, outcome: Outcome) -> None:
    before = {path: path.stat().st_mtime_ns for path in replay.shelf.root.rglob("*.json")}
    run_replay(replay)
    assert {path: path.stat().st_mtime_ns for path in replay.shelf.root.rglob("*.json")} == before
    assert read_outcome(replay) == outcome
