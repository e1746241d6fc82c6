"""Finds names of people by the words around them and by their shape (45 CFR 164.514(b)(2)(i)(A)), without any list of names."""

from __future__ import annotations

import re

from pipelines.privacy.mentions import Mention, MentionKind
from pipelines.privacy.vocabulary import is_term, read_vocabulary

_UPPER, _LOWER = "A-ZÀ-ÖØ-Þ", "a-zß-öø-ÿ"
_PART = rf"(?:(?:O['’]|D['’]|Mc|Mac|De|La|Le|Van|St\. )?[{_UPPER}][{_LOWER}]+(?:[-][{_UPPER}][{_LOWER}]+)*)"
PART = re.compile(_PART)
SHOUTED = re.compile(rf"(?<![\w'’-])[{_UPPER}]{{3,}}(?![\w'’-])")
_INITIAL = rf"[{_UPPER}]\.|[{_UPPER}](?![\w.])"
_PARTICLE = r"(?:van|von|der|den|de|del|della|di|da|la|le|bin|al|el|ter|dos)"
_TOKEN = rf"(?:{_PART}|{_INITIAL})"
NAME = rf"{_TOKEN}(?: (?:{_PARTICLE} ){{0,2}}{_TOKEN}){{0,3}}"
FULL = rf"{_PART}(?: (?:{_PARTICLE} ){{0,2}}{_TOKEN}){{1,3}}"
_TITLE = r"(?:Drs?|Mrs?|Ms|Miss|Mx|Prof(?:essor)?|Doctor|Nurse|Sister|Rev|Fr|Sgt|Capt|Lt|Judge|Officer|Attorney|Aunt|Uncle)"
_ROLE = (
    r"(?:patient|pt|attending|surgeon|provider|physician|PCP|clinician|nurse|therapist|consultant"
    r"|resident|dictated by|signed by|author"
    r"|mother|father|wife|husband|son|daughter|brother|sister|spouse|partner|guardian|caregiver"
    r"|(?:emergency )?contact|next of kin|subscriber|insured)"
)
CALLED = (
    re.compile(rf"\b{_TITLE}\b\.? (?P<value>{NAME})"),
    re.compile(rf"\b(?:[Nn]amed?|[Cc]alled|NAME)(?: is| was)?[ :]{{1,3}}(?P<value>{NAME})"),
)
"""Whoever stands here is a person, whatever the words: Dr. Long."""

SURE = (
    re.compile(rf"\b(?i:{_ROLE}(?:['’]?s)?(?: name)?(?: is)?) ?[:,]? {{0,2}}(?P<value>{FULL})"),
    re.compile(
        rf"\b(?i:{_ROLE}(?:['’]?s)?(?: name)?|name) ?: {{0,2}}(?P<value>{NAME}"
        rf"|[{_UPPER}][{_UPPER}'’-]+,? [{_UPPER}][{_UPPER}'’-]+(?: [{_UPPER}]\b)?)"
    ),
    re.compile(
        r"\b(?:[Hh]is|[Hh]er|[Tt]heir|[Mm]y) (?:wife|husband|son|daughter|mother|father|brother|sister"
        rf"|partner|friend|spouse|aunt|uncle|neighbou?r),? (?P<value>{NAME})"
    ),
    re.compile(rf"(?P<value>{NAME}),? (?:M\.?D\b|D\.?O\b|R\.?N\b|N\.?P\b|PA-C|Ph\.?D\b|DDS|LPN|CRNA|PharmD|LCSW|MBBS|FACP|FACS)"),
    re.compile(rf"(?<![\w.-])(?P<value>{_PART}(?: {_PARTICLE})? [{_UPPER}]\.)(?! ?\d)"),
    re.compile(rf"(?<![\w.-])(?P<value>{_PART} [{_UPPER}])(?=['’]s\b|[,)]| (?:seen|who|at|from|was)\b)"),
    re.compile(rf"\b(?:patient|pt),? (?P<value>{_PART}|[{_UPPER}]\. ?[{_UPPER}]\.)(?!\w)"),
    re.compile(r"\b(?i:patient|pt)(?:['’]?s)? name(?:d| is|:)? (?P<value>[a-z]{2,} [a-z]{1,})\b"),
    re.compile(rf"(?<![\w.-])(?P<value>{_PART} [{_UPPER}]\. {_PART})"),
)
"""Whoever stands here is a person, unless the words are terms."""

_SPOKEN = (
    r"(?:(?:seen|treated|referred|managed|reviewed|evaluated|diagnosed|examined|operated|performed"
    r"|followed|prescribed|interviewed) by|under|care of|records? of"
    r"|similar to|such as|like|spoke (?:with|to)|discussed with|met with|refer(?:red)? to|notes? for"
    r"|file for|case of|see|ref|cc:?|for|to|and|with|from|by)"
)
LIKELY = (
    re.compile(rf"\b{_SPOKEN} (?:patient |pt )?(?P<value>{FULL})"),
    re.compile(
        rf"(?:^|[,;:(\n.—–-]|\band) {{0,2}}[\"“]?(?P<value>{FULL})(?= ?[,;:()?.\n]|['’]s\b| (?:who|is|was|has"
        r"|had|at|from|on|with|seen|and|in|mentioned|his|her|a|presents?|admitted|residing|underwent|reports?"
        r"|states|called|came|returns?|lives?)\b|$)"
    ),
)
"""Whoever stands here may be one: two words at least, and none of them a term."""


def find_names(text: str) -> list[Mention]:
    """Return names after a title, a role or "named", before a degree, with an initial, or set off by commas; they may overlap."""
    called = [_mention(_drop_terms(text, *hit.span("value"), kept=1)) for form in CALLED for hit in form.finditer(text)]
    written = [hit.span("value") for form in (*SURE, *LIKELY) for hit in form.finditer(text)]
    spans = [(span, _drop_terms(text, *span)) for span in written]
    return called + [_mention(left) for span, left in spans if _is_name(text[slice(*left)].split(), is_whole=span == left)]


def repeat_names(text: str, known: list[Mention]) -> list[Mention]:
    """Return where a part of a known name stands again: "Smith reports" after "John Smith"; a common word does not count."""
    parts = {part for one in known for part in PART.findall(text[one.start : one.end])}
    parts |= {part.title() for one in known for part in SHOUTED.findall(text[one.start : one.end])}
    parts = {part for part in parts if len(part) > 2 and part.casefold() not in read_vocabulary().terms}
    if not parts:
        return []
    again = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(parts, reverse=True)))})(?![\w-])")
    return [_mention(hit.span()) for hit in again.finditer(text)]


def is_namelike(words: list[str]) -> bool:
    """Return whether none of the capitalised words is a term, and the first is nothing that a single letter follows."""
    vocabulary, plain = read_vocabulary(), [_strip(word) for word in words]
    if not any(len(word) > 1 for word in plain) or plain[0] in vocabulary.heads or words[0] in vocabulary.acronyms:
        return False
    return not any(is_term(word) for word in plain if len(word) > 1)


def _is_name(words: list[str], *, is_whole: bool) -> bool:
    """Return whether the words can name a person; one word that is left of several cannot."""
    return (is_whole or len(words) > 1) and is_namelike(words)


def _drop_terms(text: str, start: int, end: int, kept: int = 0) -> tuple[int, int]:
    """Return the span without terms at its ends; of a name that a title announces ``kept`` words stay, whatever they are."""
    terms, words = read_vocabulary().terms, text[start:end].split(" ")
    while len(words) > kept and not kept and _strip(words[0]) in terms and _strip(words[0]) not in read_vocabulary().heads:
        start += len(words[0]) + 1
        words = words[1:]
    while len(words) > kept and len(_strip(words[-1])) > 1 and _strip(words[-1]) in terms:
        end -= len(words[-1]) + (len(words) > 1)
        words = words[:-1]
    return start, max(end, start)


def _strip(word: str) -> str:
    return word.strip(".,'’").casefold()


def _mention(span: tuple[int, int]) -> Mention:
    return Mention(start=span[0], end=span[1], kind=MentionKind.NAME)
