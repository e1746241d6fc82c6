"""Whether what is asked was kept apart from what is taught: how much repeated a passage of the other side, and was left out.

Nothing of what was left out is in any score. A small count says that the screen works; a large one says that the domain repeats
itself so much, or is being made to, that what is left may be no fair sample of it.
"""

from __future__ import annotations

from pipelines.domain.verdicts import Detail, Finding, Result
from pipelines.judge.evidence import Evidence
from pipelines.judge.overlaps import ASKED, TAUGHT
from pipelines.judge.screen_params import Contamination


def find_contamination(gate: Contamination, evidence: Evidence) -> Finding:
    """Return PASSED where both shares keep to the limit, FAILED where one does not, NOT_MEASURED where nobody looked."""
    overlaps = evidence.overlaps
    if overlaps is None or overlaps.contaminated is None:
        told = "contamination: not measured: `split.decontamination` of params.yaml asks for nothing"
        return Finding(gate=gate.kind, result=Result.NOT_MEASURED, sentence=told, is_blocking=gate.is_blocking)
    counts = {"training": overlaps.count(TAUGHT), "evaluation": overlaps.count(ASKED)}
    details = tuple(_weigh(gate, name, *count) for name, count in counts.items())
    is_kept = all(detail.result is Result.PASSED for detail in details)
    told = " and ".join(f"{left_out:,} of {rows:,} {name} rows" for name, (left_out, rows) in counts.items())
    return Finding(
        gate=gate.kind,
        result=Result.PASSED if is_kept else Result.FAILED,
        sentence=f"contamination: {told} repeat a passage of the other side and were left out "
        f"({'within' if is_kept else 'beyond'} {gate.limit:.1%}); currency pairs are exempt",
        estimate=min(detail.estimate or 0.0 for detail in details),
        margin=gate.limit,
        rows=sum(rows for _, rows in counts.values()),
        is_blocking=gate.is_blocking,
        details=details,
    )


def _weigh(gate: Contamination, name: str, left_out: int, rows: int) -> Detail:
    share = left_out / rows if rows else 0.0
    result = Result.PASSED if share <= gate.limit else Result.FAILED
    return Detail(name=f"{name} rows", result=result, estimate=-share, rows=rows)
