"""A pin names everything that a run is made from, so that a retraining is a pure function of it, the code and the params."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.domain.identities import Digest, RunId, digest_value

UNBOUND = Digest("")
PROMOTIONS_A_GENERATION = 10
"""How many promotions one generation of the holdout carries before it is retired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusPin:
    """The corpus as it stood: the Delta table's id and version, the last arrival, and the digest of all digests in it."""

    id: str
    version: int
    ingest_seq: int
    manifest_digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPin:
    """A registered model: its version in the registry, the digest of its folder, and of the recipe that it was made by."""

    version: int
    digest: Digest
    recipe: Digest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """A generation of the holdout: families that arrived after ``since``, an arrival's number. Older ones are retired."""

    number: int
    since: int


FIRST_GENERATION = Generation(number=1, since=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A look at the holdout, reserved in the ledger before evaluation.

    ``alpha`` is α_t of look number ``t``; ``plan`` the digest of the gates; ``inputs`` the digest of all that the run is made
    from, so that no other run can use the look; ``promotions`` how many this generation has carried already.
    """

    generation: int
    t: int
    alpha: float
    plan: Digest
    inputs: Digest = UNBOUND
    promotions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What a run is made from. Without a look only dev is scored, and the candidate cannot be promoted.

    ``start`` is an earlier champion to continue from, where the present one saw what must be forgotten. ``is_cold`` where none
    is continued from, since a control run found that warm starts have drifted.
    """

    corpus: CorpusPin
    champion: ModelPin | None
    anchor: ModelPin | None
    look: Look | None
    reason: str
    generation: Generation = FIRST_GENERATION
    start: ModelPin | None = None
    is_cold: bool = False

    @property
    def run_id(self) -> RunId:
        """The run that this pin makes: everything but what changes no byte of the result.

        That is the reason, and the corpus's version: the same rows are at another version once their files are compacted.
        """
        return RunId(
            digest_value(
                {
                    "corpus": [self.corpus.id, self.corpus.ingest_seq, self.corpus.manifest_digest],
                    "champion": [self.champion.version, self.champion.digest] if self.champion else None,
                    "anchor": [self.anchor.version, self.anchor.digest] if self.anchor else None,
                    "look": [self.look.generation, self.look.t, self.look.alpha, self.look.plan, self.look.inputs]
                    if self.look
                    else None,
                    "generation": [self.generation.number, self.generation.since],
                    **({"start": [self.start.version, self.start.digest]} if self.start else {}),
                    **({"is_cold": True} if self.is_cold else {}),
                }
            )[:16]
        )
