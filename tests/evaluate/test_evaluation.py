"""The stage as a whole: who is scored on what, and what may be seen without a look."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipelines.domain.errors import StageError, WorkspaceError
from pipelines.domain.models import Lineage, Role
from pipelines.domain.pins import Pin
from pipelines.domain.scorecards import CurrencyExample, Outcome, Scorecard, Slice
from pipelines.evaluate.evaluation import evaluate
from pipelines.evaluate.params import EvaluateParams
from pipelines.files import digest_folder, read_json, write_json
from pipelines.learners.catalogue import AnyLearner
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.linear import Linear
from pipelines.tables import OUTCOME_SCHEMA, read_outcomes, read_table
from pipelines.workspace import DomainFolder
from tests.builders.domains import LOOK, build_pin, lay_domain, pin_model, repin
from tests.builders.lessons import LABELS, Watcher, build_lesson
from tests.builders.models import flip_byte

TINY_LANGUAGE = CausalLm(base="scratch:tiny", epochs=1, rate=3e-3, max_tokens=48)


def lay_model(folder: Path, learner: AnyLearner | None = None, *, count: int = 40, ingest_seq: int = 9) -> None:
    chosen = learner or Linear()
    chosen.fit(build_lesson(count), folder, Watcher())
    corpus = build_pin(ingest_seq=ingest_seq).corpus
    lineage = Lineage(
        learner=chosen.kind,
        base=chosen.base,
        corpus_id=corpus.id,
        corpus_version=corpus.version,
        ingest_seq=ingest_seq,
        manifest_digest=corpus.manifest_digest,
        parent=None,
        labels=LABELS,
    )
    write_json(folder / "lineage.json", lineage)


def lay_contest(root: Path, learner: AnyLearner | None = None, *, has_anchor: bool = False) -> DomainFolder:
    """Lay candidate and champion (cut-off 3), and an anchor of its own when asked; with a look."""
    folder = lay_domain(root)
    lay_model(folder.model, learner)
    lay_model(folder.champion, learner, count=12, ingest_seq=3)
    if has_anchor:
        lay_model(folder.anchor, learner, count=8, ingest_seq=2)
    else:
        shutil.copytree(folder.champion, folder.anchor)
    pin = build_pin(champion=pin_model(folder.champion), anchor=pin_model(folder.anchor), look=LOOK)
    write_json(folder.pin, pin)
    return folder


def outcomes_of(folder: DomainFolder) -> list[Outcome]:
    return read_outcomes(read_table(folder.scores / "outcomes.parquet", OUTCOME_SCHEMA))


def test_sees_dev_alone_without_a_look(tmp_path: Path) -> None:
    folder = lay_contest(tmp_path)
    pin = read_json(folder.pin, Pin)
    write_json(folder.pin, build_pin(champion=pin.champion, anchor=pin.anchor))
    for kept_back in ("holdout", "anchor", "currency"):
        (folder.splits / f"{kept_back}.parquet").unlink()
    evaluate(folder, EvaluateParams(), 1)
    assert {outcome.slice for outcome in outcomes_of(folder)} == {Slice.DEV}
    assert read_json(folder.scores / "examples.json", list[CurrencyExample]) == []


@pytest.mark.parametrize("learner", [Linear(), TINY_LANGUAGE], ids=["linear", "causal_lm"])
def test_every_role_is_scored_on_the_same_rows(tmp_path: Path, learner: AnyLearner) -> None:
    folder = lay_contest(tmp_path, learner, has_anchor=True)
    evaluate(folder, EvaluateParams(), 1)
    rows: dict[Role, list[tuple[Slice, str]]] = {role: [] for role in Role}
    for outcome in outcomes_of(folder):
        rows[outcome.role].append((outcome.slice, outcome.row_id))
    assert rows[Role.CANDIDATE] == rows[Role.CHAMPION] == rows[Role.ANCHOR]
    assert len(rows[Role.CANDIDATE]) == len(set(rows[Role.CANDIDATE]))
    assert rows[Role.BASELINE] == (rows[Role.CANDIDATE] if learner.kind == "linear" else [])


def test_an_anchor_that_is_the_champion_has_the_champions_outcomes(tmp_path: Path) -> None:
    folder = lay_contest(tmp_path)
    (folder.anchor / "model.json").unlink()  # it is not even read
    evaluate(folder, EvaluateParams(), 1)
    found = [
        [(one.slice, one.row_id, one.predicted, one.loss) for one in outcomes_of(folder) if one.role is role]
        for role in (Role.CHAMPION, Role.ANCHOR)
    ]
    assert found[0] == found[1] != []


def test_fresh_is_the_part_of_the_holdout_that_the_champion_could_not_know(tmp_path: Path) -> None:
    folder = lay_contest(tmp_path)
    evaluate(folder, EvaluateParams(), 1)
    own = [outcome for outcome in outcomes_of(folder) if outcome.role is Role.CANDIDATE]
    holdout = {outcome.row_id: outcome for outcome in own if outcome.slice is Slice.HOLDOUT}
    fresh = [outcome for outcome in own if outcome.slice is Slice.FRESH]
    assert (len(holdout), len(fresh)) == (12, 6)
    assert all(holdout[outcome.row_id].loss == outcome.loss for outcome in fresh)


def test_a_first_candidate_has_no_champion_and_nothing_fresh(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path, pin=build_pin(look=LOOK))
    lay_model(folder.model)
    evaluate(folder, EvaluateParams(), 1)
    assert {outcome.role for outcome in outcomes_of(folder)} == {Role.CANDIDATE, Role.BASELINE}
    assert Slice.FRESH not in {outcome.slice for outcome in outcomes_of(folder)}
    example = read_json(folder.scores / "examples.json", list[CurrencyExample])[0]
    assert (example.champion_answer, example.is_champion_current) == ("", None)


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    folder = lay_contest(tmp_path, TINY_LANGUAGE)
    evaluate(folder, EvaluateParams(), 1)
    first = digest_folder(folder.scores)
    shutil.rmtree(folder.scores)
    evaluate(folder, EvaluateParams(), 1)
    assert digest_folder(folder.scores) == first


def test_a_language_model_is_measured_on_general_english_and_currency(tmp_path: Path) -> None:
    folder = lay_contest(tmp_path, TINY_LANGUAGE)
    scorecard = evaluate(folder, EvaluateParams(), 1)
    general = scorecard.find(Role.CHAMPION, Slice.GENERAL, "bits_per_byte")
    assert general is not None
    assert (general.rows, general.value > 0) == (40, True)
    currency = [outcome for outcome in outcomes_of(folder) if outcome.slice is Slice.CURRENCY]
    assert {outcome.predicted for outcome in currency} <= {"in force", "before"}
    assert all(outcome.confidence is None for outcome in currency)
    assert len({len(outcome.row_id) for outcome in currency}) == 1


def test_the_files_say_what_the_outcomes_say(tmp_path: Path) -> None:
    folder = lay_contest(tmp_path)
    scorecard = evaluate(folder, EvaluateParams(), 1)
    assert read_json(folder.scores / "scorecard.json", Scorecard) == scorecard
    metrics = json.loads((folder.scores / "metrics.json").read_text())
    accuracy = scorecard.find(Role.CANDIDATE, Slice.HOLDOUT, "accuracy")
    assert accuracy is not None
    assert metrics["holdout_accuracy"] == accuracy.value
    confusion = (folder.scores / "plots" / "confusion.csv").read_text().splitlines()
    assert confusion[0] == "label,predicted,count"
    assert sum(int(line.split(",")[2]) for line in confusion[1:]) == 12
    assert len((folder.scores / "plots" / "currency.csv").read_text().splitlines()) == 5


@pytest.mark.parametrize("learner", [Linear(), TINY_LANGUAGE], ids=["linear", "causal_lm"])
def test_an_outcome_says_when_its_text_was_published_where_that_is_known(tmp_path: Path, learner: AnyLearner) -> None:
    folder = lay_contest(tmp_path, learner)
    evaluate(folder, EvaluateParams(), 1)
    years: dict[Slice, set[int]] = {}
    for outcome in outcomes_of(folder):
        years.setdefault(outcome.slice, set()).add(outcome.year)
    assert years[Slice.HOLDOUT] == {2020, 2021}
    undated = {Slice.CURRENCY} | ({Slice.GENERAL} if learner.kind == "causal_lm" else set())
    assert {part for part, found in years.items() if found == {0}} == undated


def test_outcomes_name_the_declared_subgroups_for_all_models_alike(tmp_path: Path) -> None:
    folder = lay_contest(tmp_path)
    evaluate(folder, EvaluateParams(subgroups={"tablet": "(?i)TABLETS", "lots": r"\blot\b", "nobody": "zzz"}), 1)
    found: dict[Role, list[tuple[str, ...]]] = {role: [] for role in Role}
    for outcome in outcomes_of(folder):
        found[outcome.role].append(outcome.subgroups)
    assert {names for groups in found.values() for names in groups} <= {(), ("lots",), ("tablet",), ("lots", "tablet")}
    assert ("lots", "tablet") in found[Role.CANDIDATE]
    assert found[Role.CANDIDATE] == found[Role.CHAMPION] == found[Role.ANCHOR] == found[Role.BASELINE]


def test_only_a_classifier_says_how_likely_it_finds_every_label(tmp_path: Path) -> None:
    folder = lay_contest(tmp_path / "linear")
    evaluate(folder, EvaluateParams(), 1)
    for outcome in outcomes_of(folder):
        assert outcome.probabilities is not None
        assert set(outcome.probabilities) == set(LABELS)
        assert outcome.probabilities[outcome.predicted] == outcome.confidence
    folder = lay_contest(tmp_path / "language", TINY_LANGUAGE)
    evaluate(folder, EvaluateParams(), 1)
    assert {outcome.probabilities is None for outcome in outcomes_of(folder)} == {True}


def test_examples_show_the_change_and_both_answers(tmp_path: Path) -> None:
    folder = lay_contest(tmp_path, TINY_LANGUAGE)
    evaluate(folder, EvaluateParams(examples=3), 1)
    examples = read_json(folder.scores / "examples.json", list[CurrencyExample])
    assert len(examples) == 3
    for example in examples:
        assert example.question.endswith("A report is due in")
        assert int(example.text_in_force) == int(example.text_before) + 20
        assert example.candidate_answer != ""
        assert example.is_champion_current is not None


def test_text_is_quoted_in_examples_alone(tmp_path: Path) -> None:
    folder = lay_contest(tmp_path)
    evaluate(folder, EvaluateParams(), 1)
    for path in folder.scores.rglob("*"):
        if path.is_file() and path.name != "examples.json":
            content = str(read_table(path, OUTCOME_SCHEMA).to_pylist()) if path.suffix == ".parquet" else path.read_text()
            assert "report" not in content
            assert "committee" not in content


def test_a_cap_takes_the_rows_of_the_lowest_digests(tmp_path: Path) -> None:
    folder = lay_contest(tmp_path)
    evaluate(folder, EvaluateParams(), 1)
    every = sorted(one.row_id for one in outcomes_of(folder) if (one.role, one.slice) == (Role.CANDIDATE, Slice.DEV))
    evaluate(folder, EvaluateParams(rows=3), 1)
    assert [one.row_id for one in outcomes_of(folder) if (one.role, one.slice) == (Role.CHAMPION, Slice.DEV)] == every[:3]


def test_refuses_to_compare_a_classifier_with_a_language_model(tmp_path: Path) -> None:
    folder = lay_contest(tmp_path)
    shutil.rmtree(folder.champion)
    lay_model(folder.champion, TINY_LANGUAGE)
    repin(folder, read_json(folder.pin, Pin), champion=pin_model(folder.champion))
    with pytest.raises(StageError, match="cannot be compared"):
        evaluate(folder, EvaluateParams(), 1)


@pytest.mark.parametrize("role", ["champion", "anchor"])
def test_refuses_a_reference_that_is_not_what_its_pin_says(tmp_path: Path, role: str) -> None:
    folder = lay_contest(tmp_path, has_anchor=True)
    flip_byte(folder.root / role / "vocabulary.json")
    with pytest.raises(WorkspaceError, match=rf"{role} is [0-9a-f]{{12}}, and the pin says .*addendum pin"):
        evaluate(folder, EvaluateParams(), 1)
