"""Records in words that nobody has seen before: what a champion must go out of date on."""

from __future__ import annotations

from typing import Any

from tests.builders.installations import build_records

NEW_WORDS = {
    "Class I": "lithium cell ignites while worn overnight",
    "Class II": "sensor drifts after repeated washing",
    "Class III": "instruction leaflet lacks one translation",
}


def build_news(count: int, first: int) -> list[dict[str, Any]]:
    """Recalls of the known classes, for reasons that are new."""
    return [
        {
            **record,
            "text": f"Recall {first + place}: {NEW_WORDS[record['labels'][0]]}, lot {place * 7919 % 99991}, withdrawn at once.",
        }
        for place, record in enumerate(build_records(count, first=first))
    ]
