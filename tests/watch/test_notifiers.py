"""Alerts reach people by any notifier of Airflow: once each, also after an error, and in runs at the same time."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_insights import clock
from meta_insights.config import NOTIFIERS
from meta_insights.errors import ConfigurationError, NotificationError
from meta_insights.graph.token_health import TokenHealth
from meta_insights.run.context import Run, Task
from meta_insights.run.ledger import Learned, Ledger, Outcome
from meta_insights.watch.alerts import KINDS, Alert
from meta_insights.watch.notifiers import MAX_LINES, Message, notifiers
from meta_insights.watch.send import send_alerts
from support import DAY, ROOT
from support.attempts import DEAD, NOW, SETTINGS, both

if TYPE_CHECKING:
    import psycopg

    from meta_insights.run.integrations import Integration
    from meta_insights.store.warehouse import Warehouse
    from support.receivers import Mailbox, Received

SMTP = "airflow.providers.smtp.notifications.smtp.SmtpNotifier"
HTTP = "airflow.providers.http.notifications.http.HttpNotifier"
MAIL = {
    "notifier": SMTP,
    "kwargs": {"to": "data@example.org", "subject": "{{ alert.subject }}", "html_content": "{{ alert.html }}"},
}
CHAT = {
    "notifier": HTTP,
    "kwargs": {"http_conn_id": "chat", "endpoint": "hook", "json": {"text": "{{ alert.subject }}\n{{ alert.text }}"}},
}


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def sent(has_failed: bool = True) -> dict[str, int]:  # noqa: FBT001, FBT002 (of all runs)
    """Let the DAG's task run; return what it sent, without the kinds of which it sent nothing."""
    return {kind: count for kind, count in send_alerts({}, lambda _run_id: has_failed).items() if count}


def texts(webhook: Received) -> list[str]:
    return [json.loads(body)["text"] for body in webhook.bodies]


def configure(patch: pytest.MonkeyPatch, *entries: dict[str, Any]) -> None:
    patch.setenv(NOTIFIERS, json.dumps(entries))


def test_a_mail_says_in_plain_words_what_is_wrong_and_where_it_is_explained(
    warehouse: Warehouse, pages: list[Integration], mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, MAIL)
    both(warehouse, pages[0], DEAD)
    assert sent() == {"incomplete": 1}
    (mail,) = mailbox.mail
    assert (mail["From"], mail["To"]) == ("airflow@example.org", "data@example.org")
    assert mail["Subject"] == "Meta insights: a run is incomplete"
    body = mail.get_body()
    assert body is not None
    what_to_do = "write a new token to the connection acme, then clear (docs/operations.md#token)"
    assert body.get_content().strip().split("<br>\n") == [
        "2026-11-20 is incomplete for:",
        f"Page 0 (page-0): the token is dead or blocked, or gives no access; {what_to_do}: it has ended [code 190]",
    ]


def test_each_alert_is_sent_once_as_long_as_it_lasts_and_again_when_it_comes_back(
    warehouse: Warehouse, pages: list[Integration], database: psycopg.Connection, webhook: Received, monkeypatch: Any
) -> None:
    configure(monkeypatch, CHAT)
    both(warehouse, pages[0], DEAD)
    assert sent() == {"incomplete": 1}
    both(warehouse, pages[1], DEAD)  # on the same date
    assert sent() == {}
    assert webhook.paths == ["/hook"]

    # It is repaired, and breaks again: not on the same day.
    assert sent(has_failed=False) == {}
    assert sent() == {}
    database.execute("update analytics.notification set sent_at = sent_at - interval '25 hours'")
    assert sent() == {}  # it has lasted
    assert sent(has_failed=False) == {}
    assert sent() == {"incomplete": 1}
    assert ["page-1" in text for text in texts(webhook)] == [False, True]


def test_a_message_that_was_not_sent_is_sent_by_the_retry_while_other_notifiers_go_on(
    warehouse: Warehouse, pages: list[Integration], mailbox: Mailbox, webhook: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, CHAT, MAIL)
    both(warehouse, pages[0], DEAD)
    webhook.status = 500
    with pytest.raises(NotificationError, match="HttpNotifier could not send: "):
        sent()
    assert len(mailbox.mail) == 1
    webhook.status = 200
    assert sent() == {"incomplete": 1}
    assert sent() == {}
    assert len(mailbox.mail) == 1
    assert len(webhook.bodies) == 2


def test_a_mail_server_that_is_away_is_an_error_of_this_dag_alone(
    warehouse: Warehouse, pages: list[Integration], mailbox: Mailbox, webhook: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, MAIL, CHAT | {"on": ["token"]})
    extra = {"disable_ssl": True, "disable_tls": True, "retry_limit": 1}
    away = {"conn_type": "smtp", "host": "127.0.0.1", "port": 9, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(away))
    both(warehouse, pages[0], DEAD)
    with pytest.raises(NotificationError, match="SmtpNotifier could not send: "):
        sent()
    assert webhook.bodies == []  # nothing of its kind
    assert mailbox.mail == []


def test_runs_at_the_same_time_send_one_message(
    warehouse: Warehouse, pages: list[Integration], webhook: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, CHAT)
    both(warehouse, pages[0], DEAD)
    webhook.before_answer = lambda: time.sleep(0.5)
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: sent(), range(4)))
    assert sorted(counts, key=len) == [{}, {}, {}, {"incomplete": 1}]
    assert len(webhook.bodies) == 1


def test_two_kinds_are_two_messages_and_a_notifier_sends_the_kinds_it_is_for(
    warehouse: Warehouse, pages: list[Integration], mailbox: Mailbox, webhook: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, CHAT, MAIL | {"on": ["token"]})
    both(warehouse, pages[0], DEAD)
    health = TokenHealth(is_valid=True, expires_at=NOW + timedelta(days=3))
    run = Run("run-2", DAY, lookback_days=28, refresh=False, settings=SETTINGS)
    expiring = Outcome(asked=1, pending={}, learned=Learned(token=health))
    Ledger(Task(warehouse, run), pages[2], "content").run(lambda _opened, _budget: expiring)
    assert sent() == {"incomplete": 1, "token": 2}
    assert [mail["Subject"] for mail in mailbox.mail] == ["Meta insights: a token expires"]
    assert [text.splitlines()[0] for text in texts(webhook)] == [
        f"Meta insights: {KINDS[k]}" for k in ("incomplete", "token")
    ]


def test_a_text_of_graph_is_no_template_and_no_markup(
    warehouse: Warehouse,
    pages: list[Integration],
    database: psycopg.Connection,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(monkeypatch, MAIL)
    both(warehouse, pages[0], DEAD)
    database.execute("update analytics.integration set name = '{{ 7 * 7 }} <script>'")
    sent()
    body = mailbox.mail[0].get_body()
    assert body is not None
    assert "{{ 7 * 7 }} &lt;script&gt; (page-0)" in body.get_content()


def test_without_notifiers_nothing_is_sent_or_recorded(
    warehouse: Warehouse, pages: list[Integration], database: psycopg.Connection
) -> None:
    both(warehouse, pages[0], DEAD)
    assert sent() == {}
    assert database.execute("select count(*) from analytics.notification").fetchone() == (0,)


def test_a_long_message_has_an_end() -> None:
    alert = Alert("overdue", "2026-11-20", tuple(f"line {n}" for n in range(MAX_LINES + 7)))
    message = Message("overdue", [alert])
    assert message.lines[-2:] == [f"line {MAX_LINES - 1}", "and 7 more lines: see analytics.coverage"]


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("{", "is no JSON"),
        ("{}", "must be a JSON list"),
        ('["mail"]', "must hold objects with `notifier`"),
        ('[{"notifier": 1}]', "must hold objects with `notifier`"),
        ('[{"notifier": "a.B", "kwarg": {}}]', "has the unknown key 'kwarg'"),
        ('[{"notifier": "a.B", "kwargs": []}]', "has `kwargs` that are no object"),
        ('[{"notifier": "a.B", "on": ["late"]}]', f"must have `on` as a list of {', '.join(KINDS)}"),
        ('[{"notifier": "a.B", "on": []}]', "must have `on` as a list of"),
        ('[{"notifier": "a.B"}, {"notifier": "c.B"}]', "names 'B' twice: give each its own `name`"),
    ],
)
def test_a_wrong_setting_says_what_is_wrong_and_shows_a_right_one(setting: str, wrong: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{NOTIFIERS} {wrong}.* An example: ") as caught:
        notifiers({NOTIFIERS: setting})
    (example,) = notifiers({NOTIFIERS: str(caught.value).partition(" An example: ")[2]})
    assert example.load()


@pytest.mark.parametrize(
    ("path", "kwargs", "wrong"),
    [
        ("nowhere.Notifier", {}, "'nowhere.Notifier' cannot be imported .*: install its provider"),
        ("Notifier", {}, "'Notifier' cannot be imported"),
        (f"{SMTP}s", {}, "SmtpNotifiers' cannot be imported"),
        ("meta_insights.clock.now", {}, "'meta_insights.clock.now' is no notifier"),
        (SMTP, {}, "the kwargs of 'SmtpNotifier' do not fit: .*missing 1 required positional argument: 'to'"),
    ],
)
def test_a_notifier_that_does_not_exist_or_takes_other_arguments_is_a_configuration_error(
    warehouse: Warehouse, pages: list[Integration], monkeypatch: pytest.MonkeyPatch, path: str, kwargs: Any, wrong: str
) -> None:
    configure(monkeypatch, {"notifier": path, "kwargs": kwargs})
    both(warehouse, pages[0], DEAD)
    with pytest.raises(ConfigurationError, match=wrong):
        sent()


def test_the_runbook_explains_each_kind_of_alert() -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = runbook.partition("\n## Alerts\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(KINDS)
