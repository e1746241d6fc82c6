"""Real recalls as drops: nearly all is admitted, what is not is really damaged, and flipped labels are refused."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from data_checks.balances import check_labels
from data_checks.expectations import LabelLimits
from pipelines.admit.admission import admit_drop
from pipelines.admit.frames import count_labels
from pipelines.domain.drops import Drop
from pipelines.domain.identities import FamilyId, SourceName
from pipelines.domain.revisions import Revision
from pipelines.settings import Settings
from tests.builders.admissions import LABELS, build_context, build_params, build_received_drop
from tests.builders.revisions import build_revision

pytestmark = pytest.mark.data
OPENFDA = SourceName("openfda")


@pytest.fixture(name="recalls", scope="module")
def read_recalls() -> list[Revision]:
    path: Path = Settings().data / "fda_recalls" / "enforcement.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [build_recall(json.loads(line)) for line in lines]


def build_recall(report: dict[str, str]) -> Revision:
    day = date.fromisoformat(report["report_date"])
    return build_revision(
        report["recall_number"],
        source=OPENFDA,
        family_id=FamilyId(report["event_id"]),
        title=report["product_description"][:120],
        text=f"{report['reason_for_recall']} {report['product_description']}",
        labels=(report["classification"],) if report["classification"] in LABELS else (),
        published_at=day,
        effective_from=day,
    )


def build_openfda_drop(recalls: list[Revision]) -> Drop:
    return build_received_drop(*recalls, source=OPENFDA)


def test_admits_nearly_all_of_a_year_and_quarantines_what_is_damaged(recalls: list[Revision]) -> None:
    year = [recall for recall in recalls if recall.published_at.year == 2013]
    earlier = [recall for recall in recalls if recall.published_at.year == 2012]
    context = build_context(reference_labels=count_labels(earlier))
    admission = admit_drop(build_openfda_drop(year), build_params(), context)
    assert not admission.is_refused
    assert len(admission.admitted) >= 0.98 * admission.volume
    reasons = Counter(reason.expectation for row in admission.quarantined for reason in row.reasons)
    assert reasons["text has no encoding damage"] >= 0.5 * sum(reasons.values())


def group_by_month(recalls: list[Revision]) -> list[list[Revision]]:
    months: defaultdict[tuple[int, int], list[Revision]] = defaultdict(list)
    for recall in recalls:
        months[recall.published_at.year, recall.published_at.month].append(recall)
    return [months[month] for month in sorted(months)]


def test_no_month_is_refused_for_its_labels_and_every_flipped_month_is(recalls: list[Revision]) -> None:
    reference: Counter[str] = Counter()
    judged = 0
    for month in group_by_month(recalls):
        counts, limits = count_labels(month), LabelLimits(reference=dict(reference))
        if reference.total() >= limits.min_reference and len(month) >= limits.min_rows:
            judged += 1
            families = len({recall.family_id for recall in month})
            assert check_labels(len(month), counts, limits) is None
            assert all(check_labels(len(month), {label: families}, limits) for label in LABELS)
        reference += counts
    assert judged > 100


@pytest.mark.slow
def test_admits_twenty_thousand_real_rows_in_time(recalls: list[Revision]) -> None:
    drop = build_openfda_drop(recalls[:20_000])
    started = time.process_time()
    admission = admit_drop(drop, build_params(), build_context())
    assert time.process_time() - started < 20
    assert len(admission.admitted) >= 0.98 * admission.volume
