"""A plan says before training what it will take, so that nobody is surprised by a holdout that cannot decide."""

from __future__ import annotations

import json

import pytest

from pipelines.domain.spending import spend
from pipelines.judge.params import JudgeParams, NonInferiority, PowerParams, ReasonToChange
from pipelines.judge.plans import describe_plan, plan_digest, required_rows
from pipelines.judge.power import count_for_conjunction, plan_tests

ONE_TEST = JudgeParams(gates=(NonInferiority(margin=0.01), ReasonToChange()))


def test_a_plan_requires_the_figures_of_its_formula_at_the_first_look_and_the_tenth() -> None:
    required = required_rows(ONE_TEST)
    assert len(required) == 10
    assert required[0] == pytest.approx(3_690, rel=0.025)
    assert required[9] == pytest.approx(9_115, rel=0.03)
    assert list(required) == sorted(required)


def test_what_is_required_is_what_the_judge_asks_for() -> None:
    params = JudgeParams()
    assert required_rows(params, looks=2)[1] == count_for_conjunction(plan_tests(params), spend(0.05, 2))


def test_no_rows_are_required_by_what_cannot_be_planned() -> None:
    assert required_rows(JudgeParams(gates=(NonInferiority(metric="bits_per_byte"), ReasonToChange()))) == ()


def test_what_is_planned_for_is_part_of_the_plan() -> None:
    planned = ONE_TEST.model_copy(update={"power": PowerParams(discordance=0.1)})
    assert plan_digest(planned) != plan_digest(ONE_TEST)
    assert required_rows(planned, looks=1)[0] > 1.8 * required_rows(ONE_TEST, looks=1)[0]


def test_a_described_plan_is_what_a_ledger_can_keep() -> None:
    described = describe_plan(ONE_TEST)
    assert described["plan"] == plan_digest(ONE_TEST)
    assert JudgeParams.model_validate(described["gates"]) == ONE_TEST
    assert json.loads(json.dumps(described))["required_rows"] == list(required_rows(ONE_TEST))
