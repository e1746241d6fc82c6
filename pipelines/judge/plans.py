"""The plan, as one digest: registered before training, carried by the look, and compared when the verdict is made."""

from __future__ import annotations

from pipelines.domain.identities import Digest, digest_value
from pipelines.judge.params import JudgeParams


def plan_digest(params: JudgeParams) -> Digest:
    """Return the digest of everything that a verdict's rules depend on: α, period, gates, margins, defaults spelled out."""
    return digest_value(params.model_dump(mode="json"))
