"""Nothing is trained on personal data before a report of these very recognisers shows that they find it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.domain.errors import ParamsError
from pipelines.domain.identities import Digest
from pipelines.files import digest_file, write_json
from pipelines.privacy.measuring import bound_recall
from pipelines.privacy.params import PhiParams
from pipelines.privacy.reports import Recall, RecallReport, digest_recognisers, list_problems, refuse_unmeasured


def build_recall(kind: str = "NAME", found: int = 400, spans: int = 400) -> Recall:
    return Recall(kind=kind, found=found, spans=spans, lower=bound_recall(found, spans))


def build_report(*classes: Recall, overall: Recall | None = None) -> RecallReport:
    return RecallReport(
        overall=overall or build_recall("all", 500, 500),
        classes=classes or (build_recall(),),
        clean=50,
        touched=2,
        identifiers="safe_harbor",
        screen=True,
        code=digest_recognisers(),
        gold=Digest("a" * 64),
    )


def lay(folder: Path, report: RecallReport, approved: Mapping[str, str] | None = None) -> PhiParams:
    write_json(folder / "recall.json", report)
    return PhiParams(report="recall.json", sha256=digest_file(folder / "recall.json"), approved=approved or {})


def refuse(folder: Path, phi: PhiParams) -> None:
    refuse_unmeasured(folder, phi, identifiers="safe_harbor", screen=True)


def test_a_report_that_shows_enough_is_enough(tmp_path: Path) -> None:
    refuse(tmp_path, lay(tmp_path, build_report()))


def test_refuses_before_anything_was_measured(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"benchmarks/privacy\.py --gold"):
        refuse_unmeasured(tmp_path, True, identifiers="safe_harbor", screen=True)  # noqa: FBT003  # what params.yaml says


@pytest.mark.parametrize(
    ("report", "problem"),
    [
        (build_report(overall=build_recall("all", 495, 500)), "overall recall"),
        (build_report(build_recall("DATE", 380, 400)), "recall of DATE"),
        (build_report(build_recall("FAX", 12, 12)), "12 spans of FAX cannot show"),
    ],
)
def test_refuses_recall_that_is_not_shown(tmp_path: Path, report: RecallReport, problem: str) -> None:
    with pytest.raises(ParamsError, match=problem):
        refuse(tmp_path, lay(tmp_path, report))


def test_a_class_that_cannot_be_decided_needs_a_name() -> None:
    report = build_report(build_recall("FAX", 12, 12))
    phi = PhiParams(report="recall.json", sha256="0" * 64)
    assert list_problems(report, phi.model_copy(update={"approved": {"FAX": "R. Meier"}})) == []
    assert list_problems(report, phi.model_copy(update={"approved": {"FAX": " "}})) != []
    assert list_problems(report, phi.model_copy(update={"approved": {"NAME": "R. Meier"}})) != []


def test_no_name_accepts_a_class_that_was_decided_against() -> None:
    report = build_report(build_recall("DATE", 380, 400))
    assert list_problems(report, PhiParams(report="r", sha256="0" * 64, approved={"DATE": "R. Meier"})) != []


def test_refuses_a_report_of_other_recognisers_or_other_settings(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="other recognisers"):
        refuse(tmp_path, lay(tmp_path, replace(build_report(), code=Digest("b" * 64))))
    with pytest.raises(ParamsError, match="other settings"):
        refuse_unmeasured(tmp_path, lay(tmp_path, build_report()), identifiers="safe_harbor", screen=False)


def test_refuses_a_report_that_is_missing_or_was_changed(tmp_path: Path) -> None:
    phi = lay(tmp_path, build_report())
    (tmp_path / "recall.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ParamsError, match="sha256"):
        refuse(tmp_path, phi)
    (tmp_path / "recall.json").unlink()
    with pytest.raises(ParamsError, match=r"there is no recall\.json"):
        refuse(tmp_path, phi)
