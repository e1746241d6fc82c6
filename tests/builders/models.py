"""Model folders to sign and to tamper with, and keys to sign them by."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pipelines.promote.model_keys import ModelKeys, read_public

FILES = {
    "model.json": b'{"kind": "linear"}\n',
    "model.safetensors": bytes(range(256)) * 4,
    "tokenizer/vocabulary.json": b'["a", "b"]\n',
    "empty.json": b"",
}


def build_folder(folder: Path) -> Path:
    """A folder like a model's: files on two levels, one of them empty."""
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def flip_byte(path: Path, place: int = 0) -> None:
    """Change one bit of one byte, counted from the start or (negative) from the end; an empty file gains one."""
    content = bytearray(path.read_bytes() or b"\x01")
    content[place] ^= 1
    path.write_bytes(bytes(content))


def build_key(path: Path, curve: ec.EllipticCurve | None = None) -> Path:
    """Write a private key, on P-256 unless another curve is asked for."""
    key = ec.generate_private_key(curve or ec.SECP256R1())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def build_public(private: Path) -> Path:
    """Write a key's public half beside it."""
    path = private.with_suffix(".pub")
    path.write_bytes(read_public(private))
    return path


def build_keys(folder: Path) -> ModelKeys:
    """The keys of a home that has none yet."""
    return ModelKeys(folder=folder)
