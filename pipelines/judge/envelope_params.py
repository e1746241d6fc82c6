"""The change envelope of a domain: which differences from the champion may promote by themselves, and which may not.

It is declared before a change is made, as a predetermined change control plan is (FDA, *Marketing Submission
Recommendations for a Predetermined Change Control Plan for Artificial Intelligence-Enabled Device Software Functions*,
August 2025).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Answer(StrEnum):
    """What follows from a difference, the mildest first."""

    FREE = "free"
    APPROVAL = "approval"
    STOP = "stop"


class Rule(BaseModel):
    """What follows from differences of this name and of all names below it; ``*`` is every name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    match: str = Field(
        min_length=1, description="a name such as train.learner.base, or the beginning of one such as train.learner"
    )
    then: Answer

    def covers(self, name: str) -> bool:
        """Tell whether the rule speaks about ``name``."""
        return self.match in {"*", name} or name.startswith(f"{self.match}.")


DEFAULT_RULES: tuple[Rule, ...] = (
    Rule(match="corpus", then=Answer.FREE),
    Rule(match="judge.stricter", then=Answer.FREE),
    Rule(match="judge.weaker", then=Answer.STOP),
    Rule(match="split.key", then=Answer.STOP),
    Rule(match="split.shares", then=Answer.STOP),
    Rule(match="*", then=Answer.APPROVAL),
)
"""What stands behind a domain's own rules. ``split.key`` and ``split.shares`` move families between what is learned and what is
kept back, so that a champion would have been taught the holdout."""


class EnvelopeParams(BaseModel):
    """The domain's own rules, asked in order before the defaults, and how far numbers may move without anybody's leave.

    A number that stays within its bounds is free, whatever the rules say; one that leaves them needs an approver at least.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bounds: Mapping[str, tuple[float, float]] = Field(default={}, description="name of a parameter: lowest and highest value")
    rules: tuple[Rule, ...] = ()

    @field_validator("bounds")
    @classmethod
    def _check_bounds(cls, bounds: Mapping[str, tuple[float, float]]) -> Mapping[str, tuple[float, float]]:
        for name, (lowest, highest) in bounds.items():
            if lowest > highest:
                raise ValueError(f"{name}: the lowest value comes first, and {lowest:g} is above {highest:g}")
            if name.split(".")[0] in {"judge", "split", "envelope"}:
                raise ValueError(f"{name}: gates, splits and the envelope itself have no free range; use a rule")
        return bounds

    def answer(self, name: str) -> Answer:
        """Return what the first rule that covers ``name`` says."""
        return next(rule.then for rule in (*self.rules, *DEFAULT_RULES) if rule.covers(name))

    def is_within(self, name: str, value: object) -> bool:
        """Tell whether ``value`` is a number within the bounds declared for ``name``."""
        if name not in self.bounds or isinstance(value, bool) or not isinstance(value, int | float):
            return False
        lowest, highest = self.bounds[name]
        return lowest <= value <= highest
