"""Law that is cited is left as it stands."""

from __future__ import annotations

import pytest

from pipelines.privacy.citations import find_citations
from pipelines.privacy.ensemble import Passage, read_passages

CITED = (
    "12 CFR 1026.4(b)(2)", "89 FR 9776-9784", "42 U.S.C. 1320d-6", "410 U.S. 113", "Docket No. FAA-2024-0224", "RIN 3170-AA00",
    "Pub. L. 104-191", "§ 164.514(b)(2)", "85 Fed. Reg. 12345", "Case No. 4:21-cv-01234",
)  # fmt: skip


@pytest.mark.parametrize("citation", CITED)
def test_a_citation_is_found_whole(citation: str) -> None:
    text = f"As {citation} says."
    assert any(text[one.start : one.end] == citation for one in find_citations(text))


@pytest.mark.parametrize("citation", CITED)
def test_nothing_within_a_citation_is_taken_for_personal(citation: str) -> None:
    passage = Passage(f"The patient, MRN 4455-221, relies on {citation} here.", 2024, is_read=False)
    (mentions,) = read_passages([passage])
    start = passage.text.index(citation)
    assert [passage.text[one.start : one.end] for one in mentions] == ["4455-221"]
    assert all(one.end <= start for one in mentions)
