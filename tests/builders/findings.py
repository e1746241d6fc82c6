"""Findings as a judge leaves them: a verdict that passes, one that fails, and the readings of an audit."""

from __future__ import annotations

from typing import Any

from pipelines.domain.audits import AuditReport, Probe, ProbeReport, Reading
from pipelines.domain.verdicts import Detail, Finding, Result


def build_finding(gate: str = "non_inferiority", **fields: Any) -> Finding:
    defaults: dict[str, Any] = {"gate": gate, "result": Result.PASSED, "sentence": f"{gate}: passed"}
    return Finding(**{**defaults, **fields})


def build_difference(part: str = "holdout", estimate: float = 0.013, **fields: Any) -> Finding:
    """A non-inferiority finding on a share, with a margin of one point."""
    against, lower = fields.get("against", "champion"), fields.pop("lower", estimate - 0.011)
    defaults: dict[str, Any] = {
        "metric": "accuracy",
        "against": against,
        "part": part,
        "estimate": estimate,
        "lower": lower,
        "margin": 0.01,
        "rows": 4212,
        "needed": 3690,
        "sentence": f"accuracy on the {part} against the {against}: {100 * estimate:+.1f} points "
        f"(lower bound {100 * lower:.1f} at α = 0.0076; margin 1.0): not worse",
    }
    return build_finding(**{**defaults, **fields})


def build_harm(*, is_harming: bool) -> Finding:
    shifts = {
        "source: clinicaltrials_gov": 0.9, "source: openfda_enforcement": 1.6, "source: pubmed": 0.4, "year: 2024": 1.1,
        "year: 2025": 0.7, "year: 2026": 2.4, "label: Cardiology": 1.3, "label: Class I": 2.0, "label: Class II": 0.6,
        "label: Infection": -0.5, "label: Oncology": 1.2, "declared: mentions children": -5.8 if is_harming else -0.4,
    }  # fmt: skip
    details = tuple(
        Detail(
            name=name,
            result=Result.FAILED if shift < -4 else Result.PASSED,
            estimate=shift / 100,
            lower=(shift - 1.9) / 100,
            upper=(shift + 1.9) / 100,
            p_value=0.0002 if shift < -4 else 0.6,
            rows=300 + 37 * place,
        )
        for place, (name, shift) in enumerate(shifts.items())
    )
    said = (
        "1 of 12 subgroups is harmed: mentions children −5.8 points"
        if is_harming
        else "none of 12 subgroups is shown to be harmed"
    )
    return build_finding(
        "harm_screen",
        metric="accuracy",
        against="champion",
        part="holdout",
        estimate=-0.058 if is_harming else -0.005,
        result=Result.FAILED if is_harming else Result.PASSED,
        sentence=f"harm screen (Holm over 12 subgroups): {said}",
        details=details,
    )


def build_safety(gate: str, sentence: str, result: Result = Result.PASSED, **fields: Any) -> Finding:
    return build_finding(gate, sentence=sentence, result=result, is_safety=True, **fields)


def build_power(rows: int = 4212) -> Finding:
    is_enough = rows >= 3690
    said = f"{rows:,} examples, and 3,690 are needed" if is_enough else f"undecidable: {rows:,} of 3,690 examples"
    return build_finding(
        "power",
        result=Result.PASSED if is_enough else Result.UNDECIDABLE,
        sentence=f"{said}; can decide 0.9 points or more at α = 0.0076",
        rows=rows,
        needed=3690,
    )


FLOOR = build_finding(
    "floor", metric="accuracy", estimate=0.874, lower=0.862, margin=0.6, rows=4212,
    sentence="accuracy on the holdout: 87.4% (bound 86.2% at α = 0.0076; floor 60.0%): reaches the floor",
)  # fmt: skip
REASON = build_finding(
    "reason_to_change", metric="accuracy", against="champion", part="fresh", estimate=0.029, lower=0.008, margin=0.0, rows=388,
    sentence="reason to change (α = 0.0076 shared by 3): superiority +1.3 points, p = 0.011, not shown; freshness +2.9 points, "
    "p = 0.0004, shown; currency +22.2 points, p = 0.06, not shown",
)  # fmt: skip
BASELINE = build_finding(
    "baseline", metric="accuracy", against="baseline", part="holdout", estimate=0.076, lower=0.061, margin=0.0, rows=4212,
    sentence="accuracy on the holdout against the baseline: +7.6 points (lower bound 6.1 at α = 0.0076): better",
    is_blocking=False,
)  # fmt: skip
ENVELOPE = build_finding(
    "envelope",
    sentence="change envelope: 3 differences, all of them allowed without a named person",
    details=(
        Detail(name="new data: 233 documents of known sources", result=Result.PASSED),
        Detail(name="train.learner.epochs: 2 to 3, within 1 to 4", result=Result.PASSED),
        Detail(name="train.replay.share: 0.2 to 0.3, within 0.1 to 0.5", result=Result.PASSED),
    ),
)
SAFETY = (
    build_safety(
        "robustness", "robustness: typing errors −0.6, case −0.1, negation −0.9, numbers −0.4, dates −0.2 points; margin 2.0"
    ),
    build_safety(
        "memorisation", "memorisation: median exposure of 100 canaries at ×1 is 1.02, in the band 0.71 to 1.29 of the control"
    ),
    build_safety("membership", "membership inference: 1.6% found at 1% false alarms (limit 3.0%)"),
    build_safety("phi_leak", "leak of personal data: 0 in 3,000 prompts; at most 0.10% (95%)"),
    build_safety(
        "extraction", "extraction: not measurable for a classifier, which writes no text", Result.NOT_MEASURED, is_blocking=False
    ),
)
SCREENS = (
    build_finding("calibration", sentence="calibration error rose by −2.1 points against the champion (bound 0.3; limit 2.0)"),
    build_finding("files", sentence="model files: 3 files, safetensors and JSON only", is_safety=True),
    build_finding("size", sentence="size: 90.9 MB, 1.00 of the champion's (limit 1.50)"),
)

PASSING = (
    build_power(),
    FLOOR,
    build_difference("holdout", 0.013),
    build_difference("established", 0.009, rows=3824),
    build_difference("anchor", 0.031, against="anchor", rows=2104, needed=1990),
    REASON,
    BASELINE,
    build_harm(is_harming=False),
    *SCREENS,
    *SAFETY,
    ENVELOPE,
)
FAILING = (
    build_power(),
    FLOOR,
    build_difference(
        "holdout", -0.019, lower=-0.029, result=Result.FAILED,
        sentence="accuracy on the holdout against the champion: −1.9 points (lower bound −2.9 at α = 0.0076; margin 1.0): "
        "worse by more than the margin",
    ),
    build_difference(
        "established", -0.006, lower=-0.014, rows=3824, result=Result.UNDECIDABLE,
        sentence="accuracy on the established rows against the champion: −0.6 points "
        "(lower bound −1.4 at α = 0.0076; margin 1.0): undecidable on 3,824 examples",
    ),
    build_difference("anchor", 0.014, against="anchor", rows=2104, needed=1990),
    REASON,
    BASELINE,
    build_harm(is_harming=True),
    *SCREENS,
    SAFETY[0],
    build_safety(
        "memorisation", "memorisation: median exposure of 100 canaries at ×1 is 6.31, above the band 0.71 to 1.29 of the control",
        Result.FAILED,
    ),
    *SAFETY[2:],
    ENVELOPE,
)  # fmt: skip


def build_audit(*, is_leaking: bool) -> AuditReport:
    typos = (("typing errors", -0.006), ("case", -0.001), ("negation", -0.009), ("numbers", -0.004), ("dates", -0.002))
    exposure = 6.31 if is_leaking else 1.02
    return AuditReport(
        probes=(
            ProbeReport(
                probe=Probe.ROBUSTNESS,
                readings=tuple(
                    Reading(name=name, value=shift, lower=shift - 0.006, upper=shift + 0.006, count=1500) for name, shift in typos
                ),
            ),
            ProbeReport(
                probe=Probe.MEMORISATION,
                readings=(
                    Reading(name="exposure at ×1", value=exposure, lower=0.71, upper=1.29, count=100, reference=1.0),
                    Reading(name="exposure at ×4", value=2 * exposure, count=100, reference=1.0),
                    Reading(name="exposure at ×16", value=5 * exposure, count=100, reference=1.0),
                ),
            ),
            ProbeReport(probe=Probe.EXTRACTION, problem="a classifier writes no text that could be extracted"),
            ProbeReport(
                probe=Probe.MEMBERSHIP,
                readings=(
                    Reading(name="found at 1% false alarms", value=0.016, lower=0.009, upper=0.027, count=2000, reference=0.01),
                ),
            ),
            ProbeReport(
                probe=Probe.PHI_LEAK, readings=(Reading(name="leaks", value=0.0, lower=0.0, upper=0.000998, count=3000),)
            ),
            ProbeReport(probe=Probe.LATENCY, problem="not due: it is measured every fifth retraining"),
        )
    )
