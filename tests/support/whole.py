"""All that a DAG run does, without Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_insights import ingest

if TYPE_CHECKING:
    from meta_insights.run.context import Run


def whole_run(run: Run) -> dict[str, Any]:
    """Run every task for all active integrations, each of which succeeds; return what the asset event says."""
    groups = ingest.list_integrations(run, {})
    for group in groups:
        ingest.ingest_content(group["integrations"], run)
        ingest.ingest_metrics(group["integrations"], run)
    ingest.aggregate(run, groups)
    return ingest.check(run, groups)
