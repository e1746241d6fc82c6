"""How long an API asks us to wait, read from its headers alone: the machine's clock has no say in it."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def read_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` asks for (RFC 9110, 10.2.3), or ``None`` where it says nothing readable.

    A date is counted from the response's own ``Date``, so that a skewed clock on either side does no harm.
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isdigit():
        return float(asked)
    try:
        wait = parsedate_to_datetime(asked) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0.0)
