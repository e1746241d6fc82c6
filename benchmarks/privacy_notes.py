"""Clinical notes of ours, with every identifier marked: what the rate is measured on, and the machinery shown without real data.

All of it is invented, and by the author of the rules: recall on it is no evidence of recall on anybody's notes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from pipelines.privacy.measuring import GoldSpan, GoldText

SIZE = 1_500
"""Letters of a note, about."""

FIRST = ("Edith", "Marcus", "Ilse", "Joanna", "Tobias", "Renata", "Oscar", "Philippa", "Gerald", "Amina", "Walter", "Noemi")
LAST = ("Walsh", "Okafor", "Lindqvist", "Marchetti", "Pereira", "Novak", "Hargreaves", "Tanaka", "Delacroix", "Feldman", "Abbott")
TOWNS = ("Gloucester", "Tucson", "Bemidji", "Savannah", "Duluth", "Eugene", "Peoria", "Boulder", "Fargo", "Macon")
SITES = (
    "Addison General Hospital",
    "Lakeview Clinic",
    "St. Agnes Medical Center",
    "Harbor Point Rehab Center",
    "Fairmont Hospice",
)
MONTHS = ("January", "February", "March", "April", "June", "July", "August", "September", "October", "November", "December")
TOLD = (
    "Patient name: <NAME>. MRN: <RECORD>. Account no. <ACCOUNT>.",
    "Dr. <NAME> saw the patient at <PLACE> on <DATE>.",
    "Mrs. <NAME> lives at <STREET>, <PLACE> with her daughter <FIRST>.",
    "She can be reached at <PHONE> or <EMAIL>; the fax is <FAX>.",
    "Insurance: policy number <PLAN>. SSN <SSN>.",
    "The <AGE>-year-old was transferred to <SITE> on <DATE>.",
    "The pacemaker has serial number <DEVICE>; the driver's license number is <LICENCE>.",
    "Signed electronically by <NAME>, MD, on <DATE>, from <IP>.",
    "The portal is <URL>; the plate of the car is on file, VIN <VEHICLE>.",
)
FILLER = (
    "The lungs were clear on both sides and the heart sounds were regular without any murmur.",
    "Metoprolol 25 mg twice daily was continued and the evening dose of lisinopril was held for low pressure.",
    "Blood pressure was 128/76, pulse 72 and regular, and the temperature was normal throughout the stay.",
    "Past medical history includes Chronic Kidney Disease, Type 2 Diabetes Mellitus and Parkinson's disease.",
    "There was no fever, no chest pain and no shortness of breath at rest or on walking up a flight of stairs.",
    "The INR was 2.3 and the creatinine had fallen from 1.8 to 1.4 since the diuretic was changed.",
    "She was advised to weigh herself every morning and to call the office when she gains more than two pounds.",
    "An echocardiogram showed an ejection fraction of 45% with mild mitral regurgitation, unchanged from before.",
    "Physical therapy recommends a walker for longer distances and a raised seat in the bathroom.",
    "The wound was clean and dry, the sutures were removed, and no further antibiotics are needed.",
)
SLOT = re.compile(r"<([A-Z]+)>")


def invent_notes(count: int, seed: int = 0) -> list[GoldText]:
    """Return ``count`` notes of about ``SIZE`` letters; the same seed gives the same notes."""
    return [_invent(number, random.Random(f"{seed} {number}")) for number in range(count)]  # noqa: S311  # notes, no secrets


def invent_clean(count: int, seed: int = 0) -> list[GoldText]:
    """Return ``count`` notes of a third of that size in which nothing is personal."""
    drawn = (random.Random(f"clean {seed} {number}") for number in range(count))  # noqa: S311  # as above
    return [GoldText(id=f"clean-{number}", text=" ".join(one.sample(FILLER, 5))) for number, one in enumerate(drawn)]


def _invent(number: int, chance: random.Random) -> GoldText:
    told = chance.sample(TOLD, 5)
    parts, length = list(told), sum(map(len, told))
    while length < SIZE:
        parts.insert(chance.randrange(len(parts) + 1), chance.choice(FILLER))
        length = sum(map(len, parts)) + len(parts)
    return _fill(f"note-{number}", parts, chance)


def _fill(name: str, parts: Sequence[str], chance: random.Random) -> GoldText:
    text, spans = "", []
    for piece in SLOT.split(" ".join(parts)):
        is_slot = piece.isupper() and piece.isalpha() and piece in KINDS
        value = invent_value(piece, chance) if is_slot else piece
        if is_slot:
            spans.append(GoldSpan(type=KINDS[piece], start=len(text), end=len(text) + len(value)))
        text += value
    return GoldText(id=name, text=text, spans=tuple(spans))


KINDS = {
    "NAME": "NAME", "FIRST": "NAME", "PLACE": "PLACE", "SITE": "PLACE", "STREET": "PLACE", "DATE": "DATE", "AGE": "AGE",
    "PHONE": "PHONE", "FAX": "FAX", "EMAIL": "EMAIL", "SSN": "SSN", "RECORD": "RECORD", "PLAN": "PLAN", "ACCOUNT": "ACCOUNT",
    "LICENCE": "LICENCE", "VEHICLE": "VEHICLE", "DEVICE": "DEVICE", "URL": "URL", "IP": "IP",
}  # fmt: skip
"""The class that each slot is of."""


def invent_value(slot: str, chance: random.Random) -> str:
    """Return an invented identifier for ``slot``; area code 555, example.org and addresses of documentation belong to nobody."""
    digits = "".join(chance.choices("0123456789", k=12))
    day, year, month = chance.randint(1, 28), chance.randint(2015, 2024), chance.randrange(len(MONTHS))
    dates = (
        f"{MONTHS[month]} {day}, {year}",
        f"{month + 1}/{day}/{year}",
        f"{day} {MONTHS[month][:3]} {year}",
        f"{year}-10-{day:02d}",
    )
    values = {
        "NAME": f"{chance.choice(FIRST)} {chance.choice(LAST)}",
        "FIRST": chance.choice(FIRST),
        "PLACE": chance.choice(TOWNS),
        "SITE": chance.choice(SITES),
        "STREET": f"{digits[:3]} {chance.choice(LAST)} Street",
        "DATE": chance.choice(dates),
        "AGE": str(chance.randint(90, 104)),
        "PHONE": f"(555) {digits[:3]}-{digits[3:7]}",
        "FAX": f"555-{digits[:3]}-{digits[3:7]}",
        "EMAIL": f"{chance.choice(FIRST).lower()}{digits[:2]}@example.org",
        "SSN": f"000-{digits[:2]}-{digits[2:6]}",
        "VEHICLE": f"1HGCM82{digits[:3]}A{digits[3:9]}",
        "URL": f"https://portal.example.org/{digits[:6]}",
        "IP": f"192.0.2.{int(digits[:2]) + 1}",
    }
    return values.get(slot, f"{slot[:2]}-{digits[:7]}")
