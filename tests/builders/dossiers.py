"""A domain's record with evidence as a real one leaves it: a first champion, an override, a refusal and a promotion.

The ledger and the evidence store are real ones; only the numbers are made up, and they are the same at every run.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import TypeAdapter

from pipelines.clock import SetClock
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, Json, RunId, digest_bytes, digest_value
from pipelines.domain.models import Role
from pipelines.domain.pins import CorpusPin, Look, ModelPin, Pin
from pipelines.domain.scorecards import CurrencyExample, Score, Scorecard, Slice
from pipelines.domain.verdicts import Decision, Finding, Verdict
from pipelines.ledger.evidence import EvidenceStore
from pipelines.ledger.ledgers import Ledger
from pipelines.promote.approvals import Answer, Statement
from pipelines.promote.approvers import identify_key
from pipelines.promote.dossier.accounts import Changes, Cost, Difference, Held, Licences, Movement, QuarantineAccount
from pipelines.promote.dossier.building import build_facts
from pipelines.promote.dossier.facts import Facts
from pipelines.promote.dossier.reports import Curation, Manifest, Part, Splits, Training
from pipelines.promote.keys import show_public, sign
from tests.builders.findings import FAILING, PASSING, build_audit
from tests.builders.ledgers import DOMAIN, START, open_ledger

Files = dict[str, bytes]
FIRST, OVERRIDDEN, REFUSED, PROMOTED = 1, 2, 3, 4
APPROVER = "Dr. R. Okafor"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
"""A key that everybody knows, so that it signs the same at every run."""

KEY_ID = identify_key(show_public(KEY))


@dataclass(frozen=True, slots=True)
class Record:
    """A ledger, its clock, and the evidence that it names."""

    ledger: Ledger
    clock: SetClock
    shelf: EvidenceStore

    @property
    def events(self) -> list[Event]:
        return self.ledger.events(DOMAIN)

    def add(self, kind: Kind, payload: Mapping[str, Json], *, actor: str = "scheduler", after: float = 1.0) -> Event:
        """Record one event, some minutes after the last."""
        self.clock.advance(timedelta(minutes=after))
        return Ledger(self.ledger.engine, self.clock, actor).append(DOMAIN, kind, payload)

    def facts(self, version: int, as_of: int | None = None) -> Facts:
        return build_facts(self.events, self.shelf, version, as_of)


def open_record(root: Path) -> Record:
    clock = SetClock(START)
    return Record(open_ledger(root, clock), clock, EvidenceStore(root / "evidence"))


def tell_story(root: Path) -> Record:
    """Return the record of four candidates: the first champion, an override, a refusal and a promotion."""
    record = open_record(root)
    record.add(Kind.DROP_LANDED, {"drop": digest_value("drop"), "source": "openfda_enforcement", "rows": 4100, "ingest_seq": 1})
    judge_version(record, FIRST, Decision.PROMOTE, against=None, findings=PASSING[:2])
    grant(record, FIRST, "first model, reviewed with the safety board", proof="signed")
    crown(record, FIRST, None)
    judge_version(record, OVERRIDDEN, Decision.HOLD, against=FIRST, findings=PASSING)
    grant(record, OVERRIDDEN, "the recall of 2 April cannot wait for more examples", answer="override", proof="signed")
    crown(record, OVERRIDDEN, FIRST, override=True)
    record.add(Kind.DROP_WITHDRAWN, {"drop": digest_value("bad"), "ingest_seq": 12, "reason": "labels swapped by the supplier"})
    judge_version(record, REFUSED, Decision.REFUSE, against=OVERRIDDEN, findings=FAILING)
    judge_version(record, PROMOTED, Decision.PROMOTE, against=OVERRIDDEN)
    grant(record, PROMOTED, "reads the April rules rightly; slices looked through", proof="signed")
    crown(record, PROMOTED, OVERRIDDEN)
    return record


def judge_version(
    record: Record,
    version: int,
    decision: Decision,
    *,
    against: int | None,
    findings: Sequence[Finding] = PASSING,
    files: Mapping[str, bytes | None] | None = None,
) -> Event:
    """Record a retraining from its start to its verdict; ``files`` replaces pieces of evidence, or leaves one out (``None``)."""
    run = name_run(version)
    sentence = SENTENCES[decision]
    made = build_files(version, decision, against, findings) | dict(files or {})
    kept = {name: record.shelf.put(content) for name, content in made.items() if content is not None}
    record.add(Kind.RETRAIN_STARTED, {"run": run, "reason": REASON, "as_of": 1, "commit": digest_value(version)[:40]}, after=600)
    record.add(Kind.CANDIDATE_REGISTERED, {"run": run, "version": version, "digest": name_model(version)}, after=41.3)
    return record.add(
        Kind.CANDIDATE_JUDGED,
        {
            "run": run,
            "version": version,
            "digest": name_model(version),
            "decision": decision,
            "verdict": digest_bytes(made["verdict.json"] or b""),
            "sentence": sentence,
            "ingest_seq": 10 * version,
            "against": against,
            "evidence": kept,
        },
        after=0.1,
    )


def grant(record: Record, version: int, reason: str, *, answer: str = "granted", proof: str = "self-declared") -> Event:
    record.add(Kind.APPROVAL_ASKED, {"run": name_run(version), "version": version}, after=2)
    judged = [event for event in record.ledger.events(DOMAIN, [Kind.CANDIDATE_JUDGED]) if event.payload["version"] == version]
    statement = Statement(
        domain=DOMAIN,
        version=version,
        digest=name_model(version),
        run=name_run(version),
        verdict=Digest(str(judged[-1].payload["verdict"])),
        decision=Decision(str(judged[-1].payload["decision"])),
        answer=Answer(answer),
        by=APPROVER,
        reason=reason,
    )
    payload = {**statement.as_payload(), "proof": proof, **(_sign(statement) if proof == "signed" else {})}
    return record.add(Kind.APPROVAL_GRANTED, payload, actor="web form", after=95)


def _sign(statement: Statement) -> dict[str, Json]:
    public = show_public(KEY)
    return {"key": identify_key(public), "public_key": public, "signature": sign(KEY, statement.encode())}


def crown(record: Record, version: int, previous: int | None, **fields: Json) -> Event:
    defaults: dict[str, Json] = {
        "version": version,
        "digest": name_model(version),
        "ingest_seq": 10 * version,
        "run_id": name_run(version),
        "previous": previous,
        "verdict": digest_value(["verdict", version]),
        "reason": SENTENCES[Decision.PROMOTE],
        "approved_by": APPROVER,
        "override": False,
    }
    return record.add(Kind.PROMOTED, {**defaults, **fields}, after=3)


def roll_back(record: Record, version: int, dropped: int, reason: str = "wrong triage of recalls") -> Event:
    carried = {"version": version, "digest": name_model(version), "ingest_seq": 10 * version, "run_id": name_run(version)}
    return record.add(Kind.ROLLED_BACK, {**carried, "from": dropped, "reason": reason}, after=2000)


def name_run(version: int) -> RunId:
    return RunId(digest_value(["run", version])[:16])


def name_model(version: int) -> Digest:
    return digest_value(["model", version])


def encode(noun: object) -> bytes:
    plain = TypeAdapter(type(noun)).dump_python(noun, mode="json")
    return json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()


REASON = "212 new, 18 amended, 3 withdrawn or retracted since version 2"
SENTENCES = {
    Decision.PROMOTE: "promote: all 14 gates passed; reason to change (α = 0.0076 shared by 3): "
    "freshness +2.9 points, p = 0.0004, shown",
    Decision.HOLD: "held: undecidable: 812 of 3,690 examples (and 1 more); can decide 2.4 points or more",
    Decision.REFUSE: "refused: accuracy on the holdout against the champion: −1.9 points (lower bound −2.9; margin 1.0) "
    "(and 2 more)",
}


def build_files(version: int, decision: Decision, against: int | None, findings: Sequence[Finding]) -> Files:
    """Return every piece of evidence of one verdict, by name."""
    return {
        "verdict.json": encode(build_verdict(version, decision, findings)),
        "pin.json": encode(build_pin(version, against)),
        "scorecard.json": encode(build_scorecard(against)),
        "examples.json": encode(EXAMPLES),
        "curve.csv": write_curve(version),
        "training.json": encode(build_training()),
        "curation.json": encode(CURATION),
        "splits.json": encode(SPLITS),
        "manifest.json": encode(MANIFEST),
        "licences.json": encode(LICENCES),
        "audit.json": encode(build_audit(is_leaking=decision is Decision.REFUSE)),
        "reliability.csv": write_reliability(has_champion=against is not None),
        "slices.csv": write_slices(),
        "changes.json": encode(build_changes(version, against)),
        "quarantine.json": encode(QUARANTINE),
        "cost.json": encode(COST),
    }


def build_verdict(version: int, decision: Decision, findings: Sequence[Finding]) -> Verdict:
    look = Look(generation=1, t=2, alpha=0.0075990887656753, plan=digest_value("plan"), promotions=1)
    return Verdict(
        decision=decision, sentence=SENTENCES[decision], candidate=name_model(version), look=look, findings=tuple(findings)
    )


def build_pin(version: int, against: int | None) -> Pin:
    corpus = CorpusPin(id="5f0c2f4e-clinical", version=57, ingest_seq=10 * version, manifest_digest=digest_value("manifest"))
    champion = ModelPin(version=against, digest=name_model(against)) if against is not None else None
    anchor = ModelPin(version=FIRST, digest=name_model(FIRST)) if against is not None else None
    return Pin(corpus=corpus, champion=champion, anchor=anchor, look=None, reason=REASON)


def build_scorecard(against: int | None) -> Scorecard:
    level = {Role.CANDIDATE: 0.874, Role.CHAMPION: 0.861, Role.ANCHOR: 0.842, Role.BASELINE: 0.798}
    roles = [Role.CANDIDATE, Role.BASELINE] if against is None else list(level)
    parts = {Slice.DEV: 610, Slice.HOLDOUT: 4212, Slice.FRESH: 388, Slice.ESTABLISHED: 3824, Slice.ANCHOR: 2104}
    shifts = {"accuracy": 0.0, "macro_f1": -0.021}
    scores = [
        Score(role=role, slice=part, metric=metric, value=level[role] + shift - 0.004 * place, rows=rows)
        for role in roles
        for place, (part, rows) in enumerate(parts.items())
        for metric, shift in shifts.items()
    ]
    asked = {Role.CANDIDATE: 0.78, Role.CHAMPION: 0.56}
    scores += [
        Score(role=role, slice=Slice.CURRENCY, metric="currency", value=asked[role], rows=18) for role in roles if role in asked
    ]
    return Scorecard(scores=tuple(scores))


def write_curve(version: int) -> bytes:
    chance = random.Random(version)
    lines = ["step,loss,rate,tokens,dev_loss"]
    for step in range(1, 181):
        loss = 0.34 + 1.35 * math.exp(-step / 42) + chance.gauss(0, 0.035)
        dev_loss = f"{0.41 + 1.1 * math.exp(-step / 40):.6f}" if step % 30 == 0 else ""
        lines.append(f"{step},{loss:.6f},5e-05,4096,{dev_loss}")
    return ("\n".join(lines) + "\n").encode()


def write_reliability(*, has_champion: bool) -> bytes:
    chance = random.Random(5)
    lines = ["role,bin,lower,upper,rows,mean_confidence,share_right"]
    for role, bias in (("candidate", -0.012), ("champion", -0.055))[: 1 + has_champion]:
        for place in range(5, 15):
            middle = (place + 0.5) / 15
            right = min(1.0, max(0.0, middle + bias * (1.6 - middle) + chance.gauss(0, 0.012)))
            rows = 40 + 900 * max(0, place - 7) ** 2 // 49
            lines.append(f"{role},{place + 1},{place / 15!r},{(place + 1) / 15!r},{rows},{middle!r},{right!r}")
    return ("\n".join(lines) + "\n").encode()


def write_slices() -> bytes:
    chance = random.Random(11)
    groups = {
        "source": ("clinicaltrials_gov", "openfda_enforcement", "pubmed"),
        "year": ("2023", "2024", "2025", "2026"),
        "length": ("1 shortest quarter", "2", "3", "4 longest quarter"),
        "label": ("Cardiology", "Class I", "Class II", "Class III", "Infection", "Oncology"),
        "declared": ("mentions children", "mentions pregnancy"),
    }
    lines = ["kind,name,rows,metric,candidate,champion,difference"]
    for kind, names in groups.items():
        for name in names:
            champion = 0.861 + chance.gauss(0, 0.03)
            candidate = champion + 0.012 + chance.gauss(0, 0.012)
            lines.append(
                f"{kind},{name},{chance.randrange(180, 1900)},accuracy,{candidate!r},{champion!r},{candidate - champion!r}"
            )
    return ("\n".join(lines) + "\n").encode()


def build_training(**fields: Any) -> Training:
    defaults: dict[str, Any] = {
        "learner": "classifier",
        "is_warm": True,
        "news": 230,
        "history": 8410,
        "replayed": 2523,
        "skipped": 41,
        "dev": 610,
        "steps": 180,
        "tokens": 702_481,
        "loss": 0.3521,
        "dev_loss": 0.4216,
    }
    return Training(**{**defaults, **fields})


def build_changes(version: int, against: int | None) -> Changes:
    moved = {"new": 212, "amended": 18, "withdrawn": 2, "retracted": 1}
    params = (
        Difference(name="train.learner.epochs", before="2", after="3"),
        Difference(name="train.replay.share", before="0.2", after="0.3"),
    )
    return Changes(
        since=10 * (against or 0),
        until=10 * version,
        against=against,
        moved={name: Movement(documents=count, revisions=digest_value([name, version])) for name, count in moved.items()},
        by_source={
            "clinicaltrials_gov": {"new": 88, "amended": 11, "withdrawn": 2},
            "openfda_enforcement": {"new": 74, "amended": 7},
            "pubmed": {"new": 50, "retracted": 1},
        },
        params=params if against is not None else None,
        code=(Difference(name="pipelines/curate", before="2f61c09a11b4", after="90d1f7c2e5a8"),) if against is not None else None,
        is_library_changed=False if against is not None else None,
        problem="" if against is not None else "there is no champion whose recipe it could be compared with",
    )


CURATION = Curation(
    received=9214,
    kept=8837,
    kept_by_source={"clinicaltrials_gov": 3120, "openfda_enforcement": 4011, "pubmed": 1706},
    dropped_by_reason={"licence: publisher abstract": 190, "near duplicate": 171, "retracted": 4, "too short": 12},
    changed_by_reason={"repaired unicode": 612, "replaced personal data": 318},
    clusters=88,
)
SPLITS = Splits(
    parts={
        "train": Part(
            rows=5302,
            families=4180,
            by_label={"Cardiology": 812, "Class II": 1630, "Infection": 702, "Oncology": 944},
            bridging=9,
        ),
        "dev": Part(rows=610, families=492, by_label={"Cardiology": 95, "Class II": 190, "Infection": 84, "Oncology": 101}),
        "holdout": Part(
            rows=4212,
            families=3377,
            by_label={"Cardiology": 640, "Class II": 1302, "Infection": 571, "Oncology": 760},
            bridging=6,
        ),
        "anchor": Part(
            rows=2104, families=1698, by_label={"Cardiology": 325, "Class II": 660, "Infection": 286, "Oncology": 377}, bridging=2
        ),
    },
    pairs=18,
    superseded=240,
)
MANIFEST = Manifest(
    entries=9214,
    by_status={"active": 8960, "superseded": 247, "withdrawn": 3, "retracted": 4, "erased": 0},
    by_source={"clinicaltrials_gov": 3188, "openfda_enforcement": 4102, "pubmed": 1924},
)
LICENCES = Licences(
    snapshot={
        "clinicaltrials_gov": {"public registry": 3120},
        "openfda_enforcement": {"CC0": 4011},
        "pubmed": {"CC0": 1706, "publisher abstract": 190},
    },
    train={"clinicaltrials_gov": {"public registry": 1874}, "openfda_enforcement": {"CC0": 2405}, "pubmed": {"CC0": 1023}},
)
QUARANTINE = QuarantineAccount(
    since=14,
    drops=9,
    checked=241,
    rows=11,
    held=(
        Held(source="openfda_enforcement", check="expect_text_length_between", rows=6),
        Held(source="pubmed", check="expect_language_english", rows=4),
        Held(source="pubmed", check="expect_published_at_not_in_future", rows=1),
    ),
    refused=(Held(source="clinicaltrials_gov", check="expect_label_shares_close_to_reference", rows=1),),
    released=1,
)
COST = Cost(
    seconds={"snapshot": 2.1, "curate": 48.3, "split": 6.0, "train": 1911.4, "evaluate": 312.9, "audit": 184.0, "judge": 9.7},
    steps=180,
    tokens=702_481,
    taught=2753,
    scored=7314,
    model_bytes=90_888_212,
)


def build_example(number: int = 1, **fields: Any) -> CurrencyExample:
    defaults: dict[str, Any] = {
        "row_id": f"row-{number}",
        "question": "Reporting of serious adverse events by the sponsor of a trial: within how many days?",
        "text_before": "The sponsor shall notify the agency of any unexpected fatal or life-threatening suspected reaction "
        "as soon as possible, but in no case later than 7 calendar days after initial receipt of the information.",
        "text_in_force": "The sponsor shall notify the agency of any unexpected fatal or life-threatening suspected reaction "
        "as soon as possible, but in no case later than 5 calendar days after initial receipt of the information.",
        "effective_from": "2026-04-02",
        "champion_answer": "Infection",
        "candidate_answer": "Class I",
        "is_champion_current": False,
        "is_candidate_current": True,
    }
    return CurrencyExample(**{**defaults, **fields})


EXAMPLES = (
    build_example(),
    build_example(
        2,
        question="Recall classification of sterile eye drops with a particulate defect",
        text_before="Class II recall: use may cause temporary or medically reversible adverse health consequences.",
        text_in_force="Class I recall: use will probably cause serious adverse health consequences or death.",
        champion_answer="Class II",
        candidate_answer="Class I",
    ),
    build_example(
        3,
        question="Storage of reconstituted suspension",
        text_before="Store below 25 °C and discard after 14 days.",
        text_in_force="Store between 2 °C and 8 °C and discard after 10 days.",
        champion_answer="Class III",
        candidate_answer="Class III",
        is_champion_current=True,
        is_candidate_current=False,
    ),
)
