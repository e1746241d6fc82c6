"""A claim is a revision in force with its first declared label, and everything else claims nothing."""

from __future__ import annotations

from pipelines.admit.claims import list_claims
from pipelines.domain.revisions import Status
from tests.builders.admissions import LABELS
from tests.builders.labelled import build_labelled


def test_the_first_declared_label_is_claimed() -> None:
    row = build_labelled(1, labels=("other", "Class III", "Class I"))
    (claim,) = list_claims([row], LABELS)
    assert (claim.label, claim.digest, claim.source, claim.family) == ("Class III", row.digest, "folder", ("folder", "event 1"))


def test_where_nothing_is_declared_any_label_is_a_claim() -> None:
    (claim,) = list_claims([build_labelled(1, labels=("other",))], ())
    assert claim.label == "other"


def test_what_has_no_label_or_is_not_in_force_claims_nothing() -> None:
    rows = [
        build_labelled(1, labels=()),
        build_labelled(2, labels=("other",)),
        build_labelled(3, status=Status.WITHDRAWN),
        build_labelled(4, status=Status.SUPERSEDED),
    ]
    assert list_claims(rows, LABELS) == []


def test_a_claim_is_read_as_a_model_reads_it() -> None:
    (claim,) = list_claims([build_labelled(1, title="A title.", text="A text")], LABELS)
    assert claim.text == "A title. A text"
