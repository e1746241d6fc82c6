"""What numbers come to: each gate's result and the decision, over arrays of any batch shape, so that a lifetime can be replayed.

Every result is a code, the place of a :class:`~pipelines.domain.verdicts.Result` in ``RESULTS``. The finding of a single verdict
and the simulation of ten thousand lifetimes call the same functions.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.domain.pins import PROMOTIONS_A_GENERATION
from pipelines.domain.verdicts import Decision, Result
from pipelines.judge.contrasts import Contrast, Flags
from pipelines.judge.statistics import Floats, Level, reject_by_holm

Codes = npt.NDArray[np.int8]
Counts = npt.NDArray[np.int64] | int

RESULTS: Final = tuple(Result)
DECISIONS: Final = tuple(Decision)
PASSED, FAILED, UNDECIDABLE, NOT_MEASURED = (np.int8(RESULTS.index(result)) for result in Result)
PROMOTE, HOLD, REFUSE = (np.int8(DECISIONS.index(decision)) for decision in Decision)


def rule_difference(contrast: Contrast, threshold: float, alpha: Level) -> Codes:
    """Return PASSED where the difference is shown to lie above ``threshold``, FAILED where it was seen below, else UNDECIDABLE.

    At a threshold of 0 an estimate of no gain at all is a failure too: there is nothing that more rows could show.
    """
    is_against = (contrast.estimate <= 0) if threshold == 0 else (contrast.estimate < threshold)
    return _choose(contrast.is_above(threshold, alpha), PASSED, _choose(is_against, FAILED, UNDECIDABLE))


def rule_reason(p_values: Floats, estimates: Floats, alpha: Level) -> Codes:
    """Return PASSED where any alternative (last axis) is shown by Holm, UNDECIDABLE where one was seen to gain, else FAILED.

    An alternative that was not measured has a p-value of 1 and an estimate of NaN; where none was, nothing was measured. All that
    are declared share ``alpha``, measured or not.
    """
    is_shown = reject_by_holm(p_values, alpha).any(axis=-1)
    is_measured, is_promising = ~np.isnan(estimates).all(axis=-1), np.asarray((estimates > 0).any(axis=-1))
    otherwise = _choose(is_promising, UNDECIDABLE, _choose(is_measured, FAILED, NOT_MEASURED))
    return _choose(is_shown, PASSED, otherwise)


def rule_power(rows: Counts, needed: Counts) -> Codes:
    """Return PASSED where the holdout has the rows that all gates together need, UNDECIDABLE where it has fewer."""
    return _choose(np.asarray(rows) >= needed, PASSED, UNDECIDABLE)


def rule_generation(promotions: Counts) -> Codes:
    """Return PASSED while this generation of the holdout may carry one more promotion, UNDECIDABLE once it is retired."""
    return _choose(np.asarray(promotions) < PROMOTIONS_A_GENERATION, PASSED, UNDECIDABLE)


def conclude(results: Codes, is_blocking: Flags) -> Codes:
    """Return the decision that follows from results on the last axis, as the place of a :class:`Decision` in ``DECISIONS``.

    A failure refuses, and only a pass of every blocking result (at least one) promotes.
    """
    is_failed = ((results == FAILED) & is_blocking).any(axis=-1)
    is_passed = ((results == PASSED) | ~is_blocking).all(axis=-1) & is_blocking.any(axis=-1)
    return _choose(is_failed, REFUSE, _choose(is_passed, PROMOTE, HOLD))


def name_result(code: Codes) -> Result:
    """Return the result that a single code stands for."""
    return RESULTS[int(code)]


def _choose(condition: Flags | np.bool_, first: Codes | np.int8, second: Codes | np.int8) -> Codes:
    chosen: Codes = np.where(condition, first, second)
    return chosen
