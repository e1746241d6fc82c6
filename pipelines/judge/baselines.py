"""Better than the linear learner: what a first champion must be worth, since there is nobody else to measure it against."""

from __future__ import annotations

from dataclasses import replace

from pipelines.domain.models import Role
from pipelines.domain.verdicts import Finding
from pipelines.judge.comparisons import Question
from pipelines.judge.differences import Words, find_difference
from pipelines.judge.evidence import Evidence
from pipelines.judge.params import Baseline

MARGIN = 0.01
WORDS = Words(passed="better", failed="not better")


def find_baseline(gate: Baseline, evidence: Evidence) -> Finding:
    """Return whether the candidate is shown to beat the baseline; blocks only while there is no champion."""
    question = Question(metric=gate.metric, part=gate.slice, against=Role.BASELINE, margin=MARGIN)
    finding = find_difference(gate.kind, evidence, question, 0.0, WORDS)
    return replace(finding, is_blocking=gate.is_blocking and evidence.is_first)
