"""The stage: every probe that is declared and due, and of every other one why there is nothing to read."""

from __future__ import annotations

import logging

from pipelines.audit.params import AnyProbe, AuditParams
from pipelines.audit.subjects import Subject
from pipelines.domain.audits import AuditReport, Probe, ProbeReport
from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.pins import Pin
from pipelines.files import read_json, write_json
from pipelines.lessons.params import LessonParams
from pipelines.workspace import DomainFolder

LOG = logging.getLogger("addendum.stage")
NO_LOOK = "no look was reserved"
NOT_DECLARED = "params.yaml declares no such probe"


def audit(folder: DomainFolder, params: AuditParams, training: LessonParams, labels: tuple[str, ...]) -> AuditReport:
    """Probe the candidate in ``folder`` and write ``audit/report.json``; return the report.

    ``training`` and ``labels`` are what the candidate was trained with. Raises
    :class:`~pipelines.domain.errors.WorkspaceError` for a missing file and what a twin's training may raise.
    """
    pin = read_json(folder.pin, Pin)
    subject = Subject(folder=folder, pin=pin, look=pin.look, training=training, labels=labels) if pin.look else None
    declared = {probe.probe: probe for probe in params.probes}
    reports = tuple(_report(probe, declared.get(probe), params, subject) for probe in Probe)
    report = AuditReport(probes=reports)
    write_json(folder.audit / "report.json", report)
    return report


def _report(name: Probe, probe: AnyProbe | None, params: AuditParams, subject: Subject | None) -> ProbeReport:
    if probe is None:
        return ProbeReport(probe=name, problem=NOT_DECLARED)
    if subject is None:
        return ProbeReport(probe=name, problem=NO_LOOK)
    if not params.is_due(subject.look.t):
        return ProbeReport(probe=name, problem=f"not due at look {subject.look.t}: {_name_cadence(params.every)} is audited")
    LOG.info("audit probe %s", name.value)
    try:
        return ProbeReport(probe=name, readings=probe.measure(subject))
    except NotMeasurableError as error:
        return ProbeReport(probe=name, problem=str(error))


def _name_cadence(every: int) -> str:
    ending = "th" if every % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(every % 10, "th")
    return f"every {every}{ending}"
