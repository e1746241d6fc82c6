"""Whether a model's losses give away who was in its training data: the loss attack, made as strong as the champion allows.

The keyed hash that splits families is a coin that nobody chose, so rows in training and rows kept back differ in nothing but
that. With a champion only rows that arrived after its cut-off are asked about, on both sides: it saw none of them, so its loss
says how hard a row is, and what the candidate knows beyond that is what training on the row left behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.audit.intervals import bound_share
from pipelines.audit.subjects import Subject, choose_rows
from pipelines.domain.audits import Reading
from pipelines.domain.errors import NotMeasurableError
from pipelines.learners.protocols import Document, Predictor
from pipelines.learners.rows import Row

if TYPE_CHECKING:
    from pipelines.audit.params import Membership

FOUND, KEPT = "members found", "kept back"


def measure_membership(probe: Membership, subject: Subject) -> tuple[Reading, ...]:
    """Return the share of members that the attack finds, taking at most a share of ``false_alarms`` of the other rows for some.

    Its interval is exact for that threshold. A second reading is the share of the others above it, whose exact interval says
    how well so many rows can set a threshold at all (an order statistic's rate is a Beta variable). Raises
    :class:`NotMeasurableError` where there are no rows on one side.
    """
    members, others = (
        _choose(probe, subject, name, rows) for name, rows in ((FOUND, subject.read_learned()), (KEPT, subject.read_kept_back()))
    )
    candidate, champion = subject.load_candidate(), subject.load_champion()
    mine, theirs = (_suspect(candidate, champion, rows) for rows in (members, others))
    threshold = set_threshold(theirs, probe.false_alarms)
    hits, alarms = (sum(score > threshold for score in scores) for scores in (mine, theirs))
    return _read(FOUND, hits, len(mine), probe.false_alarms), _read(KEPT, alarms, len(theirs))


def set_threshold(scores: Sequence[float], false_alarms: float) -> float:
    """Return the lowest score above which no more than a share of ``false_alarms`` of ``scores`` lies."""
    return sorted(scores, reverse=True)[int(false_alarms * len(scores))]


def _read(name: str, hits: int, count: int, reference: float | None = None) -> Reading:
    lower, upper = bound_share(hits, count)
    return Reading(name=name, value=hits / count, lower=lower, upper=upper, count=count, reference=reference)


def _choose(probe: Membership, subject: Subject, name: str, rows: Sequence[Row]) -> list[Document]:
    since = subject.find_cut_off()
    chosen = choose_rows([row for row in rows if row.ingest_seq > since], probe.rows, subject.seed("membership", name))
    if not chosen:
        raise NotMeasurableError(f"{name}: no row has arrived since the champion's cut-off")
    return [row.document for row in chosen]


def _suspect(candidate: Predictor, champion: Predictor | None, rows: Sequence[Document]) -> list[float]:
    """Return for each row by how many nats a byte (a row, for a classifier) the candidate's loss is below what it should be.

    Watson et al. (2022), On the Importance of Difficulty Calibration in Membership Inference Attacks, ICLR; without a champion
    the plain loss of Yeom et al. (2018), IEEE CSF.
    """
    own = candidate.predict(rows)
    others = [found.loss for found in champion.predict(rows)] if champion else [0.0] * len(own)
    sizes = [found.size if found.confidence is None else 1 for found in own]
    return [(other - found.loss) / max(size, 1) for found, other, size in zip(own, others, sizes, strict=True)]
