"""How much was copied is told in the verdict, too much of it refuses, and nobody having looked is no pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.verdicts import Decision, Finding, Result
from pipelines.files import write_bytes, write_json
from pipelines.judge.contaminations import find_contamination
from pipelines.judge.judging import decide
from pipelines.judge.overlaps import Overlaps, PartOverlap, read_overlaps
from pipelines.judge.params import JudgeParams
from pipelines.judge.screen_params import Contamination
from pipelines.split.splitting import Part, SplitReport
from pipelines.workspace import DomainFolder
from tests.builders.outcomes import build_evidence


def build_overlaps(taught: int = 0, asked: int = 0, *, contaminated: int | None = 0) -> Overlaps:
    parts = {
        "train": PartOverlap(rows=1_000 - taught, contaminated=taught),
        "dev": PartOverlap(rows=50),
        "holdout": PartOverlap(rows=100 - asked, contaminated=asked),
        "anchor": PartOverlap(rows=50),
    }
    return Overlaps(parts=parts, contaminated=contaminated)


def give(overlaps: Overlaps | None, **fields: object) -> Finding:
    return find_contamination(Contamination.model_validate(fields), build_evidence([], {"overlaps": overlaps}))


def test_the_counts_of_both_ways_are_told() -> None:
    finding = give(build_overlaps(12, 3))
    assert finding.result is Result.PASSED
    assert finding.sentence == (
        "contamination: 12 of 1,000 training rows and 3 of 200 evaluation rows repeat a passage of the other side and were left "
        "out (within 10.0%); currency pairs are exempt"
    )
    assert [(detail.name, detail.estimate, detail.rows) for detail in finding.details] == [
        ("training rows", -0.012, 1_000),
        ("evaluation rows", -0.015, 200),
    ]
    assert (finding.estimate, finding.margin) == (-0.015, 0.1)


@pytest.mark.parametrize(("taught", "asked"), [(101, 0), (0, 21)])
def test_too_much_on_either_side_refuses(taught: int, asked: int) -> None:
    finding = give(build_overlaps(taught, asked))
    assert finding.result is Result.FAILED
    assert decide([finding]) is Decision.REFUSE
    assert give(build_overlaps(100, 20)).result is Result.PASSED
    assert give(build_overlaps(taught, asked), limit=0.11).result is Result.PASSED


@pytest.mark.parametrize("overlaps", [None, build_overlaps(contaminated=None)])
def test_nobody_having_looked_is_no_pass(overlaps: Overlaps | None) -> None:
    finding = give(overlaps)
    assert finding.result is Result.NOT_MEASURED
    assert decide([finding]) is Decision.HOLD
    assert not give(overlaps, is_blocking=False).is_blocking


def test_empty_splits_repeat_nothing() -> None:
    assert give(Overlaps(parts={}, contaminated=0)).result is Result.PASSED


def test_reads_what_the_split_wrote(tmp_path: Path) -> None:
    folder = DomainFolder(tmp_path)
    assert read_overlaps(folder) is None
    part = Part(rows=7, families=7, by_source={}, by_label={}, bridging=2, contaminated=3)
    write_json(
        folder.splits / "report.json", SplitReport(parts={"train": part}, bridging=2, superseded=0, pairs=0, contaminated=3)
    )
    assert read_overlaps(folder) == Overlaps(parts={"train": PartOverlap(rows=7, contaminated=3)}, contaminated=3)
    write_bytes(folder.splits / "report.json", b"{}")
    with pytest.raises(WorkspaceError, match="parts"):
        read_overlaps(folder)


def test_it_is_a_gate_like_all_others() -> None:
    params = JudgeParams.model_validate({"gates": [{"kind": "contamination", "limit": 0.1}]})
    assert params.gates == (Contamination(limit=0.1),)
