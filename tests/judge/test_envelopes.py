"""What promotes by itself, what needs a person and what stops is what was declared; some of it no declaration sets free."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest, digest_value
from pipelines.domain.pins import ModelPin
from pipelines.domain.recipes import Recipe
from pipelines.domain.verdicts import Decision, Result, Verdict
from pipelines.files import digest_file, write_json
from pipelines.judge.changes import Difference
from pipelines.judge.envelope_params import Answer, EnvelopeParams
from pipelines.judge.envelopes import NEVER_FREE, Ruling, classify, rule_on_folder, rule_on_recipes
from pipelines.judge.judging import judge
from pipelines.judge.params import Floor, JudgeParams
from pipelines.workspace import DomainFolder
from tests.builders.outcomes import build_comparison, build_pin, write_run
from tests.builders.recipes import build_recipe, change_gate, without_gate

FREE, APPROVAL, STOP = Answer.FREE, Answer.APPROVAL, Answer.STOP
CODE = build_recipe().code
NEWS = {"corpus": Digest("d" * 64), "ingest_seq": 12}


def build_envelope(**fields: Any) -> EnvelopeParams:
    return EnvelopeParams.model_validate(fields)


def rule(after: Recipe, **envelope: Any) -> Ruling:
    return rule_on_recipes(build_recipe(), after, build_envelope(**envelope))


def answer(ruling: Ruling) -> Answer:
    if ruling.finding.result is Result.FAILED:
        return STOP
    return APPROVAL if ruling.needs_approval else FREE


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (build_recipe(), FREE),
        (build_recipe(**NEWS), FREE),
        (build_recipe(change_gate("floor", minimum=0.7)), FREE),
        (build_recipe({"train.learner.rate": 1e-4}), APPROVAL),
        (build_recipe({"train.learner.base": "package:large"}), APPROVAL),
        (build_recipe({"train.learner.kind": "linear"}), APPROVAL),
        (build_recipe(labels=("A", "B", "C")), APPROVAL),
        (build_recipe(sources=("ecfr", "folder", "pubmed")), APPROVAL),
        (build_recipe(code={**CODE, "learners": digest_value("other")}), APPROVAL),
        (build_recipe(constraints=digest_value("other")), APPROVAL),
        (build_recipe({"envelope.rules": []}, **NEWS), FREE),
        (build_recipe({"envelope.rules": [{"match": "*", "then": "free"}]}), APPROVAL),
        (build_recipe(without_gate("floor")), STOP),
        (build_recipe(change_gate("non_inferiority", margin=0.5)), STOP),
        (build_recipe(change_gate("non_inferiority", is_blocking=False)), STOP),
        (build_recipe({"judge.alpha": 0.2}), STOP),
        (build_recipe({"split.key": "07e2"}), STOP),
        (build_recipe({"split.shares.train": 0.7}), STOP),
        (build_recipe({"train.seed": 1, **without_gate("floor")}), STOP),
    ],
)
def test_where_nothing_is_declared_only_new_data_and_stricter_gates_are_free(after: Recipe, expected: Answer) -> None:
    ruling = rule(after)
    assert answer(ruling) is expected, ruling.finding.sentence


@pytest.mark.parametrize(("rate", "expected"), [(1e-6, FREE), (1e-4, FREE), (1e-3, FREE), (2e-3, APPROVAL), (9e-7, APPROVAL)])
def test_a_number_within_its_bounds_is_free(rate: float, expected: Answer) -> None:
    bounds = {"train.learner.rate": (1e-6, 1e-3)}
    assert answer(rule(build_recipe({"train.learner.rate": rate}), bounds=bounds)) is expected


def test_beyond_its_bounds_a_number_needs_an_approver_even_where_the_rules_are_milder() -> None:
    envelope = {"bounds": {"train.learner.rate": (1e-6, 1e-3)}, "rules": [{"match": "train", "then": "free"}]}
    assert answer(rule(build_recipe({"train.learner.rate": 0.1}), **envelope)) is APPROVAL
    assert answer(rule(build_recipe({"train.seed": 1}), **envelope)) is FREE


@pytest.mark.parametrize("value", ["fast", True, None])
def test_what_is_no_number_is_within_no_bounds(value: object) -> None:
    assert answer(rule(build_recipe({"train.learner.rate": value}), bounds={"train.learner.rate": (0, 2)})) is APPROVAL


def test_the_first_rule_that_matches_decides() -> None:
    rules = [{"match": "train.learner.rate", "then": "stop"}, {"match": "train", "then": "free"}]
    assert answer(rule(build_recipe({"train.learner.rate": 1.0}), rules=rules)) is STOP
    assert answer(rule(build_recipe({"train.learner.rate": 1.0}), rules=rules[::-1])) is FREE


def test_a_rule_speaks_of_whole_names_only() -> None:
    assert answer(rule(build_recipe({"train.seed": 1}), rules=[{"match": "tra", "then": "free"}])) is APPROVAL


DIFFERENCES = st.sampled_from(
    ["corpus", "labels.added", "train.seed", "code.train", *NEVER_FREE, "envelope.rules", "envelope.bounds.train.seed"]
).map(lambda name: Difference(name=name, sentence=name, value=3))
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "match": st.sampled_from(["*", "train", "judge.weaker", "envelope", "split"]),
            "then": st.sampled_from(["free", "approval"]),
        }
    ),
    max_size=4,
)


@given(st.lists(DIFFERENCES), RULES)
def test_no_rule_sets_free_what_loosens_the_rules_the_gates_or_the_split(differences: list[Difference], rules: Any) -> None:
    envelope = build_envelope(rules=rules, bounds={"train.seed": (0, 9)})
    for change in classify(differences, envelope):
        if change.difference.name.startswith(NEVER_FREE):
            assert change.answer is not FREE


@given(st.lists(DIFFERENCES, min_size=1), RULES)
def test_one_more_difference_never_makes_the_answer_milder(differences: list[Difference], rules: Any) -> None:
    order = list(Answer)
    envelope = build_envelope(rules=rules)
    worst = [
        max((order.index(change.answer) for change in classify(some, envelope)), default=0)
        for some in (differences[:-1], differences)
    ]
    assert worst[1] >= worst[0]


def test_the_finding_says_what_and_how_much() -> None:
    assert rule(build_recipe()).finding.sentence == "envelope: made as the champion was"
    assert rule(build_recipe(**NEWS)).finding.sentence == "envelope: only new data"
    after = build_recipe({"train.learner.base": "package:large", "train.seed": 1}, **NEWS)
    finding = rule(after).finding
    assert finding.sentence == 'envelope: needs a named approver: base model: "package:small" → "package:large" (and 1 more)'
    assert [detail.name for detail in finding.details] == [
        "other documents (+3 arrivals): declared",
        'base model: "package:small" → "package:large": needs a named approver',
        "train.seed: 0 → 1: needs a named approver",
    ]
    stopped = rule(build_recipe(without_gate("floor"))).finding
    assert stopped.sentence == "envelope: stopped: gate removed: floor accuracy holdout"
    assert [detail.result for detail in stopped.details] == [Result.FAILED]
    assert (stopped.is_blocking, stopped.is_safety) == (True, False)


def test_refuses_bounds_in_the_wrong_order_and_of_what_has_no_free_range() -> None:
    with pytest.raises(ValidationError, match="the lowest value comes first"):
        build_envelope(bounds={"train.seed": (2, 1)})
    for name in ("judge.alpha", "split.shares.train", "envelope.bounds"):
        with pytest.raises(ValidationError, match="no free range"):
            build_envelope(bounds={name: (0, 1)})


def lay_run(root: Path, before: Recipe | None, after: Recipe, **pin: Any) -> DomainFolder:
    """A run that is better than its champion by every gate, beside the recipes of both."""
    params = JudgeParams(gates=(Floor(minimum=0.1),))
    folder = write_run(root, build_pin(params), [])
    champion = ModelPin(version=2, digest=digest_value("champion"))
    if before is not None:
        write_json(folder.reference / "recipe.json", before)
        champion = ModelPin(version=2, digest=champion.digest, recipe=digest_file(folder.reference / "recipe.json"))
    write_json(folder.pin, build_pin(params, champion=champion, **pin))
    write_json(folder.verdict / "recipe.json", after)
    return folder


def judge_run(folder: DomainFolder) -> Verdict:
    from pipelines.domain.models import Role
    from pipelines.tables import tabulate_outcomes, write_table

    outcomes = build_comparison(2_000, {Role.CANDIDATE: (), Role.CHAMPION: range(100), Role.ANCHOR: range(100)})
    write_table(folder.scores / "outcomes.parquet", tabulate_outcomes(outcomes))
    return judge(folder, JudgeParams(gates=(Floor(minimum=0.1),)), EnvelopeParams())


def find_result(verdict: Verdict) -> Result:
    return next(finding.result for finding in verdict.findings if finding.gate == "envelope")


def test_a_verdict_carries_the_finding_and_says_who_must_agree(tmp_path: Path) -> None:
    free = judge_run(lay_run(tmp_path / "free", build_recipe(), build_recipe(**NEWS)))
    asked = judge_run(lay_run(tmp_path / "asked", build_recipe(), build_recipe({"train.seed": 1})))
    assert (find_result(free), free.needs_approval) == (Result.PASSED, False)
    assert (find_result(asked), asked.needs_approval) == (Result.PASSED, True)


def test_what_the_envelope_stops_is_refused_whatever_the_numbers(tmp_path: Path) -> None:
    verdict = judge_run(lay_run(tmp_path, build_recipe(), build_recipe(without_gate("floor"))))
    assert verdict.decision is Decision.REFUSE
    assert "gate removed: floor accuracy holdout" in verdict.sentence


def test_the_first_champion_differs_from_nothing_and_needs_an_approver_anyway(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, None, build_recipe())
    write_json(folder.pin, build_pin(JudgeParams(gates=(Floor(minimum=0.1),)), champion=None, anchor=None))
    verdict = judge_run(folder)
    assert (find_result(verdict), verdict.needs_approval) == (Result.NOT_MEASURED, True)
    assert verdict.decision is Decision.PROMOTE


def test_a_champion_whose_making_is_not_on_record_leaves_it_to_a_person(tmp_path: Path) -> None:
    verdict = judge_run(lay_run(tmp_path, None, build_recipe()))
    assert (find_result(verdict), verdict.needs_approval) == (Result.PASSED, True)
    assert any("how version 2 was made is not on record" in finding.sentence for finding in verdict.findings)


def test_another_recipe_than_the_pin_names_is_refused(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, build_recipe(), build_recipe())
    write_json(folder.reference / "recipe.json", build_recipe({"train.seed": 9}))
    with pytest.raises(WorkspaceError, match="is not the recipe that the pin names"):
        judge_run(folder)
    (folder.reference / "recipe.json").unlink()
    with pytest.raises(WorkspaceError, match="is not the recipe that the pin names"):
        judge_run(folder)


def test_without_the_candidates_recipe_nothing_is_judged(tmp_path: Path) -> None:
    folder = lay_run(tmp_path, build_recipe(), build_recipe())
    (folder.verdict / "recipe.json").unlink()
    with pytest.raises(WorkspaceError, match=r"recipe\.json is missing"):
        rule_on_folder(folder, build_pin(), EnvelopeParams())
