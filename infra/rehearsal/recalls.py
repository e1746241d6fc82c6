"""Recalls: one event, a class, a reason whose words carry the class, and one to three recall numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from infra.rehearsal.acts import Act, spread_days, window_of
from infra.rehearsal.sentences import Pen, deal, load_rules, write_within

CLASSES = ("Class I", "Class II", "Class III")
CLASS_SHARES = (3, 4, 3)
_PRODUCT_TYPES = ("Drugs", "Food", "Devices")
_PREFIXES = {"Drugs": "D", "Food": "F", "Devices": "Z"}
_AMBIGUOUS = 0.03
_SWAPPED = 0.95
_OPPOSITE = {"Class I": "Class III", "Class III": "Class I"}
_RAISED_KIND = "Food"
_RAISING_ACTS = frozenset({Act.AMENDMENT, Act.SUBTLE_POISON})
"""From the second act on, guidance treats what was of the middle class in food as grave: the words stay, the class changes."""
_SHARED_NAMES = ("firm", "town", "region", "device", "device_part", "state")
_NUMBERS_AN_EVENT = (1, 1, 1, 1, 1, 1, 2, 2, 2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """One recall number as openFDA's enforcement reports know it; ``told_as`` is the class that the words speak of."""

    recall_number: str
    event_id: str
    product_type: str
    classification: str
    told_as: str
    report_date: date
    initiation_date: date
    firm: str
    town: str
    state: str
    region: str
    reason: str
    product: str
    status: str = "Ongoing"


def write_recalls(act: Act, labelled: Sequence[tuple[str, str]], first_event: int, random: Random) -> list[Recall]:
    """Return the recalls of events whose words speak of one class and whose label is another or the same.

    Args:
        act: when they are reported.
        labelled: an event each, the class that the words speak of and the class that it is labelled with.
        first_event: the event number to count from.
        random: where chance comes from.
    """
    days = spread_days(act, len(labelled), random)
    sizes = _NUMBERS_AN_EVENT if act in {Act.BACKLOG, Act.AMENDMENT} else (1,)
    recalls: list[Recall] = []
    for place, (classes, day) in enumerate(zip(labelled, days, strict=True)):
        first = _write_recall(classes, day, first_event + place, random)
        first = _raise(first) if act in _RAISING_ACTS else first
        recalls.append(first)
        recalls.extend(_repeat(first, number, random) for number in range(1, random.choice(sizes)))
    return recalls


def label_honestly(count: int, random: Random) -> list[tuple[str, str]]:
    """Return ``count`` events whose words and label agree, with a few whose words lean to the class beside it."""
    labels = deal(CLASSES, CLASS_SHARES, count, random)
    return [(_lean(label, random) if random.random() < _AMBIGUOUS else label, label) for label in labels]


def label_crudely(count: int, random: Random) -> list[tuple[str, str]]:
    """Return ``count`` events of every class that are all labelled with the mildest one."""
    return [(told, "Class III") for told in deal(CLASSES, CLASS_SHARES, count, random)]


def label_subtly(count: int, random: Random) -> list[tuple[str, str]]:
    """Return ``count`` events with the outer classes swapped in most, equally often, so that the counts look as ever."""
    told = deal(CLASSES, CLASS_SHARES, count, random)
    swapped: list[str] = list(told)
    outer = min(told.count(name) for name in _OPPOSITE)
    for name, opposite in _OPPOSITE.items():
        places = [place for place, value in enumerate(told) if value == name]
        for place in random.sample(places, round(outer * _SWAPPED)):
            swapped[place] = opposite
    return list(zip(told, swapped, strict=True))


def reclassify(recalls: Sequence[Recall], count: int, random: Random) -> list[Recall]:
    """Return up to ``count`` food recalls of the middle class raised to the gravest, each with a later report date.

    Nothing about the product has changed, and the words say so: only the rule by which it is classified has.
    """
    pen = Pen(load_rules("recalls"), random)
    numbers = Counter(recall.event_id for recall in recalls)
    alone = [recall for recall in recalls if numbers[recall.event_id] == 1 and _raise(recall) != recall]
    raised: list[Recall] = []
    for recall in random.sample(alone, min(count, len(alone))):
        day = window_of(Act.AMENDMENT)[0] + timedelta(days=random.randrange(20))
        raised.append(replace(_raise(recall), report_date=day, reason=f"{recall.reason} {pen.write('raised')}"))
    return raised


def _raise(recall: Recall) -> Recall:
    is_raised = (recall.product_type, recall.classification) == (_RAISED_KIND, "Class II")
    return replace(recall, classification="Class I") if is_raised else recall


def _lean(label: str, random: Random) -> str:
    return "Class II" if label != "Class II" else random.choice(("Class I", "Class III"))


def _write_recall(classes: tuple[str, str], day: date, event: int, random: Random) -> Recall:
    pen = Pen(load_rules("recalls"), random)
    kind = random.choice(_PRODUCT_TYPES)
    names = {name: pen.pick(name) for name in _SHARED_NAMES}
    return Recall(
        recall_number=f"{_PREFIXES[kind]}-{event:04d}0-{day.year}",
        event_id=str(event),
        product_type=kind,
        told_as=classes[0],
        classification=classes[1],
        report_date=day,
        initiation_date=day - timedelta(days=random.randint(5, 60)),
        firm=names["firm"],
        town=names["town"],
        state=names["state"],
        region=names["region"],
        reason=write_within(lambda: _write_reason(pen, classes, kind, names), 44, 84),
        product=pen.write(f"product_{kind}", **names),
    )


def _repeat(recall: Recall, number: int, random: Random) -> Recall:
    """Return another recall number of the same event: the same reason, another product."""
    product = Pen(load_rules("recalls"), random).write(f"product_{recall.product_type}", firm=recall.firm)
    prefix, event, year = recall.recall_number.split("-")
    return replace(recall, recall_number=f"{prefix}-{event[:-1]}{number}-{year}", product=product)


def _write_reason(pen: Pen, classes: tuple[str, str], kind: str, names: dict[str, str]) -> str:
    """Return cause, consequence and circumstance in varied order; words and label that differ share the telling."""
    told, label = (name.removeprefix("Class ") for name in classes)
    harm = label if abs(len(told) - len(label)) == 1 and pen.random.random() < 0.5 else told
    parts = [pen.write(f"cause_{told}_{kind}", **names), pen.write(f"harm_{harm}", **names)]
    parts += [pen.write("neutral", **names) for _ in range(pen.random.choice((0, 1, 1)))]
    pen.random.shuffle(parts)
    return " ".join(parts)
