"""The one place that runs Great Expectations: a frame and a list of checks in, row ids out.

The context is ephemeral and built here, so there is no project folder, no store and no Data Docs site (those load scripts from
content networks and print the values that failed). Results carry the offending values; they stay inside this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data_checks.engine import DataContextConfig, InMemoryStoreBackendDefaults, ProgressBarsConfig, gx

RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": ["row_id"],
    "return_unexpected_index_query": False,
    "include_unexpected_rows": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One expectation under the name that a person reads, and how to describe a row that fails it without quoting it."""

    name: str
    expectation: Any
    describe: Callable[[Mapping[str, Any]], str] = lambda _row: "not met"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one check went. ``failed`` is ``None`` where the check is not about rows or could not be carried out."""

    check: Check
    is_met: bool
    checked: int
    failed: tuple[str, ...] | None


def run_checks(frame: pd.DataFrame, checks: Sequence[Check]) -> tuple[Outcome, ...]:
    """Return one outcome a check, in the order of the checks.

    Args:
        frame: rows with a ``row_id`` column; see :mod:`data_checks.columns`.
        checks: names must differ, they are how results (which come back in another order) find their check.
    """
    context = gx.get_context(mode="ephemeral", project_config=_configure())
    definition = context.data_sources.add_pandas("frames").add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    for check in checks:
        check.expectation.meta = {"name": check.name}
    suite = gx.ExpectationSuite(name="checks", expectations=[check.expectation for check in checks])
    validated = definition.get_batch({"dataframe": frame}).validate(suite, result_format=RESULT_FORMAT)
    results = {result.expectation_config.meta["name"]: result for result in validated.results}
    return tuple(_read(check, results[check.name], len(frame)) for check in checks)


def _configure() -> DataContextConfig:
    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),  # no site, no folder in /tmp
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )


def _read(check: Check, result: Any, rows: int) -> Outcome:  # noqa: ANN401  # GX's result has no public type
    places = result.result.get("unexpected_index_list")
    return Outcome(
        check=check,
        is_met=bool(result.success),
        checked=int(result.result.get("element_count", rows)),
        failed=None if places is None else tuple(str(place["row_id"]) for place in places),
    )
