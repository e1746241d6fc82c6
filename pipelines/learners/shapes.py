"""The networks that are made from nothing (``scratch:SIZE``), declared in one table: encoders and decoders alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Width, its inner width, layers, heads, longest row in tokens, and the most tokens its own tokenizer may learn."""

    width: int
    inner: int
    layers: int
    heads: int
    positions: int
    vocabulary: int


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "tiny": Shape(width=64, inner=128, layers=2, heads=4, positions=512, vocabulary=512),
        "small": Shape(width=256, inner=1024, layers=4, heads=4, positions=512, vocabulary=8_192),
        "base": Shape(width=512, inner=2048, layers=8, heads=8, positions=1024, vocabulary=16_384),
        "large": Shape(width=768, inner=3072, layers=12, heads=12, positions=2048, vocabulary=32_768),
    }
)
"""``tiny`` is for tests and rehearsals. As encoders the others have layers of 3, 25 and 85 million weights, more as decoders."""
