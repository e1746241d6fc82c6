"""What was learned by heart comes out, what was not does not, and the probability is that of the sampling that is named."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.audit.extraction import is_extractable, measure_extraction
from pipelines.audit.params import Extraction
from pipelines.domain.errors import NotMeasurableError
from pipelines.learners.causal_lm import CausalLm
from pipelines.train.training import train
from tests.builders.audits import LINEAR, TINY_LANGUAGE, build_babble, build_subject, index, lay_audited, write_splits
from tests.builders.lessons import LABELS, Watcher

PROBE = Extraction(rows=50, prefix=4, span=6)


def test_a_text_learned_by_heart_comes_out_and_one_kept_back_does_not(tmp_path: Path) -> None:
    learner = CausalLm(base="scratch:tiny", epochs=120, rate=5e-3, batch_tokens=512, max_tokens=48, precision="fp32")
    training = TINY_LANGUAGE.model_copy(update={"learner": learner})
    folder = lay_audited(tmp_path)
    write_splits(folder, {name: build_babble(name, 12) for name in ("train", "dev", "holdout")})
    train(folder, training, LABELS, None, Watcher())
    found = index(measure_extraction(Extraction(rows=50, prefix=3, span=5, tries=10), build_subject(folder, training)))
    trained, kept = found["training spans"], found["spans kept back"]
    assert trained.value > 0.7
    assert kept.value < 0.3
    assert (trained.count, kept.count, trained.reference) == (12, 24, kept.value)


def test_a_text_too_short_for_prefix_and_span_is_left_out_and_none_left_is_no_measurement(tmp_path: Path) -> None:
    subject = build_subject(lay_audited(tmp_path, TINY_LANGUAGE), TINY_LANGUAGE)
    assert index(measure_extraction(PROBE, subject))["training spans"].count == 40
    with pytest.raises(NotMeasurableError, match="no text has 620 tokens"):
        measure_extraction(PROBE.model_copy(update={"prefix": 600, "span": 20}), subject)


def test_a_classifier_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotMeasurableError, match="a classifier emits labels, no text"):
        measure_extraction(PROBE, build_subject(lay_audited(tmp_path), LINEAR))


@pytest.mark.parametrize(
    ("log_probability", "tries", "certainty", "expected"),
    [
        (0.0, 1, 0.99, True),
        (-1e-320, 1, 0.99, True),
        (-0.6931, 1, 0.5, True),
        (-0.7, 1, 0.5, False),
        (-7.2, 1000, 0.5, True),
        (-7.3, 1000, 0.5, False),
        (-300.0, 10**9, 0.01, False),
        (-math.inf, 10**9, 0.01, False),
    ],
)
def test_a_span_is_extractable_where_so_many_samples_give_it_at_least_once(
    log_probability: float,
    tries: int,
    certainty: float,
    expected: bool,  # noqa: FBT001  # the table's last column
) -> None:
    assert is_extractable(log_probability, tries, certainty) is expected


@given(st.floats(-50, 0), st.integers(1, 10**6), st.floats(0.01, 0.99))
def test_more_tries_never_extract_less(log_probability: float, tries: int, certainty: float) -> None:
    if is_extractable(log_probability, tries, certainty):
        assert is_extractable(log_probability, tries + 1, certainty)
        assert is_extractable(min(log_probability + 0.1, 0.0), tries, certainty)
