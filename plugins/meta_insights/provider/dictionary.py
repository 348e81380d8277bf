"""The metric dictionary: what the declarations say, as a page for people.

Written by ``make metrics``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_insights.provider import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_insights.provider.model import Metric, Provider, Resource

_HEAD = """# Metrics

Generated from the declarations in `meta_insights/provider`; do not edit. Every metric may be NULL: *not available*,
which is not zero. A **counter** is a lifetime count whose daily changes are stored and may be summed, or of a story the
last count that was seen; a **state** is a level or an average, never differenced and never summed; a **daily** value is
the gain of one day, which may be summed.
"""


def dictionary() -> str:
    """Return the page in Markdown: one table per resource, one row per metric."""
    parts = [_HEAD]
    for provider in PROVIDERS.values():
        parts += [f"## {provider.label}\n", *_resources(provider)]
    return "\n".join(parts)


def _resources(provider: Provider) -> Iterator[str]:
    stories = provider.stories.resources if provider.stories else ()
    for resource in (*provider.resources, *stories):
        yield f"### {resource.name}: `analytics.{resource.table}`\n"
        yield f"Graph: {_request(resource)}\n"
        yield "| column | Graph metric | nature | content types | since |"
        yield "|---|---|---|---|---|"
        yield from map(_row, resource.metrics)
        yield ""


def _request(resource: Resource) -> str:
    where = f"edge `{resource.listing}`" if resource.listing else "the integration itself"
    if resource.is_stock:
        return f"{where}, a plain field: only as it is now."
    options = "".join(f", `{name}` `{value}`" for name, value in resource.options.items())
    days = {None: "", 1: ", one day a request"}.get(
        resource.window_days, f", at most {resource.window_days} days a request"
    )
    return f"{where}, `{resource.insights}` of period `{resource.period}`{options}{days}."


def _row(metric: Metric) -> str:
    kinds = ", ".join(sorted(metric.kinds)) if metric.kinds else "all"
    seam = f"{metric.since}, before: `{metric.replaces}`" if metric.replaces else ""
    return f"| `{metric.column}` | `{metric.source}` | {metric.nature.name.lower()} | {kinds} | {seam} |"


if __name__ == "__main__":
    print(dictionary(), end="")  # noqa: T201 (the page goes to standard output)
