"""What the costly probes of a candidate found. An audit measures; whether that is good enough is the judge's to say.

Nothing here quotes a document: counts, rates and exposures only, and nothing depends on how fast a machine is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Probe(StrEnum):
    """The probes there are."""

    ROBUSTNESS = "robustness"
    MEMORISATION = "memorisation"
    EXTRACTION = "extraction"
    MEMBERSHIP = "membership"
    PHI_LEAK = "phi leak"
    LATENCY = "latency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One number of a probe: ``value`` with its 95% interval where it has one, on ``count`` things.

    ``name`` tells readings of one probe apart: the kind of typo, the repetitions of a canary.
    """

    name: str
    value: float
    lower: float | None = None
    upper: float | None = None
    count: int = 0
    reference: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    """A probe's readings, or in ``problem`` why there are none: not due, not declared, not measurable for this learner."""

    probe: Probe
    readings: tuple[Reading, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """All probes of one run, in the order of :class:`Probe`."""

    probes: tuple[ProbeReport, ...]

    def find(self, probe: Probe) -> ProbeReport:
        """Return the probe's report; one that is not listed was not run."""
        for report in self.probes:
            if report.probe is probe:
                return report
        return ProbeReport(probe=probe, problem="the audit did not run it")
