"""Check a model's folder against its OpenSSF signature, file by file, before anything of it is read.

A served model brings this module along, so it needs ``cryptography`` and ``pydantic`` only; the OpenSSF library itself, which
signs (:mod:`pipelines.promote.signatures`), wants a client of the Sigstore services that no serving machine should have to carry.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from pipelines.domain.errors import SignatureError
from pipelines.domain.identities import digest_bytes, shorten
from pipelines.files import digest_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

Part = TypeVar("Part")

CURVES = ("secp256r1", "secp384r1", "secp521r1")
PAYLOAD_TYPE = "application/vnd.in-toto+json"
ADVICE = "fetch the model again from the registry; if it is altered there, go back with `addendum rollback`"


@dataclass(frozen=True, slots=True)
class _Signature:
    sig: str


@dataclass(frozen=True, slots=True)
class _Envelope:
    payload: str
    payload_type: Annotated[Literal["application/vnd.in-toto+json"], Field(alias="payloadType")]
    signatures: Annotated[tuple[_Signature, ...], Field(min_length=1, max_length=1)]


@dataclass(frozen=True, slots=True)
class _Hint:
    hint: str


@dataclass(frozen=True, slots=True)
class _Material:
    public_key: Annotated[_Hint, Field(alias="publicKey")]


@dataclass(frozen=True, slots=True)
class _Bundle:
    kind: Annotated[Literal["application/vnd.dev.sigstore.bundle.v0.3+json"], Field(alias="mediaType")]
    material: Annotated[_Material, Field(alias="verificationMaterial")]
    envelope: Annotated[_Envelope, Field(alias="dsseEnvelope")]


@dataclass(frozen=True, slots=True)
class _Resource:
    name: str
    algorithm: Literal["sha256"]
    digest: str


@dataclass(frozen=True, slots=True)
class _Serialization:
    method: Literal["files"]


@dataclass(frozen=True, slots=True)
class _Predicate:
    resources: tuple[_Resource, ...]
    serialization: _Serialization


@dataclass(frozen=True, slots=True)
class _Statement:
    predicate: _Predicate
    kind: Annotated[Literal["https://in-toto.io/Statement/v1"], Field(alias="_type")]
    predicate_kind: Annotated[Literal["https://model_signing/signature/v1.0"], Field(alias="predicateType")]


def check_signed(folder: Path, signature: Path, keys: bytes) -> bytes:
    """Return the key that signed exactly the files of ``folder``; raise :class:`SignatureError` where none of ``keys`` did.

    ``signature`` is an OpenSSF model signature v1.0: a Sigstore bundle whose DSSE envelope (secure-systems-lab/dsse v1.0.0)
    holds an in-toto statement v1 with the SHA-256 of each file, signed by ECDSA. ``keys`` are one or more public keys in PEM, one
    after the other. The signature is checked before anything in it is believed; a changed, an added and a missing file are each
    named.
    """
    signed, key = _read_signed(signature, keys)
    linked = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink())
    if linked:
        raise SignatureError(f"{folder}: {linked[0]} is a link, and a signed model holds files only: {ADVICE}")
    present = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    _refuse(folder, sorted(signed.keys() - present.keys()), "missing")
    _refuse(folder, sorted(present.keys() - signed.keys()), "not among the signed files")
    _refuse(folder, [name for name, path in present.items() if digest_file(path) != signed[name]], "not as it was signed")
    return key


def split_keys(keys: bytes) -> tuple[bytes, ...]:
    """Return each public key of a PEM file in its canonical form; raises :class:`SignatureError` where there is none."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    blocks = re.findall(rb"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", keys, re.DOTALL)
    if not blocks:
        raise SignatureError("no public key in PEM: let ADDENDUM_MODEL_PUBLIC_KEY name a file like model.pub in the home's keys")
    return tuple(_load_key(block).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) for block in blocks)


def _refuse(folder: Path, names: list[str], problem: str) -> None:
    if names:
        others = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
        raise SignatureError(f"{folder}: {names[0]}{others} is {problem}: {ADVICE}")


def _read_signed(signature: Path, keys: bytes) -> tuple[Mapping[str, str], bytes]:
    """Return the SHA-256 by file name, and the key that made the signature over all of it."""
    if not signature.is_file():
        raise SignatureError(f"{signature} is missing: an unsigned model is not loaded; {ADVICE}")
    bundle = _parse(signature, signature.read_bytes(), _Bundle)
    try:
        payload = base64.b64decode(bundle.envelope.payload, validate=True)
        made = base64.b64decode(bundle.envelope.signatures[0].sig, validate=True)
    except ValueError as error:
        raise SignatureError(f"{signature} is not in base64: {ADVICE}") from error
    # the hint is the SHA-256 of the signer's key, so that of several trusted keys one is tried
    hinted = [key for key in split_keys(keys) if digest_bytes(key) == bundle.material.public_key.hint]
    key = next((key for key in hinted if _has_signed(key, _frame(payload), made)), None)
    if key is None:
        known = ", ".join(shorten(digest_bytes(key)) for key in split_keys(keys))
        problem = f"{signature} was not made by a key that is trusted here ({known}), or was altered since"
        raise SignatureError(f"{problem}: name the signer's public key in ADDENDUM_MODEL_PUBLIC_KEY, or {ADVICE}")
    resources = _parse(signature, payload, _Statement).predicate.resources
    signed = {resource.name: resource.digest for resource in resources}
    if len(signed) != len(resources):
        raise SignatureError(f"{signature} names a file twice: {ADVICE}")
    return signed, key


def _frame(payload: bytes) -> bytes:
    """Return what is signed: DSSE's pre-authentication encoding, which binds the payload to its type."""
    return b" ".join([b"DSSEv1", b"%d" % len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), b"%d" % len(payload), payload])


def _has_signed(key: bytes, message: bytes, made: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

    public = _load_key(key)
    digests: dict[int, HashAlgorithm] = {256: SHA256(), 384: SHA384(), 521: SHA512()}
    try:
        public.verify(made, message, ECDSA(digests[public.curve.key_size]))
    except InvalidSignature:
        return False
    return True


def _load_key(key: bytes) -> EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        public = load_pem_public_key(key)
    except ValueError as error:
        raise SignatureError("not a public key: let ADDENDUM_MODEL_PUBLIC_KEY name a file like model.pub") from error
    if not isinstance(public, EllipticCurvePublicKey) or public.curve.name not in CURVES:
        raise SignatureError("a public key is not on the curve P-256, P-384 or P-521: models are signed by such a key")
    return public


def _parse(signature: Path, content: bytes, kind: type[Part]) -> Part:
    try:
        return TypeAdapter(kind).validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SignatureError(
            f"{signature} is no OpenSSF model signature: {where or 'content'}: {first['msg']}: {ADVICE}"
        ) from error
