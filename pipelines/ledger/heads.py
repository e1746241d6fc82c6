"""Signed heads of the chains, kept outside the database: what shows that a tail was cut off or a whole database put back.

After each commit the hash of every new event is signed and appended to ``<domain>.jsonl``. A process that is killed in between
leaves the log behind the chain by that event, and the next note goes on; so a log may have gaps, and a chain may be longer than
its log. A chain that is shorter, or has another hash at a number that was signed, is not the chain that was written.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event
from pipelines.domain.identities import Digest, DomainName, encode_canonically, shorten
from pipelines.ledger.chains import Break, Row
from pipelines.ledger.keys import KeyRing, is_signed
from pipelines.ledger.ledgers import Ledger

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PURPOSE = "the head of a chain in an Addendum ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """The word of whoever holds ``key`` that event ``seq`` of ``domain`` had this hash, recorded at that time (ISO 8601, UTC)."""

    domain: DomainName
    seq: int
    hash: Digest
    recorded_at: str
    key: Digest
    signature: str


@dataclass(frozen=True, slots=True)
class SignedHeads:
    """The log of one installation: a file a domain under ``folder``, signed by the private key of ``keys``."""

    folder: Path
    keys: KeyRing

    def prepare(self) -> None:
        """Raise :class:`LedgerError` where nothing could be signed, before anything is recorded."""
        self.keys.load()

    def note(self, events: Sequence[Event]) -> None:
        """Append the signed heads of ``events``, which are committed; raises :class:`LedgerError` where that cannot be."""
        if not events:
            return
        lines = b"".join(_write(self.sign(event)) for event in events)
        path = self._path(events[0].domain)
        try:
            _append(path, lines)
        except OSError as error:
            raise LedgerError(
                f"event {events[-1].seq} of {events[0].domain} is recorded, but its head could not be noted in {path} "
                f"({error.strerror}): make room or permit it, and go on"
            ) from error

    def sign(self, event: Event) -> SignedHead:
        """Return the signed head of a chain that ends with ``event``; the same event and key give the same bytes."""
        recorded_at = event.recorded_at.isoformat()
        signed = self.keys.sign(_state(event.domain, event.seq, event.hash, recorded_at))
        return SignedHead(
            domain=event.domain,
            seq=event.seq,
            hash=event.hash,
            recorded_at=recorded_at,
            key=signed.key,
            signature=signed.signature,
        )

    def domains(self) -> list[DomainName]:
        """Return every domain that a head was ever noted of, in order."""
        return sorted(DomainName(unquote(path.stem)) for path in self.folder.glob("*.jsonl"))

    def read(self, domain: DomainName) -> list[SignedHead | None]:
        """Return the log in its order, ``None`` for a line that cannot have been written by us.

        A last line without its end was cut short by a crash, which is as good as never begun: it is left out.
        """
        path = self._path(domain)
        lines = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
        return [_read(line) for line in lines]

    def find_breaks(
        self, domain: DomainName, rows: Sequence[Row], heads: Sequence[SignedHead | None] | None = None
    ) -> list[Break]:
        """Hold a chain against what was signed of it, and return everything that does not agree.

        While others write, the log must be read before the rows, or it is ahead of them: ``heads`` is what was read.
        """
        heads = self.read(domain) if heads is None else heads
        publics = self.keys.read_publics()
        found = [
            Break(domain=domain, seq=head.seq if head else 0, problem=f"line {number} of the log of signed heads {problem}")
            for number, head in enumerate(heads, start=1)
            if (problem := find_forgery(head, domain, publics))
        ]
        sound = [head for head in heads if head is not None and not find_forgery(head, domain, publics)]
        return [*found, *_find_forks(domain, rows, sound), *_find_cut(domain, rows, sound)]

    def _path(self, domain: DomainName) -> Path:
        return self.folder / f"{quote(domain, safe='')}.jsonl"


def current_head(ledger: Ledger, domain: DomainName) -> SignedHead:
    """Return the signed head of the domain's chain as it is now; raises :class:`LedgerError` before the first event."""
    last = ledger.last(domain)
    if last is None:
        raise LedgerError(f"{domain} has no event yet: there is no head to sign")
    return head_of(ledger, last)


def head_of(ledger: Ledger, event: Event) -> SignedHead:
    """Return the signed head of the chain as it was when ``event`` ended it; asked again later it is the same."""
    if not isinstance(ledger.heads, SignedHeads):
        raise LedgerError("this ledger was opened without a key: open it by `open_place`")
    return ledger.heads.sign(event)


def find_forgery(head: SignedHead | None, domain: DomainName, publics: Mapping[Digest, Ed25519PublicKey]) -> str | None:
    """Return what is wrong with a noted head by itself, whatever the chain says; ``None`` where nothing is."""
    if head is None:
        return "cannot be read"
    if head.domain != domain:
        return "is about another domain"
    if head.key not in publics:
        return f"is signed by a key that is not known ({shorten(head.key)})"
    statement = _state(head.domain, head.seq, head.hash, head.recorded_at)
    return None if is_signed(publics[head.key], head.signature, statement) else "has a signature that is not its key's"


def _find_forks(domain: DomainName, rows: Sequence[Row], heads: Sequence[SignedHead]) -> Iterator[Break]:
    hashes = {row.seq: row.hash for row in rows}
    for head in heads:
        if hashes.get(head.seq, head.hash) != head.hash:
            problem = f"it is not the event whose head was signed ({shorten(head.hash)}): the chain was forked or rewritten"
            yield Break(domain=domain, seq=head.seq, problem=problem)


def _find_cut(domain: DomainName, rows: Sequence[Row], heads: Sequence[SignedHead]) -> Iterator[Break]:
    end = rows[-1].seq if rows else 0
    last = max((head.seq for head in heads), default=0)
    if last > end:
        problem = f"the chain ends at event {end}, but the head of event {last} was signed: its tail was cut off"
        yield Break(domain=domain, seq=end + 1, problem=problem)


def _state(domain: str, seq: int, digest: str, recorded_at: str) -> bytes:
    """The bytes that are signed; they begin with what they are for, so that no other signature of the key passes for one."""
    return encode_canonically([PURPOSE, domain, seq, digest, recorded_at])


def _write(head: SignedHead) -> bytes:
    return encode_canonically(asdict(head)) + b"\n"


def _read(line: bytes) -> SignedHead | None:
    try:
        head = SignedHead(**json.loads(line))
        texts = (head.domain, head.hash, head.recorded_at, head.key, head.signature)
        is_ours = type(head.seq) is int and all(isinstance(text, str) for text in texts) and _write(head) == line + b"\n"
    except (TypeError, ValueError):
        return None
    return head if is_ours else None


def _append(path: Path, lines: bytes) -> None:
    """Add whole lines, one writer at a time; what a crash left of a line is cut off first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        if stream.seek(0, os.SEEK_END):
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                stream.seek(0)
                stream.truncate(stream.read().rfind(b"\n") + 1)
        stream.write(lines)
        stream.flush()
        os.fsync(stream.fileno())
