"""From outcomes to a verdict: a pure function of the pin, the outcomes, the model's digest and the gates.

The ledger is not asked: the look that allows a verdict was reserved before, and the pin carries it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.domain.audits import AuditReport
from pipelines.domain.identities import Digest, shorten
from pipelines.domain.models import Role
from pipelines.domain.pins import Look, Pin
from pipelines.domain.scorecards import Outcome
from pipelines.domain.verdicts import Decision, Finding, Result, Verdict
from pipelines.files import digest_folder, read_json, write_json
from pipelines.judge.duties import count_duties
from pipelines.judge.envelope_params import EnvelopeParams
from pipelines.judge.envelopes import Ruling, rule_on_folder
from pipelines.judge.evidence import Evidence
from pipelines.judge.model_files import ModelFiles, read_model_files
from pipelines.judge.overlaps import Overlaps, read_overlaps
from pipelines.judge.params import JudgeParams
from pipelines.judge.plans import plan_digest
from pipelines.judge.readiness import find_readiness
from pipelines.judge.rulings import DECISIONS, RESULTS, conclude
from pipelines.tables import OUTCOME_SCHEMA, read_outcomes, read_table
from pipelines.workspace import DomainFolder

DEV_ONLY = "judged on dev only: no look was reserved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A candidate with all that is known for and against it; ``duties`` counts what the champion should not have seen.

    ``ruling`` is what the change envelope says about how it was made.
    """

    pin: Pin
    outcomes: Sequence[Outcome]
    candidate: Digest
    duties: int = 0
    candidate_files: ModelFiles | None = None
    champion_files: ModelFiles | None = None
    audit: AuditReport | None = None
    overlaps: Overlaps | None = None
    ruling: Ruling | None = None


def judge(folder: DomainFolder, params: JudgeParams, envelope: EnvelopeParams) -> Verdict:
    """Judge the candidate in ``folder`` and write ``verdict/verdict.json``; its recipe lies there already.

    Raises :class:`~pipelines.domain.errors.WorkspaceError` for a missing file and
    :class:`~pipelines.domain.errors.StageError` where models were not scored on the same rows.
    """
    pin = read_json(folder.pin, Pin)
    outcomes = read_outcomes(read_table(folder.scores / "outcomes.parquet", OUTCOME_SCHEMA))
    case = Case(
        pin=pin,
        outcomes=outcomes,
        candidate=digest_folder(folder.model),
        duties=count_duties(folder),
        candidate_files=read_model_files(folder.model),
        champion_files=read_model_files(folder.champion) if pin.champion else None,
        audit=read_audit(folder),
        overlaps=read_overlaps(folder),
        ruling=rule_on_folder(folder, pin, envelope),
    )
    verdict = weigh(case, params)
    write_json(folder.verdict / "verdict.json", verdict)
    return verdict


def read_audit(folder: DomainFolder) -> AuditReport | None:
    """Return the audit's report, ``None`` where the stage did not run: its gates then say so."""
    file = folder.audit / "report.json"
    return read_json(file, AuditReport) if file.is_file() else None


def weigh(case: Case, params: JudgeParams) -> Verdict:
    """Return the verdict on a case; without a look, or under another plan than its, nothing is even measured."""
    look, candidate = case.pin.look, case.candidate
    if look is None:
        return Verdict(decision=Decision.HOLD, sentence=DEV_ONLY, candidate=candidate, look=None, findings=())
    if look.plan != plan_digest(params):
        return Verdict(decision=Decision.HOLD, sentence=_name_plans(look, params), candidate=candidate, look=look, findings=())
    evidence = _gather(case, look)
    findings = find_readiness(evidence, params) + tuple(gate.find(evidence) for gate in params.gates) + _require(evidence, params)
    findings += (case.ruling.finding,) if case.ruling else ()
    needs_approval = evidence.is_first or (case.ruling is not None and case.ruling.needs_approval)
    decision = decide(findings)
    sentence = _sum_up(decision, findings, is_first=evidence.is_first)
    return Verdict(
        decision=decision, sentence=sentence, candidate=candidate, look=look, findings=findings, needs_approval=needs_approval
    )


def decide(findings: Sequence[Finding]) -> Decision:
    """Return what follows: a failure refuses, and only a pass of every blocking finding (at least one) promotes."""
    results = np.array([RESULTS.index(finding.result) for finding in findings], dtype=np.int8)
    is_blocking = np.array([finding.is_blocking for finding in findings], dtype=np.bool_)
    return DECISIONS[int(conclude(results, is_blocking))]


def _gather(case: Case, look: Look) -> Evidence:
    return Evidence(
        pin=case.pin,
        look=look,
        outcomes=case.outcomes,
        duties=case.duties,
        candidate_files=case.candidate_files,
        champion_files=case.champion_files,
        audit=case.audit,
        overlaps=case.overlaps,
    )


def _require(evidence: Evidence, params: JudgeParams) -> tuple[Finding, ...]:
    """Return a finding for each kind of gate that this verdict cannot do without and that ``params`` does not declare."""
    declared = {gate.kind for gate in params.gates if gate.is_blocking}
    against = {gate.against for gate in params.gates if gate.kind == "non_inferiority" and gate.is_blocking}
    if evidence.is_first:
        missing = [] if "floor" in declared else ["floor"]
    else:
        missing = [f"non_inferiority against the {role.value}" for role in (Role.CHAMPION, Role.ANCHOR) if role not in against]
        missing += [] if "reason_to_change" in declared else ["reason_to_change"]
    return tuple(
        Finding(
            gate=kind.split()[0],
            result=Result.NOT_MEASURED,
            sentence=f"params.yaml declares no blocking gate `{kind}`",
            is_safety=True,  # nobody may approve what the plan never asked
        )
        for kind in missing
    )


def _sum_up(decision: Decision, findings: Sequence[Finding], *, is_first: bool) -> str:
    blocking = [finding for finding in findings if finding.is_blocking]
    if decision is Decision.PROMOTE:
        reasons = [finding.sentence for finding in blocking if finding.gate == "reason_to_change"]
        passed = f"promote: all {len(blocking)} gates passed{_name_unseen(findings)}"
        return f"{passed}; as the first champion it needs a named approval" if is_first else "; ".join([passed, *reasons])
    word, wanted = ("refused", {Result.FAILED}) if decision is Decision.REFUSE else ("held", set(Result) - {Result.PASSED})
    causes = [finding.sentence for finding in blocking if finding.result in wanted]
    return f"{word}: {causes[0]}" + (f" (and {len(causes) - 1} more)" if len(causes) > 1 else "")


def _name_unseen(findings: Sequence[Finding]) -> str:
    """Say which safety gates were passed over, so that nobody takes a promotion for their pass."""
    said = ""
    for result in (Result.NOT_MEASURED, Result.UNDECIDABLE):
        gates = [finding.gate for finding in findings if finding.is_safety and finding.result is result]
        said += f"; {result.value}: {', '.join(dict.fromkeys(gates))}" if gates else ""
    return said


def _name_plans(look: Look, params: JudgeParams) -> str:
    ours, theirs = shorten(plan_digest(params)), shorten(look.plan)
    return f"the look was reserved under plan {theirs}, and params.yaml says {ours}: pin again, then retrain"
