"""The stage always writes a report on every probe: what it read, or why there is nothing to read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.audit.auditing import audit
from pipelines.audit.params import AuditParams, Extraction, Latency, Memorisation, PhiLeak, Robustness
from pipelines.domain.audits import AuditReport, Probe
from pipelines.domain.errors import WorkspaceError
from pipelines.files import read_json, write_json
from tests.builders.audits import LINEAR, lay_audited
from tests.builders.domains import LOOK, build_pin
from tests.builders.lessons import LABELS

PARAMS = AuditParams(probes=(Robustness(rows=5), Extraction(), PhiLeak(), Latency()))


def test_every_probe_is_told_of_with_its_readings_or_its_reason(tmp_path: Path) -> None:
    folder = lay_audited(tmp_path)
    report = audit(folder, PARAMS, LINEAR, LABELS)
    assert [one.probe for one in report.probes] == list(Probe)
    assert read_json(folder.audit / "report.json", AuditReport) == report
    assert report.find(Probe.ROBUSTNESS).readings
    assert report.find(Probe.EXTRACTION).problem == "a classifier emits labels, no text"
    assert report.find(Probe.PHI_LEAK).problem == "a classifier emits labels, no text"
    assert "no champion yet" in report.find(Probe.LATENCY).problem
    assert report.find(Probe.MEMORISATION).problem == "params.yaml declares no such probe"
    assert all(bool(one.readings) != bool(one.problem) for one in report.probes)


@pytest.mark.parametrize(
    ("t", "every", "cadence"), [(2, 4, "every 4th"), (2, 3, "every 3rd"), (12, 12, "every 12th"), (5, 22, "every 22nd")]
)
def test_between_two_audits_every_probe_says_when_it_is_due(t: int, every: int, cadence: str, tmp_path: Path) -> None:
    folder = lay_audited(tmp_path)
    write_json(folder.pin, build_pin(look=replace(LOOK, t=t)))
    report = audit(folder, PARAMS.model_copy(update={"every": every}), LINEAR, LABELS)
    assert report.find(Probe.ROBUSTNESS).problem == f"not due at look {t}: {cadence} is audited"
    assert report.find(Probe.MEMBERSHIP).problem == "params.yaml declares no such probe"


def test_a_run_without_a_look_is_not_audited(tmp_path: Path) -> None:
    folder = lay_audited(tmp_path)
    write_json(folder.pin, build_pin())
    report = audit(folder, PARAMS, LINEAR, LABELS)
    assert report.find(Probe.ROBUSTNESS).problem == "no look was reserved"
    assert (folder.audit / "report.json").is_file()


def test_the_same_run_is_audited_to_the_same_bytes_and_nothing_of_a_document_or_a_place_is_in_them(tmp_path: Path) -> None:
    folder = lay_audited(tmp_path)
    params = AuditParams(probes=(Robustness(), Memorisation(canaries=10, references=50)))
    written = []
    for _ in range(2):
        audit(folder, params, LINEAR, LABELS)
        written.append((folder.audit / "report.json").read_bytes())
    assert written[0] == written[1]
    assert not any(word in written[0] for word in (b"salmonella", b"committee", str(tmp_path).encode()))


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    folder = lay_audited(tmp_path)
    (folder.model / "model.json").unlink()
    with pytest.raises(WorkspaceError, match=r"model\.json"):
        audit(folder, PARAMS, LINEAR, LABELS)
