"""Make a judged model again from what the record says of it, in a place of its own, and say exactly how alike the two are.

The checkout, the DVC cache and the home are new and empty; the corpus, the evidence and the registry are read and never written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from flows.claims import Claim, list_erasures, read_lock
from flows.places import Place
from flows.stages import run_in_worktree
from flows.surroundings import Surroundings, compare_surroundings
from flows.worktrees import Worktree, configure_dvc, run_git
from pipelines.catalog import StageName
from pipelines.domain.errors import StageError, WorkspaceError
from pipelines.domain.identities import Digest, DomainName
from pipelines.domain.pins import ModelPin
from pipelines.files import digest_folder, write_json
from pipelines.keys import list_kept_keys
from pipelines.learners.comparing import WEIGHTS, FileMatch, TensorDifference, match_files, measure_tensors
from pipelines.params import read_params
from pipelines.tables import ENTRY_SCHEMA, read_table
from pipelines.workspace import Home, Workspace

MAKING = (StageName.SNAPSHOT, StageName.CURATE, StageName.SPLIT, StageName.TRAIN)
ELSEWHERE = 1e-3
"""How far apart tensors may be, by max|a - b| / max|b|, where the machine or a library is not the same."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recreation:
    """What came out, beside what was expected.

    ``stages`` are those whose outputs the run's lock names otherwise. ``tolerance`` is 0 where the same bytes are expected.
    ``erased`` are the numbers of the ledger's events by which documents that the run read were erased since.
    """

    claim: Claim
    found: Digest
    files: tuple[FileMatch, ...]
    tensors: tuple[TensorDifference, ...]
    stages: tuple[str, ...]
    surroundings: Surroundings
    tolerance: float
    erased: tuple[int, ...] = ()

    @property
    def is_identical(self) -> bool:
        """Bit for bit the model that was judged."""
        return self.found == self.claim.digest

    @property
    def is_within(self) -> bool:
        """Identical, or every file but the weights identical, no file more or less, and every tensor within the tolerance."""
        weights = [match for match in self.files if match.name.endswith(WEIGHTS)]
        others = [match for match in self.files if not match.name.endswith(WEIGHTS)]
        is_whole = all(match.expected and match.found for match in weights) and all(match.is_same for match in others)
        return self.is_identical or (is_whole and all(tensor.relative <= self.tolerance for tensor in self.tensors))


def recreate(place: Place, claim: Claim, into: Path, tell: Tell, tolerance: float | None = None) -> Recreation:
    """Make the model of ``claim`` again below ``into``, an empty folder, and compare it with what the ledger names.

    Raises:
        LedgerError: when what it stands on is gone.
        WorkspaceError: when the run's branch says otherwise than the ledger, or the commit is not here.
        StageError: when a stage refuses; says which erasures there were since, where there were any.
    """
    domain, version = claim.domain, claim.version
    tree = lay_checkout(place, claim, into)
    tell(f"{domain} version {version}: run {claim.run_id}, commit {claim.commit[:12]}, corpus version {claim.pin.corpus.version}")
    _run_stages(place, claim, tree, tell)
    original = into / "original"
    _lay_model(place, domain, ModelPin(version=version, digest=claim.digest), original)
    kind = read_params(Workspace(tree.root).params).of(domain).train.learner.kind
    around = compare_surroundings(place, domain, claim.run_id, tree.root / "constraints.txt", kind)
    return Recreation(
        claim=claim,
        found=digest_folder(tree.folder.model),
        files=match_files(original, tree.folder.model),
        tensors=measure_tensors(original, tree.folder.model),
        stages=_compare_locks(place, claim, tree),
        surroundings=around,
        tolerance=tolerance if tolerance is not None else 0.0 if around.is_same else ELSEWHERE,
        erased=_find_erased(place, claim, tree),
    )


def lay_checkout(place: Place, claim: Claim, into: Path) -> Worktree:
    """Lay a clone at the run's commit, with the ledger's pin and the weights that it names, and with a DVC cache of its own."""
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise WorkspaceError(f"{into} is not an empty folder: name a new one")
    tree = Worktree(into / "workspace", claim.domain, claim.run_id)
    into.mkdir(parents=True, exist_ok=True)
    # shared: a commit that no branch leads to any more is found too, and nothing is copied
    run_git(place.workspace.root, "clone", "--quiet", "--no-checkout", "--shared", str(place.workspace.root), str(tree.root))
    try:
        run_git(tree.root, "checkout", "--quiet", "--detach", claim.commit)
    except WorkspaceError as error:
        problem = f"the commit {claim.commit} that {claim.domain} version {claim.version} was made from is not in this repository"
        raise WorkspaceError(f"{problem}: fetch it from whoever trained it, then recreate again") from error
    configure_dvc(tree.root, Home(into / "home"))
    # with the lock DVC would look for outputs in a cache that is empty on purpose
    tree.lock.unlink(missing_ok=True)
    write_json(tree.folder.pin, claim.pin)
    pin, folder = claim.pin, tree.folder
    for model, where in ((pin.champion, folder.champion), (pin.anchor, folder.anchor), (pin.start, folder.start)):
        _lay_model(place, claim.domain, model, where)
    return tree


def _lay_model(place: Place, domain: DomainName, model: ModelPin | None, folder: Path) -> None:
    if model is not None and place.evidence.holds_folder(model.digest):
        place.evidence.lay_folder(model.digest, folder)
    else:
        place.registry.materialise(domain, model, folder)


def lend_environment(place: Place, tree: Worktree) -> Mapping[str, str]:
    """Return what a stage in ``tree`` is told: a home of its own, and this installation's corpus and kept keys."""
    params = read_params(Workspace(tree.root).params).of(tree.domain)
    names = list_kept_keys(params.model_dump(mode="json", include={"curate", "split"}))
    keys = {name: place.settings.find_key(name) for name in names}
    return {
        "ADDENDUM_HOME": str(tree.root.parent / "home"),
        "ADDENDUM_WORKSPACE": str(tree.root),
        "ADDENDUM_CORPUS_ROOT": place.settings.corpus_root or str(place.home.root / "corpus"),
        **{name: key for name, key in keys.items() if key},
    }


def _run_stages(place: Place, claim: Claim, tree: Worktree, tell: Tell) -> None:
    environment = lend_environment(place, tree)
    for stage in MAKING:
        try:
            done = run_in_worktree(tree, stage, environment, lambda _line: None)
        except StageError as error:
            erased = ", ".join(str(event.seq) for event in list_erasures(place, claim))
            because = f"; documents were erased since (ledger events {erased}): what they held cannot be learned again"
            raise StageError(f"{error}{because if erased else ''}") from error
        tell(f"{stage}: {done.seconds:.1f} s")


def _find_erased(place: Place, claim: Claim, tree: Worktree) -> tuple[int, ...]:
    """Return the events that erased something of the snapshot which the run read."""
    snapshot = read_table(tree.folder.snapshot / "revisions.parquet", ENTRY_SCHEMA)
    held = set(snapshot["digest"].to_pylist())
    return tuple(event.seq for event in list_erasures(place, claim) if event.payload.get("digest") in held)


def _compare_locks(place: Place, claim: Claim, tree: Worktree) -> tuple[str, ...]:
    expected = read_lock(place, claim)
    found = yaml.safe_load(tree.lock.read_text(encoding="utf-8"))["stages"]
    names = [(stage.value, f"{stage}@{claim.domain}") for stage in MAKING]
    return tuple(stage for stage, name in names if name in expected and expected[name] != found[name]["outs"])
