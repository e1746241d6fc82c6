"""From what a regime asks to the section of a dossier that answers it, or to "not covered" and why.

A regime is a data file in ``regimes/``; another file there is another regime, without code. A crosswalk helps whoever prepares
for an audit. It is no legal advice, and a section that answers a requirement does not by itself meet it.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.domain.errors import ParamsError
from pipelines.promote.dossier.sections import SectionId


class Requirement(BaseModel):
    """One thing a regime asks for, in our own words, and where this dossier answers it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=40)
    text: str = Field(min_length=1, max_length=300)
    artefact: SectionId | None
    note: str = Field(default="", max_length=400)

    @model_validator(mode="after")
    def _says_why_not(self) -> Self:
        if self.artefact is None and not self.note:
            raise ValueError("a requirement that is not covered says why in `note`")
        return self


class Regime(BaseModel):
    """A law, a rule or a guidance: what it is called, where it stands, and what it asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str = Field(min_length=1, max_length=120)
    source: str = Field(pattern=r"^https://")
    as_of: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="the day on which its text was read")
    scope: str = Field(min_length=1, max_length=500)
    requirements: tuple[Requirement, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        ids = [requirement.id for requirement in self.requirements]
        if len(set(ids)) != len(ids):
            raise ValueError("two requirements have the same id")
        return self

    @property
    def answered(self) -> int:
        """How many requirements a section of the dossier answers, at least in part."""
        return sum(requirement.artefact is not None for requirement in self.requirements)


def read_regimes(folder: Traversable | None = None) -> tuple[Regime, ...]:
    """Return the regimes of ``folder`` (by default those that ship with Addendum), by file name.

    Raises :class:`~pipelines.domain.errors.ParamsError` naming the file and the field that is wrong.
    """
    shelf = folder or files("pipelines.promote.dossier") / "regimes"
    listed = sorted((file for file in shelf.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    return tuple(_read_regime(file) for file in listed)


def _read_regime(file: Traversable) -> Regime:
    try:
        return Regime.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ParamsError(f"regime {file.name}: it is not YAML: mend it or take it out") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ParamsError(f"regime {file.name}: {where or 'content'}: {first['msg']}") from error
