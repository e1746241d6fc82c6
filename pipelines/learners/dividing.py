"""A global batch in pieces that fit: over processes, and within one over micro-batches. Every row still counts once.

A batch's gradient is the sum of its losses' over their number, so that no division of it changes more than the last bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.learners.batches import cut_batches


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Rows that are run through the network at once. A filler counts nothing: all processes must take equally many turns."""

    rows: list[int]
    is_filler: bool = False


def share_batch(batch: Sequence[int], lengths: Sequence[int], processes: int) -> list[list[int]]:
    """Return each process's rows, balanced by tokens: the longest row first, always to whoever has the least.

    Longest-processing-time-first (Graham 1969): never more than 4/3 of the best balance. A function of the batch alone.
    """
    if processes == 1:
        return [list(batch)]
    shares: list[list[int]] = [[] for _ in range(processes)]
    loads = [0] * processes
    for row in sorted(batch, key=lambda row: (-lengths[row], row)):
        least = loads.index(min(loads))
        shares[least].append(row)
        loads[least] += lengths[row]
    return [share[::-1] for share in shares]


def cut_share(share: Sequence[int], lengths: Sequence[int], budget: int | None) -> list[list[int]]:
    """Return a share in micro-batches within ``budget`` tokens, padding included; whole where there is no budget."""
    if budget is None:
        return [list(share)] if share else []
    return cut_batches(sorted(share, key=lambda row: (lengths[row], row)), lengths, budget)


def plan_pieces(batch: Sequence[int], lengths: Sequence[int], budget: int | None, processes: int) -> list[list[Piece]]:
    """Return each process's pieces of a batch, equally many for all, each row in exactly one of them that counts."""
    cuts = [cut_share(share, lengths, budget) for share in share_batch(batch, lengths, processes)]
    turns = max(len(cut) for cut in cuts)
    shortest = min(batch, key=lambda row: (lengths[row], row))
    filler = Piece(rows=[shortest], is_filler=True)
    return [[*(Piece(rows=rows) for rows in cut), *[filler] * (turns - len(cut))] for cut in cuts]
