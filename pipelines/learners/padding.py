"""Rows of ids as one rectangle, with a mask that says which of it is real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Padded:
    """``ids`` and ``mask`` (1 where real), both rows x longest row, filled up on the right."""

    ids: torch.Tensor
    mask: torch.Tensor


def pad_rows(rows: Sequence[Sequence[int]], filler: int, device: torch.device) -> Padded:
    """Pad ``rows`` with ``filler`` and put them on ``device``."""
    longest = max(len(row) for row in rows)
    ids = [[*row, *[filler] * (longest - len(row))] for row in rows]
    mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
    return Padded(ids=torch.tensor(ids, device=device), mask=torch.tensor(mask, device=device))
