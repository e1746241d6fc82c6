"""Rows laid end to end instead of padded: every linear layer sees text alone, and attention stays within each row.

The rows of a pack are one long row to the network. Its attention is replaced by one that takes the pack apart, so that the mask
is block-diagonal without ever being made: no row's token can look at its neighbour's. On the CPU, rows of one length are attended
together, by the same kernel as a batch of them would be; on CUDA in half precision the kernel for rows of any length is used
(:mod:`torch.nn.attention.varlen`). Positions start again with every row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import numpy as np
import torch

from pipelines.learners.padding import Places, Ragged

Packing = Literal["auto", "on", "off"]
ATTENTION = "addendum_packed"
_LENGTHS = "_addendum_row_lengths"
_PACKABLE = frozenset({"bert", "llama", "mistral", "qwen2", "qwen3"})
"""Families that take positions as given and leave attention to the interface; others are padded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Rows as one: ``ids`` and ``positions`` are 1 x tokens, ``lengths`` those of the rows, in order."""

    ids: torch.Tensor
    positions: torch.Tensor
    lengths: tuple[int, ...]


def pack_rows(rows: Ragged, places: Places, device: torch.device) -> tuple[Packed, list[int]]:
    """Return some rows laid end to end, shortest first, and the order they were laid in (places among ``places``)."""
    lengths = rows.lengths[np.asarray(places, dtype=np.int64)]
    order = np.argsort(lengths, kind="stable")
    ids = torch.from_numpy(rows.join(np.asarray(places, dtype=np.int64)[order]).astype(np.int64))
    ends = np.cumsum(lengths[order])
    positions = torch.from_numpy(np.arange(len(ids)) - np.repeat(ends - lengths[order], lengths[order]))
    pack = Packed(
        ids=ids[None].to(device), positions=positions[None].to(device), lengths=tuple(int(one) for one in lengths[order])
    )
    return pack, order.tolist()


def stack_alike(tensor: torch.Tensor, lengths: Sequence[int]) -> list[torch.Tensor]:
    """Return what belongs to each row of a pack (tokens x width) as one rows x length x width for every length, in order."""
    groups = _group(lengths)
    pieces = tensor.split([length * rows for length, rows in groups])
    return [piece.unflatten(0, (rows, length)) for (length, rows), piece in zip(groups, pieces, strict=True)]


def can_pack(config: Any, packing: Packing) -> bool:  # noqa: ANN401  # transformers has no types
    """Return whether a network of this configuration is run on packs: never where it would not give the padded result."""
    is_whole = getattr(config, "sliding_window", None) is None and not getattr(config, "is_decoder", False)
    return packing != "off" and config.model_type in _PACKABLE and is_whole


@contextmanager
def attending_within(config: Any, lengths: tuple[int, ...]) -> Iterator[None]:  # noqa: ANN401  # transformers has no types
    """Let the network of ``config`` attend within the rows of a pack of ``lengths``, and put its attention back.

    The lengths stand in the configuration, which every attention knows: as an argument they would have a compiled layer compiled
    anew for every pack, until torch gives up (``recompile_limit``) and runs it plain.
    """
    from transformers import AttentionInterface

    before = config._attn_implementation  # noqa: SLF001  # the name by which transformers finds it
    AttentionInterface.register(ATTENTION, attend_within)
    config._attn_implementation = ATTENTION  # noqa: SLF001
    setattr(config, _LENGTHS, lengths)
    try:
        yield
    finally:
        delattr(config, _LENGTHS)
        config._attn_implementation = before  # noqa: SLF001


@torch.compiler.disable  # type: ignore[untyped-decorator]  # torch is not followed
def attend_within(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **given: Any,  # noqa: ANN401  # what transformers passes on
) -> tuple[torch.Tensor, None]:
    """Return the attention of a pack (1 x heads x tokens x width) within its rows, as 1 x tokens x heads x width."""
    lengths: Sequence[int] = getattr(module.config, _LENGTHS)
    if attention_mask is not None:
        raise ValueError("a pack has no mask: its rows are kept apart by their lengths")
    if query.device.type == "cuda" and query.dtype in {torch.bfloat16, torch.float16} and not given.get("dropout"):
        return _attend_varlen(module, (query, key, value), lengths, given.get("scaling")), None
    return _attend_by_length(module, (query, key, value), lengths, given), None


def _attend_by_length(
    module: torch.nn.Module, parts: tuple[torch.Tensor, ...], lengths: Sequence[int], given: dict[str, Any]
) -> torch.Tensor:
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    groups = _group(lengths)
    # one split: its gradient is one concatenation, where slices would each be as long as the pack
    pieces = zip(*(part.split([length * rows for length, rows in groups], dim=2) for part in parts), strict=True)
    found = []
    for (length, rows), piece in zip(groups, pieces, strict=True):
        stacked = [part[0].unflatten(1, (rows, length)).transpose(0, 1) for part in piece]
        found.append(sdpa_attention_forward(module, *stacked, None, **given)[0].flatten(0, 1))
    return torch.cat(found).unsqueeze(0)


def _attend_varlen(
    module: torch.nn.Module, parts: tuple[torch.Tensor, ...], lengths: Sequence[int], scaling: float | None
) -> torch.Tensor:
    from torch.nn.attention.varlen import varlen_attn

    query, key, value = (part[0].transpose(0, 1) for part in parts)
    ends = torch.tensor([0, *lengths]).cumsum(0).to(device=query.device, dtype=torch.int32)
    attended: torch.Tensor = varlen_attn(
        query,
        key,
        value,
        ends,
        ends,
        max(lengths),
        max(lengths),
        scale=scaling,
        window_size=(-1, 0 if getattr(module, "is_causal", True) else -1),
        enable_gqa=query.shape[1] != key.shape[1],
    )
    return attended.unsqueeze(0)


def _group(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Return each length and how many rows have it, one after the other."""
    return [(length, len(list(group))) for length, group in groupby(lengths)]
