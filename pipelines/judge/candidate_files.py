"""Nothing in a candidate's folder can run: a gate for what a trained model may consist of."""

from __future__ import annotations

from pipelines.domain.verdicts import Detail, Finding, Result
from pipelines.judge.evidence import Evidence
from pipelines.judge.screen_params import Files

NAMED = 3
"""Problems that a sentence names; all of them are among the details."""


def find_files(gate: Files, evidence: Evidence) -> Finding:
    """Return FAILED for any file that is not plain safetensors or JSON, and NOT_MEASURED where the folder was not read."""
    found = evidence.candidate_files
    if found is None:
        return _say(gate, Result.NOT_MEASURED, "files: not measured: the candidate's folder was not read")
    if not found.problems:
        return _say(gate, Result.PASSED, f"files: all {len(found.files)} are safetensors and JSON that read as such")
    more = f" and {len(found.problems) - NAMED} more" if len(found.problems) > NAMED else ""
    details = tuple(Detail(name=problem, result=Result.FAILED) for problem in found.problems)
    return _say(gate, Result.FAILED, f"files: {'; '.join(found.problems[:NAMED])}{more}", details)


def _say(gate: Files, result: Result, sentence: str, details: tuple[Detail, ...] = ()) -> Finding:
    return Finding(
        gate=gate.kind, result=result, sentence=sentence, is_blocking=gate.is_blocking, is_safety=True, details=details
    )
