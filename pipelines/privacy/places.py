"""Finds geographic subdivisions smaller than a state (45 CFR 164.514(b)(2)(i)(B)): streets, towns, ZIP codes, sites of care.

States and countries may stay. A site is told by its own words ("... Clinic"), or by what is done there ("admitted to ...").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from pipelines.privacy.mentions import Mention, MentionKind
from pipelines.privacy.vocabulary import read_towns, read_vocabulary

_UPPER, _LETTER = "A-ZÀ-ÖØ-Þ", "A-Za-zÀ-ÖØ-öø-ÿ"
WORD = rf"(?>(?:St|Mt|Ft|Mts|Pt)\.(?= [{_UPPER}])|[{_UPPER}][{_LETTER}]*+(?:['’.-][{_LETTER}]++)*+(?:['’](?= [{_UPPER}]))?)"
_CONNECTOR = r"(?:(?:of|and|the|for|de|del|la|los|y|&|at) ){0,2}"
SEQUENCE = rf"(?>{WORD}(?: {_CONNECTOR}{WORD}){{0,6}})"
SUFFIX = (
    r"Hospitals?|Hosp\b\.?|Clinics?|Infirmary|Hospice|Nursing Home|Sanatorium|Polyclinic|Medical|Medicine"
    r"|Med(?:ical)?\.? (?:Cent(?:er|re)s?|Ctr|Cntr|Group|School|Associates|Practice|Plaza|Campus|Office)"
    r"|Health(?:care)?(?: (?:System|Cent(?:er|re)|Clinic|Partners|Network|Services))?"
    r"|(?:Cancer|Surgery|Surgical|Trauma|Rehab(?:ilitation)?|Wellness|Dialysis|Imaging|Oncology|Heart"
    r"|Birth(?:ing)?|Pain|Care) Cent(?:er|re)"
    r"|Urgent Care|Institute|Pharmacy|Elementary(?: School)?|(?:High|Middle|Primary) School|University"
    r"|College|Church|Prison|Jail|Shelter"
    r"|Memorial|General|Presbyterian|Methodist|VAMC|VA|County|Cent(?:er|re)"
)
LOWER_SUFFIX = (
    r"(?:(?:downtown|uptown|north|south|east|west|main|campus|outpatient|metro(?:politan)?|satellite"
    r"|suburban) ){0,2}(?:hospital|clinic|office|branch"
    r"|practice|location|facility|campus|med(?:ical)? (?:center|centre|ctr|group)|health center|county|pharmacy)"
)
STREET = re.compile(
    rf"(?<![\w.-])\d{{1,6}}[A-Za-z]?(?: [NSEW]\.?| North| South| East| West)?(?: \d{{1,3}}(?:st|nd|rd|th)|(?: {WORD}){{1,4}}?)"
    r" (?:St(?:reet)?|Ave(?:nue)?|R(?:oa)?d|Blvd|Boulevard|L(?:a)?ne?|Dr(?:ive)?|C(?:our)?t|Pl(?:ace)?"
    r"|Way|Ter(?:race)?|Pkwy|Parkway|Hwy|Highway"
    r"|Cir(?:cle)?|Sq(?:uare)?|Trail|Route|Loop|Alley)\b\.?(?:,? (?:Apt|Unit|Suite|Ste|Floor|Fl|Rm"
    r"|#)\.? ?#?\w{1,6})?|\bP\.? ?O\.? Box \d+"
)
ZIP = re.compile(
    r"\b(?:[Zz][Ii][Pp](?:[ -]?[Cc]ode)?|postal code)(?: is| of|:|,)? ?(?P<value>\d{5}(?:-\d{4})?|\d{3}(?=\W))(?!\d)"
    r"|\b(?P<state>[A-Z]{2}|[A-Z][a-z]+),? (?P<code>\d{5}(?:-\d{4})?)(?![\w-])"
)
ACTION = (
    r"(?:seen|treated|tx['’]?d|dx['’]?d|admitted|evaluated|examined|hospitali[sz]ed|presented|presenting"
    r"|presents|presentation|referred|transferred"
    r"|discharged|diagnosed|operated|surgery|follow(?:ed|s|ing)?(?:[ -]up)?|f/u|check(?:ed)?[ -](?:up|in)"
    r"|appointment|visit(?:ed|ing|s)?|care|cared|attend(?:ed|ing|s)?"
    r"|session|conducted|performed|monitored|managed|observed|reviewed|session|meeting|case|patient|pt"
    r"|works?|working|employed|stay(?:ed|ing)?|born"
    r"|lives?|living|resid(?:es?|ing|ent)|enrolled|underwent|received|consult(?:ed)?|arrived|brought"
    r"|rounds?|ICU|ER|ED|clinic|office|staff)"
)
AT = re.compile(rf"(?<!\w)(?:at |@ ?)(?:(?:the|our|his|her|my) )?(?P<value>{SEQUENCE})")
ACTED = re.compile(rf"\b(?i:{ACTION})\b[^.;?!]{{0,70}}? ?(?:at|@|to|from|via)(?: the| our)? (?P<value>{SEQUENCE})")
LIVED = re.compile(
    rf"\b(?:(?i:{ACTION})|based|located|home|house|practice|practices|moved|relocated|travel(?:ed|led|ing)?"
    r"|originally|native)\b(?: \w+)?,? (?:in|to|from|of|near|outside|around"
    rf"|at) (?:the )?(?P<value>{SEQUENCE})"
)
DOCTORS = re.compile(rf"\b(?:Dr|Prof)\.? {WORD}(?: (?:{WORD}|[A-Z]\.))?,? (?:in|at|of|from) (?:the |our )?(?P<value>{SEQUENCE})")
NEAR = re.compile(
    r"(?:\b(?:[Ii]n|[Ff]rom|[Nn]ear|[Aa]t|[Tt]o|[Aa]round|[Oo]utside|of|[Tt]he|[Oo]ur|between)"
    rf"|,) (?P<value>{SEQUENCE})"
)
SAINT = re.compile(rf"\b(?P<value>(?:St\.|Saint|Mt\.|Mount) {WORD}(?:['’]s)?)")
SITE = re.compile(rf"(?P<value>{SEQUENCE} {LOWER_SUFFIX})\b")
NAMED = re.compile(
    rf"\b(?P<value>(?:{WORD} (?:(?:of|and|the|for"
    rf"|&) ){{0,2}}){{0,6}}(?:{SUFFIX})(?![\w-])(?: of {WORD}(?: {WORD})*+)?)"
)
NOT_A_SITE = re.compile(
    r"(?:American|National|World|European|British|Canadian|Royal|International|Global|Public|Mental"
    r"|Behavioral|Oral|Women['’]?s|Home|Internal|Emergency"
    r"|Family|Occupational|Sports|Nuclear|Alternative|Eastern|Western|Chinese|Primary|General|U\.?S\.?"
    r"|Federal|State|Department|Ministry)\b"
    r"(?! (?:Hospital|Clinic|Med))"
)

STUDY = re.compile(
    r"(?:['’]s)?[ -](?:trials?|stud(?:y|ies)|scores?|criteria|guidelines?|registry|protocols?|tests?"
    r"|scale|index|classification|reflex|consensus|cohort"
    r"|regimen|risk|data|disease|syndrome)\b"
)
"""What follows an acronym or a name that is no place."""

ALSO_TOWNS = frozenset(("NY", "LA", "DC"))
"""Codes of states by which people mean a city."""


def find_streets(text: str) -> list[Mention]:
    """Return street addresses, post boxes and ZIP codes; a code only after its word, or after a state."""
    found = [_mention(hit.span()) for hit in STREET.finditer(text)]
    for hit in ZIP.finditer(text):
        state = hit.group("state")
        if state is None or state in read_vocabulary().codes | read_vocabulary().states:
            found.append(_mention(hit.span("value" if state is None else "code")))
    return found


def find_sites(text: str) -> list[Mention]:
    """Return sites of care and other places that are named as such, whatever stands before them."""
    found = []
    for hit in NAMED.finditer(text):
        start = _skip_terms(hit.group("value")) + hit.start("value")
        name = text[start : hit.end("value")]
        if " " in name and not NOT_A_SITE.match(name):
            found.append(_mention((start, hit.end("value"))))
    return found


def find_towns(text: str) -> list[Mention]:
    """Return towns, and sites that only what is done there tells: "treated at ...", "our ... office", "Dr. ... in ..."."""
    found = [_mention(span) for form in (AT, ACTED, LIVED, DOCTORS, SAINT, SITE) for span in _choose(form, text)]
    for hit in NEAR.finditer(text):
        end = _match_town(hit.group("value"))
        if end:
            found.append(_mention((hit.start("value"), hit.start("value") + end)))
    return found


def _choose(form: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    for hit in form.finditer(text):
        start = hit.start("value") + _skip_terms(hit.group("value"))
        end = hit.end("value")
        words = text[start:end].split()
        if words and is_placelike(words) and not NOT_A_SITE.match(text[start:end]) and not STUDY.match(text, end):
            yield start, end


def is_placelike(words: list[str]) -> bool:
    """Return whether capitalised words can name a place: not a term, an acronym of medicine, a state, or one letter."""
    vocabulary = read_vocabulary()
    whole, first = " ".join(words), words[0]
    if (
        whole in vocabulary.states | vocabulary.codes - ALSO_TOWNS
        or first in vocabulary.acronyms
        or first.casefold() in vocabulary.heads
        or len(first.strip(".")) < 2
    ):
        return False
    return any(word.strip(".,'’").casefold().removesuffix("’s").removesuffix("'s") not in vocabulary.terms for word in words)


def _skip_terms(value: str) -> int:
    """Return where the name begins: sentence openings such as "Seen At" are not its part; a site may begin with "Children's"."""
    edge = 0
    for word in value.split(" "):
        rest = value[edge + len(word) + 1 :]
        if not rest or word.casefold() not in read_vocabulary().openings or not rest[0].isupper():
            break
        edge += len(word) + 1
    return edge


def _match_town(value: str) -> int:
    """Return how many characters of the beginning of ``value`` are the name of a town, as many as can be."""
    words = value.split(" ")
    ends = list(accumulate(len(word) + 1 for word in words))
    return next((end - 1 for end in reversed(ends) if value[: end - 1] in read_towns()), 0)


def _mention(span: tuple[int, int]) -> Mention:
    return Mention(start=span[0], end=span[1], kind=MentionKind.PLACE)
