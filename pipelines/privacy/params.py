"""What a domain with personal data must show before anything is trained on it: ``phi:`` in ``params.yaml``."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class PhiParams(BaseModel):
    """A report of measured recall, by name and digest, and who accepts what it is too small to show.

    ``approved`` maps a class of identifiers with fewer spans than :data:`~pipelines.privacy.reports.DECIDABLE` to the person
    who accepted that its recall is not shown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    report: str = Field(pattern=r"^[^/~\\][^\\]*$", description="below the folder of params.yaml")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="of the report's bytes")
    approved: Mapping[str, str] = Field(default={}, description="class that cannot be decided: who accepted it")
