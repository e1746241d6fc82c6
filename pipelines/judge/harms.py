"""The harm screen: a model that is better on the whole may still have lost one source, year, label or group of people.

Every subgroup that is large enough is tested for a loss against the champion, and all tests together err with the look's α
(Holm). That no loss was shown is not proof that there is none: the finding says how large one would have had to be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.groups import Group, form_groups
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Slice
from pipelines.domain.verdicts import Detail, Finding, Result
from pipelines.judge.evidence import Evidence, Rows
from pipelines.judge.harm_tests import Harm, compare_losses, compare_shares, find_smallest_harm, reject_harms
from pipelines.judge.holdouts import find_holdout
from pipelines.judge.params import MetricName
from pipelines.judge.screen_params import HarmScreen
from pipelines.judge.sentences import describe_difference, describe_level, round_score
from pipelines.judge.statistics import FEW_FAMILIES

NAME = "harm screen against the champion"
NAMED = 5
"""Subgroups that a sentence names; all of them are among the details."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tested:
    """One subgroup with what was found on it."""

    group: Group
    harm: Harm
    is_harmed: bool

    @property
    def rank(self) -> tuple[bool, float]:
        """Shown losses first, the surest of them before all."""
        return not self.is_harmed, float(self.harm.p_worse)


def find_harm(gate: HarmScreen, evidence: Evidence) -> Finding:
    """Return FAILED where any subgroup is shown to be worse off, PASSED where none of those that were tested is.

    NOT_MEASURED where there is no champion, or no subgroup of ``minimum_rows`` rows and ten families; that blocks only where
    the gate ``must_be_measured``, and for a first champion never.
    """
    if evidence.is_first:
        return _report_nothing("there is none yet, nothing to compare with", (), is_blocking=False)
    is_blocking = gate.is_blocking and gate.must_be_measured
    try:
        first, second = evidence.pair(Role.CHAMPION, Slice.HOLDOUT)
    except NotMeasurableError as error:
        return _report_nothing(str(error), (), is_blocking=is_blocking)
    tested, small = _screen(gate, evidence, first, second)
    if not tested:
        problem = f"no subgroup of the holdout has {gate.minimum_rows} rows in {FEW_FAMILIES} families"
        return _report_nothing(problem, small, is_blocking=is_blocking)
    metric: MetricName = "accuracy" if _is_classified(first) else "bits_per_byte"
    return Finding(
        gate=gate.kind,
        result=Result.FAILED if any(one.is_harmed for one in tested) else Result.PASSED,
        sentence=_describe(tested, len(small), metric, evidence.alpha),
        metric=metric,
        against=Role.CHAMPION,
        estimate=round_score(float(min(tested, key=lambda one: one.rank).harm.estimate), Slice.HOLDOUT),
        rows=len(first.row_ids),
        part=Slice.HOLDOUT,
        is_blocking=gate.is_blocking,
        details=(*(_detail(one) for one in tested), *(_detail_small(group) for group in small)),
    )


def _screen(gate: HarmScreen, evidence: Evidence, first: Rows, second: Rows) -> tuple[list[_Tested], list[Group]]:
    """Return the subgroups that were tested, and those that are too small; formed by the champion's rows, fixed before.

    A group that is all of the holdout is left to the primary metrics.
    """
    places = {row_id: place for place, row_id in enumerate(second.row_ids)}
    groups = form_groups(list(find_holdout(evidence, Role.CHAMPION).values()))
    parts = [group for group in groups if len(group.row_ids) < len(places)]
    found = [(group, _compare(gate, evidence, (first, second), [places[row] for row in group.row_ids])) for group in parts]
    harms = [(group, harm) for group, harm in found if harm is not None]
    is_harmed = reject_harms([harm for _, harm in harms], evidence.alpha).tolist() if harms else []
    tested = [_Tested(group=group, harm=harm, is_harmed=bad) for (group, harm), bad in zip(harms, is_harmed, strict=True)]
    return tested, [group for group, harm in found if harm is None]


def _compare(gate: HarmScreen, evidence: Evidence, models: tuple[Rows, Rows], places: Sequence[int]) -> Harm | None:
    first, second = models
    family = first.family[places]
    sizes = first.size[places], second.size[places]
    is_small = len(places) < gate.minimum_rows or len(np.unique(family)) < FEW_FAMILIES
    if is_small or min(size.sum() for size in sizes) == 0:
        return None
    if _is_classified(first):
        return compare_shares(first.correct[places] - second.correct[places], family, evidence.alpha)
    losses = first.loss[places] / math.log(2), second.loss[places] / math.log(2)
    return compare_losses(losses, sizes, family, evidence.alpha)


def _is_classified(rows: Rows) -> bool:
    return not np.isnan(rows.correct).any()


def _describe(tested: Sequence[_Tested], small: int, metric: MetricName, alpha: float) -> str:
    level = f"{describe_level(alpha)} shared by {len(tested)}" + (f"; {small} too small to tell" if small else "")
    harmed = sorted((one for one in tested if one.is_harmed), key=lambda one: one.rank)
    if harmed:
        named = [f"{_name(one.group)} {describe_difference(metric, float(one.harm.estimate))}" for one in harmed[:NAMED]]
        more = f" and {len(harmed) - NAMED} more" if len(harmed) > NAMED else ""
        return f"{NAME}: worse in {len(harmed)} of {len(tested)} subgroups ({level}): {', '.join(named)}{more}"
    least, size = find_smallest_harm([one.harm for one in tested], alpha, is_share=metric == "accuracy")
    is_reachable = metric != "accuracy" or least < 1
    loss = f"a difference of {describe_difference(metric, -least)}" if is_reachable else "hardly any difference"
    return f"{NAME}: no loss shown in {len(tested)} subgroups ({level}); in {size:,} rows, the median, {loss} would have been"


def _name(group: Group) -> str:
    return f"{group.kind.value}: {group.name}"


def _detail(one: _Tested) -> Detail:
    estimate, lower, upper = (float(number) for number in (one.harm.estimate, one.harm.lower, one.harm.upper))
    return Detail(
        name=_name(one.group),
        result=Result.FAILED if one.is_harmed else Result.PASSED,
        estimate=round_score(estimate, Slice.HOLDOUT),
        lower=round_score(lower, Slice.HOLDOUT),
        upper=round_score(upper, Slice.HOLDOUT),
        p_value=float(f"{float(one.harm.p_worse):.3g}"),
        rows=one.harm.rows,
    )


def _detail_small(group: Group) -> Detail:
    return Detail(name=_name(group), result=Result.NOT_MEASURED, rows=len(group.row_ids))


def _report_nothing(problem: str, small: Sequence[Group], *, is_blocking: bool) -> Finding:
    return Finding(
        gate="harm_screen",
        result=Result.NOT_MEASURED,
        sentence=f"{NAME}: not measured: {problem}",
        against=Role.CHAMPION,
        part=Slice.HOLDOUT,
        is_blocking=is_blocking,
        details=tuple(_detail_small(group) for group in small),
    )
