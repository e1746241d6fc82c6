"""A holdout that cannot decide says so first, and lets nothing through."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipelines.domain.models import Role
from pipelines.domain.pins import Look
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.domain.verdicts import Decision, Finding, Result, Verdict
from pipelines.judge.judging import Case, weigh
from pipelines.judge.params import JudgeParams, NonInferiority, PowerParams, ReasonToChange
from pipelines.judge.plans import plan_digest
from tests.builders.outcomes import ALPHA_1, build_comparison, build_pin, forge_digest

ONE_TEST = JudgeParams(gates=(NonInferiority(margin=0.01), ReasonToChange()))
PARTS = (Slice.HOLDOUT, Slice.ANCHOR)


def build_look(params: JudgeParams, **fields: Any) -> Look:
    return Look(**{"generation": 1, "t": 1, "alpha": ALPHA_1, "plan": plan_digest(params), **fields})


def give(outcomes: list[Outcome], params: JudgeParams, duties: int = 0, **look: Any) -> Verdict:
    pin = build_pin(params, look=build_look(params, **look))
    return weigh(Case(pin=pin, outcomes=outcomes, candidate=forge_digest(), duties=duties), params)


def compare_models(rows: int, candidate: range = range(0), champion: range = range(0)) -> list[Outcome]:
    return build_comparison(rows, {Role.CANDIDATE: candidate, Role.CHAMPION: champion, Role.ANCHOR: champion}, PARTS)


def find(verdict: Verdict, gate: str) -> Finding:
    return next(one for one in verdict.findings if one.gate == gate)


def test_too_few_rows_hold_with_how_many_it_takes_and_what_they_can_decide() -> None:
    verdict = give(compare_models(812, range(19), range(19, 39)), ONE_TEST)
    power = verdict.findings[0]
    assert (power.gate, power.result, power.is_blocking, power.rows) == ("power", Result.UNDECIDABLE, True, 812)
    assert power.needed == pytest.approx(3_690, rel=0.02)
    assert power.sentence == f"undecidable: 812 of {power.needed:,} examples; can decide 2.3 points or more"
    assert verdict.sentence.startswith(f"held: {power.sentence}")


@pytest.mark.parametrize(("margin", "result"), [(0.023, Result.PASSED), (0.021, Result.UNDECIDABLE)])
def test_what_it_says_it_can_decide_it_can_and_hardly_more(margin: float, result: Result) -> None:
    params = JudgeParams(gates=(NonInferiority(margin=margin), ReasonToChange()))
    assert find(give(compare_models(812, range(20), range(20, 40)), params), "power").result is result


def test_no_gain_however_large_gets_through_a_holdout_that_is_too_small() -> None:
    verdict = give(compare_models(900, range(0), range(400)), JudgeParams())
    results = {finding.gate: finding.result for finding in verdict.findings if finding.is_blocking and finding.gate != "baseline"}
    assert results.pop("power") is Result.UNDECIDABLE
    assert set(results.values()) == {Result.PASSED}
    assert verdict.decision is Decision.HOLD


def test_a_duty_does_not_make_a_small_holdout_larger() -> None:
    verdict = give(compare_models(900), ONE_TEST, duties=3)
    assert find(verdict, "reason_to_change").result is Result.PASSED
    assert verdict.decision is Decision.HOLD


def test_a_loss_that_is_seen_is_refused_even_where_nothing_could_be_shown() -> None:
    verdict = give(compare_models(900, range(100), range(0)), ONE_TEST)
    assert find(verdict, "power").result is Result.UNDECIDABLE
    assert verdict.decision is Decision.REFUSE
    assert "worse by more than the margin" in verdict.sentence


def test_a_later_look_needs_more() -> None:
    outcomes = compare_models(6_000, range(100), range(300))
    first, tenth = (find(give(outcomes, JudgeParams(), t=t, alpha=ALPHA_1 / t**2), "power") for t in (1, 10))
    assert (first.result, tenth.result) == (Result.PASSED, Result.UNDECIDABLE)
    assert first.needed is not None
    assert tenth.needed is not None
    assert tenth.needed > 2 * first.needed
    assert first.sentence == f"the holdout can decide: 6,000 examples, and all gates together need {first.needed:,} at α = 0.03"


def test_all_gates_together_need_more_than_one() -> None:
    outcomes = compare_models(6_000)
    alone, together = (find(give(outcomes, params), "power").needed for params in (ONE_TEST, JudgeParams()))
    assert alone is not None
    assert together is not None
    assert together > 1.2 * alone


def test_the_need_follows_the_plan_and_not_what_happened_to_be_seen() -> None:
    seldom, often = (find(give(compare_models(6_000, wrong), ONE_TEST), "power").needed for wrong in (range(30), range(600)))
    assert seldom == often
    planned = replace_power(ONE_TEST, discordance=0.1)
    assert find(give(compare_models(6_000), planned), "power").needed == pytest.approx(2 * (seldom or 0), rel=0.03)


def replace_power(params: JudgeParams, **fields: float) -> JudgeParams:
    return params.model_copy(update={"power": PowerParams(**fields)})


def test_a_smaller_anchor_split_asks_for_a_larger_holdout() -> None:
    outcomes = compare_models(6_000)
    halved = [one for one in outcomes if one.slice is not Slice.ANCHOR or one.row_id < "row-003000"]
    whole, half = (find(give(rows, JudgeParams()), "power") for rows in (outcomes, halved))
    assert (half.needed or 0) > 1.4 * (whole.needed or 0)
    assert [(detail.name, detail.rows) for detail in half.details] == [
        ("accuracy on the holdout against the champion", 6_000),
        ("accuracy on the established rows against the champion", 6_000),
        ("accuracy on the anchor rows against the anchor", 3_000),
    ]


def test_rows_that_stand_and_fall_together_count_as_fewer() -> None:
    apart = compare_models(6_000, range(120), range(120, 240))
    alike = [replace(one, family_id=f"family-{int(one.row_id[4:]) // 20}") for one in apart]
    needed = [find(give(outcomes, ONE_TEST), "power").needed or 0 for outcomes in (apart, alike)]
    assert needed[1] > 10 * needed[0]


def test_the_need_of_a_metric_that_is_no_proportion_is_estimated_and_says_so() -> None:
    gates = (
        NonInferiority(metric="bits_per_byte", margin=0.0005),
        NonInferiority(metric="accuracy", margin=0.3, against=Role.ANCHOR, slice=Slice.ANCHOR),
        ReasonToChange(),
    )
    noisy = compare_models(2_000, range(100), range(100, 200))
    power = find(give(noisy, JudgeParams(gates=gates)), "power")
    assert power.sentence.endswith("; the need of bits per byte is estimated from the errors on the rows at hand")
    finding = find(give(noisy, JudgeParams(gates=gates)), "non_inferiority")
    assert power.needed == pytest.approx(finding.needed, rel=0.1)


def test_a_gate_that_cannot_be_measured_is_left_to_itself_and_power_asks_the_others() -> None:
    outcomes = [one for one in compare_models(6_000, range(100), range(400)) if one.slice is not Slice.ANCHOR]
    verdict = give(outcomes, JudgeParams())
    assert find(verdict, "power").result is Result.PASSED
    assert verdict.decision is Decision.HOLD


@pytest.mark.parametrize("outcomes", [[], compare_models(10)])
def test_where_nothing_can_be_planned_power_is_not_measured(outcomes: list[Outcome]) -> None:
    params = JudgeParams(gates=(NonInferiority(metric="macro_f1"), ReasonToChange()))
    few = [replace(one, family_id="one") for one in outcomes]
    power = find(give(few, params), "power")
    assert power.result is Result.NOT_MEASURED
    assert power.sentence.startswith("power: not measured: ")


def test_a_first_champion_is_compared_with_nobody_and_needs_no_power() -> None:
    params = JudgeParams()
    pin = build_pin(params, champion=None, anchor=None, look=build_look(params, promotions=10))
    verdict = weigh(Case(pin=pin, outcomes=compare_models(10), candidate=forge_digest()), params)
    assert not {"power", "generation"} & {finding.gate for finding in verdict.findings}


@pytest.mark.parametrize(("promotions", "result"), [(0, Result.PASSED), (9, Result.PASSED), (10, Result.UNDECIDABLE)])
def test_a_generation_carries_ten_promotions(promotions: int, result: Result) -> None:
    verdict = give(compare_models(6_000, range(100), range(400)), JudgeParams(), promotions=promotions)
    assert find(verdict, "generation").result is result
    assert (verdict.decision is Decision.PROMOTE) is (result is Result.PASSED)


def test_a_worn_out_generation_says_what_opens_the_next() -> None:
    verdict = give(compare_models(6_000), ONE_TEST, promotions=10, generation=3)
    needed = find(verdict, "power").needed
    assert find(verdict, "generation").sentence == (
        f"holdout generation 3 has carried 10 promotions and is retired: {needed:,} new examples open the next"
    )


def test_the_needed_rows_tell_no_more_of_the_anchor_rows_than_two_digits() -> None:
    params = JudgeParams(gates=(NonInferiority(against=Role.ANCHOR, slice=Slice.ANCHOR), ReasonToChange()))
    for wrong in (range(203), range(204)):
        finding = find(give(compare_models(6_000, wrong, range(150, 350)), params), "non_inferiority")
        assert finding.needed is not None
        assert finding.needed % 10 ** (len(str(finding.needed)) - 2) == 0
