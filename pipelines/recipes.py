"""Writes down how a candidate was made, from the checkout it is made in, so that it can be compared with the champion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from pipelines.domain.identities import DomainName, Json, encode_canonically
from pipelines.domain.pins import CorpusPin, Pin
from pipelines.domain.recipes import Recipe
from pipelines.files import read_json, write_json
from pipelines.inputs import BESIDE, digest_code, digest_constraints
from pipelines.keys import FIELD, is_key, seal_keys
from pipelines.params import DomainParams
from pipelines.tables import ENTRY_SCHEMA, read_table
from pipelines.workspace import Workspace

COMPARED_SECRET = "split.key"  # noqa: S105  # the name of a field, not its content
"""The one key whose seal stands in a recipe: another one moves families between what is learned and what is kept back."""


def write_recipe(workspace: Workspace, domain: DomainName, params: DomainParams) -> Recipe:
    """Write ``verdict/recipe.json`` of the run in ``workspace`` and return it.

    Raises :class:`~pipelines.domain.errors.WorkspaceError` where the pin or the snapshot is missing.
    """
    folder = workspace.of(domain)
    corpus = read_json(folder.pin, Pin).corpus
    snapshot = read_table(folder.snapshot / "revisions.parquet", ENTRY_SCHEMA)
    recipe = build_recipe(workspace, params, corpus, snapshot["source"].unique().to_pylist())
    write_json(folder.verdict / "recipe.json", recipe)
    return recipe


def build_recipe(workspace: Workspace, params: DomainParams, corpus: CorpusPin, sources: Sequence[str]) -> Recipe:
    """Return the recipe of a run made in ``workspace`` from ``corpus``, which holds revisions of ``sources``."""
    return Recipe(
        params=flatten(params),
        code=digest_code(workspace),
        constraints=digest_constraints(workspace),
        corpus=corpus.manifest_digest,
        ingest_seq=corpus.ingest_seq,
        sources=tuple(sorted(set(sources))),
        labels=params.labels,
    )


def flatten(params: DomainParams) -> Mapping[str, str]:
    """Return the sections that a run reads as dotted names and canonical JSON, defaults spelled out.

    A list is one value. Secret keys are left out, and of the split's key only its seal is kept.
    """
    plain = params.model_dump(mode="json", exclude=set(BESIDE))
    sealed = cast("Mapping[str, Mapping[str, Json]]", seal_keys(plain))
    flat: dict[str, str] = {}
    waiting: list[tuple[str, Json]] = [("", leave_out_keys(plain)), (COMPARED_SECRET, sealed["split"][FIELD])]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, Mapping) and value:
            waiting.extend((f"{name}.{field}".lstrip("."), inner) for field, inner in value.items())
        else:
            flat[name] = encode_canonically(value).decode()
    return flat


def leave_out_keys(value: Json) -> Json:
    """Return ``value`` without any secret key in it."""
    if isinstance(value, Mapping):
        return {name: leave_out_keys(it) for name, it in value.items() if name != FIELD or not is_key(it)}
    if isinstance(value, list | tuple):
        return [leave_out_keys(it) for it in value]
    return value
