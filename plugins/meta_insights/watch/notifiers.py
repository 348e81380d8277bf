"""Any notifier of Airflow, by configuration: which alerts it sends, and that it sends each of them once."""

from __future__ import annotations

import html
import json
import os
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from meta_insights.config import NOTIFIERS, schema_name
from meta_insights.errors import ConfigurationError
from meta_insights.watch.alerts import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk.bases.notifier import BaseNotifier

    from meta_insights.store.warehouse import Warehouse
    from meta_insights.watch.alerts import Alert

EXAMPLE = (
    '[{"notifier": "airflow.providers.smtp.notifications.smtp.SmtpNotifier", "kwargs": {"to": "data@example.org", '
    '"subject": "{{ alert.subject }}", "html_content": "{{ alert.html }}"}}]'
)
MAX_LINES = 50
"""Lines of one message; the rest is in the warehouse."""


@dataclass(frozen=True)
class Message:
    """What the templates in the arguments of a notifier may use, as ``alert``."""

    kind: str
    alerts: Sequence[Alert]

    @property
    def subject(self) -> str:
        """One line."""
        return f"Meta insights: {KINDS[self.kind]}"

    @property
    def lines(self) -> list[str]:
        """One line per integration, connection or metric, and where it is explained."""
        lines = [line for alert in self.alerts for line in alert.lines]
        if more := lines[MAX_LINES:]:
            return [*lines[:MAX_LINES], f"and {len(more)} more lines: see {schema_name()}.coverage"]
        return lines

    @property
    def text(self) -> str:
        """The lines as plain text."""
        return "\n".join(self.lines)

    @property
    def html(self) -> str:
        """The lines as HTML: what they quote is escaped."""
        return "<br>\n".join(map(html.escape, self.lines))


@dataclass(frozen=True)
class Notifier:
    """One entry of the setting: the class, its arguments (templates), and the kinds of alerts that it sends."""

    name: str
    path: str
    kwargs: Mapping[str, Any]
    kinds: tuple[str, ...]

    def load(self) -> BaseNotifier:
        """Return the notifier of Airflow. ConfigurationError when there is none, or not with these arguments."""
        from airflow.sdk.bases.notifier import BaseNotifier  # noqa: PLC0415 (a DAG file is read every few seconds)

        module, _, name = self.path.rpartition(".")
        try:
            found = getattr(import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ConfigurationError(
                f"{NOTIFIERS}: {self.path!r} cannot be imported ({error}): install its provider, or correct the path"
            ) from None
        if not (isinstance(found, type) and issubclass(found, BaseNotifier)):
            raise ConfigurationError(f"{NOTIFIERS}: {self.path!r} is no notifier: name a subclass of BaseNotifier")
        try:
            return found(**self.kwargs)
        except TypeError as error:
            raise ConfigurationError(f"{NOTIFIERS}: the kwargs of {self.name!r} do not fit: {error}") from None

    def send(self, warehouse: Warehouse, alerts: Sequence[Alert], context: Mapping[str, Any]) -> dict[str, int]:
        """Send one message per kind with the alerts that it has not sent yet; return how many these are, by kind.

        What was sent is committed after that: an error of the notifier is raised, and nothing is recorded. A run at
        the same time waits for the commit.
        """
        self.load()  # a wrong one is found before it is needed
        return {kind: self._send(warehouse, kind, alerts, context) for kind in self.kinds}

    def _send(self, warehouse: Warehouse, kind: str, alerts: Sequence[Alert], context: Mapping[str, Any]) -> int:
        found = {alert.key: alert for alert in alerts if alert.kind == kind}
        with warehouse.transaction() as transaction:
            params = {"notifier": self.name, "kind": kind, "keys": sorted(found)}
            new = transaction.select("upsert/notification", params)
            if new:
                message = Message(kind, [found[row["key"]] for row in new])
                self.load()({**context, "alert": message})
        return len(new)


def notifiers(environment: Mapping[str, str] = os.environ) -> list[Notifier]:
    """Read ``META_INSIGHTS_NOTIFIERS``; ConfigurationError says what is wrong with it. Imports no notifier."""
    try:
        entries = json.loads(environment.get(NOTIFIERS, "") or "[]")
    except ValueError as error:
        raise _wrong(f"is no JSON ({error})") from None
    if not isinstance(entries, list):
        raise _wrong("must be a JSON list")
    found = [_notifier(entry) for entry in entries]
    names = [one.name for one in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _wrong(f"names {twice[0]!r} twice: give each its own `name`")
    return found


def _notifier(entry: Any) -> Notifier:
    if not isinstance(entry, dict) or not isinstance(entry.get("notifier"), str):
        raise _wrong("must hold objects with `notifier`, the import path of a class")
    if unknown := sorted(entry.keys() - {"notifier", "name", "kwargs", "on"}):
        raise _wrong(f"has the unknown key {unknown[0]!r}")
    path, kwargs, kinds = entry["notifier"], entry.get("kwargs", {}), entry.get("on", list(KINDS))
    if not isinstance(kwargs, dict):
        raise _wrong("has `kwargs` that are no object")
    if not isinstance(kinds, list) or not kinds or not set(map(str, kinds)) <= KINDS.keys():
        raise _wrong(f"must have `on` as a list of {', '.join(KINDS)}, not {kinds!r}")
    return Notifier(str(entry.get("name") or path.rpartition(".")[2]), path, kwargs, tuple(kinds))


def _wrong(what: str) -> ConfigurationError:
    return ConfigurationError(f"{NOTIFIERS} {what}. An example: {EXAMPLE}")
