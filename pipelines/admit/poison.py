"""The screens of labels together: what a drop claims, held against what the corpus has known so far.

A row that shows a sign waits for a person, who releases it where the source means what it says. A drop is refused only where so
many labels contradict their texts that the rest is worth no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from data_checks.findings import DropFailure, Findings, RowFailure, Tally
from pipelines.admit.claims import Claim, list_claims
from pipelines.admit.flips import CONTRADICTED, find_flips
from pipelines.admit.opinions import Opinion, form_opinion
from pipelines.admit.params import AdmitParams, PoisonParams
from pipelines.admit.triggers import TIED, find_triggers
from pipelines.domain.revisions import Revision


def screen_labels(fresh: Sequence[Revision], history: Sequence[Revision], params: AdmitParams, findings: Findings) -> Findings:
    """Return the findings of a drop with what the screens of labels found of its ``fresh`` rows.

    ``history`` is what the corpus holds in force, oldest first. Too small a drop or a history, or labels that are not to be
    told apart, leave the findings as they are.
    """
    poison = params.poison
    screens = [screen for screen in (poison.triggers, poison.flips) if screen is not None] if poison else []
    drop = list_claims(fresh, params.labels) if screens and not findings.is_refused else []
    if poison is None or len(drop) < min((screen.least for screen in screens), default=1):
        return findings
    known = list_claims(history, params.labels)
    opinion = form_opinion(known, drop, poison)
    return findings if opinion is None else _screen(known, opinion, poison, findings)


def _screen(history: Sequence[Claim], opinion: Opinion, poison: PoisonParams, findings: Findings) -> Findings:
    rows: list[RowFailure] = []
    drops: tuple[DropFailure, ...] = ()
    tallies: list[Tally] = []
    checked = len(opinion.drop.claims)
    if poison.triggers is not None:
        tied = find_triggers(history[-poison.max_history :], opinion.drop, poison.triggers)
        rows += tied
        tallies.append(Tally(expectation=TIED, checked=checked, failed=len(tied)))
    if poison.flips is not None:
        contradicting, drops = find_flips(opinion, poison.flips)
        rows += contradicting
        tallies.append(Tally(expectation=CONTRADICTED, checked=checked, failed=len(contradicting)))
    return replace(
        findings,
        row_failures=(*findings.row_failures, *rows),
        drop_failures=(*findings.drop_failures, *drops),
        tallies=(*findings.tallies, *tallies),
    )
