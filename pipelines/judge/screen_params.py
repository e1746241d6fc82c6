"""Gates that look for harm beside the primary metrics: in subgroups, in what a confidence is worth, and in the files.

Where a model's kind or a holdout's size leaves nothing to measure, the finding says so; whether that blocks is said here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from pipelines.domain.verdicts import Finding
    from pipelines.judge.evidence import Evidence


class HarmScreen(BaseModel):
    """No subgroup of the holdout is shown to be worse off than with the champion (Holm over all that are large enough)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["harm_screen"] = "harm_screen"
    minimum_rows: int = Field(default=20, ge=2)
    must_be_measured: bool = False
    is_blocking: bool = True

    def find(self, evidence: Evidence) -> Finding:
        """Return what the evidence says about this gate."""
        from pipelines.judge.harms import find_harm

        return find_harm(self, evidence)


class Calibration(BaseModel):
    """The candidate's confidence is not further from its share of right answers than the champion's, by ``margin`` or more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["calibration"] = "calibration"
    margin: float = Field(default=0.02, gt=0)
    must_be_decided: bool = False
    is_blocking: bool = True

    def find(self, evidence: Evidence) -> Finding:
        """Return what the evidence says about this gate."""
        from pipelines.judge.calibrations import find_calibration

        return find_calibration(self, evidence)


class Size(BaseModel):
    """The candidate is no larger than what it will run on allows, nor than so many times the champion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["size"] = "size"
    max_bytes: int | None = Field(default=None, gt=0)
    max_parameters: int | None = Field(default=None, gt=0)
    max_growth: float | None = Field(default=2.0, ge=1)
    is_blocking: bool = True

    def find(self, evidence: Evidence) -> Finding:
        """Return what the evidence says about this gate."""
        from pipelines.judge.sizes import find_size

        return find_size(self, evidence)


class Files(BaseModel):
    """The candidate's folder holds nothing but safetensors and JSON that read as such: nothing in it can run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["files"] = "files"
    is_blocking: bool = True

    def find(self, evidence: Evidence) -> Finding:
        """Return what the evidence says about this gate."""
        from pipelines.judge.candidate_files import find_files

        return find_files(self, evidence)


class Contamination(BaseModel):
    """Of what is taught, and of what is asked, no larger share than ``limit`` was left out as copied from the other side."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["contamination"] = "contamination"
    limit: float = Field(default=0.1, ge=0, le=1)
    is_blocking: bool = True

    def find(self, evidence: Evidence) -> Finding:
        """Return what the evidence says about this gate."""
        from pipelines.judge.contaminations import find_contamination

        return find_contamination(self, evidence)
