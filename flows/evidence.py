"""Keeps what a verdict stands on: every file that the dossier and a recreation need goes to the evidence store, by digest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flows.accounting import (
    account_for_changes,
    account_for_cost,
    account_for_drift,
    account_for_licences,
    account_for_quarantine,
)
from flows.places import Place
from flows.sightings import write_sets
from flows.worktrees import Worktree
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest
from pipelines.domain.verdicts import Verdict
from pipelines.files import read_json, write_json


def gather_evidence(place: Place, tree: Worktree, verdict: Verdict) -> Mapping[str, Digest]:
    """Put the run's files, and the accounts of it, into the evidence store; return their digests by name.

    Files that this run did not make are left out. Done again it gives the same digests.

    Raises:
        WorkspaceError: when the verdict on disk is not ``verdict``.
    """
    if read_json(tree.folder.verdict / "verdict.json", Verdict) != verdict:
        raise WorkspaceError(f"{tree.root}: the verdict changed while its evidence was gathered: conclude the retraining again")
    files = list_files(tree) | _write_accounts(place, tree) | write_sets(tree, _beside(tree))
    return {name: place.evidence.put_file(path) for name, path in sorted(files.items()) if path.is_file()}


def list_files(tree: Worktree) -> dict[str, Path]:
    """Return where a run leaves each piece of its evidence, by the name that the ledger gives it."""
    folder = tree.folder
    return {
        "pin.json": folder.pin,
        "verdict.json": folder.verdict / "verdict.json",
        "recipe.json": folder.verdict / "recipe.json",
        "scorecard.json": folder.scores / "scorecard.json",
        "outcomes.parquet": folder.scores / "outcomes.parquet",
        "examples.json": folder.scores / "examples.json",
        "reliability.csv": folder.scores / "reliability.csv",
        "slices.csv": folder.scores / "slices.csv",
        "curve.csv": folder.training / "curve.csv",
        "training.json": folder.training / "report.json",
        "manifest.json": folder.snapshot / "manifest.json",
        "card.json": folder.card / "card.json",
        "curation.json": folder.curated / "report.json",
        "splits.json": folder.splits / "report.json",
        "seen.json": folder.model / "seen.json",
        "audit.json": folder.audit / "report.json",
        "dvc.lock": tree.lock,
        "params.yaml": tree.root / "params.yaml",
    }


def _write_accounts(place: Place, tree: Worktree) -> dict[str, Path]:
    """Write the accounts beside the run's checkout, so that no output of a stage holds a time."""
    folder = _beside(tree)
    accounts = {
        "changes.json": account_for_changes(place, tree),
        "drift.json": account_for_drift(place, tree),
        "quarantine.json": account_for_quarantine(place, tree),
        "licences.json": account_for_licences(tree),
        "cost.json": account_for_cost(tree),
    }
    for name, account in accounts.items():
        write_json(folder / name, account)
    return {name: folder / name for name in accounts}


def _beside(tree: Worktree) -> Path:
    return tree.root.with_suffix(".accounts")
