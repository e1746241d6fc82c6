"""From a source's own labels to a domain's classes: one rule for all sources, and nothing is invented."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def map_labels(raw: Iterable[str], classes: Mapping[str, str]) -> tuple[str, ...]:
    """Return the classes that ``classes`` has for the raw labels, without repetition, in the order of the raw labels.

    A raw label without a class is left out; where no classes are given at all, the raw labels are the classes.
    """
    named = (classes.get(label) if classes else label for label in raw)
    return tuple(dict.fromkeys(label for label in named if label is not None))
