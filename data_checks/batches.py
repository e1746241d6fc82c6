"""The two questions that can be asked: is this drop fit to be admitted, and is this corpus fit to be learned from?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from data_checks.balances import check_labels, check_share, check_volume, count_by_family, largest_share
from data_checks.columns import CORPUS_COLUMNS, DROP_COLUMNS, ColumnKind
from data_checks.expectations import CorpusExpectations, DropExpectations, RowExpectations
from data_checks.findings import DropFailure, Findings, RowFailure, Tally
from data_checks.forms import check_form
from data_checks.suites import SCREENS, row_checks
from data_checks.validation import Outcome, run_checks


def check_drop(frame: pd.DataFrame, expected: DropExpectations) -> Findings:
    """Check one drop: its form, then each row, then the whole against the drops before it.

    Args:
        frame: one row a revision; see :mod:`data_checks.columns`. An empty frame has nothing wrong with it.
        expected: what it must be.
    """
    findings = _check_rows(frame, DROP_COLUMNS, expected.rows)
    if findings.is_refused or frame.empty:
        return findings
    foreign = float((frame["source"] != expected.source).mean())
    labelled = frame[frame["labels"] != ""]
    broken = {failure.row_id for failure in findings.row_failures if failure.expectation not in SCREENS}
    judged_share = len(broken) / len(frame) if len(frame) >= expected.min_rows_for_share else 0.0
    return _refuse(
        findings,
        check_volume(len(frame), expected.volume),
        check_share("rows come from the drop's source", foreign, expected.max_foreign_share),
        check_labels(len(labelled), count_by_family(labelled["family"], labelled["labels"]), expected.label_limits),
        check_share("few rows fail", judged_share, expected.max_bad_share),
    )


def check_corpus(frame: pd.DataFrame, expected: CorpusExpectations) -> Findings:
    """Check what is about to be learned from: its form, each row, and that no source or label stands nearly alone.

    Args:
        frame: one row a document in force; see :mod:`data_checks.columns` (``language`` and ``certainty`` are not needed).
        expected: what it must be; languages, and what it was screened for, are a matter of admission and not asked again.
    """
    findings = _check_rows(frame, CORPUS_COLUMNS, replace(expected.rows, languages=(), allows_orders=True, max_shift=None))
    if findings.is_refused:
        return findings
    labels = count_by_family(frame["family"], frame["labels"])
    too_few = DropFailure(expectation="enough rows", observed=f"{len(frame)} rows", limit=f"at least {expected.min_rows}")
    return _refuse(
        findings,
        too_few if len(frame) < expected.min_rows else None,
        check_share("no source dominates", largest_share(Counter(frame["source"])), expected.max_source_share),
        check_share("no label dominates", largest_share(labels), expected.max_label_share),
    )


def _check_rows(frame: pd.DataFrame, columns: Mapping[str, ColumnKind], expected: RowExpectations) -> Findings:
    broken = check_form(frame, columns)
    if broken or frame.empty:
        return Findings(rows=len(frame), drop_failures=broken)
    outcomes = run_checks(frame, row_checks(expected))
    unreadable = tuple(_name_unreadable(outcome) for outcome in outcomes if outcome.failed is None)
    return Findings(rows=len(frame), row_failures=_describe(frame, outcomes), drop_failures=unreadable, tallies=_count(outcomes))


def _name_unreadable(outcome: Outcome) -> DropFailure:
    return DropFailure(expectation=outcome.check.name, observed="could not be checked", limit="every row")


def _count(outcomes: Sequence[Outcome]) -> tuple[Tally, ...]:
    return tuple(
        Tally(expectation=outcome.check.name, checked=outcome.checked, failed=len(outcome.failed or ())) for outcome in outcomes
    )


def _describe(frame: pd.DataFrame, outcomes: Sequence[Outcome]) -> tuple[RowFailure, ...]:
    order = {row_id: place for place, row_id in enumerate(frame["row_id"])}
    failures = [
        (order[row_id], place, row_id, outcome)
        for place, outcome in enumerate(outcomes)
        for row_id in dict.fromkeys(outcome.failed or ())
    ]
    rows = frame.to_dict("records") if failures else []
    return tuple(
        RowFailure(row_id=row_id, expectation=outcome.check.name, observed=outcome.check.describe(rows[at]))
        for at, _, row_id, outcome in sorted(failures, key=lambda failure: failure[:2])
    )


def _refuse(findings: Findings, *failures: DropFailure | None) -> Findings:
    found = tuple(failure for failure in failures if failure is not None)
    return replace(findings, drop_failures=(*findings.drop_failures, *found))
