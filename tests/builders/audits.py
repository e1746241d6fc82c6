"""A trained candidate with everything that an audit looks at, and a champion beside it where one is asked for; audit reports."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.audit.subjects import Subject
from pipelines.domain.audits import AuditReport, Probe, ProbeReport, Reading
from pipelines.domain.identities import FamilyId
from pipelines.domain.models import Lineage, Role
from pipelines.domain.pins import Pin
from pipelines.domain.revisions import Entry
from pipelines.domain.scorecards import Slice
from pipelines.files import read_json, write_json
from pipelines.judge.evidence import Evidence
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.classifier import Classifier
from pipelines.learners.linear import Linear
from pipelines.lessons.params import LessonParams, ReplayParams
from pipelines.train.params import TrainParams
from pipelines.train.training import train
from pipelines.workspace import DomainFolder
from tests.builders.domains import LOOK, build_pin, build_row, lay_snapshot, pin_model, write_split
from tests.builders.lessons import LABELS, Watcher
from tests.builders.outcomes import build_outcomes
from tests.builders.outcomes import build_pin as build_judged_pin

LINEAR = TrainParams(learner=Linear(), threads=1)
TINY_CLASSIFIER = TrainParams(
    learner=Classifier(base="scratch:tiny", epochs=4, rate=2e-3, batch_tokens=512, max_tokens=64),
    threads=1,
    replay=ReplayParams(minimum=4),
)
TINY_LANGUAGE = TrainParams(
    learner=CausalLm(base="scratch:tiny", epochs=4, rate=3e-3, batch_tokens=512, max_tokens=64, precision="fp32"),
    threads=1,
    replay=ReplayParams(minimum=4),
)
COUNTS: Mapping[str, int] = {"train": 40, "dev": 10, "holdout": 20, "anchor": 6}
WORDS = {
    "recall": "The firm recalls {n} lots of tablets because salmonella was found in them on 2024-03-{d:02d}.",
    "notice": "The committee will meet on March {d}, 2024 to hear comments on docket {n}, and the meeting is public.",
}


def write_text(number: int, label: str) -> str:
    """A sentence with a date, a number, an auxiliary verb and long words: every kind of change finds something in it."""
    return WORDS[label].format(n=100 + number, d=1 + number % 28)


def build_entries(name: str, count: int, *, first: int = 0, ingest_seq: int = 1) -> list[Entry]:
    rows = []
    for number in range(first, first + count):
        label = LABELS[number % 2]
        fields: dict[str, Any] = {"text": write_text(number, label), "family_id": FamilyId(f"{name} family {number}")}
        rows.append(build_row(name, number, label=label, ingest_seq=ingest_seq, **fields))
    return rows


def build_babble(name: str, count: int) -> list[Entry]:
    """Rows of random words, of which nobody knows one better for knowing the others."""
    generator = random.Random(name)
    texts = [" ".join("".join(generator.choices("abcdefghij", k=4)) for _ in range(10)) for _ in range(count)]
    return [
        build_row(name, number, text=text, label=LABELS[number % 2], family_id=FamilyId(f"{name} family {number}"))
        for number, text in enumerate(texts)
    ]


def write_splits(folder: DomainFolder, splits: Mapping[str, Sequence[Entry]]) -> None:
    for name, entries in splits.items():
        write_split(folder, name, entries)
    lay_snapshot(folder)


def lay_audited(root: Path, training: TrainParams = LINEAR, **counts: int) -> DomainFolder:
    """Lay a first candidate under a look: every split is written and the model trained; a family has one row."""
    folder = DomainFolder(root)
    write_json(folder.pin, build_pin(look=LOOK))
    write_splits(folder, {name: build_entries(name, count) for name, count in {**COUNTS, **counts}.items()})
    train(folder, training, LABELS, None, Watcher())
    return folder


def succeed(folder: DomainFolder, training: TrainParams = LINEAR, news: int = 20, *, cut_off: int = 1) -> None:
    """Crown the candidate, let as much news arrive in train, dev and holdout, and train a successor on it."""
    shutil.copytree(folder.model, folder.champion)
    lineage = folder.champion / "lineage.json"
    write_json(lineage, replace(read_lineage(folder), ingest_seq=cut_off))
    pin = read_json(folder.pin, Pin)
    write_json(folder.pin, replace(pin, champion=pin_model(folder.champion)))
    before = {name: build_entries(name, count) for name, count in COUNTS.items()}
    after = {
        name: rows + (build_entries(name, news, first=1000, ingest_seq=5) if name != "anchor" else [])
        for name, rows in before.items()
    }
    write_splits(folder, after)
    shutil.rmtree(folder.model)
    train(folder, training, LABELS, None, Watcher())


def read_lineage(folder: DomainFolder) -> Lineage:
    from pipelines.domain.models import Lineage

    return read_json(folder.champion / "lineage.json", Lineage)


def build_subject(folder: DomainFolder, training: LessonParams = LINEAR) -> Subject:
    pin = read_json(folder.pin, Pin)
    assert pin.look is not None
    return Subject(folder=folder, pin=pin, look=pin.look, training=training, labels=LABELS)


def index(readings: Sequence[Reading]) -> dict[str, Reading]:
    return {reading.name: reading for reading in readings}


def build_report(probe: Probe, *readings: Reading, problem: str = "") -> AuditReport:
    return AuditReport(probes=(ProbeReport(probe=probe, readings=readings, problem=problem),))


def build_evidence(audit: AuditReport | None, **pin: Any) -> Evidence:
    """Evidence with an audit and little else."""
    judged = build_judged_pin(**pin)
    assert judged.look is not None
    return Evidence(pin=judged, look=judged.look, outcomes=build_outcomes(Role.CANDIDATE, Slice.HOLDOUT, 20), audit=audit)
