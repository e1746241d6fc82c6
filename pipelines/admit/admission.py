"""The decision about a drop, as a pure function: the same drop in the same situation is always admitted the same way.

It writes nothing. :mod:`pipelines.admit.landing` puts what was decided on disk; whoever calls appends what was admitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from data_checks.expectations import DropExpectations, LabelLimits, RowExpectations, VolumeLimits
from data_checks.findings import DropFailure, Findings, RowFailure
from pipelines.admit.frames import Document, tabulate_rows
from pipelines.admit.params import AdmitParams
from pipelines.admit.poison import screen_labels
from pipelines.domain.corrections import find_reviewer
from pipelines.domain.drops import Drop
from pipelines.domain.identities import Digest, DropId
from pipelines.domain.revisions import RETIRING, Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionContext:
    """What an admission must know of the world: everything that is not in the drop and not in ``params.yaml``.

    ``known_digests`` are those the corpus (or the quarantine) already holds; ``reference_labels`` counts the source's families
    by label (:func:`pipelines.admit.frames.count_labels`); ``previous_volumes`` are the sizes of the source's earlier drops,
    oldest first, as :attr:`Admission.volume` gives them. ``in_force`` has the text that the corpus holds of each
    document that the drop brings another revision of, and ``history`` the labelled revisions in force of all sources, oldest
    arrival first.
    """

    today: date
    known_digests: frozenset[Digest] = frozenset()
    reference_labels: Mapping[str, int] = field(default_factory=dict)
    previous_volumes: tuple[int, ...] = ()
    in_force: Mapping[Document, str] = field(default_factory=dict)
    history: Sequence[Revision] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedRow:
    """A revision that waits for a person, and why."""

    revision: Revision
    reasons: tuple[RowFailure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What was decided about a drop. A refused drop admits and quarantines nothing: all of it waits in the archive."""

    drop_id: DropId
    admitted: tuple[Revision, ...] = ()
    quarantined: tuple[QuarantinedRow, ...] = ()
    findings: Findings
    already_known: int = 0
    repeated: int = 0

    @property
    def refusals(self) -> tuple[DropFailure, ...]:
        """Why the drop as a whole is refused; empty when it is not."""
        return self.findings.drop_failures

    @property
    def is_refused(self) -> bool:
        """Whether the drop is refused as a whole."""
        return self.findings.is_refused

    @property
    def volume(self) -> int:
        """How many new, distinct rows the drop brought, whatever became of them."""
        return self.findings.rows


def admit_drop(drop: Drop, params: AdmitParams, context: AdmissionContext) -> Admission:
    """Decide what becomes of ``drop``: rows that are already known or repeated are left out and counted, the rest is checked."""
    distinct = {revision.digest: revision for revision in drop.revisions}
    fresh = tuple(revision for digest, revision in distinct.items() if digest not in context.known_digests)
    findings = _check(fresh, _expect(drop, fresh, params, context), params, context) if fresh else Findings(rows=0)
    reasons = findings.group_by_row()
    return Admission(
        drop_id=drop.drop_id,
        admitted=() if findings.is_refused else tuple(row for row in fresh if row.digest not in reasons),
        quarantined=()
        if findings.is_refused
        else tuple(QuarantinedRow(revision=row, reasons=reasons[row.digest]) for row in fresh if row.digest in reasons),
        findings=findings,
        already_known=len(distinct) - len(fresh),
        repeated=len(drop.revisions) - len(distinct),
    )


def _check(fresh: tuple[Revision, ...], expected: DropExpectations, params: AdmitParams, context: AdmissionContext) -> Findings:
    from data_checks.batches import check_drop

    findings = check_drop(tabulate_rows(fresh, params.min_certainty, context.in_force), expected)
    return screen_labels(fresh, context.history, params, findings)


def _expect(drop: Drop, fresh: Sequence[Revision], params: AdmitParams, context: AdmissionContext) -> DropExpectations:
    return DropExpectations(
        source=drop.source,
        rows=_expect_of_rows(params, context.today),
        volume=VolumeLimits(
            previous=context.previous_volumes, lowest=params.min_volume, highest=params.max_volume, slack=params.volume_slack
        ),
        label_limits=LabelLimits(
            reference=context.reference_labels, max_shift=params.max_label_shift, max_share=params.max_label_share
        ),
        max_foreign_share=max(params.max_foreign_share, _share_corrections(drop, fresh)),
        max_bad_share=params.max_bad_share,
        min_rows_for_share=params.min_rows_for_share,
    )


def _expect_of_rows(params: AdmitParams, today: date) -> RowExpectations:
    return RowExpectations(
        today=today,
        labels=params.labels,
        languages=params.languages,
        min_chars=params.min_chars,
        max_chars=params.max_chars,
        published_ahead_days=params.published_ahead_days,
        effective_ahead_days=params.effective_ahead_days,
        allows_orders=params.allows_orders,
        max_shift=params.max_shift,
        retiring_statuses=tuple(sorted(status.value for status in RETIRING)),
    )


def _share_corrections(drop: Drop, fresh: Sequence[Revision]) -> float:
    """Return the share of rows in which a reviewer corrects another source's document: they are foreign by design."""
    return sum(row.source != drop.source and find_reviewer(row) is not None for row in fresh) / len(fresh)
