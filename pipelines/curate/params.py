"""What ``curate:`` may say in ``params.yaml``: a list of steps, each its own parameters."""

from __future__ import annotations

from typing import Annotated, TypeAlias, Union

from pydantic import BaseModel, ConfigDict, Field

from pipelines.curate.deidentifying import Deidentify
from pipelines.curate.duplicates import RemoveNearDuplicates
from pipelines.curate.filtering import FilterLanguage, FilterLength, FilterLicence
from pipelines.curate.quality import FilterRepetition, FilterSymbols
from pipelines.curate.repairing import RepairUnicode

AnyStep: TypeAlias = Annotated[
    Union[
        RepairUnicode,
        FilterLicence,
        FilterLanguage,
        FilterLength,
        FilterRepetition,
        FilterSymbols,
        RemoveNearDuplicates,
        Deidentify,
    ],
    Field(discriminator="kind"),
]
"""Every step there is; another one is one more class here."""


class CurateParams(BaseModel):
    """The steps, in order. ``licences`` is short for a ``filter_licence`` before all others; ``None`` allows every licence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    licences: tuple[str, ...] | None = Field(default=None, min_length=1)
    steps: tuple[AnyStep, ...] = (RepairUnicode(), FilterLength(), RemoveNearDuplicates())

    @property
    def plan(self) -> tuple[AnyStep, ...]:
        """The steps as they are taken."""
        return self.steps if self.licences is None else (FilterLicence(allowed=self.licences), *self.steps)

    @property
    def shield(self) -> Deidentify | None:
        """The step that takes all identifiers out of every row; ``None`` where there is none."""
        found = [one for one in self.steps if isinstance(one, Deidentify) and one.is_shield]
        return found[0] if found else None
