"""How many examples a margin takes, so that a holdout too small to decide is called that, and not a failure of the model.

One test has a formula. All gates together have none: their joint power is found by trying, with equal models drawn from the plan
and put through the very functions that a verdict calls.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from pipelines.domain.models import Role
from pipelines.domain.scorecards import Slice
from pipelines.judge.metrics import PROPORTIONS
from pipelines.judge.params import JudgeParams, MetricName, NonInferiority
from pipelines.judge.sentences import describe_place

POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTest:
    """One non-inferiority test as it is planned: ``share`` is its rows as a share of the holdout's.

    ``discordance`` is the share of rows that only one of two models gets right; of a metric that is no proportion (not
    ``is_proportion``) it is the variance of a row's difference. ``within`` names the test whose rows contain this one's.
    """

    name: str
    margin: float
    discordance: float
    share: float = 1.0
    within: str = ""
    is_proportion: bool = True


def plan_tests(params: JudgeParams) -> tuple[PlannedTest, ...]:
    """Return the declared primary gates that can be planned for: those of proportions, each with as many rows as the holdout."""
    return tuple(plan_gate(gate, params) for gate in primary_gates(params) if gate.metric in PROPORTIONS)


def plan_gate(gate: NonInferiority, params: JudgeParams) -> PlannedTest:
    """Return the test of one primary gate under the planned discordance, with as many rows as the holdout."""
    return PlannedTest(
        name=name_test(gate.metric, gate.slice, gate.against),
        margin=gate.margin,
        discordance=params.power.discordance,
        within=_name_container(gate, primary_gates(params)),
    )


def primary_gates(params: JudgeParams) -> tuple[NonInferiority, ...]:
    """Return the gates whose conjunction the holdout must be able to decide; of two that ask the same the stricter."""
    asked: dict[str, NonInferiority] = {}
    for gate in params.gates:
        if gate.kind == "non_inferiority" and gate.is_blocking:
            name = name_test(gate.metric, gate.slice, gate.against)
            asked[name] = min(gate, asked.get(name, gate), key=lambda one: one.margin)
    return tuple(asked.values())


def name_test(metric: MetricName, part: Slice, against: Role) -> str:
    """Return a test's name as people read it: "accuracy on the holdout against the champion"."""
    return f"{describe_place(metric, part)} against the {against.value}"


def count_for_proportions(discordance: float, margin: float, alpha: float, inflation: float = 1.0, power: float = POWER) -> int:
    """Return the rows at which an equal model passes a paired test of proportions with a probability of ``power``.

    n = p_d((z_{1-α} + z_power)/m)², with p_d the share of rows on which the two differ (Connor 1987, Biometrics 43, 207-211),
    but no fewer than z²(1 - m)/m, below which Tango's bound reaches the margin even with no row to tell them apart. All of it
    times the design effect ``inflation`` of rows that come in families.
    """
    z = -_find_quantile(alpha)
    needed = discordance * ((z + _find_quantile(power)) / margin) ** 2
    least = z**2 * max(1 - margin, 0) / margin
    return math.ceil(inflation * max(needed, least) - 1e-9)


def count_for_errors(rows: int, error: float, margin: float, alpha: float, power: float = POWER) -> int:
    """Return the rows at which an equal model passes a test by standard error with a probability of ``power``.

    The error seen on ``rows`` is carried over by its √n law: n = rows·((z_{1-α} + z_power)·error/m)². First-order only.
    """
    reach = (-_find_quantile(alpha) + _find_quantile(power)) * error / margin
    return math.ceil(rows * reach**2 - 1e-9)


def find_decidable_margin(rows: int, discordance: float, alpha: float, inflation: float = 1.0, power: float = POWER) -> float:
    """Return the least margin that ``rows`` can decide, as a proportion: :func:`count_for_proportions` solved for it."""
    z, effective = -_find_quantile(alpha), rows / inflation
    return max(math.sqrt(discordance / effective) * (z + _find_quantile(power)), z**2 / (effective + z**2))


def count_alone(test: PlannedTest, alpha: float, power: float = POWER) -> int:
    """Return the rows of the holdout at which an equal model passes this one test, by its formula."""
    if test.is_proportion:
        needed = count_for_proportions(test.discordance, test.margin, alpha, power=power)
    else:
        needed = count_for_errors(1, math.sqrt(test.discordance), test.margin, alpha, power)
    return math.ceil(max(needed, 1) / test.share)


def count_for_conjunction(tests: Sequence[PlannedTest], alpha: float, power: float = POWER) -> int:
    """Return the rows of the holdout at which an equal model passes all ``tests`` together with a probability of ``power``.

    Found by halving between what the hardest test takes alone and what it takes where all share 1 - ``power``, to a thousandth.
    """
    return _count(tuple(tests), alpha, power)


def find_decidable_factor(tests: Sequence[PlannedTest], rows: int, alpha: float, power: float = POWER) -> float:
    """Return the least number that all margins must be multiplied by for ``rows`` to decide ``tests`` together; at least 1."""
    from pipelines.judge.trials import pass_share

    low, high = 1.0, 2.0
    while pass_share(_widen(tests, high), rows, alpha) < power:
        low, high = high, 2 * high
    while high / low > 1.005:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if pass_share(_widen(tests, middle), rows, alpha) >= power else (middle, high)
    return high


def _find_quantile(level: float) -> float:
    # imported here: a look that finds no news asks for the plan's names only
    from scipy.special import ndtri

    return float(ndtri(level))


@cache
def _count(tests: tuple[PlannedTest, ...], alpha: float, power: float) -> int:
    from pipelines.judge.trials import pass_share

    alone = max(count_alone(test, alpha, power) for test in tests)
    low = 9 * alone // 10 if pass_share(tests, 9 * alone // 10, alpha) < power else 0
    high = max(count_alone(test, alpha, 1 - (1 - power) / len(tests)) for test in tests)
    while pass_share(tests, high, alpha) < power:
        low, high = high, high + high // 10 + 1
    while high - low > max(high // 1_000, 1):
        middle = (low + high) // 2
        low, high = (low, middle) if pass_share(tests, middle, alpha) >= power else (middle, high)
    return high


def _widen(tests: Sequence[PlannedTest], factor: float) -> tuple[PlannedTest, ...]:
    return tuple(replace(test, margin=factor * test.margin) for test in tests)


def _name_container(gate: NonInferiority, gates: Sequence[NonInferiority]) -> str:
    """Fresh and established rows are rows of the holdout: of the tests on them the same rows decide."""
    is_asked = any((one.metric, one.slice, one.against) == (gate.metric, Slice.HOLDOUT, gate.against) for one in gates)
    is_part = gate.slice in {Slice.FRESH, Slice.ESTABLISHED}
    return name_test(gate.metric, Slice.HOLDOUT, gate.against) if is_part and is_asked else ""
