"""Rows of ids as one flat buffer, and any of them as one rectangle with a mask that says which of it is real.

A lesson has millions of ids, and lists of lists of Python numbers would be built anew for every batch: so a rectangle is gathered
from the buffer by numpy, whatever the buffer lies in (memory, or a file that is mapped).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

Ids: TypeAlias = NDArray[np.int32]
Places: TypeAlias = Sequence[int] | NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Padded:
    """``ids`` and ``mask`` (1 where real), both rows x longest row, filled up on the right."""

    ids: torch.Tensor
    mask: torch.Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ragged:
    """Rows of unlike length: row ``i`` is ``ids[offsets[i]:offsets[i + 1]]``, so that there is one more offset than rows."""

    ids: Ids
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, place: int) -> Ids:
        if not 0 <= place < len(self):
            raise IndexError(f"row {place} of {len(self)}")
        return self.ids[self.offsets[place] : self.offsets[place + 1]]

    def __iter__(self) -> Iterator[Ids]:
        return (self[place] for place in range(len(self)))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Ids of each row."""
        return np.diff(self.offsets)

    def join(self, places: Places) -> Ids:
        """Return the ids of some rows, one after the other."""
        index = np.asarray(places, dtype=np.int64)
        lengths = self.offsets[index + 1] - self.offsets[index]
        ends = np.cumsum(lengths)
        shifts = np.repeat(self.offsets[index] - (ends - lengths), lengths)
        joined: Ids = self.ids[np.arange(len(shifts)) + shifts]
        return joined

    def pad(self, places: Places, filler: int, device: torch.device) -> Padded:
        """Return some rows as a rectangle on ``device``, filled up with ``filler``."""
        index = np.asarray(places, dtype=np.int64)
        lengths = self.offsets[index + 1] - self.offsets[index]
        is_real = np.arange(lengths.max(initial=0)) < lengths[:, None]
        ids = np.full(is_real.shape, filler, dtype=np.int64)
        ids[is_real] = self.join(index)
        mask = torch.from_numpy(is_real.astype(np.int64))
        return Padded(ids=torch.from_numpy(ids).to(device), mask=mask.to(device))


Rows: TypeAlias = Ragged | Sequence[Sequence[int]] | Sequence[Ids]


def flatten_rows(rows: Rows) -> Ragged:
    """Return rows as one buffer; what is one already is returned as it is."""
    if isinstance(rows, Ragged):
        return rows
    lengths = [len(row) for row in rows]
    ids = np.concatenate([np.zeros(0, dtype=np.int32), *(np.asarray(row, dtype=np.int32) for row in rows)])
    return Ragged(ids=ids, offsets=np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64))


def pad_rows(rows: Rows, filler: int, device: torch.device) -> Padded:
    """Pad ``rows`` with ``filler`` and put them on ``device``."""
    flat = flatten_rows(rows)
    return flat.pad(np.arange(len(flat)), filler, device)
