"""A verdict promotes only what is shown: never for want of evidence, never on another plan, never on dev alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.domain.errors import StageError, WorkspaceError
from pipelines.domain.models import Role
from pipelines.domain.pins import Generation
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.domain.verdicts import Decision, Finding, Result, Verdict
from pipelines.files import digest_folder, read_json
from pipelines.judge.envelope_params import EnvelopeParams
from pipelines.judge.judging import Case, decide, judge, weigh
from pipelines.judge.params import DEFAULT_GATES, AnyGate, Baseline, Floor, JudgeParams, NonInferiority, ReasonToChange
from tests.builders.outcomes import build_comparison, build_outcomes, build_pin, forge_digest, write_run

CANDIDATE = forge_digest()
PARTS = (Slice.HOLDOUT, Slice.ANCHOR)


def compare_models(rows: int, candidate: Iterable[int], champion: Iterable[int], anchor: Iterable[int]) -> list[Outcome]:
    wrong = {Role.CANDIDATE: candidate, Role.CHAMPION: champion, Role.ANCHOR: anchor}
    return build_comparison(rows, wrong, PARTS)


def give(outcomes: list[Outcome], params: JudgeParams | None = None, duties: int = 0, **pin: Any) -> Verdict:
    chosen = params or JudgeParams()
    return weigh(Case(pin=build_pin(chosen, **pin), outcomes=outcomes, candidate=CANDIDATE, duties=duties), chosen)


def find(verdict: Verdict, gate: str, against: str | None = None) -> Finding:
    return next(one for one in verdict.findings if one.gate == gate and (against is None or one.against == against))


def test_promotes_a_better_model_and_says_why() -> None:
    verdict = give(compare_models(6_000, range(100), range(400), range(400)))
    assert verdict.decision is Decision.PROMOTE, verdict.sentence
    assert find(verdict, "non_inferiority", "champion").result is Result.PASSED
    assert find(verdict, "non_inferiority", "anchor").result is Result.PASSED
    assert "superiority +5.0 points" in verdict.sentence
    assert "shown" in verdict.sentence
    assert (verdict.candidate, verdict.look) == (CANDIDATE, build_pin().look)


def test_refuses_a_worse_model() -> None:
    verdict = give(compare_models(4_000, range(300), range(100), range(100)))
    assert verdict.decision is Decision.REFUSE
    finding = find(verdict, "non_inferiority", "champion")
    assert finding.result is Result.FAILED
    assert (finding.estimate, finding.margin, finding.rows) == (-0.05, 0.01, 4_000)
    assert finding.sentence.startswith("accuracy on the holdout against the champion: −5.0 points (lower bound −")
    assert finding.sentence.endswith("margin 1.0): worse by more than the margin")


def test_an_equal_model_is_not_worse_but_has_no_reason() -> None:
    verdict = give(compare_models(6_000, range(100), range(100), range(100)))
    assert find(verdict, "non_inferiority", "champion").result is Result.PASSED
    assert find(verdict, "reason_to_change").result is Result.FAILED
    assert verdict.decision is Decision.REFUSE


def test_a_holdout_too_small_is_called_undecidable_and_never_a_pass() -> None:
    """Five rows in a hundred differ, as many each way: the plan's own example, at an eighth of the rows it takes."""
    mine, theirs = range(20), range(20, 40)
    finding = find(give(compare_models(812, mine, theirs, theirs)), "non_inferiority", "champion")
    assert finding.result is Result.UNDECIDABLE
    assert "undecidable: 812 of 3,6" in finding.sentence
    assert finding.needed == pytest.approx(3_690, rel=0.02)


@pytest.mark.parametrize("rows", [1, 10, 100])
def test_no_number_of_identical_rows_below_the_needed_passes(rows: int) -> None:
    finding = find(give(compare_models(rows, (), (), ())), "non_inferiority", "champion")
    assert finding.result is Result.UNDECIDABLE
    assert finding.needed is not None
    assert finding.needed > rows


def test_an_anchor_out_of_reach_refuses_even_where_the_champion_is_matched() -> None:
    outcomes = compare_models(6_000, range(300), range(300), range(100))
    verdict = give(outcomes)
    assert find(verdict, "non_inferiority", "champion").result is Result.PASSED
    assert find(verdict, "non_inferiority", "anchor").result is Result.FAILED
    assert verdict.decision is Decision.REFUSE


def test_where_the_anchor_still_serves_its_rows_are_the_champions() -> None:
    outcomes = [one for one in compare_models(6_000, range(100), range(300), ()) if one.role is not Role.ANCHOR]
    one_model = build_pin().champion
    assert give(outcomes, anchor=one_model).decision is Decision.PROMOTE
    absent = give(outcomes)
    assert find(absent, "non_inferiority", None).result is Result.PASSED
    assert absent.decision is Decision.HOLD
    assert "the anchor has no rows in the anchor slice" in absent.sentence


def test_dev_alone_holds_and_says_so() -> None:
    outcomes = build_outcomes(Role.CANDIDATE, Slice.DEV, 5_000)
    verdict = give(outcomes, look=None)
    assert (verdict.decision, verdict.findings) == (Decision.HOLD, ())
    assert verdict.sentence == "judged on dev only: no look was reserved"


def test_under_another_plan_than_the_looks_nothing_is_even_measured() -> None:
    loosened = JudgeParams(gates=(*DEFAULT_GATES[:2], NonInferiority(margin=0.2), *DEFAULT_GATES[3:]))
    verdict = weigh(
        Case(pin=build_pin(JudgeParams()), outcomes=compare_models(4_000, (), range(300), range(300)), candidate=CANDIDATE),
        loosened,
    )
    assert (verdict.decision, verdict.findings) == (Decision.HOLD, ())
    assert "reserved under plan" in verdict.sentence


def test_models_scored_on_different_rows_are_not_compared() -> None:
    outcomes = compare_models(100, (), (), ())[:-1]
    with pytest.raises(StageError, match="same anchor rows"):
        give(outcomes)


def first(rows: int, candidate: Iterable[int], baseline: Iterable[int]) -> list[Outcome]:
    return build_comparison(rows, {Role.CANDIDATE: candidate, Role.BASELINE: baseline})


def test_a_first_champion_passes_floor_and_baseline_and_waits_for_a_name() -> None:
    verdict = give(first(1_000, range(100), range(300)), champion=None, anchor=None)
    assert verdict.decision is Decision.PROMOTE, verdict.sentence
    assert "named approval" in verdict.sentence
    assert find(verdict, "reason_to_change").sentence == "reason to change: this is the first champion"
    assert not find(verdict, "non_inferiority").is_blocking


@pytest.mark.parametrize(
    ("candidate", "baseline", "decision"),
    [
        (range(700), range(900), Decision.REFUSE),  # below the floor
        (range(300), range(100), Decision.REFUSE),  # the linear learner is better
        (range(200), range(200), Decision.REFUSE),  # no better than the linear learner
        (range(495), range(900), Decision.HOLD),  # reaches the floor, but is not shown to
        (range(200), range(1, 202), Decision.HOLD),  # better, but is not shown to be
    ],
)
def test_a_first_champion_is_not_taken_for_want_of_another(candidate: range, baseline: range, decision: Decision) -> None:
    assert give(first(1_000, candidate, baseline), champion=None, anchor=None).decision is decision


def test_a_first_champion_without_a_baseline_or_without_a_floor_is_held() -> None:
    unmeasured = give(build_outcomes(Role.CANDIDATE, Slice.HOLDOUT, 1_000), champion=None, anchor=None)
    assert find(unmeasured, "baseline").result is Result.NOT_MEASURED
    assert unmeasured.decision is Decision.HOLD
    unfloored = JudgeParams(gates=(Baseline(), ReasonToChange()))
    verdict = give(first(1_000, (), range(300)), unfloored, champion=None, anchor=None)
    assert verdict.decision is Decision.HOLD
    assert "no blocking gate `floor`" in verdict.sentence


def test_a_baseline_that_does_not_block_is_said_and_passed_over() -> None:
    gates: tuple[AnyGate, ...] = (Floor(), Baseline(is_blocking=False), ReasonToChange())
    verdict = give(build_outcomes(Role.CANDIDATE, Slice.HOLDOUT, 1_000), JudgeParams(gates=gates), champion=None, anchor=None)
    assert find(verdict, "baseline").result is Result.NOT_MEASURED
    assert verdict.decision is Decision.PROMOTE


@pytest.mark.parametrize("dropped", ["non_inferiority", "reason_to_change"])
def test_no_champion_is_replaced_under_params_that_leave_a_gate_out(dropped: str) -> None:
    params = JudgeParams(gates=tuple(gate for gate in DEFAULT_GATES if gate.kind != dropped))
    verdict = give(compare_models(4_000, range(100), range(300), range(300)), params)
    assert verdict.decision is Decision.HOLD
    assert any(f"no blocking gate `{dropped}" in finding.sentence for finding in verdict.findings)
    assert not verdict.is_overridable


def add_parts(
    outcomes: list[Outcome], part: Slice, rows: int, candidate: Iterable[int], champion: Iterable[int]
) -> list[Outcome]:
    return outcomes + build_comparison(rows, {Role.CANDIDATE: candidate, Role.CHAMPION: champion}, [part])


@pytest.mark.parametrize(("part", "name"), [(Slice.FRESH, "freshness"), (Slice.CURRENCY, "currency")])
def test_better_on_news_alone_is_reason_enough(part: Slice, name: str) -> None:
    outcomes = add_parts(compare_models(6_000, range(200), range(200), range(200)), part, 200, (), range(30))
    verdict = give(outcomes)
    assert verdict.decision is Decision.PROMOTE, verdict.sentence
    assert f"{name} +15.0 points" in verdict.sentence


def test_reasons_share_alpha_so_that_three_chances_are_not_three_times_alpha() -> None:
    """Of rows gained and none lost, seven clear a third of α_1 = .030 and five (p = .013) only all of it."""
    for gained, result in ((7, Result.PASSED), (5, Result.UNDECIDABLE)):
        outcomes = add_parts(compare_models(6_000, (), (), ()), Slice.FRESH, 60, (), range(gained))
        assert find(give(outcomes), "reason_to_change").result is result


def test_a_duty_is_a_reason_without_any_test() -> None:
    outcomes = compare_models(6_000, range(100), range(100), range(100))
    verdict = give(outcomes, duties=2)
    assert verdict.decision is Decision.PROMOTE
    assert "a duty: the champion saw 2 revisions" in find(verdict, "reason_to_change").sentence


def test_fresh_rows_listed_apart_from_the_holdout_are_rows_of_it() -> None:
    outcomes = compare_models(4_000, range(100), range(300), range(300))
    moved = [
        replace(one, slice=Slice.FRESH) if one.slice is Slice.HOLDOUT and one.row_id > "row-003000" else one for one in outcomes
    ]
    listed_twice = outcomes + [one for one in moved if one.slice is Slice.FRESH]
    assert find(give(moved), "non_inferiority", "champion") == find(give(outcomes), "non_inferiority", "champion")
    assert find(give(listed_twice), "non_inferiority", "champion") == find(give(outcomes), "non_inferiority", "champion")


def test_rows_of_one_family_are_not_taken_for_independent_ones() -> None:
    """The same rows, but thirty to a family that gains or loses as one: far less is known of the difference."""
    apart = compare_models(3_000, range(60), range(60, 120), range(60, 120))
    alike = [replace(one, family_id=f"family-{int(one.row_id[4:]) // 30}") for one in apart]
    single, clustered = (find(give(outcomes), "non_inferiority", "champion") for outcomes in (apart, alike))
    assert single.lower is not None
    assert clustered.lower is not None
    assert clustered.lower < single.lower - 0.005
    assert clustered.needed is not None
    assert single.needed is not None
    assert clustered.needed > 5 * single.needed


@pytest.mark.parametrize("metric", ["macro_f1", "log_loss", "bits_per_byte"])
def test_any_metric_can_be_gated(metric: Any) -> None:
    gates: tuple[AnyGate, ...] = (
        NonInferiority(metric=metric, margin=0.03),
        NonInferiority(metric=metric, margin=0.03, against=Role.ANCHOR, slice=Slice.ANCHOR),
        ReasonToChange(metric=metric),
    )
    better = give(compare_models(3_000, range(100), range(300), range(300)), JudgeParams(gates=gates))
    assert better.decision is Decision.PROMOTE, better.sentence
    worse = give(compare_models(3_000, range(400), range(100), range(100)), JudgeParams(gates=gates))
    assert worse.decision is Decision.REFUSE, worse.sentence


def test_bits_per_byte_say_which_way_is_better() -> None:
    gates: tuple[AnyGate, ...] = (NonInferiority(metric="bits_per_byte"),)
    verdict = give(compare_models(3_000, range(100), range(400), range(400)), JudgeParams(gates=gates))
    sentence = find(verdict, "non_inferiority").sentence
    assert "bits per byte on the holdout against the champion: +0.003 bits a byte (+ is better)" in sentence


def test_a_bootstrap_on_a_handful_of_families_is_no_measurement() -> None:
    gates: tuple[AnyGate, ...] = (NonInferiority(metric="macro_f1"),)
    few = [replace(one, family_id=f"family-{int(one.row_id[4:]) % 9}") for one in compare_models(900, (), (), ())]
    finding = find(give(few, JudgeParams(gates=gates)), "non_inferiority")
    assert finding.result is Result.NOT_MEASURED
    assert "9 families are too few" in finding.sentence


def test_accuracy_of_rows_that_cannot_be_right_is_not_measured() -> None:
    outcomes = [replace(one, correct=None) for one in compare_models(100, (), (), ())]
    verdict = give(outcomes)
    assert verdict.decision is Decision.HOLD
    assert find(verdict, "floor").result is Result.NOT_MEASURED


def test_the_anchor_rows_are_disclosed_to_a_tenth_of_a_point_only() -> None:
    finding = find(give(compare_models(3_777, range(100), range(300), range(300))), "non_inferiority", "anchor")
    assert finding.estimate == round(200 / 3_777, 3)


@pytest.mark.parametrize("part", list(Slice))
def test_a_floor_can_be_set_under_any_slice(part: Slice) -> None:
    params = JudgeParams(gates=(Floor(slice=part, minimum=0.8),))
    verdict = weigh(
        Case(pin=build_pin(params), outcomes=build_outcomes(Role.CANDIDATE, part, 500, range(20)), candidate=CANDIDATE), params
    )
    assert find(verdict, "floor").result is Result.PASSED


@pytest.mark.parametrize(
    ("metric", "minimum", "result"),
    [("macro_f1", 0.9, Result.PASSED), ("macro_f1", 0.99, Result.FAILED), ("bits_per_byte", -0.004, Result.PASSED)],
)
def test_a_floor_under_a_metric_by_bootstrap(metric: Any, minimum: float, result: Result) -> None:
    outcomes = build_outcomes(Role.CANDIDATE, Slice.HOLDOUT, 1_000, range(40))
    assert find(give(outcomes, JudgeParams(gates=(Floor(metric=metric, minimum=minimum),))), "floor").result is result


RESULTS = st.lists(st.tuples(st.sampled_from(Result), st.booleans()), max_size=6)


@settings(deadline=None)
@given(RESULTS)
def test_nothing_promotes_but_a_pass_of_every_blocking_gate(results: list[tuple[Result, bool]]) -> None:
    findings = [Finding(gate="x", result=result, sentence="", is_blocking=blocks) for result, blocks in results]
    blocking = {result for result, blocks in results if blocks}
    expected = Decision.HOLD
    if Result.FAILED in blocking:
        expected = Decision.REFUSE
    elif blocking == {Result.PASSED}:
        expected = Decision.PROMOTE
    assert decide(findings) is expected


def test_writes_the_same_bytes_for_the_same_run(tmp_path: Path) -> None:
    params = JudgeParams(gates=(*DEFAULT_GATES, NonInferiority(metric="macro_f1"), NonInferiority(metric="log_loss")))
    outcomes = compare_models(500, range(10), range(30), range(30))
    written = []
    for name, order in (("one", outcomes), ("two", outcomes[::-1])):
        folder = write_run(tmp_path / name, build_pin(params), order)
        verdict = judge(folder, params, EnvelopeParams())
        assert read_json(folder.verdict / "verdict.json", Verdict) == verdict
        assert verdict.candidate == digest_folder(folder.model)
        written.append((folder.verdict / "verdict.json").read_bytes())
    assert written[0] == written[1]
    assert str(tmp_path).encode() not in written[0]


def test_names_the_file_that_is_missing(tmp_path: Path) -> None:
    folder = write_run(tmp_path, build_pin(), compare_models(10, (), (), ()))
    (folder.scores / "outcomes.parquet").unlink()
    with pytest.raises(WorkspaceError, match=r"outcomes\.parquet is missing"):
        judge(folder, JudgeParams(), EnvelopeParams())


def test_gains_on_poisoned_news_do_not_hide_losses_on_established_rows() -> None:
    news = range(300)
    outcomes = compare_models(1_000, range(100), (), ())
    fresh = build_comparison(len(news), {Role.CANDIDATE: (), Role.CHAMPION: news}, [Slice.FRESH])
    outcomes += [replace(one, row_id=f"fresh {one.row_id}", family_id=f"fresh {one.family_id}") for one in fresh]
    whole = find(give(outcomes, JudgeParams(gates=(NonInferiority(margin=0.02),))), "non_inferiority")
    established = find(
        give(outcomes, JudgeParams(gates=(NonInferiority(margin=0.02, slice=Slice.ESTABLISHED),))), "non_inferiority"
    )
    assert whole.estimate is not None
    assert established.estimate is not None
    assert (whole.result, established.result) == (Result.PASSED, Result.FAILED)
    assert established.rows == 1_000


def test_a_holdout_renewed_since_the_champion_has_no_established_rows_and_is_not_held_up_by_that() -> None:
    params = JudgeParams()
    outcomes = build_comparison(8_000, {Role.CANDIDATE: (), Role.CHAMPION: range(800), Role.ANCHOR: ()}, [Slice.FRESH])
    outcomes += build_comparison(8_000, {Role.CANDIDATE: (), Role.CHAMPION: (), Role.ANCHOR: ()}, [Slice.ANCHOR])

    def give_in(number: int) -> Verdict:
        pin = build_pin(params, generation=Generation(number=number, since=40))
        return weigh(Case(pin=pin, outcomes=outcomes, candidate=forge_digest()), params)

    told = [one for one in give_in(2).findings if one.part == Slice.ESTABLISHED]
    assert [(one.result, one.is_blocking) for one in told] == [(Result.NOT_MEASURED, False)]
    assert "renewed" in told[0].sentence
    assert give_in(2).decision is Decision.PROMOTE
    # in the first generation nothing explains that there are none
    assert give_in(1).decision is Decision.HOLD
