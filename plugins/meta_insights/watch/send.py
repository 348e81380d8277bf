"""What the DAG meta_insights_watch calls."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg

from meta_insights import clock
from meta_insights.config import Settings
from meta_insights.errors import ConfigurationError, NotificationError
from meta_insights.store.warehouse import Warehouse
from meta_insights.threads import at_once
from meta_insights.watch.alerts import KINDS, find_alerts
from meta_insights.watch.notifiers import notifiers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meta_insights.watch.notifiers import Notifier

log = logging.getLogger(__name__)


def send_alerts(context: Mapping[str, Any], has_failed: Callable[[str], bool]) -> dict[str, int]:
    """Send by each notifier what it has not sent yet, one message per kind; return how many alerts were sent, by kind.

    ``has_failed``: whether a run of the daily DAG has ended without success. A notifier that fails stops no other one.
    Raises a NotificationError, or an ExceptionGroup of several; what was not sent is sent by the retry or the next run.
    """
    configured = notifiers()
    with Warehouse() as warehouse:
        warehouse.upgrade()
        alerts = find_alerts(warehouse, Settings.from_environment(), clock.now(), has_failed)
        with warehouse.transaction() as transaction:
            for kind in KINDS:
                keys = [alert.key for alert in alerts if alert.kind == kind]
                transaction.execute("transform/notification_forgotten", {"kind": kind, "keys": keys})
        for alert in alerts:
            log.info("%s: %s", alert.kind, alert.key)
        calls = [partial(one.send, warehouse, alerts, context) for one in configured]
        futures = at_once(calls, workers=1)
    ended = zip(configured, futures, strict=True)
    if errors := [_failure(one, error) for one, future in ended if (error := future.exception())]:
        raise errors[0] if len(errors) == 1 else BaseExceptionGroup("messages were not sent", errors)
    return {kind: sum(future.result().get(kind, 0) for future in futures) for kind in KINDS}


def _failure(notifier: Notifier, error: BaseException) -> BaseException:
    """Return what to raise for an error of a notifier: nothing of its text, which Airflow logs with secrets masked."""
    if isinstance(error, ConfigurationError | psycopg.Error):
        return error
    return NotificationError(f"{notifier.name} could not send: {type(error).__name__}, see the log above")
