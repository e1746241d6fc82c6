"""The two ways in which regulations.gov tells the time: UTC in answers, US Eastern in filters."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pipelines.detect.fields import Fields

MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def read_moment(fields: Fields, path: str) -> datetime:
    """Return a time of an answer; raises :class:`~pipelines.domain.errors.ResponseError` where it is none."""
    written = fields.text(path)
    try:
        return datetime.strptime(written, MOMENT).replace(tzinfo=UTC)
    except ValueError as error:
        raise fields.error(path, f"is no time of the form {MOMENT}") from error


def write_eastern(moment: datetime) -> str:
    """Return the time as the API reads it, in US Eastern; in the hour that comes twice in autumn, a moment before that hour."""
    local = moment.astimezone(ZoneInfo("America/New_York"))
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        local = local.replace(hour=0, minute=59, second=59)
    return local.strftime("%Y-%m-%d %H:%M:%S")
