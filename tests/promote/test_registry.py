"""The registry mirrors the ledger, gives back what was put in or nothing, and serves a model that needs no Addendum beside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.domain.errors import SignatureError, WorkspaceError
from pipelines.domain.identities import Digest, DomainName, RunId
from pipelines.domain.pins import ModelPin
from pipelines.files import digest_folder
from pipelines.learners.linear import Linear
from pipelines.promote.mirrors import AS_OF_TAG, MovedAlias
from pipelines.promote.packing import NEEDS
from pipelines.promote.registry import DIGEST_TAG, Registry
from pipelines.promote.serving import check_integrity
from pipelines.tracking import Tracker
from tests.builders.lessons import Watcher, build_documents, build_lesson
from tests.builders.models import build_key, build_keys, build_public, flip_byte
from tests.builders.places import build_model

TEXTS = [document.text for document in build_documents(6, start=500)]
ANSWERS = [document.label for document in build_documents(6, start=500)]
SERVE = """
import json, sys, warnings
warnings.simplefilter("ignore")
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_registry_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/served@champion")
answers = model.predict(json.loads(sys.argv[2]))
import pipelines, pipelines.learners.predictors
print(json.dumps({"answers": answers, "code": list(pipelines.__path__), "path": sys.path}))
"""


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    root = tmp_path_factory.mktemp("mlflow")
    return Tracker(f"sqlite:///{root / 'mlflow.db'}", (root / "artifacts").as_uri())


@pytest.fixture(scope="module")
def registry(tracker: Tracker) -> Registry:
    return open_registry(tracker)


def open_registry(tracker: Tracker) -> Registry:
    """The registry of the module's installation, whose keys lie beside its artifacts."""
    return Registry(tracker.uri, build_keys(root_of(tracker).parent / "keys"))


def root_of(tracker: Tracker) -> Path:
    return Path(tracker.artifacts.removeprefix("file://"))


@pytest.fixture
def domain(request: pytest.FixtureRequest) -> DomainName:
    """A registered model of its own for each test."""
    return DomainName(request.node.name.replace("[", "-").rstrip("]"))


def register(tracker: Tracker, domain: DomainName, model: Path, run: str = "run") -> ModelPin:
    return open_registry(tracker).register(domain, tracker.open_run(domain, RunId(run)), model, "linear")


def test_registering_twice_is_one_version(tracker: Tracker, registry: Registry, domain: DomainName, tmp_path: Path) -> None:
    model = build_model(tmp_path / "model")
    first = register(tracker, domain, model)
    assert register(tracker, domain, model) == first == ModelPin(version=1, digest=digest_folder(model))
    assert register(tracker, domain, model, "another run") == first
    assert len(registry.client().search_model_versions(f"name = '{domain}'")) == 1


def test_another_model_is_another_version(tracker: Tracker, domain: DomainName, tmp_path: Path) -> None:
    first = register(tracker, domain, build_model(tmp_path / "model"))
    second = register(tracker, domain, build_model(tmp_path / "other", "other weights"), "another run")
    assert (first.version, second.version) == (1, 2)
    assert first.digest != second.digest


def test_what_is_laid_out_is_what_was_registered(
    tracker: Tracker, registry: Registry, domain: DomainName, tmp_path: Path
) -> None:
    model = build_model(tmp_path / "named otherwise")
    pin = register(tracker, domain, model)
    (tmp_path / "laid").mkdir()
    (tmp_path / "laid" / "old").write_bytes(b"of another version")
    registry.materialise(domain, pin, tmp_path / "laid")
    assert digest_folder(tmp_path / "laid") == pin.digest
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("tmp")] == []


def test_what_is_laid_out_already_is_not_fetched_again(registry: Registry, domain: DomainName, tmp_path: Path) -> None:
    model = build_model(tmp_path / "model")
    registry.materialise(domain, ModelPin(version=99, digest=digest_folder(model)), model)
    assert model.is_dir()


def test_no_version_is_an_empty_folder(registry: Registry, domain: DomainName, tmp_path: Path) -> None:
    registry.materialise(domain, None, build_model(tmp_path / "model"))
    assert list((tmp_path / "model").iterdir()) == []


def stored_files(tracker: Tracker, domain: DomainName) -> dict[str, Path]:
    """What the artifact store holds of the one version of ``domain``: the model's files by name, and its signature's."""
    (weights,) = (
        path for path in root_of(tracker).rglob("weights.safetensors") if path.read_bytes().startswith(f"{domain}!".encode())
    )
    return {path.name: path for path in weights.parents[1].rglob("*") if path.is_file()}


def register_own(tracker: Tracker, domain: DomainName, tmp_path: Path) -> ModelPin:
    return register(tracker, domain, build_model(tmp_path / "model", f"{domain}!"))


@pytest.mark.parametrize("name", ["weights.safetensors", "model.json", "model.sig"])
def test_a_flipped_byte_in_the_store_is_refused_by_its_files_name(
    tracker: Tracker, registry: Registry, domain: DomainName, tmp_path: Path, name: str
) -> None:
    pin = register_own(tracker, domain, tmp_path)
    flip_byte(stored_files(tracker, domain)[name], 30)
    with pytest.raises(SignatureError, match=rf"version 1 in the registry: .*{name} .*addendum rollback"):
        registry.materialise(domain, pin, tmp_path / "laid")
    assert list((tmp_path / "laid").iterdir()) == []


def test_a_file_added_in_the_store_is_refused_by_its_name(
    tracker: Tracker, registry: Registry, domain: DomainName, tmp_path: Path
) -> None:
    pin = register_own(tracker, domain, tmp_path)
    stored_files(tracker, domain)["model.json"].with_name("code.py").write_bytes(b"print()")
    with pytest.raises(SignatureError, match=r"code\.py is not among the signed files"):
        registry.materialise(domain, pin, tmp_path / "laid")


def test_a_file_removed_from_the_store_is_refused_by_its_name(
    tracker: Tracker, registry: Registry, domain: DomainName, tmp_path: Path
) -> None:
    pin = register_own(tracker, domain, tmp_path)
    stored_files(tracker, domain)["model.json"].unlink()
    with pytest.raises(SignatureError, match=r"model\.json is missing"):
        registry.materialise(domain, pin, tmp_path / "laid")


def test_a_model_signed_by_another_installation_is_refused(tracker: Tracker, domain: DomainName, tmp_path: Path) -> None:
    pin = register_own(tracker, domain, tmp_path)
    stranger = Registry(tracker.uri, build_keys(tmp_path / "keys of another"))
    stranger.keys.signing_key()
    with pytest.raises(SignatureError, match=r"version 1 in the registry: .*not made by a key that is trusted here"):
        stranger.materialise(domain, pin, tmp_path / "laid")


def test_another_version_in_a_versions_place_is_refused_though_it_is_signed(
    tracker: Tracker, registry: Registry, domain: DomainName, tmp_path: Path
) -> None:
    pin = register_own(tracker, domain, tmp_path)
    other = register(tracker, domain, build_model(tmp_path / "other", "other"), "another run")
    assert other.version == 2
    registry.client().delete_model_version(domain, "1")
    registry.client().set_model_version_tag(domain, "2", DIGEST_TAG, pin.digest)
    with pytest.raises(WorkspaceError, match=rf"version 1 in the registry is .* was altered; roll back .*{domain}"):
        registry.materialise(domain, pin, tmp_path / "laid")


def test_a_version_is_found_by_its_digest_whatever_its_number_and_a_deleted_one_is_told(
    tracker: Tracker, registry: Registry, domain: DomainName, tmp_path: Path
) -> None:
    pin = register_own(tracker, domain, tmp_path)
    registry.materialise(domain, replace(pin, version=7), tmp_path / "laid")
    assert digest_folder(tmp_path / "laid") == pin.digest
    registry.disown(domain, 1)
    assert pin.digest not in registry.list_versions(domain)
    registry.client().delete_model_version(domain, "1")
    with pytest.raises(WorkspaceError, match="version 1 is gone from the registry"):
        registry.materialise(domain, pin, tmp_path / "again")


def test_a_version_from_before_models_were_signed_is_laid_out_with_a_warning_and_its_digest_still_counts(
    tracker: Tracker, registry: Registry, domain: DomainName, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pin = register_own(tracker, domain, tmp_path)
    files = stored_files(tracker, domain)
    shutil.rmtree(files["model.sig"].parent)
    registry.materialise(domain, pin, tmp_path / "laid")
    assert digest_folder(tmp_path / "laid") == pin.digest
    assert "version 1 in the registry is unsigned" in caplog.text
    flip_byte(files["weights.safetensors"])
    with pytest.raises(WorkspaceError, match="was altered"):
        registry.materialise(domain, pin, tmp_path / "again")


def test_a_place_that_trusts_no_key_yet_goes_by_the_digest_and_says_so(
    tracker: Tracker, domain: DomainName, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pin = register_own(tracker, domain, tmp_path)
    Registry(tracker.uri, build_keys(tmp_path / "none")).materialise(domain, pin, tmp_path / "laid")
    assert "no key is trusted here" in caplog.text
    assert digest_folder(tmp_path / "laid") == pin.digest


def test_an_unknown_digest_is_found_nowhere(registry: Registry, domain: DomainName) -> None:
    assert registry.find(domain, Digest("0" * 64)) is None
    assert registry.find(domain, Digest("0" * 64)) is None


def test_aliases_become_what_the_ledger_says(tracker: Tracker, registry: Registry, domain: DomainName, tmp_path: Path) -> None:
    register(tracker, domain, build_model(tmp_path / "model"))
    moved = registry.project(domain, {"champion": 1, "challenger": None}, as_of=4)
    assert moved == (MovedAlias(alias="champion", found=None, expected=1, is_foreign=False),)
    assert registry.aliases(domain) == {"champion": 1}
    assert registry.project(domain, {"champion": 1, "challenger": None}, as_of=4) == ()


def test_an_alias_moved_since_it_was_set_is_foreign_and_one_that_lags_is_not(
    tracker: Tracker, registry: Registry, domain: DomainName, tmp_path: Path
) -> None:
    for number in (1, 2):
        register(tracker, domain, build_model(tmp_path / f"model {number}", f"weights {number}"), f"run {number}")
    registry.project(domain, {"champion": 1}, as_of=4)
    assert [alias.is_foreign for alias in registry.project(domain, {"champion": 2}, as_of=5)] == [False]
    registry.client().set_registered_model_alias(domain, "champion", "1")
    assert [alias.is_foreign for alias in registry.project(domain, {"champion": 2}, as_of=5)] == [True]
    assert registry.client().get_registered_model(domain).tags[AS_OF_TAG] == "5"


def test_what_follows_from_an_older_event_is_never_set_over_a_newer_one(
    tracker: Tracker, registry: Registry, domain: DomainName, tmp_path: Path
) -> None:
    for number in (1, 2):
        register(tracker, domain, build_model(tmp_path / f"model {number}", f"weights {number}"), f"run {number}")
    registry.project(domain, {"champion": 2}, as_of=11)
    assert registry.project(domain, {"champion": 1}, as_of=9) == ()
    assert (registry.aliases(domain), registry.read_mirror(domain).as_of) == ({"champion": 2}, 11)


def test_a_domain_without_a_model_has_no_alias(registry: Registry, domain: DomainName) -> None:
    assert registry.aliases(domain) == {}


def test_a_registry_that_answers_is_reachable_and_a_dead_one_is_not(registry: Registry) -> None:
    assert registry.is_reachable()
    assert not Registry("http://127.0.0.1:9", registry.keys).is_reachable()
    assert not Registry("sqlite:////dev/null/mlflow.db", registry.keys).is_reachable()


@pytest.fixture(scope="module")
def served(tracker: Tracker, tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    """A real linear model, champion of the domain ``served``."""
    model = tmp_path_factory.mktemp("trained") / "model"
    Linear().fit(build_lesson(60), model, Watcher())
    domain = DomainName("served")
    pin = register(tracker, domain, model)
    open_registry(tracker).project(domain, {"champion": pin.version}, as_of=1)
    return tracker


def serve(served: Tracker, folder: Path) -> subprocess.CompletedProcess[str]:
    """Load the champion in a process that does not see the repository, and is told of no key to trust."""
    site = Path(sysconfig.get_paths()["purelib"])
    # -S leaves out the .pth files, and with them the finder of an editable installation
    code = f"import sys; sys.path.insert(0, {str(site)!r})\n{SERVE}"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, served.uri, json.dumps(TEXTS)],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("ADDENDUM_")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_champion_answers_where_the_repository_is_not_to_be_found(served: Tracker, tmp_path: Path) -> None:
    done = serve(served, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "names no public key" in done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["answers"] == ANSWERS
    repository = str(Path(__file__).resolve().parents[2])
    assert said["code"]
    assert not any(place.startswith(repository) for place in said["code"])
    assert repository not in said["path"]


def find_served(served: Tracker) -> Path:
    """Where the artifact store keeps the folders ``model`` and ``signature`` of the served model."""
    (signature,) = (
        path for path in root_of(served).rglob("model.sig") if (path.parents[1] / "model" / "vocabulary.json").exists()
    )
    return signature.parents[1]


def test_a_served_model_trusts_the_key_that_the_environment_names_and_no_other(
    served: Tracker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = find_served(served)
    check_integrity(place / "model", place / "signature", str(root_of(served).parent / "keys" / "model.pub"))
    assert caplog.text == ""
    other = build_public(build_key(tmp_path / "other.pem"))
    with pytest.raises(SignatureError, match="not made by a key that is trusted here"):
        check_integrity(place / "model", place / "signature", str(other))
    check_integrity(place / "model", place / "signature", None)
    assert "names no public key" in caplog.text


def test_a_served_model_with_a_flipped_byte_answers_nothing(served: Tracker, tmp_path: Path) -> None:
    path = find_served(served) / "model" / "weights.safetensors"
    flip_byte(path, -1)
    try:
        done = serve(served, tmp_path)
    finally:
        flip_byte(path, -1)
    assert done.returncode != 0
    assert "weights.safetensors is not as it was signed" in done.stderr
    assert done.stdout == ""


def test_every_learner_says_what_it_needs_and_needs_no_more_than_torch() -> None:
    assert set(NEEDS) == {"linear", "classifier", "causal_lm"}
    assert not any("prefect" in needs or "dvc" in needs for needs in NEEDS.values())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_champion_answers_with_its_own_requirements_and_nothing_else(served: Tracker, tmp_path: Path) -> None:
    client = open_registry(served).client()
    version = client.get_model_version_by_alias("served", "champion")
    root = Path(served.artifacts.removeprefix("file://"))
    (requirements,) = (path for path in root.rglob("requirements.txt") if str(version.source).split("/")[-1] in str(path))
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True, cwd=tmp_path)
    done = subprocess.run(
        [python, "-I", "-c", SERVE, served.uri, json.dumps(TEXTS)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1])["answers"] == ANSWERS
