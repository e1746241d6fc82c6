"""What the eCFR says about when a section was amended or removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipelines.detect.fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One line of a part's history. ``kind`` is ``section`` or ``appendix``; ``day`` is when the text took effect."""

    identifier: str
    name: str
    kind: str
    part: str
    day: date
    issued: date
    is_removed: bool
    is_substantive: bool


def read_version(row: Fields) -> Version:
    """Return one line of ``content_versions``."""
    return Version(
        identifier=row.identifier("identifier"),
        name=" ".join(row.text("name").split()),
        kind=row.text("type"),
        part=row.text("part"),
        day=row.date("date"),
        issued=row.date("issue_date"),
        is_removed=row.flag("removed"),
        is_substantive=row.flag_or("substantive", default=True),
    )


def read_count(page: Fields) -> int:
    """Return how many lines the whole history has: the API writes the number as a text or as a number, or leaves it out."""
    if not page.has("meta.result_count"):
        return len(page.list("content_versions"))
    if isinstance(page.child("meta").mapping["result_count"], int):
        return page.integer("meta.result_count")
    written = page.text("meta.result_count")
    if not written.isdigit():
        raise page.error("meta.result_count", "is no number")
    return int(written)
