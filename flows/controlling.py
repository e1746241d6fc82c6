"""The control run: now and then the same lesson from scratch, so that a chain of warm starts is held against full training.

It trains on what the last judged candidate was trained on, in that run's checkout and by its parameters, and asks both about dev:
the holdout is for verdicts. Where warm starts have lost more than the bound, the next retraining starts cold.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import TypeAdapter, ValidationError

from flows.places import Place
from flows.retraining import worktree
from flows.worktrees import Worktree, params_of
from pipelines.domain.errors import AddendumError, StageError, WorkspaceError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, Json, RunId
from pipelines.domain.models import Lineage
from pipelines.files import check_folder, read_json
from pipelines.lessons.controls import Drift, compare_with_control, train_control
from pipelines.params import ControlParams, read_params
from pipelines.settings import QUIET, bind_threads
from pipelines.workspace import Workspace

SAID = "drift: "
REFUSED = "refused: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What a control run found of a version."""

    version: int
    drift: Drift
    is_beyond: bool

    @property
    def sentence(self) -> str:
        """Say it in one sentence with its figures."""
        drift = self.drift
        said = f"version {self.version} has {drift.metric} {drift.warm:.4f} on dev, and training from scratch {drift.control:.4f}"
        verdict = "warm starts have drifted, so the next retraining starts from scratch" if self.is_beyond else "no drift"
        return f"{said} (difference {drift.difference:+.4f}, {drift.lower:+.4f} to {drift.upper:+.4f}): {verdict}"


def is_control_due(events: Sequence[Event], params: ControlParams | None) -> bool:
    """Tell whether ``every`` retrainings were judged since the last control run; their own control may come before the next."""
    if params is None:
        return False
    controls = [event.seq for event in events if event.kind is Kind.CONTROL_RUN]
    since = max(controls, default=0)
    judged = {event.payload.get("run") for event in events if event.kind is Kind.CANDIDATE_JUDGED and event.seq > since}
    return len(judged) >= params.every


def find_control(place: Place, domain: DomainName) -> RunId | None:
    """Return the run whose candidate is due for a control; ``None`` where none is, or it did not start warm."""
    if not is_control_due(place.ledger.events(domain), place.of(domain).retrain.control):
        return None
    judged = place.ledger.last(domain, Kind.CANDIDATE_JUDGED)
    if judged is None:
        return None
    run = RunId(str(judged.payload["run"]))
    lineage = _read_lineage(worktree(place, domain, run))
    return run if lineage is not None and lineage.parent is not None else None


def run_control(place: Place, domain: DomainName, tell: Callable[[str], None]) -> Control:
    """Train the last judged candidate's lesson from scratch, compare on dev, and record what was found.

    Raises :class:`StageError` where nothing can be compared, and says what is missing.
    """
    judged = place.ledger.last(domain, Kind.CANDIDATE_JUDGED)
    if judged is None:
        raise StageError(f"{domain} has no judged candidate yet: `addendum retrain {domain}` first")
    tree = worktree(place, domain, RunId(str(judged.payload["run"])))
    _check_candidate(tree, Digest(str(judged.payload["digest"])))
    lineage = _read_lineage(tree)
    if lineage is not None and lineage.parent is None:
        # its finding, no drift, would also end the cold starts that an earlier one asked for
        raise StageError(f"version {judged.payload['version']} of {domain} began from scratch itself: it needs no control")
    drift = _train_apart(tree, tell)
    bound = (place.of(domain).retrain.control or ControlParams(every=1)).bound
    control = Control(
        version=int(str(judged.payload["version"])),
        drift=drift,
        is_beyond=drift.has_drifted and drift.difference < -bound,
    )
    payload: dict[str, Json] = {"run": tree.run_id, "version": control.version, "drift": dict(asdict(drift)), "bound": bound}
    place.ledger.append(domain, Kind.CONTROL_RUN, {**payload, "is_beyond": control.is_beyond, "sentence": control.sentence})
    return control


def _read_lineage(tree: Worktree) -> Lineage | None:
    file = tree.folder.model / "lineage.json"
    return read_json(file, Lineage) if file.is_file() else None


def _check_candidate(tree: Worktree, digest: Digest) -> None:
    try:
        check_folder(tree.folder.model, digest)
    except WorkspaceError as error:
        raise StageError(
            f"{error}: `dvc checkout` the run in {tree.root} (or `dvc pull` it), then run the control again"
        ) from error


def _train_apart(tree: Worktree, tell: Callable[[str], None]) -> Drift:
    """Train in a process of its own, in the run's checkout and by its code, as its own training was."""
    threads = params_of(tree).train.threads
    environment = {**os.environ, **QUIET, **bind_threads(threads), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "flows.controlling", tree.domain]
    code, said = run_apart(command, tree.root, environment, tell)
    found = [line.removeprefix(SAID) for line in said if line.startswith(SAID)]
    try:
        return TypeAdapter(Drift).validate_json(found[-1] if found else "")
    except ValidationError as error:
        refused = [line.removeprefix(REFUSED) for line in said if line.startswith(REFUSED)]
        why = refused[-1] if refused else f"it broke (status {code})"
        raise StageError(f"the control run of {tree.domain} failed: {why}") from error


def run_apart(
    command: Sequence[str], root: Path, environment: Mapping[str, str], tell: Callable[[str], None]
) -> tuple[int, list[str]]:
    """Run a command in ``root`` and return its status and all its lines; those that are no result are told as they come."""
    said: list[str] = []
    with subprocess.Popen(
        command, cwd=root, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        is_done = False
        try:
            for line in process.stdout or ():
                said.append(line.rstrip())
                if not said[-1].startswith((SAID, REFUSED)):
                    tell(said[-1])
            is_done = True
        finally:
            if not is_done:
                process.kill()  # whoever ends the flow must not have to wait for a whole training
    return process.returncode, said


def main(domain: str) -> int:
    """Train the control of the checkout that is the current folder, compare, and write the drift as the last line."""
    import logging

    from pipelines.__main__ import end_with
    from pipelines.catalog import LoggedMonitor
    from pipelines.learners.monitors import Watched
    from pipelines.learners.paces import Pace

    end_with(os.getppid())
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    workspace = Workspace(Path.cwd())
    try:
        params, folder = read_params(workspace.params).of(DomainName(domain)), workspace.of(DomainName(domain))
        with TemporaryDirectory(prefix="addendum-control-") as output:
            control = Path(output) / "model"
            train_control(folder, params.train, params.labels, control, Watched([LoggedMonitor()], Pace()))
            drift = compare_with_control(folder, control, params.labels, params.train.threads)
    except AddendumError as error:
        sys.stdout.write(f"{REFUSED}{error}\n")
        return 1
    sys.stdout.write(SAID + TypeAdapter(Drift).dump_json(drift).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
