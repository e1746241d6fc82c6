"""A model folder says in ``model.json`` what it is, so that it can be read again without the parameters that made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines.files import read_json, write_json

Kind = Literal["linear", "classifier", "causal_lm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A share of new weights that was tried, and its loss on dev (nats)."""

    share: float
    dev_loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """What the weights are made of: ``share`` of what was newly learned, the rest the champion's, as dev found best."""

    share: float
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What kind of model a folder holds. ``labels`` is in the order of the outputs; ``max_tokens`` is 0 where nothing is cut.

    ``precision`` is the arithmetic it is run with; ``start`` is the id of the token put before every text, ``None`` where the
    tokenizer does it itself. ``temperature`` divides the scores before they become probabilities; ``blend`` is ``None`` where the
    weights are what was learned.
    """

    kind: Kind
    base: str = ""
    labels: tuple[str, ...] = ()
    max_tokens: int = 0
    precision: Literal["auto", "bf16", "fp32"] = "fp32"
    start: int | None = None
    temperature: float = 1.0
    blend: Blend | None = None


def write_card(folder: Path, card: Card) -> None:
    """Write ``model.json``."""
    write_json(folder / "model.json", card)


def read_card(folder: Path) -> Card:
    """Read ``model.json``; raises :class:`~pipelines.domain.errors.WorkspaceError` when it is missing or of another shape."""
    return read_json(folder / "model.json", Card)


def has_model(folder: Path) -> bool:
    """Return whether the folder holds a model at all: before the first promotion a champion's folder is empty."""
    return (folder / "model.json").is_file()
