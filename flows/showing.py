"""What a flow run's page on Prefect shows beside its log: tables of seconds and costs, and links to what was written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.costs import RunCost
from flows.landing import Landing
from flows.stages import StageRun
from flows.telling import name_artifact


def show_seconds(domain: str, runs: Iterable[StageRun]) -> None:
    """Put the stages' seconds on the flow run's page."""
    table = [{"stage": run.stage, "seconds": round(run.seconds, 1), "from cache": run.is_cached} for run in runs]
    create_table_artifact(key=name_artifact(domain, "stages"), table=table, description=f"Stages of {domain}")


def show_run_cost(domain: str, cost: RunCost) -> None:
    """Put what the run cost on the flow run's page."""
    table = [{"stage": stage, "seconds": round(seconds, 1)} for stage, seconds in cost.seconds.items()]
    create_table_artifact(key=name_artifact(domain, "cost"), table=table, description=f"Cost of {domain}: {cost.describe()}")


def show_control(domain: str, sentence: str) -> None:
    """Put what a control run found on the flow run's page."""
    create_markdown_artifact(
        key=name_artifact(domain, "control"), markdown=escape_markdown(sentence), description=f"Control run of {domain}"
    )


def link_checks(domain: str, source: str, landing: Landing) -> None:
    """Put a link to the checks of a drop on the flow run's page, where there are any."""
    if landing.checks_page is not None:
        create_markdown_artifact(
            key=name_artifact(domain, source, "checks"),
            markdown=f"{landing.sentence}\n\n[Data checks]({landing.checks_page.as_uri()})",
            description=f"Admission of a drop from {source}",
        )


def link_dossier(domain: str, version: int, sentence: str, page: Path) -> None:
    """Put a link to a version's dossier on the flow run's page."""
    create_markdown_artifact(
        key=name_artifact(domain, "dossier"),
        markdown=f"{escape_markdown(sentence)}\n\n[Dossier of {domain} version {version}]({page.as_uri()})",
        description=f"Dossier of {domain} version {version}",
    )


def escape_markdown(text: str) -> str:
    """Return ``text`` with every sign of Markdown and HTML as itself: a sentence may quote what somebody typed as a reason."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~-])", r"\\\1", text)
