"""Prefect tasks: thin wrappings that give an operation a name, retries and a line on the page, and nothing else.

A task takes plain values and opens the place itself, so that it can run in any process of any worker.
"""

from __future__ import annotations

import logging

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from flows.answering import answer_or_ask_again
from flows.approving import Approval, check_early
from flows.compacting import tidy_domain
from flows.conclusions import Conclusion
from flows.controlling import find_control, run_control
from flows.costs import meter_stage
from flows.dossiers import publish_after_promotion, publish_dossiers
from flows.landing import Landing, look_at_source
from flows.places import open_place
from flows.progress import PROGRESS_LOGGER
from flows.projecting import project, project_when_due
from flows.promoting import PromotionOutcome, promote_version
from flows.retraining import (
    Start,
    abandon_retraining,
    conclude_retraining,
    start_retraining,
    track_inputs,
    worktree,
)
from flows.returning import Drill, drill_rollback, roll_back_domain
from flows.showing import link_checks, link_dossier, show_control, show_run_cost
from flows.stages import StageRun, run_in_worktree
from flows.telling import Audience, ProgressPage, StageProgress
from pipelines.catalog import StageName
from pipelines.domain.errors import AddendumError, PreemptedError, UnreachableError
from pipelines.domain.identities import DomainName, RunId
from pipelines.domain.models import Champion
from pipelines.ledger.champions import champion
from pipelines.promote.approvals import Answer

ADVANCE = "given with the retraining, before its verdict"
PROGRESS_LOG = logging.getLogger(PROGRESS_LOGGER)


def _is_passing(_task: object, _run: object, state: object) -> bool:
    """Only an unreachable source is worth another try; a response that does not parse will not parse the second time."""
    error = getattr(state, "data", None)
    return isinstance(getattr(error, "exception", error), UnreachableError)


def _is_outage(_task: object, _run: object, state: object) -> bool:
    """What we refuse on purpose will be refused again; anything else may be a store that is down for a moment."""
    error = getattr(state, "data", None)
    return not isinstance(getattr(error, "exception", error), AddendumError)


def _is_ended(_task: object, _run: object, state: object) -> bool:
    """A stage whose node was taken away goes on where it stopped; one that failed would fail again."""
    error = getattr(state, "data", None)
    return isinstance(getattr(error, "exception", error), PreemptedError)


@task(task_run_name="look at {source}", cache_policy=NO_CACHE, retries=1, retry_delay_seconds=5, retry_condition_fn=_is_passing)
def look(domain: str, source: str) -> Landing:
    """Look at one source, check what it brings, and let in what passes."""
    place = open_place()
    landing = look_at_source(place, DomainName(domain), source)
    get_run_logger().info("%s: %s", source, landing.sentence)
    link_checks(domain, source, landing)
    return landing


@task(task_run_name="worth it? {domain}", cache_policy=NO_CACHE)
def start(domain: str, reason: str | None, approved_by: str | None = None) -> Start:
    """Weigh a retraining, and pin it when it is worth it; an approval in advance that would not count is refused now."""
    place = open_place()
    if approved_by is not None:
        check_early(place, DomainName(domain), Approval(by=approved_by, reason=ADVANCE))
    project_when_due(place, DomainName(domain))
    begun = start_retraining(place, DomainName(domain), reason)
    if begun.run_id is not None:
        project(place, DomainName(domain))
    get_run_logger().info("%s: %s", "resumed" if begun.is_resumed else "retrain" if begun.run_id else "hold", begun.reason)
    return begun


@task(task_run_name="track {domain}", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2)
def track(domain: str, run_id: str) -> str:
    """Open the MLflow run."""
    return track_inputs(open_place(), DomainName(domain), RunId(run_id))


@task(
    task_run_name="{stage}@{domain}",
    cache_policy=NO_CACHE,
    retries=3,
    retry_delay_seconds=5,
    retry_condition_fn=_is_ended,
)
def run_stage(stage: str, domain: str, run_id: str, mlflow_run: str) -> StageRun:
    """Run one stage through DVC in the run's worktree."""
    place = open_place()
    tree = worktree(place, DomainName(domain), RunId(run_id))
    progress = StageProgress(stage, domain, Audience(tell=get_run_logger().info, show=ProgressPage(stage, domain).show))
    environment = {
        "ADDENDUM_MLFLOW_RUN": mlflow_run,
        "ADDENDUM_HOME": str(place.home.root),
        "ADDENDUM_WORKSPACE": str(tree.root),
    }
    PROGRESS_LOG.info("%s of %s", stage, domain, extra={"stage": stage, "domain": domain, "done": 0.0})
    with meter_stage(place.tracker, mlflow_run, stage) as watch:

        def listen(line: str) -> None:
            watch.tick()
            progress.hear(line)

        done = run_in_worktree(tree, StageName(stage), environment, listen)
        watch.is_cached = done.is_cached
    PROGRESS_LOG.info("%s of %s", stage, domain, extra={"stage": stage, "domain": domain, "done": 1.0, "run": done})
    return done


@task(task_run_name="conclude {domain}", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2)
def conclude(domain: str, run_id: str) -> Conclusion:
    """Register the candidate and record its verdict."""
    conclusion = conclude_retraining(open_place(), DomainName(domain), RunId(run_id))
    get_run_logger().info("version %d: %s: %s", conclusion.version, conclusion.decision, conclusion.sentence)
    get_run_logger().info("it took %s", conclusion.cost.describe())
    show_run_cost(domain, conclusion.cost)
    if conclusion.page is not None:
        link_dossier(domain, conclusion.version, conclusion.sentence, conclusion.page)
    return conclusion


@task(task_run_name="control {domain}", cache_policy=NO_CACHE)
def control(domain: str) -> None:
    """Train from scratch and compare, where that is due; a control that fails is said and fails nothing else."""
    place, logger = open_place(), get_run_logger()
    try:
        if find_control(place, DomainName(domain)) is None:
            return
        found = run_control(place, DomainName(domain), logger.debug)
    except AddendumError as error:
        logger.warning("%s", error)
        return
    logger.info(found.sentence)
    show_control(domain, found.sentence)


@task(task_run_name="abandon {domain}", cache_policy=NO_CACHE)
def abandon(domain: str, run_id: str, why: str) -> None:
    """Record that a retraining has failed for good."""
    abandon_retraining(open_place(), DomainName(domain), RunId(run_id), why)


@task(task_run_name="promote {domain}", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=_is_outage)
def promote_candidate(
    domain: str, approved_by: str | None, reason: str, version: int | None = None, *, is_anew: bool = False
) -> PromotionOutcome:
    """Swap the champion in the ledger, then let registry and branch follow."""
    approval = Approval(by=approved_by, reason=reason) if approved_by else None
    place = open_place()
    outcome = promote_version(place, DomainName(domain), version, approval, is_anew=is_anew)
    get_run_logger().info(outcome.sentence)
    if outcome.version is not None:
        files = publish_after_promotion(place, DomainName(domain), outcome.version)
        link_dossier(domain, outcome.version, outcome.sentence, files.page)
    return outcome


@task(task_run_name="answer of {name}", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=_is_outage)
def answer_form(domain: str, version: int, answer: str, name: str, reason: str) -> PromotionOutcome:
    """Record what a form says and promote when it allows it; an answer that does not count leaves the question open."""
    place, approval = open_place(), Approval(by=name, reason=reason)
    outcome = answer_or_ask_again(place, DomainName(domain), version, Answer(answer), approval)
    get_run_logger().info(outcome.sentence)
    files = publish_after_promotion(place, DomainName(domain), version)
    link_dossier(domain, version, outcome.sentence, files.page)
    return outcome


@task(task_run_name="compact {domain}", cache_policy=NO_CACHE)
def compact_domain(domain: str) -> str:
    """Merge the small files of a corpus, and remove what is left of trainings that were given up."""
    said = tidy_domain(open_place(), DomainName(domain))
    get_run_logger().info("%s: %s", domain, said)
    return said


@task(task_run_name="drill {domain}", cache_policy=NO_CACHE)
def drill_champion(domain: str) -> Drill:
    """Rehearse a rollback on a scratch alias."""
    drill = drill_rollback(open_place(), DomainName(domain))
    get_run_logger().info(drill.sentence)
    return drill


@task(task_run_name="roll back {domain}", cache_policy=NO_CACHE)
def roll_back_champion(domain: str, reason: str) -> Champion:
    """Give the previous champion back."""
    place, name = open_place(), DomainName(domain)
    before = champion(place.ledger, name)
    serving = roll_back_domain(place, name, reason)
    publish_dossiers(place, name, serving.version, before.version if before else None)
    return serving
