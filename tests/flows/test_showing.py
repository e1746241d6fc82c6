"""What a page shows is what somebody typed, as itself: never a link, a tag or a heading of theirs."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from flows.showing import escape_markdown

SIGNS = r"\`*_{}[]()#+!|<>~-"


def test_a_reason_can_neither_link_nor_tag() -> None:
    assert escape_markdown("[x](y) <b>") == r"\[x\]\(y\) \<b\>"


@given(st.text(alphabet=SIGNS + "ab é\n", max_size=40))
def test_every_sign_is_escaped_once_and_nothing_is_lost(text: str) -> None:
    escaped = escape_markdown(text)
    assert re.sub(r"\\(.)", r"\1", escaped) == text
    assert not set(re.sub(r"\\.", "", escaped)) & set(SIGNS)
