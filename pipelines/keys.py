"""Secret keys that ``params.yaml`` names without holding them: what is in git and in DVC's lock is a seal, not the key.

The seal is hashed with the other parameters, so another key is another experiment; the key itself is read where it is used.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Annotated, TypeAlias, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from pipelines.domain.errors import ParamsError
from pipelines.domain.identities import Json

FIELD = "key"
"""How every field is called that holds a secret."""

NAME = r"^[A-Z][A-Z0-9_]*$"
Section = TypeVar("Section", bound=BaseModel)
FindKey = Callable[[str], str | None]
"""Returns the key of a name, ``None`` where nobody has it."""


class KeptKey(BaseModel):
    """A key that is kept elsewhere: ``env`` is its name there, ``seal`` what :func:`seal_key` makes of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: str = Field(pattern=NAME)
    seal: str = Field(pattern=r"^[0-9a-f]{64}$")


def _tell_kind(value: object) -> str:
    return "kept" if isinstance(value, Mapping | KeptKey) else "spelled"


Key: TypeAlias = Annotated[
    Annotated[str, Field(min_length=1), Tag("spelled")] | Annotated[KeptKey, Tag("kept")], Discriminator(_tell_kind)
]
"""A key as ``params.yaml`` has it: spelled out, or kept elsewhere."""


def check_name(name: str) -> str:
    """Return the name of a kept key; raises :class:`ParamsError` for one that no variable can have."""
    if not re.fullmatch(NAME, name):
        raise ParamsError(f"{name!r} can name no key: capital letters, digits and underscores, a letter first")
    return name


def seal_key(key: str) -> str:
    """Return what tells two keys apart and gives neither away: HMAC-SHA256 (RFC 2104) of a fixed message under the key.

    A key that can be guessed can be guessed from its seal too: let a key be made by chance.
    """
    return hmac.new(key.encode(), b"addendum: which key is this?", hashlib.sha256).hexdigest()


def open_keys(section: Section, find: FindKey) -> Section:
    """Return ``section`` with every kept key in it spelled out.

    Raises:
        ParamsError: for a key that nobody has, that is not the one of the seal, or too short; never shows its content.
    """
    try:
        return type(section).model_validate(_replace(section.model_dump(mode="json"), lambda key: _open(key, find)))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ParamsError(f"{'.'.join(str(part) for part in first['loc'])}, kept elsewhere: {first['msg']}") from None


def read_key(key: Key) -> bytes:
    """Return the bytes to hash with; raises :class:`ParamsError` where the key has not been opened."""
    if isinstance(key, KeptKey):
        raise ParamsError(f"the key {key.env} is used before it was opened: this is a defect, report it")
    return key.encode()


def seal_keys(value: Json) -> Json:
    """Return ``value`` with every secret key in it replaced by its seal: the same wherever the key is kept."""
    return _replace(value, _seal)


def list_bare_keys(value: Json, where: str = "") -> list[str]:
    """Return the dotted names of the keys that are spelled out in ``value``."""
    if isinstance(value, Mapping):
        found = [f"{where}.{name}".lstrip(".") for name, it in value.items() if name == FIELD and isinstance(it, str)]
        return found + [one for name, it in value.items() for one in list_bare_keys(it, f"{where}.{name}")]
    if isinstance(value, list | tuple):
        return [one for place, it in enumerate(value) for one in list_bare_keys(it, f"{where}.{place}")]
    return []


def list_kept_keys(value: Json) -> list[str]:
    """Return the names of the keys that ``value`` names and does not hold."""
    if isinstance(value, Mapping):
        own = value.get(FIELD)
        found = [str(own["env"])] if isinstance(own, Mapping) and is_key(own) else []
        return found + [one for inner in value.values() for one in list_kept_keys(inner)]
    return [one for inner in value for one in list_kept_keys(inner)] if isinstance(value, list | tuple) else []


def is_key(value: Json) -> bool:
    """Tell whether the value of a field called ``key`` is a secret, spelled out or kept."""
    return isinstance(value, str) or (isinstance(value, Mapping) and value.keys() == {"env", "seal"})


def _replace(value: Json, change: Callable[[Json], Json]) -> Json:
    if isinstance(value, Mapping):
        return {name: change(it) if name == FIELD and is_key(it) else _replace(it, change) for name, it in value.items()}
    if isinstance(value, list | tuple):
        return [_replace(inner, change) for inner in value]
    return value


def _open(written: Json, find: FindKey) -> str:
    if isinstance(written, str):
        return written
    kept = KeptKey.model_validate(written)
    key = find(kept.env)
    if not key:
        raise ParamsError(
            f"the key {kept.env} is not here: set the variable {kept.env}, or {kept.env}_FILE to the file that holds it, or put "
            "it back under keys/secrets in ADDENDUM_HOME"
        )
    if not hmac.compare_digest(seal_key(key), kept.seal):
        raise ParamsError(
            f"the key {kept.env} is not the one that params.yaml is sealed with: set the right one; a new key is a new line in "
            f"params.yaml (`addendum key secret {kept.env}` prints it), and moves families or surrogates"
        )
    return key


def _seal(key: Json) -> str:
    return seal_key(key) if isinstance(key, str) else str(cast("Mapping[str, Json]", key)["seal"])
