"""MLflow's registry as a mirror: versions are kept there, but which one is champion is the ledger's word alone.

An MLflow alias is set without condition, actor or predecessor, so :func:`Registry.project` rewrites the aliases from the
ledger and says which of them somebody else had moved.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest, DomainName, shorten
from pipelines.domain.pins import ModelPin
from pipelines.files import digest_folder
from pipelines.promote.mirrors import AS_OF_TAG, Mirror, MovedAlias, read_as_of
from pipelines.promote.model_keys import ModelKeys
from pipelines.promote.packing import SIGNATURE_FOLDER, find_model, log_model
from pipelines.promote.signatures import SIGNATURE, check_held

if TYPE_CHECKING:
    from mlflow import MlflowClient

DIGEST_TAG = "addendum.digest"


@dataclass(frozen=True, slots=True)
class Registry:
    """The registered models of one MLflow, and the keys that they are signed with and trusted by."""

    uri: str
    keys: ModelKeys

    def client(self) -> MlflowClient:
        """Return a client on this registry."""
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def is_reachable(self) -> bool:
        """Say whether the registry answers, within seconds: MLflow's own client would go on trying a dead server for minutes."""
        import httpx
        from mlflow.exceptions import MlflowException

        try:
            if self.uri.startswith("http"):
                return httpx.get(f"{self.uri.rstrip('/')}/health", timeout=5.0).is_success
            self.client().search_registered_models(max_results=1)
        except (MlflowException, OSError, httpx.HTTPError):
            return False
        return True

    def register(self, domain: DomainName, run: str, model: Path, kind: str) -> ModelPin:
        """Sign the folder and register it as a version of ``domain``, once: the same digest is the same version."""
        digest = digest_folder(model)
        client = self.client()
        known = self.find(domain, digest)
        if known is not None:
            return known
        uri, model_id = log_model(self.uri, self.keys, run, model, kind)
        created = client.create_model_version(domain, uri, run_id=run, model_id=model_id, tags={DIGEST_TAG: digest})
        return ModelPin(version=int(created.version), digest=digest)

    def find(self, domain: DomainName, digest: Digest) -> ModelPin | None:
        """Return the oldest version with this digest; makes the registered model when there is none yet."""
        client = self.client()
        if not client.search_registered_models(f"name = '{domain}'"):
            client.create_registered_model(domain)
            return None
        found = client.search_model_versions(f"name = '{domain}' and tags.`{DIGEST_TAG}` = '{digest}'")
        versions = sorted(int(version.version) for version in found)
        return ModelPin(version=versions[0], digest=digest) if versions else None

    def list_versions(self, domain: DomainName) -> Mapping[Digest, int]:
        """Return the number of each model by its digest; registered again it has another number here than in the ledger."""
        client, numbers, token = self.client(), dict[Digest, int](), None
        while True:
            page = client.search_model_versions(f"name = '{domain}'", page_token=token)
            for version in page:
                digest, number = Digest(version.tags.get(DIGEST_TAG, "")), int(version.version)
                numbers[digest] = min(number, numbers.get(digest, number))
            token = page.token
            if not token:
                return numbers

    def disown(self, domain: DomainName, number: int) -> None:
        """Take a version's digest from it, since it no longer is what that says; nothing finds it any more."""
        self.client().delete_model_version_tag(domain, str(number), DIGEST_TAG)

    def materialise(self, domain: DomainName, pin: ModelPin | None, destination: Path) -> None:
        """Lay a version's folder at ``destination`` (an empty folder for ``None``), replacing what is there.

        What lies there already with the pin's digest is what was signed, and stays.

        Raises:
            SignatureError: when a file is not as it was signed, or another key signed it.
            WorkspaceError: when what the registry holds is not what ``pin`` says.
        """
        if pin is not None and destination.is_dir() and digest_folder(destination) == pin.digest:
            return
        shutil.rmtree(destination, ignore_errors=True)
        destination.mkdir(parents=True)
        if pin is None:
            return
        with tempfile.TemporaryDirectory(dir=destination.parent) as temporary:
            held = self._download(domain, pin, Path(temporary))
            folder = find_model(held)
            named, advice = f"{domain} version {pin.version} in the registry", f"`addendum rollback {domain} --reason …`"
            check_held(named, folder, held / SIGNATURE_FOLDER / SIGNATURE, self.keys)
            found = digest_folder(folder)
            if found != pin.digest:
                problem = f"{named} is {shorten(found)}, the ledger says {shorten(pin.digest)}"
                raise WorkspaceError(f"{problem}: it was altered; roll back with {advice}")
            destination.rmdir()
            shutil.move(folder, destination)

    def read_digest(self, domain: DomainName, pin: ModelPin) -> Digest:
        """Return the digest of what the registry holds as a version; raises :class:`WorkspaceError` where it cannot be had."""
        with tempfile.TemporaryDirectory() as temporary:
            return digest_folder(find_model(self._download(domain, pin, Path(temporary))))

    def aliases(self, domain: DomainName) -> dict[str, int]:
        """Return the aliases of ``domain`` as they are now."""
        client = self.client()
        if not client.search_registered_models(f"name = '{domain}'"):
            return {}
        found = client.get_registered_model(domain).aliases
        return {alias: int(number) for alias, number in found.items()}

    def read_mirror(self, domain: DomainName) -> Mirror:
        """Return what the aliases of ``domain`` name, as digests, and which event of the ledger they were last set by."""
        client = self.client()
        if not client.search_registered_models(f"name = '{domain}'"):
            return Mirror(as_of=None, digests={})
        registered = client.get_registered_model(domain)
        versions = {alias: client.get_model_version(domain, str(number)) for alias, number in registered.aliases.items()}
        digests = {alias: Digest(version.tags.get(DIGEST_TAG, "")) for alias, version in versions.items()}
        return Mirror(as_of=read_as_of(registered.tags), digests=digests)

    def project(
        self, domain: DomainName, expected: Mapping[str, int | None], as_of: int, *, stray: int | None = None
    ) -> tuple[MovedAlias, ...]:
        """Make the aliases what ``expected`` says (``None``: absent) and return those that were otherwise.

        ``as_of`` is the ledger's event that ``expected`` follows from. It is noted when all aliases are set, so an alias that
        differs although that event is noted has been moved by somebody else, and one that merely lags after a crash has not.
        Where a later event is noted, ``expected`` is out of date and nothing is set; unless that is ``stray``, one that the
        ledger does not have: it was put back from an older copy, or the note is not ours.
        """
        client = self.client()
        registered = client.get_registered_model(domain)
        found = {alias: int(number) for alias, number in registered.aliases.items()}
        noted = read_as_of(registered.tags)
        if noted is not None and noted > as_of and noted != stray:
            return ()
        is_foreign = noted == as_of
        moved = []
        for alias, number in sorted(expected.items()):
            if found.get(alias) == number:
                continue
            moved.append(MovedAlias(alias=alias, found=found.get(alias), expected=number, is_foreign=is_foreign))
            self.point_alias(domain, alias, number)
        if not is_foreign:
            client.set_registered_model_tag(domain, AS_OF_TAG, str(as_of))
        return tuple(moved)

    def point_alias(self, domain: DomainName, alias: str, number: int | None) -> None:
        """Point an alias at a registered number; ``None`` removes it, if it is there."""
        if number is None:
            self.client().delete_registered_model_alias(domain, alias)
        else:
            self.client().set_registered_model_alias(domain, alias, str(number))

    def _download(self, domain: DomainName, pin: ModelPin, destination: Path) -> Path:
        import mlflow
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException

        # a `models:/` URI is looked up in the process's registry, whatever tracking URI the call is given
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)
        number = self.list_versions(domain).get(pin.digest)
        uri = f"models:/{domain}/{pin.version if number is None else number}"
        try:
            held = Path(download_artifacts(artifact_uri=uri, dst_path=str(destination))) / "artifacts"
            held.stat()  # a store that is not mounted is an empty one to MLflow
        except (MlflowException, OSError) as error:
            if number is None:
                problem = f"{domain} version {pin.version} is gone from the registry"
                raise WorkspaceError(f"{problem}: `addendum reconcile {domain}` registers it again") from error
            problem = f"the files of {domain} version {pin.version} cannot be fetched from MLflow"
            advice = f"see that its artifact store answers; if they are gone, delete version {number} there"
            raise WorkspaceError(f"{problem}: {advice} and run `addendum reconcile {domain}`") from error
        return held
