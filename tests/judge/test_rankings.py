"""AUROC of counted rows is that of rows written out as often, as others compute it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.models import Role
from pipelines.domain.pins import Look
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.domain.verdicts import Finding, Result
from pipelines.judge.evidence import Evidence, Rows
from pipelines.judge.metrics import weigh_families
from pipelines.judge.non_inferiority import find_non_inferiority
from pipelines.judge.params import NonInferiority
from pipelines.judge.rankings import find_auroc
from pipelines.judge.statistics import Floats
from tests.builders.outcomes import ALPHA_1, LABELS, build_outcome, build_pin, forge_digest

LOOK = Look(generation=1, t=1, alpha=ALPHA_1, plan=forge_digest("plan"))


def score_row(row: int, scores: Sequence[float], **fields: Any) -> Outcome:
    return build_outcome(row, probabilities=dict(zip(LABELS, scores, strict=False)), **fields)


def tabulate(outcomes: list[Outcome]) -> Rows:
    return Evidence(build_pin(), LOOK, outcomes).rows(Role.CANDIDATE, Slice.HOLDOUT)


def rank_by_others(rows: Rows, counts: Floats) -> float:
    """The macro one-vs-rest mean of scikit-learn's binary AUROC, with weights for counts."""
    from sklearn.metrics import roc_auc_score

    weights = counts[rows.family]
    areas = [roc_auc_score(rows.label == code, rows.probabilities[:, code], sample_weight=weights) for code in range(rows.labels)]
    return float(np.mean(areas))


def draw_rows(seed: int, rows: int = 40, families: int = 12) -> Rows:
    generator = np.random.default_rng(seed)
    scores = np.round(generator.dirichlet([1, 1, 1], size=rows), 1)  # so coarse that many tie
    return tabulate([score_row(row, scores[row], family_id=f"f{row % families:02d}") for row in range(rows)])


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 4), min_size=12, max_size=12))
def test_agrees_with_scikit_learn_whatever_families_count(seed: int, counts: list[int]) -> None:
    rows, weights = draw_rows(seed), np.array(counts, dtype=np.float64)
    assert float(find_auroc(rows, weights)) == pytest.approx(rank_by_others(rows, weights))


def test_ties_count_a_half() -> None:
    rows = tabulate([score_row(row, (0.5, 0.5, 0.5)) for row in range(9)])
    assert float(find_auroc(rows, np.ones(9))) == 0.5


def test_the_right_order_is_one_and_the_wrong_one_nothing() -> None:
    right = [score_row(row, [float(label == LABELS[row % 2]) for label in LABELS[:2]], label=LABELS[row % 2]) for row in range(8)]
    wrong = [score_row(row, [float(label != LABELS[row % 2]) for label in LABELS[:2]], label=LABELS[row % 2]) for row in range(8)]
    assert [float(find_auroc(tabulate(rows), np.ones(8))) for rows in (right, wrong)] == [1.0, 0.0]


def test_a_batch_of_weights_is_each_of_them() -> None:
    rows = draw_rows(5)
    weights = np.random.default_rng(1).integers(0, 4, size=(6, 12)).astype(np.float64)
    assert find_auroc(rows, weights)[3] == find_auroc(rows, weights[3])


def test_a_label_that_a_resample_lacks_is_left_out_of_its_mean() -> None:
    outcomes = [score_row(row, (0.6, 0.3, 0.1), label=LABELS[row % 3], family_id=f"f{row % 3}") for row in range(9)]
    outcomes[0] = score_row(0, (0.9, 0.05, 0.05), label=LABELS[0], family_id="f0")
    without_gamma = find_auroc(tabulate(outcomes), np.array([1.0, 1.0, 0.0]))
    kept = [one for one in outcomes if one.label != LABELS[2]]
    assert float(without_gamma) == pytest.approx(float(find_auroc(tabulate(kept), np.ones(2))))


def test_a_label_that_a_model_does_not_know_gets_no_probability() -> None:
    rows = tabulate([score_row(row, (0.6, 0.4)) for row in range(6)])
    assert rows.probabilities[:, 2].tolist() == [0.0] * 6


def test_without_probabilities_or_labels_it_is_not_measured() -> None:
    silent = tabulate([build_outcome(row) for row in range(6)])
    with pytest.raises(NotMeasurableError, match="probability of every label"):
        weigh_families("auroc", silent)(np.ones(6))
    alone = tabulate([score_row(row, (1.0,), label=LABELS[0]) for row in range(6)])
    with pytest.raises(NotMeasurableError, match="two labels"):
        weigh_families("auroc", alone)(np.ones(6))


def judge_auroc(candidate: float, champion: float) -> Finding:
    """Scores whose noise is the larger the worse the model."""
    generator = np.random.default_rng(2)
    noise = generator.normal(size=(300, 3))
    outcomes = []
    for role, spread in ((Role.CANDIDATE, candidate), (Role.CHAMPION, champion)):
        for row in range(300):
            scores = [float(label == LABELS[row % 3]) + spread * noise[row, code] for code, label in enumerate(LABELS)]
            outcomes.append(score_row(row, scores, role=role))
    gate = NonInferiority(metric="auroc", margin=0.02)
    return find_non_inferiority(gate, Evidence(build_pin(), LOOK, outcomes))


def test_a_gate_on_auroc_tells_a_better_ranking_from_a_worse() -> None:
    better, worse = judge_auroc(0.5, 1.0), judge_auroc(1.0, 0.5)
    assert (better.result, worse.result) == (Result.PASSED, Result.FAILED)
    assert better.sentence.startswith("AUROC on the holdout against the champion: +")
    assert better.estimate == pytest.approx(-(worse.estimate or 0))
