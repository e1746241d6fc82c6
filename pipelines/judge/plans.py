"""The plan, as one digest: registered before training, carried by the look, and compared when the verdict is made."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.domain.identities import Digest, Json, digest_value
from pipelines.domain.spending import spend
from pipelines.judge.params import JudgeParams

LOOKS = 10


def plan_digest(params: JudgeParams) -> Digest:
    """Return the digest of everything that a verdict's rules depend on: α, period, gates, margins, defaults spelled out."""
    return digest_value(params.model_dump(mode="json"))


def required_rows(params: JudgeParams, looks: int = LOOKS) -> tuple[int, ...]:
    """Return the rows that the holdout, and every other slice that a primary gate names, needs at looks 1 to ``looks``.

    Empty where no primary gate is a proportion: how noisy another metric is, only evidence can say.
    """
    from pipelines.judge.power import count_for_conjunction, plan_tests

    tests = plan_tests(params)
    if not tests:
        return ()
    return tuple(count_for_conjunction(tests, spend(params.alpha, t), params.power.power) for t in range(1, looks + 1))


def describe_plan(params: JudgeParams) -> Mapping[str, Json]:
    """Return the plan as the ledger records it: its digest, the gates, and the rows needed at the coming looks."""
    return {
        "plan": plan_digest(params),
        "gates": params.model_dump(mode="json"),
        "required_rows": list(required_rows(params)),
    }
