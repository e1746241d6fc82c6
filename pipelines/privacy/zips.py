"""What may stay of a ZIP code: its first three digits, unless 20,000 people or fewer live where all codes with them lie.

45 CFR 164.514(b)(2)(i)(B). ``CENSUS_2000`` is the list of the Department of Health and Human Services (Guidance Regarding
Methods for De-identification of Protected Health Information, 26 November 2012). ``CENSUS_2010`` is what is commonly listed
from the next census, which the guidance asks for and does not print. Whoever is on either is on ours: too long a list only
hides more.
"""

from __future__ import annotations

CENSUS_2000 = (
    "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879", "884", "890", "893",
)  # fmt: skip
CENSUS_2010 = (
    "036", "059", "102", "202", "203", "204", "205", "369", "556", "692", "753", "772", "821", "823", "878", "879", "884", "893",
)  # fmt: skip
SPARSE = frozenset((*CENSUS_2000, *CENSUS_2010))
HIDDEN = "**"


def generalise_zip(code: str) -> str:
    """Return ``941**`` of ``94103`` or ``94103-1234``, and ``000**`` where too few people live."""
    area = code[:3]
    return ("000" if area in SPARSE else area) + HIDDEN
