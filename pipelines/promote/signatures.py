"""Sign a model's folder with OpenSSF ``model-signing``, so that anybody's tools can check it and not only ours.

The signature is a file of its own beside the folder, so that the folder and its digest are unchanged. This is the sole importer
of ``model_signing``, which brings a client of the Sigstore services that is never called: a key signs, and no network is asked.
"""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipelines.domain.errors import SignatureError
from pipelines.files import write_bytes
from pipelines.promote.model_keys import PUBLIC_KEY, ModelKeys, read_public
from pipelines.promote.verifying import check_signed

if TYPE_CHECKING:
    from model_signing.hashing import Config

SIGNATURE = "model.sig"
LOG = logging.getLogger("addendum.registry")


def sign_model(model: Path, destination: Path, keys: ModelKeys) -> None:
    """Write ``model.sig`` over every file of ``model``, and the signer's ``model.pub``, into the folder ``destination``.

    Raises :class:`SignatureError` for a folder that cannot be signed (a link in it) or a key that is not fit.
    """
    from model_signing import signing

    destination.mkdir(parents=True, exist_ok=True)
    signer = keys.signing_key()
    config = signing.Config().set_hashing_config(_hash_all()).use_elliptic_key_signer(private_key=signer)
    try:
        config.sign(model, destination / SIGNATURE)
    except ValueError as error:
        raise SignatureError(f"{model} cannot be signed: {error}: a model is a folder of files and no links") from error
    write_bytes(destination / PUBLIC_KEY, read_public(signer))
    verify_model(model, destination / SIGNATURE, read_public(signer))


def verify_model(model: Path, signature: Path, keys: bytes) -> None:
    """Raise :class:`SignatureError` unless the signature holds, by our own reading of it and by OpenSSF's.

    Ours names the file and what to do, and is all that a served model has; asking both is how they are held to one answer.
    """
    key = check_signed(model, signature, keys)
    from model_signing import verifying

    with TemporaryDirectory() as temporary:
        public = Path(temporary) / PUBLIC_KEY
        public.write_bytes(key)
        config = verifying.Config().set_hashing_config(_hash_all()).use_elliptic_key_verifier(public_key=public)
        try:
            config.verify(model, signature)
        except ValueError as error:
            said = str(error).splitlines()[0]
            raise SignatureError(
                f"{signature} is refused by OpenSSF's own verifier ({said}): register the model again"
            ) from error


def check_held(named: str, model: Path, signature: Path, keys: ModelKeys) -> None:
    """Verify what a store holds of the model called ``named``; one from before models were signed is let through with a warning.

    Raises :class:`SignatureError` as :func:`verify_model` does, and names the version. Whoever calls compares the digest too.
    """
    trusted = keys.trusted_keys()
    if not signature.exists() or trusted is None:
        why = "signed, but no key is trusted here" if signature.exists() else "unsigned (registered before models were signed)"
        LOG.warning("%s is %s: its digest alone is checked", named, why)
        return
    try:
        verify_model(model, signature, trusted)
    except SignatureError as error:
        raise SignatureError(f"{named}: {error}") from error


def _hash_all() -> Config:
    """Hash every file: by default OpenSSF leaves git's own out, and somebody could hide one there."""
    from model_signing.hashing import Config

    return Config().set_ignored_paths(paths=[], ignore_git_paths=False)
