"""Asks a model in a process of its own, without a GPU: whoever weighs a retraining must neither load torch nor hold a device.

Questions go in and answers come out as JSON over pipes, so that no document's text touches a disk.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pipelines.domain.errors import AddendumError, StageError
from pipelines.learners.protocols import Document, Pair, Prediction, Preference
from pipelines.settings import QUIET, bind_threads

PATIENCE_S = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """A model's folder and what it is asked: texts to score, and pairs to prefer from."""

    folder: str
    threads: int
    documents: tuple[Document, ...] = ()
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What it says, in the order of the questions; ``preferences`` are ``None`` of a classifier."""

    predictions: tuple[Prediction, ...]
    preferences: tuple[Preference, ...] | None


def ask(questions: Questions) -> Answers:
    """Ask the model in this process."""
    from pipelines.learners.predictors import load_predictor

    predictor = load_predictor(Path(questions.folder), questions.threads)
    predictions = tuple(predictor.predict(questions.documents)) if questions.documents else ()
    preferences = predictor.prefer(questions.pairs)
    return Answers(predictions=predictions, preferences=None if preferences is None else tuple(preferences))


def ask_apart(questions: Questions, patience_s: float = PATIENCE_S) -> Answers:
    """Ask it in another process; raises :class:`StageError` where it gives no answer, and says why."""
    environment = {**os.environ, **QUIET, **bind_threads(questions.threads), "CUDA_VISIBLE_DEVICES": ""}
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-m", "flows.asking"]
    asked = TypeAdapter(Questions).dump_json(questions)
    try:
        done = subprocess.run(
            command, input=asked, capture_output=True, cwd=root, env=environment, timeout=patience_s, check=False
        )
        return TypeAdapter(Answers).validate_json(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise StageError(f"the model gave no answer within {patience_s:.0f} s: lower `sample`") from error
    except ValidationError as error:
        said = [line for line in done.stderr.decode(errors="replace").splitlines() if line.startswith(REFUSED)]
        raise StageError(said[-1].removeprefix(REFUSED) if said else f"the model broke (status {done.returncode})") from error


REFUSED = "refused: "


def main() -> int:
    """Read questions from standard input, and write answers to standard output."""
    from pipelines.__main__ import end_with

    end_with(os.getppid())
    questions = TypeAdapter(Questions).validate_json(sys.stdin.buffer.read())
    try:
        answers = ask(questions)
    except AddendumError as error:
        sys.stderr.write(f"{REFUSED}{error}\n")
        return 1
    sys.stdout.buffer.write(TypeAdapter(Answers).dump_json(answers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
