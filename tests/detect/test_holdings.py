"""The cursor of a place full of files keeps what it was given, in one form."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.detect.holdings import HeldFile, HeldRecord, Holdings, read_holdings, write_holdings
from pipelines.domain.drops import Cursor
from pipelines.domain.errors import SourceError

BUSY = settings(deadline=None, max_examples=60)
"""A busy machine says nothing about a law."""

NAMES = st.text(max_size=8)
DATES = st.dates(min_value=date(1900, 1, 1))
RECORDS = st.builds(HeldRecord, NAMES, NAMES, NAMES, DATES, DATES)
FILES = st.dictionaries(NAMES, st.builds(HeldFile, NAMES, st.lists(RECORDS, max_size=3).map(tuple)), max_size=3)
HOLDINGS = st.builds(Holdings, FILES, st.dictionaries(NAMES, st.integers(1, 9), max_size=3))


@BUSY
@given(HOLDINGS)
def test_a_cursor_gives_back_what_was_held(holdings: Holdings) -> None:
    assert read_holdings("folder", write_holdings(holdings)) == holdings


@BUSY
@given(HOLDINGS)
def test_the_order_in_which_files_were_seen_is_not_in_the_cursor(holdings: Holdings) -> None:
    turned = Holdings(dict(reversed(holdings.files.items())), dict(reversed(holdings.vanished.items())))
    assert write_holdings(turned) == write_holdings(holdings)


def test_no_cursor_is_nothing_held() -> None:
    assert read_holdings("folder", None) == Holdings()


def test_refuses_a_cursor_that_is_not_its_own_and_says_whose_it_is() -> None:
    with pytest.raises(SourceError, match="folder: the cursor"):
        read_holdings("folder", Cursor('{"page": 7}' * 2))
