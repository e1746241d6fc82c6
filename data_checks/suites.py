"""The suites themselves: what is asked of every row of a frame.

A check that fails says *that* and *how far*, never *what*: see the descriptions at the bottom.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from data_checks.columns import LABEL_SEPARATOR, UNDETERMINED
from data_checks.engine import Column, gxe
from data_checks.expectations import RowExpectations
from data_checks.validation import Check

WINDOWS_1252 = bytes(range(0x80, 0xA0)).decode("cp1252", errors="ignore")
"""What Windows-1252 shows for the bytes 0x80 to 0x9f, which UTF-8 uses inside characters."""

ENCODING_DAMAGE = "|".join(
    (
        "\ufffd",  # a decoder gave up on a byte
        f"[ÃÂ][\u0080-\u00bf{WINDOWS_1252}]",  # a Latin letter or sign in UTF-8, read as Latin-1 or Windows-1252: "Ã©", "Â®"
        f"â[\u0080€][\u0080-\u00bf{WINDOWS_1252}]",  # punctuation, likewise: a curly quote as "â€™"
        "ï»¿|ï¿½",  # the byte order mark and U+FFFD, likewise
        "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]",  # control characters; a dash cut to its low byte is one
    )
)
"""Signs that bytes were read in the wrong encoding. A dash, a curly quote or an accented letter by itself is none."""

ANYTHING_VISIBLE = "[^\\s\u00a0\u2000-\u200b\u3000\ufeff]"


GIVES_ORDERS, MOVED_TOO_FAR = "text gives a model no orders", "no figure moved too far"
SCREENS = frozenset({GIVES_ORDERS, MOVED_TOO_FAR})
"""Checks whose failures ask for a person. They say nothing against the drop, so no number of them refuses it."""


def row_checks(expected: RowExpectations) -> tuple[Check, ...]:
    """Return the checks of every row: its identity, its dates, its content."""
    identity = Check(
        name="identity is unique",
        expectation=gxe.ExpectColumnValuesToBeUnique(column="identity"),
        describe=lambda _row: "shared with another row",
    )
    return (identity, *_date_checks(expected), *_content_checks(expected))


def _date_checks(expected: RowExpectations) -> tuple[Check, ...]:
    return (
        _date_check("published_at", expected.earliest, expected.today, expected.published_ahead_days),
        _date_check("effective_from", expected.earliest, expected.today, expected.effective_ahead_days),
        Check(
            name="effective_to is after effective_from",
            expectation=gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A="effective_to", column_B="effective_from", ignore_row_if="either_value_is_missing"
            ),
            describe=lambda row: f"{_days((row['effective_from'] - row['effective_to']).days)} too early",
        ),
    )


def _date_check(column: str, earliest: date, today: date, ahead_days: int) -> Check:
    latest = today + timedelta(days=ahead_days)

    def describe(row: Mapping[str, Any]) -> str:
        day = row[column].date()
        return f"before {earliest.year}" if day < earliest else f"in the future by {_days((day - today).days)}"

    return Check(
        name=f"{column} is sane",
        expectation=gxe.ExpectColumnValuesToBeBetween(
            column=column, min_value=datetime.combine(earliest, time()), max_value=datetime.combine(latest, time())
        ),
        describe=describe,
    )


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _content_checks(expected: RowExpectations) -> tuple[Check, ...]:
    taught = Column("status").is_not_in(expected.retiring_statuses)
    checks = [
        Check(
            name="title is present",
            expectation=gxe.ExpectColumnValuesToMatchRegex(column="title", regex=ANYTHING_VISIBLE, row_condition=taught),
            describe=lambda _row: "empty",
        ),
        Check(
            name="text has a sane length",
            expectation=gxe.ExpectColumnValueLengthsToBeBetween(
                column="text", min_value=expected.min_chars, max_value=expected.max_chars, row_condition=taught
            ),
            describe=lambda row: f"length {len(row['text'])}",
        ),
        *(_encoding_check(column, taught) for column in ("title", "text")),
    ]
    if expected.languages:
        checks.append(_language_check(expected.languages, taught))
    if expected.labels:
        checks.append(_label_check(expected.labels, taught))
    return (*checks, *_screening_checks(expected, taught))


def _screening_checks(expected: RowExpectations, taught: Any) -> Iterator[Check]:  # noqa: ANN401  # as above
    if not expected.allows_orders:
        yield Check(
            name=GIVES_ORDERS,
            expectation=gxe.ExpectColumnValuesToBeBetween(column="orders", max_value=0, row_condition=taught),
            describe=lambda row: f"in {row['orders']:.0f} place{'s' if row['orders'] > 1 else ''}",
        )
    if expected.max_shift is not None:
        yield Check(
            name=MOVED_TOO_FAR,
            expectation=gxe.ExpectColumnValuesToBeBetween(
                column="shift", max_value=expected.max_shift, strict_max=True, row_condition=taught
            ),
            describe=lambda row: f"{row['shift']:.3g} times the figure in force",
        )


def _encoding_check(column: str, taught: Any) -> Check:  # noqa: ANN401  # as above
    def describe(row: Mapping[str, Any]) -> str:
        found = len(re.findall(ENCODING_DAMAGE, row[column]))
        return f"damaged in {found} place{'s' if found > 1 else ''}"

    expectation = gxe.ExpectColumnValuesToNotMatchRegex(column=column, regex=ENCODING_DAMAGE, row_condition=taught)
    return Check(name=f"{column} has no encoding damage", expectation=expectation, describe=describe)


def _language_check(languages: tuple[str, ...], taught: Any) -> Check:  # noqa: ANN401  # as above
    return Check(
        name="language is expected",
        expectation=gxe.ExpectColumnValuesToBeInSet(
            column="language", value_set=[*languages, UNDETERMINED], row_condition=taught
        ),
        describe=lambda row: f"language {row['language']} ({row['certainty']:.2f})".replace("(0.", "(."),
    )


def _label_check(labels: tuple[str, ...], taught: Any) -> Check:  # noqa: ANN401  # as above
    one = "|".join(re.escape(label) for label in labels)
    return Check(
        name="label is declared",
        expectation=gxe.ExpectColumnValuesToMatchRegex(
            column="labels", regex=f"^(?:(?:{one}){LABEL_SEPARATOR})*$", row_condition=taught
        ),
        describe=lambda _row: "label not in the declared set",
    )
