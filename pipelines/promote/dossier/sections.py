"""The sections of a dossier, in reading order: the page is laid out by them, and a crosswalk may point at nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class SectionId(StrEnum):
    """A section's id, which is its anchor on the page and its name in a regime's file."""

    HEADLINE = "headline"
    CHANGES = "changes"
    VERDICT = "verdict"
    POWER = "power"
    SLICES = "slices"
    CALIBRATION = "calibration"
    LEARNING = "learning"
    CURRENCY = "currency"
    DATA = "data"
    QUARANTINE = "quarantine"
    AUDITS = "audits"
    ENVELOPE = "envelope"
    APPROVALS = "approvals"
    COST = "cost"
    CHAIN = "chain"
    CROSSWALK = "crosswalk"


TITLES: Mapping[SectionId, str] = {
    SectionId.HEADLINE: "Decision",
    SectionId.CHANGES: "What changed since the last promotion",
    SectionId.VERDICT: "The verdict, finding by finding",
    SectionId.POWER: "What this evidence can decide",
    SectionId.SLICES: "Scores, subgroups and harm",
    SectionId.CALIBRATION: "How far its confidence can be trusted",
    SectionId.LEARNING: "How it learned",
    SectionId.CURRENCY: "Does it know the rules in force?",
    SectionId.DATA: "What it was made from",
    SectionId.QUARANTINE: "What was kept out",
    SectionId.AUDITS: "Audits",
    SectionId.ENVELOPE: "Change envelope",
    SectionId.APPROVALS: "Who approved",
    SectionId.COST: "What it cost",
    SectionId.CHAIN: "Place in the record",
    SectionId.CROSSWALK: "Crosswalk to regulations",
}
