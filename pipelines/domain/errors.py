"""Every error of ours, rooted in one class, so that a boundary can tell "Addendum refused" from "something broke".

A message names the thing that is wrong and what to do next; it never quotes a document's text, a secret or personal data.
"""

from __future__ import annotations

TRY_AGAIN = 75
"""The exit code of a stage that can be taken up where it stopped (EX_TEMPFAIL of sysexits.h)."""


class AddendumError(Exception):
    """The root of all errors that Addendum raises on purpose."""


class ParamsError(AddendumError):
    """``params.yaml`` does not say what it must."""


class SourceError(AddendumError):
    """A source answered with something that cannot be read; stops that source and no other."""


class ResponseError(SourceError):
    """A response does not parse: names the source, the document and the field."""

    def __init__(self, source: str, document: str, field: str, problem: str) -> None:
        super().__init__(f"{source}: document {document or '(whole response)'}: field {field or '(body)'}: {problem}")
        self.source, self.document, self.field, self.problem = source, document, field, problem


class UnreachableError(SourceError):
    """A source could not be reached, or kept refusing, after all retries."""


class CorpusError(AddendumError):
    """The corpus cannot be read or written as asked."""


class LedgerError(AddendumError):
    """The ledger cannot be read or written as asked."""


class ChampionMovedError(LedgerError):
    """Somebody else changed the champion between the reading and the swap."""


class PromotionFrozenError(LedgerError):
    """A rollback froze promotion; ``addendum unfreeze`` goes forward again."""


class ApprovalError(LedgerError):
    """An approval that does not count: whose it is, or what it is for, is not what it must be."""


class WorkspaceError(AddendumError):
    """A file that a stage needs is missing, or is not what its digest says."""


class SignatureError(WorkspaceError):
    """A model's folder is not what was signed, or not signed by a key that is trusted here."""


class DismissedError(AddendumError):
    """No failure: a process that helped another one to do a stage has nothing more to do."""


class StageError(AddendumError):
    """A stage could not do its work: says which, and why."""


class EmptyLessonError(StageError):
    """There is nothing to learn from: no rows, or one label only."""


class DivergedError(StageError):
    """Training produced a loss that is not a number."""


class OutOfMemoryError(StageError):
    """A training does not fit the memory, not even in smaller pieces."""


class DiskFullError(StageError):
    """What a stage makes cannot be written: the disk is full, or a quota or limit is reached."""


class PreemptedError(StageError):
    """A stage was asked to end before it was done, and can be taken up where it stopped."""


class NotMeasurableError(StageError):
    """A metric or a gate has nothing to stand on."""
