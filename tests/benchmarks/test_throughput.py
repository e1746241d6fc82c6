"""The throughput benchmark counts honestly: tokens of text alone, training alone, and a target that was really reached."""

from __future__ import annotations

import math
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.throughput import RATE, Outcome, Size, Track, list_contestants, plan_learning, plan_pace, run
from benchmarks.throughput_contests import Clock, Contest, Contestant, Plan, Record
from benchmarks.throughput_flops import count_flops, find_peak
from benchmarks.throughput_lessons import SERIES, read_lesson
from benchmarks.throughput_page import DEFAULT, EQUAL, OURS, TUNED, compare_times, compose_page, find_time, judge
from tests.builders.networks import build_decoder

TITLES = replace(SERIES[0], base="scratch:tiny", file="not/there", max_tokens=32)
TEXTS = replace(SERIES[3], base="scratch:tiny", file="not/there", max_tokens=32)


@pytest.fixture(scope="module", params=[TITLES, TEXTS], ids=["classifier", "causal_lm"])
def contest(request: pytest.FixtureRequest) -> Contest:
    return Contest(request.param, read_lesson(request.param, 40, 8, 1))


def record(pace: float = 10.0, loss: float = 1.0) -> Record:
    seconds = [1.0, 2.0, 3.0]
    real = [5, int(pace), int(pace)]
    return Record(seconds=seconds, real=real, padded=[2 * one for one in real], dev=[(1.0, 2.0), (3.0, loss)])


def outcome(**fields: object) -> Outcome:
    paces = {name: [record(pace)] * 3 for name, pace in ((OURS, 30), (DEFAULT, 10), (TUNED, 20))}
    learnings = {name: [record(loss=loss)] for name, loss in ((OURS, 0.5), (DEFAULT, 1.0), (TUNED, 0.9))}
    defaults = {"series": TITLES, "is_real": False, "paces": paces, "learnings": learnings, "rows": 16, "flops": 1e6}
    return Outcome(**{**defaults, **fields})


def test_both_sides_learn_all_rows_once_and_count_the_same_tokens_of_text(contest: Contest) -> None:
    total = int(contest.rows.lengths.sum())
    for one in (Contestant(name="theirs"), Contestant(name="ours", tokens=256)):
        found = run(contest, one, Plan(steps=None, rate=RATE, look=2))
        assert sum(found.real) == total
        assert found.seconds == sorted(found.seconds)
        assert all(math.isfinite(loss) for _, loss in found.dev)


def test_the_trainer_pads_and_addendum_does_not(contest: Contest) -> None:
    theirs, ours = (
        run(contest, one, Plan(steps=3, rate=RATE)) for one in (Contestant(name="a"), Contestant(name="b", tokens=256))
    )
    assert theirs.waste > 0.03
    assert ours.waste == 0.0


def test_both_sides_begin_at_the_same_loss(contest: Contest) -> None:
    first = contest.measure_dev(contest.copy())
    for one in (Contestant(name="theirs"), Contestant(name="ours", tokens=256, has_dropout=False)):
        run(contest, one, Plan(steps=2, rate=1e-2))
    assert contest.measure_dev(contest.copy()) == first


def test_a_batch_of_all_rows_is_the_same_step_on_both_sides(contest: Contest) -> None:
    losses = []
    for one in (Contestant(name="theirs", rows=40, has_dropout=False), Contestant(name="ours", tokens=10_000, has_dropout=False)):
        found = run(contest, one, Plan(steps=2, rate=1e-3, look=1))
        losses.append([loss for _, loss in found.dev])
    # the plain loss of a language model is the mean over tokens too, and clipping and decay are the same
    assert losses[0] == pytest.approx(losses[1], abs=2e-3)


def test_the_clock_stands_still_while_it_is_stopped() -> None:
    clock = Clock(device=torch.device("cpu"))
    clock.go()
    spent = clock.stop()
    assert clock.stop() == spent
    clock.go()
    assert clock.stop() > spent


def test_the_pace_leaves_the_steps_out_that_warm_up() -> None:
    assert record(10).pace(1) == 10
    assert record().waste == 0.5


def test_a_target_that_was_never_reached_is_not_measured() -> None:
    assert find_time(record(loss=1.0), 1.5) == 3.0
    assert math.isnan(find_time(record(loss=1.0), 0.9))
    slow = {**outcome().learnings, OURS: [record(loss=1.1)]}
    assert math.isnan(compare_times(outcome(learnings=slow), DEFAULT))
    assert compare_times(outcome(), DEFAULT) == 1.0


def test_goals_are_judged_against_the_default_and_against_the_tuned_trainer() -> None:
    found = judge(outcome(), is_cuda=False)
    assert [one.met for one in found] == [True, True, False, False, False]
    assert [one.value for one in found[:2]] == [3.0, 1.5]
    assert [one.goal.bound for one in judge(outcome(), is_cuda=True)[:2] if one.goal] == [1.8, 1.3]


def test_the_lead_over_a_trainer_without_dropout_is_told_and_not_judged() -> None:
    equal = {**outcome().paces, EQUAL: [record(24)] * 2}
    (told,) = [one for one in judge(outcome(paces=equal), is_cuda=False) if EQUAL in one.measure]
    assert (told.value, told.met, told.n) == (1.25, None, 2)


def test_the_page_says_which_rows_were_made_up_and_that_a_peak_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    page = compose_page("throughput", [outcome()], 1)
    assert "Made-up rows" in page.lead
    assert "peak is not known" in page.lead
    assert find_peak() is None


def test_flops_count_six_for_each_weight_that_multiplies_and_nothing_for_what_is_looked_up() -> None:
    network = build_decoder(tie_word_embeddings=False)
    weights = sum(one.weight.numel() for one in network.modules() if isinstance(one, torch.nn.Linear))
    assert count_flops(network, np.array([4, 4])) == 6 * weights + 12 * 2 * 16 * 4
    assert weights < sum(one.numel() for one in network.parameters()) - 50 * 16 + 1


def test_a_pace_is_timed_after_the_steps_that_warm_up_and_a_larger_batch_has_a_higher_rate(contest: Contest) -> None:
    plain, large = Contestant(name="plain"), Contestant(name="large", rows=32)
    assert plan_pace(contest, plain, Size(tokens=1, warm=2)).steps == 3
    rates = [plan_learning(contest, one).rate for one in (plain, large)]
    assert rates == pytest.approx([RATE, 4 * RATE])


def test_a_run_that_was_kept_is_not_run_again_and_another_place_or_plan_is(contest: Contest, tmp_path: Path) -> None:
    track, one, plan = Track(contest=contest, folder=tmp_path / "runs"), Contestant(name="one"), Plan(steps=1, rate=RATE)
    first = track.run(one, plan, 0)
    assert track.run(one, plan, 0) == first
    assert len(list((tmp_path / "runs").iterdir())) == 1
    assert track.run(one, plan, 1) != first
    track.run(one, replace(plan, rate=RATE / 2), 0)
    assert len(list((tmp_path / "runs").iterdir())) == 3


def test_bf16_takes_part_only_where_the_device_is_fast_at_it(contest: Contest, tmp_path: Path) -> None:
    from pipelines.learners.devices import is_fast_at_bf16

    found = list_contestants(Track(contest=contest, folder=tmp_path), Size(batches=(16,)))
    assert any(one.is_bf16 for one in found) == is_fast_at_bf16(contest.device)


@pytest.mark.slow
def test_a_quick_run_writes_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import throughput

    monkeypatch.setattr(throughput, "SERIES", (TITLES, TEXTS))
    assert throughput.main(Namespace(quick=True, output=tmp_path, threads=1, cache=tmp_path / "runs")) == 0
    assert "NOT met" in (text := (tmp_path / "throughput.md").read_text()) or "met" in text
