"""What arrives at a collector of OpenTelemetry metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from local_stack.settings import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.receivers import Received

OURS = "airflow.meta_insights."


class Point(NamedTuple):
    """One value of one metric; of a timer its sum, in milliseconds."""

    name: str
    tags: dict[str, str]
    value: float


def otlp(received: Received) -> dict[str, str]:
    """Return the environment in which Airflow sends its metrics to a receiver, each process as a delta."""
    return {
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"http://{HOST}:{received.port}/v1/metrics",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
    }


def points(received: Received) -> Iterator[Point]:
    """Yield what arrived of the metrics of the package."""
    for body in list(received.bodies):
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
                if metric.name.startswith(OURS):
                    name = metric.name.removeprefix(OURS)
                    for one in (*metric.sum.data_points, *metric.gauge.data_points):
                        yield Point(name, _tags(one.attributes), one.as_int or one.as_double)
                    for timer in metric.exponential_histogram.data_points:
                        yield Point(name, _tags(timer.attributes), timer.sum)


def _tags(attributes: object) -> dict[str, str]:
    return {one.key: one.value.string_value for one in attributes}  # type: ignore[attr-defined]
