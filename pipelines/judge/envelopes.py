"""Whether a candidate stays within the envelope: every difference from the champion's recipe, with what the rules say about it.

Not a test and no matter of statistics: two recipes and the declared rules give one answer, before a training as well as after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest
from pipelines.domain.pins import Pin
from pipelines.domain.recipes import Recipe
from pipelines.domain.verdicts import Detail, Finding, Result
from pipelines.files import digest_file, read_json
from pipelines.judge.changes import Difference, compare_recipes
from pipelines.judge.envelope_params import Answer, EnvelopeParams
from pipelines.workspace import DomainFolder

GATE = "envelope"
NEVER_FREE = ("envelope", "judge.weaker", "split.key", "split.shares")
"""What no rule sets free: a change of the rules themselves, gates that ask for less, and families that change sides."""

WORDS = {Answer.FREE: "declared", Answer.APPROVAL: "needs a named approver", Answer.STOP: "stops the run"}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, and what follows from it."""

    difference: Difference
    answer: Answer


@dataclass(frozen=True, slots=True)
class Ruling:
    """The finding on all differences together, and whether a person must agree."""

    finding: Finding
    needs_approval: bool


def rule_on_folder(folder: DomainFolder, pin: Pin, envelope: EnvelopeParams) -> Ruling:
    """Return the ruling on the candidate of ``folder``, by its recipe and the champion's that was laid out beside the pin.

    Raises :class:`WorkspaceError` where the champion's recipe is not the one that the pin names.
    """
    candidate = read_json(folder.verdict / "recipe.json", Recipe)
    if pin.champion is None:
        return rule_without_champion()
    if pin.champion.recipe is None:
        return rule_without_reference(pin.champion.version)
    return rule_on_recipes(read_reference(folder, pin.champion.recipe), candidate, envelope)


def read_reference(folder: DomainFolder, recipe: Digest) -> Recipe:
    """Return the champion's recipe as laid out; raises :class:`WorkspaceError` where it is missing or another one."""
    path = folder.reference / "recipe.json"
    if not path.is_file() or digest_file(path) != recipe:
        raise WorkspaceError(f"{path} is not the recipe that the pin names: lay it out again with `addendum pin … --as-is`")
    return read_json(path, Recipe)


def rule_without_champion() -> Ruling:
    """Return the ruling where there is nothing to differ from: a first champion needs a named approver whatever it is."""
    sentence = "envelope: not asked: there is no champion to differ from, and the first needs a named approver anyway"
    return Ruling(Finding(gate=GATE, result=Result.NOT_MEASURED, sentence=sentence, is_blocking=False), needs_approval=True)


def rule_without_reference(version: int) -> Ruling:
    """Return the ruling where nobody wrote down how the champion was made: only a person can say that a change is small."""
    sentence = f"envelope: needs a named approver: how version {version} was made is not on record"
    return Ruling(Finding(gate=GATE, result=Result.PASSED, sentence=sentence), needs_approval=True)


def rule_on_recipes(before: Recipe, after: Recipe, envelope: EnvelopeParams) -> Ruling:
    """Return the ruling on the step from one recipe to another: FAILED where a difference stops, PASSED otherwise."""
    changes = classify(compare_recipes(before, after), envelope)
    result = Result.FAILED if any(change.answer is Answer.STOP for change in changes) else Result.PASSED
    finding = Finding(gate=GATE, result=result, sentence=_sum_up(changes), details=tuple(map(_tell, changes)))
    return Ruling(finding, needs_approval=any(change.answer is not Answer.FREE for change in changes))


def classify(differences: Sequence[Difference], envelope: EnvelopeParams) -> tuple[Change, ...]:
    """Return each difference with what the envelope says about it."""
    return tuple(Change(difference, _answer(difference, envelope)) for difference in differences)


def _answer(difference: Difference, envelope: EnvelopeParams) -> Answer:
    name = difference.name
    if envelope.is_within(name, difference.value):
        return Answer.FREE
    answer = envelope.answer(name)
    is_held = name in envelope.bounds or any(name == held or name.startswith(f"{held}.") for held in NEVER_FREE)
    return Answer.APPROVAL if is_held and answer is Answer.FREE else answer


def _sum_up(changes: Sequence[Change]) -> str:
    for answer, word in ((Answer.STOP, "stopped"), (Answer.APPROVAL, WORDS[Answer.APPROVAL])):
        found = [change.difference.sentence for change in changes if change.answer is answer]
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            return f"envelope: {word}: {found[0]}{more}"
    if not changes:
        return "envelope: made as the champion was"
    is_data = all(change.difference.name == "corpus" for change in changes)
    return "envelope: only new data" if is_data else f"envelope: {len(changes)} differences from the champion, all declared free"


def _tell(change: Change) -> Detail:
    result = Result.FAILED if change.answer is Answer.STOP else Result.PASSED
    return Detail(name=f"{change.difference.sentence}: {WORDS[change.answer]}", result=result)
