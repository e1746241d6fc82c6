"""General text from a file of the workspace: read by its digest, and drawn so that the same lesson gets the same lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.domain.errors import ParamsError
from pipelines.domain.identities import Digest, digest_bytes, digest_value, shorten
from pipelines.learners.protocols import Document
from pipelines.lessons.params import GeneralParams


class Line(BaseModel):
    """One text; other fields of its object are for people."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str = Field(min_length=1)


def draw_general(workspace: Path, params: GeneralParams, taught: Sequence[Document], seed: int) -> list[Document]:
    """Return general texts whose bytes are about ``params.share`` of the lesson that they make together with ``taught``.

    All of the file where it holds less: no text is shown twice. Raises :class:`ParamsError` where the file is missing, is not
    what its digest says, or holds a line of another shape.
    """
    texts = _read_texts(workspace / params.file, params)
    wanted = params.share / (1 - params.share) * sum(len(row.text.encode()) for row in taught)
    chosen, bytes_taken = [], 0
    for text in sorted(texts, key=lambda text: digest_value([seed, text])):
        if bytes_taken >= wanted:
            break
        chosen.append(Document(row_id=Digest(digest_value(["general", text])), text=text))
        bytes_taken += len(text.encode())
    return chosen


def _read_texts(path: Path, params: GeneralParams) -> list[str]:
    if not path.is_file():
        raise ParamsError(f"train.general: there is no {params.file} beside params.yaml: put it under git there, or leave it out")
    content = path.read_bytes()
    found = digest_bytes(content)
    if found != params.sha256:
        problem = f"{params.file} is {shorten(found)}, and its sha256 says {shorten(params.sha256)}"
        raise ParamsError(f"train.general: {problem}: if the change is meant, write sha256: {found}")
    lines = content.decode("utf-8", errors="replace").splitlines()
    return sorted({_read_line(line, number, params) for number, line in enumerate(lines, start=1) if line.strip()})


def _read_line(line: str, number: int, params: GeneralParams) -> str:
    try:
        return Line.model_validate_json(line).text
    except ValidationError as error:
        problem = f"{params.file}: line {number} is no JSON object with a `text`"
        raise ParamsError(f"train.general: {problem}: mend it, and its sha256") from error
